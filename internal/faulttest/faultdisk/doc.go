// Package faultdisk makes disks that fail: one that can be cut off from power at
// any moment ([Disk]), one that is full ([Small]), and one that does not do what it
// is told ([Fail]).
//
// All of it needs root, and tools that it installs where it may; a test that cannot
// have them is skipped, and says why.
package faultdisk

// Package many puts a cluster through faults: three nodes on PostgreSQL, Redis and an
// S3 server, with a load balancer before them that sends each request to another node.
// Nodes die, are replaced, are paused and cut off from each other and from the engines;
// the engines stop, die, and forget.
//
// The engines are real ones, which the tests install where they may (internal/enginetest).
package many

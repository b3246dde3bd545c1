//go:build !linux

package server

import "net"

// setCongestion changes nothing: the choice is Linux's.
func setCongestion(*net.TCPConn, string) error { return nil }

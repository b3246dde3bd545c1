package server

import "net"

// TreatAllAsFar makes the server see no peer on its own machine, where tests are.
func (s *Server) TreatAllAsFar() { s.near = func(net.Addr) bool { return false } }

// Patterns returns every address that the server answers, as it is routed.
func (s *Server) Patterns() []string { return s.routes().patterns }

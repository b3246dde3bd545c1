package faulttest

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// pooledFDs counts the connections that a node keeps for the next request: those to or
// from one of the addresses, which are the engines' and the nodes' own for each other.
// How many are idle says nothing of what is forgotten.
func (s *Server) pooledFDs(addresses []string) (n int) {
	pooled := pooledSockets(s.PID(), addresses)
	dir := fmt.Sprintf("/proc/%d/fd", s.PID())
	open, err := os.ReadDir(dir)
	if err != nil {
		return 0
	}
	for _, fd := range open {
		if target, err := os.Readlink(filepath.Join(dir, fd.Name())); err == nil && pooled[target] {
			n++
		}
	}
	return n
}

// pooledSockets finds the sockets that are connected from or to an address, as links of
// /proc name them.
func pooledSockets(pid int, addresses []string) map[string]bool {
	found := make(map[string]bool)
	table, err := os.Open(fmt.Sprintf("/proc/%d/net/tcp", pid))
	if err != nil {
		return found
	}
	defer table.Close()
	for lines := bufio.NewScanner(table); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 10 {
			continue
		}
		if slices.Contains(addresses, tableAddress(fields[1])) || slices.Contains(addresses, tableAddress(fields[2])) {
			found["socket:["+fields[9]+"]"] = true
		}
	}
	return found
}

// tableAddress reads an address of the table: 0100007F:1F90 is 127.0.0.1:8080, where the
// machine is little-endian. Anything else is "".
func tableAddress(text string) string {
	raw, err := hex.DecodeString(strings.ReplaceAll(text, ":", ""))
	if err != nil || len(raw) != 6 {
		return ""
	}
	var ip [4]byte
	binary.BigEndian.PutUint32(ip[:], binary.LittleEndian.Uint32(raw))
	return netip.AddrPortFrom(netip.AddrFrom4(ip), binary.BigEndian.Uint16(raw[4:])).String()
}

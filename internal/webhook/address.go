package webhook

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"syscall"
)

// errAddress: an address is none that the server asks for an application: who may
// register an endpoint must not reach through the server what only it can reach.
var errAddress = errors.New("the address is none of the public internet, and in no network that --webhook-network names")

// special are the networks within IPv4, and within the global unicast of IPv6, that
// are no hosts of the public internet: the special-purpose registries of IANA (RFC
// 6890), and what would lead into IPv4 by another way.
var special = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
	"192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"168.63.129.16/32", // the host agent of a cloud, at an address that looks public
	"2001::/23",        // protocol assignments, Teredo among them
	"2001:db8::/32", "2002::/16", "3fff::/20",
)

// global is all that is assigned to hosts of IPv6. What is outside of it is
// loopback, local, multicast, mapped, translated (NAT64) or nothing.
var global = netip.MustParsePrefix("2000::/3")

func prefixes(texts ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		all[i] = netip.MustParsePrefix(text)
	}
	return all
}

// public reports whether the address is a host's of the public internet.
func public(a netip.Addr) bool {
	return (a.Is4() || global.Contains(a)) && !within(special, a)
}

func within(networks []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(a) })
}

// plainly is the address without a zone, and without being wrapped into IPv6.
func plainly(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// named reports whether the operator has named a network that the address is in.
func (s *Service) named(a netip.Addr) bool { return within(s.Networks, plainly(a)) }

// mayAsk reports whether a message may be sent to the address by TLS.
func (s *Service) mayAsk(a netip.Addr) bool { return public(plainly(a)) || s.named(a) }

// control returns what a net.Dialer asks before it connects. By then the name has
// been looked up, so that it is the address which is judged that will be connected
// to, whatever a name server says the next time.
func control(permits func(netip.Addr) bool) func(network, address string, _ syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("%w: %w", errAddress, err)
		}
		if !permits(to.Addr()) {
			return fmt.Errorf("%w: %v", errAddress, to.Addr())
		}
		return nil
	}
}

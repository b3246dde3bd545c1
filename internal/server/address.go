package server

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// A client's address is what it is counted by before anybody knows who it is. Of
// IPv6 a client has as many as it likes, so its network counts.
const (
	ipv4Bits = 32
	ipv6Bits = 64
)

// Proxies are the networks whose servers speak for clients of other addresses.
type Proxies []netip.Prefix

// ParseProxies reads networks such as 10.0.0.0/8, or single addresses.
func ParseProxies(texts []string) (Proxies, error) {
	var all Proxies
	for _, text := range texts {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			address, bad := netip.ParseAddr(text)
			if bad != nil {
				return nil, err
			}
			prefix = netip.PrefixFrom(address, address.BitLen())
		}
		all = append(all, prefix.Masked())
	}
	return all, nil
}

func (p Proxies) include(address netip.Addr) bool {
	return slices.ContainsFunc(p, func(each netip.Prefix) bool { return each.Contains(address) })
}

// client returns the network that the request comes from. Of a proxy that is
// trusted it is the last address that it, or another such proxy, has heard of; what
// clients themselves say is never believed. forwarded reports that a header says
// otherwise and is not believed: most likely a proxy that nobody has named.
func (p Proxies) client(r *http.Request) (network netip.Prefix, forwarded bool) {
	peer := hostOf(r.RemoteAddr)
	said := r.Header.Values("X-Forwarded-For")
	if !p.include(peer) {
		return networkOf(peer), len(said) > 0
	}
	chain := strings.Split(strings.Join(said, ","), ",")
	for _, text := range slices.Backward(chain) {
		address, err := netip.ParseAddr(strings.TrimSpace(text))
		if err != nil {
			break // what stands before it is no proxy's word
		}
		peer = address.Unmap().WithZone("")
		if !p.include(peer) {
			break
		}
	}
	return networkOf(peer), false
}

// hostOf returns the address of a peer, the zero value for what has none.
func hostOf(peer string) netip.Addr {
	host, _, err := net.SplitHostPort(peer)
	if err != nil {
		return netip.Addr{}
	}
	address, _ := netip.ParseAddr(host)
	return address.Unmap().WithZone("")
}

// networkOf is what the address is counted by.
func networkOf(address netip.Addr) netip.Prefix {
	bits := ipv4Bits
	if address.Is6() {
		bits = ipv6Bits
	}
	network, _ := address.Prefix(bits)
	return network
}

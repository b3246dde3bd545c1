package faulttest

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// Proxy is a network between two sides that can be made worse. Its address stays the
// same.
type Proxy struct {
	name    string // of the network, for the journal; "" where there is one alone
	proxy   *toxiproxy.Proxy
	journal *Journal
}

// StartProxy starts a proxy before a server. The end of the test closes it, and
// what goes through it.
func StartProxy(t testing.TB, s *Server) *Proxy {
	t.Helper()
	return StartLink(t, s.Journal, "", strings.TrimPrefix(s.URL(), "http://"))
}

// StartLink is StartProxy before whatever listens at an address, now or later. The
// name is what the journal calls the network.
func StartLink(t testing.TB, journal *Journal, name, address string) *Proxy {
	t.Helper()
	parts := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	p := &Proxy{name, toxiproxy.NewProxy(parts, "network", "127.0.0.1:0", address), journal}
	if err := p.proxy.Start(); err != nil {
		t.Fatalf("starting a proxy: %v", err)
	}
	t.Cleanup(p.proxy.Stop)
	return p
}

// URL is what a Client's Base becomes, to go through the proxy.
func (p *Proxy) URL() string { return "http://" + p.Address() }

// Address is where the proxy listens.
func (p *Proxy) Address() string { return p.proxy.Listen }

// Worsen does to both directions what toxiproxy calls a toxic, until Mend: also to
// the connections that there are.
func (p *Proxy) Worsen(t testing.TB, toxic string, attributes map[string]int) {
	t.Helper()
	for _, direction := range []string{"upstream", "downstream"} {
		p.worsen(t, toxic, direction, attributes)
	}
	p.journal.Fault("network: "+toxic, p.name)
}

func (p *Proxy) worsen(t testing.TB, toxic, direction string, attributes map[string]int) {
	t.Helper()
	text, err := json.Marshal(map[string]any{"type": toxic, "stream": direction, "attributes": attributes})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.proxy.Toxics.AddToxicJson(bytes.NewReader(text)); err != nil {
		t.Fatalf("making the network worse: %v", err)
	}
}

// WorsenUp is Worsen for what clients send alone.
func (p *Proxy) WorsenUp(t testing.TB, toxic string, attributes map[string]int) {
	t.Helper()
	p.worsen(t, toxic, "upstream", attributes)
	p.journal.Fault("network: "+toxic, strings.TrimSpace(p.name+" of what is sent"))
}

// Silence lets nothing through any more, and tells neither side: connections are
// half open from now on.
func (p *Proxy) Silence(t testing.TB) {
	t.Helper()
	p.Worsen(t, "timeout", map[string]int{"timeout": 0})
}

// Mend lets everything through as it comes. Connections that were silent end.
func (p *Proxy) Mend() {
	p.journal.Fault("network: mended", p.name)
	p.proxy.Toxics.ResetToxics(context.Background())
}

// Down breaks all connections off and lets none come, until Up.
func (p *Proxy) Down() {
	p.journal.Fault("network: down", p.name)
	p.proxy.Stop()
}

// Up lets connections come again.
func (p *Proxy) Up(t testing.TB) {
	t.Helper()
	if err := p.proxy.Start(); err != nil {
		t.Fatalf("the network does not come back: %v", err)
	}
	p.journal.Fault("network: up", p.name)
}

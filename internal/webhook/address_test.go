package webhook_test

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/webhook"
	"github.com/handout-rtc/handout/protocol"
)

// outcomes hears how attempts end.
type outcomes chan string

func (o outcomes) Attempted(outcome string) { o <- outcome }

// forbidden are addresses that no endpoint may have, however they are written.
var forbidden = []string{
	"127.0.0.1", "127.1.2.3", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.100.100.200",
	"169.254.169.254", "192.0.0.192", "168.63.129.16", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
	"[::1]", "[::]", "[fe80::1]", "[fe80::1%25lo]", "[fc00::1]", "[fd00:ec2::254]", "[ff02::1]", "[2001:db8::1]", "[2001::1]", "[3fff::1]", "[100::1]",
	"[::ffff:127.0.0.1]", "[::ffff:169.254.169.254]", "[::ffff:7f00:1]", // mapped
	"[::127.0.0.1]", "[::ffff:0:127.0.0.1]", // compatible, translated
	"[64:ff9b::127.0.0.1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::1]", // NAT64
	"[2002:7f00:1::]", "[2002:a9fe:a9fe::1]", // 6to4
}

// names lead to this machine, where a resolver takes them for anything.
var names = []string{"localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "017700000001", "127.0.0.1.", "localhost."}

// TestNoEndpointIsBehindTheServer registers every address that is none of the
// public internet: it is refused at once, or when it is to be connected to, and
// nobody is asked.
func TestNoEndpointIsBehindTheServer(t *testing.T) {
	t.Parallel()
	ended := make(outcomes, 1000)
	r := newRig(t, func(c *webhook.Config) { c.Networks, c.Observer, c.Schedule = nil, ended, nil })
	inside := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("what is inside was asked") }))
	defer inside.Close()
	inside.Config.ErrorLog = log.New(io.Discard, "", 0)
	_, port, err := net.SplitHostPort(inside.Listener.Addr().String())
	r.must(err)
	for _, host := range forbidden {
		url := "https://" + host + ":" + port + "/"
		if _, _, err := r.Add(r.Context(), "app", webhook.Wish{URL: &url}); protocol.CodeOf(err) != protocol.CodeInvalidRequest {
			t.Errorf("%s: %v", url, err)
		}
	}
	registered := 0
	for _, host := range append(names, forbidden...) {
		url := "https://" + host + ":" + port + "/"
		e := store.Endpoint{ID: protocol.NewWebhookID(), App: "app", URL: url, Secrets: []string{secret}}
		r.must(r.records.AddEndpoint(r.Context(), e, 1000)) // as if it had been taken
		registered++
	}
	r.start()
	r.offer()
	for range registered {
		if outcome := <-ended; outcome != webhook.Refused && outcome != webhook.Failed {
			t.Errorf("an attempt ended as %s", outcome)
		}
	}
	all, err := r.List(r.Context(), "app")
	r.must(err)
	for _, e := range all {
		troubled, err := r.Troubled(r.Context(), "app", e.ID)
		r.must(err)
		unknown := troubled[0].Problem == "the name cannot be found" // by the resolver of this machine
		if !unknown && !strings.HasPrefix(troubled[0].Problem, "the address is none") {
			t.Errorf("%s: %s", e.URL, troubled[0].Problem)
		}
	}
}

func TestWhatIsNoURLIsRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *webhook.Config) { c.Networks = nil })
	for _, url := range []string{
		"", "hooks.example", "https://", "https:/hooks.example", "https:hooks.example", "http://hooks.example/", "ftp://hooks.example/", "file:///etc/passwd", "gopher://hooks.example",
		"https://user:password@hooks.example/", "https://hooks.example/#fragment", "https://hooks.example/ two", "https://hooks.example/\r\nX: y", "https://häuser.example/",
		"https://hooks.example/" + strings.Repeat("x", 2048), "//hooks.example/", "https://[::1/",
	} {
		if _, _, err := r.Add(r.Context(), "app", webhook.Wish{URL: &url}); protocol.CodeOf(err) != protocol.CodeInvalidRequest {
			t.Errorf("%q: %v", url, err)
		}
	}
}

// TestPublicAddressesMayBeAsked: what is refused is not simply everything.
func TestPublicAddressesMayBeAsked(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *webhook.Config) { c.Networks, c.MaxPerApp = nil, 100 })
	for _, host := range []string{"1.1.1.1", "8.8.8.8", "172.15.0.1", "172.32.0.1", "100.128.0.1", "192.0.1.1", "168.63.129.17", "[2606:4700::1111]", "[2a00::1]", "[::ffff:8.8.8.8]", "hooks.example"} {
		url := "https://" + host + "/"
		if _, _, err := r.Add(r.Context(), "app", webhook.Wish{URL: &url}); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// TestPlainHTTPStaysInNamedNetworks: elsewhere everybody on the way could read it.
func TestPlainHTTPStaysInNamedNetworks(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *webhook.Config) { c.Networks = []netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")} })
	for url, permitted := range map[string]bool{"http://127.0.0.2/": true, "http://127.0.0.3/": false, "http://8.8.8.8/": false, "https://8.8.8.8/": true, "http://[::ffff:127.0.0.2]/": true} {
		if _, _, err := r.Add(r.Context(), "app", webhook.Wish{URL: &url}); (err == nil) != permitted {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// TestANameThatIsMovedIsJudgedAnew: the name server answers with an address that may
// be asked, and then with one that may not.
func TestANameThatIsMovedIsJudgedAnew(t *testing.T) {
	t.Parallel()
	var moved atomic.Bool
	ended := make(outcomes, 100)
	r := newRig(t, func(c *webhook.Config) {
		c.Networks, c.Observer = []netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")}, ended
		c.Resolver = resolver(t, func() [4]byte {
			if moved.Load() {
				return [4]byte{127, 0, 0, 1}
			}
			return [4]byte{127, 0, 0, 2}
		})
	})
	listener, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Skipf("this machine has no second loopback address: %v", err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	inside, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
	r.must(err)
	closing := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Connection", "close") })
	outer := &http.Server{Handler: closing}
	inner := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("what is inside was asked") })}
	go outer.Serve(listener)
	go inner.Serve(inside)
	defer outer.Close()
	defer inner.Close()
	e := r.add("http://hooks.example:" + strconv.Itoa(port) + "/")
	r.start()
	r.offer()
	if got := <-ended; got != webhook.Delivered {
		t.Fatalf("at first: %s\n%s", got, r.said)
	}
	moved.Store(true)
	r.offer()
	if got := <-ended; got != webhook.Refused {
		t.Errorf("then: %s", got)
	}
	r.until("given up", func() bool { return r.endpoint(e.ID).GivenUp == 1 })
}

// resolver asks a name server of the test's, which knows one address for all names.
func resolver(t *testing.T, address func() [4]byte) *net.Resolver {
	t.Helper()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { socket.Close(); <-done })
	go func() {
		defer close(done)
		buffer := make([]byte, 1500)
		for {
			n, from, err := socket.ReadFrom(buffer)
			if err != nil {
				return
			}
			if answer, err := answered(buffer[:n], address()); err == nil {
				socket.WriteTo(answer, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", socket.LocalAddr().String())
	}}
}

// answered is the answer to a question for the address of a name; there are none of
// IPv6.
func answered(question []byte, address [4]byte) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(question); err != nil {
		return nil, err
	}
	m.Response, m.Authoritative, m.Additionals = true, true, nil
	if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
		m.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}, Body: &dnsmessage.AResource{A: address},
		}}
	}
	return m.Pack()
}

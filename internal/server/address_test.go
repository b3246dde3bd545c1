package server

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

func request(t testing.TB, peer string, forwarded ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, "/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.RemoteAddr = peer
	for _, each := range forwarded {
		r.Header.Add("X-Forwarded-For", each)
	}
	return r
}

func TestWhoseAddressCounts(t *testing.T) {
	proxies, err := ParseProxies([]string{"10.0.0.0/8", "192.0.2.7", "fd00::/8"})
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		request   *http.Request
		want      string
		forwarded bool
	}{
		"a client":                            {request(t, "198.51.100.4:1"), "198.51.100.4/32", false},
		"a client of IPv6":                    {request(t, "[2001:db8:1:2:3::4]:1"), "2001:db8:1:2::/64", false},
		"IPv4 within IPv6":                    {request(t, "[::ffff:198.51.100.4]:1"), "198.51.100.4/32", false},
		"a client that says it is another":    {request(t, "198.51.100.4:1", "203.0.113.9"), "198.51.100.4/32", true},
		"a proxy's client":                    {request(t, "10.1.2.3:1", "203.0.113.9"), "203.0.113.9/32", false},
		"and of a single proxy":               {request(t, "192.0.2.7:1", "203.0.113.9"), "203.0.113.9/32", false},
		"one that lied to the proxy":          {request(t, "10.1.2.3:1", "1.2.3.4, 203.0.113.9"), "203.0.113.9/32", false},
		"through two proxies":                 {request(t, "10.1.2.3:1", "203.0.113.9, 10.9.9.9"), "203.0.113.9/32", false},
		"through two, each with its own line": {request(t, "10.1.2.3:1", "1.2.3.4, 203.0.113.9", "10.9.9.9"), "203.0.113.9/32", false},
		"a client of IPv6 of a proxy":         {request(t, "[fd00::1]:1", "2001:db8:1:2:3::4"), "2001:db8:1:2::/64", false},
		"a proxy that says nothing":           {request(t, "10.1.2.3:1"), "10.1.2.3/32", false},
		"a proxy that says nonsense":          {request(t, "10.1.2.3:1", "203.0.113.9, unknown"), "10.1.2.3/32", false},
		"all of them proxies":                 {request(t, "10.1.2.3:1", "10.4.4.4, 10.5.5.5"), "10.4.4.4/32", false},
		"no address at all":                   {request(t, "@"), "invalid Prefix", false},
	} {
		got, forwarded := proxies.client(row.request)
		if got.String() != row.want || forwarded != row.forwarded {
			t.Errorf("%s is %s, %t; want %s, %t", name, got, forwarded, row.want, row.forwarded)
		}
	}
	for _, bad := range []string{"", "10.0.0.0/33", "proxy.example"} {
		if _, err := ParseProxies([]string{bad}); err == nil {
			t.Errorf("%q is a network", bad)
		}
	}
}

// FuzzForwarded: whatever a client says, it is counted by its own address or by one
// that a trusted proxy has heard of.
func FuzzForwarded(f *testing.F) {
	for _, seed := range []string{"", "203.0.113.9", "1.2.3.4, 10.0.0.1", "::1%eth0", "\"[2001:db8::1]:80\"", ",,,", "10.0.0.1"} {
		f.Add(seed)
	}
	proxies := Proxies{netip.MustParsePrefix("10.0.0.0/8")}
	f.Fuzz(func(t *testing.T, said string) {
		direct, _ := proxies.client(request(t, "198.51.100.4:1", said))
		if direct.String() != "198.51.100.4/32" {
			t.Fatalf("%q makes a client %s", said, direct)
		}
		if strings.ContainsAny(said, "\r\n") {
			return
		}
		// What the proxy adds is the last word.
		heard, _ := proxies.client(request(t, "10.0.0.1:1", said+", 203.0.113.9"))
		if heard.String() != "203.0.113.9/32" {
			t.Fatalf("%q makes a proxy's client %s", said, heard)
		}
	})
}

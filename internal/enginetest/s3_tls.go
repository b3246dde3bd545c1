package enginetest

import (
	"crypto/tls"
	"io"
	"log"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"
)

// OverTLS returns the endpoint of the server over TLS, with a certificate that Root has
// signed, until the test ends.
func (s *S3) OverTLS(t testing.TB) string {
	t.Helper()
	a, err := ownAuthority()
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(a.cert, a.key)
	if err != nil {
		t.Fatal(err)
	}
	target, err := url.Parse(s.Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	before := httptest.NewUnstartedServer(&httputil.ReverseProxy{
		// The name that the request was signed for stays.
		Rewrite:  func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host },
		ErrorLog: log.New(io.Discard, "", 0),
	})
	before.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	before.Config.ErrorLog = log.New(io.Discard, "", 0) // some come who do not trust it
	before.StartTLS()
	t.Cleanup(before.Close)
	return before.URL
}

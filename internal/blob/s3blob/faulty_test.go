package s3blob

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// fault is what goes wrong with a request.
type fault int

const (
	none      fault = iota
	broken          // 500 InternalError, and nothing is done
	slowDown        // 503 SlowDown, and nothing is done
	lost            // it is done, and the connection breaks before the answer
	truncated       // half of the body of the answer, and the connection breaks
	stale           // the answer is that of the time before
	kinds
	denied // 403 AccessDenied, and nothing is done
)

// faulty is an S3 server behind which a good one stands.
type faulty struct {
	*httptest.Server
	choose func(*http.Request) fault

	mu     sync.Mutex
	before map[string][]byte // guarded by mu: the last answer to each listing
	seen   map[fault]int     // guarded by mu
}

func startFaulty(t testing.TB, endpoint string, choose func(*http.Request) fault) *faulty {
	t.Helper()
	target, err := url.Parse("http://" + endpoint)
	if err != nil {
		t.Fatal(err)
	}
	f := &faulty{choose: choose, before: make(map[string][]byte), seen: make(map[fault]int)}
	pass := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host // which is signed
		},
		ModifyResponse: f.answer,
		ErrorHandler:   func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
		Transport:      &http.Transport{DisableCompression: true, DisableKeepAlives: true},
	}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		of := f.choose(r)
		f.mu.Lock()
		f.seen[of]++
		f.mu.Unlock()
		r.Header.Set("Fault", string(rune('0'+of)))
		switch of {
		case broken, slowDown, denied:
			io.Copy(io.Discard, r.Body)
			status, code := http.StatusInternalServerError, "InternalError"
			switch of {
			case slowDown:
				status, code = http.StatusServiceUnavailable, "SlowDown"
			case denied:
				status, code = http.StatusForbidden, "AccessDenied"
			}
			w.Header().Set("Content-Type", "application/xml")
			w.WriteHeader(status)
			io.WriteString(w, "<Error><Code>"+code+"</Code><Message>not now</Message></Error>")
			return
		}
		pass.ServeHTTP(w, r)
	}))
	t.Cleanup(f.Close)
	return f
}

// answer spoils the answer of the good server.
func (f *faulty) answer(r *http.Response) error {
	of := fault(r.Request.Header.Get("Fault")[0] - '0')
	switch {
	case of == lost:
		io.Copy(io.Discard, r.Body)
		return http.ErrAbortHandler
	case of == truncated && r.ContentLength > 1:
		r.Body = io.NopCloser(io.LimitReader(r.Body, r.ContentLength/2))
	case r.Request.Method == http.MethodGet && r.Request.URL.Query().Has("list-type"):
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		f.mu.Lock()
		old, known := f.before[r.Request.URL.RawQuery]
		f.before[r.Request.URL.RawQuery] = body
		f.mu.Unlock()
		if of == stale && known {
			body = old
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		r.Header.Del("Content-Length")
	}
	return nil
}

// sometimes chooses a fault for one request of so many. It is safe for concurrent use.
func sometimes(seed uint64, one int) func(*http.Request) fault {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(seed, 1))
	return func(r *http.Request) fault {
		mu.Lock()
		defer mu.Unlock()
		if random.IntN(one) != 0 {
			return none
		}
		return 1 + fault(random.IntN(int(kinds)-1))
	}
}

// through returns the configuration with the faulty server in place of the good one.
func (f *faulty) through(c Config) Config {
	c.Endpoint = strings.TrimPrefix(f.URL, "http://")
	return c
}

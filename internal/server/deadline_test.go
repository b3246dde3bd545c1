package server

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestDeadlinesEndWithTheirRequest: whatever is asked to let go, and when, the next
// request of the client is served. A deadline that passed behind the body ended the
// context of every later request on the connection.
func TestDeadlinesEndWithTheirRequest(t *testing.T) {
	pace := Pace{MinRate: 1, Grace: time.Minute, Window: time.Minute}
	for name, handle := range map[string]func(w http.ResponseWriter, r *http.Request){
		"a body that was read yields": func(w http.ResponseWriter, r *http.Request) {
			body := newPacedBody(w, r, pace, func(int) {})
			io.Copy(io.Discard, body)
			body.yield()
			body.done()
		},
		"a body yields while it is read": func(w http.ResponseWriter, r *http.Request) {
			body := newPacedBody(w, r, pace, func(int) {})
			yielded := make(chan struct{})
			go func() {
				defer close(yielded)
				body.yield()
			}()
			io.Copy(io.Discard, body)
			<-yielded
			body.done()
		},
		"a body yields too late": func(w http.ResponseWriter, r *http.Request) {
			body := newPacedBody(w, r, pace, func(int) {})
			io.Copy(io.Discard, body)
			body.done()
			body.yield()
		},
		"content is cut off too late": func(w http.ResponseWriter, r *http.Request) {
			sending := newPacedSender(w, r, pace)
			sending.done()
			sending.cut()
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if err := r.Context().Err(); err != nil {
					t.Errorf("a request begins with %v", err)
				}
				handle(w, r)
				w.WriteHeader(http.StatusNoContent)
			}))
			defer server.Close()
			for range 100 { // it takes a moment until net/http knows
				response, err := server.Client().Post(server.URL, "text/plain", strings.NewReader("12345"))
				if err != nil {
					t.Fatal(err)
				}
				response.Body.Close()
			}
		})
	}
}

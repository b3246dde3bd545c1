package faulttest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/coder/websocket"

	"github.com/handout-rtc/handout/internal/faulttest"
)

// standIn is what a balancer takes for a node.
type standIn struct {
	*httptest.Server

	sick atomic.Bool
}

func newStandIn(t *testing.T, name string) *standIn {
	t.Helper()
	s := new(standIn)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/readyz" && s.sick.Load():
			w.WriteHeader(http.StatusServiceUnavailable)
		case r.URL.Path == "/readyz":
		case r.URL.Path == "/push":
			ws, err := websocket.Accept(w, r, nil)
			if err != nil {
				return
			}
			defer ws.CloseNow()
			ws.Write(r.Context(), websocket.MessageText, []byte(name))
			ws.Read(r.Context()) // until the other side goes
		default:
			text, _ := io.ReadAll(r.Body)
			fmt.Fprintf(w, "%s %s %s %s", name, r.Method, r.Host, text)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// TestBalancer has requests of one connection go to every node in turn, and to none
// that is dead or says that it is not ready.
func TestBalancer(t *testing.T) {
	t.Parallel()
	nodes := []*standIn{newStandIn(t, "a"), newStandIn(t, "b"), newStandIn(t, "c")}
	b := faulttest.StartBalancer(t, "", nodes[0].URL, nodes[1].URL, nodes[2].URL)
	ready := func(want ...bool) {
		t.Helper()
		until(t, fmt.Sprint("ready are ", want), func() bool { return b.Ready(0) == want[0] && b.Ready(1) == want[1] && b.Ready(2) == want[2] })
	}
	asked := func() map[string]int {
		t.Helper()
		answered := make(map[string]int)
		for range 12 {
			response, err := http.Post(b.URL()+"/x", "text/plain", strings.NewReader("a body"))
			if err != nil {
				t.Fatal(err)
			}
			text, _ := io.ReadAll(response.Body)
			response.Body.Close()
			if want := " POST " + b.URL()[len("http://"):] + " a body"; response.StatusCode != http.StatusOK || string(text[1:]) != want {
				t.Errorf("answered %s %q, want one that ends in %q", response.Status, text, want)
			}
			answered[string(text[:1])]++
		}
		return answered
	}
	ready(true, true, true)
	if got := asked(); got["a"] != 4 || got["b"] != 4 || got["c"] != 4 {
		t.Errorf("twelve requests went to %v", got)
	}
	nodes[1].sick.Store(true)
	ready(true, false, true)
	if got := asked(); got["b"] != 0 {
		t.Errorf("with b not ready they went to %v", got)
	}
	nodes[2].Close()
	if got := asked(); got["a"] != 12 { // whether or not it is noticed yet
		t.Errorf("with c dead they went to %v", got)
	}
	nodes[1].sick.Store(false)
	ready(true, true, false)
	heard := make(map[string]bool)
	for range 4 {
		ws, _, err := websocket.Dial(t.Context(), "ws"+b.URL()[len("http"):]+"/push", nil)
		if err != nil {
			t.Fatal(err)
		}
		_, name, err := ws.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		heard[string(name)] = true
		ws.CloseNow()
	}
	if !heard["a"] || !heard["b"] {
		t.Errorf("push connections went to %v", heard)
	}
}

// TestBalancerWithoutANode says so, and recovers.
func TestBalancerWithoutANode(t *testing.T) {
	t.Parallel()
	node := newStandIn(t, "a")
	b := faulttest.StartBalancer(t, "", node.URL)
	status := func() int {
		response, err := http.Get(b.URL())
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response.StatusCode
	}
	node.sick.Store(true)
	until(t, "the node is left out", func() bool { return !b.Ready(0) })
	if got := status(); got != http.StatusServiceUnavailable {
		t.Errorf("without a node: %d", got)
	}
	node.sick.Store(false)
	until(t, "the node is back", func() bool { return b.Ready(0) })
	if got := status(); got != http.StatusOK {
		t.Errorf("with a node: %d", got)
	}
}

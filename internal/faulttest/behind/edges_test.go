package behind_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/handout-rtc/handout/internal/faulttest"
	"github.com/handout-rtc/handout/protocol"
)

// streamed follows the room over a streamed answer, which is what the SDK falls back
// to: an event comes while the answer goes on.
func (s *stand) streamed(t *testing.T, http2 bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cy := s.room.Enter(t, "cy")
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.ana.Base+"/v1/push/http_stream",
		strings.NewReader(`{"id":1,"connect":{"token":"`+cy.Token()+`"}}`))
	if err != nil {
		t.Fatal(err)
	}
	response, err := (&http.Client{Transport: s.way(t, "127.0.0.1", http2)}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	if !lines.Scan() || !strings.Contains(lines.Text(), `"connect"`) {
		t.Fatalf("over a streamed answer: %s %q %v", response.Status, lines.Text(), lines.Err())
	}
	id, err := s.ana.Send(ctx, faulttest.File{Name: "told", Size: 5, Seed: 5}, everybody)
	if err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
		if strings.Contains(lines.Text(), string(id)) {
			return
		}
	}
	t.Errorf("a streamed answer ended before it told of a share: %v", lines.Err())
}

// interim creates an upload as Resumable Uploads for HTTP have it: the server answers
// 104 while the body comes. A proxy passes that on or does not get it; none is confused.
func (s *stand) interim(t *testing.T, http2 bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	file := faulttest.File{Name: "resumable", Size: 5 * mib, Seed: 6}
	seen := 0
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{Got1xxResponse: func(int, textproto.MIMEHeader) error {
		seen++
		return nil
	}})
	response, err := s.ana.Do(ctx, http.MethodPost, "/uploads", file.From(0), "Upload-Draft-Interop-Version", "8", "Upload-Complete", "?1",
		"Content-Disposition", `attachment; filename="resumable"`)
	if err != nil {
		t.Fatalf("an upload that is answered 104: %v", err)
	}
	response.Body.Close()
	if s.passes != (seen > 0) {
		t.Errorf("%d interim answers came through", seen)
	}
	if response.Header.Get("Upload-Complete") != "?1" {
		t.Errorf("an upload that was answered 104 is answered %s %v", response.Status, response.Header)
	}
	id := shareOf(response.Header.Get("Location"))
	if sum, err := s.bo.Receive(ctx, id); err != nil || sum != file.SHA256() {
		t.Errorf("it reads %s, %v", sum, err)
	}
}

// refusedEarly sends bodies that the server refuses before it has read them: the
// client learns why, and what it asks next is answered.
func (s *stand) refusedEarly(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	file := faulttest.File{Name: "refused", Size: 8 * mib, Seed: 7}
	path := s.pathOf(s.begin(t, file))
	err := s.patch(ctx, path, mib, file.From(mib))
	if want := (&faulttest.Refusal{Status: http.StatusConflict, Code: protocol.CodeOffsetMismatch}).Error(); err == nil || err.Error() != want {
		t.Errorf("an append at the wrong offset: %v, want %s", err, want)
	}
	if at := s.offset(t, path); at != 0 {
		t.Errorf("a refused append has left %d bytes", at)
	}
	if err := s.ana.Cancel(ctx, shareOf(path)); err != nil {
		t.Error(err)
	}
}

// TestBehindTheAddressIsTheClients: the server counts by the address that the client
// has, and by none that the client makes up; and a page of the site may connect, one
// of another may not.
func TestBehindTheAddressIsTheClients(t *testing.T) {
	for kind, start := range proxies {
		t.Run(kind, func(t *testing.T) {
			address := faulttest.FreeAddress(t)
			server := faulttest.Start(t, faulttest.Config{Path: faulttest.Build(t), Args: []string{
				"--app", "dev:devkey", "--metrics-listen", "", "--public-url", urlOf(address), "--trusted-proxy", "127.0.0.1/32",
				"--address-request-rate", "0.001", "--address-request-burst", "5",
			}})
			p := start(t, strings.TrimPrefix(server.URL(), "http://"), address)
			for i := range 7 {
				want := http.StatusUnauthorized
				if i >= 5 {
					want = http.StatusTooManyRequests
				}
				p.wantAnswer(t, "127.0.0.2", fmt.Sprintf("127.0.0.%d", 10+i), want)
			}
			p.wantAnswer(t, "127.0.0.3", "", http.StatusUnauthorized)
			p.wantOrigin(t, "127.0.0.4", urlOf(address), true)
			p.wantOrigin(t, "127.0.0.4", "https://elsewhere.example", false)
			p.wantRedirect(t)
		})
	}
}

// wantAnswer asks for a share without a token from an address, as who claims to have
// another one.
func (p *proxy) wantAnswer(t *testing.T, from, claimed string, status int) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, urlOf(p.address)+"/v1/shares/sh_none", nil)
	if err != nil {
		t.Fatal(err)
	}
	if claimed != "" {
		request.Header.Set("X-Forwarded-For", claimed)
	}
	response, err := p.way(t, from, true).RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != status {
		t.Errorf("from %s, claiming %q: %s, want %d", from, claimed, response.Status, status)
	}
}

// wantOrigin connects as a page of an origin does.
func (p *proxy) wantOrigin(t *testing.T, from, origin string, good bool) {
	t.Helper()
	ws, response, err := websocket.Dial(t.Context(), "wss"+strings.TrimPrefix(urlOf(p.address), "https")+"/v1/push/websocket", &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: p.way(t, from, false)}, HTTPHeader: http.Header{"Origin": {origin}},
	})
	if ws != nil {
		ws.CloseNow()
	}
	if good != (err == nil) {
		t.Errorf("a page of %s: %v", origin, err)
	}
	if !good && (response == nil || response.StatusCode != http.StatusForbidden) {
		t.Errorf("a page of %s is answered %v", origin, response)
	}
}

// wantRedirect: who comes without TLS is sent to where there is some.
func (p *proxy) wantRedirect(t *testing.T) {
	t.Helper()
	if p.plain == "" {
		return
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.plain+"/r/room?x=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = name
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if to := response.Header.Get("Location"); response.StatusCode != http.StatusMovedPermanently || to != "https://"+name+"/r/room?x=1" {
		t.Errorf("without TLS: %s to %s", response.Status, to)
	}
}

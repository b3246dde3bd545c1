package abuse_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/handout-rtc/handout/internal/faulttest"
	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

// siege is a server with a room for attackers, and what they aim at.
type siege struct {
	*faulttest.Server
	url    string
	room   protocol.RoomID
	client *http.Client // of who looks on
	// slow is an upload of a victim that has begun and is not whole.
	slow struct {
		body   *io.PipeWriter
		answer chan string
	}
}

// fast makes a test of slow uploads short.
var fast = []string{"--rate-grace", "2s", "--silence", "5s"}

// lay starts a server for the abuse.
func lay(t *testing.T, binary string, a abuse) *siege {
	t.Helper()
	flags := append([]string{"--dev"}, a.flags...)
	if os.Getenv("HANDOUT_LONG") == "" {
		flags = append(flags, fast...)
	}
	if a.tls {
		flags = append(flags, faulttest.Certify(t, t.TempDir(), "localhost", 1).Flags()...)
	}
	s := &siege{Server: faulttest.Start(t, faulttest.Config{Path: binary, Args: flags}), client: from(victimsAddress, 2)}
	t.Cleanup(s.client.CloseIdleConnections)
	s.url = s.URL()
	s.room = s.makeRoom(t)
	return s
}

func (s *siege) makeRoom(t *testing.T) protocol.RoomID {
	t.Helper()
	id, err := faulttest.NewRoom(t.Context(), s.client, s.url, "abuse")
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func sign(t *testing.T, room protocol.RoomID, id protocol.ParticipantID) string {
	t.Helper()
	return signAs(t, room, id, token.Member)
}

func signAs(t *testing.T, room protocol.RoomID, id protocol.ParticipantID, role token.Role) string {
	t.Helper()
	signed, err := token.Sign([]byte("devkey"), token.Claims{
		App: "dev", Participant: id, Room: room, Name: "N " + string(id), Role: role, Grants: role.Grants(), ExpiresAt: time.Now().Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// target is what the attackers of an abuse are told.
func (s *siege) target(t *testing.T, a abuse, n int, seconds float64) target {
	t.Helper()
	at := target{Attack: a.attack, URL: s.url, Room: s.room, N: n, Seconds: seconds}
	for i := range a.attackers {
		at.Tokens = append(at.Tokens, sign(t, s.room, protocol.ParticipantID(fmt.Sprintf("attacker%d", i))))
	}
	switch a.needs {
	case "upload":
		at.Path = s.upload(t, at.Tokens[0], nil, 1000)
	case "file":
		at.Path = strings.Replace(s.upload(t, at.Tokens[0], make([]byte, victimsFile), victimsFile), "/uploads/", "/v1/shares/", 1) + "/content"
	case "victim's upload":
		at.Path = s.beginSlow(t)
	}
	return at
}

// upload makes an upload of a length and sends a body with it, if there is one.
func (s *siege) upload(t *testing.T, by string, body []byte, length int) string {
	t.Helper()
	headers := append(tusCreation, "Upload-Length", fmt.Sprint(length))
	if body != nil {
		headers = append(headers, "Content-Type", "application/offset+octet-stream")
	}
	made, text := ask(t.Context(), s.client, "POST", s.url+"/uploads", by, bytes.NewReader(body), headers...)
	if made.StatusCode != http.StatusCreated {
		t.Fatalf("making an upload: %s %s", outcome(made, text), text)
	}
	return made.Header.Get("Location")
}

// slowly is how long the victim's slow upload is.
const slowly = 1 << 20

// beginSlow begins an upload of a victim in another room, and sends half of it.
func (s *siege) beginSlow(t *testing.T) string {
	t.Helper()
	owner := sign(t, s.makeRoom(t), "owner")
	path := s.upload(t, owner, nil, slowly)
	body, sender := io.Pipe()
	s.slow.body, s.slow.answer = sender, make(chan string, 1)
	go func() {
		s.slow.answer <- outcome(ask(context.Background(), s.client, "PATCH", s.url+path, owner, body, append(tusAppend, "Upload-Offset", "0")...))
	}()
	if _, err := sender.Write(make([]byte, slowly/2)); err != nil {
		t.Fatal(err)
	}
	return path
}

// completes sends the rest of the slow upload: nobody has taken it from its owner.
func (s *siege) completes(t *testing.T) {
	t.Helper()
	_, err := s.slow.body.Write(make([]byte, slowly/2))
	s.slow.body.Close()
	if got := <-s.slow.answer; got != "204" || err != nil {
		t.Errorf("the victim's upload: %s, %v", got, err)
	}
}

// metric is the sum of a metric's values.
func (s *siege) metric(t *testing.T, name string) float64 {
	t.Helper()
	sum, err := s.read(name)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func (s *siege) read(name string) (sum float64, err error) {
	response, err := s.client.Get(s.url + "/metrics")
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(response.Body)
	if err != nil {
		return 0, err
	}
	for _, each := range families[name].GetMetric() {
		sum += each.GetGauge().GetValue() + each.GetCounter().GetValue()
	}
	return sum, nil
}

// atMost looks that a metric is within a bound.
func (s *siege) atMost(t *testing.T, name string, most float64) {
	t.Helper()
	if got := s.metric(t, name); got > most {
		t.Errorf("%s is %v, at most %v", name, got, most)
	}
}

// settles waits until a metric is within a bound.
func (s *siege) settles(t *testing.T, name string, most float64) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); s.metric(t, name) > most; {
		if time.Now().After(deadline) {
			t.Fatalf("%s stays at %v, above %v", name, s.metric(t, name), most)
		}
		time.Sleep(10 * time.Millisecond) // between two looks
	}
}

// watch keeps the most memory that the server takes until stop.
func (s *siege) watch(most *int64) (stop func()) {
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			if now, err := s.read("process_resident_memory_bytes"); err == nil {
				*most = max(*most, int64(now))
			}
			select {
			case <-time.After(250 * time.Millisecond):
			case <-done:
				return
			}
		}
	})
	return func() {
		close(done)
		watching.Wait()
	}
}

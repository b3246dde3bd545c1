package faulttest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/faulttest"
	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

// soon is how long it may take until the end of a right ends its use.
const soon = 5 * time.Second

// churn is a file on its way from ana to bo when somebody loses a right.
type churn struct {
	*lab
	ana, bo, mod *faulttest.Client
	file         faulttest.File
	id           protocol.ShareID
	sent         chan error // how the upload ended
	received     chan error // how one download ended, which makes no second attempt
}

// TestF18_RoomChurn takes away a right in the middle of a transfer, and looks how
// soon the transfer ends and what everybody is told.
func TestF18_RoomChurn(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(t *testing.T, c *churn){
		"the sender is dropped": func(t *testing.T, c *churn) {
			c.drop(t, c.ana)
			c.wantEnd(t, c.sent, "the upload")
			c.wantEnd(t, c.received, "the download of it")
			c.wantState(t, protocol.Failed)
			if _, err := c.ana.Share(t.Context(), c.id); statusOf(err) != http.StatusUnauthorized {
				t.Errorf("who was dropped is answered: %v", err)
			}
		},
		"the sender leaves": func(t *testing.T, c *churn) { // its token is good, so it may finish
			if _, err := c.ana.Ask(t.Context(), http.MethodDelete, c.roomPath("participants/"+string(c.ana.ID)), nil, nil); err != nil {
				t.Fatal(err)
			}
			c.ana.Pace.SetLimit(1 << 40)
			if err := <-c.sent; err != nil {
				t.Errorf("sending: %v", err)
			}
			if err := <-c.received; err != nil {
				t.Errorf("receiving: %v", err)
			}
		},
		"the recipient is dropped": func(t *testing.T, c *churn) {
			c.drop(t, c.bo)
			c.wantEnd(t, c.received, "the download")
			if _, err := c.bo.Share(t.Context(), c.id); statusOf(err) != http.StatusUnauthorized {
				t.Errorf("who was dropped is answered: %v", err)
			}
			c.ana.Pace.SetLimit(1 << 40)
			if err := <-c.sent; err != nil {
				t.Errorf("sending: %v", err)
			}
		},
		"the share is revoked": func(t *testing.T, c *churn) {
			if err := c.ana.Cancel(t.Context(), c.id); err != nil {
				t.Fatal(err)
			}
			c.wantEnd(t, c.received, "the download")
			c.wantEnd(t, c.sent, "the upload")
			c.wantState(t, protocol.Cancelled)
			if _, err := c.bo.Do(t.Context(), http.MethodGet, "/v1/shares/"+string(c.id)+"/content", nil); statusOf(err) != http.StatusGone {
				t.Errorf("who asks again is answered: %v", err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, faulttest.Build(t))
			l.enter(t, "eve")
			for i := range faulttest.Amount(2, 50) {
				do(t, l.churn(t, i))
			}
			l.journal.Over()
			faulttest.Verdict(t, l.Server, faulttest.Rules{Strangers: []protocol.ParticipantID{"eve"}, MayLose: true}, l.room)
		})
	}
}

// TestF18_RevokedWhileItIsDownloaded revokes a complete file that somebody reads.
func TestF18_RevokedWhileItIsDownloaded(t *testing.T) {
	t.Parallel()
	l := newLab(t, faulttest.Build(t))
	people := l.enter(t, "ana", "bo", "eve")
	ana, bo := people[0], people[1]
	for i := range faulttest.Amount(2, 50) {
		file := faulttest.File{Name: fmt.Sprintf("revoked %d", i), Size: 64 << 20, Seed: l.random.Uint64()} // more than the sockets hold
		id, err := ana.Send(t.Context(), file, protocol.Audience{List: []protocol.ParticipantID{"bo"}})
		if err != nil {
			t.Fatal(err)
		}
		response, err := bo.Do(t.Context(), http.MethodGet, "/v1/shares/"+string(id)+"/content", nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(response.Body, make([]byte, 1)); err != nil {
			t.Fatalf("the first byte: %v", err)
		}
		if err := ana.Cancel(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		n, err := io.Copy(io.Discard, response.Body)
		response.Body.Close()
		if err == nil || n >= file.Size-1 || time.Since(began) > soon {
			t.Errorf("after the end was acknowledged %d bytes came in %v: %v", n, time.Since(began), err)
		}
	}
	l.journal.Over()
	faulttest.Verdict(t, l.Server, faulttest.Rules{Strangers: []protocol.ParticipantID{"eve"}}, l.room)
}

// churn lets a file move slowly from one new participant to another.
func (l *lab) churn(t *testing.T, i int) *churn {
	t.Helper()
	c := &churn{
		lab: l, mod: l.room.EnterAs(t, protocol.ParticipantID(fmt.Sprintf("mod%d", i)), token.Moderator),
		sent: make(chan error, 1), received: make(chan error, 1),
		file: faulttest.File{Name: fmt.Sprintf("churn %d", i), Size: 16 << 20, Seed: l.random.Uint64()},
	}
	people := l.enter(t, protocol.ParticipantID(fmt.Sprintf("ana%d", i)), protocol.ParticipantID(fmt.Sprintf("bo%d", i)))
	c.ana, c.bo = people[0], people[1]
	c.ana.Pace = faulttest.NewPace(256 << 10)
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	go func() {
		_, err := c.ana.Send(ctx, c.file, protocol.Audience{List: []protocol.ParticipantID{c.bo.ID}})
		c.sent <- err
	}()
	var err error
	if c.id, err = named(t.Context(), c.bo, c.file.Name); err != nil {
		t.Fatal(err)
	}
	response, err := c.bo.Do(ctx, http.MethodGet, "/v1/shares/"+string(c.id)+"/content", nil)
	if err != nil {
		t.Fatal(err)
	}
	first := make([]byte, 1)
	if _, err := io.ReadFull(response.Body, first); err != nil {
		t.Fatalf("the first byte: %v", err)
	}
	go func() {
		_, err := io.Copy(io.Discard, response.Body)
		response.Body.Close()
		c.received <- err
	}()
	return c
}

func (c *churn) roomPath(rest string) string { return "/v1/rooms/" + string(c.room.ID) + "/" + rest }

func (c *churn) drop(t *testing.T, who *faulttest.Client) {
	t.Helper()
	if _, err := c.mod.Ask(t.Context(), http.MethodDelete, c.roomPath("participants/"+string(who.ID)), nil, nil); err != nil {
		t.Fatalf("dropping: %v", err)
	}
	who.Leave() // it is not let in any more
}

// wantEnd waits until a transfer has ended without having been whole.
func (c *churn) wantEnd(t *testing.T, transfer <-chan error, what string) {
	t.Helper()
	select {
	case err := <-transfer:
		if err == nil {
			t.Errorf("%s is whole", what)
		}
	case <-time.After(soon):
		t.Errorf("%s goes on after %v", what, soon)
	}
}

// wantState waits until the recipient hears of the share's end.
func (c *churn) wantState(t *testing.T, want protocol.ShareState) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	if err := c.bo.AwaitState(ctx, c.id, want); err != nil {
		t.Error(err)
	}
}

// statusOf is the status of a refusal, 0 for any other error.
func statusOf(err error) int {
	var refused *faulttest.Refusal
	if errors.As(err, &refused) {
		return refused.Status
	}
	return 0
}

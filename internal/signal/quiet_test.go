package signal_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

// share offers a file, and so emits shares.created.
func (s *stand) share(t *testing.T, sender protocol.ParticipantID, name string, to protocol.Audience) {
	t.Helper()
	err := s.records.CreateShares(t.Context(), []store.Share{{
		Share: protocol.Share{
			ID: protocol.NewShareID(), Room: s.room, Name: name, State: protocol.Uploading,
			Sender: protocol.Sender{ID: sender}, To: to, CreatedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour), Rev: 1,
		},
		UpdatedAt: time.Now(),
	}}, store.Quota{RoomBytes: 1, RoomShares: 10, OpenUploads: 10})
	if err != nil {
		t.Fatal(err)
	}
}

// TestWhoMayNotReceiveHearsOfNoFile: a kiosk that may only send hears who is here,
// what is said, and of its own files; not of others', not even by a number.
func TestWhoMayNotReceiveHearsOfNoFile(t *testing.T) { brokers(t, noReceiverHearsOfNoFile) }

func noReceiverHearsOfNoFile(t *testing.T, s *stand) {
	kiosk := s.dial(t)
	claims := s.claims("kiosk")
	claims.Grants = token.Grants{Send: true, SendToAll: true}
	kiosk.join(signed(t, devKey, claims))
	s.announce(t, s.records)
	s.share(t, "ana", "secret.txt", protocol.ToRoom())
	s.enter(t, "bob")
	s.share(t, "kiosk", "mine.txt", protocol.ToRoom())
	s.share(t, "ana", "another.txt", protocol.Audience{List: []protocol.ParticipantID{"bob"}})
	s.enter(t, "cyd")

	type sound struct {
		Stream protocol.Stream
		Seq    int64
		What   string
	}
	var got []sound
	for range 4 {
		e := kiosk.event()
		what := ""
		if e.Participant != nil {
			what = e.Participant.Name
		}
		for _, share := range e.Shares {
			what += share.Name
		}
		got = append(got, sound{e.Stream, e.Seq, what})
	}
	want := []sound{{What: "N kiosk"}, {What: "bob"}, {What: "mine.txt"}, {What: "cyd"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestTheSwitchIsTold to everybody in the room: with a number to who follows it, and
// without to who may not receive.
func TestTheSwitchIsTold(t *testing.T) { brokers(t, theSwitchIsTold) }

func theSwitchIsTold(t *testing.T, s *stand) {
	ana, kiosk := s.dial(t), s.dial(t)
	ana.join(signed(t, devKey, s.claims("ana")))
	claims := s.claims("kiosk")
	claims.Grants = token.Grants{Send: true}
	kiosk.join(signed(t, devKey, claims))
	s.announce(t, s.records)
	sharing, err := s.records.SwitchSharing(t.Context(), s.room, []string{"viewer"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if n := s.edge.Listening(s.room); n != 2 {
		t.Errorf("%d listen, want 2", n)
	}
	for name, c := range map[string]*client{"ana": ana, "kiosk": kiosk} {
		e := c.event()
		for e.Type == protocol.ParticipantJoined {
			e = c.event()
		}
		if e.Type != protocol.SharingChanged || cmp.Diff(&sharing, e.Sharing) != "" || (e.Seq > 0) != (name == "ana") {
			t.Errorf("%s hears %+v", name, e)
		}
	}
}

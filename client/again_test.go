package client_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/handout-rtc/handout/client"
	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

// TestResumeOfWhatIsComplete: a process may end between the last byte and the answer.
// Who resumes then gets the share, and takes nothing back.
func TestResumeOfWhatIsComplete(t *testing.T) {
	s := newStand(t)
	ana := s.enter(t, "ana", token.Member)
	text := content(1 << 20)
	sent, err := ana.Send(t.Context(), file("a.bin", text), client.SendOptions{To: protocol.ToRoom()})
	if err != nil {
		t.Fatal(err)
	}
	share, err := ana.Resume(t.Context(), sent.ID, file("a.bin", text), client.SendOptions{})
	if err != nil || share.State != protocol.Available || share.SHA256 != hashOf(text) {
		t.Errorf("resumed: %+v, %v", share, err)
	}
}

// TestSaveUnderATakenName: what came is kept when another file has come to the path
// meanwhile, so that it can have another name.
func TestSaveUnderATakenName(t *testing.T) {
	s := newStand(t)
	ana, bo := s.enter(t, "ana", token.Member), s.enter(t, "bo", token.Member)
	text := content(1 << 20)
	sent, err := ana.Send(t.Context(), file("a.bin", text), client.SendOptions{To: protocol.ToRoom()})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "a.bin")
	_, err = bo.Save(t.Context(), sent.ID, path, client.SaveOptions{ReceiveOptions: client.ReceiveOptions{Progress: func(int64) {
		os.WriteFile(path, []byte("other"), 0o600)
	}}})
	if !errors.Is(err, fs.ErrExist) {
		t.Fatalf("saved over another: %v", err)
	}
	if there, err := os.ReadFile(path); err != nil || string(there) != "other" {
		t.Fatalf("the other is %q, %v", there, err)
	}
	part, other := path+"."+string(sent.ID)+".part", path+"2"
	if err := os.Rename(part, other+"."+string(sent.ID)+".part"); err != nil {
		t.Fatal(err)
	}
	came := 0
	if _, err := bo.Save(t.Context(), sent.ID, other, client.SaveOptions{ReceiveOptions: client.ReceiveOptions{Progress: func(int64) { came++ }}}); err != nil || came > 0 {
		t.Fatalf("saved under another name: %v, %d pieces came again", err, came)
	}
	if there, err := os.ReadFile(other); err != nil || string(there) != string(text) {
		t.Errorf("it is not what was sent: %v", err)
	}
}

// TestVisits: who lists and takes back without coming into the room disturbs nobody.
func TestVisits(t *testing.T) {
	s := newStand(t)
	ana, bo := s.enter(t, "ana", token.Member), s.enter(t, "bo", token.Member)
	sent, err := ana.Send(t.Context(), file("a.txt", []byte("a")), client.SendOptions{To: protocol.Audience{List: []protocol.ParticipantID{"bo"}}})
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[protocol.ParticipantID]int{"ana": 1, "bo": 1, "cy": 0} {
		config := client.Config{Server: s.URL(), Token: signed(s.room, id, token.Member, time.Hour)}
		shares, err := client.List(t.Context(), config, s.room)
		if err != nil || len(shares) != want {
			t.Errorf("%s sees %d shares: %v", id, len(shares), err)
		}
		if err := client.End(t.Context(), config, sent.ID); (err == nil) != (id == "ana") {
			t.Errorf("%s may take it back: %v", id, err)
		}
	}
	awaitShare(t, bo, "a.txt", protocol.Revoked)
	if ana.Err() != nil || bo.Err() != nil || len(bo.Participants()) != 2 {
		t.Errorf("somebody noticed: %v, %v, %d", ana.Err(), bo.Err(), len(bo.Participants()))
	}
}

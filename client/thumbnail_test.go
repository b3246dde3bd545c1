package client_test

import (
	"bytes"
	"testing"

	"github.com/handout-rtc/handout/client"
	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

func TestFolderAndThumbnailArrive(t *testing.T) {
	s := newStand(t)
	ana, bo := s.enter(t, "ana", token.Member), s.enter(t, "bo", token.Member)
	picture := append([]byte("\xff\xd8\xff"), make([]byte, protocol.MaxThumbnailBytes-3)...) // the largest
	f := file("a.jpg", []byte("a"))
	f.Path, f.Thumbnail = "photos/2024", picture
	if _, err := ana.Send(t.Context(), f, client.SendOptions{To: protocol.ToRoom()}); err != nil {
		t.Fatal(err)
	}
	share := awaitShare(t, bo, "a.jpg", protocol.Available)
	if share.Path != "photos/2024" || !share.Thumbnail {
		t.Errorf("it is told as %+v", share)
	}
	if got, err := bo.Thumbnail(t.Context(), share.ID); err != nil || !bytes.Equal(got, picture) {
		t.Errorf("%d bytes of a picture came, %v", len(got), err)
	}
	if _, err := ana.Send(t.Context(), file("b.txt", []byte("b")), client.SendOptions{To: protocol.ToRoom()}); err != nil {
		t.Fatal(err)
	}
	plain := awaitShare(t, bo, "b.txt", protocol.Available)
	if _, err := bo.Thumbnail(t.Context(), plain.ID); protocol.CodeOf(err) != protocol.CodeNotFound {
		t.Errorf("of a file without one: %v", err)
	}
	f.Path = "../elsewhere"
	if _, err := ana.Send(t.Context(), f, client.SendOptions{To: protocol.ToRoom()}); protocol.CodeOf(err) != protocol.CodeInvalidRequest {
		t.Errorf("a path that leads elsewhere: %v", err)
	}
}

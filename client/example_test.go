package client_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/handout-rtc/handout/client"
	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

// tokenFor stands for the application's back end, which makes tokens.
func tokenFor(room protocol.RoomID, id protocol.ParticipantID) string {
	return signed(room, id, token.Member, time.Hour)
}

func ExampleJoin() {
	server, room := examples.begin()
	ctx := context.Background()

	ana, err := client.Join(ctx, client.Config{Server: server, Token: tokenFor(room, "ana")})
	if err != nil {
		log.Fatal(err)
	}
	defer ana.Leave(ctx)

	fmt.Println(ana.Info().Name, len(ana.Participants()))
	// Output: Physics 101 1
}

func ExampleRoom_Send() {
	server, room := examples.begin()
	ctx := context.Background()
	ana, err := client.Join(ctx, client.Config{Server: server, Token: tokenFor(room, "ana")})
	if err != nil {
		log.Fatal(err)
	}
	defer ana.Leave(ctx)

	notes := "Force is mass times acceleration."
	share, err := ana.Send(ctx, client.File{
		Name: "notes.txt", Size: int64(len(notes)), Content: strings.NewReader(notes),
	}, client.SendOptions{To: protocol.ToRoom()})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(share.Name, share.State, share.SHA256[:8])
	// Output: notes.txt available 790b3fd9
}

func ExampleRoom_Save() {
	server, room := examples.begin()
	ctx := context.Background()
	ana, err := client.Join(ctx, client.Config{Server: server, Token: tokenFor(room, "ana")})
	if err != nil {
		log.Fatal(err)
	}
	defer ana.Leave(ctx)
	bo, err := client.Join(ctx, client.Config{Server: server, Token: tokenFor(room, "bo")})
	if err != nil {
		log.Fatal(err)
	}
	defer bo.Leave(ctx)
	if _, err := ana.Send(ctx, client.File{Name: "hi.txt", Size: 2, Content: strings.NewReader("hi")}, client.SendOptions{To: protocol.ToRoom()}); err != nil {
		log.Fatal(err)
	}

	dir, err := os.MkdirTemp("", "downloads")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for event, err := range bo.Events(ctx) {
		if err != nil {
			log.Fatal(err) // no longer in the room
		}
		offered, is := event.(client.ShareChanged)
		if !is || offered.Share.State.Ended() {
			continue
		}
		path := filepath.Join(dir, protocol.CleanFileName(offered.Share.Name))
		if _, err := bo.Save(ctx, offered.Share.ID, path, client.SaveOptions{}); err != nil {
			log.Fatal(err)
		}
		text, err := os.ReadFile(path)
		fmt.Println(string(text), err)
		break
	}
	// Output: hi <nil>
}

package faulttest_test

import (
	"math/rand/v2"
	"testing"

	"github.com/handout-rtc/handout/internal/enginetest"
	"github.com/handout-rtc/handout/internal/faulttest"
	"github.com/handout-rtc/handout/protocol"
)

func TestMain(m *testing.M) { enginetest.Exit(m.Run()) }

// lab is a server with a room, and who is in it.
type lab struct {
	*faulttest.Server
	journal *faulttest.Journal
	room    *faulttest.Room
	random  *rand.Rand
}

func newLab(t *testing.T, binary string, flags ...string) *lab {
	t.Helper()
	l := &lab{journal: faulttest.NewJournal(t), random: faulttest.Seed(t)}
	l.Server = faulttest.Start(t, faulttest.Config{Path: binary, Args: append([]string{"--dev"}, flags...), Journal: l.journal})
	l.room = faulttest.MakeRoom(t, l.URL(), l.journal)
	l.Usage(t, "baseline")
	return l
}

// enter makes participants who follow the room.
func (l *lab) enter(t *testing.T, ids ...protocol.ParticipantID) []*faulttest.Client {
	t.Helper()
	var all []*faulttest.Client
	for _, id := range ids {
		c := l.room.Enter(t, id)
		c.Listen(t)
		all = append(all, c)
	}
	return all
}

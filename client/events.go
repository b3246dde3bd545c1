package client

import (
	"context"
	"iter"
	"sync"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

// Event is something that happened in a room: one of the types below.
type Event interface{ key() eventKey }

// ParticipantJoined: somebody is in the room.
type ParticipantJoined struct{ Participant protocol.Participant }

// ParticipantLeft: somebody is in the room no longer.
type ParticipantLeft struct{ Participant protocol.Participant }

// ShareChanged: a share is new, or in another state. It says how the share is now.
type ShareChanged struct{ Share protocol.Share }

// ShareForgotten: the server no longer remembers a share, which had ended.
type ShareForgotten struct{ ID protocol.ShareID }

// ReceiptChanged: one recipient of a share of mine has taken a step.
type ReceiptChanged struct{ Receipt protocol.Receipt }

// TransferMoved: how far an upload for me is or, with a participant, that one's
// download of a share of mine. It comes at most twice a second and may be missed.
type TransferMoved struct{ Transfer protocol.Transfer }

// MessageReceived: a chat message or data. Who is away misses it.
type MessageReceived struct {
	Message protocol.Message
	Time    time.Time
}

// SharingChanged: a moderator or the operator has switched who may offer files.
type SharingChanged struct{ Sharing protocol.Sharing }

// RulesChanged: the application has laid down other rules for the room, and Limits are
// what the server permits by them.
type RulesChanged struct {
	Rules  protocol.Rules
	Limits protocol.Limits
}

// ConnectionChanged: the connection to the server is lost, or there again. While
// it is lost nothing is heard; afterwards what was missed is told.
type ConnectionChanged struct{ Connected bool }

// eventKey names what an event is about: of two that are about the same, only the
// later one counts.
type eventKey struct{ kind, of, at string }

func (e ParticipantJoined) key() eventKey {
	return eventKey{kind: "participant", of: string(e.Participant.ID)}
}
func (e ParticipantLeft) key() eventKey {
	return eventKey{kind: "participant", of: string(e.Participant.ID)}
}
func (e ShareChanged) key() eventKey   { return eventKey{kind: "share", of: string(e.Share.ID)} }
func (e ShareForgotten) key() eventKey { return eventKey{kind: "share", of: string(e.ID)} }
func (e ReceiptChanged) key() eventKey {
	return eventKey{kind: "receipt", of: string(e.Receipt.Share), at: string(e.Receipt.Participant)}
}
func (e TransferMoved) key() eventKey {
	return eventKey{kind: "transfer", of: string(e.Transfer.Share), at: string(e.Transfer.Participant)}
}
func (e SharingChanged) key() eventKey    { return eventKey{kind: "sharing"} }
func (e RulesChanged) key() eventKey      { return eventKey{kind: "rules"} }
func (e ConnectionChanged) key() eventKey { return eventKey{kind: "connection"} }
func (e MessageReceived) key() eventKey   { return eventKey{kind: "message"} }

// mostMessages is how many messages wait for one reader; the oldest go first.
const mostMessages = 1000

// queue is what one reader has not read yet. A reader that is slow finds each
// thing once, as it is by then, so the queue is bounded by what is in the room.
type queue struct {
	mu       sync.Mutex
	order    []*entry // may hold entries that were replaced, which are empty
	latest   map[eventKey]*entry
	messages int
	wake     chan struct{} // has place for one
}

type entry struct{ event Event }

func newQueue() *queue {
	return &queue{latest: make(map[eventKey]*entry), wake: make(chan struct{}, 1)}
}

func (q *queue) add(e Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	added := &entry{e}
	if _, single := e.(MessageReceived); single {
		q.boundMessages()
		q.messages++
	} else {
		if before := q.latest[e.key()]; before != nil {
			before.event = nil
		}
		q.latest[e.key()] = added
	}
	q.order = append(q.order, added)
	q.tidy()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// boundMessages makes place for one more message.
func (q *queue) boundMessages() {
	if q.messages < mostMessages {
		return
	}
	for _, e := range q.order {
		if _, is := e.event.(MessageReceived); is {
			e.event = nil
			q.messages--
			return
		}
	}
}

// tidy drops empty entries when they are most of the queue.
func (q *queue) tidy() {
	if len(q.order) < 2*(len(q.latest)+q.messages)+16 {
		return
	}
	kept := q.order[:0]
	for _, e := range q.order {
		if e.event != nil {
			kept = append(kept, e)
		}
	}
	clear(q.order[len(kept):])
	q.order = kept
}

// next returns the oldest event that waits; false if none does.
func (q *queue) next() (Event, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.order) > 0 {
		e := q.order[0].event
		q.order[0] = nil
		q.order = q.order[1:]
		if e == nil {
			continue
		}
		if _, is := e.(MessageReceived); is {
			q.messages--
		} else {
			delete(q.latest, e.key())
		}
		return e, true
	}
	return nil, false
}

// Events returns what is in the room, participants, shares and the receipts of own
// ones as they are now, and then what happens, until the context or the stay in the room ends: the latter
// with a *[LeftError] as the last pair. Events about one thing that the caller is
// too slow for become one, the latest.
func (r *Room) Events(ctx context.Context) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		q := r.listen()
		defer r.unlisten(q)
		for {
			for e, some := q.next(); some; e, some = q.next() {
				if !yield(e, nil) {
					return
				}
			}
			select {
			case <-q.wake:
			case <-ctx.Done():
				return
			case <-r.over.Done():
				if e, some := q.next(); some && !yield(e, nil) {
					return
				} else if !some {
					yield(nil, r.Err())
					return
				}
			}
		}
	}
}

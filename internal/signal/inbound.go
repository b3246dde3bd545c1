package signal

import (
	"bytes"
	"strings"

	"github.com/centrifugal/centrifuge"

	"github.com/handout-rtc/handout/protocol"
)

// inbound is what the broker brings a publication to, on each node that has somebody
// who follows the stream: before the library passes it on, and after it, come those
// whom the library does not reach. Memory and Redis bring it alike.
type inbound struct {
	centrifuge.BrokerEventHandler // the library's
	edge                          *Edge
}

// HandlePublication implements centrifuge.BrokerEventHandler.
func (in *inbound) HandlePublication(stream string, pub *centrifuge.Publication, at centrifuge.StreamPosition, delta bool, before *centrifuge.Publication) error {
	e, event := in.edge, pub.Data
	if e.hear(event) {
		return nil
	}
	room, participant, ok := streamOf(stream)
	if !ok { // the node talks to itself
		e.remote.heardItself()
		return nil
	}
	repeated := e.remote != nil && e.remote.heard(stream, numberOf(event))
	kind := typeOf(event)
	if kind != protocol.MessageReceived && kind != protocol.TransfersMoved {
		e.keepForOpening(room, participant, event)
	}
	if err := in.BrokerEventHandler.HandlePublication(stream, pub, at, delta, before); err != nil {
		return err
	}
	if participant != "" {
		return nil
	}
	if kind == protocol.RoomEnded {
		defer e.DisconnectRoom(room, protocol.CloseRoomEnded)
	}
	if repeated { // who hears no numbers could not tell
		return nil
	}
	return e.publishQuietly(room, event)
}

// deliver passes an event on to those who follow the stream on this node.
func (e *Edge) deliver(room protocol.RoomID, participant protocol.ParticipantID, event []byte) error {
	pub := &centrifuge.Publication{Data: event}
	return e.in.BrokerEventHandler.HandlePublication(channel(room, participant), pub, centrifuge.StreamPosition{}, false, nil)
}

// keepForOpening keeps an event of the store for connections that are just opening,
// which must not miss it.
func (e *Edge) keepForOpening(room protocol.RoomID, participant protocol.ParticipantID, event []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for c := range e.opening {
		if c.room != room || participant != "" && c.participant != participant {
			continue
		}
		if c.quiet && participant == "" {
			continue // publishQuietly sees to it
		}
		c.missesLocked(event, participant != "")
	}
}

const (
	roomPrefix     = "room:"
	personalPrefix = "personal:"
)

// channel names a stream. Neither kind of identifier holds a colon, so no
// participant's name can make another's stream.
func channel(room protocol.RoomID, participant protocol.ParticipantID) string {
	if participant == "" {
		return roomPrefix + string(room)
	}
	return personalPrefix + string(room) + ":" + string(participant)
}

// streamOf is the inverse of channel; not ok for what names no stream.
func streamOf(channel string) (room protocol.RoomID, participant protocol.ParticipantID, ok bool) {
	if rest, is := strings.CutPrefix(channel, roomPrefix); is {
		return protocol.RoomID(rest), "", true
	}
	rest, is := strings.CutPrefix(channel, personalPrefix)
	of, who, _ := strings.Cut(rest, ":")
	return protocol.RoomID(of), protocol.ParticipantID(who), is
}

// typeOf returns the type of an event, which its JSON begins with: to read all of
// it would cost more than to send it.
func typeOf(event []byte) protocol.EventType {
	rest, _ := bytes.CutPrefix(event, []byte(`{"type":"`))
	name, _, _ := bytes.Cut(rest, []byte(`"`))
	return protocol.EventType(name)
}

// numberOf returns the number of an event in its stream, which stands behind the type
// and the stream; 0 for none.
func numberOf(event []byte) (seq int64) {
	_, rest, _ := bytes.Cut(event, []byte(`,"stream":"`))
	_, rest, _ = bytes.Cut(rest, []byte(`"`))
	rest, found := bytes.CutPrefix(rest, []byte(`,"seq":`))
	if !found {
		return 0
	}
	for _, digit := range rest {
		if digit < '0' || digit > '9' {
			break
		}
		seq = 10*seq + int64(digit-'0')
	}
	return seq
}

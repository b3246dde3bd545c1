package protocol

import (
	"bytes"
	"encoding/json"
	"time"
)

// Stream names the sequence that an event belongs to. Each participant follows
// two: the room's, and its own. Both are gapless for whoever may read them, so
// a gap means a lost push and nothing else; see docs/decisions/0001.
type Stream string

const (
	// RoomStream carries what everyone in the room may know.
	RoomStream Stream = "room"
	// PersonalStream carries what one participant alone may know.
	PersonalStream Stream = "personal"
)

// EventType says what happened.
type EventType string

const (
	// ParticipantJoined: Participant is new in the room.
	ParticipantJoined EventType = "participant.joined"
	// ParticipantLeft: Participant left, or its grace to reconnect ran out.
	ParticipantLeft EventType = "participant.left"
	// SharesCreated: Shares have started to upload.
	SharesCreated EventType = "shares.created"
	// SharesAvailable: Shares are complete and may be downloaded.
	SharesAvailable EventType = "shares.available"
	// SharesEnded: Shares were cancelled, revoked, failed or expired.
	SharesEnded EventType = "shares.ended"
	// ReceiptsChanged: Receipts of shares of who is told have taken a step.
	ReceiptsChanged EventType = "receipts.changed"
	// SharingChanged: Sharing is the switch of the room from now on.
	SharingChanged EventType = "sharing.changed"
	// RulesChanged: Rules are what the application has laid down for the room from now
	// on, and Limits what they make of the server's.
	RulesChanged EventType = "rules.changed"
	// RoomEnded: the operator deleted the room.
	RoomEnded EventType = "room.ended"
	// StreamMoved: the server may have lost a push. Stream has come to Head, and who has
	// read less of it, or gets no Head, reads again. It has no sequence number and is
	// not stored.
	StreamMoved EventType = "stream.moved"
	// TransfersMoved: how far running uploads, and downloads of who is told, are.
	// It has no sequence number and is not stored.
	TransfersMoved EventType = "transfers.moved"
	// MessageReceived: a chat message or user data. It has no sequence number
	// and is not stored: who is away misses it.
	MessageReceived EventType = "message"
)

// Event is one push. It is a hint: the store is the truth, and applying an
// event twice, or reading the store instead, leads to the same state.
type Event struct {
	Type   EventType `json:"type"`
	Stream Stream    `json:"stream,omitempty"`
	Seq    int64     `json:"seq,omitempty"` // gapless within Stream, from 1
	Time   time.Time `json:"time"`

	Participant *Participant `json:"participant,omitempty"`
	Shares      []Share      `json:"shares,omitempty"`
	Receipts    []Receipt    `json:"receipts,omitempty"`
	Transfers   []Transfer   `json:"transfers,omitempty"`
	Sharing     *Sharing     `json:"sharing,omitempty"`
	Rules       *Rules       `json:"rules,omitempty"`
	Limits      *Limits      `json:"limits,omitempty"`
	Message     *Message     `json:"message,omitempty"`
	Head        int64        `json:"head,omitempty"` // the last Seq of Stream
}

// Transfer is how far the upload of a share is or, with a participant, that
// participant's download of it.
type Transfer struct {
	Share       ShareID       `json:"share"`
	Participant ParticipantID `json:"participant,omitempty"`
	Bytes       int64         `json:"bytes"` // received by the server, or sent to the participant
}

// JSON returns the event as it travels. What only HTML needs escaped stays as it
// is, so that text does not grow on its way beyond what was allowed of it.
func (e Event) JSON() ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(e); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), nil
}

// MessageKind tells text for people from data for programs.
type MessageKind string

const (
	// TextMessage carries a JSON string.
	TextMessage MessageKind = "text"
	// DataMessage carries any JSON value.
	DataMessage MessageKind = "data"
)

// Message is a chat message or user data between participants.
type Message struct {
	Kind   MessageKind     `json:"kind"`
	Sender Sender          `json:"sender"`
	To     Audience        `json:"to"`
	Body   json.RawMessage `json:"body"`
}

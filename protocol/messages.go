package protocol

import (
	"encoding/json"
	"time"
)

// Welcome is the data of the push connection's reply: who you are and what
// room you are in. The roster and the shares are read over HTTP afterwards.
type Welcome struct {
	Me     Participant `json:"me"`
	Room   RoomInfo    `json:"room"`
	Limits Limits      `json:"limits"` // in this room
}

// RoomInfo is what a participant may know of its room.
type RoomInfo struct {
	ID       RoomID          `json:"id"`
	Name     string          `json:"name"`
	Settings json.RawMessage `json:"settings,omitempty"` // the application's, verbatim
	Data     json.RawMessage `json:"data,omitempty"`     // the application's, verbatim
	Sharing  Sharing         `json:"sharing"`
	Rules    Rules           `json:"rules,omitzero"` // absent if none was ever laid down
}

// Offer is the request of POST /v1/rooms/{room}/shares.
type Offer struct {
	Files []FileInfo `json:"files"`
	To    *Audience  `json:"to"` // required: a share always says whom it is for

	// What the application alone may say: the name of the sender as participants see
	// it, and its own names of users, each of whom in the room joins the list of To.
	SenderName string   `json:"senderName,omitempty"`
	ToUserRefs []string `json:"toUserRefs,omitempty"`
}

// FileInfo is what a sender says of a file before its bytes.
type FileInfo struct {
	Name string `json:"name"`
	Size *int64 `json:"size"` // bytes; required
	Type string `json:"type"` // MIME type; may be empty
	// Path is the folders that it lies in: see CleanPath.
	Path string `json:"path,omitempty"`
	// Thumbnail is a small picture of it: see CheckThumbnails. Base64 on the wire.
	Thumbnail []byte `json:"thumbnail,omitempty"`
}

// Offered is the reply to an Offer, in the order of its files.
type Offered struct {
	Shares []OfferedShare `json:"shares"`
}

// OfferedShare is a new share and the address that receives its bytes.
type OfferedShare struct {
	Share
	UploadURL string `json:"uploadUrl"` // relative to the server's origin
}

// Split is the request of POST /v1/shares/{id}/parts.
type Split struct {
	Count int `json:"count"` // from 1 to MaxParts
}

// Parts is the reply to a Split, in the order of the file.
type Parts struct {
	Parts []Part `json:"parts"`
}

// Part is a piece of a file whose upload comes in parts. It ends where the next
// one begins; the last one ends with the file.
type Part struct {
	Offset    int64  `json:"offset"`    // where it begins in the file
	Size      int64  `json:"size"`      // bytes
	Received  int64  `json:"received"`  // bytes of it that the server has acknowledged
	UploadURL string `json:"uploadUrl"` // relative to the server's origin
}

// SharePage is the reply of GET /v1/rooms/{room}/shares.
type SharePage struct {
	// Seq is the cursor to ask with next time.
	Seq Cursor `json:"seq"`
	// Reset: the cursor asked with is older than what the server remembers, so
	// this page starts from the beginning; what is not in the pages is gone.
	Reset bool `json:"reset,omitempty"`
	// More: ask again with Seq, there is more to read now.
	More   bool    `json:"more,omitempty"`
	Shares []Share `json:"shares"`
}

// Roster is the reply of GET /v1/rooms/{room}/participants.
type Roster struct {
	Participants []Participant `json:"participants"`
	Sharing      Sharing       `json:"sharing"` // the switch of the room
	// Rules are what the application has laid down for the room, and Limits what they
	// make of the server's; both absent if nothing was ever.
	Rules  Rules  `json:"rules,omitzero"`
	Limits Limits `json:"limits,omitzero"`
}

// ShareList is the reply of GET /v1/rooms/{room}/shares to the application: what is
// remembered of the shares of a room, in the order of their ids.
type ShareList struct {
	Shares []Share `json:"shares"`
	More   bool    `json:"more,omitempty"` // ask again with "after", the last id
}

// Ticket is the reply of POST /v1/shares/{id}/tickets.
type Ticket struct {
	URL       string    `json:"url"` // relative to the server's origin
	ExpiresAt time.Time `json:"expiresAt"`
}

// MessageRequest is the request of POST /v1/rooms/{room}/messages.
type MessageRequest struct {
	Kind MessageKind     `json:"kind"`
	To   *Audience       `json:"to"`
	Body json.RawMessage `json:"body"`
}

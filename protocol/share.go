package protocol

import (
	"encoding/json"
	"slices"
	"time"
)

// ShareState says where a share stands. A share starts as Uploading and ends
// once; see CanBecome.
type ShareState string

const (
	// Uploading: the sender's bytes are still coming in.
	Uploading ShareState = "uploading"
	// Available: every byte is durable and recipients may download.
	Available ShareState = "available"
	// Cancelled: the sender stopped the upload before it was complete.
	Cancelled ShareState = "cancelled"
	// Failed: the upload can never complete (idle too long, storage fault).
	Failed ShareState = "failed"
	// Revoked: the sender withdrew a complete share.
	Revoked ShareState = "revoked"
	// Expired: time or the end of the room ended it, or its bytes were lost.
	Expired ShareState = "expired"
)

var transitions = map[ShareState][]ShareState{
	Uploading: {Available, Cancelled, Failed},
	Available: {Revoked, Expired},
}

// ShareStates returns every state there is.
func ShareStates() []ShareState {
	return []ShareState{Uploading, Available, Cancelled, Failed, Revoked, Expired}
}

// CanBecome reports whether a share in state s may move to next.
func (s ShareState) CanBecome(next ShareState) bool {
	return slices.Contains(transitions[s], next)
}

// Ended reports whether the state is final: its bytes leave the disk.
func (s ShareState) Ended() bool { return s != Uploading && s != Available }

// Share is one file offered in a room, as one viewer may see it.
type Share struct {
	ID     ShareID    `json:"id"`
	Room   RoomID     `json:"room"`
	Name   string     `json:"name"`           // cleaned: see CleanFileName
	Path   string     `json:"path,omitempty"` // the folders it lies in, cleaned: see CleanPath
	Type   string     `json:"type"`           // MIME type, application/octet-stream if unknown
	Size   *int64     `json:"size,omitempty"` // bytes; absent while the length is unknown
	Offset int64      `json:"offset"`         // bytes acknowledged so far
	State  ShareState `json:"state"`
	Reason string     `json:"reason,omitempty"` // why it ended, an error code
	SHA256 string     `json:"sha256,omitempty"` // lower-case hex, once available
	Sender Sender     `json:"sender"`
	To     Audience   `json:"to"`
	// Thumbnail: there is a picture to ask for, until the share ends.
	Thumbnail bool `json:"thumbnail,omitempty"`

	CreatedAt   time.Time  `json:"createdAt"`
	AvailableAt *time.Time `json:"availableAt,omitempty"`
	ExpiresAt   time.Time  `json:"expiresAt"` // at the latest; an empty room ends it sooner
	Rev         int64      `json:"rev"`       // grows with each change of this share
}

// Sender is the participant who offers a share. The name is a copy taken when
// the share was made, so it outlives the participant.
type Sender struct {
	ID   ParticipantID `json:"id"`
	Name string        `json:"name"`
}

// Audience is who may download a share: the whole room, or the listed
// participants. The zero value is nobody. In JSON it is "room" or a list.
type Audience struct {
	Room bool
	List []ParticipantID
}

// ToRoom is the audience of a broadcast, late joiners included.
func ToRoom() Audience { return Audience{Room: true} }

// Includes reports whether the participant is in the audience.
func (a Audience) Includes(p ParticipantID) bool {
	return a.Room || slices.Contains(a.List, p)
}

// MarshalJSON implements json.Marshaler.
func (a Audience) MarshalJSON() ([]byte, error) {
	if a.Room {
		return []byte(`"room"`), nil
	}
	if a.List == nil {
		return []byte(`[]`), nil
	}
	return json.Marshal(a.List)
}

// UnmarshalJSON implements json.Unmarshaler. Anything but "room" or a list of
// strings is an error.
func (a *Audience) UnmarshalJSON(data []byte) error {
	var word string
	if json.Unmarshal(data, &word) == nil {
		if word != "room" {
			return NewError(CodeInvalidRequest, `"to" must be "room" or a list of participant ids`)
		}
		*a = ToRoom()
		return nil
	}
	var list []ParticipantID
	if err := json.Unmarshal(data, &list); err != nil || list == nil {
		return NewError(CodeInvalidRequest, `"to" must be "room" or a list of participant ids`)
	}
	*a = Audience{List: list}
	return nil
}

// For returns the share as the viewer may see it. Only the sender learns the
// whole list of recipients; a recipient sees itself alone.
func (s Share) For(viewer ParticipantID) Share {
	if s.To.Room || viewer == s.Sender.ID {
		return s
	}
	s.To = Audience{List: []ParticipantID{viewer}}
	return s
}

// Participant is a member of a room.
type Participant struct {
	ID       ParticipantID   `json:"id"`
	Name     string          `json:"name"`
	Role     string          `json:"role"`
	UserRef  string          `json:"userRef,omitempty"`
	Grants   []string        `json:"grants"`
	Data     json.RawMessage `json:"data,omitempty"` // the application's, from the token
	JoinedAt time.Time       `json:"joinedAt"`
}

// GrantReceive is the grant to learn of files and to download them.
const GrantReceive = "receive"

// MayReceive reports whether files can be shared with the participant.
func (p Participant) MayReceive() bool { return slices.Contains(p.Grants, GrantReceive) }

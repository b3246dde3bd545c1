package store

import (
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

var (
	// ErrNotFound: there is no such record.
	ErrNotFound = errors.New("record not found")
	// ErrConflict: the record is not in the state that the change starts from.
	// Nothing was changed.
	ErrConflict = errors.New("record is in another state")
)

// Room is one live session.
type Room struct {
	ID        protocol.RoomID
	App       string // the App ID that made it
	Name      string
	OwnerRef  string
	Settings  json.RawMessage // the application's, verbatim; may be nil
	Data      json.RawMessage // the application's, verbatim; may be nil
	CreatedAt time.Time
	// EmptySince is when the last participant left, or when the room was made;
	// zero while somebody is in it.
	EmptySince time.Time
	// EndedAt is when the operator deleted the room; zero while it lives.
	EndedAt time.Time
	// Sharing says who may offer files in it.
	Sharing protocol.Sharing
	// Rules narrow what may be shared in it.
	Rules protocol.Rules
}

// Member is a participant with what only the server knows of it.
type Member struct {
	protocol.Participant
	Room protocol.RoomID
	// Connection is the push connection it is on; "" while it is away.
	Connection string
	// AwaySince is when its connection ended; zero while it is connected.
	AwaySince time.Time
}

// Share is a share with what only the server knows of it.
type Share struct {
	protocol.Share
	// Offer is the request that made the share, if its sender named it.
	Offer Offer
	// Picture is the thumbnail of a share that is made; it is read by Thumbnail alone.
	Picture []byte
	// Metadata is the Upload-Metadata header as the client sent it, without a thumbnail.
	Metadata string
	// Concat is the Upload-Concat header of a partial upload, or of a share that
	// is joined from such; "" for any other: see Partial and Joined.
	Concat string
	// SenderRole is what the room's switch counts the sender as: see
	// protocol.SharingRole.
	SenderRole string
	// Dialect is the protocol that the upload comes by: see Marked.
	Dialect string
	// Vet: the first bytes are to be held against the room's types before anybody
	// reads them.
	Vet bool
	// PartOf is the share that a partial upload has been given to; "" for none.
	PartOf protocol.ShareID
	// Holder is the node that may write the upload, and Fence counts how often another
	// has taken it over: see TakeUpload. "" and 0 where one process serves alone.
	Holder string
	Fence  int64
	// Reserved is how many bytes the share takes of its room's quota.
	Reserved int64
	// Checkpoint is where the hash stands at Offset.
	Checkpoint Checkpoint
	// UpdatedAt is when bytes or a change last came in.
	UpdatedAt time.Time
	// EndedAt is when the share ended; zero while it is live.
	EndedAt time.Time
	// Purged: the share has ended and its bytes are gone.
	Purged bool
}

// Partial reports whether the record is no share but a partial upload, bytes for
// a share that is joined from several. It stays uploading, also when it has all
// its bytes, until it is joined, and is nobody's to see but its sender's.
func (s Share) Partial() bool { return s.Concat == ConcatPartial }

// Joined reports whether the share gets its bytes from partial uploads.
func (s Share) Joined() bool { return s.Concat != "" && !s.Partial() }

// Marked reports whether the upload is complete when its sender marks it so, and
// not, as by tus, with its last byte.
func (s Share) Marked() bool { return s.Dialect == DialectIETF }

// ConcatPartial is the Concat of a partial upload.
const ConcatPartial = "partial"

// DialectIETF is the Dialect of an upload that comes by Resumable Uploads for HTTP.
const DialectIETF = "ietf"

// Offer names a request for shares, so that it can be told when it comes again.
// The zero value names none.
type Offer struct {
	Key    string // the sender's; unique among its requests in the room
	Digest string // of what was asked for
}

// Checkpoint is how far an upload's bytes are acknowledged, and the state of
// the running SHA-256 over them.
type Checkpoint struct {
	Offset int64
	// Hash is the marshalled state (encoding.BinaryMarshaler) at Offset.
	Hash []byte
	// Run names the server process that wrote the bytes. Another process
	// reads them again before it believes the hash.
	Run string
}

// SyncedLater ends the Run of a process that acknowledges what it has not synced
// yet. A power cut may have taken what the record says is there.
const SyncedLater = "~"

// SameBoot reports whether the bytes were written under the kernel that run
// names: then they are there, synced or not.
func (c Checkpoint) SameBoot(run string) bool {
	return strings.TrimSuffix(c.Run, SyncedLater) == strings.TrimSuffix(run, SyncedLater)
}

// SyncedLater reports whether the process that wrote the bytes may not have
// synced them.
func (c Checkpoint) SyncedLater() bool { return strings.HasSuffix(c.Run, SyncedLater) }

// kept is the checkpoint of a complete share of that size: of who wrote it there
// is only to know whether its bytes may not be synced.
func (c Checkpoint) kept(size int64) Checkpoint {
	if c.SyncedLater() {
		return Checkpoint{Offset: size, Run: c.Run}
	}
	return Checkpoint{Offset: size}
}

// Quota bounds what one room and one sender may hold.
type Quota struct {
	RoomBytes   int64 // reserved bytes of the room's live shares
	RoomShares  int   // the room's live shares
	OpenUploads int   // the sender's shares that are uploading, and its partial uploads

	// What is zero of these bounds nothing.
	RoomUploads int   // the room's shares that are uploading, and its partial uploads
	Promised    int64 // bytes that the sender's OpenUploads have reserved
	AppBytes    int64 // reserved bytes of the live shares of all rooms of the application

	// RulesRev is the revision of the room's rules that the limits, and the shares, go
	// by: with another one, nothing is made and the answer is ErrStaleRules.
	RulesRev int64
}

// With is the quota with what the limits say.
func (q Quota) With(l protocol.Limits) Quota {
	q.RoomBytes, q.RoomShares, q.OpenUploads = l.RoomBytes, l.RoomShares, l.OpenUploads
	return q
}

// Page is one page of the shares that a participant may see.
type Page struct {
	Shares []Share // whole: not yet as the viewer may see them; oldest change first
	Seq    protocol.Cursor
	Reset  bool
	More   bool
}

// Ticket lets its bearer begin one download. The store keeps only the
// SHA-256 of the secret.
type Ticket struct {
	Share       protocol.ShareID
	Participant protocol.ParticipantID
	ExpiresAt   time.Time
}

// Outgoing is an event that is committed and not announced yet.
type Outgoing struct {
	Room        protocol.RoomID
	ID          int64                  // counts the events of the room
	Participant protocol.ParticipantID // "" for the room's stream
	Event       json.RawMessage        // a protocol.Event
	WrittenAt   time.Time              // by the clock of the process that made the change
}

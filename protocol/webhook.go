package protocol

import "time"

// WebhookType says what a webhook tells of. Types are only ever added.
type WebhookType string

const (
	// WebhookCreated: a file was offered; its bytes are to come. A small file that
	// comes whole with its offer is told of by WebhookAvailable alone.
	WebhookCreated WebhookType = "share.created"
	// WebhookAvailable: every byte of a file is durable.
	WebhookAvailable WebhookType = "share.available"
	// WebhookReceived: a recipient has a file and has verified its SHA-256.
	WebhookReceived WebhookType = "share.received"
	// WebhookCancelled: an upload was stopped.
	WebhookCancelled WebhookType = "share.cancelled"
	// WebhookFailed: an upload can never complete.
	WebhookFailed WebhookType = "share.failed"
	// WebhookRevoked: a file was withdrawn.
	WebhookRevoked WebhookType = "share.revoked"
	// WebhookExpired: a file's time was over, or its bytes are lost.
	WebhookExpired WebhookType = "share.expired"
	// WebhookRoomEnded: a room has ended. Its files are told of by themselves.
	WebhookRoomEnded WebhookType = "room.ended"
	// WebhookTest is sent when the application asks for it, whatever types an
	// endpoint wants.
	WebhookTest WebhookType = "webhook.test"
)

// WebhookTypes returns every type that an endpoint may want.
func WebhookTypes() []WebhookType {
	return []WebhookType{
		WebhookCreated, WebhookAvailable, WebhookReceived, WebhookCancelled, WebhookFailed, WebhookRevoked, WebhookExpired, WebhookRoomEnded,
	}
}

// Webhook is the body that an application's endpoint is sent.
type Webhook struct {
	Type      WebhookType `json:"type"`
	Timestamp time.Time   `json:"timestamp"` // when it happened, not when it is sent
	Data      WebhookData `json:"data"`
}

// WebhookData is what a webhook tells.
type WebhookData struct {
	App string `json:"app"`
	// Room is absent from a WebhookTest alone.
	Room *WebhookRoom `json:"room,omitempty"`
	// Share is whole, as its sender sees it, and as it was then. It is there in
	// every type that begins with "share.".
	Share *Share `json:"share,omitempty"`
	// Receipt is whose, of a WebhookReceived.
	Receipt *Receipt `json:"receipt,omitempty"`
}

// WebhookRoom is a room as its application knows it.
type WebhookRoom struct {
	ID       RoomID `json:"id"`
	Name     string `json:"name"`
	OwnerRef string `json:"ownerRef,omitempty"`
}

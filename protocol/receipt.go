package protocol

import (
	"slices"
	"time"
)

// ReceiptState says where one recipient stands with one share. It begins as
// ReceiptOffered; see CanBecome.
type ReceiptState string

const (
	// ReceiptOffered: the recipient may download the share.
	ReceiptOffered ReceiptState = "offered"
	// ReceiptSeen: it was before the recipient's eyes.
	ReceiptSeen ReceiptState = "seen"
	// ReceiptDownloading: a download has begun. Whoever downloads without the SDK
	// stays here, for nobody else can say that its bytes are the right ones.
	ReceiptDownloading ReceiptState = "downloading"
	// ReceiptReceived: the recipient has the bytes and their SHA-256 is the
	// recorded one. It is final.
	ReceiptReceived ReceiptState = "received"
	// ReceiptDeclined: the recipient does not want it.
	ReceiptDeclined ReceiptState = "declined"
	// ReceiptCancelled: the recipient stopped its download.
	ReceiptCancelled ReceiptState = "cancelled"
	// ReceiptFailed: the recipient's download could not be completed.
	ReceiptFailed ReceiptState = "failed"
)

// receiptSteps are the steps that a receipt may take. What has failed, and what
// was cancelled or declined, may be tried again; what is received stays received,
// also when it is downloaded once more.
var receiptSteps = map[ReceiptState][]ReceiptState{
	ReceiptOffered:     {ReceiptSeen, ReceiptDownloading, ReceiptReceived, ReceiptDeclined, ReceiptCancelled, ReceiptFailed},
	ReceiptSeen:        {ReceiptDownloading, ReceiptReceived, ReceiptDeclined, ReceiptCancelled, ReceiptFailed},
	ReceiptDownloading: {ReceiptReceived, ReceiptDeclined, ReceiptCancelled, ReceiptFailed},
	ReceiptDeclined:    {ReceiptDownloading, ReceiptReceived},
	ReceiptCancelled:   {ReceiptDownloading, ReceiptReceived, ReceiptDeclined},
	ReceiptFailed:      {ReceiptDownloading, ReceiptReceived, ReceiptDeclined},
}

// CanBecome reports whether a receipt in state s may move to next.
func (s ReceiptState) CanBecome(next ReceiptState) bool {
	return slices.Contains(receiptSteps[s], next)
}

// Sayable reports whether a recipient may say the state of itself: any that there
// is but ReceiptOffered, which is the sender's word.
func (s ReceiptState) Sayable() bool { return ReceiptOffered.CanBecome(s) }

// Receipt is where one recipient stands with one share.
type Receipt struct {
	Share       ShareID       `json:"share"`
	Participant ParticipantID `json:"participant"`
	Name        string        `json:"name,omitempty"` // as of its last step; absent for who left without one
	State       ReceiptState  `json:"state"`
	Reason      string        `json:"reason,omitempty"` // why it failed: an error code
	Bytes       int64         `json:"bytes,omitempty"`  // how far its running download is; never stored

	OfferedAt time.Time  `json:"offeredAt"`           // when the share was made, or the recipient came later
	SeenAt    *time.Time `json:"seenAt,omitempty"`    // first
	StartedAt *time.Time `json:"startedAt,omitempty"` // the last download
	EndedAt   *time.Time `json:"endedAt,omitempty"`   // received, declined, cancelled or failed
	Rev       int64      `json:"rev"`                 // grows with each step; 0 while offered
}

// Step returns the receipt after a step at the given time, and whether it may
// take it. A step that it may not take is one that it has left behind.
func (r Receipt) Step(to ReceiptState, reason string, at time.Time) (Receipt, bool) {
	if !r.State.CanBecome(to) {
		return r, false
	}
	r.State, r.Reason, r.EndedAt = to, "", nil
	r.Rev++
	switch to {
	case ReceiptSeen:
		r.SeenAt = &at
	case ReceiptDownloading:
		r.StartedAt = &at
	case ReceiptFailed:
		r.Reason, r.EndedAt = reason, &at
	default:
		r.EndedAt = &at
	}
	return r, true
}

// ReceiptWord is what a recipient says of itself and one share.
type ReceiptWord struct {
	Share ShareID      `json:"share"`
	State ReceiptState `json:"state"`
	// SHA256 is that of the bytes received, lower-case hex: required for
	// ReceiptReceived.
	SHA256 string `json:"sha256,omitempty"`
	// Reason is why it failed: an error code, for ReceiptFailed.
	Reason string `json:"reason,omitempty"`
}

// ReceiptWords is the request of POST /v1/rooms/{room}/receipts: at most
// MaxReceiptWords.
type ReceiptWords struct {
	Receipts []ReceiptWord `json:"receipts"`
}

// ReceiptAnswer is what became of one word: the receipt as it is now, or why
// the word cannot be.
type ReceiptAnswer struct {
	Share   ShareID  `json:"share"`
	Receipt *Receipt `json:"receipt,omitempty"`
	Code    Code     `json:"code,omitempty"`
	Detail  string   `json:"detail,omitempty"`
}

// ReceiptAnswers is the reply to ReceiptWords, in their order.
type ReceiptAnswers struct {
	Receipts []ReceiptAnswer `json:"receipts"`
}

// ReceiptPage is the reply of GET /v1/rooms/{room}/receipts: receipts of the
// caller's shares that are beyond offered, oldest change first.
type ReceiptPage struct {
	// Seq is what to ask since next time: a number of the caller's personal stream.
	Seq int64 `json:"seq"`
	// More: ask again with Seq, there is more to read now.
	More     bool      `json:"more,omitempty"`
	Receipts []Receipt `json:"receipts"`
}

// Ledger is the reply of GET /v1/shares/{id}/receipts: the receipts of one
// share that the caller may read, in the order of the participants' ids.
type Ledger struct {
	Receipts []Receipt `json:"receipts"`
	// More: ask again after the last participant.
	More bool `json:"more,omitempty"`
}

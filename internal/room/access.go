package room

import "github.com/handout-rtc/handout/protocol"

// Verb is what a participant wants to do with its room, or with who is in it.
type Verb string

const (
	// Leave: take oneself off the roster.
	Leave Verb = "leave"
	// Drop: remove a participant for good.
	Drop Verb = "drop"
	// SwitchSharing: say who may offer files.
	SwitchSharing Verb = "switch-sharing"
	// WithdrawAll: end every share of a participant.
	WithdrawAll Verb = "withdraw-all"
)

// Decide returns nil if who asks may do verb in its own room, else CodeForbidden.
// moderate is what its token grants, self reports that the verb is about itself. It
// is the one function that decides this for every request.
func Decide(verb Verb, moderate, self bool) error {
	permitted := false
	switch verb {
	case Leave:
		permitted = self
	case WithdrawAll:
		permitted = self || moderate
	case Drop, SwitchSharing:
		permitted = moderate
	}
	if !permitted {
		return protocol.NewError(protocol.CodeForbidden, "only a moderator may do this")
	}
	return nil
}

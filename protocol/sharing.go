package protocol

import (
	"encoding/json"
	"slices"
)

// The roles of participants, as tokens name them.
const (
	RoleModerator   = "moderator"
	RoleParticipant = "participant"
	RoleViewer      = "viewer"
	// RoleOperator is what the application counts as; no token has it.
	RoleOperator = "operator"
)

// Sharing is the switch of a room: who may offer files there now. It takes away
// what a token grants and never adds to it.
type Sharing struct {
	// Off lists the roles for whom sharing is switched off, each once and in the
	// order of the constants; none when it is on for everybody.
	Off []string `json:"off"`
	Rev int64    `json:"rev"` // grows with each change, from 0
}

// MarshalJSON implements json.Marshaler: Off is a list, never null.
func (s Sharing) MarshalJSON() ([]byte, error) {
	type plain Sharing
	if s.Off == nil {
		s.Off = []string{}
	}
	return json.Marshal(plain(s))
}

// Permits reports whether who counts as the role (see SharingRole) may offer files.
// What is no role counts as RoleParticipant. It is no matter of the application's,
// which has the switch in its own hand.
func (s Sharing) Permits(role string) bool {
	if role == RoleOperator {
		return true
	}
	if role != RoleModerator && role != RoleViewer {
		role = RoleParticipant
	}
	return !slices.Contains(s.Off, role)
}

// SharingRole returns the role that the switch counts a participant as: who may
// moderate is a moderator, whatever its token calls it, and nobody else is.
func SharingRole(role string, moderate bool) string {
	switch {
	case moderate:
		return RoleModerator
	case role == RoleViewer:
		return RoleViewer
	}
	return RoleParticipant
}

// SharingSwitch is the request of PUT /v1/rooms/{room}/sharing.
type SharingSwitch struct {
	Off *[]string `json:"off"` // required: the roles to switch sharing off for, [] to switch it on for all
	// CancelRunning also ends the uploads that run, of those for whom sharing is off.
	CancelRunning bool `json:"cancelRunning,omitempty"`
}

// Roles returns the list as a room keeps it: in order, each once. It fails with
// CodeInvalidRequest without a list, and for what is no role.
func (s SharingSwitch) Roles() ([]string, error) {
	if s.Off == nil {
		return nil, NewError(CodeInvalidRequest, `"off" is required: a list of roles`)
	}
	all := []string{RoleModerator, RoleParticipant, RoleViewer}
	roles := []string{}
	for _, role := range all {
		if slices.Contains(*s.Off, role) {
			roles = append(roles, role)
		}
	}
	for _, role := range *s.Off {
		if !slices.Contains(all, role) {
			return nil, NewError(CodeInvalidRequest, `"off" lists what is no role: moderator, participant or viewer`)
		}
	}
	return roles, nil
}

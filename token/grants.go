package token

import (
	"encoding/json"
	"fmt"

	"github.com/handout-rtc/handout/protocol"
)

// Grants is what a token permits. The zero value permits nothing. On the wire
// it is a list of words; a word that is not known grants nothing.
type Grants struct {
	Send      bool // offer files
	Receive   bool // learn of files and download them
	SendToAll bool // offer files to the whole room, late joiners included
	Moderate  bool // end other people's shares, drop participants, switch sharing off and on
}

// fields pairs each word of the wire with its field, in the wire's order.
func (g *Grants) fields() []grantField {
	return []grantField{
		{"send", &g.Send}, {protocol.GrantReceive, &g.Receive}, {"sendToAll", &g.SendToAll}, {"moderate", &g.Moderate},
	}
}

type grantField struct {
	word string
	on   *bool
}

// List returns the words of what is granted, never nil.
func (g Grants) List() []string {
	list := []string{}
	for _, field := range g.fields() {
		if *field.on {
			list = append(list, field.word)
		}
	}
	return list
}

// MarshalJSON implements json.Marshaler.
func (g Grants) MarshalJSON() ([]byte, error) { return json.Marshal(g.List()) }

// UnmarshalJSON implements json.Unmarshaler.
func (g *Grants) UnmarshalJSON(data []byte) error {
	var words []string
	if err := json.Unmarshal(data, &words); err != nil {
		return fmt.Errorf("reading grants: %w", err)
	}
	*g = Grants{}
	for _, word := range words {
		for _, field := range g.fields() {
			if field.word == word {
				*field.on = true
			}
		}
	}
	return nil
}

// Role is what a participant is called in its room. It decides the grants of
// the tokens that the server makes; in a token, the grants alone permit.
type Role string

const (
	// Moderator may do everything.
	Moderator Role = protocol.RoleModerator
	// Member is an ordinary participant: it sends to anyone and receives.
	Member Role = protocol.RoleParticipant
	// Viewer receives only.
	Viewer Role = protocol.RoleViewer
)

// Valid reports whether the role is one of the three.
func (r Role) Valid() bool { return r == Moderator || r == Member || r == Viewer }

// Grants returns what the role permits; an unknown role permits nothing.
func (r Role) Grants() Grants {
	switch r {
	case Moderator:
		return Grants{Send: true, Receive: true, SendToAll: true, Moderate: true}
	case Member:
		return Grants{Send: true, Receive: true, SendToAll: true}
	case Viewer:
		return Grants{Receive: true}
	}
	return Grants{}
}

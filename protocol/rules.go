package protocol

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Rules are what the application has laid down for one room: they narrow what the
// server and the participants' tokens permit, and never widen it. The zero value
// narrows nothing.
type Rules struct {
	// Limits are lower limits than the server's, by their names in Limits.
	Limits map[string]int64 `json:"limits,omitzero"`
	// Allow and Deny list types of files: extensions as ".pdf", types as
	// "application/pdf" or "image/*". An empty Allow allows all.
	Allow []string `json:"allow,omitzero"`
	Deny  []string `json:"deny,omitzero"`
	// Send lists the roles that may offer files, SendToAll those that may offer them to
	// the whole room; nil is all roles, an empty list none.
	Send      []string `json:"send,omitzero"`
	SendToAll []string `json:"sendToAll,omitzero"`
	// Rev grows with each change, from 0: nothing was ever laid down.
	Rev int64 `json:"rev"`
}

const (
	// MaxTypeEntries bounds each list of types of a room.
	MaxTypeEntries    = 64
	maxExtensionBytes = 32
)

// ParseRules reads the rules of a room as its application says them; null and {} are
// none. It fails with CodeInvalidRequest for what is unknown, and for limits that are
// not from 1 to the server's. What it returns has no Rev.
func ParseRules(text []byte, server Limits) (Rules, error) {
	var said struct { // and not Rules: nobody says a revision
		Limits                       map[string]int64
		Allow, Deny, Send, SendToAll []string
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&said); err != nil {
		return Rules{}, WrapError(CodeInvalidRequest, `"rules" has what it does not know: `+ruleFault(err), err)
	}
	r := Rules{Limits: said.Limits}
	if len(r.Limits) == 0 {
		r.Limits = nil
	}
	for name, value := range r.Limits {
		most, known := narrow(&server, name, value)
		switch {
		case !known:
			return Rules{}, NewError(CodeInvalidRequest, fmt.Sprintf("there is no limit %.32q that a room can set", name))
		case value < 1 || value > most:
			return Rules{}, NewError(CodeInvalidRequest, fmt.Sprintf("the limit %s is from 1 to the server's %d", name, most))
		}
	}
	var err error
	for _, list := range []struct {
		to    *[]string
		name  string
		said  []string
		clean func(string, []string) ([]string, error)
	}{
		{&r.Allow, "allow", said.Allow, cleanTypes}, {&r.Deny, "deny", said.Deny, cleanTypes},
		{&r.Send, "send", said.Send, cleanRoles}, {&r.SendToAll, "sendToAll", said.SendToAll, cleanRoles},
	} {
		if *list.to, err = list.clean(list.name, list.said); err != nil {
			return Rules{}, err
		}
	}
	return r, nil
}

// ruleFault is what is wrong with the JSON of rules, in words that are safe to show.
func ruleFault(err error) string {
	field, unknown := strings.CutPrefix(err.Error(), "json: unknown field ")
	if unknown && len(field) < 64 {
		return field
	}
	return "limits are whole numbers by name, all else lists of text"
}

// None reports whether the rules narrow nothing.
func (r Rules) None() bool {
	return len(r.Limits)+len(r.Allow)+len(r.Deny) == 0 && r.Send == nil && r.SendToAll == nil
}

// narrow lowers one limit, and returns what it was. known reports whether a room may
// narrow a limit of that name.
func narrow(l *Limits, name string, to int64) (was int64, known bool) {
	switch name {
	case "fileSize":
		return lower(&l.FileSize, to), true
	case "roomBytes":
		return lower(&l.RoomBytes, to), true
	case "roomShares":
		return lower(&l.RoomShares, to), true
	case "openUploads":
		return lower(&l.OpenUploads, to), true
	case "filesPerRequest":
		return lower(&l.FilesPerRequest, to), true
	case "recipientsPerRequest":
		return lower(&l.RecipientsPerRequest, to), true
	case "lifetimeSeconds":
		return lower(&l.LifetimeSeconds, to), true
	case "emptyRoomSeconds":
		return lower(&l.EmptyRoomSeconds, to), true
	}
	return 0, false
}

func lower[N int | int64](limit *N, to int64) (was int64) {
	was = int64(*limit)
	*limit = N(min(was, max(to, 1)))
	return was
}

// Within returns the server's limits as they are in the room.
func (r Rules) Within(server Limits) Limits {
	for name, value := range r.Limits {
		narrow(&server, name, value)
	}
	return server
}

// MaySend reports whether who counts as the role (see SharingRole) may offer files,
// to all or to a list. The application is not bound by its own rules of who.
func (r Rules) MaySend(role string, toAll bool) bool {
	return permitted(r.Send, role) && (!toAll || permitted(r.SendToAll, role))
}

func permitted(roles []string, role string) bool {
	return roles == nil || role == RoleOperator || slices.Contains(roles, role)
}

// cleanRoles returns the roles in order, each once; nil for none said.
func cleanRoles(name string, said []string) ([]string, error) {
	if said == nil {
		return nil, nil
	}
	roles, err := SharingSwitch{Off: &said}.Roles()
	if err != nil {
		return nil, NewError(CodeInvalidRequest, fmt.Sprintf("%q lists what is no role: moderator, participant or viewer", name))
	}
	return roles, nil
}

// cleanTypes returns the entries in lower case, each once; nil for none.
func cleanTypes(name string, said []string) ([]string, error) {
	if len(said) > MaxTypeEntries {
		return nil, NewError(CodeInvalidRequest, fmt.Sprintf("%q has more than %d entries", name, MaxTypeEntries))
	}
	var entries []string
	for _, entry := range said {
		entry = strings.ToLower(strings.TrimSpace(entry))
		if !isExtension(entry) && !isTypePattern(entry) {
			return nil, NewError(CodeInvalidRequest, fmt.Sprintf(`%q lists neither extensions, ".pdf", nor types, "application/pdf" or "image/*"`, name))
		}
		if !slices.Contains(entries, entry) {
			entries = append(entries, entry)
		}
	}
	return entries, nil
}

func isExtension(entry string) bool {
	return len(entry) > 1 && len(entry) <= maxExtensionBytes && entry[0] == '.' &&
		entry[len(entry)-1] != '.' && !strings.ContainsAny(entry, `/\*`) && CleanFileName("a"+entry) == "a"+entry
}

func isTypePattern(entry string) bool {
	kind, sub, slash := strings.Cut(entry, "/")
	return slash && entry[0] != '.' && len(entry) <= MaxTypeBytes && isToken(kind) && (sub == "*" || isToken(sub))
}

// isToken reports whether the text may be a half of a MIME type (RFC 9110, token).
func isToken(text string) bool {
	for _, c := range []byte(text) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && !strings.ContainsRune("!#$&-^_.+", rune(c)) {
			return false
		}
	}
	return text != ""
}

package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// accessText is docs/access.md.
func accessText() string {
	var page strings.Builder
	page.WriteString(accessHead)
	page.WriteString("\n## Shares\n")
	for _, v := range verbs {
		page.WriteString(v.text())
	}
	page.WriteString(ticketText())
	page.WriteString(errandText())
	page.WriteString(pushText())
	return page.String()
}

const accessHead = `# Who may do what

Each cell is what the server answers. The page is written from a few rules (` + "`cmd/handout/access_rules_test.go`" + `), and tests send every one of these requests
to a whole server and hold its answers against it (` + "`TestAccess`, `TestAccessToRooms`, `TestAccessByTicket`, `TestAccessByPush`" + `).
Where the answer is 404 it is, to the byte and but for its date, that of a share, or a room, which does not exist.

- **sender**: who offered the share; **recipient**: somebody in its list; **participant**, **moderator**: others in its room. All have the grants of their roles but where it is said.
- A share is for a **list** or for the **room**; in a share for the room everybody there who may ` + "`receive`" + ` is a recipient.
- **uploading** has half its bytes. The states are those of [the protocol](protocol.md), section 4.
`

// table writes rows under a head, those that are alike as one.
func table(head string, columns []string, rows []row) string {
	var text strings.Builder
	fmt.Fprintf(&text, "\n| %s | %s |\n|%s\n", head, strings.Join(columns, " | "), strings.Repeat("---|", len(columns)+1))
	merged := map[string][]string{}
	var order []string
	for _, r := range rows {
		cells := strings.Join(r.cells, " | ")
		if merged[cells] == nil {
			order = append(order, cells)
		}
		merged[cells] = append(merged[cells], r.name)
	}
	for _, cells := range order {
		fmt.Fprintf(&text, "| %s | %s |\n", strings.Join(merged[cells], "; "), cells)
	}
	return text.String()
}

type row struct {
	name  string
	cells []string
}

// text is the verb's own table.
func (v verb) text() string {
	var text strings.Builder
	name, way, _ := strings.Cut(v.name, ", ")
	fmt.Fprintf(&text, "\n### `%s`", name)
	if way != "" {
		text.WriteString(", " + way)
	}
	text.WriteString("\n")
	columns := states
	if slices.Equal(v.kinds, []string{partKind}) {
		columns = []string{"uploading", "cancelled", "failed"}
	}
	var rows []row
	for _, w := range everybody {
		for i, kind := range v.kinds {
			r := row{name: w.name}
			differs := false
			for _, state := range columns {
				r.cells = append(r.cells, v.want(w, kind, state))
				differs = differs || v.want(w, kind, state) != v.want(w, v.kinds[0], state) || v.want(w, kind, state) != v.want(w, v.kinds[len(v.kinds)-1], state)
			}
			if differs {
				r.name += " (" + kind + ")"
			}
			if i == 0 || differs {
				rows = append(rows, r)
			}
		}
	}
	text.WriteString(table("who", columns, rows))
	return text.String()
}

func ticketText() string {
	var rows []row
	for _, bearer := range slices.Sorted(maps.Keys(ticketAnswers)) {
		r := row{name: bearer}
		for _, state := range states {
			r.cells = append(r.cells, ticketAnswers[bearer][state])
		}
		rows = append(rows, r)
	}
	return "\n### `GET /v1/shares/{id}/content?ticket=`, whoever brings it\n" + table("the ticket", states, rows)
}

func errandText() string {
	text := "\n## Rooms, and the application's own addresses\n"
	for _, e := range errands {
		var rows []row
		for _, w := range everybody {
			r := row{w.name, []string{e.answer(w, true)}}
			if e.offers {
				r.cells = append(r.cells, e.answer(w, false))
			}
			rows = append(rows, r)
		}
		columns := []string{"answer"}
		if e.offers {
			columns = append(columns, "while sharing is off for all but moderators")
		}
		path, _, _ := strings.Cut(e.path, "?")
		text += fmt.Sprintf("\n### %s: `%s %s`\n", e.name, e.method, path) + table("who", columns, rows)
	}
	return text
}

func pushText() string {
	text := "\n## The push connection\n\nConnecting is answered with the `Welcome`, or closed with a code of the protocol's section 2. A client can ask for nothing more (`TestClientsAskForNothing`).\n"
	var rows []row
	for _, w := range everybody {
		if w.app == "" {
			rows = append(rows, row{w.name, []string{w.connects()}})
		}
	}
	text += table("who", []string{"connecting"}, rows) + "\nWho hears of what: the lists are whole, nobody else does.\n"
	rows = nil
	for _, happening := range happenings {
		rows = append(rows, row{happening.name, []string{strings.Join(happening.heardBy, ", ")}})
	}
	return text + table("what happens", []string{"is heard by"}, rows)
}

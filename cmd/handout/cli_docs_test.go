package main

import (
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// TestCommandsAreDescribed: docs/cli.md names every command of people and scripts, and
// each flag that is one command's own.
func TestCommandsAreDescribed(t *testing.T) {
	page, err := os.ReadFile("../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	var c commands
	parser, err := kong.New(&c, options()...)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, leaf := range parser.Model.Leaves(true) {
		top := leaf
		for top.Parent != nil && top.Parent.Type == kong.CommandNode {
			top = top.Parent
		}
		if top.Group == nil {
			continue // the operator's commands have pages of their own
		}
		seen++
		if !strings.Contains(string(page), "handout "+strings.TrimPrefix(leaf.FullPath(), "handout ")) {
			t.Errorf("docs/cli.md has no %s", leaf.FullPath())
		}
		for _, flag := range leaf.Flags {
			if !strings.Contains(string(page), "--"+flag.Name) {
				t.Errorf("docs/cli.md has no --%s of %s", flag.Name, leaf.FullPath())
			}
		}
	}
	if seen < 10 {
		t.Errorf("only %d commands were seen", seen)
	}
}

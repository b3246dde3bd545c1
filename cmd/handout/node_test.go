package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/handout-rtc/handout/internal/audit"
	"github.com/handout-rtc/handout/internal/store"
)

// TestNodeFlagsNeedEachOther: what makes no node is said at once, and no error tells the
// secret.
func TestNodeFlagsNeedEachOther(t *testing.T) {
	secret := strings.Repeat("s3cr3t-", 6)
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	good := nodeFlags{NodeListen: "127.0.0.1:8082", NodeURL: "http://10.0.0.1:8082", NodeSecret: secret}
	with := func(change func(*nodeFlags)) nodeFlags {
		f := good
		change(&f)
		return f
	}
	for name, c := range map[string]struct {
		flags nodeFlags
		wrong string // what the error says; "" for none
	}{
		"no node":              {nodeFlags{}, ""},
		"a node":               {good, ""},
		"a secret from a file": {with(func(f *nodeFlags) { f.NodeSecret, f.NodeSecretFile = "", file }), ""},
		"a URL alone":          {nodeFlags{NodeURL: good.NodeURL}, "--node-listen"},
		"a secret alone":       {nodeFlags{NodeSecret: secret}, "--node-listen"},
		"no URL":               {with(func(f *nodeFlags) { f.NodeURL = "" }), "--node-url"},
		"a URL with a path":    {with(func(f *nodeFlags) { f.NodeURL = "http://10.0.0.1:8082/x" }), "--node-url"},
		"another scheme":       {with(func(f *nodeFlags) { f.NodeURL = "https://10.0.0.1" }), "--node-url"},
		"no port":              {with(func(f *nodeFlags) { f.NodeListen = "127.0.0.1" }), "--node-listen"},
		"no secret":            {with(func(f *nodeFlags) { f.NodeSecret = "" }), "secret"},
		"a short secret":       {with(func(f *nodeFlags) { f.NodeSecret = secret[:31] }), "32 bytes"},
		"two secrets":          {with(func(f *nodeFlags) { f.NodeSecretFile = file }), "name one"},
		"a file that is not":   {with(func(f *nodeFlags) { f.NodeSecret, f.NodeSecretFile = "", file+"x" }), "--node-secret-file"},
	} {
		err := c.flags.check()
		switch {
		case (err == nil) != (c.wrong == ""):
			t.Errorf("%s: %v", name, err)
		case err != nil && (!strings.Contains(err.Error(), c.wrong) || strings.Contains(err.Error(), "s3cr3t")):
			t.Errorf("%s: the error says %q", name, err)
		}
	}
}

// fencedRecords are those of a node that another has taken over from.
type fencedRecords struct {
	audit.Records // nothing else is asked
	asked         chan struct{}
}

// AuditLog implements audit.Records.
func (r fencedRecords) AuditLog(context.Context) (store.AuditState, error) {
	r.asked <- struct{}{}
	return store.AuditState{}, store.ErrFenced
}

// TestWhoIsNotOnDutyHasNotFailed: a node that could not open the log in its turn, because
// another had it by then, is as healthy as one that never had a turn.
func TestWhoIsNotOnDutyHasNotFailed(t *testing.T) {
	records := fencedRecords{asked: make(chan struct{})}
	turns := &auditTurns{config: audit.Config{Dir: t.TempDir(), Records: records, Shared: true, Log: slog.New(slog.DiscardHandler)}}
	ctx, endTurn := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() { defer close(over); turns.Run(ctx) }()
	<-records.asked
	<-records.asked // so the first has failed
	if err := turns.Healthy(); !errors.Is(err, store.ErrFenced) {
		t.Errorf("in its turn it says %v", err)
	}
	endTurn()
	<-over
	if err := turns.Healthy(); err != nil {
		t.Errorf("after its turn it says %v", err)
	}
}

package main

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// refusals says what comes of each limit. What is counted by its name in
// handout_refusals_total begins with "counted: ".
var refusals = map[string]string{
	"max-file-size":         "counted: 413 `file-too-large`",
	"max-room-bytes":        "counted: 429 `room-full`",
	"max-room-shares":       "counted: 429 `room-full`",
	"max-open-uploads":      "counted: 429 `too-many-uploads`",
	"max-room-uploads":      "counted: 429 `room-full`",
	"max-promised":          "counted: 429 `too-many-uploads`",
	"max-app-bytes":         "counted: 429 `room-full`",
	"max-dropped":           "counted: 429 `room-full`",
	"max-participants":      "counted: a push connection is closed with 4505 `room-full`",
	"max-recipients":        "counted: 400 `invalid-request`",
	"max-receipts":          "counted: 400 `invalid-request`",
	"max-rooms":             "counted: the back end gets 429",
	"store-connections":     "who asks waits for one; a change for 10 s at most: then 503 `unavailable` with `Retry-After`",
	"max-connections":       "counted: 503, or the connection is closed and comes back later",
	"max-sockets":           "counted: 503 `unavailable` with `Retry-After`, and the connection is closed; far beyond, it is closed at once. `/healthz`, `/readyz` and `/metrics` are answered",
	"address-sockets":       "counted: as `--max-sockets`",
	"push-bytes":            "counted: the connection breaks off",
	"push-burst-bytes":      "see `--push-bytes`",
	"connect-rate":          "counted: who would wait longer than 10 s is closed with 3004 and comes back later",
	"connect-burst":         "see `--connect-rate`",
	"rejoin-rate":           "counted: closed with 3013, and comes back later",
	"rejoin-burst":          "see `--rejoin-rate`",
	"push-rate":             "counted: closed with 3013, and comes back later",
	"push-burst":            "see `--push-rate`",
	"max-message":           "counted: 413 `request-too-large`",
	"max-request":           "counted: 413 `request-too-large`",
	"max-header":            "431, in plain text, before it is anybody's request",
	"lifetime":              "the file expires, `lifetime-over`",
	"empty-room":            "the room's files expire, `room-empty`",
	"usage-keep":            "it is forgotten",
	"max-usage":             "the oldest days are forgotten",
	"room-lifetime":         "the room ends",
	"upload-idle":           "the upload fails, `upload-idle`",
	"reconnect":             "the participant has left",
	"create-rate":           "counted: 429 `too-many-requests`, below `/uploads` 503; with `Retry-After`",
	"create-burst":          "see `--create-rate`",
	"request-rate":          "counted: as `--create-rate`, and late",
	"request-burst":         "see `--request-rate`",
	"room-request-rate":     "counted: as `--request-rate`",
	"room-request-burst":    "see `--room-request-rate`",
	"address-request-rate":  "counted: as `--request-rate`",
	"address-request-burst": "see `--address-request-rate`",
	"message-rate":          "counted: as `--request-rate`",
	"message-burst":         "see `--message-rate`",
	"room-message-rate":     "counted: as `--request-rate`",
	"room-message-burst":    "see `--room-message-rate`",
	"max-unaudited":         "counted: 503 `unavailable`: no new file, room or participant until the log is written again; who is there goes on, and what ends, ends. `/readyz` is 503",
	"max-webhooks":          "counted: the back end gets 429",
	"webhook-queue":         "the message is given up, told of in the log and in `givenUp`",
	"webhook-parallel":      "messages wait",
	"webhook-timeout":       "the attempt has failed, and is made again",
	"webhook-age":           "the message is given up",
	"spool-bytes":           "an upload waits 10 s for a place, then 507 `storage-full`",
	"bucket-patience":       "503 `unavailable` with `Retry-After`: who sends goes on at the acknowledged offset",
	"min-free":              "counted: 507 `storage-full`; `/readyz` is 503",
	"min-rate":              "counted: an upload gets 408 `too-slow`, and the connection is closed; a download is broken off",
	"rate-grace":            "see `--min-rate`",
	"silence":               "counted: 408 `too-slow`, and the connection is closed",
	"http2-window":          "the client waits",
	"http2-streams":         "the client waits",
	"http2-connections":     "the connection speaks HTTP/1.1",
	"follow-wait":           "504 `upload-stalled`",
}

const limitsPage = "../../docs/limits.md"

// rows returns the table of the limits as the flags have them.
func rows(t *testing.T) (table string, names []string) {
	t.Helper()
	var c commands
	model, err := kong.New(&c, kong.Vars{"version": "", "metrics_listen": ""}, kong.DefaultEnvars("HANDOUT"))
	if err != nil {
		t.Fatal(err)
	}
	table = "| flag | default | what it bounds | what comes beyond it |\n|---|---|---|---|\n"
	for _, command := range model.Model.Children {
		for _, flag := range command.Flags {
			if flag.Group == nil || flag.Group.Key != "Limits" {
				continue
			}
			names = append(names, flag.Name)
			said, known := refusals[flag.Name]
			if !known {
				t.Errorf("--%s: nothing is said of what comes beyond it", flag.Name)
			}
			table += "| `--" + flag.Name + "` | " + flag.Default + " | " + flag.Help + " | " + said + " |\n"
		}
	}
	return table, names
}

// TestThePageOfTheLimitsIsThatOfTheFlags holds docs/limits.md to the flags. With
// HANDOUT_UPDATE=1 it writes the table anew.
func TestThePageOfTheLimitsIsThatOfTheFlags(t *testing.T) {
	table, names := rows(t)
	if len(names) < 40 || len(names) != len(refusals) {
		t.Errorf("%d limits are flags, of %d it is said what comes beyond them", len(names), len(refusals))
	}
	page, err := os.ReadFile(limitsPage)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- the table is written by the test of cmd/handout -->\n", "<!-- end of the table -->"
	before, rest, _ := strings.Cut(string(page), begin)
	_, after, found := strings.Cut(rest, end)
	if !found {
		t.Fatal("the page has no place for the table")
	}
	want := before + begin + table + end + after
	if string(page) == want {
		return
	}
	if os.Getenv("HANDOUT_UPDATE") == "" {
		t.Fatal("docs/limits.md is not what the flags say: run this test with HANDOUT_UPDATE=1")
	}
	if err := os.WriteFile(limitsPage, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestWhatIsCountedIsALimit reads the code for the names that refusals are counted
// by: each is a flag whose row says so, or a fixed bound of which the page says so,
// and each such row has one.
func TestWhatIsCountedIsALimit(t *testing.T) {
	t.Parallel()
	named := regexp.MustCompile(`(?:LimitError\([^"]*|Refused\(|tooFast\(|over = )"([a-z0-9-]+)"`)
	counted := make(map[string]bool)
	err := filepath.WalkDir("../../internal", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return err
		}
		text, err := os.ReadFile(name)
		for _, match := range named.FindAllStringSubmatch(string(text), -1) {
			counted[match[1]] = true
		}
		return err
	})
	if err != nil || len(counted) < 20 {
		t.Fatalf("%d names, %v", len(counted), err)
	}
	page, err := os.ReadFile(limitsPage)
	if err != nil {
		t.Fatal(err)
	}
	for name := range counted {
		if strings.Contains(string(page), "(counted: `"+name+"`)") {
			continue // a fixed bound
		}
		if !strings.HasPrefix(refusals[name], "counted") {
			t.Errorf("%s is counted, and its row does not say so", name)
		}
	}
	for name, said := range refusals {
		if strings.HasPrefix(said, "counted") && !counted[name] {
			t.Errorf("%s is said to be counted, and nobody counts it", name)
		}
	}
}

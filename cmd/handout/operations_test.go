package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// section returns what stands between two marks in a page, and what is around it.
func section(t *testing.T, page, mark string) (before, now, after string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- "+mark+" -->\n", "<!-- end of "+mark+" -->"
	before, rest, found := strings.Cut(string(text), begin)
	now, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("%s has no section %s", page, mark)
	}
	return before + begin, now, end + after
}

// wantSection holds a generated section of a page to what it should be.
func wantSection(t *testing.T, page, mark, want string) {
	t.Helper()
	before, now, after := section(t, page, mark)
	if *update {
		if err := os.WriteFile(page, []byte(before+want+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if now != want {
		t.Errorf("%s: the section %s is not what it should be; run go test ./cmd/handout -run '%s' -update", page, mark, t.Name())
	}
}

// TestOperationsTellsOfEveryFlag holds the table of docs/operations.md to the flags.
func TestOperationsTellsOfEveryFlag(t *testing.T) {
	var c commands
	parser, err := kong.New(&c, kong.Vars{"version": version, "metrics_listen": defaultMetricsListen}, kong.DefaultEnvars("HANDOUT"))
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(parser.Model.Children, func(n *kong.Node) bool { return n.Name == "serve" })
	var table strings.Builder
	table.WriteString("| flag | environment | default | |\n|---|---|---|---|\n")
	for _, flag := range parser.Model.Children[at].Flags {
		value := ""
		if flag.HasDefault && flag.Default != "" {
			value = "`" + flag.Default + "`"
		}
		fmt.Fprintf(&table, "| `--%s` | `%s` | %s | %s |\n", flag.Name, strings.Join(flag.Envs, "`, `"), value, strings.ReplaceAll(flag.Help, "|", "\\|"))
	}
	wantSection(t, filepath.Join("..", "..", "docs", "operations.md"), "flags", table.String())
}

var (
	family    = regexp.MustCompile(`(?m)^# HELP (handout_\w+) (.*)\n# TYPE \w+ (\w+)$`)
	mentioned = regexp.MustCompile(`\b(handout|centrifuge|go|process)_[a-z0-9_]+`)
)

// scraped returns all that /metrics of a server says that has done something.
func scraped(t *testing.T) string {
	t.Helper()
	p := serve(t, "--dev", "--data", t.TempDir())
	bearer := p.guest(t)
	path := p.create(t, bearer, 5)
	p.patch(t, bearer, path, 0, strings.NewReader("12345"))
	do(t, "GET", p.url+strings.Replace(path, "/uploads/", "/v1/shares/", 1)+"/content", nil, "Authorization", "Bearer "+bearer)
	do(t, "GET", p.url+"/nowhere", nil)
	_, text := do(t, "GET", p.url+"/metrics", nil)
	return text
}

// TestEveryMetricIsDescribed holds docs/metrics.md to what a server tells.
func TestEveryMetricIsDescribed(t *testing.T) {
	var table strings.Builder
	table.WriteString("| metric | type | |\n|---|---|---|\n")
	for _, match := range family.FindAllStringSubmatch(scraped(t), -1) {
		fmt.Fprintf(&table, "| `%s` | %s | %s |\n", match[1], match[3], match[2])
	}
	wantSection(t, filepath.Join("..", "..", "docs", "metrics.md"), "metrics", table.String())
}

// TestDeployNamesMetricsThatExist: a rule on a metric that nobody measures never
// fires, and a panel shows nothing.
func TestDeployNamesMetricsThatExist(t *testing.T) {
	told := scraped(t)
	for _, name := range []string{"alerts.yml", "grafana-dashboard.json"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "deploy", name))
		if err != nil {
			t.Fatal(err)
		}
		names := mentioned.FindAllString(string(text), -1)
		if len(names) == 0 {
			t.Errorf("%s names no metric", name)
		}
		for _, metric := range names {
			bare := metric
			for _, suffix := range []string{"_bucket", "_sum", "_count"} {
				bare = strings.TrimSuffix(bare, suffix)
			}
			if !strings.Contains(told, "# TYPE "+metric+" ") && !strings.Contains(told, "# TYPE "+bare+" ") {
				t.Errorf("%s names %s, which no server tells of", name, metric)
			}
		}
	}
}

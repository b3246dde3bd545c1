package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/handout-rtc/handout/internal/enginetest"
)

// shown is what a dashboard shows, or the title of a row of them.
type shown struct {
	ID      int
	Title   string
	Type    string
	Targets []struct{ Expr string }
}

// queries returns what the dashboard asks Prometheus for, with the variables as
// Grafana would have them.
func queries(t *testing.T) (all []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "deploy", "grafana-dashboard.json"))
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct{ Panels []shown }
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	ids := make(map[int]bool)
	for _, p := range dashboard.Panels {
		if ids[p.ID] {
			t.Errorf("two panels are %d", p.ID)
		}
		ids[p.ID] = true
		if p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("%q shows nothing", p.Title)
		}
		for _, target := range p.Targets {
			all = append(all, strings.NewReplacer("$instance", ".+", "$__rate_interval", "5m").Replace(target.Expr))
		}
	}
	if len(all) == 0 {
		t.Fatal("the dashboard asks for nothing")
	}
	return all
}

// TestTheDashboardAndTheAlertsAreQueries has Prometheus' own tool read the alerts,
// and the dashboard's queries as if they were recorded.
func TestTheDashboardAndTheAlertsAreQueries(t *testing.T) {
	var rules []map[string]string
	for _, query := range queries(t) {
		rules = append(rules, map[string]string{"record": "shown", "expr": query})
	}
	text, err := json.Marshal(map[string]any{"groups": []any{map[string]any{"name": "dashboard", "rules": rules}}}) // JSON is YAML
	if err != nil {
		t.Fatal(err)
	}
	dashboard := filepath.Join(t.TempDir(), "dashboard.yml")
	if err := os.WriteFile(dashboard, text, 0o600); err != nil {
		t.Fatal(err)
	}
	promtool := enginetest.Debian(t, "prometheus", "usr/bin/promtool")
	for _, file := range []string{dashboard, filepath.Join("..", "..", "deploy", "alerts.yml")} {
		if said, err := exec.Command(promtool, "check", "rules", "--lint=none", file).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", filepath.Base(file), err, said)
		}
	}
}

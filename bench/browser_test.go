package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestBrowserFiguresBecomeAPart(t *testing.T) {
	var figures browserFigures
	err := json.Unmarshal([]byte(`{
		"chromium": "156.0",
		"rounds": [{"put": 100, "get": 100, "sdk": 240}, {"put": 200, "get": 200, "sdk": 400}, {"put": 100, "get": 300, "sdk": 800}],
		"memory": [{"size": 104857600, "sender": 0, "recipient": 20971520}, {"size": 524288000, "sender": 1048576, "recipient": 73400320}]
	}`), &figures)
	if err != nil {
		t.Fatal(err)
	}
	found, err := figures.part()
	if err != nil {
		t.Fatal(err)
	}
	if ratio := found.Bars[0]; ratio.Measured != "1.20" || !ratio.Met {
		t.Errorf("ratio %+v, want the median of those of the rounds", ratio)
	}
	if memory := found.Bars[1]; memory.Measured != "50.0 MiB" || memory.Met {
		t.Errorf("memory %+v, want the most that either page grew", memory)
	}
	if len(found.Sections) != 1 || !strings.Contains(found.Sections[0].Text, "156.0") {
		t.Errorf("%+v", found.Sections)
	}
}

func TestBrowserFiguresAreComplete(t *testing.T) {
	if _, err := (browserFigures{}).part(); err == nil {
		t.Error("no figures are taken")
	}
}

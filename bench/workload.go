package main

import "context"

// workload is one part of the benchmark, by the name that -only knows.
type workload struct {
	name string
	// run measures and says what it found. What cannot be measured on this
	// machine is a part that says why, not an error.
	run func(context.Context, *bench) (*part, error)
}

// workloads are the parts of the benchmark, in the order of the report.
func workloads() []workload {
	return []workload{
		{"cutthrough", runCutThrough},
		{"links", runLinks},
		{"large", runLarge},
		{"small", runSmall},
		{"memory", runMemory},
		{"push", runPush},
		{"browser", runBrowser},
	}
}

// part is what one workload found. The report is made of parts, which may have
// been measured in different runs.
type part struct {
	Bars     []bar     `json:",omitempty"`
	Sections []section `json:",omitempty"`
	Skipped  string    `json:",omitempty"` // why it could not be measured here

	Run runFacts // filled in by measure
}

// bar is a promise about a figure, held against what was measured.
type bar struct {
	What, Limit, Measured string
	Met                   bool
}

// section is one piece of the report: a title, and below it a text in Markdown,
// a picture and a table, each if it is there.
type section struct {
	Title   string
	Text    string     `json:",omitempty"`
	Image   string     `json:",omitempty"` // path relative to the report
	SVG     []byte     `json:"-"`          // the picture, written there with the report
	Columns []string   `json:",omitempty"`
	Rows    [][]string `json:",omitempty"` // cells in Markdown
}

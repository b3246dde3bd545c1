package main

import (
	"bytes"
	_ "embed"
	"errors"
	"io"
	"os"
	"text/template"
)

// report is what the template shows.
type report struct {
	Machine machine
	Parts   []namedPart // in the order of the workloads
}

type namedPart struct {
	Name string
	*part
}

//go:embed report.md.tmpl
var reportTemplate string

// report puts the parts in order.
func (r *results) report() report {
	page := report{Machine: r.Machine}
	for _, w := range workloads() {
		if found := r.Parts[w.name]; found != nil {
			page.Parts = append(page.Parts, namedPart{w.name, found})
		}
	}
	return page
}

// publish prints the report and, unless file is empty, writes it there.
func (r *results) publish(out io.Writer, file string) error {
	page, err := template.New("report").Parse(reportTemplate)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := page.Execute(&text, r.report()); err != nil {
		return err
	}
	_, err = out.Write(text.Bytes())
	if file != "" {
		err = errors.Join(err, os.WriteFile(file, text.Bytes(), 0o644))
	}
	return err
}

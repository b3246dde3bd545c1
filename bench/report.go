package main

import (
	"bytes"
	_ "embed"
	"io"
	"os"
	"path/filepath"
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

// publish prints the report and, unless file is empty, writes it there, and the
// pictures of what was just measured beside it.
func (r *results) publish(out io.Writer, file string) error {
	page, err := template.New("report").Parse(reportTemplate)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := page.Execute(&text, r.report()); err != nil {
		return err
	}
	if _, err := out.Write(text.Bytes()); err != nil || file == "" {
		return err
	}
	if err := r.writePictures(filepath.Dir(file)); err != nil {
		return err
	}
	return os.WriteFile(file, text.Bytes(), 0o644)
}

func (r *results) writePictures(dir string) error {
	for _, found := range r.Parts {
		for _, s := range found.Sections {
			if s.SVG == nil {
				continue
			}
			name := filepath.Join(dir, filepath.FromSlash(s.Image))
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(name, s.SVG, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

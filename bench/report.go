package main

import (
	"bytes"
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"slices"
	"text/template"
	"time"
)

// report is what the template shows.
type report struct {
	Command          string
	Facts            facts
	Size, MemorySize size
	Files, Rounds    int
	Tables           []table
	Memory           *memoryUse // nil if it was not measured
	Bars             []bar
}

// facts are what the figures depend on, read when they are measured.
type facts struct {
	Time            time.Time
	CPU, Kernel, Go string
	Cores           int
	FileSystem, TCP string
	LoadBefore      string
}

// table compares the servers in one kind of run.
type table struct {
	Title, RateUnit, CostUnit string
	Rows                      []row
}

// row is one server; each figure is a median over the rounds. A ratio is the
// median of the ratios within each round, against the named baseline.
type row struct {
	Name                string
	Rate, Cost          float64
	RatePlain, CPUPlain float64
	RateTuned, CPUTuned float64
	Peak                int64 // bytes over idle
}

// bar is a promise about a figure.
type bar struct {
	What, Limit, Measured string
	Met                   bool
}

const (
	barUpload   = 0.6      // of the throughput of plain, with SHA-256
	barDownload = 0.9      // of the throughput of http.ServeFile
	barMemory   = 64 << 20 // over idle, for one very large file
)

func (b *bench) facts() facts {
	return facts{
		Time: time.Now().UTC(), CPU: cpuModel(), Kernel: kernel(), Go: runtime.Version(), Cores: runtime.NumCPU(),
		FileSystem: fileSystem(b.dir), TCP: loopbackTCP(), LoadBefore: loadAverage(),
	}
}

// loopbackTCP names the congestion control of a new connection: BBR is slower
// than the others where nothing is ever lost.
func loopbackTCP() string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "unknown"
	}
	defer listener.Close()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		return "unknown"
	}
	defer conn.Close()
	return congestionControl(conn)
}

// add puts the result into a table, and checks it against the bars.
func (r *report) add(result *result, specs []spec) {
	t := table{Title: result.title, RateUnit: "MB/s", CostUnit: "CPU-s/GiB"}
	rate := func(s sample) float64 { return float64(result.bytes) / 1e6 / s.wall.Seconds() }
	cost := func(s sample) float64 { return s.cpu.Seconds() / (float64(result.bytes) / (1 << 30)) }
	if result.small {
		t.RateUnit, t.CostUnit = "files/s", "CPU-ms/file"
		rate = func(s sample) float64 { return float64(result.files) / s.wall.Seconds() }
		cost = func(s sample) float64 { return s.cpu.Seconds() * 1000 / float64(result.files) }
	}
	plain, tuned := result.samples[plainName], result.samples[tunedName]
	for _, spec := range specs {
		samples := result.samples[spec.name]
		t.Rows = append(t.Rows, row{
			Name: spec.name, Rate: median(each(samples, rate)), Cost: median(each(samples, cost)),
			RatePlain: median(ratios(samples, plain, rate)), CPUPlain: median(ratios(samples, plain, cost)),
			RateTuned: median(ratios(samples, tuned, rate)), CPUTuned: median(ratios(samples, tuned, cost)),
			Peak: median(each(samples, func(s sample) int64 { return s.peak })),
		})
	}
	r.Tables = append(r.Tables, t)
	r.judge(result, t)
}

// judge holds the throughput of Handout against the result's bar.
func (r *report) judge(result *result, t table) {
	at := slices.IndexFunc(t.Rows, func(row row) bool { return row.Name == handoutName })
	if result.bar == 0 || at < 0 {
		return
	}
	measured := t.Rows[at].RatePlain
	r.Bars = append(r.Bars, bar{
		What: t.Title + ": throughput against `plain`", Limit: fmt.Sprintf("at least %.1f", result.bar),
		Measured: fmt.Sprintf("%.2f", measured), Met: measured >= result.bar,
	})
}

// addMemory shows the use and holds it against the bar.
func (r *report) addMemory(use memoryUse) {
	r.Memory = &use
	most := max(use.Up, use.Down)
	r.Bars = append(r.Bars, bar{
		What: "One file of " + r.MemorySize.String() + ", up and down: memory over idle", Limit: "under 64 MiB",
		Measured: mib(most) + " MiB", Met: most < barMemory,
	})
}

func each[T any](samples []sample, figure func(sample) T) []T {
	figures := make([]T, len(samples))
	for i, s := range samples {
		figures[i] = figure(s)
	}
	return figures
}

// ratios compares the figures of the same rounds.
func ratios(samples, base []sample, figure func(sample) float64) []float64 {
	var out []float64
	for i := range min(len(samples), len(base)) {
		out = append(out, figure(samples[i])/figure(base[i]))
	}
	return out
}

// median returns the middle, the lower one of two, and zero of nothing.
func median[T cmp.Ordered](figures []T) (middle T) {
	if len(figures) > 0 {
		middle = slices.Sorted(slices.Values(figures))[(len(figures)-1)/2]
	}
	return middle
}

//go:embed report.md.tmpl
var reportTemplate string

func mib(n int64) string { return fmt.Sprintf("%.1f", float64(n)/(1<<20)) }

// significant writes three digits that count, and no more than that.
func significant(x float64) string {
	switch {
	case x >= 100:
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	case x >= 1:
		return fmt.Sprintf("%.2f", x)
	}
	return fmt.Sprintf("%.3f", x)
}

// publish prints the report and, unless file is empty, writes it there.
func (r *report) publish(out io.Writer, file string) error {
	page, err := template.New("report").Funcs(template.FuncMap{
		"mib": mib, "figure": significant, "ratio": func(x float64) string { return fmt.Sprintf("%.2f", x) },
	}).Parse(reportTemplate)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := page.Execute(&text, r); err != nil {
		return err
	}
	_, err = out.Write(text.Bytes())
	if file != "" {
		err = errors.Join(err, os.WriteFile(file, text.Bytes(), 0o644))
	}
	return err
}

package main

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// result is what all rounds of one kind of run took.
type result struct {
	title   string
	bytes   int64               // moved in one run
	files   int                 // moved in one run
	small   bool                // figures per file, not per byte
	samples map[string][]sample // by the name of the server
}

func (r *result) add(p *peer, s sample) {
	if r.samples == nil {
		r.samples = make(map[string][]sample)
	}
	r.samples[p.name] = append(r.samples[p.name], s)
}

// pool adds, by a name of its own, what servers that run the same code took on
// average in each round. One file's place in the page cache makes its downloads
// ten percent faster or slower than those of the next, whoever serves it.
func (r *result) pool(name string, servers ...string) {
	rounds := len(r.samples[servers[0]])
	for _, server := range servers {
		rounds = min(rounds, len(r.samples[server]))
	}
	for i := range rounds {
		var mean sample
		for _, server := range servers {
			s := r.samples[server][i]
			mean.wall += s.wall / time.Duration(len(servers))
			mean.cpu += s.cpu / time.Duration(len(servers))
			mean.peak = max(mean.peak, s.peak)
		}
		r.samples[name] = append(r.samples[name], mean)
	}
}

// rate is files per second of small files, and MB/s of large ones.
func (r *result) rate(s sample) float64 {
	if r.small {
		return float64(r.files) / s.wall.Seconds()
	}
	return float64(r.bytes) / 1e6 / s.wall.Seconds()
}

// cost is CPU-ms per small file, and CPU-s per GiB of large ones.
func (r *result) cost(s sample) float64 {
	if r.small {
		return s.cpu.Seconds() * 1000 / float64(r.files)
	}
	return s.cpu.Seconds() / (float64(r.bytes) / (1 << 30))
}

// unit is that of the throughput or of the CPU time.
func (r *result) unit(of string) string {
	switch {
	case of == "CPU" && r.small:
		return "CPU-ms/file"
	case of == "CPU":
		return "CPU-s/GiB"
	case r.small:
		return "files/s"
	}
	return "MB/s"
}

// section compares the servers. Each figure is a median over the rounds, and
// each ratio the median of the ratios within a round.
func (r *result) section(servers []spec) section {
	s := section{Title: r.title, Columns: []string{
		"server", r.unit("throughput"), "× plain", "× tuned", r.unit("CPU"), "× plain", "× tuned", "memory over idle, MiB",
	}}
	plain, tuned := r.samples[plainName], r.samples[tunedName]
	for _, server := range servers {
		samples := r.samples[server.name]
		s.Rows = append(s.Rows, []string{
			"`" + server.name + "`",
			significant(median(each(samples, r.rate))), ratio(median(ratios(samples, plain, r.rate))), ratio(median(ratios(samples, tuned, r.rate))),
			significant(median(each(samples, r.cost))), ratio(median(ratios(samples, plain, r.cost))), ratio(median(ratios(samples, tuned, r.cost))),
			mib(median(each(samples, func(s sample) int64 { return s.peak }))),
		})
	}
	return s
}

// limit is what a figure of a server may be: at least, or at most, so many times
// that of another server, or so much without one. One of least and most is set.
type limit struct {
	of          string // throughput or CPU
	against     string // name of a server, or empty
	least, most float64
}

// judge holds the server against the limits. A server that was not measured is
// held against none.
func (r *result) judge(server string, limits ...limit) []bar {
	samples := r.samples[server]
	if len(samples) == 0 {
		return nil
	}
	var bars []bar
	for _, l := range limits {
		figure := r.rate
		if l.of == "CPU" {
			figure = r.cost
		}
		b := bar{What: fmt.Sprintf("`%s`, %s: %s", server, r.title, l.of)}
		measured := median(each(samples, figure))
		if l.against != "" {
			b.What += " against `" + l.against + "`"
			measured = median(ratios(samples, r.samples[l.against], figure))
		} else {
			b.What += ", " + r.unit(l.of)
		}
		b.Limit, b.Measured, b.Met = fmt.Sprintf("at least %v", l.least), significant(measured), measured >= l.least
		if l.most > 0 {
			b.Limit, b.Met = fmt.Sprintf("at most %v", l.most), measured <= l.most
		}
		bars = append(bars, b)
	}
	return bars
}

func each[S, T any](samples []S, figure func(S) T) []T {
	figures := make([]T, len(samples))
	for i, s := range samples {
		figures[i] = figure(s)
	}
	return figures
}

// ratios compares the figures of the same rounds.
func ratios[S any](samples, base []S, figure func(S) float64) []float64 {
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

func mib(n int64) string { return fmt.Sprintf("%.1f", float64(n)/(1<<20)) }

func ratio(x float64) string { return fmt.Sprintf("%.2f", x) }

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

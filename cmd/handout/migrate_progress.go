package main

import (
	"os"
	"sync"

	"github.com/mattn/go-isatty"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/handout-rtc/handout/internal/migrate"
)

// migrateProgress shows how far a migration is, if standard error is a terminal.
type migrateProgress struct {
	bars *mpb.Progress // nil shows nothing

	mu  sync.Mutex
	bar *mpb.Bar // guarded by mu; nil before the first phase
}

func newMigrateProgress(quiet bool) *migrateProgress {
	if quiet || !isatty.IsTerminal(os.Stderr.Fd()) {
		return &migrateProgress{}
	}
	return &migrateProgress{bars: mpb.New(mpb.WithOutput(os.Stderr), mpb.WithWidth(40))}
}

// Phase implements migrate.Observer.
func (p *migrateProgress) Phase(phase migrate.Phase, total int64) {
	if p.bars == nil {
		return
	}
	count := decor.CountersNoUnit("  %d / %d")
	if phase == migrate.Bytes {
		count = decor.CountersKibiByte("  % .1f / % .1f")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clearLocked()
	p.bar = p.bars.New(total, mpb.BarStyle().Lbound("[").Rbound("]"), mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name(string(phase), decor.WCSyncSpaceR)),
		mpb.AppendDecorators(decor.Percentage(decor.WC{W: 5}), count, decor.AverageETA(decor.ET_STYLE_GO, decor.WC{W: 8})))
}

// Done implements migrate.Observer.
func (p *migrateProgress) Done(n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		p.bar.IncrInt64(n)
	}
}

func (p *migrateProgress) clearLocked() {
	if p.bar != nil {
		p.bar.Abort(true)
		p.bar.Wait()
		p.bar = nil
	}
}

// end takes the bars away.
func (p *migrateProgress) end() {
	if p.bars == nil {
		return
	}
	p.mu.Lock()
	p.clearLocked()
	p.mu.Unlock()
	p.bars.Wait()
}

package cli

import (
	"os"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// progress shows how far transfers are, if standard error is a terminal. A nil
// *progress shows nothing.
type progress struct {
	bars *mpb.Progress
	out  *output
}

const shownName = 32 // characters of a name beside its bar

func newProgress(out *output) *progress {
	if out.json || !terminal(os.Stderr) {
		return nil
	}
	bars := mpb.New(mpb.WithOutput(os.Stderr), mpb.WithWidth(40))
	out.above(bars)
	return &progress{bars, out}
}

// wait returns when everything is on the terminal, and the bars are gone.
func (p *progress) wait() {
	if p != nil {
		// What was printed above the bars waits for the next drawing: a last bar, of
		// nothing, has it come.
		last := p.bars.New(1, mpb.NopStyle(), mpb.BarRemoveOnComplete())
		last.SetCurrent(1)
		last.Wait()
		p.bars.Wait()
		p.out.plain()
	}
}

// bar is the progress of one transfer; a nil *bar shows nothing.
type bar struct {
	bar *mpb.Bar
}

// add shows a bar. The size is in bytes, nil while it is not known.
func (p *progress) add(name string, size *int64) *bar {
	if p == nil {
		return nil
	}
	title := mpb.PrependDecorators(decor.Name(brief(name, shownName), decor.WCSyncSpaceR))
	if size == nil {
		return &bar{p.bars.New(0, mpb.SpinnerStyle(), title, mpb.BarRemoveOnComplete(),
			mpb.AppendDecorators(decor.CurrentKibiByte("% .1f"), decor.AverageSpeed(decor.SizeB1024(0), "  % .1f")))}
	}
	return &bar{p.bars.New(*size, mpb.BarStyle().Lbound("[").Rbound("]"), title, mpb.BarRemoveOnComplete(),
		mpb.AppendDecorators(
			decor.Percentage(decor.WC{W: 5}), decor.CountersKibiByte("  % .1f / % .1f"),
			decor.AverageSpeed(decor.SizeB1024(0), "  % .1f"), decor.AverageETA(decor.ET_STYLE_GO, decor.WC{W: 8})))}
}

// at moves the bar. It is complete by end alone.
func (b *bar) at(bytes int64) {
	if b != nil {
		b.bar.SetCurrent(bytes)
	}
}

// end takes the bar away.
func (b *bar) end() {
	if b != nil {
		b.bar.Abort(true)
		b.bar.Wait()
	}
}

package main

import "context"

// watchDisk says it when the disk has failed, and sees to it that the next process
// does not believe what this one has not synced, although the kernel is the same:
// it may show what it has failed to write.
func (p *parts) watchDisk(ctx context.Context) {
	if p.disk == nil {
		return
	}
	select {
	case <-ctx.Done():
		return
	case <-p.disk.Poisoned():
	}
	p.log.Error("the disk is poisoned: nothing more is stored until the server is restarted", "err", p.disk.Healthy())
	if err := p.records.Distrust(context.WithoutCancel(ctx)); err != nil {
		p.log.Error("noting that the disk is poisoned", "err", err)
	}
}

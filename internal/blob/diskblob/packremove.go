package diskblob

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/crash"
)

// remove takes the blob out of its pack, if it is in one.
func (p *packs) remove(key blob.Key) error {
	p.mu.Lock()
	at, ok := p.index[key]
	if !ok {
		p.mu.Unlock()
		return nil
	}
	delete(p.index, key)
	at.pack.live--
	at.pack.pins++
	p.mu.Unlock()
	err := p.erase(at)
	p.mu.Lock()
	if err != nil { // it is tried again
		p.index[key] = at
		at.pack.live++
	}
	spent := p.unpinLocked(at.pack)
	p.mu.Unlock()
	return errors.Join(err, p.drop(spent))
}

// erase takes the bytes off the disk, and then says so in the head: who dies in
// between finds a blob that nobody knows, and removes it again.
func (p *packs) erase(at place) error {
	if err := punch(at.pack.file, at.at+at.dataAt(), int64(at.size)); err != nil {
		return p.store.failed("removing a blob from its pack", err)
	}
	crash.At(crash.PackPunched)
	if _, err := at.pack.file.WriteAt([]byte{entryDead}, at.at+stateAt); err != nil {
		return p.store.failed("removing a blob from its pack", err)
	}
	return nil
}

// unpinLocked lets go of a pack, and returns it if nobody needs it any more.
func (p *packs) unpinLocked(in *pack) *pack {
	in.pins--
	return p.spentLocked(in)
}

func (p *packs) spent(in *pack) *pack {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.spentLocked(in)
}

func (p *packs) spentLocked(in *pack) *pack {
	if _, there := p.all[in]; !there || in == p.active || in.live > 0 || in.pins > 0 {
		return nil
	}
	delete(p.all, in)
	return in
}

// drop removes a pack, if it is given one.
func (p *packs) drop(in *pack) error {
	if in == nil {
		return nil
	}
	err := p.store.root.Remove(path.Join(packsDir, in.name))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err = errors.Join(err, in.file.Close()); err != nil {
		return fmt.Errorf("removing a pack: %w", err)
	}
	return nil
}

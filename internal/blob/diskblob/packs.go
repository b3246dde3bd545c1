package diskblob

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/crash"
)

const (
	packsDir = "packs"
	// maxPacked is the largest blob, in bytes, that goes into a pack: what is
	// larger is worth a file of its own, which the kernel can send.
	maxPacked = 64 << 10
	// packSize is how large a pack grows. Each open one takes a descriptor.
	packSize = 256 << 20
)

// packs keeps small blobs in few files. To make a file and to sync its name cost
// many times what it costs to append its bytes to one that is there and to sync
// those together with others'; and to make files where others were removed, which
// is all that a server of short-lived files does, costs ext4 ten times more.
//
// What is where is known in memory alone, and read from the packs at the start.
// A blob that is removed is punched out of its pack, so that its bytes leave the
// disk at once; a pack with nothing left in it is removed.
type packs struct {
	store *Store

	mu     sync.Mutex
	index  map[blob.Key]place // all below is guarded by mu
	active *pack              // the one that is appended to; nil before the first
	all    map[*pack]struct{}
}

// place is where a blob is.
type place struct {
	pack *pack
	at   int64 // of the entry
	entry
}

// pack is one file. All fields but the first three are guarded by the packs'
// mutex.
type pack struct {
	name  string
	file  *os.File
	syncs group

	end   int64 // where the next entry begins
	live  int   // blobs in it
	pins  int   // who is at work on it and needs it to stay
	dirty bool  // something in it waits for flush
}

// openPacks reads what is in the packs. None of them is appended to again: the
// end of one may be torn.
func (s *Store) openPacks() (*packs, error) {
	p := &packs{store: s, index: make(map[blob.Key]place), all: make(map[*pack]struct{})}
	dir, err := s.root.Open(packsDir)
	if s.inspecting && errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return nil, fmt.Errorf("opening the packs: %w", err)
	}
	defer dir.Close()
	entries, err := dir.ReadDir(-1)
	if err != nil {
		return nil, fmt.Errorf("reading the packs: %w", err)
	}
	for _, e := range entries {
		if !e.Type().IsRegular() || !blob.Key(e.Name()).Valid() {
			continue
		}
		if err := p.read(e.Name()); err != nil {
			return nil, errors.Join(err, p.close())
		}
	}
	return p, nil
}

// read takes the blobs of a pack into the index.
func (p *packs) read(name string) error {
	flags := os.O_RDWR
	if p.store.inspecting {
		flags = os.O_RDONLY
	}
	file, err := p.store.openFile(path.Join(packsDir, name), flags)
	if p.store.inspecting && errors.Is(err, blob.ErrNotFound) {
		return nil // removed meanwhile
	}
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return errors.Join(fmt.Errorf("measuring a pack: %w", err), file.Close())
	}
	in := &pack{name: name, file: file, end: info.Size()}
	p.all[in] = struct{}{}
	var live []place
	err = scan(name, file, info.Size(), func(at int64, e entry) {
		// The first of a key is the one: there is no other, unless by damage.
		if _, known := p.index[e.key]; e.dead || known {
			return
		}
		p.index[e.key] = place{in, at, e}
		in.live++
		live = append(live, place{in, at, e})
	})
	if err != nil {
		return fmt.Errorf("reading a pack: %w", err)
	}
	if p.store.inspecting {
		return nil
	}
	if in.live == 0 {
		return p.drop(p.spent(in))
	}
	return in.clear(live)
}

// clear takes whatever is between the blobs out of the pack: bytes whose removal a
// power cut has undone, and those of a blob whose writer died before it was whole.
func (in *pack) clear(live []place) error {
	var from int64
	for _, at := range append(live, place{at: in.end}) {
		if at.at > from {
			if err := punch(in.file, from, at.at-from); err != nil {
				return fmt.Errorf("clearing a pack: %w", err)
			}
		}
		from = at.at + at.span()
	}
	return nil
}

// put appends a blob, and returns when it survives what the store promises.
func (p *packs) put(key blob.Key, data []byte) error {
	e := entry{key: key, size: len(data), sum: sumOf(data), when: time.Now().UnixMicro()}
	at, err := p.reserve(e)
	if err != nil {
		return err
	}
	err = p.write(at, data)
	crash.At(crash.PackWritten)
	if err == nil && !p.store.later.on {
		err = p.settle(at.pack)
	}
	p.mu.Lock()
	if err == nil {
		at.pack.dirty = p.store.later.on
		p.index[key] = at
		at.pack.live++
	}
	spent := p.unpinLocked(at.pack)
	p.mu.Unlock()
	if err != nil {
		// Whatever of it is there must not stay; that it failed is what matters.
		_ = p.erase(at)
	}
	return errors.Join(err, p.drop(spent))
}

// buffers hold one entry each, so that it is written at once.
var buffers = sync.Pool{New: func() any { return new([entryHead + maxKey + maxPacked]byte) }}

func (p *packs) write(at place, data []byte) error {
	buffer := buffers.Get().(*[entryHead + maxKey + maxPacked]byte)
	defer buffers.Put(buffer)
	if _, err := at.pack.file.WriteAt(at.entry.append(buffer[:0], at.pack.name, data), at.at); err != nil {
		return p.store.failed("writing a blob", err)
	}
	return nil
}

// reserve gives the entry a place in a pack, which is pinned until unpinLocked.
func (p *packs) reserve(e entry) (place, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, known := p.index[e.key]; known {
		return place{}, fmt.Errorf("keeping a blob: there is one of the key %s", e.key)
	}
	if p.active == nil || p.active.end+e.span() > packSize {
		if err := p.beginLocked(); err != nil {
			return place{}, err
		}
	}
	at := place{pack: p.active, at: p.active.end, entry: e}
	p.active.end += e.span()
	p.active.pins++
	return at, nil
}

// beginLocked makes a new pack, whose name survives a power cut, the active one.
func (p *packs) beginLocked() error {
	name := strings.ToLower(rand.Text())
	file, err := p.store.root.OpenFile(path.Join(packsDir, name), os.O_RDWR|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return p.store.failed("making a pack", err)
	}
	if err := p.store.syncDir(packsDir); err != nil {
		return errors.Join(err, file.Close())
	}
	p.active = &pack{name: name, file: file}
	p.all[p.active] = struct{}{}
	return nil
}

// settle syncs the pack together with whoever else waits for that.
func (p *packs) settle(in *pack) error {
	return in.syncs.do(func() error {
		if err := p.store.Healthy(); err != nil {
			return err
		}
		return p.store.sync(in.file)
	})
}

// again syncs the pack that a blob is in, if it is in one.
func (p *packs) again(key blob.Key) (packed bool, err error) {
	p.mu.Lock()
	at, ok := p.index[key]
	if !ok {
		p.mu.Unlock()
		return false, nil
	}
	at.pack.pins++
	p.mu.Unlock()
	err = p.settle(at.pack)
	p.mu.Lock()
	spent := p.unpinLocked(at.pack)
	p.mu.Unlock()
	return true, errors.Join(err, p.drop(spent))
}

// find returns where a blob is.
func (p *packs) find(key blob.Key) (place, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at, ok := p.index[key]
	return at, ok
}

// open returns a copy of the blob, or blob.ErrLost if it is not what was written.
func (p *packs) open(at place) (blob.Reader, error) {
	data := make([]byte, at.size)
	_, err := at.pack.file.ReadAt(data, at.at+at.dataAt())
	if err == nil && sumOf(data) == at.sum {
		return &packedReader{*bytes.NewReader(data)}, nil
	}
	if now, ok := p.find(at.key); !ok || now != at { // removed a moment ago
		return nil, blob.ErrNotFound
	}
	if err == nil {
		err = errors.New("its checksum differs")
	}
	return nil, fmt.Errorf("%w: reading a blob of a pack: %w", blob.ErrLost, err)
}

// packedReader reads a blob that is in memory as a whole.
type packedReader struct{ bytes.Reader }

// Close implements io.Closer.
func (*packedReader) Close() error { return nil }

// list returns every blob there is.
func (p *packs) list() []blob.Info {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]blob.Info, 0, len(p.index))
	for key, at := range p.index {
		all = append(all, blob.Info{Key: key, Committed: true, Size: int64(at.size), Modified: time.UnixMicro(at.when)})
	}
	return all
}

func (p *packs) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for in := range p.all {
		errs = append(errs, in.file.Close())
	}
	clear(p.all)
	return errors.Join(errs...)
}

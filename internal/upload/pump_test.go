package upload

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/iotest"
	"time"
)

var errNetwork = errors.New("the network is lost")

// TestBothWaysMoveTheSame: whatever the length and however the body ends, what is
// written, what is hashed and what is said to be moved are the same bytes.
func TestBothWaysMoveTheSame(t *testing.T) {
	ways := map[string]func(*pump, *intake) (int64, error){
		"inline": func(p *pump, in *intake) (int64, error) {
			n, _, err := p.runInline(in)
			return n, err
		},
		"beside": func(p *pump, in *intake) (int64, error) { return p.runBeside(in, 0) },
	}
	bodies := map[string]struct {
		of  func(data []byte) io.Reader
		err error
	}{
		"whole":   {func(data []byte) io.Reader { return bytes.NewReader(data) }, nil},
		"in bits": {func(data []byte) io.Reader { return iotest.HalfReader(bytes.NewReader(data)) }, nil},
		"cut off": {func(data []byte) io.Reader {
			return io.MultiReader(bytes.NewReader(data), iotest.ErrReader(errNetwork))
		}, errNetwork},
		"with EOF": {func(data []byte) io.Reader { return iotest.DataErrReader(bytes.NewReader(data)) }, nil},
	}
	for way, run := range ways {
		for name, body := range bodies {
			for _, length := range []int{0, 1, blockSize - 1, blockSize, blockSize + 1, stretchSize, stretchSize + 1, 3*stretchSize + 5} {
				t.Run(fmt.Sprintf("%s, %d bytes %s", way, length, name), func(t *testing.T) {
					data := bytes.Repeat([]byte("0123456789abcde"), length/15+1)[:length]
					var written bytes.Buffer
					p := pump{to: &written, hash: sha256.New()}
					in := newIntake(body.of(data), p.to, nil)
					defer in.stop()
					n, err := run(&p, in)
					if n != int64(length) || !errors.Is(err, body.err) {
						t.Errorf("moved %d bytes, %v", n, err)
					}
					if !bytes.Equal(written.Bytes(), data) {
						t.Errorf("wrote %d bytes, and other ones", written.Len())
					}
					want := sha256.Sum256(data)
					if got := p.hash.(interface{ Sum([]byte) []byte }).Sum(nil); !bytes.Equal(got, want[:]) {
						t.Error("hashed other bytes")
					}
				})
			}
		}
	}
}

// TestAFailedWriteIsCounted up to where it failed, both ways.
func TestAFailedWriteIsCounted(t *testing.T) {
	full := errors.New("the disk is full")
	for _, beside := range []bool{false, true} {
		var written bytes.Buffer
		p := pump{to: &limitedWriter{&written, blockSize + 7, full}, hash: sha256.New()}
		in := newIntake(bytes.NewReader(make([]byte, 2*stretchSize)), p.to, nil)
		var n int64
		var err error
		if beside {
			n, err = p.runBeside(in, 0)
		} else {
			n, _, err = p.runInline(in)
		}
		in.stop()
		var fault *writeError
		if n != blockSize+7 || !errors.As(err, &fault) || !errors.Is(err, full) {
			t.Errorf("beside %v: moved %d bytes, %v", beside, n, err)
		}
		want := sha256.Sum256(written.Bytes())
		if got := p.hash.(interface{ Sum([]byte) []byte }).Sum(nil); !bytes.Equal(got, want[:]) {
			t.Errorf("beside %v: hashed other bytes than were written", beside)
		}
	}
}

// limitedWriter takes some bytes and fails then.
type limitedWriter struct {
	to   io.Writer
	left int
	err  error
}

func (w *limitedWriter) Write(p []byte) (int, error) {
	if len(p) <= w.left {
		w.left -= len(p)
		return w.to.Write(p)
	}
	n, _ := w.to.Write(p[:w.left])
	w.left = 0
	return n, w.err
}

func TestWhoLosesTheRace(t *testing.T) {
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		filling, hashing time.Duration
		lost             bool
	}{
		"a slow sender":             {100 * ms, ms, false},
		"one as fast as the hash":   {ms, ms, true},
		"one that is waited for":    {ms, 3 * ms, true},
		"one a little slower":       {3 * ms, ms, false},
		"a clock that stands still": {0, 0, false},
	} {
		var r race
		for i := range 3 * raceBlocks {
			decided := i%raceBlocks == raceBlocks-1
			if got := r.lost(c.filling, c.hashing); got != (decided && c.lost) {
				t.Errorf("%s: lost is %v after %d blocks", name, got, i+1)
			}
		}
	}
}

// TestLanesAreBounded: who finds none free goes on without.
func TestLanesAreBounded(t *testing.T) {
	l := newLanes()
	for range cap(l) {
		if !l.enter() {
			t.Fatal("a free lane was not to be had")
		}
	}
	if l.enter() {
		t.Error("there are more lanes than there are")
	}
	l.leave()
	if !l.enter() {
		t.Error("a lane that was left is not free")
	}
	if lanes(nil).enter() {
		t.Error("who has no lanes entered one")
	}
}

// TestAFastSenderGetsALane and leaves it, and its bytes are those it sent.
func TestAFastSenderGetsALane(t *testing.T) {
	data := bytes.Repeat([]byte("fast"), 8*stretchSize/4)
	var written bytes.Buffer
	written.Grow(len(data))
	p := pump{to: &written, hash: &slowHash{}, lanes: make(lanes, 1)}
	n, err := p.run(bytes.NewReader(data), int64(len(data)))
	if n != int64(len(data)) || err != nil || !bytes.Equal(written.Bytes(), data) {
		t.Errorf("moved %d bytes, %v", n, err)
	}
	if hash := p.hash.(*slowHash); hash.total != int64(len(data)) || hash.largest != stretchSize {
		t.Errorf("hashed %d bytes, at most %d at once", hash.total, hash.largest)
	}
	if !p.lanes.enter() {
		t.Error("the lane was not left")
	}
}

// slowHash takes longer than to fill a block of memory from memory.
type slowHash struct{ total, largest int64 }

func (h *slowHash) Write(p []byte) (int, error) {
	sum := sha256.New()
	for range 8 {
		sum.Write(p)
	}
	h.total += int64(len(p))
	h.largest = max(h.largest, int64(len(p)))
	return len(p), nil
}

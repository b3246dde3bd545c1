package upload

import (
	"io"
	"runtime"
	"sync"
)

// lanes bounds how many uploads hash in a goroutine of their own. Where every
// processor is busy with an upload, a second goroutine for each of them costs and
// wins nothing; and each lane takes the memory of its stretches.
type lanes chan struct{}

const maxLanes = 4

// newLanes returns lanes for half of the processors.
func newLanes() lanes {
	return make(lanes, min(max(1, runtime.GOMAXPROCS(0)/2), maxLanes))
}

// enter takes a lane if one is free; leave must be called after it then.
func (l lanes) enter() bool {
	select {
	case l <- struct{}{}:
		return true
	default:
		return false
	}
}

func (l lanes) leave() { <-l }

// stretchSize is what is handed to a hasher at a time. To hand over costs some
// twenty microseconds of processor time, as much as to hash 32 KiB.
const stretchSize = 4 * blockSize

var stretches = sync.Pool{New: func() any { return new([stretchSize]byte) }}

// hasher hashes stretches in its own goroutine, in the order they are added. It
// owns a few, so that neither side waits when the other takes longer once: reading
// and hashing take about the same time, but not for each stretch.
type hasher struct {
	idle chan *[stretchSize]byte
	work chan []byte
	done chan struct{}
}

const hasherStretches = 4

// startHasher returns a hasher that writes to h. stop must be called.
func startHasher(h io.Writer) *hasher {
	w := &hasher{
		idle: make(chan *[stretchSize]byte, hasherStretches),
		work: make(chan []byte, hasherStretches),
		done: make(chan struct{}),
	}
	for range hasherStretches {
		w.idle <- stretches.Get().(*[stretchSize]byte)
	}
	go w.run(h)
	return w
}

func (w *hasher) run(h io.Writer) {
	defer close(w.done)
	for data := range w.work {
		h.Write(data) // a hash never fails
		w.idle <- (*[stretchSize]byte)(data[:stretchSize])
	}
}

// free returns a stretch to fill, waiting until one has been hashed.
func (w *hasher) free() []byte { return (<-w.idle)[:] }

// add hands over what is filled of a stretch.
func (w *hasher) add(data []byte) { w.work <- data }

// settle returns when everything added has been hashed.
func (w *hasher) settle() {
	var all [hasherStretches]*[stretchSize]byte
	for i := range all {
		all[i] = <-w.idle
	}
	for _, stretch := range all {
		w.idle <- stretch
	}
}

// stop settles and ends the goroutine.
func (w *hasher) stop() {
	close(w.work)
	<-w.done
	for range hasherStretches {
		stretches.Put(<-w.idle)
	}
}

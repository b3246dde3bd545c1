package upload

import "io"

// hasher hashes blocks in its own goroutine, in the order they are added. It
// owns two blocks: one can be filled while the other is hashed.
type hasher struct {
	idle chan *[blockSize]byte
	work chan []byte
	done chan struct{}
}

const hasherBlocks = 2

// startHasher returns a hasher that writes to h. stop must be called.
func startHasher(h io.Writer) *hasher {
	w := &hasher{
		idle: make(chan *[blockSize]byte, hasherBlocks),
		work: make(chan []byte, hasherBlocks),
		done: make(chan struct{}),
	}
	for range hasherBlocks {
		w.idle <- blocks.Get().(*[blockSize]byte)
	}
	go w.run(h)
	return w
}

func (w *hasher) run(h io.Writer) {
	defer close(w.done)
	for data := range w.work {
		h.Write(data) // a hash never fails
		w.giveBack(data)
	}
}

// free returns a block to fill, waiting until one has been hashed.
func (w *hasher) free() []byte { return (<-w.idle)[:] }

// add hands a filled block over.
func (w *hasher) add(data []byte) { w.work <- data }

// giveBack returns a block that need not be hashed any more.
func (w *hasher) giveBack(data []byte) { w.idle <- (*[blockSize]byte)(data[:blockSize]) }

// settle returns when everything added has been hashed.
func (w *hasher) settle() {
	var all [hasherBlocks]*[blockSize]byte
	for i := range all {
		all[i] = <-w.idle
	}
	for _, block := range all {
		w.idle <- block
	}
}

// stop settles and ends the goroutine.
func (w *hasher) stop() {
	close(w.work)
	<-w.done
	for range hasherBlocks {
		blocks.Put(<-w.idle)
	}
}

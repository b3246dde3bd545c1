package server

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/protocol"
)

// errCut ends a response that the share's end has cut off.
var errCut = errors.New("the download was cut off")

// sendPiece is how much is sent before somebody may look how far it is.
const sendPiece = 1 << 20

// pacedSender is the response of a download. It waits for bytes that are still to
// come, and for the first of them before it answers at all, so that an error can
// be said; it must keep the pace, and it can be cut off. It passes a file on to
// the connection, so that the kernel can send it.
type pacedSender struct {
	http.ResponseWriter
	control *http.ResponseController
	tally   tally
	plain   bool        // a bare HTTP/1 connection: the kernel can send a file on it
	before  http.Header // as it was, for an error in place of the content

	status   int         // held back until the first byte is there; 0 once it is written
	err      error       // why the content ended early
	ended    atomic.Bool // nothing more may be sent
	setting  sync.Mutex  // held while cut or done sets a deadline
	over     bool        // the content is no more sent; guarded by setting
	deadline time.Time   // of the connection, as set last
	flushed  bool        // the header is out
}

func newPacedSender(w http.ResponseWriter, r *http.Request, pace Pace) *pacedSender {
	return &pacedSender{
		ResponseWriter: w, control: http.NewResponseController(w), tally: newTally(pace, time.Now()),
		plain: r.TLS == nil && r.ProtoMajor == 1, before: w.Header().Clone(),
	}
}

// cut makes the transfer stop where it stands. It may come from any goroutine, and
// when the request has been served: the connection is another's then, and HTTP/2
// has nothing to set a deadline on.
func (p *pacedSender) cut() {
	p.setting.Lock()
	defer p.setting.Unlock()
	p.ended.Store(true)
	if !p.over {
		_ = p.control.SetWriteDeadline(time.Unix(1, 0))
	}
}

// done lifts the deadline, so that the connection can be used again.
func (p *pacedSender) done() {
	p.setting.Lock()
	defer p.setting.Unlock()
	p.over = true
	_ = p.control.SetWriteDeadline(time.Time{})
}

// WriteHeader implements http.ResponseWriter. What net/http says of a range, in
// words, is said as a problem: see outcome.
func (p *pacedSender) WriteHeader(status int) {
	p.status = status
	if status == http.StatusRequestedRangeNotSatisfiable {
		p.before.Set("Content-Range", p.Header().Get("Content-Range"))
		p.err = protocol.NewError(protocol.CodeRange, "there are no such bytes")
	}
}

// Write implements io.Writer, for the text of an answer without content.
func (p *pacedSender) Write(b []byte) (int, error) {
	if p.err != nil {
		return len(b), nil
	}
	p.answer()
	return p.ResponseWriter.Write(b)
}

// answer writes the status that was held back.
func (p *pacedSender) answer() {
	if p.status != 0 {
		p.ResponseWriter.WriteHeader(p.status)
		p.status = 0
	}
}

// outcome completes the answer. If nothing was answered yet, an error comes back
// to be said; what was begun is broken off, so that nobody takes it for the whole.
func (p *pacedSender) outcome() error {
	switch {
	case p.err == nil:
		p.answer()
		return nil
	case p.status != 0:
		clear(p.Header())
		maps.Copy(p.Header(), p.before)
		p.done()
		return p.err
	}
	panic(http.ErrAbortHandler)
}

// ReadFrom implements io.ReaderFrom for share.Content, or a bounded part of it as
// http.ServeContent passes it.
func (p *pacedSender) ReadFrom(src io.Reader) (sent int64, err error) {
	left := int64(-1) // to its end
	if part, ok := src.(*io.LimitedReader); ok {
		src, left = part.R, part.N
	}
	content := src.(*share.Content)
	for left != 0 && err == nil {
		limit := int64(sendPiece)
		if left > 0 {
			limit = min(limit, left)
		}
		var n int64
		n, err = p.sendNext(content, limit)
		sent += n
		if left > 0 {
			left -= n
		}
	}
	if err == io.EOF && left < 0 {
		err = nil
	}
	p.err = err
	return sent, err
}

// sendNext sends at most limit of the bytes that come next.
func (p *pacedSender) sendNext(content *share.Content, limit int64) (int64, error) {
	if !p.plain && content.Following() {
		p.allow(time.Time{}) // HTTP/2 ends a stream by its deadline, also where nobody writes
	}
	part, err := content.Next(limit)
	if err != nil {
		return 0, err
	}
	p.answer()
	wanted := part.N
	n, err := p.sendPart(part)
	var source *sourceError
	if errors.As(err, &source) && content.Again(wanted-n) {
		return n, nil
	}
	if err == nil && content.Following() {
		err = p.control.Flush() // nothing waits in a buffer for bytes to come
	}
	return n, err
}

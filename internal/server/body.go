package server

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

// Pace is how slow a transfer may be before it is cut off, so that a few slow
// or dead connections cannot hold the server's resources.
type Pace struct {
	// MinRate is the least bytes per second, counted over Window after Grace.
	MinRate int64
	Grace   time.Duration
	// Window is also the longest silence of a sender.
	Window time.Duration
}

// bodyDeadline is how long a body may take that is no upload's.
const bodyDeadline = 15 * time.Second

// readJSON reads a JSON body into value. Anything that is not exactly one JSON
// value of the right types is CodeInvalidRequest. How large it may be is the
// middleware's to say (bound).
func readJSON(w http.ResponseWriter, r *http.Request, value any) error {
	decoder := json.NewDecoder(r.Body)
	err := decoder.Decode(value)
	if err == nil {
		_, err = decoder.Token()
		if err == io.EOF {
			return nil
		}
		err = errors.New("more than one value")
	}
	var tooLarge *http.MaxBytesError
	var coded *protocol.Error
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &tooLarge):
		return protocol.LimitError(protocol.CodeRequestTooLarge, "max-request", "the request is larger than "+strconv.FormatInt(tooLarge.Limit, 10)+" bytes")
	case errors.As(err, &coded):
		return err
	case errors.As(err, &wrongType):
		what := "the body is no JSON object"
		if wrongType.Field != "" {
			what = "wrong type in field " + strconv.Quote(wrongType.Field)
		}
		return protocol.WrapError(protocol.CodeInvalidRequest, what, err)
	}
	return protocol.WrapError(protocol.CodeInvalidRequest, "the body is not the JSON that was expected", err)
}

// pacedBody is a request's body that must keep the pace and that can be made
// to yield. Read is for one goroutine; yield may come from any.
type pacedBody struct {
	body    io.Reader
	control *http.ResponseController
	pace    Pace
	count   func(n int) // called with each piece received
	close   func()      // closes the connection after the answer

	yielded  atomic.Bool
	setting  sync.Mutex // held while yield or done sets a deadline
	over     bool       // nothing more is read; guarded by setting
	started  time.Time
	deadline time.Time // of the connection, as set last
	window   time.Time // when the counted window began
	counted  int64     // bytes in the window
}

func newPacedBody(w http.ResponseWriter, r *http.Request, pace Pace, count func(int)) *pacedBody {
	now := time.Now()
	b := &pacedBody{body: r.Body, control: http.NewResponseController(w), pace: pace, count: count, started: now, window: now, close: func() {}}
	if r.ProtoMajor == 1 {
		b.close = func() { w.Header().Set("Connection", "close") }
	}
	return b
}

// yield makes the Read that is waiting, and every later one, fail. It may come when
// the body has been read: net/http reads on behind it, to see whether the client is
// there, and would take a deadline that passes for its end; the context of every
// later request on the connection would be over before it began. And it may come
// when the request has been served: HTTP/2 has nothing to set a deadline on then.
func (b *pacedBody) yield() {
	b.setting.Lock()
	defer b.setting.Unlock()
	b.yielded.Store(true)
	if b.over {
		return
	}
	_ = b.control.SetReadDeadline(time.Unix(1, 0))
}

// Read implements io.Reader.
func (b *pacedBody) Read(p []byte) (int, error) {
	now := time.Now()
	if b.deadline.Sub(now) < b.pace.Window-time.Second {
		b.deadline = now.Add(b.pace.Window)
		_ = b.control.SetReadDeadline(b.deadline)
	}
	// yield may have set its deadline just before ours: look after setting.
	if b.yielded.Load() {
		return 0, preempted()
	}
	n, err := b.body.Read(p)
	if err == io.EOF {
		b.end()
	}
	b.counted += int64(n)
	b.count(n)
	switch {
	case err == nil:
		return n, b.tooSlow()
	case err == io.EOF:
		return n, err
	case b.yielded.Load():
		return n, preempted()
	case errors.Is(err, os.ErrDeadlineExceeded):
		silent := protocol.LimitError(protocol.CodeTooSlow, "silence", "nothing was received for too long")
		silent.Err = err
		return n, silent
	}
	return n, err
}

func (b *pacedBody) tooSlow() error {
	now := time.Now()
	passed := now.Sub(b.window)
	if passed < b.pace.Window {
		return nil
	}
	least := int64(passed.Seconds() * float64(b.pace.MinRate))
	slow := b.counted < least && now.Sub(b.started) > b.pace.Grace
	b.window, b.counted = now, 0
	if slow {
		return protocol.LimitError(protocol.CodeTooSlow, "min-rate", "the upload is below the minimum rate")
	}
	return nil
}

// end says that nothing more is read. A body that has yielded may have done so at
// its end, and then the connection is of no more use: see yield.
func (b *pacedBody) end() {
	b.setting.Lock()
	defer b.setting.Unlock()
	b.over = true
	if b.yielded.Load() {
		b.close()
	}
}

// done lifts the deadline, so that the connection can be used again, unless the
// body has yielded. It must come before the answer.
func (b *pacedBody) done() {
	b.end()
	if !b.yielded.Load() {
		_ = b.control.SetReadDeadline(time.Time{})
	}
}

func preempted() error {
	return protocol.NewError(protocol.CodeUploadPreempted, "a newer request took over the upload")
}

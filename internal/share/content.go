package share

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// UnknownSize is the size of content whose length its sender has not said yet.
const UnknownSize = -1

// Content is the bytes of a share, from first to last: those of a share that is
// still uploading are followed to its end, as they come. It is for one goroutine,
// and reads until Close or until the share ends.
type Content struct {
	Share store.Share // as it was when the content was opened

	service *Service
	ctx     context.Context // of the reading; its cause says why it was cut off
	reading *reading
	done    func()

	bytes blob.Reader  // nil until the first byte is there
	other blob.Stream  // what another node receives, from at on; nil while nothing does
	begun func() error // called before the first byte; nil afterwards
	at    int64        // where the next byte is
	moved bool         // bytes stand elsewhere than at
	ready int64        // how many bytes there are
	all   bool         // ready is all
}

// Content opens the bytes of a share for the caller. If the share ends before
// Content.Close, or the caller is dropped from its room, cut is called once, from
// another goroutine: it must make the transfer stop soon.
func (s *Service) Content(ctx context.Context, c Caller, id protocol.ShareID, cut func()) (*Content, error) {
	record, err := s.Authorise(ctx, c, id, Read)
	if err != nil {
		return nil, err
	}
	if err := s.believe(ctx, record); err != nil { // before it is registered: what is lost cuts off whoever reads it
		return nil, err
	}
	reading := &reading{share: id, room: c.Room, reader: c.ID}
	if c.ID != record.Sender.ID && !c.Operator { // else nobody has a receipt of it
		reading.sender = record.Sender.ID
	}
	ctx, done := s.readings.begin(ctx, reading, cut)
	// What ended before the registration found nobody to cut off, so the state
	// counts that is read after it.
	if record, err = s.Records.Share(ctx, id); err == nil && record.State.Ended() {
		err = endedError(record.Share)
	}
	content := &Content{Share: record, service: s, ctx: ctx, reading: reading, done: done}
	switch {
	case reading.sender != "":
		content.begun = func() error { s.begun(c, id); return nil }
	case c.ID != record.Sender.ID: // the application reads nothing that is not in the audit log
		content.begun = func() error { return s.Moderation.NoteRead(ctx, record, s.Now()) }
	}
	if err == nil && record.State == protocol.Available {
		content.ready, content.all = record.Offset, true
		if s.Elsewhere == nil { // else it may not be needed
			err = content.open()
		}
	}
	if err != nil {
		done()
		return nil, err
	}
	return content, nil
}

// Close ends the reading. It may be called twice.
func (c *Content) Close() error {
	c.done()
	c.leaveStream()
	if c.bytes == nil {
		return nil
	}
	return c.bytes.Close()
}

// Size is how many bytes the content has, or UnknownSize.
func (c *Content) Size() int64 {
	switch {
	case c.all:
		return c.ready
	case c.Share.Size != nil:
		return *c.Share.Size
	}
	return UnknownSize
}

// Following reports whether bytes are still to come.
func (c *Content) Following() bool { return !c.all }

// Next returns up to limit of the next bytes, at least one, as soon as they are
// there; the caller must read them all. It returns io.EOF after the last. The
// reader's R is the bare blob, so that the kernel can send a file; or the connection
// to another node, if that receives them.
func (c *Content) Next(limit int64) (*io.LimitedReader, error) {
	part, err := c.next(limit)
	if err != nil && err != io.EOF && c.ctx.Err() != nil {
		return nil, context.Cause(c.ctx) // whatever the end found it doing
	}
	return part, err
}

func (c *Content) next(limit int64) (*io.LimitedReader, error) {
	for {
		if err := c.await(); err != nil {
			return nil, err
		}
		if c.other == nil {
			break
		}
		part, err := c.other.Next(limit)
		if err == nil {
			return part, c.pass(part.N)
		}
		c.leaveStream() // it says no more than that something has changed
	}
	if c.at >= c.ready {
		return nil, io.EOF
	}
	if c.moved { // a stream has passed what the blob stood at
		if _, err := c.bytes.Seek(c.at, io.SeekStart); err != nil {
			return nil, fmt.Errorf("reading %s: %w", c.Share.ID, err)
		}
		c.moved = false
	}
	n := min(limit, c.ready-c.at)
	return &io.LimitedReader{R: c.bytes, N: n}, c.pass(n)
}

// pass notes that the next n bytes are the caller's.
func (c *Content) pass(n int64) error {
	if err := c.begin(); err != nil {
		return err
	}
	c.at += n
	c.reading.at.Store(c.at)
	return nil
}

// Again says that of the part that Next returned last n bytes could not be read. It
// reports whether Next may return them again, from elsewhere: so it is with what another
// node receives.
func (c *Content) Again(n int64) bool {
	if c.other == nil {
		return false
	}
	c.leaveStream()
	c.at -= n
	c.reading.at.Store(c.at)
	return true
}

// leaveStream lets go of the stream from another node.
func (c *Content) leaveStream() {
	if c.other != nil {
		c.other.Close()
		c.other = nil
		c.moved = c.bytes != nil
	}
}

// Elsewhere returns a URL at which the content can be fetched instead, for a minute at
// most, as an attachment of that Content-Disposition; "" if there is none, or not yet.
// What is fetched there counts as begun, and is not cut off.
func (c *Content) Elsewhere(disposition string) (string, error) {
	if c.service.Elsewhere == nil || !c.all {
		return "", nil
	}
	at, err := c.service.Elsewhere(c.ctx, blob.Key(c.Share.ID), disposition)
	if err != nil || at == "" {
		return "", err
	}
	return at, c.begin()
}

// begin notes that the content is being read, once.
func (c *Content) begin() error {
	if c.begun == nil {
		return nil
	}
	if err := c.begun(); err != nil {
		return err
	}
	c.begun = nil
	return nil
}

// await returns when the byte at the present position is there, or is known not
// to come.
func (c *Content) await() error {
	if c.ctx.Err() != nil {
		return context.Cause(c.ctx)
	}
	if c.at == c.Size() {
		c.leaveStream() // it has no more to say
	}
	for c.other == nil && c.at >= c.ready && !c.all && c.at != c.Size() {
		ready, all, err := c.service.Uploads.Follow(c.ctx, c.Share.ID, c.at)
		if errors.Is(err, blob.ErrElsewhere) {
			c.other, err = c.service.Uploads.Stream(c.ctx, c.Share.ID, c.at)
			if err != nil && c.ctx.Err() == nil {
				continue
			}
		}
		if err != nil {
			return err
		}
		c.ready, c.all = ready, all
	}
	if c.bytes != nil || c.other != nil || c.at >= c.ready {
		return nil
	}
	return c.open()
}

// open opens the bytes, wherever they are by now.
func (c *Content) open() error {
	key := blob.Key(c.Share.ID)
	bytes, err := c.service.Blobs.OpenStaged(c.ctx, key)
	if errors.Is(err, blob.ErrNotFound) { // an upload's bytes move once, when it completes
		bytes, err = c.service.Blobs.Open(c.ctx, key)
	}
	if err != nil {
		return c.service.openFailed(c.ctx, c.Share.ID, err)
	}
	if _, err := bytes.Seek(c.at, io.SeekStart); err != nil {
		bytes.Close()
		return fmt.Errorf("reading %s: %w", c.Share.ID, err)
	}
	c.bytes = bytes
	return nil
}

// Read implements io.Reader.
func (c *Content) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		part, err := c.Next(int64(len(p)))
		if err != nil {
			return 0, err
		}
		wanted := part.N
		n, err := io.ReadFull(part, p[:wanted])
		if err == nil || !c.Again(wanted-int64(n)) {
			return n, err
		}
		if n > 0 {
			return n, nil
		}
	}
}

// Seek implements io.Seeker, for content of a known size. The position may be
// one that is still to come.
func (c *Content) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += c.at
	case io.SeekEnd:
		offset += c.Size()
	}
	if offset < 0 || c.Size() == UnknownSize {
		return c.at, errors.New("seeking in content: no such position")
	}
	c.at = offset
	c.leaveStream()
	if c.bytes == nil {
		return offset, nil
	}
	c.moved = false
	return c.bytes.Seek(offset, io.SeekStart)
}

// openFailed tells a share that ended a moment ago from bytes that are lost.
func (s *Service) openFailed(ctx context.Context, id protocol.ShareID, cause error) error {
	if errors.Is(cause, blob.ErrNotFound) {
		if record, err := s.Records.Share(ctx, id); err == nil && record.State.Ended() {
			return endedError(record.Share)
		}
	}
	if errors.Is(cause, blob.ErrUnavailable) {
		return protocol.WrapError(protocol.CodeUnavailable, "the server's storage does not answer: try again in a moment", cause)
	}
	return protocol.WrapError(protocol.CodeStorageFailed, "the bytes cannot be read",
		fmt.Errorf("opening %s: %w", id, cause))
}

package client

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/handout-rtc/handout/protocol"
)

// UnknownSize is the size of a File whose length is not known before its end.
const UnknownSize = -1

// File is what is sent.
type File struct {
	Name string // as recipients see it, cleaned by the server
	Type string // MIME type; by the name's extension if empty
	Size int64  // bytes, or UnknownSize
	// Path is the folders that it lies in, with "/" between: see protocol.CleanPath.
	Path string
	// Thumbnail is a small picture of it, if there is one: see protocol.CheckThumbnails.
	Thumbnail []byte
	// Content is the bytes. If it is an io.ReaderAt too, and the size is known, the
	// file is read anywhere and as often as it takes; of any other 4 MiB are kept in
	// memory, until the server has acknowledged them.
	Content io.Reader
}

// SendOptions say for whom a file is.
type SendOptions struct {
	// To is the room or a list of participants: protocol.ToRoom, or
	// protocol.Audience{List: ids}. Nobody is an error.
	To protocol.Audience
	// Offered, if set, is called with the share when the server knows of it: before
	// its bytes are sent, but for a small file.
	Offered func(protocol.Share)
	// Progress, if set, is called with the bytes on their way or acknowledged.
	Progress func(bytes int64)
}

// Send sends a file and returns its share when it is available: every byte is safe at
// the server, and its SHA-256 is that of what was sent. Lost connections are waited
// out. If the context ends the upload is cancelled, unless the cause is [ErrSuspend];
// the error is the cause.
//
// Errors: protocol.CodeForbidden, CodeUnknownRecipient, CodeEmptyList,
// CodeFileTooLarge, CodeRoomFull, CodeTooManyUploads, CodeStorageFull; CodeShareEnded
// if somebody else ended the share; CodeChecksumMismatch if the file changed meanwhile,
// and then the share is taken back.
func (r *Room) Send(ctx context.Context, file File, options SendOptions) (protocol.Share, error) {
	if !options.To.Room && len(options.To.List) == 0 {
		return protocol.Share{}, protocol.NewError(protocol.CodeEmptyList, "the file is for nobody")
	}
	u := &upload{room: r, source: file.source(), size: file.Size, progress: options.Progress}
	ctx, stop := r.within(ctx)
	defer stop()
	if err := u.create(ctx, file, options.To); err != nil {
		return protocol.Share{}, err
	}
	if options.Offered != nil {
		share, err := r.fetchShare(ctx, u.id)
		if err != nil {
			return u.ended(ctx, err)
		}
		options.Offered(share)
	}
	return u.bring(ctx)
}

// Resume goes on with an upload of this participant that was suspended, or that
// another process began: the file must be the same. Options.To has no meaning.
func (r *Room) Resume(ctx context.Context, id protocol.ShareID, file File, options SendOptions) (protocol.Share, error) {
	u := &upload{room: r, id: id, source: file.source(), size: file.Size, progress: options.Progress, unsure: true}
	ctx, stop := r.within(ctx)
	defer stop()
	return u.bring(ctx)
}

func (f File) source() source {
	if at, ok := f.Content.(io.ReaderAt); ok && f.Size >= 0 {
		return &fileSource{rolling: newRolling(), file: at, size: f.Size}
	}
	return &streamSource{rolling: newRolling(), stream: f.Content}
}

func (f File) mimeType() string {
	if f.Type != "" {
		return f.Type
	}
	return protocol.CleanType(mime.TypeByExtension(filepath.Ext(f.Name)))
}

// wholeBody is the size up to which a file goes with the request that creates it.
const wholeBody = 256 << 10

const (
	tusVersion = "1.0.0"
	bytesType  = "application/offset+octet-stream"
)

// upload is one file on its way.
type upload struct {
	room     *Room
	id       protocol.ShareID
	source   source
	size     int64 // UnknownSize until the end is read
	progress func(int64)

	offset int64 // as the server said last
	unsure bool  // it must be asked
}

// create makes the upload, with the bytes of a small file. A creation whose answer
// was lost is recognised by its key.
func (u *upload) create(ctx context.Context, file File, to protocol.Audience) error {
	header := tusHeader()
	header.Set("Idempotency-Key", string(protocol.NewShareID()))
	header.Set("Upload-Metadata", metadata(file, to))
	if u.size < 0 {
		header.Set("Upload-Defer-Length", "1")
	} else {
		header.Set("Upload-Length", strconv.FormatInt(u.size, 10))
	}
	var whole *piece
	if u.size > 0 && u.size <= wholeBody {
		all, err := u.source.from(0)
		if err != nil {
			return err
		}
		whole = &all
		header.Set("Content-Type", bytesType)
	}
	// Who cancels while the answer is on its way has made an upload: it is waited for, so
	// that bring can take it back.
	longer, stop := grace(ctx)
	defer stop()
	return newAttempts().until(ctx, func() error {
		response, err := u.request(longer, http.MethodPost, "/uploads", header, whole)
		if err != nil {
			return err
		}
		id := protocol.ShareID(path.Base(response.Header.Get("Location")))
		if !id.Valid() {
			return final(errNoShare)
		}
		u.id = id
		u.offset, err = protocol.ParseCount(response.Header.Get("Upload-Offset"))
		u.unsure = err != nil
		return nil
	})
}

// bring brings every byte to the server, and returns the share when it is available.
func (u *upload) bring(ctx context.Context) (protocol.Share, error) {
	tries := newAttempts()
	err := tries.until(ctx, func() error {
		before := u.offset
		err := u.appendRest(ctx)
		if u.offset > before {
			tries.moved()
		}
		if err != nil {
			u.unsure = true
			u.room.log.Info("an upload was interrupted", "share", u.id, "offset", u.offset, "err", err)
		}
		return err
	})
	if err == nil {
		// What another run has sent to the end is hashed too.
		_, err = u.source.from(u.offset)
	}
	if err != nil {
		return u.ended(ctx, err)
	}
	share, err := u.room.settled(ctx, u.id)
	if err != nil {
		return u.ended(ctx, err)
	}
	if share.State == protocol.Available && share.SHA256 != u.source.sum() {
		return u.ended(ctx, changed(share, u.source.sum()))
	}
	return share, endedError(share)
}

// ended takes back what will not be completed.
func (u *upload) ended(ctx context.Context, why error) (protocol.Share, error) {
	if context.Cause(ctx) == ErrSuspend {
		return protocol.Share{}, ErrSuspend
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leavePatience)
	defer cancel()
	err := u.room.api.call(ctx, http.MethodDelete, sharePath(u.id, ""), nil, nil)
	if err != nil {
		u.room.log.Warn("an upload could not be taken back", "share", u.id, "err", err)
	}
	return protocol.Share{}, why
}

// appendRest appends until nothing is left.
func (u *upload) appendRest(ctx context.Context) error {
	if u.unsure {
		if err := u.ask(ctx); err != nil {
			return err
		}
	}
	for u.offset != u.size {
		next, err := u.source.from(u.offset)
		if err != nil {
			return final(err)
		}
		header := tusHeader()
		header.Set("Content-Type", bytesType)
		header.Set("Upload-Offset", strconv.FormatInt(u.offset, 10))
		if next.last && u.size < 0 {
			header.Set("Upload-Length", strconv.FormatInt(u.offset+next.n, 10))
		}
		response, err := u.request(ctx, http.MethodPatch, "/uploads/"+string(u.id), header, &next)
		if err != nil {
			return err
		}
		if err := u.acknowledged(response.Header); err != nil {
			return err
		}
		if next.last && u.size < 0 {
			u.size = u.offset
		}
	}
	return nil
}

// ask asks how much the server has.
func (u *upload) ask(ctx context.Context) error {
	response, err := u.request(ctx, http.MethodHead, "/uploads/"+string(u.id), tusHeader(), nil)
	if err != nil {
		return err
	}
	if err := u.acknowledged(response.Header); err != nil {
		return err
	}
	if length, err := protocol.ParseCount(response.Header.Get("Upload-Length")); err == nil {
		if u.size >= 0 && u.size != length {
			return final(fmt.Errorf("the upload is of %d bytes, the file has %d", length, u.size))
		}
		u.size = length
	}
	u.unsure = false
	return nil
}

func (u *upload) acknowledged(h http.Header) error {
	offset, err := protocol.ParseCount(h.Get("Upload-Offset"))
	if err != nil {
		return fmt.Errorf("the server's Upload-Offset: %w", err)
	}
	u.offset = offset
	u.moved(offset)
	return nil
}

func (u *upload) moved(bytes int64) {
	if u.progress != nil {
		u.progress(bytes)
	}
}

// request sends one request of the upload, with the bytes of a piece if there is one.
func (u *upload) request(ctx context.Context, method, address string, header http.Header, with *piece) (*http.Response, error) {
	ctx, watch := newWatch(ctx)
	defer watch.stop()
	var body func() (io.Reader, error)
	if with != nil {
		body = func() (io.Reader, error) {
			at := with.offset
			return sized{&watchedReader{with.open(), func(p []byte) {
				watch.moved()
				at += int64(len(p))
				u.moved(at)
			}}, with.n}, nil
		}
	}
	response, err := u.room.api.do(ctx, method, address, header, body)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, io.LimitReader(response.Body, maxProblem))
	return response, err
}

// sized is a body of a known length.
type sized struct {
	io.Reader
	n int64
}

// Size is the length in bytes.
func (s sized) Size() int64 { return s.n }

func tusHeader() http.Header { return http.Header{"Tus-Resumable": {tusVersion}} }

// metadata is Upload-Metadata (tus 1.0, creation).
func metadata(file File, to protocol.Audience) string {
	pairs := []string{"filename " + encode(file.Name), "filetype " + encode(file.mimeType())}
	if !to.Room {
		ids := make([]string, len(to.List))
		for i, id := range to.List {
			ids[i] = string(id)
		}
		pairs = append(pairs, "to "+encode(strings.Join(ids, ",")))
	}
	if file.Path != "" {
		pairs = append(pairs, "relativePath "+encode(file.Path+"/"+file.Name))
	}
	if len(file.Thumbnail) > 0 {
		pairs = append(pairs, "thumbnail "+encode(string(file.Thumbnail)))
	}
	return strings.Join(pairs, ",")
}

func encode(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

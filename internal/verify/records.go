package verify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// page is how many records are read at a time.
const page = 200

// Source is where bytes are read from.
type Source interface {
	Open(ctx context.Context, key blob.Key) (blob.Reader, error)
	OpenStaged(ctx context.Context, key blob.Key) (blob.Reader, error)
}

// records holds every record against its bytes.
func (c Check) records(ctx context.Context, from Source, report *Report) ([]Finding, error) {
	var suspects []Finding
	var last protocol.ShareID
	for {
		records, err := c.Records.Every(ctx, last, page)
		if err != nil || len(records) == 0 {
			return suspects, err
		}
		for _, record := range records {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			report.Shares++
			if f, wrong := c.record(from, record, report); wrong {
				suspects = append(suspects, f)
			}
		}
		last = records[len(records)-1].ID
	}
}

// record holds one record against its bytes.
func (c Check) record(from Source, record store.Share, report *Report) (f Finding, wrong bool) {
	f = Finding{Share: record.ID, Room: record.Room, State: record.State, Open: true}
	var err error
	switch {
	case record.State == protocol.Available:
		f.Kind, err = c.available(from, record, report)
	case record.State == protocol.Uploading && record.Offset > 0:
		f.Kind, err = c.uploading(from, record, report)
	}
	if err != nil {
		f.Detail = err.Error()
	}
	return f, f.Kind != ""
}

// available checks a complete file.
func (c Check) available(from Source, record store.Share, report *Report) (Kind, error) {
	content, err := from.Open(context.Background(), blob.Key(record.ID))
	if err != nil {
		return unopened(err)
	}
	defer content.Close()
	size, err := content.Seek(0, io.SeekEnd)
	switch {
	case err != nil:
		return Unreadable, err
	case size < record.Offset:
		return Short, fmt.Errorf("%d bytes of %d", size, record.Offset)
	case size > record.Offset:
		return Long, fmt.Errorf("%d bytes, and not %d", size, record.Offset)
	case c.Quick:
		return "", nil
	}
	sum := sha256.New()
	if err := read(content, size, sum, report); err != nil {
		return Unreadable, err
	}
	if found := hex.EncodeToString(sum.Sum(nil)); found != record.SHA256 {
		return Corrupt, fmt.Errorf("the SHA-256 is %s, and not %s", found, record.SHA256)
	}
	return "", nil
}

// uploading checks what is acknowledged of an upload. Its bytes are committed
// already where a process ended before it recorded that.
func (c Check) uploading(from Source, record store.Share, report *Report) (Kind, error) {
	content, err := from.OpenStaged(context.Background(), blob.Key(record.ID))
	if errors.Is(err, blob.ErrNotFound) {
		content, err = from.Open(context.Background(), blob.Key(record.ID))
	}
	if err != nil {
		return unopened(err)
	}
	defer content.Close()
	size, err := content.Seek(0, io.SeekEnd)
	switch {
	case err != nil:
		return Unreadable, err
	case size < record.Offset:
		return Short, fmt.Errorf("%d bytes, and %d are acknowledged", size, record.Offset)
	case c.Quick:
		return "", nil
	}
	recorded := sha256.New()
	if err := recorded.(encoding.BinaryUnmarshaler).UnmarshalBinary(record.Checkpoint.Hash); err != nil {
		return Corrupt, fmt.Errorf("the recorded hash: %w", err)
	}
	sum := sha256.New()
	if err := read(content, record.Offset, sum, report); err != nil {
		return Unreadable, err
	}
	if !bytes.Equal(sum.Sum(nil), recorded.Sum(nil)) {
		return Corrupt, fmt.Errorf("the first %d bytes are not those that were acknowledged", record.Offset)
	}
	return "", nil
}

// unopened says what it means that bytes could not be opened.
func unopened(err error) (Kind, error) {
	switch {
	case errors.Is(err, blob.ErrNotFound):
		return Missing, nil
	case errors.Is(err, blob.ErrLost): // of a pack, which knows
		return Corrupt, err
	}
	return Unreadable, err
}

func read(content blob.Reader, n int64, into hash.Hash, report *Report) error {
	read, err := io.Copy(into, io.NewSectionReader(content, 0, n))
	report.Bytes += read
	if err == nil && read < n {
		err = io.ErrUnexpectedEOF
	}
	return err
}

func isNotFound(err error) bool { return errors.Is(err, store.ErrNotFound) }

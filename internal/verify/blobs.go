package verify

import (
	"context"
	"fmt"
	"iter"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/protocol"
)

// Lister says what bytes there are.
type Lister interface {
	List(ctx context.Context) iter.Seq2[blob.Info, error]
	// Strays yields the names of what is nothing of the store's.
	Strays(ctx context.Context) iter.Seq2[string, error]
}

// blobs holds the bytes against the records.
func (c Check) blobs(ctx context.Context, from Blobs, report *Report) ([]Finding, error) {
	var suspects []Finding
	var batch []blob.Info
	judge := func() error {
		found, err := c.unknown(ctx, from, batch)
		suspects, batch = append(suspects, found...), batch[:0]
		return err
	}
	for info, err := range from.List(ctx) {
		if err != nil {
			return nil, err
		}
		report.Blobs++
		if batch = append(batch, info); len(batch) == page {
			if err := judge(); err != nil {
				return nil, err
			}
		}
	}
	if err := judge(); err != nil {
		return nil, err
	}
	for name, err := range from.Strays(ctx) {
		if err != nil {
			return nil, err
		}
		suspects = append(suspects, Finding{Kind: Stray, Name: name, Detail: "nobody serves or removes it", Open: true})
	}
	return suspects, nil
}

// unknown returns those of the blobs that no live share knows.
func (c Check) unknown(ctx context.Context, from Source, batch []blob.Info) ([]Finding, error) {
	ids := make([]protocol.ShareID, len(batch))
	for i, info := range batch {
		ids[i] = protocol.ShareID(info.Key)
	}
	states, err := c.Records.Known(ctx, ids)
	if err != nil {
		return nil, err
	}
	var found []Finding
	for _, info := range batch {
		if state, known := states[protocol.ShareID(info.Key)]; known && !state.Ended() {
			continue
		}
		f, wrong, err := c.leftover(ctx, from, info)
		if err != nil {
			return nil, err
		}
		if wrong {
			found = append(found, f)
		}
	}
	return found, nil
}

// leftover reports whether the bytes are there and should not be.
func (c Check) leftover(ctx context.Context, from Source, info blob.Info) (f Finding, wrong bool, err error) {
	f = Finding{Kind: Orphan, Share: protocol.ShareID(info.Key), modified: info.Modified, Open: true}
	record, err := c.Records.Share(ctx, f.Share)
	if err != nil && !isNotFound(err) {
		return f, false, err
	}
	age := c.Now().Sub(record.EndedAt)
	switch {
	case err != nil:
		f.Detail = fmt.Sprintf("no share has these bytes, of %s", info.Modified.UTC().Format("2006-01-02 15:04:05"))
	case !record.State.Ended():
		return f, false, nil
	case record.Purged:
		f.Room, f.State, f.Detail = record.Room, record.State, "the record says that they are gone"
	case age < PurgeWithin:
		return f, false, nil
	default:
		f.Kind, f.Room, f.State = Unpurged, record.Room, record.State
		f.Detail = fmt.Sprintf("it ended %v ago", age.Round(1e9))
	}
	return f, there(ctx, from, info.Key), nil
}

// there reports whether the bytes are still there.
func there(ctx context.Context, from Source, key blob.Key) bool {
	for _, open := range []func(context.Context, blob.Key) (blob.Reader, error){from.OpenStaged, from.Open} {
		content, err := open(ctx, key)
		if err == nil {
			content.Close()
		}
		if kind, _ := unopened(err); err == nil || kind != Missing {
			return true
		}
	}
	return false
}

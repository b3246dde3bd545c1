package store

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// querier is what reads in a transaction and outside of one have in common.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// row is a *sql.Row, or *sql.Rows at one row.
type row interface {
	Scan(dest ...any) error
}

// list reads every row of a query.
func list[T any](ctx context.Context, q querier, scan func(row) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, coded(err)
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		item, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, item)
	}
	return all, coded(rows.Err())
}

// one reads the only row of a query; none is ErrNotFound.
func one[T any](ctx context.Context, q querier, scan func(row) (T, error), query string, args ...any) (T, error) {
	item, err := scan(q.QueryRowContext(ctx, query, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return item, ErrNotFound
	}
	return item, coded(err)
}

// column scans a row of a single column.
func column[T any](r row) (T, error) {
	var value T
	err := r.Scan(&value)
	return value, err
}

// micros is how a time is kept: microseconds since 1970, 0 for no time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// rounded returns the time as it will be read back.
func rounded(t time.Time) time.Time { return timeOf(micros(t)) }

func timeOf(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// timeColumn scans what micros made.
type timeColumn struct{ to *time.Time }

// Scan implements sql.Scanner.
func (c timeColumn) Scan(value any) error {
	us, ok := value.(int64)
	if !ok {
		return fmt.Errorf("a time column holds %T", value)
	}
	*c.to = timeOf(us)
	return nil
}

// jsonColumn scans JSON text into to; ” leaves it as it is.
type jsonColumn struct{ to any }

// Scan implements sql.Scanner.
func (c jsonColumn) Scan(value any) error {
	text, ok := value.(string)
	if !ok {
		return fmt.Errorf("a JSON column holds %T", value)
	}
	if text == "" {
		return nil
	}
	if raw, ok := c.to.(*json.RawMessage); ok {
		*raw = json.RawMessage(text) // verbatim
		return nil
	}
	return json.Unmarshal([]byte(text), c.to)
}

// bytesColumn scans bytes kept as base64 text.
type bytesColumn struct{ to *[]byte }

// Scan implements sql.Scanner.
func (c bytesColumn) Scan(value any) error {
	text, ok := value.(string)
	if !ok {
		return fmt.Errorf("a bytes column holds %T", value)
	}
	*c.to = nil
	if text == "" {
		return nil
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	*c.to = raw
	return err
}

func bytesText(raw []byte) string { return base64.StdEncoding.EncodeToString(raw) }

// flag is how a yes or no is kept.
func flag(is bool) int {
	if is {
		return 1
	}
	return 0
}

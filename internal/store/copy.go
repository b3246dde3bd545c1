package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// What two stores know of a copy from one to the other is its number, in a counter:
// "copying" of the one that it is made of, and "copied" when it is finished; "filling"
// of the one that it comes to, and "filled" when it has.
const (
	copying = "copying"
	copied  = "copied"
	filling = "filling"
	filled  = "filled"
)

var (
	// ErrNotEmpty: the store has records of its own, or those of another copy.
	ErrNotEmpty = errors.New("there are records already")
	// ErrFilling: the copy of another store's records to this one was not finished.
	ErrFilling = errors.New("records are being moved here, and not all have come: finish the migration first (handout migrate)")
	// ErrDiffers: what was copied is not what was to be.
	ErrDiffers = errors.New("the copy differs from the records")
)

// TableCopy is what was copied of one table.
type TableCopy struct {
	Table string `json:"table"`
	Rows  int64  `json:"rows"`
}

// Whole fails with ErrFilling while the store is being filled. No server may
// use it then: what it does not know yet, it would clear away.
func (db *DB) Whole(ctx context.Context) error {
	unfinished, err := db.counter(ctx, filling)
	if err != nil {
		return err
	}
	if unfinished != 0 {
		return ErrFilling
	}
	return nil
}

// CopyNumber is the number of the copy that is made of this store: chosen at
// random at the first call, and kept until EndCopy; and beyond it if nobody has used
// the store since, for who was stopped right after that asks again.
func (db *DB) CopyNumber(ctx context.Context, unused bool) (int64, error) {
	err := db.update(ctx, "numbering a copy", func(ctx context.Context, c *change) error {
		number := 1 + rand.Int64N(1<<62)
		if unused {
			last, err := one(ctx, c, column[int64], `SELECT value FROM counters WHERE name = '`+copied+`'`)
			switch {
			case err == nil:
				number = last
			case !errors.Is(err, ErrNotFound):
				return err
			}
		}
		_, err := c.exec(ctx, `INSERT INTO counters (name, value) VALUES ('`+copying+`', $1) ON CONFLICT (name) DO NOTHING`, number)
		return err
	})
	if err != nil {
		return 0, err
	}
	return db.counter(ctx, copying)
}

// EndCopy notes that the copy of this store is finished: the next is another.
func (db *DB) EndCopy(ctx context.Context) error {
	return db.update(ctx, "ending a copy", func(ctx context.Context, c *change) error {
		if _, err := c.exec(ctx, `DELETE FROM counters WHERE name = '`+copied+`'`); err != nil {
			return err
		}
		_, err := c.exec(ctx, `UPDATE counters SET name = '`+copied+`' WHERE name = '`+copying+`'`)
		return err
	})
}

func (db *DB) counter(ctx context.Context, name string) (int64, error) {
	value, err := one(ctx, db.engine.Reader(), column[int64], `SELECT value FROM counters WHERE name = $1`, name)
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("reading a counter: %w", err)
	}
	return value, nil
}

// Filled reports whether the store has been filled by the copy of that number.
func (db *DB) Filled(ctx context.Context, number int64) (bool, error) {
	by, err := db.counter(ctx, filled)
	return err == nil && by == number, err
}

// BeginFilling marks an empty store as one that is being filled by the copy of
// that number. It may be repeated until that is finished. It fails with
// ErrNotEmpty, and changes nothing, if there are other records.
func (db *DB) BeginFilling(ctx context.Context, number int64) error {
	return db.update(ctx, "beginning a copy", func(ctx context.Context, c *change) error {
		by, err := one(ctx, c, column[int64], `SELECT value FROM counters WHERE name = '`+filling+`'`)
		switch {
		case errors.Is(err, ErrNotFound):
			if err := c.empty(ctx); err != nil {
				return err
			}
			return c.setCounter(ctx, filling, number)
		case err == nil && by != number:
			return fmt.Errorf("%w: those of another migration", ErrNotEmpty)
		}
		return err
	})
}

// empty fails with ErrNotEmpty unless there are no records but those that the
// migrations make.
func (c *change) empty(ctx context.Context) error {
	for _, t := range copiedTables() {
		query := `SELECT COUNT(*) FROM ` + t.name
		switch t.name {
		case "counters":
			query += ` WHERE value <> 0`
		case "audit_log":
			query += ` WHERE newest <> 0`
		}
		n, err := one(ctx, c, column[int64], query)
		if err != nil {
			return err
		}
		if n > 0 {
			return fmt.Errorf("%w: %d in the table %s", ErrNotEmpty, n, t.name)
		}
	}
	return nil
}

// EndFilling makes the store one that a server may use. No node has a connection or
// holds an upload there, and no file waits for a sync.
func (db *DB) EndFilling(ctx context.Context) error {
	return db.update(ctx, "ending a copy", func(ctx context.Context, c *change) error {
		for _, query := range []string{
			`UPDATE shares SET run = '', mark = 0 WHERE state = 'available' AND (run <> '' OR mark > 0)`,
			`UPDATE shares SET holder = '' WHERE holder <> ''`,
			`UPDATE members SET node = '' WHERE node <> ''`,
		} {
			if _, err := c.exec(ctx, query); err != nil {
				return err
			}
		}
		_, err := c.exec(ctx, `UPDATE counters SET name = '`+filled+`' WHERE name = '`+filling+`'`)
		return err
	})
}

// CopyTo writes every record of db to another store, over what an earlier attempt
// has written there: see BeginFilling. Nobody else may change either meanwhile.
// The copy is read again and compared; ErrDiffers says where it is not the same.
// heard is told of the rows that were written.
func (db *DB) CopyTo(ctx context.Context, to *DB, heard func(rows int)) ([]TableCopy, error) {
	if err := to.clear(ctx); err != nil {
		return nil, err
	}
	var all []TableCopy
	for _, t := range copiedTables() {
		columns, err := columnsOf(ctx, db.engine.Reader(), t)
		if err != nil {
			return all, fmt.Errorf("reading the table %s: %w", t.name, err)
		}
		var want, have digest
		err = db.pages(ctx, t, columns, func(page [][]any) error {
			err := want.add(page)
			if err == nil {
				err = to.fill(ctx, t, columns, page)
			}
			heard(len(page))
			return err
		})
		if err != nil {
			return all, fmt.Errorf("copying the table %s: %w", t.name, err)
		}
		if err := to.pages(ctx, t, columns, have.add); err != nil {
			return all, fmt.Errorf("reading the copy of the table %s: %w", t.name, err)
		}
		if have != want {
			return all, fmt.Errorf("%w: table %s, %d rows of %d", ErrDiffers, t.name, have.rows, want.rows)
		}
		all = append(all, TableCopy{t.name, want.rows})
	}
	return all, nil
}

// Rows counts the rows that CopyTo copies.
func (db *DB) Rows(ctx context.Context) (int64, error) {
	var sum int64
	for _, t := range copiedTables() {
		n, err := one(ctx, db.engine.Reader(), column[int64], `SELECT COUNT(*) FROM `+t.name+` WHERE `+t.rest())
		if err != nil {
			return 0, fmt.Errorf("counting the table %s: %w", t.name, err)
		}
		sum += n
	}
	return sum, nil
}

// rowsAtOnce is how many rows of a copy are read, written or removed at once: no
// statement takes long.
const rowsAtOnce = 32 * maxRows

// clear removes what an earlier attempt has written.
func (db *DB) clear(ctx context.Context) error {
	all := copiedTables()
	for i := len(all) - 1; i >= 0; i-- {
		t := all[i]
		query := fmt.Sprintf(`DELETE FROM %s WHERE (%s) IN (SELECT %s FROM %s WHERE %s LIMIT %d)`, t.name, t.key, t.key, t.name, t.rest(), rowsAtOnce)
		for removed := int64(1); removed > 0; {
			err := db.update(ctx, "clearing the table "+t.name, func(ctx context.Context, c *change) (err error) {
				removed, err = c.exec(ctx, query)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// fill writes rows of one table.
func (db *DB) fill(ctx context.Context, t table, columns []string, page [][]any) error {
	into := `INSERT INTO ` + t.name + ` (` + strings.Join(columns, ", ") + `) VALUES `
	return db.update(ctx, "writing the copy", func(ctx context.Context, c *change) error {
		for from, to := range portions(len(page)) {
			args := make([]any, 0, (to-from)*len(columns))
			for _, values := range page[from:to] {
				args = append(args, values...)
			}
			if _, err := c.exec(ctx, into+rows(to-from, len(columns), ""), args...); err != nil {
				return err
			}
		}
		return nil
	})
}

func columnsOf(ctx context.Context, q querier, t table) ([]string, error) {
	none, err := q.QueryContext(ctx, `SELECT * FROM `+t.name+` WHERE 1 = 0`)
	if err != nil {
		return nil, err
	}
	defer none.Close()
	columns, err := none.Columns()
	return columns, errors.Join(err, none.Err())
}

// pages calls do with the rows that are copied, so many at a time.
func (db *DB) pages(ctx context.Context, t table, columns []string, do func(page [][]any) error) error {
	var at []int // where the columns of the key are
	var marks []string
	for i, name := range strings.Split(t.key, ", ") {
		at = append(at, slices.Index(columns, name))
		marks = append(marks, fmt.Sprintf("$%d", i+1))
	}
	begin := `SELECT ` + strings.Join(columns, ", ") + ` FROM ` + t.name + ` WHERE ` + t.rest()
	behind := ` AND (` + t.key + `) > (` + strings.Join(marks, ", ") + `)`
	end := fmt.Sprintf(` ORDER BY %s LIMIT %d`, t.key, rowsAtOnce)
	scan := func(r row) ([]any, error) { return scanAny(r, len(columns)) }
	page, err := list(ctx, db.engine.Reader(), scan, begin+end)
	for err == nil && len(page) > 0 {
		if err := do(page); err != nil {
			return err
		}
		last := make([]any, len(at))
		for i, column := range at {
			last[i] = page[len(page)-1][column]
		}
		page, err = list(ctx, db.engine.Reader(), scan, begin+behind+end, last...)
	}
	return err
}

// scanAny reads a row of text and integers.
func scanAny(r row, columns int) ([]any, error) {
	values, into := make([]any, columns), make([]any, columns)
	for i := range values {
		into[i] = &values[i]
	}
	if err := r.Scan(into...); err != nil {
		return nil, err
	}
	for i, value := range values {
		switch v := value.(type) {
		case nil, int64, string:
		case []byte: // how a driver may give text
			values[i] = string(v)
		default:
			return nil, fmt.Errorf("a column holds %T, which no column of the schema does", v)
		}
	}
	return values, nil
}

// digest adds rows up, in whatever order they come.
type digest struct {
	rows int64
	sum  [4]uint64 // of the SHA-256 of each row, by 64 bits
}

func (d *digest) add(page [][]any) error {
	var text []byte
	for _, values := range page {
		text = text[:0]
		for _, value := range values {
			switch v := value.(type) {
			case int64:
				text = binary.BigEndian.AppendUint64(append(text, 'i'), uint64(v))
			case string:
				text = append(binary.BigEndian.AppendUint64(append(text, 's'), uint64(len(v))), v...)
			default: // nothing: there is no third kind, see scanAny
				text = append(text, 'n')
			}
		}
		hash := sha256.Sum256(text)
		for i := range d.sum {
			d.sum[i] += binary.BigEndian.Uint64(hash[8*i:])
		}
		d.rows++
	}
	return nil
}

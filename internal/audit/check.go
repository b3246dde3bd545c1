package audit

import (
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"

	"github.com/handout-rtc/handout/internal/store"
)

// Checked is the outcome of a check.
type Checked struct {
	Entries int64  // that follow on one another
	Newest  int64  // the number of the last one
	Chain   string // behind it
	// Faults say what is wrong, for people; none if the log is whole.
	Faults []string
}

// Check reads the whole log of a directory and reports whether each line follows
// on the one before. With what the store says that the log has, which must have
// been read before, it also finds what is missing at either end; nil leaves that
// out.
func Check(dir string, has *store.AuditState) (Checked, error) {
	all, err := files(dir)
	if err != nil {
		return Checked{}, err
	}
	c := check{has: has}
	for i, file := range all {
		if err := c.file(file, i == 0, endOf(all, i)); err != nil {
			return c.Checked, err
		}
	}
	c.ends()
	return c.Checked, nil
}

type check struct {
	Checked
	has     *store.AuditState
	oldest  int64 // the number of the first entry that is there; 0 for none
	settled bool  // the entry was seen that the store says is the newest
	lost    bool  // the file before was not read to its end
}

func (c *check) fault(format string, args ...any) {
	c.Faults = append(c.Faults, fmt.Sprintf(format, args...))
}

// file checks one file, up to where the next one begins. What ends in the middle of the
// last one is being written.
func (c *check) file(f fileOf, first bool, end int64) error {
	last := end == math.MaxInt64
	name := filepath.Base(f.path)
	r, err := openReader(f.path)
	if last && errors.Is(err, errTorn) {
		return nil
	}
	if err != nil {
		c.fault("%v", err)
		c.lost = true
		return nil
	}
	defer r.close()
	switch {
	case c.lost:
		c.lost = false
	case r.head.First != f.first:
		c.fault("%s begins with entry %d", name, r.head.First)
	case first && c.has != nil && f.first == c.has.Newest+1 && r.head.Prev != c.has.Chain:
		c.fault("%s does not follow on what the store knows", name)
	case first:
	case r.head.First != c.Newest+1:
		c.fault("entries %d to %d are missing before %s", c.Newest+1, r.head.First-1, name)
	case r.head.Prev != c.Chain:
		c.fault("%s does not follow on the file before it", name)
	}
	if c.oldest == 0 {
		c.oldest = r.head.First
	}
	for {
		line, err := r.read()
		if err == io.EOF || last && errors.Is(err, errTorn) {
			return nil
		}
		if err != nil {
			c.fault("%s: %v", name, err)
			c.lost = true
			return nil
		}
		if line.N >= end {
			continue
		}
		c.Entries++
		c.Newest, c.Chain = line.N, line.Chain
		if c.has != nil && line.N == c.has.Newest {
			c.settled = true
			if line.Chain != c.has.Chain {
				c.fault("%s: entry %d is not the one that the store knows", name, line.N)
			}
		}
	}
}

// ends compares both ends with what the store knows.
func (c *check) ends() {
	if c.has == nil || c.has.Newest < c.has.Oldest {
		return // nothing has to be there
	}
	switch {
	case c.oldest == 0:
		c.fault("entries %d to %d are missing", c.has.Oldest, c.has.Newest)
	case c.oldest > c.has.Oldest:
		c.fault("entries %d to %d are missing at the beginning", c.has.Oldest, c.oldest-1)
	}
	if c.oldest > 0 && !c.settled && c.Newest < c.has.Newest {
		c.fault("entries %d to %d are missing at the end", c.Newest+1, c.has.Newest)
	}
}

package audit

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/handout-rtc/handout/internal/store"
)

// maxLine bounds what is read as one line, in bytes. An entry is far below: what
// is long in it is the list of recipients, which is bounded.
const maxLine = 1 << 20

// fileOf is one file of the log, as its name says: the number of its first entry
// and the day on which it was begun.
type fileOf struct {
	path  string
	first int64
	day   time.Time
}

const (
	suffix = ".jsonl"
	digits = 12
)

func fileName(first int64, day time.Time) string {
	return fmt.Sprintf("%0*d-%s%s", digits, first, day.UTC().Format(time.DateOnly), suffix)
}

// files returns the files of a log, in their order. There is none where the
// directory is missing.
func files(dir string) ([]fileOf, error) {
	names, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("listing the audit log: %w", err)
	}
	var all []fileOf
	for _, name := range names {
		number, rest, _ := strings.Cut(strings.TrimSuffix(name.Name(), suffix), "-")
		first, err := strconv.ParseInt(number, 10, 64)
		day, dayErr := time.Parse(time.DateOnly, rest)
		if err != nil || dayErr != nil || fileName(first, day) != name.Name() || !name.Type().IsRegular() {
			continue
		}
		all = append(all, fileOf{filepath.Join(dir, name.Name()), first, day})
	}
	slices.SortFunc(all, func(a, b fileOf) int { return int(a.first - b.first) })
	return all, nil
}

// Line is one entry of the log as it stands there.
type Line struct {
	store.AuditEntry
	Text  string // the JSON, its chain included
	Chain string
}

// reader reads one file, line by line.
type reader struct {
	head  header
	prev  string // the chain before the next line
	next  int64  // the number of the next entry
	at    int64  // where the next line begins, in bytes
	lines *bufio.Reader
	file  *os.File
}

// errTorn: the last line has no end. Its writer died, or is at work on it.
var errTorn = errors.New("a line has no end")

// openReader opens a file and reads its header. It is errTorn if that is not all
// there.
func openReader(path string) (*reader, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the audit log: %w", err)
	}
	r := &reader{file: file, lines: bufio.NewReaderSize(file, 64<<10)}
	body, chain, err := r.line()
	if err == io.EOF {
		err = errTorn
	}
	if err == nil {
		err = json.Unmarshal(body, &r.head)
	}
	switch {
	case err != nil:
	case r.head.Audit != format:
		err = fmt.Errorf("the audit log has format %d, and this program knows %d", r.head.Audit, format)
	case link(r.head.Prev, body) != chain:
		err = errChain
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the beginning of %s: %w", filepath.Base(path), err), file.Close())
	}
	r.prev, r.next = chain, r.head.First
	return r, nil
}

func (r *reader) close() error { return r.file.Close() }

// line returns the next line, io.EOF behind the last, and errTorn for one that
// has no end; then it can be called again when more has come.
func (r *reader) line() (body []byte, chain string, err error) {
	text, err := r.lines.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		long := append([]byte(nil), text...)
		for errors.Is(err, bufio.ErrBufferFull) && len(long) < maxLine {
			text, err = r.lines.ReadSlice('\n')
			long = append(long, text...)
		}
		text = long
	}
	if err == io.EOF && len(text) > 0 {
		if _, seekErr := r.file.Seek(r.at, io.SeekStart); seekErr != nil {
			return nil, "", seekErr
		}
		r.lines.Reset(r.file)
		return nil, "", errTorn
	}
	if err == io.EOF {
		return nil, "", io.EOF
	}
	if err != nil {
		return nil, "", fmt.Errorf("reading the audit log: %w", err)
	}
	r.at += int64(len(text))
	return open(text[:len(text)-1])
}

// read returns the next entry, if its line follows on the one before. After an
// error other than io.EOF and errTorn the rest of the file is not to be believed.
func (r *reader) read() (Line, error) {
	body, chain, err := r.line()
	if err != nil {
		return Line{}, err
	}
	e, err := entry(body)
	switch {
	case err != nil:
		return Line{}, err
	case e.N != r.next:
		return Line{}, fmt.Errorf("entry %d stands where %d should", e.N, r.next)
	case link(r.prev, body) != chain:
		return Line{}, fmt.Errorf("entry %d: %w", e.N, errChain)
	}
	r.prev, r.next = chain, e.N+1
	text := string(body[:len(body)-1]) + chainMember + chain + "\"}"
	return Line{e, text, chain}, nil
}

// All yields the entries of the log in a directory, in their order, up to the
// first that cannot be believed, which is an error. A last line without an end is
// passed over.
func All(dir string) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		all, err := files(dir)
		if err != nil {
			yield(Line{}, err)
			return
		}
		for i, file := range all {
			if !each(file, endOf(all, i), yield) {
				return
			}
		}
	}
}

// endOf is the number of the first entry that is the next file's. A file may have some
// of those too: another process wrote them, when this one could not say any more that
// it had them (see Config.Shared).
func endOf(all []fileOf, i int) int64 {
	if i+1 < len(all) {
		return all[i+1].first
	}
	return math.MaxInt64
}

// each yields the entries of one file before end, and reports whether to go on.
func each(file fileOf, end int64, yield func(Line, error) bool) bool {
	r, err := openReader(file.path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errTorn) {
		return true // removed meanwhile, or just begun
	}
	if err != nil {
		return yield(Line{}, err)
	}
	defer r.close()
	for r.next < end {
		line, err := r.read()
		if err == io.EOF || errors.Is(err, errTorn) {
			return true
		}
		if err != nil {
			return yield(Line{}, fmt.Errorf("%s: %w", filepath.Base(file.path), err))
		}
		if !yield(line, nil) {
			return false
		}
	}
	return true
}

package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/handout-rtc/handout/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// records is a store that has so many entries to tell.
type records struct {
	made    int64 // entries there ever were
	has     store.AuditState
	deaf    bool // what the log tells it is lost, as with a process that dies
	flushes int
	forged  bool // the entries are others'
}

func newRecords() *records { return &records{has: store.AuditState{Oldest: 1}} }

func entryOf(n int64) store.AuditEntry {
	size := n * 10
	return store.AuditEntry{
		N: n, Time: time.Unix(n, 0).UTC(), Kind: store.AuditAvailable, App: "app", Room: "rm_1", By: "ana", Share: "sh_1",
		Size: &size, Name: fmt.Sprintf("file %d \u2028<&.txt", n),
	}
}

func (r *records) Unaudited(_ context.Context, after int64, limit int) ([]store.AuditText, error) {
	var all []store.AuditText
	for n := max(after, r.has.Newest) + 1; n <= r.made && len(all) < limit; n++ {
		e := entryOf(n)
		if e.N = 0; r.forged {
			e.By = "eve"
		}
		text, err := json.Marshal(e)
		if err != nil {
			return nil, err
		}
		all = append(all, store.AuditText{N: n, JSON: string(text)})
	}
	return all, nil
}

func (r *records) AuditLog(context.Context) (store.AuditState, error) { return r.has, nil }

func (r *records) Audited(_ context.Context, has store.AuditState) error {
	if r.deaf {
		return errors.New("the process died")
	}
	r.has, r.made = has, max(r.made, has.Newest)
	return nil
}

func (r *records) Flush() error {
	r.flushes++
	return nil
}

// open opens the log in dir; close it.
func (r *records) open(t *testing.T, dir string, change func(*Config)) *Log {
	t.Helper()
	c := Config{Dir: filepath.Join(dir, "audit"), Records: r, Now: func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }}
	if change != nil {
		change(&c)
	}
	l, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// whole wants the log to have the entries from the first on, each once, as they were made.
func (r *records) whole(t *testing.T, dir string, first int64) {
	t.Helper()
	next := first
	for line, err := range All(filepath.Join(dir, "audit")) {
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(entryOf(next), line.AuditEntry); diff != "" {
			t.Fatalf("entry %d (-want +got):\n%s", next, diff)
		}
		next++
	}
	if next != r.made+1 {
		t.Fatalf("the log ends before entry %d, %d were made", next, r.made)
	}
	r.sound(t, dir)
}

func (r *records) sound(t *testing.T, dir string, faults ...string) {
	t.Helper()
	got, err := Check(filepath.Join(dir, "audit"), &r.has)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(faults, got.Faults); diff != "" {
		t.Fatalf("faults (-want +got):\n%s", diff)
	}
}

func closed(t *testing.T, l *Log) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func drained(t *testing.T, l *Log) {
	t.Helper()
	if err := l.drain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestEachEntryOnceWhateverDies has the process die again and again: before the
// store is told, with a line that is not all there, with a file just begun. The log
// has each entry once, in order.
func TestEachEntryOnceWhateverDies(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random, dir, r := rand.New(rand.NewPCG(seed, 1)), t.TempDir(), newRecords()
			for range 12 {
				r.deaf = false
				l := r.open(t, dir, func(c *Config) { c.FileBytes = 2000 })
				for range random.IntN(3) {
					r.made += random.Int64N(9)
					drained(t, l)
				}
				kept := l.size // what the store was told of is never torn
				r.made += random.Int64N(9)
				r.deaf = true
				before := l.file
				if err := l.drain(t.Context()); err != nil && l.file != nil {
					if l.file != before {
						kept = 0
					}
					end := kept + random.Int64N(l.size-kept+1)
					if err := l.file.Truncate(end); err != nil {
						t.Fatal(err)
					}
					if random.IntN(3) == 0 { // garbage of a power cut
						if _, err := l.file.WriteAt(make([]byte, 100), end); err != nil {
							t.Fatal(err)
						}
					}
				}
				closed(t, l)
			}
			r.deaf = false
			l := r.open(t, dir, nil)
			defer l.Close()
			drained(t, l)
			r.whole(t, dir, 1)
		})
	}
}

// TestWhatIsDoneToALogIsFound changes, removes, adds and cuts off lines and files.
func TestWhatIsDoneToALogIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(files []string, text []string)
		want  string
	}{
		"a changed line": {want: "000000000004-2026-03-01.jsonl: entry 5: the chain does not hold", spoil: func(files, text []string) {
			write(files[1], strings.Replace(text[1], `"by":"ana","share":"sh_1","size":50`, `"by":"bob","share":"sh_1","size":50`, 1))
		}},
		"a changed chain": {want: "000000000004-2026-03-01.jsonl: entry 4: the chain does not hold", spoil: func(files, text []string) {
			lines := strings.SplitAfter(text[1], "\n")
			lines[1] = lines[1][:len(lines[1])-4] + "x\"}\n"
			write(files[1], strings.Join(lines, ""))
		}},
		"a line less": {want: "000000000004-2026-03-01.jsonl: entry 6 stands where 5 should", spoil: func(files, text []string) {
			lines := strings.SplitAfter(text[1], "\n")
			write(files[1], lines[0]+lines[1]+lines[3])
		}},
		"a line more": {want: "000000000001-2026-03-01.jsonl: entry 3 stands where 4 should", spoil: func(files, text []string) {
			lines := strings.SplitAfter(text[0], "\n")
			write(files[0], text[0]+lines[3])
		}},
		"another beginning": {want: "the beginning of 000000000004-2026-03-01.jsonl: the chain does not hold", spoil: func(files, text []string) {
			write(files[1], strings.Replace(text[1], `"first":4`, `"first":3`, 1))
		}},
		"a file less at the beginning": {want: "entries 1 to 3 are missing at the beginning", spoil: func(files, _ []string) { os.Remove(files[0]) }},
		"a file less in the middle":    {want: "entries 4 to 6 are missing before 000000000007-2026-03-01.jsonl", spoil: func(files, _ []string) { os.Remove(files[1]) }},
		"a file less at the end":       {want: "entries 7 to 9 are missing at the end", spoil: func(files, _ []string) { os.Remove(files[2]) }},
		"a line less at the end": {want: "entries 9 to 9 are missing at the end", spoil: func(files, text []string) {
			lines := strings.SplitAfter(text[2], "\n")
			write(files[2], strings.Join(lines[:3], ""))
		}},
		"all": {want: "entries 1 to 9 are missing", spoil: func(files, _ []string) {
			for _, file := range files {
				os.Remove(file)
			}
		}},
		"another log": {want: "000000000007-2026-03-01.jsonl: entry 9 is not the one that the store knows", spoil: func(files, _ []string) { forge(filepath.Dir(files[0])) }},
	} {
		t.Run(name, func(t *testing.T) {
			dir, r := t.TempDir(), newRecords()
			fill(t, r, dir)
			files, err := filepath.Glob(filepath.Join(dir, "audit", "*"))
			if err != nil || len(files) != 3 {
				t.Fatalf("the files are %v, %v", files, err)
			}
			var text []string
			for _, file := range files {
				body, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				text = append(text, string(body))
			}
			c.spoil(files, text)
			r.sound(t, dir, c.want)

			// A log that was spoilt goes on, and what is missing stays missing.
			l := r.open(t, dir, nil)
			defer l.Close()
			r.made += 3
			drained(t, l)
			if got, err := Check(filepath.Join(dir, "audit"), &r.has); err != nil || got.Newest != 12 || len(got.Faults) == 0 {
				t.Errorf("afterwards the check says %+v, %v", got, err)
			}
		})
	}
}

// fill writes three files of three entries.
func fill(t *testing.T, r *records, dir string) {
	t.Helper()
	l := r.open(t, dir, func(c *Config) { c.FileBytes = 1 })
	for range 3 {
		r.made += 3
		drained(t, l)
	}
	closed(t, l)
}

func write(file, text string) {
	if err := os.WriteFile(file, []byte(text), fileMode); err != nil {
		panic(err)
	}
}

// forge puts another log in the place of one, whole by itself.
func forge(dir string) {
	other := &records{has: store.AuditState{Oldest: 1}, forged: true}
	l, err := Open(context.Background(), Config{
		Dir: dir + ".new", Records: other, FileBytes: 1, Now: func() time.Time { return time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC) },
	})
	for range 3 {
		other.made += 3
		err = errors.Join(err, l.drain(context.Background()))
	}
	if err = errors.Join(err, l.Close(), os.RemoveAll(dir), os.Rename(dir+".new", dir)); err != nil {
		panic(err)
	}
}

// TestRecordsOfABackup: with older records the log is ahead, and goes on.
func TestRecordsOfABackup(t *testing.T) {
	dir, r := t.TempDir(), newRecords()
	fill(t, r, dir)
	old := &records{made: 5, has: store.AuditState{Oldest: 1, Newest: 3}}
	l := old.open(t, dir, nil)
	defer l.Close()
	if old.made != 9 {
		t.Fatalf("the next entry is counted from %d", old.made)
	}
	old.made++
	drained(t, l)
	old.whole(t, dir, 1)
}

// TestOldFilesGo: what has been kept long enough is removed, and nothing is said
// to be missing; files are begun by the day.
func TestOldFilesGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, r := t.TempDir(), newRecords()
		l := r.open(t, dir, func(c *Config) { c.Now, c.Keep = time.Now, 36*time.Hour })
		for range 5 {
			r.made += 2
			l.turn(t.Context())
			time.Sleep(24 * time.Hour)
		}
		r.made++
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		l.Run(ctx) // which does once more what there is to do
		defer l.Close()
		all, err := files(l.Dir)
		if err != nil || len(all) != 3 || all[0].first != r.has.Oldest {
			t.Fatalf("left are %v of those from %d on, %v", all, r.has.Oldest, err)
		}
		r.whole(t, dir, r.has.Oldest)
	})
}

// TestAFullDiskLosesNothing: what cannot be written waits, and is written once.
func TestAFullDiskLosesNothing(t *testing.T) {
	dir, r := t.TempDir(), newRecords()
	l := r.open(t, dir, nil)
	defer func() { l.Close() }()
	r.made = 2
	l.turn(t.Context())
	readOnly, err := os.Open(l.file.Name())
	if err != nil {
		t.Fatal(err)
	}
	writable := l.file
	defer writable.Close()
	l.file = readOnly // which refuses to be written
	r.made = 4
	l.turn(t.Context())
	if l.Healthy() == nil {
		t.Fatal("a log that cannot be written is healthy")
	}
	l.file = writable
	l.turn(t.Context())
	if err := l.Healthy(); err != nil {
		t.Fatal(err)
	}
	readOnly.Close()
	r.whole(t, dir, 1)
}

// TestAFailedSyncIsNotBelieved: nothing is written any more, the store is told of
// nothing, and the next process writes what waits.
func TestAFailedSyncIsNotBelieved(t *testing.T) {
	dir, r := t.TempDir(), newRecords()
	l := r.open(t, dir, nil)
	r.made = 2
	l.turn(t.Context())
	works := l.fsync
	l.fsync = func(*os.File) error { return syscall.EIO }
	r.made = 4
	l.turn(t.Context())
	l.fsync = works
	l.turn(t.Context())
	if err := l.Healthy(); !errors.Is(err, syscall.EIO) || r.has.Newest != 2 {
		t.Fatalf("after a failed sync: %v, %d entries are said to be there", err, r.has.Newest)
	}
	closed(t, l)
	l = r.open(t, dir, nil)
	defer l.Close()
	l.turn(t.Context())
	r.whole(t, dir, 1)
	if r.flushes == 0 {
		t.Error("the store was not flushed before its entries were written")
	}
}

// TestFollow reads a log while it is written, across its files, and ends with the
// context.
func TestFollow(t *testing.T) {
	synctest.Test(t, testFollow)
}

func testFollow(t *testing.T) {
	dir, r := t.TempDir(), newRecords()
	l := r.open(t, dir, func(c *Config) { c.FileBytes = 1000 })
	defer func() { l.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	var next int64 = 1
	writes := 0
	for line, err := range Follow(ctx, l.Dir, func() {
		if writes++; writes == 10 {
			cancel()
			return
		}
		r.made += int64(writes)
		drained(t, l)
	}) {
		if err != nil || line.N != next {
			t.Fatalf("entry %d comes where %d should: %v", line.N, next, err)
		}
		next++
	}
	if all, err := files(l.Dir); err != nil || len(all) < 3 || next != r.made+1 {
		t.Errorf("%d of %d entries were told, from %d files, %v", next-1, r.made, len(all), err)
	}
}

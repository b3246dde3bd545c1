package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/handout-rtc/handout/internal/store"
)

// settle makes the end of the log whole and known to the store. What a process
// wrote that died before it told the store is in both: it stays in the log. A line
// that it did not end, or that a power cut tore, was not told of: it is cut off,
// and written again.
func (l *Log) settle(ctx context.Context) error {
	if err := os.MkdirAll(l.Dir, dirMode); err != nil {
		return err
	}
	if err := l.syncDir(filepath.Dir(l.Dir)); err != nil {
		return err
	}
	var err error
	if l.has, err = l.Records.AuditLog(ctx); err != nil {
		return err
	}
	all, err := files(l.Dir)
	if err != nil {
		return err
	}
	for i := len(all) - 1; i >= 0; i-- {
		removed, err := l.takeUp(all[i])
		if err != nil {
			return err
		}
		if !removed {
			break
		}
	}
	return l.Records.Audited(ctx, l.has)
}

// takeUp goes on with a file, if it is as the store knows it, or has more. If it is
// not, it stays as it is, for who looks into that, and the log goes on in another
// one. A file that has no entry is removed.
func (l *Log) takeUp(last fileOf) (removed bool, err error) {
	r, err := openReader(last.path)
	if err != nil && last.first > l.has.Newest {
		return true, os.Remove(last.path)
	}
	if err != nil {
		l.damaged(last, err)
		return false, nil
	}
	defer r.close()
	for err == nil {
		_, err = r.read()
	}
	newest, chain := r.next-1, r.prev
	switch {
	case newest < last.first && last.first > l.has.Newest:
		return true, os.Remove(last.path)
	case newest < l.has.Newest && l.Shared: // it has gone on elsewhere
		return false, nil
	case newest < l.has.Newest && err == io.EOF:
		l.damaged(last, errors.New("its end is missing"))
		return false, nil
	case newest < l.has.Newest:
		l.damaged(last, err)
		return false, nil
	case newest == l.has.Newest && chain != l.has.Chain:
		l.damaged(last, errChain)
		return false, nil
	}
	l.has.Newest, l.has.Chain = newest, chain
	return false, l.goOn(last, r.at)
}

func (l *Log) damaged(file fileOf, err error) {
	l.Log.Error("the audit log is damaged: it goes on in another file", "file", filepath.Base(file.path), "err", err)
}

// goOn appends to a file that is good up to there.
func (l *Log) goOn(last fileOf, at int64) error {
	file, err := os.OpenFile(last.path, os.O_RDWR, fileMode)
	if err != nil {
		return err
	}
	l.file, l.size, l.day = file, at, last.day
	if err := file.Truncate(at); err != nil {
		return err
	}
	// What it has may not have been synced by the process that wrote it.
	return errors.Join(l.fsync(file), l.syncDir(l.Dir))
}

// write appends entries, which follow on what the log has, and returns when they
// are on the disk.
func (l *Log) write(entries []store.AuditText) error {
	if l.broken {
		return *l.failed.Load()
	}
	chain := l.has.Chain
	var text []byte
	today := day(l.Now())
	if l.file == nil || l.size >= l.FileBytes || l.day != today {
		first := entries[0].N
		head, err := json.Marshal(header{Audit: format, First: first, Prev: chain})
		if err != nil {
			return fmt.Errorf("beginning a file of the audit log: %w", err)
		}
		if err := l.begin(first, today); err != nil {
			return err
		}
		text, chain = seal(nil, chain, head)
	}
	for _, e := range entries {
		text, chain = seal(text, chain, numbered(e))
	}
	if err := l.append(text); err != nil {
		return err
	}
	l.has.Newest, l.has.Chain = entries[len(entries)-1].N, chain
	return nil
}

// begin opens a new file, which has nothing yet.
func (l *Log) begin(first int64, today time.Time) error {
	if err := l.Close(); err != nil {
		return err
	}
	l.file = nil
	// One that is there has nothing that the store was told of.
	file, err := os.OpenFile(filepath.Join(l.Dir, fileName(first, today)), os.O_RDWR|os.O_CREATE|os.O_TRUNC, fileMode)
	if err != nil {
		return fmt.Errorf("beginning a file of the audit log: %w", err)
	}
	l.file, l.size, l.day = file, 0, today
	return nil
}

// append writes at the end of the file and syncs. When it fails the file has what
// it had. A sync that has failed is never tried again: what waits in the store is
// written by the next process.
func (l *Log) append(text []byte) error {
	if _, err := l.file.WriteAt(text, l.size); err != nil {
		return errors.Join(fmt.Errorf("writing the audit log: %w", err), l.undo())
	}
	err := l.fsync(l.file)
	if err == nil && l.size == 0 {
		err = l.syncDir(l.Dir)
	}
	if err != nil {
		err = fmt.Errorf("syncing the audit log, which takes no more until the server is started again: %w", err)
		l.broken = true
		l.failed.Store(&err)
		return err
	}
	l.size += int64(len(text))
	return nil
}

// undo takes back what a write has left. A file that has nothing goes.
func (l *Log) undo() error {
	if l.size > 0 {
		return l.file.Truncate(l.size)
	}
	file := l.file
	l.file = nil
	return errors.Join(file.Close(), os.Remove(file.Name()))
}

// trim removes the files whose entries have all been kept long enough. The store
// is told first: what is missing then was not taken away.
func (l *Log) trim(ctx context.Context) error {
	today := day(l.Now())
	if l.trimmed == today {
		return nil
	}
	all, err := files(l.Dir)
	if err != nil {
		return err
	}
	n := 0
	for n < len(all) && all[n].day.AddDate(0, 0, 1).Add(l.Keep).Before(l.Now()) {
		n++
	}
	if n > 0 {
		has := l.has
		switch {
		case n < len(all):
			has.Oldest = max(has.Oldest, all[n].first)
		case !l.Shared: // else others may have what comes after it
			has.Oldest = has.Newest + 1
		}
		if err := l.Records.Audited(ctx, has); err != nil {
			return err
		}
		l.has = has
	}
	for _, old := range all[:n] {
		if l.file != nil && l.file.Name() == old.path {
			err := l.file.Close()
			if l.file = nil; err != nil {
				return err
			}
		}
		if err := os.Remove(old.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing a file of the audit log: %w", err)
		}
	}
	l.trimmed = today
	return nil
}

func day(now time.Time) time.Time { return now.UTC().Truncate(24 * time.Hour) }

// syncDir makes the names in a directory survive a power cut.
func (l *Log) syncDir(name string) error {
	dir, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("opening the directory to sync: %w", err)
	}
	return errors.Join(l.fsync(dir), dir.Close())
}

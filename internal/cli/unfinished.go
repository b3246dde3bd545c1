package cli

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

// unfinished is what another process needs to go on with an upload. It has no secret
// in it.
type unfinished struct {
	File        string                 `json:"file"`
	Size        int64                  `json:"size"`
	Modified    time.Time              `json:"modified"`
	Server      string                 `json:"server"`
	Room        protocol.RoomID        `json:"room"`
	Participant protocol.ParticipantID `json:"participant"`
	Name        string                 `json:"name"`
}

// keptFor is how long a note of an upload is kept: servers keep no upload that rests
// for so long.
const keptFor = 30 * 24 * time.Hour

// place is the file that an upload is remembered in.
func place(id protocol.ShareID) (string, error) {
	base := os.Getenv("XDG_STATE_HOME")
	if base == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		base = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(base, "handout", "uploads", string(id)+".json"), nil
}

func remember(id protocol.ShareID, u unfinished) error {
	file, err := place(id)
	if err != nil {
		return err
	}
	text, err := json.Marshal(u)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	forgetOld(filepath.Dir(file))
	return os.WriteFile(file, text, 0o600)
}

func recall(id protocol.ShareID) (u unfinished, err error) {
	file, err := place(id)
	if err != nil {
		return u, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return u, err
	}
	return u, json.Unmarshal(text, &u)
}

func forget(id protocol.ShareID) {
	if file, err := place(id); err == nil {
		os.Remove(file) // it may never have been there
	}
}

// forgetOld removes the notes that nobody came back for.
func forgetOld(dir string) {
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && time.Since(info.ModTime()) > keptFor {
			os.Remove(filepath.Join(dir, entry.Name()))
		}
	}
}

// same reports whether the file is as it was.
func (u unfinished) same(info fs.FileInfo) bool {
	return info.Size() == u.Size && info.ModTime().Equal(u.Modified)
}

// into says who began, and where: the upload is there alone.
func (u unfinished) into(p *participant) {
	if u.File != "" {
		p.Server, p.Room, p.ID, p.Name = u.Server, u.Room, u.Participant, u.Name
	}
}

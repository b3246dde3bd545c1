package faultdisk_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/faulttest"
	"github.com/handout-rtc/handout/protocol"
)

// begin creates an upload by tus, with no byte of it, and returns its path.
func begin(t *testing.T, c *faulttest.Client, f faulttest.File) (path string) {
	t.Helper()
	path, err := tryBegin(t, c, f)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// tryBegin is begin, which may be refused.
func tryBegin(t *testing.T, c *faulttest.Client, f faulttest.File) (path string, err error) {
	t.Helper()
	response, err := c.Do(t.Context(), http.MethodPost, "/uploads", nil, "Tus-Resumable", "1.0.0", "Upload-Length", fmt.Sprint(f.Size),
		"Upload-Metadata", "filename "+base64.StdEncoding.EncodeToString([]byte(f.Name)))
	if err != nil {
		return "", err
	}
	response.Body.Close()
	return response.Header.Get("Location"), nil
}

// push appends so many bytes of a file, and returns the error of the answer.
func push(t *testing.T, c *faulttest.Client, path string, f faulttest.File, from, n int64) error {
	t.Helper()
	part, err := io.ReadAll(io.LimitReader(f.From(from), n))
	if err != nil {
		t.Fatal(err)
	}
	response, err := c.Do(t.Context(), http.MethodPatch, path, bytes.NewReader(part), "Tus-Resumable", "1.0.0",
		"Upload-Offset", fmt.Sprint(from), "Content-Type", "application/offset+octet-stream")
	if err == nil {
		response.Body.Close()
	}
	return err
}

// offset is what HEAD says of an upload, -1 if it does not say.
func offset(t *testing.T, c *faulttest.Client, path string) (int64, error) {
	t.Helper()
	header, err := c.Ask(t.Context(), http.MethodHead, path, nil, nil, "Tus-Resumable", "1.0.0")
	if err != nil {
		return -1, err
	}
	return strconv.ParseInt(header.Get("Upload-Offset"), 10, 64)
}

func shareOf(path string) protocol.ShareID {
	return protocol.ShareID(strings.TrimPrefix(path, "/uploads/"))
}

// wantCode fails the test unless the error is a refusal of that status and code.
func wantCode(t *testing.T, what string, err error, status int, code protocol.Code) {
	t.Helper()
	if want := (&faulttest.Refusal{Status: status, Code: code}).Error(); err == nil || err.Error() != want {
		t.Errorf("%s: %v, want %s", what, err, want)
	}
}

// wantFile fails the test unless the share is the file, as a download says.
func wantFile(t *testing.T, c *faulttest.Client, id protocol.ShareID, f faulttest.File) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if sum, err := c.Receive(ctx, id); err != nil || sum != f.SHA256() {
		t.Errorf("%s reads %s, %v; it was sent as %s", f.Name, sum, err, f.SHA256())
	}
}

// ready is what /readyz says.
func ready(t *testing.T, server *faulttest.Server) (status int, detail string) {
	t.Helper()
	response, err := http.Get(server.URL() + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var problem struct{ Detail string }
	if err := json.NewDecoder(response.Body).Decode(&problem); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, problem.Detail
}

// until waits for a condition.
func until(t *testing.T, what string, met func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !met(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}

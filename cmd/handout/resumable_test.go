package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// An agent sends a request of Resumable Uploads for HTTP with a file as its body
// and returns the status lines and headers of all responses, interim ones too.
type agent func(t *testing.T, method, url, bearer, file string, header ...string) string

// curl is an agent of the program, over a version of HTTP.
func curl(version string) agent {
	return func(t *testing.T, method, url, bearer, file string, header ...string) string {
		t.Helper()
		args := []string{version, "--insecure", "--silent", "--show-error", "--output", os.DevNull, "--dump-header", "-", "--header", "Authorization: Bearer " + bearer}
		for i := 0; i < len(header); i += 2 {
			args = append(args, "--header", header[i]+": "+header[i+1])
		}
		switch {
		case method == http.MethodHead:
			args = append(args, "--head")
		case file != "":
			args = append(args, "--request", method, "--data-binary", "@"+file)
		default:
			args = append(args, "--request", method)
		}
		said, err := exec.Command("curl", append(args, url)...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, said)
		}
		return strings.ToLower(strings.ReplaceAll(string(said), "\r", ""))
	}
}

// goAgent is an agent for machines without curl; it hears no interim responses.
func goAgent(t *testing.T, method, url, bearer, file string, header ...string) string {
	t.Helper()
	var body io.Reader
	if file != "" {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		body = bytes.NewReader(data)
	}
	response, _ := do(t, method, url, body, append(header, "Authorization", "Bearer "+bearer)...)
	var said bytes.Buffer
	fmt.Fprintln(&said, response.Proto, response.StatusCode)
	response.Header.Write(&said)
	return strings.ToLower(strings.ReplaceAll(said.String(), "\r", ""))
}

// wantSaid looks for lines, in their order, in what the server said.
func wantSaid(t *testing.T, said string, lines ...string) {
	t.Helper()
	rest := said
	for _, line := range lines {
		_, after, found := strings.Cut(rest, line)
		if !found {
			t.Fatalf("it did not say %q after the others:\n%s", line, said)
		}
		rest = after
	}
}

// TestResumableUploadsByPrograms sends one file in two pieces, by curl where it is
// there, over HTTP/1.1 and HTTP/2, and kills the server after the first.
func TestResumableUploadsByPrograms(t *testing.T) {
	t.Parallel()
	type program struct {
		agent
		interim []string // what is said before the answer
	}
	secure := localhost(t, t.TempDir(), 1)
	programs := map[string]program{"Go": {goAgent, nil}}
	if _, err := exec.LookPath("curl"); err == nil {
		programs["curl over HTTP/1.1"] = program{curl("--http1.1"), []string{"http/1.1 104", "location: /uploads/"}}
		programs["curl over HTTP/2"] = program{curl("--http2"), []string{"http/2 104", "location: /uploads/"}}
	}
	dir := t.TempDir()
	first, second := bytes.Repeat([]byte("0123456789abcdef"), 1<<16), []byte("and the end")
	for name, data := range map[string][]byte{"first": first, "second": second} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, by := range programs {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"--dev", "--data", t.TempDir()}, secure...)
			p := serve(t, args...)
			bearer := p.guest(t)
			version := []string{"Upload-Draft-Interop-Version", "8"}
			said := by.agent(t, "POST", p.url+"/uploads", bearer, filepath.Join(dir, "first"), append(version,
				"Upload-Complete", "?0", "Content-Type", "text/plain", "Content-Disposition", "inline; filename*=UTF-8''gr%C3%BC%C3%9Fe.txt")...)
			wantSaid(t, said, append(by.interim, " 201", "upload-offset: 1048576")...)
			_, where, _ := strings.Cut(said, "location: ")
			where, _, _ = strings.Cut(where, "\n")
			if err := p.end(t, syscall.SIGKILL); err == nil {
				t.Fatal("the server ended by itself")
			}
			p = serve(t, args...)
			said = by.agent(t, "HEAD", p.url+where, bearer, "", version...)
			wantSaid(t, said, " 204", "upload-complete: ?0", "upload-offset: 1048576")
			said = by.agent(t, "PATCH", p.url+where, bearer, filepath.Join(dir, "second"), append(version,
				"Upload-Complete", "?1", "Upload-Offset", "1048576", "Content-Type", "application/partial-upload")...)
			wantSaid(t, said, " 200", "repr-digest: sha-256=", "upload-complete: ?1")
			response, got := do(t, "GET", p.url+strings.Replace(where, "/uploads/", "/v1/shares/", 1)+"/content", nil, "Authorization", "Bearer "+bearer)
			if got != string(first)+string(second) {
				t.Errorf("the file has %d bytes", len(got))
			}
			if disposition := response.Header.Get("Content-Disposition"); !strings.Contains(disposition, "gr%C3%BC%C3%9Fe.txt") {
				t.Errorf("it is called %q", disposition)
			}
		})
	}
}

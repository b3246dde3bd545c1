package model_test

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"

	"pgregory.net/rapid"

	"github.com/handout-rtc/handout/protocol"
)

// checksum is the header of tus for a body: none, a right or a wrong one.
func checksum(kind string, body []byte) []string {
	sum := sha1.Sum(body)
	if kind == "wrong" {
		sum[0]++
	}
	if kind == "none" {
		return nil
	}
	return []string{"Upload-Checksum", "sha1 " + base64.StdEncoding.EncodeToString(sum[:])}
}

// digest is checksum for Resumable Uploads for HTTP.
func digest(kind string, body []byte) []string {
	sum := sha256.Sum256(body)
	if kind == "wrong" {
		sum[0]++
	}
	if kind == "none" {
		return nil
	}
	return []string{"Content-Digest", "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"}
}

// uploadPath is where the bytes of a file go.
func uploadPath(f *file) string { return "/uploads/" + string(f.id) }

// piece is what an append says and brings.
type piece struct {
	offset, bytes, length int64 // length -1 is not said
	sum                   string
	last                  bool
}

// drawPiece draws an append: mostly one that fits.
func drawPiece(t *rapid.T, f *file) piece {
	at, left := int64(len(f.data)), int64(50)
	if f.size >= 0 {
		left = max(0, f.size-at)
	}
	p := piece{offset: at, length: -1, sum: chance(t, "checksum", "none", "none", "right", "wrong")}
	switch chance(t, "bytes", "all", "all", "some", "some", "none", "more") {
	case "all":
		p.bytes = left
	case "some":
		p.bytes = (left + 1) / 2
	case "more":
		p.bytes = left + 1
	}
	if chance(t, "offset", "right", "right", "right", "wrong") == "wrong" {
		p.offset += rapid.SampledFrom([]int64{1, -1, 7}).Draw(t, "by")
		p.offset = max(0, p.offset)
	}
	switch chance(t, "length", "no", "no", "end", "more", "less") {
	case "end":
		p.length = at + p.bytes
	case "more":
		p.length = at + p.bytes + 3
	case "less":
		p.length = max(0, at-1)
	}
	return p
}

// declared says what becomes of the length that an append says: it may be refused.
func (f *file) declared(length int64) verdict {
	switch {
	case length < 0 || f.size == length:
		return fine
	case f.size >= 0, length < int64(len(f.data)):
		return verdict{409, protocol.CodeLengthMismatch}
	case length > maxFile:
		return verdict{413, protocol.CodeFileTooLarge}
	}
	f.size = length
	return fine
}

// append is PATCH by tus.
func (m *machine) append(t *rapid.T) {
	f := m.file(t, func(f *file) bool { return !f.marked || len(f.data)%4 == 0 })
	p, a := m.mostly(t, f), drawPiece(t, f)
	body := bytesOf(f, a.offset, a.bytes)
	r := request{method: "PATCH", path: uploadPath(f), body: body, headers: append([]string{
		"Tus-Resumable", "1.0.0", "Content-Type", tusMedia, "Upload-Offset", strconv.FormatInt(a.offset, 10)}, checksum(a.sum, body)...)}
	if a.length >= 0 {
		r.headers = append(r.headers, "Upload-Length", strconv.FormatInt(a.length, 10))
	}
	what := fmt.Sprintf("appends to %s at %d %d bytes, checksum %s, length %d", f.name, a.offset, a.bytes, a.sum, a.length)
	want := m.mayWrite(p, f, false)
	if want == fine {
		want = f.takes(a, body)
	}
	if want == fine {
		want.status = 204
	}
	answer := m.must(t, p, what, r, want)
	m.at(t, f, answer, want.status == 204)
}

// takes lets the file take an append by tus, or says why it does not.
func (f *file) takes(a piece, body []byte) verdict {
	f.settle()
	switch {
	case f.state.Ended():
		return gone
	case a.offset != int64(len(f.data)):
		return verdict{409, protocol.CodeOffsetMismatch}
	}
	if no := f.declared(a.length); no != fine {
		return no
	}
	left := maxFile - int64(len(f.data))
	if f.size >= 0 {
		left = f.size - int64(len(f.data))
	}
	switch {
	case f.state == protocol.Available:
		return fine // nothing is taken: the answer to the last one may have got lost
	case a.bytes > left:
		return verdict{413, protocol.CodeRequestTooLarge}
	case a.sum == "wrong":
		return verdict{460, protocol.CodeChecksumMismatch}
	}
	f.data = append(f.data[:len(f.data):len(f.data)], body...)
	if int64(len(f.data)) == f.size {
		f.complete()
	}
	return fine
}

// createMarked is POST /uploads by Resumable Uploads for HTTP.
func (m *machine) createMarked(t *rapid.T) {
	p := m.offerer(t)
	toRoom, to, ids := m.audience(t)
	f := &file{name: m.newName(), sender: p, toRoom: toRoom, to: to, size: -1, marked: true}
	bytes := rapid.SampledFrom([]int64{0, 3, 1000}).Draw(t, "bytes")
	last, sum := rapid.Bool().Draw(t, "last"), chance(t, "digest", "none", "none", "right", "wrong")
	body := bytesOf(f, 0, bytes)
	r := request{method: "POST", path: "/uploads", body: body, headers: append([]string{
		"Upload-Complete", mark01(last), "Upload-Draft-Interop-Version", "8", "Content-Disposition", "inline; filename=" + f.name}, digest(sum, body)...)}
	if !toRoom {
		r.path += "?to="
		for i, id := range ids {
			if i > 0 {
				r.path += ","
			}
			r.path += string(id)
		}
	}
	length := int64(-1)
	if said := chance(t, "length", "no", "right", "more", "less"); said != "no" {
		length = map[string]int64{"right": bytes, "more": bytes + 10, "less": max(0, bytes-1)}[said]
		r.headers = append(r.headers, "Upload-Length", strconv.FormatInt(length, 10))
	}
	want := m.mayOffer(p, toRoom, to, 1, false)
	made := want == fine
	switch {
	case p.dropped:
	case length >= 0 && (bytes > length || last && bytes != length):
		want, made = verdict{400, protocol.CodeLengthMismatch}, false
	}
	// What brings nothing, and is not the last, is not looked at any closer.
	looked := bytes > 0
	if last {
		f.size = bytes
	} else {
		f.size = length
	}
	switch {
	case !made:
	case sum == "wrong" && looked:
		want = verdict{400, protocol.CodeChecksumMismatch}
	case last:
		want.status = 200
	default:
		want.status = 201
	}
	a := m.must(t, p, fmt.Sprintf("creates %s for %s, marked, with %d bytes, last %v, digest %s, length %d", f.name, names(f), bytes, last, sum, length), r, want)
	if !made {
		return
	}
	m.located(t, f, a)
	if want.status != 400 {
		f.data = body
	}
	if want.status == 200 {
		f.complete()
		m.whole(t, p, f, a)
	}
	m.at(t, f, a, want.status != 400)
}

func mark01(last bool) string {
	if last {
		return "?1"
	}
	return "?0"
}

// whole holds the answer that says an upload is complete against the model.
func (m *machine) whole(t *rapid.T, p *person, f *file, a answer) {
	var share protocol.Share
	a.read(t, &share)
	if err := m.wrongShare(p, f, share); err != nil {
		t.Fatalf("     %v", err)
	}
}

// appendMarked is PATCH by Resumable Uploads for HTTP.
func (m *machine) appendMarked(t *rapid.T) {
	f := m.file(t, func(f *file) bool { return f.marked || len(f.data) == 300 })
	p, a := m.mostly(t, f), drawPiece(t, f)
	a.last = rapid.Bool().Draw(t, "last")
	body := bytesOf(f, a.offset, a.bytes)
	r := request{method: "PATCH", path: uploadPath(f), body: body, headers: append([]string{
		"Upload-Draft-Interop-Version", "8", "Content-Type", partialMedia, "Upload-Offset", strconv.FormatInt(a.offset, 10), "Upload-Complete", mark01(a.last)}, digest(a.sum, body)...)}
	if a.length >= 0 {
		r.headers = append(r.headers, "Upload-Length", strconv.FormatInt(a.length, 10))
	}
	what := fmt.Sprintf("appends to %s at %d %d bytes, last %v, digest %s, length %d", f.name, a.offset, a.bytes, a.last, a.sum, a.length)
	want := m.mayWrite(p, f, true)
	if want == fine {
		want = f.takesMarked(a, body)
	}
	if want == fine {
		want.status = 204
		if f.state == protocol.Available {
			want.status = 200
		}
	}
	answer := m.must(t, p, what, r, want)
	if m.at(t, f, answer, want.status/100 == 2); want.status == 200 {
		m.whole(t, p, f, answer)
	}
}

// takesMarked lets the file take an append by Resumable Uploads for HTTP, or says why
// it does not.
func (f *file) takesMarked(a piece, body []byte) verdict {
	wrongLength := verdict{400, protocol.CodeLengthMismatch}
	end := a.offset + a.bytes
	switch {
	case a.last && a.length >= 0 && a.length != end:
		return wrongLength
	case f.state.Ended():
		return gone
	case a.offset != int64(len(f.data)):
		return verdict{409, protocol.CodeOffsetMismatch}
	case a.last:
		a.length = end
	}
	if no := f.declared(a.length); no != fine {
		no.status = min(no.status, 413)
		if no.code == protocol.CodeLengthMismatch {
			no = wrongLength
		}
		return no
	}
	switch {
	case f.state == protocol.Available && a.bytes > 0:
		return wrongLength
	case f.state == protocol.Available && !a.last:
		return verdict{400, protocol.CodeUploadComplete}
	case f.state == protocol.Available:
		return fine
	case f.size >= 0 && end > f.size:
		f.fail(protocol.CodeLengthMismatch)
		return wrongLength
	case a.sum == "wrong" && a.bytes > 0:
		return verdict{400, protocol.CodeChecksumMismatch}
	}
	f.data = append(f.data[:len(f.data):len(f.data)], body...)
	if a.last {
		f.complete()
	}
	return fine
}

// appendCut is an append whose connection breaks; the offset tells what has come of it.
func (m *machine) appendCut(t *rapid.T) {
	f := m.file(t, func(f *file) bool {
		return f.state == protocol.Uploading && f.size-int64(len(f.data)) >= 4 && !f.sender.dropped
	})
	n, at := (f.size-int64(len(f.data)))/2, int64(len(f.data))
	body := bytesOf(f, at, n)
	r := request{method: "PATCH", path: uploadPath(f), body: body}
	headers, sum := []string{"Tus-Resumable", "1.0.0", "Content-Type", tusMedia}, chance(t, "checksum", "none", "right")
	ask, status := []string{"Tus-Resumable", "1.0.0"}, 200
	if f.marked {
		headers, sum = []string{"Upload-Draft-Interop-Version", "8", "Content-Type", partialMedia, "Upload-Complete", mark01(rapid.Bool().Draw(t, "last"))}, "none"
		ask, status = []string{"Upload-Draft-Interop-Version", "8"}, 204
	}
	r.headers = append(append(headers, "Upload-Offset", strconv.FormatInt(at, 10)), checksum(sum, body)...)
	m.tell(t, "%s appends to %s at %d, and it breaks off after %d bytes of %d, checksum %s", f.sender.id, f.name, at, n, f.size-at, sum)
	m.cut(t, f.sender, r, int(f.size-at))
	if sum == "none" {
		f.data = append(f.data[:at:at], body...)
	}
	a := m.must(t, f.sender, "asks where "+f.name+" is", request{method: "HEAD", path: uploadPath(f), headers: ask}, verdict{status: status})
	m.at(t, f, a, true)
}

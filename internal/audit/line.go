// Package audit keeps the audit log: files of JSON lines that are only ever
// appended to. The store has, with each change, what there is to tell of it; a
// Log carries it over, each entry once.
//
// Every line ends with a chain: the SHA-256 of the chain before and of the line.
// So who changes, removes or adds a line breaks all that follows, and who cuts off
// the end contradicts the store, which knows the chain behind the newest entry.
//
// A file begins with a line about itself, so that it can be checked without the
// file before it, whose time may be over.
package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/handout-rtc/handout/internal/store"
)

// format is the version of the files.
const format = 1

// header is the first line of a file.
type header struct {
	Audit int    `json:"audit"` // format
	First int64  `json:"first"` // the number of the first entry in the file
	Prev  string `json:"prev"`  // the chain before the file
}

const (
	chainMember = `,"chain":"`
	chainLength = 2 * sha256.Size
	tailLength  = len(chainMember) + chainLength + len("\"}")
)

var errChain = errors.New("the chain does not hold")

// seal appends the line of an object, which is JSON, behind text, and returns its
// chain too. The line has its newline.
func seal(text []byte, prev string, object []byte) (with []byte, chain string) {
	chain = link(prev, object)
	text = append(text, object[:len(object)-1]...)
	return append(text, chainMember+chain+"\"}\n"...), chain
}

// numbered is the object of an entry.
func numbered(e store.AuditText) []byte {
	return fmt.Appendf(nil, `{"n":%d,%s`, e.N, e.JSON[1:])
}

// link is the chain behind a line whose object, without its chain, is body.
func link(prev string, body []byte) string {
	h := sha256.New()
	h.Write([]byte(prev + "\n"))
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

// open returns the object of a line, without its newline, and the chain that it
// says. It does not ask whether that is right.
func open(line []byte) (body []byte, chain string, err error) {
	at := len(line) - tailLength
	if at < 1 || !bytes.HasPrefix(line[at:], []byte(chainMember)) || !bytes.HasSuffix(line, []byte("\"}")) {
		return nil, "", errors.New("a line has no chain")
	}
	body = append(bytes.Clone(line[:at]), '}')
	return body, string(line[at+len(chainMember) : len(line)-2]), nil
}

// entry reads the object of a line that is no header.
func entry(body []byte) (store.AuditEntry, error) {
	var e store.AuditEntry
	if err := json.Unmarshal(body, &e); err != nil {
		return e, fmt.Errorf("a line is no entry: %w", err)
	}
	if e.N < 1 {
		return e, errors.New("a line is no entry")
	}
	return e, nil
}

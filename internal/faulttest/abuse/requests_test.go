package abuse_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

const lanes = 32

var (
	tusCreation = []string{"Tus-Resumable", "1.0.0"}
	tusAppend   = []string{"Tus-Resumable", "1.0.0", "Content-Type", "application/offset+octet-stream"}
)

// createForever makes shares and sends no byte of them.
func createForever(ctx context.Context, t target, of *tally) {
	client := from(attackersAddress, lanes)
	many(ctx, t.N, lanes, func(i int) {
		of.add(outcome(ask(ctx, client, "POST", t.URL+"/uploads", t.Tokens[i%len(t.Tokens)], nil, append(tusCreation, "Upload-Length", "100000000")...)))
	})
}

// declareHuge makes shares of lengths that nobody has.
func declareHuge(ctx context.Context, t target, of *tally) {
	client := from(attackersAddress, lanes)
	lengths := []string{strconv.Itoa(1 << 62), strconv.Itoa(math.MaxInt64), "9223372036854775808", "-1", "1e18", "99999999999999999999999"}
	many(ctx, t.N, lanes, func(i int) {
		token, length := t.Tokens[i%len(t.Tokens)], lengths[i%len(lengths)]
		of.add(outcome(ask(ctx, client, "POST", t.URL+"/uploads", token, nil, append(tusCreation, "Upload-Length", length)...)))
		of.add(outcome(ask(ctx, client, "POST", t.URL+"/v1/rooms/"+string(t.Room)+"/shares", token,
			strings.NewReader(`{"files":[{"name":"x","size":`+length+`}],"to":"room"}`))))
	})
}

// drip is a body of one byte a second.
type drip struct{ ctx context.Context }

func (d drip) Read(p []byte) (int, error) {
	select {
	case <-time.After(time.Second):
		p[0] = 'x'
		return 1, nil
	case <-d.ctx.Done():
		return 0, io.ErrUnexpectedEOF
	}
}

// trickle uploads at a byte a second, each file on a connection of its own.
func trickle(ctx context.Context, t target, of *tally) {
	client := from(attackersAddress, t.N)
	client.Timeout = 0
	var group sync.WaitGroup
	for i := range t.N {
		group.Go(func() {
			token := t.Tokens[i%len(t.Tokens)]
			made, body := ask(ctx, client, "POST", t.URL+"/uploads", token, nil, append(tusCreation, "Upload-Length", "100000")...)
			if made.Header.Get("Location") == "" {
				of.add("creation " + outcome(made, body))
				return
			}
			of.add(outcome(ask(ctx, client, "PATCH", t.URL+made.Header.Get("Location"), token, drip{ctx}, append(tusAppend, "Upload-Offset", "0")...)))
		})
	}
	group.Wait()
}

// patchFlood appends nothing to one upload of its own, again and again, and at an
// offset that is wrong.
func patchFlood(ctx context.Context, t target, of *tally) {
	client := from(attackersAddress, lanes)
	many(ctx, t.N, lanes, func(i int) {
		of.add(outcome(ask(ctx, client, "PATCH", t.URL+t.Path, t.Tokens[0], bytes.NewReader(make([]byte, i%3)), append(tusAppend, "Upload-Offset", strconv.Itoa(i%2*7))...)))
	})
}

// headFlood asks and appends to an upload of somebody else.
func headFlood(ctx context.Context, t target, of *tally) {
	client := from(attackersAddress, lanes)
	many(ctx, t.N, lanes, func(i int) {
		token := t.Tokens[i%len(t.Tokens)]
		switch i % 3 {
		case 0:
			of.add(outcome(ask(ctx, client, "HEAD", t.URL+t.Path, token, nil, tusCreation...)))
		case 1:
			of.add(outcome(ask(ctx, client, "PATCH", t.URL+t.Path, token, strings.NewReader("x"), append(tusAppend, "Upload-Offset", "0")...)))
		case 2:
			of.add(outcome(ask(ctx, client, "DELETE", t.URL+t.Path, token, nil, tusCreation...)))
		}
	})
}

// overlappingRanges asks for all of a file 64 times in one request.
func overlappingRanges(ctx context.Context, t target, of *tally) {
	client := from(attackersAddress, lanes)
	ranges := "bytes=0-" + strings.Repeat(",0-", 63)
	many(ctx, t.N, lanes, func(i int) {
		response, body := ask(ctx, client, "GET", t.URL+t.Path, t.Tokens[0], nil, "Range", ranges)
		of.add(fmt.Sprintf("%s of %d bytes, %s", outcome(response, ""), len(body), response.Header.Get("Content-Type")))
	})
}

// longHeader sends a header of a mebibyte.
func longHeader(ctx context.Context, t target, of *tally) {
	client := from(attackersAddress, lanes)
	value := strings.Repeat("x", 1<<20)
	many(ctx, t.N, lanes, func(i int) {
		response, _ := ask(ctx, client, "GET", t.URL+"/v1/rooms/"+string(t.Room)+"/shares", t.Tokens[0], nil, "X-Long", value)
		of.add(outcome(response, ""))
	})
}

// scanIDs asks for shares by ids that it makes up, in every way there is.
func scanIDs(ctx context.Context, t target, of *tally) {
	client := from(attackersAddress, lanes)
	many(ctx, t.N, lanes, func(i int) {
		id, token := string(protocol.NewShareID()), t.Tokens[i%len(t.Tokens)]
		path := [...]string{"/v1/shares/" + id, "/v1/shares/" + id + "/content", "/uploads/" + id, "/v1/shares/" + id + "/receipts"}[i%4]
		of.add(outcome(ask(ctx, client, "GET", t.URL+path, token, nil)))
	})
}

// unknownCallers asks with tokens that it makes up.
func unknownCallers(ctx context.Context, t target, of *tally) {
	client := from(attackersAddress, lanes)
	head, _, _ := strings.Cut(t.Tokens[0], ".")
	many(ctx, t.N, lanes, func(i int) {
		of.add(outcome(ask(ctx, client, "GET", t.URL+"/v1/rooms/"+string(t.Room)+"/shares", head+".e30."+strconv.Itoa(i), nil)))
	})
}

// holdSockets opens connections and says nothing on them.
func holdSockets(ctx context.Context, t target, of *tally) {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(attackersAddress)}}
	_, address, _ := strings.Cut(t.URL, "://")
	var group sync.WaitGroup
	many(ctx, t.N, lanes, func(int) {
		connection, err := dialer.DialContext(ctx, "tcp", address)
		if err != nil {
			of.add("refused")
			return
		}
		group.Go(func() {
			defer connection.Close()
			connection.SetReadDeadline(time.Now().Add(time.Minute))
			_, err := connection.Read(make([]byte, 1))
			if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
				of.add("held")
				return
			}
			of.add("closed")
		})
	})
	group.Wait()
}

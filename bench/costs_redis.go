package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/handout-rtc/handout/internal/enginetest"
	"github.com/handout-rtc/handout/protocol"
)

// receiveWhole downloads a file and says that it was received.
func (v *handoutVisit) receiveWhole(c *connection, id protocol.ShareID) error {
	sum := sha256.New()
	if err := v.get(c, string(id), sum); err != nil {
		return err
	}
	words := protocol.ReceiptWords{Receipts: []protocol.ReceiptWord{{Share: id, State: protocol.ReceiptReceived, SHA256: hex.EncodeToString(sum.Sum(nil))}}}
	var answers protocol.ReceiptAnswers
	err := c.ask(request{method: http.MethodPost, path: "/v1/rooms/" + string(v.room) + "/receipts", head: v.authorization, want: http.StatusOK}, words, &answers)
	if err != nil {
		return err
	}
	if len(answers.Receipts) != 1 || answers.Receipts[0].Code != "" {
		return fmt.Errorf("the receipt was answered by %+v", answers.Receipts)
	}
	return nil
}

// How Redis is measured: so many messages of the size of an event, to none and to so
// many that listen.
const (
	redisMessages  = 50_000
	redisListeners = 8
	redisMessage   = 600
)

// redisCosts is the CPU-seconds of Redis for a message, and for each that it is
// delivered to.
func redisCosts(ctx context.Context, r *enginetest.Redis) (publish, deliver float64, err error) {
	if publish, err = redisRun(ctx, r, "none", 0); err != nil {
		return 0, 0, err
	}
	heard, err := redisRun(ctx, r, "some", redisListeners)
	return publish, max(0, heard-publish) / redisListeners, err
}

// redisRun publishes to a channel and returns what a message has cost.
func redisRun(ctx context.Context, r *enginetest.Redis, channel string, listeners int) (float64, error) {
	var heard []net.Conn
	defer func() {
		for _, conn := range heard {
			conn.Close()
		}
	}()
	for range listeners {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", r.Address())
		if err != nil {
			return 0, err
		}
		heard = append(heard, conn)
		if _, err := fmt.Fprintf(conn, "SUBSCRIBE %s\r\n", channel); err != nil {
			return 0, err
		}
		if _, err := conn.Read(make([]byte, 64)); err != nil { // it listens
			return 0, err
		}
		go io.Copy(io.Discard, conn) // ends with it
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", r.Address())
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	before, err := cpuTime(r.PID())
	if err != nil {
		return 0, err
	}
	message := []byte(fmt.Sprintf("*3\r\n$7\r\nPUBLISH\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n", len(channel), channel, redisMessage, strings.Repeat("x", redisMessage)))
	in := bufio.NewReader(conn)
	// One at a time: that is how they come from nodes, and not in one piece.
	for range redisMessages {
		if _, err := conn.Write(message); err != nil {
			return 0, err
		}
		if _, err := in.ReadSlice('\n'); err != nil {
			return 0, err
		}
	}
	after, err := cpuTime(r.PID())
	return (after - before).Seconds() / redisMessages, err
}

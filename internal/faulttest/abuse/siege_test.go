package abuse_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

// target is what an attacker is told. It goes to another process as JSON.
type target struct {
	Attack  string
	URL     string
	Room    protocol.RoomID
	Tokens  []string // of attackers, in Room
	Path    string   // of an upload, or of a share's content, where one is needed
	N       int      // how often, or how many
	Seconds float64  // how long at most
}

// tally is what came of an attack, by outcome: a status, a close code or a word.
type tally struct {
	mu     sync.Mutex
	counts map[string]int // guarded by mu
}

func (t *tally) add(outcome string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if outcome == "" { // the attack was over before it came to that
		return
	}
	if t.counts == nil {
		t.counts = make(map[string]int)
	}
	t.counts[outcome]++
}

// attacks are what an attacker can do. Each returns when it is done or ctx ends.
var attacks = map[string]func(context.Context, target, *tally){
	"create":       createForever,
	"huge":         declareHuge,
	"trickle":      trickle,
	"patch":        patchFlood,
	"head":         headFlood,
	"ranges":       overlappingRanges,
	"header":       longHeader,
	"reset":        rapidReset,
	"continuation": continuationFlood,
	"push":         pushFlood,
	"word":         longWord,
	"flap":         flap,
	"scan":         scanIDs,
	"unknown":      unknownCallers,
	"sockets":      holdSockets,
}

const asAttacker = "HANDOUT_ABUSE_TARGET"

// attackersAddress is where attackers come from; the victim comes from another.
const attackersAddress, victimsAddress = "127.0.0.9", "127.0.0.2"

func TestMain(m *testing.M) {
	if text := os.Getenv(asAttacker); text != "" {
		attack(text)
		return
	}
	os.Exit(m.Run())
}

// attack is the attacker's process: it says at its end what came of it.
func attack(text string) {
	_ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, 10)
	var t target
	if err := json.Unmarshal([]byte(text), &t); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(t.Seconds*float64(time.Second)))
	defer cancel()
	var of tally
	attacks[t.Attack](ctx, t, &of)
	of.mu.Lock()
	defer of.mu.Unlock()
	_ = json.NewEncoder(os.Stdout).Encode(of.counts)
}

// besiege runs an attacker to its end and returns what came of it.
func besiege(t *testing.T, at target) map[string]int {
	t.Helper()
	text, err := json.Marshal(at)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(os.Environ(), asAttacker+"="+string(text))
	command.Stderr = os.Stderr
	said, err := command.Output()
	if err != nil {
		t.Fatalf("the attacker: %v", err)
	}
	var counts map[string]int
	if err := json.Unmarshal(said, &counts); err != nil {
		t.Fatalf("the attacker says %q: %v", said, err)
	}
	return counts
}

// from returns a client whose connections come from the address.
func from(address string, connections int) *http.Client {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}, Timeout: 10 * time.Second}
	return &http.Client{Timeout: 2 * time.Minute, Transport: &http.Transport{
		DialContext: dialer.DialContext, MaxConnsPerHost: connections, MaxIdleConnsPerHost: connections,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // the tests make their own certificate
	}}
}

// givenUp is the status of a request that ctx has ended.
const givenUp = -1

// unanswered is what stands for an answer that did not come.
func unanswered(ctx context.Context) *http.Response {
	if ctx.Err() != nil {
		return &http.Response{StatusCode: givenUp, Header: http.Header{}}
	}
	return &http.Response{Header: http.Header{}}
}

// ask sends a request and returns its answer and body; its status is 0 if the
// connection broke.
func ask(ctx context.Context, client *http.Client, method, url, token string, body io.Reader, headers ...string) (*http.Response, string) {
	request, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		panic(err) // of this package's making
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := client.Do(request)
	if err != nil {
		return unanswered(ctx), err.Error()
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return unanswered(ctx), err.Error()
	}
	return response, string(text)
}

// outcome is a status with the code of its problem, "broken" for none, and "" for a
// request that was given up.
func outcome(response *http.Response, body string) string {
	switch response.StatusCode {
	case 0:
		return "broken"
	case givenUp:
		return ""
	}
	var problem protocol.Problem
	if strings.HasPrefix(response.Header.Get("Content-Type"), "application/problem+json") && json.Unmarshal([]byte(body), &problem) == nil {
		return fmt.Sprintf("%d %s", response.StatusCode, problem.Code)
	}
	return fmt.Sprint(response.StatusCode)
}

// many does n times what do does, by so many at once, until ctx ends.
func many(ctx context.Context, n, lanes int, do func(i int)) {
	var group sync.WaitGroup
	turn := make(chan int)
	for range lanes {
		group.Go(func() {
			for i := range turn {
				do(i)
			}
		})
	}
	for i := range n {
		select {
		case turn <- i:
		case <-ctx.Done():
			close(turn)
			group.Wait()
			return
		}
	}
	close(turn)
	group.Wait()
}

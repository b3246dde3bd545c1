package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/handout-rtc/handout/internal/store"
)

const (
	// mostAnswer is how much of an answer is read, which nobody looks at, so that its
	// connection can be used again.
	mostAnswer = 16 << 10
	// mostHeader bounds the header of an answer.
	mostHeader = 16 << 10
	// mostIdle is how many connections are kept for the next message, and for how long.
	mostIdle, idleFor = 100, 30 * time.Second
)

// clients send messages.
type clients struct {
	secure *http.Client // for https
	plain  *http.Client // for http: what travels readable stays in networks that the operator has named
}

func (s *Service) newClients() clients {
	return clients{secure: s.newClient(s.mayAsk), plain: s.newClient(s.named)}
}

// newClient returns a client that connects to what permits permits, follows no
// redirect, and knows no proxy: that would connect in its place.
func (s *Service) newClient(permits func(netip.Addr) bool) *http.Client {
	dialer := &net.Dialer{Control: control(permits), Resolver: s.Resolver}
	return &http.Client{
		Timeout:       s.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSClientConfig: s.TLS, MaxResponseHeaderBytes: mostHeader,
			MaxIdleConns: mostIdle, MaxIdleConnsPerHost: s.Parallel, IdleConnTimeout: idleFor,
		},
	}
}

// attempt sends a message once, and returns what has become of it.
func (s *Service) attempt(ctx context.Context, to store.Endpoint, d store.Delivery) (a store.Attempt, outcome string) {
	answer, err := s.post(ctx, to, d)
	a.At = s.Now()
	switch {
	case errors.Is(err, errAddress):
		a.Problem, outcome = errAddress.Error(), Refused
	case err != nil:
		a.Problem, outcome = problemOf(err), Failed
	case answer.StatusCode >= 200 && answer.StatusCode < 300:
		a.Delivered = true
		return a, Delivered
	default:
		a.Problem, outcome = "answered "+strconv.Itoa(answer.StatusCode), Failed
		a.Rest = restOf(answer, a.At)
		if answer.StatusCode == http.StatusGone {
			a.Gone = true
			return a, Gone
		}
	}
	if a.Again = s.again(d.Attempts+1, d.CreatedAt, a.At, a.Rest); a.Again.IsZero() {
		outcome = GivenUp
	}
	return a, outcome
}

// post sends a message and reads the answer to its end, or as much as is read of
// any.
func (s *Service) post(ctx context.Context, to store.Endpoint, d store.Delivery) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to.URL, bytes.NewReader(d.Body))
	if err != nil {
		return nil, err
	}
	now := s.Now()
	signature, err := sign(to.Secrets, d.Message, now, d.Body)
	if err != nil {
		return nil, err
	}
	header := request.Header
	header.Set("Content-Type", "application/json")
	header.Set("User-Agent", s.Agent)
	header.Set(standardwebhooks.HeaderWebhookID, d.Message)
	header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	client := s.secure
	if request.URL.Scheme == "http" {
		client = s.plain
	}
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if _, err := io.CopyN(io.Discard, answer.Body, mostAnswer); err != nil && err != io.EOF {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	return answer, nil
}

// sign returns the signatures of a message by each of the secrets.
func sign(secrets []string, message string, at time.Time, body []byte) (string, error) {
	signatures := make([]string, len(secrets))
	for i, secret := range secrets {
		key, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			return "", fmt.Errorf("reading a secret: %w", err)
		}
		if signatures[i], err = key.Sign(message, at, body); err != nil {
			return "", fmt.Errorf("signing: %w", err)
		}
	}
	return strings.Join(signatures, " "), nil
}

// mostProblem bounds what is kept of why an attempt failed, in bytes.
const mostProblem = 200

// problemOf is why an attempt failed, in few words, and without the address, which
// may hold a secret.
func problemOf(err error) string {
	var asked *url.Error
	if errors.As(err, &asked) {
		if asked.Timeout() {
			return "no answer in time"
		}
		err = asked.Err
	}
	var name *net.DNSError
	if errors.As(err, &name) {
		return "the name cannot be found" // by which name servers is nobody's business
	}
	text := strings.ToValidUTF8(err.Error(), "?")
	if len(text) > mostProblem {
		text = strings.ToValidUTF8(text[:mostProblem], "")
	}
	return text
}

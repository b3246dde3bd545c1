package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"

	"github.com/handout-rtc/handout/protocol"
)

// maxReply bounds a reply that is read as a whole, in bytes: a page of shares for
// long lists of recipients is the largest.
const maxReply = 64 << 20

// api asks the server over HTTP.
type api struct {
	server *url.URL
	http   *http.Client
	source func(context.Context) (string, error) // of tokens

	mu    sync.Mutex
	token string // in use; empty before the first
}

// credential returns the token, a new one in place of the one that has expired.
func (a *api) credential(ctx context.Context, expired string) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.token == "" || a.token == expired {
		fresh, err := a.source(ctx)
		if err != nil {
			return "", fmt.Errorf("getting a token: %w", err)
		}
		a.token = fresh
	}
	return a.token, nil
}

// do sends one request with the token, and once more with a new one if it has
// expired. An answer that is an error is one. body, if there is one, is made
// again for each sending.
func (a *api) do(ctx context.Context, method, path string, header http.Header, body func() (io.Reader, error)) (*http.Response, error) {
	token, err := a.credential(ctx, "")
	if err != nil {
		return nil, err
	}
	response, err := a.send(ctx, token, method, path, header, body)
	if protocol.CodeOf(err) != protocol.CodeTokenExpired {
		return response, err
	}
	fresh, err := a.credential(ctx, token)
	if err != nil {
		return nil, err
	}
	return a.send(ctx, fresh, method, path, header, body)
}

func (a *api) send(ctx context.Context, token, method, path string, header http.Header, body func() (io.Reader, error)) (*http.Response, error) {
	address, err := a.server.Parse(path)
	if err != nil {
		return nil, fmt.Errorf("the address %q: %w", path, err)
	}
	if address.Host != a.server.Host || address.Scheme != a.server.Scheme {
		return nil, fmt.Errorf("the address %q is of another server", path) // it must not see the token
	}
	var content io.Reader
	if body != nil {
		if content, err = body(); err != nil {
			return nil, final(err)
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, address.String(), content)
	if err != nil {
		return nil, err
	}
	for name, values := range header {
		request.Header[name] = values
	}
	if sized, ok := content.(interface{ Size() int64 }); ok {
		request.ContentLength = sized.Size()
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := a.http.Do(request)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return nil, cause
		}
		return nil, err
	}
	if response.StatusCode >= http.StatusBadRequest {
		defer response.Body.Close()
		return response, problem(response)
	}
	return response, nil
}

// call asks for JSON with JSON until there is an answer. in and out may be nil.
func (a *api) call(ctx context.Context, method, path string, in, out any) error {
	return newAttempts().until(ctx, func() error { return a.callOnce(ctx, method, path, in, out) })
}

func (a *api) callOnce(ctx context.Context, method, path string, in, out any) error {
	header := make(http.Header)
	var body func() (io.Reader, error)
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return final(err)
		}
		header.Set("Content-Type", "application/json")
		body = func() (io.Reader, error) { return bytes.NewReader(text), nil }
	}
	response, err := a.do(ctx, method, path, header, body)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if out == nil {
		_, err = io.Copy(io.Discard, io.LimitReader(response.Body, maxProblem))
		return err
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxReply))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, out); err != nil {
		return final(fmt.Errorf("%s %s answers what is no JSON of the protocol: %w", method, path, err))
	}
	return nil
}

func roomPath(id protocol.RoomID, rest string) string {
	return "/v1/rooms/" + url.PathEscape(string(id)) + rest
}

func sharePath(id protocol.ShareID, rest string) string {
	return "/v1/shares/" + url.PathEscape(string(id)) + rest
}

// parseServer reads the address of a server, which is an origin.
func parseServer(text string) (*url.URL, error) {
	server, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, fmt.Errorf("the server's address: %w", err)
	case server.Scheme != "http" && server.Scheme != "https", server.Host == "":
		return nil, errors.New(`the server's address must begin with "http://" or "https://" and name a host`)
	}
	return &url.URL{Scheme: server.Scheme, Host: server.Host}, nil
}

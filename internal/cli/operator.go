package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

// operator asks the server as an application (docs/protocol.md, section 1).
type operator struct {
	server  *url.URL
	app     string
	key     string
	patient *http.Client
}

const (
	operatorPatience = 30 * time.Second
	maxAnswer        = 64 << 20 // bytes
)

// asOperator returns the application at its server.
func asOperator(s server, a application) (*operator, error) {
	app, keys, err := a.load()
	if err != nil {
		return nil, err
	}
	if s.Server == "" {
		return nil, errNoServer
	}
	origin, err := url.Parse(s.Server)
	if err != nil || origin.Host == "" || origin.Scheme != "http" && origin.Scheme != "https" {
		return nil, usage(`the server's address must begin with "http://" or "https://" and name a host`)
	}
	return &operator{
		server: &url.URL{Scheme: origin.Scheme, Host: origin.Host}, app: app, key: string(keys[app][0]),
		patient: &http.Client{Timeout: operatorPatience},
	}, nil
}

// usage asks what the application's rooms have used, a page of them behind after.
func (o *operator) usage(ctx context.Context, from, to string, after protocol.RoomID) (u protocol.Usage, err error) {
	query := url.Values{}
	for name, value := range map[string]string{"from": from, "to": to, "after": string(after)} {
		if value != "" {
			query.Set(name, value)
		}
	}
	return u, o.send(ctx, http.MethodGet, "/v1/usage", query, nil, &u)
}

// call asks for what is below /v1/rooms. in and out may be nil.
func (o *operator) call(ctx context.Context, method string, path []string, query url.Values, in, out any) error {
	return o.send(ctx, method, below("/v1/rooms", path), query, in, out)
}

// webhooks asks for what is below /v1/webhooks. in and out may be nil.
func (o *operator) webhooks(ctx context.Context, method string, path []string, in, out any) error {
	return o.send(ctx, method, below("/v1/webhooks", path), nil, in, out)
}

func below(address string, path []string) string {
	for _, each := range path {
		address += "/" + url.PathEscape(each)
	}
	return address
}

func (o *operator) send(ctx context.Context, method, path string, query url.Values, in, out any) error {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	address := o.server.String() + path + "?" + query.Encode()
	request, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(address, "?"), body)
	if err != nil {
		return err
	}
	request.SetBasicAuth(o.app, o.key)
	response, err := o.patient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return refused(response, text)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("the server's answer is no JSON: %w", err)
	}
	return nil
}

// refused is the error of an answer.
func refused(response *http.Response, text []byte) error {
	var said struct{ Desc string }
	if json.Unmarshal(text, &said) != nil || said.Desc == "" {
		return errors.New("the server answers " + response.Status)
	}
	return errors.New(said.Desc)
}

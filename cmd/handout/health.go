package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// healthCommand is `handout health`: it asks a server on this machine whether it
// is ready, and exits with 1 if it is not. It reads the environment of `handout
// serve`, so that a container needs to say nothing twice.
type healthCommand struct {
	Listen  string        `default:"127.0.0.1:8080" help:"Address that the server listens on."`
	TLSCert string        `type:"path" placeholder:"FILE" help:"If the server has one, it is asked over HTTPS. The certificate is not verified: it names another host than this one."`
	Timeout time.Duration `default:"3s" env:"-" help:"How long to wait for the answer."`
}

// Run implements `handout health`.
func (c *healthCommand) Run() error {
	address, err := c.url()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	var said struct{ Status, Detail any }
	if err := json.NewDecoder(response.Body).Decode(&said); err != nil {
		return fmt.Errorf("%s answers %s and no JSON: %w", address, response.Status, err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%v", said.Detail)
	}
	fmt.Println("ready")
	return nil
}

// url is where the server is asked: one that listens on all addresses, on this
// machine's own.
func (c *healthCommand) url() (string, error) {
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return "", fmt.Errorf("--listen: %w", err)
	}
	if strings.HasSuffix(c.Listen, ":0") {
		return "", errors.New("--listen names no port")
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	scheme := "http"
	if c.TLSCert != "" {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, port) + "/readyz", nil
}

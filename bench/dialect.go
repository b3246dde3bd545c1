package main

import (
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
)

// dialect is how a server takes files and gives them back.
type dialect interface {
	// enter prepares one run; what that costs is not measured.
	enter(c *connection) (visit, error)
}

// visit is one run against one server. It may be used by several connections
// at once.
type visit interface {
	// put uploads the body and returns what get knows the file by.
	put(c *connection, body payload) (file string, err error)
	// get downloads the file into the writer, which may be nil.
	get(c *connection, file string, into io.Writer) error
}

// bareDialect is how the baselines are spoken to.
type bareDialect struct{ files atomic.Int64 }

func (d *bareDialect) enter(*connection) (visit, error) { return d, nil }

func (d *bareDialect) put(c *connection, body payload) (string, error) {
	path := "/" + strconv.FormatInt(d.files.Add(1), 10)
	_, err := c.do(request{method: http.MethodPut, path: path, body: body, want: http.StatusCreated}, nil)
	return path, err
}

func (d *bareDialect) get(c *connection, file string, into io.Writer) error {
	_, err := c.do(request{method: http.MethodGet, path: file, want: http.StatusOK}, into)
	return err
}

package s3blob

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"
)

// Place is where a bucket is, and what of it is the store's.
type Place struct {
	Bucket   string
	Prefix   string // "", or one that ends with "/"
	Endpoint string // host, or host:port
	Insecure bool   // over plain HTTP
	Region   string // "" asks the server
}

// ParsePlace reads s3://bucket/prefix?endpoint=…&region=…. The endpoint is a host, or
// an http:// or https:// URL of one; without it, Amazon's.
func ParsePlace(text string) (Place, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "s3" || u.Host == "" || u.User != nil || u.Port() != "" || u.Fragment != "" {
		return Place{}, errors.New("it must be s3://BUCKET or s3://BUCKET/PREFIX, with credentials elsewhere")
	}
	p := Place{Bucket: u.Host, Prefix: strings.Trim(u.Path, "/"), Endpoint: "s3.amazonaws.com"}
	if p.Prefix != "" {
		p.Prefix += "/"
	}
	for name, values := range u.Query() {
		switch name {
		case "region":
			p.Region = values[0]
		case "endpoint":
			if err := p.setEndpoint(values[0]); err != nil {
				return Place{}, err
			}
		default:
			return Place{}, fmt.Errorf("there is no option %q: endpoint and region are", name)
		}
	}
	return p, nil
}

func (p *Place) setEndpoint(text string) error {
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.Trim(u.Path, "/") != "" || u.User != nil {
		return errors.New("the endpoint must be HOST, HOST:PORT, or http://… or https://… of one")
	}
	p.Endpoint, p.Insecure = u.Host, u.Scheme == "http"
	return nil
}

// Config says what a Store works with. Manifest and Spool are required.
type Config struct {
	Place
	Manifest Manifest
	// Spool is a directory for bytes that are not in the bucket yet; it is made if it
	// is not there. Files in it have no name, so they go with the process.
	Spool string
	// SpoolBytes bounds them; zero means 8 GiB.
	SpoolBytes int64
	// Largest is how many bytes a blob may have: from that follows how large the
	// segments of large ones are. Zero means 5 TiB.
	Largest int64
	// Sending is how many objects are sent at a time; zero means 32.
	Sending int
	// Patience is how long a request is repeated that fails for no fault of its own;
	// zero means 20 seconds.
	Patience time.Duration
	// OrphanAge is how old an object must be that no manifest knows before it goes:
	// longer than any write takes. Zero means an hour.
	OrphanAge time.Duration
	// Joins, if set, has the segments of whole blobs joined into one object each, so
	// that SignedURL can name it.
	Joins Joins
	// Observer hears of the requests; nil means nobody does.
	Observer Observer
	// Log may be nil: discard.
	Log *slog.Logger
}

// Observer hears of what is asked of the bucket. Its methods return at once, and are
// called by many goroutines.
type Observer interface {
	// Asked hears of a request of that kind (see Kinds), how long it took to be
	// answered, and whether it failed.
	Asked(kind string, took time.Duration, failed bool)
	// AskedAgain hears of a request that is made once more.
	AskedAgain(kind string)
	// Moved hears of n bytes that were sent or received.
	Moved(kind string, n int64)
}

// Kinds of requests, as an Observer hears of them.
const (
	kindPut    = "put"
	kindGet    = "get"
	kindRemove = "remove"
	kindList   = "list"
	kindHead   = "head"
	kindCopy   = "copy" // and what else joining needs
)

// Kinds returns the kinds of requests.
func Kinds() []string { return []string{kindPut, kindGet, kindRemove, kindList, kindHead, kindCopy} }

type nobody struct{}

func (nobody) Asked(string, time.Duration, bool) {}
func (nobody) AskedAgain(string)                 {}
func (nobody) Moved(string, int64)               {}

func (c *Config) setDefaults() {
	if c.SpoolBytes == 0 {
		c.SpoolBytes = 8 << 30
	}
	if c.Largest == 0 {
		c.Largest = 5 << 40
	}
	if c.Sending == 0 {
		c.Sending = 32
	}
	if c.Patience == 0 {
		c.Patience = 20 * time.Second
	}
	if c.OrphanAge == 0 {
		c.OrphanAge = time.Hour
	}
	if c.Observer == nil {
		c.Observer = nobody{}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
}

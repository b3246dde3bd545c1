package signal

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// options are what an address of Redis may say behind its "?", and what is
// wrong with a value.
var options = map[string]func(string) error{
	"addr": checkHostPort, "connect_timeout": checkDuration, "io_timeout": checkDuration,
	"tls_enabled": checkBool, "force_resp2": checkBool,
	"sentinel_master_name": anything, "sentinel_user": anything, "sentinel_password": anything, "sentinel_tls_enabled": checkBool,
}

// CheckRedisURL returns what is wrong with an address of Redis. No error repeats what
// the address says: what is at a wrong place in it may be the password.
func CheckRedisURL(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return errors.New("not a URL")
	}
	sentinel := false
	switch u.Scheme {
	case "redis", "rediss", "redis+cluster":
	case "redis+sentinel", "rediss+sentinel":
		sentinel = true
	default:
		return errors.New("must begin with redis://, rediss://, redis+sentinel://, rediss+sentinel:// or redis+cluster://")
	}
	if u.Host == "" {
		return errors.New("names no host")
	}
	if err := checkHostPort(u.Host); err != nil {
		return err
	}
	if u.Fragment != "" {
		return errors.New("must not have a #: in a password it is %23")
	}
	if number := strings.TrimPrefix(u.Path, "/"); u.Path != "" {
		if _, err := strconv.Atoi(number); err != nil {
			return errors.New("must have a number behind the host, or nothing: it is the database's")
		}
		if u.Scheme == "redis+cluster" {
			return errors.New("must not name a database: a Redis Cluster has one")
		}
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return errors.New("not a URL")
	}
	if (query.Get("sentinel_master_name") != "") != sentinel {
		if sentinel {
			return errors.New("must say ?sentinel_master_name=…")
		}
		return errors.New("must begin with redis+sentinel:// or rediss+sentinel:// where it says sentinel_master_name")
	}
	if query.Has("addr") && !sentinel && u.Scheme != "redis+cluster" {
		return errors.New("names several servers: is it of sentinels (redis+sentinel://) or of a Redis Cluster (redis+cluster://)?")
	}
	return checkOptions(query)
}

func checkOptions(query url.Values) error {
	for name, values := range query {
		check, known := options[name]
		if !known {
			return errors.New("must say nothing behind its ? but addr, tls_enabled, force_resp2, connect_timeout, io_timeout and sentinel_…; in a password ? is %3F and & is %26")
		}
		for _, value := range values {
			if err := check(value); err != nil {
				return fmt.Errorf("says %s, which %w", name, err)
			}
		}
	}
	return nil
}

func anything(string) error { return nil }

func checkHostPort(text string) error {
	host, port, err := net.SplitHostPort(text)
	if n, wrong := strconv.ParseUint(port, 10, 16); err != nil || wrong != nil || n == 0 || host == "" || strings.ContainsAny(host, "/@?#") {
		return errors.New("must name its servers as host:port, with user and password before the first alone")
	}
	return nil
}

func checkDuration(text string) error {
	if d, err := time.ParseDuration(text); err != nil || d <= 0 {
		return errors.New("must be a time such as 2s")
	}
	return nil
}

func checkBool(text string) error {
	if _, err := strconv.ParseBool(text); err != nil {
		return errors.New("must be true or false")
	}
	return nil
}

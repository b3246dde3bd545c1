package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const pushPassword = "MarkedPushPassword4711"

// TestAnAddressOfRedisIsChecked, and none of its words are repeated.
func TestAnAddressOfRedisIsChecked(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	node := nodeFlags{NodeListen: "127.0.0.1:1"}
	at := func(address string) serveCommand {
		return serveCommand{nodeFlags: node, pushFlags: pushFlags{Push: address}}
	}
	for name, c := range map[string]struct {
		command serveCommand
		want    string // in what it says; "" for nothing
	}{
		"memory":               {serveCommand{}, ""},
		"a node":               {serveCommand{nodeFlags: node, pushFlags: pushFlags{Push: "redis://u:" + pushPassword + "@127.0.0.1:6379/1"}}, ""},
		"over TLS":             {serveCommand{nodeFlags: node, pushFlags: pushFlags{Push: "rediss://redis.internal:6379"}}, ""},
		"sentinels":            {serveCommand{nodeFlags: node, pushFlags: pushFlags{Push: "redis+sentinel://a:26379?sentinel_master_name=m&addr=b:26379"}}, ""},
		"a cluster of Redis":   {serveCommand{nodeFlags: node, pushFlags: pushFlags{Push: "redis+cluster://a:6379?addr=b:6379"}}, ""},
		"no node":              {serveCommand{pushFlags: pushFlags{Push: "redis://127.0.0.1:6379"}}, "--node-listen"},
		"a node without":       {serveCommand{nodeFlags: node}, "--push"},
		"both":                 {serveCommand{nodeFlags: node, pushFlags: pushFlags{Push: "redis://a:1", PushFile: empty}}, "name one"},
		"an empty file":        {serveCommand{nodeFlags: node, pushFlags: pushFlags{PushFile: empty}}, "is empty"},
		"another database":     {serveCommand{nodeFlags: node, pushFlags: pushFlags{Push: "mysql://u:" + pushPassword + "@a:1"}}, "redis://"},
		"no host":              {serveCommand{nodeFlags: node, pushFlags: pushFlags{Push: "redis://"}}, "no host"},
		"no URL":               {serveCommand{nodeFlags: node, pushFlags: pushFlags{Push: "redis://u:" + pushPassword + "%zz@a:1"}}, "not a URL"},
		"no number":            {serveCommand{nodeFlags: node, pushFlags: pushFlags{Push: "redis://a:1/one"}}, "number"},
		"sentinels of nothing": {serveCommand{nodeFlags: node, pushFlags: pushFlags{Push: "redis+sentinel://a:26379"}}, "sentinel_master_name"},
		"all that may be said": {at("rediss+sentinel://u:" + pushPassword + "@a:26379/1?sentinel_master_name=m&addr=b:26379&sentinel_user=u&sentinel_password=" + pushPassword + "&connect_timeout=1s&io_timeout=2s&tls_enabled=true"), ""},
		"no port":              {at("redis://u:" + pushPassword + "@a"), "host:port"},
		"a password's #":       {at("redis://u:6379#" + pushPassword + "@a:1"), "%23"},
		"a password's ?":       {at("redis://u:6379?" + pushPassword + "@a:1"), "%3F"},
		"a password's /":       {at("redis://u:6379/" + pushPassword + "@a:1"), "number"},
		"a user more":          {at("redis+cluster://a:1?addr=u:" + pushPassword + "@b:2"), "before the first alone"},
		"a URL more":           {at("redis+cluster://a:1?addr=redis://u:" + pushPassword + "@b:2"), "host:port"},
		"another's sentinels":  {at("redis://a:1?sentinel_master_name=" + pushPassword), "redis+sentinel://"},
		"several":              {at("redis://a:1?addr=b:2"), "several"},
		"a cluster's database": {at("redis+cluster://a:1/1"), "must not name a database"},
		"no time":              {at("redis://a:1?io_timeout=" + pushPassword), "io_timeout"},
		"neither true nor not": {at("redis+cluster://a:1?tls_enabled=" + pushPassword), "tls_enabled"},
	} {
		err := c.command.checkPush()
		switch {
		case err == nil && c.want != "":
			t.Errorf("%s: nothing is wrong", name)
		case err != nil && (c.want == "" || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), pushPassword)):
			t.Errorf("%s: %v", name, err)
		}
	}
}

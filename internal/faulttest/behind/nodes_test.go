package behind_test

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/handout-rtc/handout/internal/enginetest"
	"github.com/handout-rtc/handout/internal/faulttest"
)

func TestMain(m *testing.M) { enginetest.Exit(m.Run()) }

// startBalancer starts Caddy on deploy/cluster/Caddyfile before three nodes.
func startBalancer(t *testing.T, nodes []*faulttest.Node, address string) *proxy {
	program := enginetest.Debian(t, "caddy", "usr/bin/caddy")
	dir := t.TempDir()
	certificate := faulttest.Certify(t, dir, name, 1)
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	others := map[string]string{
		"{$SITE:" + name + "} {\n": name + ":" + port + " {\n\tbind 127.0.0.1\n\ttls " + certificate.File + " " + certificate.Key + "\n",
	}
	for i, node := range nodes {
		others[fmt.Sprintf("node%d:8080", i+1)] = strings.TrimPrefix(node.URL(), "http://")
	}
	own := deployed(t, filepath.Join("cluster", "Caddyfile"), others)
	write(t, filepath.Join(dir, "Caddyfile"), "{\n\tadmin off\n\tauto_https disable_redirects\n\tstorage file_system "+dir+"\n}\n"+own)
	start(t, address, program, "run", "--config", filepath.Join(dir, "Caddyfile"), "--adapter", "caddyfile")
	return &proxy{address: address, passes: true, roots: certificate.Roots}
}

// TestBehindACluster has everything go through the balancer of deploy/cluster, which
// sends each request to another node; and again when a node has died.
func TestBehindACluster(t *testing.T) {
	t.Parallel()
	s := &stand{journal: faulttest.NewJournal(t)}
	address := faulttest.FreeAddress(t)
	cluster := faulttest.StartCluster(t, faulttest.ClusterConfig{
		Path: faulttest.Build(t), Engines: faulttest.SharedEngines(t), Args: behind(address), Journal: s.journal,
	})
	s.proxy = startBalancer(t, cluster.Nodes, address)
	s.people(t, cluster.URL(), false)
	s.wantVersion(t, "HTTP/1.1")
	s.everything(t, false)
	cluster.Nodes[1].Kill(t)
	file := faulttest.File{Name: "after a death", Size: 5 * mib, Seed: 8}
	id, err := s.ana.Send(t.Context(), file, everybody)
	if err != nil {
		t.Fatal(err)
	}
	if sum, err := s.bo.Receive(t.Context(), id); err != nil || sum != file.SHA256() {
		t.Errorf("it reads %s, %v", sum, err)
	}
	cluster.Nodes[1].Restart(t)
	s.journal.Over()
	cluster.Verdict(t, faulttest.Rules{}, s.room)
}

package behind_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/enginetest"
	"github.com/handout-rtc/handout/internal/faulttest"
)

// name is the host's in the files of deploy/.
const name = "share.example"

const patience = 20 * time.Second

// proxy is a reverse proxy at work before a server.
type proxy struct {
	address string // where it takes HTTPS
	plain   string // where it takes HTTP; empty if that is not tested
	roots   *x509.CertPool
	passes  bool // responses 104 on
}

// starter starts a kind of proxy before a server at that address, with HTTPS at
// another one.
type starter func(t *testing.T, server, address string) *proxy

var proxies = map[string]starter{"nginx": startNginx, "Caddy": startCaddy}

func startNginx(t *testing.T, server, address string) *proxy {
	program := enginetest.Debian(t, "nginx", "usr/sbin/nginx")
	dir := t.TempDir()
	certificate := faulttest.Certify(t, dir, name, 1)
	p := &proxy{address: address, plain: faulttest.FreeAddress(t), roots: certificate.Roots}
	own := deployed(t, "nginx.conf", map[string]string{
		"listen 443 ssl http2;":       "listen " + address + " ssl http2;",
		"listen 80;":                  "listen " + p.plain + ";",
		"server 127.0.0.1:8080;":      "server " + server + ";",
		"/etc/ssl/share.example.pem;": certificate.File + ";",
		"/etc/ssl/share.example.key;": certificate.Key + ";",
	})
	write(t, filepath.Join(dir, "handout.conf"), own)
	var around strings.Builder
	around.WriteString("daemon off;\npid nginx.pid;\nevents {}\nhttp {\naccess_log off;\n")
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		around.WriteString(kind + "_temp_path " + filepath.Join(dir, kind) + ";\n")
	}
	around.WriteString("include handout.conf;\n}\n")
	if os.Getuid() == 0 { // or its workers may not read the test's directory
		write(t, filepath.Join(dir, "nginx.conf"), "user root;\n"+around.String())
	} else {
		write(t, filepath.Join(dir, "nginx.conf"), around.String())
	}
	start(t, address, program, "-p", dir, "-c", filepath.Join(dir, "nginx.conf"), "-e", "stderr")
	return p
}

func startCaddy(t *testing.T, server, address string) *proxy {
	program := enginetest.Debian(t, "caddy", "usr/bin/caddy")
	dir := t.TempDir()
	certificate := faulttest.Certify(t, dir, name, 1)
	p := &proxy{address: address, passes: true, roots: certificate.Roots}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	// A certificate of its own it gets for names that the world knows alone.
	own := deployed(t, "Caddyfile", map[string]string{
		name + " {\n":                    name + ":" + port + " {\n\tbind 127.0.0.1\n\ttls " + certificate.File + " " + certificate.Key + "\n",
		"reverse_proxy 127.0.0.1:8080 {": "reverse_proxy " + server + " {",
	})
	write(t, filepath.Join(dir, "Caddyfile"), "{\n\tadmin off\n\tauto_https disable_redirects\n\tstorage file_system "+dir+"\n}\n"+own)
	start(t, address, program, "run", "--config", filepath.Join(dir, "Caddyfile"), "--adapter", "caddyfile")
	return p
}

// deployed returns a file of deploy/ with other addresses and paths. Each must be
// in it once, so that the test knows what it runs.
func deployed(t *testing.T, file string, others map[string]string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "deploy", file))
	if err != nil {
		t.Fatal(err)
	}
	own := string(text)
	for from, to := range others {
		if n := strings.Count(own, from); n != 1 {
			t.Fatalf("deploy/%s has %q %d times", file, from, n)
		}
		own = strings.Replace(own, from, to, 1)
	}
	return own
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// start runs a proxy until the end of the test and returns when it takes
// connections.
func start(t *testing.T, address, program string, args ...string) {
	t.Helper()
	var said bytes.Buffer
	process := exec.Command(program, args...)
	process.Stdout, process.Stderr = &said, &said
	process.Env = append(os.Environ(), "HOME="+t.TempDir())
	process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // its workers end with it
	if err := process.Start(); err != nil {
		t.Skipf("%s does not run here: %v", program, err)
	}
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		process.Wait()
	}()
	t.Cleanup(func() {
		syscall.Kill(-process.Process.Pid, syscall.SIGKILL)
		<-exited
		if t.Failed() {
			t.Logf("%s said:\n%s", program, said.String())
		}
	})
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return
		}
		select {
		case <-exited:
			t.Fatalf("%s ended at its start:\n%s", program, said.String())
		default:
		}
		if time.Now().After(end) {
			t.Fatalf("%s does not listen", program)
		}
	}
}

// urlOf is what clients of a proxy at an address call it.
func urlOf(address string) string {
	return "https://" + name + address[strings.LastIndex(address, ":"):]
}

// way is a transport through the proxy, from an address on loopback, over HTTP/2 or
// over HTTP/1.1.
func (p *proxy) way(t *testing.T, from string, http2 bool) *http.Transport {
	t.Helper()
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: p.roots},
		ForceAttemptHTTP2: http2,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "tcp", p.address)
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

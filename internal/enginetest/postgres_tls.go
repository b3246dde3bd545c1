package enginetest

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// A role that a server of NewPostgresTLS lets in over TLS alone, by its password.
const (
	SecureRole     = "secured"
	SecurePassword = "MarkedPasswordOverTLS4711"
)

// NewPostgresTLS starts a server that also speaks TLS. Stop stops it. Without
// PostgreSQL it is exec.ErrNotFound.
func NewPostgresTLS() (*Postgres, error) {
	a, err := ownAuthority()
	if err != nil {
		return nil, err
	}
	p, err := newPostgres(func(p *Postgres) error {
		// It is reached by an address too that is not in its certificate.
		p.more = []string{"-c", "listen_addresses=127.0.0.1,127.0.0.2", "-c", "ssl=on", "-c", "ssl_cert_file=server.crt", "-c", "ssl_key_file=server.key"}
		rules := "hostssl all " + SecureRole + " 127.0.0.1/32 scram-sha-256\nhost all " + SecureRole + " all reject\nhost all all 127.0.0.1/32 trust\n"
		data := filepath.Join(p.dir, "data")
		return errors.Join(a.certificate(data, p.as), os.WriteFile(filepath.Join(data, "pg_hba.conf"), []byte(rules), 0o644))
	})
	if err != nil {
		return nil, err
	}
	return p, p.execute("postgres", "CREATE ROLE "+SecureRole+" LOGIN PASSWORD '"+SecurePassword+"'")
}

// SecureDatabase returns the URL of a new, empty database of SecureRole, without
// anything of TLS.
func (p *Postgres) SecureDatabase(t testing.TB) string {
	t.Helper()
	database, err := p.create("template0 OWNER " + SecureRole)
	if err != nil {
		t.Fatal(err)
	}
	return "postgres://" + SecureRole + ":" + SecurePassword + "@" + p.Address() + "/" + database
}

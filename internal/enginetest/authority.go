package enginetest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// authority is a certificate authority of the tests' own, with one certificate for all
// servers on loopback.
type authority struct {
	root      string // the file of its certificate, in PEM
	pool      *x509.CertPool
	cert, key []byte // of the servers, in PEM
}

var ownAuthority = sync.OnceValues(newAuthority)

// Root returns the file of the certificate that those of the TLS servers are signed
// with. From the first of them on this process, and those that it starts, trust it
// where they would trust what the system does (SSL_CERT_FILE).
func Root() (string, error) {
	a, err := ownAuthority()
	if err != nil {
		return "", err
	}
	return a.root, nil
}

func newAuthority() (*authority, error) {
	dir, err := os.MkdirTemp("", "handout-authority-")
	if err != nil {
		return nil, err
	}
	atStop(func() error { return os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { // other users' servers read it
		return nil, err
	}
	a := &authority{root: filepath.Join(dir, "root.pem"), pool: x509.NewCertPool()}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "tests"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return nil, err
	}
	root, err := x509.ParseCertificate(signed)
	if err != nil {
		return nil, err
	}
	a.pool.AddCert(root)
	if err := a.certify(root, private); err != nil {
		return nil, err
	}
	if err := os.WriteFile(a.root, encoded("CERTIFICATE", signed), 0o644); err != nil {
		return nil, err
	}
	return a, os.Setenv("SSL_CERT_FILE", a.root)
}

// certify makes the certificate of the servers.
func (a *authority) certify(root *x509.Certificate, by *ecdsa.PrivateKey) error {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	key, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	signed, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "localhost"},
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: root.NotBefore, NotAfter: root.NotAfter,
		// Servers of one cluster are clients of each other.
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, root, private.Public(), by)
	a.cert, a.key = encoded("CERTIFICATE", signed), encoded("PRIVATE KEY", key)
	return err
}

func encoded(kind string, bytes []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes})
}

// certificate writes server.crt and server.key into the directory of a server that
// runs as that user, the tests' own if it is nil.
func (a *authority) certificate(dir string, as *syscall.Credential) error {
	var errs []error
	for name, text := range map[string][]byte{"server.crt": a.cert, "server.key": a.key} {
		file := filepath.Join(dir, name)
		errs = append(errs, os.WriteFile(file, text, 0o600))
		if as != nil {
			errs = append(errs, os.Chown(file, int(as.Uid), int(as.Gid)))
		}
	}
	return errors.Join(errs...)
}

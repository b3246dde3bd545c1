package faulttest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Certificate is a certificate with its key, on the disk. It signs itself, and is
// good for an hour.
type Certificate struct {
	File, Key string         // paths of the two, in PEM
	Roots     *x509.CertPool // trusts this certificate and nothing else
}

// Certify makes a certificate of a host's name and writes it to a directory, in the
// place of the one that was made there before.
func Certify(t testing.TB, dir, host string, serial int64) Certificate {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(signed)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	c := Certificate{File: filepath.Join(dir, "certificate.pem"), Key: filepath.Join(dir, "key.pem"), Roots: x509.NewCertPool()}
	c.Roots.AddCert(parsed)
	for path, block := range map[string]*pem.Block{c.File: {Type: "CERTIFICATE", Bytes: signed}, c.Key: {Type: "PRIVATE KEY", Bytes: encoded}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// Flags name the certificate to `handout serve`.
func (c Certificate) Flags() []string { return []string{"--tls-cert", c.File, "--tls-key", c.Key} }

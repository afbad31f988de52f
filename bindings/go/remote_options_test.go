package bouncer_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bouncer-verify.internal/bouncer"
)

func TestInvalidRemoteOptionsAreRejected(t *testing.T) {
	const url = "https://keys.invalid/"
	for name, options := range map[string]bouncer.RemoteOptions{
		"no source":          {},
		"two sources":        {URL: url, Discover: url},
		"not a URL":          {URL: "keys"},
		"not UTF-8":          {URL: url + "\xff"},
		"issuer not UTF-8":   {Discover: url + "\xff"},
		"file not UTF-8":     {URL: url, LastGoodFile: "\xff"},
		"CA file not UTF-8":  {URL: url, CAFile: "\xff"},
		"credentials":        {URL: "https://anna:secret@keys.invalid/"},
		"http":               {URL: "http://keys.invalid/"},
		"issuer over http":   {Discover: "http://keys.invalid/"},
		"not a proxy":        {URL: url, Proxy: "://"},
		"a SOCKS proxy":      {URL: url, Proxy: "socks5://proxy.invalid:3128"},
		"TTL below zero":     {URL: url, TTL: -1},
		"TTL too short":      {URL: url, TTL: 999 * time.Millisecond},
		"stale below zero":   {URL: url, MaxStale: -1},
		"timeout below zero": {URL: url, Timeout: -1},
		"timeout too long":   {URL: url, Timeout: time.Hour},
		"wait too long":      {URL: url, MaxWait: time.Hour},
		"TTL of centuries":   {URL: url, TTL: 1<<63 - 1},
	} {
		options.Lazy = true
		keys, err := bouncer.NewRemoteJWKS(options)
		if keys != nil {
			t.Error(name, "is accepted")
		}
		expectError(t, err, bouncer.ErrInvalidArgument)
	}
	for name, options := range map[string]bouncer.RemoteOptions{
		"https":          {URL: url},
		"issuer":         {Discover: url},
		"http to itself": {URL: "http://localhost/"},
		"http":           {URL: "http://keys.invalid/", AllowHTTP: true},
		"durations": {
			URL: url, TTL: time.Second, MaxStale: time.Hour, Timeout: time.Nanosecond, MaxWait: 5 * time.Minute, Proxy: "none",
		},
	} {
		options.Lazy = true
		if _, err := bouncer.NewRemoteJWKS(options); err != nil {
			t.Error(name, err)
		}
	}
}

func TestASeedIsUsedUntilTheFirstFetch(t *testing.T) {
	issuer := newSigners(t, "a", "b")
	server := startKeyServer(t, failing(http.StatusServiceUnavailable))
	keys := startRemote(t, bouncer.RemoteOptions{URL: server.URL, Seed: issuer.jwks(t, "a")})
	verifier := remoteVerifier(t, keys)
	expectAnna(t)(verifier.Verify(issuer.token(t, "a")))
	if err := keys.WaitReady(soon(t)); err != nil {
		t.Error(err)
	}
	status := must(keys.Stats())(t)
	if status.State != bouncer.KeysStale || !status.LastSuccessAt.IsZero() || status.Generation != 1 {
		t.Errorf("%+v", status)
	}
	server.handleWith(document(issuer.jwks(t, "b")))
	if err := keys.Refresh(soon(t)); err != nil {
		t.Error(err)
	}
	expectAnna(t)(verifier.Verify(issuer.token(t, "b")))

	_, err := bouncer.NewRemoteJWKS(bouncer.RemoteOptions{URL: server.URL, Seed: "{}"})
	expectError(t, err, bouncer.ErrMalformedJWKSet)
	_, err = bouncer.NewRemoteJWKS(bouncer.RemoteOptions{URL: server.URL, Seed: `{"keys":[]}`})
	expectError(t, err, bouncer.ErrNoUsableKey)
}

func TestTheLastGoodFileSurvivesARestart(t *testing.T) {
	issuer := newSigners(t, "a")
	server := startKeyServer(t, document(issuer.jwks(t, "a")))
	file := filepath.Join(t.TempDir(), "keys.json")
	options := bouncer.RemoteOptions{URL: server.URL, LastGoodFile: file}
	keys := startRemote(t, options)
	first := eventuallyStatus(t, keys, "an attempt", func(s bouncer.KeysStats) bool { return s.Attempts == 1 })
	// Callers that wait for the keys return before the file is written. So wait for the file before
	// Close.
	eventually(t, "the file", func() bool { _, err := os.Stat(file); return err == nil })
	_ = keys.Close()
	if information := must(os.Stat(file))(t); information.Mode().Perm() != 0o600 || first.LastGoodError != "" {
		t.Error(information.Mode(), first.LastGoodError)
	}

	server.handleWith(failing(http.StatusServiceUnavailable))
	keys = startRemote(t, options)
	expectAnna(t)(remoteVerifier(t, keys).Verify(issuer.token(t, "a")))
	status := must(keys.Stats())(t)
	// The issuer confirmed the keys a moment ago, so the file is fresh.
	if status.State != bouncer.KeysFresh || status.SHA256 != first.SHA256 || !status.LastSuccessAt.Equal(first.LastSuccessAt) {
		t.Errorf("%+v", status)
	}

	options.LastGoodFile = filepath.Join(file, "no folder")
	options.Lazy = true
	if status := must(startRemote(t, options).Stats())(t); status.LastGoodError == "" || status.State != bouncer.KeysEmpty {
		t.Errorf("%+v", status)
	}
}

func TestLazyRemoteKeysFetchAtTheFirstToken(t *testing.T) {
	issuer := newSigners(t, "a")
	server := startKeyServer(t, document(issuer.jwks(t, "a")))
	keys := startRemote(t, bouncer.RemoteOptions{URL: server.URL, Lazy: true, MaxWait: 20 * time.Second, Logger: discard})
	time.Sleep(50 * time.Millisecond)
	server.expectHits(t, 0)
	expectAnna(t)(remoteVerifier(t, keys).Verify(issuer.token(t, "a")))
	server.expectHits(t, 1)
}

func TestAnIssuerIsDiscovered(t *testing.T) {
	issuer := newSigners(t, "a")
	server := startKeyServer(t, nil)
	named := server.URL
	server.handleWith(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/.well-known/openid-configuration":
			document(asJSON(map[string]string{"issuer": named, "jwks_uri": server.URL + "/keys"}))(w, r)
		case "/keys":
			document(issuer.jwks(t, "a"))(w, r)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	})
	keys := startRemote(t, bouncer.RemoteOptions{Discover: server.URL})
	waitReady(t, keys)
	expectAnna(t)(remoteVerifier(t, keys).Verify(issuer.token(t, "a")))
	server.expectHits(t, 2)
	if status := must(keys.Stats())(t); status.Source != server.URL {
		t.Errorf("%+v", status)
	}

	// The metadata names another issuer.
	keys = startRemote(t, bouncer.RemoteOptions{Discover: server.URL + "/"})
	status := eventuallyStatus(t, keys, "an attempt", func(s bouncer.KeysStats) bool { return s.Attempts > 0 })
	if status.LastErrorName != "issuer" || status.State != bouncer.KeysEmpty {
		t.Errorf("%+v", status)
	}
	// Waiting does not help, whether the failure is known when the wait begins or not.
	lazy := startRemote(t, bouncer.RemoteOptions{Discover: server.URL + "/", Lazy: true})
	for _, wait := range []func(context.Context) error{
		keys.WaitReady, lazy.WaitReady, remoteVerifier(t, keys).WaitReady,
	} {
		err := wait(soon(t))
		if expectError(t, err, bouncer.ErrKeysUnavailable); errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "issuer") {
			t.Error(err)
		}
	}
}

func TestRedirectsAreFollowedOnlyIfAllowed(t *testing.T) {
	issuer := newSigners(t, "a")
	server := startKeyServer(t, nil)
	server.handleWith(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/old" {
			http.Redirect(w, r, "/new", http.StatusFound)
			return
		}
		document(issuer.jwks(t, "a"))(w, r)
	})
	keys := startRemote(t, bouncer.RemoteOptions{URL: server.URL + "/old"})
	status := eventuallyStatus(t, keys, "an attempt", func(s bouncer.KeysStats) bool { return s.Attempts > 0 })
	if status.LastErrorName != "redirect" {
		t.Errorf("%+v", status)
	}
	waitReady(t, startRemote(t, bouncer.RemoteOptions{URL: server.URL + "/old", SameOriginRedirects: true}))
}

func TestTheProxyIsUsedOnlyForOtherMachines(t *testing.T) {
	proxy := startKeyServer(t, failing(http.StatusForbidden))
	for _, options := range []bouncer.RemoteOptions{
		{URL: "http://keys.invalid/", AllowHTTP: true, Proxy: proxy.URL},
		{URL: "http://127.0.0.1:1/", Proxy: proxy.URL}, // requests to this machine never use a proxy
	} {
		before := proxy.hits.Load()
		keys := startRemote(t, options)
		eventuallyStatus(t, keys, "an attempt", func(s bouncer.KeysStats) bool { return s.Attempts > 0 })
		used := proxy.hits.Load() > before
		if other := must(url.Parse(options.URL))(t).Hostname() == "keys.invalid"; used != other {
			t.Errorf("%s uses the proxy: %v", options.URL, used)
		}
		_ = keys.Close()
	}
}

func TestTheAuthoritiesOfACAFileAreTrusted(t *testing.T) {
	issuer := newSigners(t, "a")
	authority, certificate := newCertificate(t)
	server := newKeyServer(document(issuer.jwks(t, "a")))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	server.Config.ErrorLog = silent // the first handshake must fail
	server.StartTLS()
	t.Cleanup(server.Close)

	keys := startRemote(t, bouncer.RemoteOptions{URL: server.URL})
	status := eventuallyStatus(t, keys, "an attempt", func(s bouncer.KeysStats) bool { return s.Attempts > 0 })
	if status.LastErrorName != "tls" {
		t.Errorf("%+v", status)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, authority, 0o600); err != nil {
		t.Fatal(err)
	}
	keys = startRemote(t, bouncer.RemoteOptions{URL: server.URL, CAFile: file})
	waitReady(t, keys)
	expectAnna(t)(remoteVerifier(t, keys).Verify(issuer.token(t, "a")))
}

// newCertificate returns a certificate for loopback, and its certificate authority in PEM.
func newCertificate(t testing.TB) (authority []byte, certificate tls.Certificate) {
	caKey := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t)
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t)
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: ca.NotBefore, NotAfter: ca.NotAfter,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	caDER := must(x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey))(t)
	der := must(x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, caKey))(t)
	authority = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER})
	return authority, tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

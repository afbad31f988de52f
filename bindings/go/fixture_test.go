package bouncer_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"bouncer-verify.internal/bouncer"
)

// The key set and token of the DC/OS document "Managing JSON Web Tokens". The "uid" of the token is
// "peter", and it expired in 2016.
const (
	documentJWKS  = `{"keys": [{"kty": "RSA", "n": "sybUYxu3TXxXAgG_Eq72tKxE7xhGFgL14g5OGryDtE5dBL8frAoSsI4D7tSKR2pLbOlT68YJbYLUHxoju0E_NB9htjKEsay4t3WXoXQ-XsDM4Zz22H6HfDG6CCcvGb2DoQP0R2je1HJDA56_BoR8shZMxHbrX1WgQURtGygMD7bQY95qmHZYRPlq13-pR5Jnu70OMmFlbl-_o-ag1JfndTJPtx75IalCgy_h_itHLDPhdTfypAJeiewCOUZd9nNa1j19M-xeqlZonlRABqiH0e-vQVWCeW5FZ0HJamIjd2VifhRCp0fSAgCdCQdrY6HdI3h6egpn6z4gwkwXBfczww", "kid": "55fb61042768f62ea3b06778c6043f7c8c92769a0c248076a2995dfd50c4acb9", "use": "sig", "alg": "RS256", "e": "AQAB"}]}`
	documentToken = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJleHAiOjE0Njc5ODU0NjYsInVpZCI6InBldGVyIn0.lsLJx2WsX99HF96CizMOcZpMIgbjGDBHvFZCGeNDsM-xZQzHQJHo_UA8WodQ52o8uBJ2CY983DhJdIH2Gfc_fbZtYGvUx-IvQnHFbUBd8qBN0A_4BQHeNINFUKdVQuJsbsW-uVj-w0q3RAFwO5DPPc2ppwIjkeQbgGP1ZN-2-uV6Jow04cdkq4jcODsD1y0v4EmIBPLQil0HU2B95IHtlBNN7haTUkCksXE-43BHy4ErboySeq6VgkwLpw_Pi8n236kZ2-GobSmhA-BpjbkO3uGLHrYUfJjrJyiPM2_PZQMHY80-m5sMMMQ9m1Ciag2Cw74JKGfJ3qMW3j3z2Hm7GQ"
	documentExp   = 1467985466
	documentPEM   = `-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAsybUYxu3TXxXAgG/Eq72
tKxE7xhGFgL14g5OGryDtE5dBL8frAoSsI4D7tSKR2pLbOlT68YJbYLUHxoju0E/
NB9htjKEsay4t3WXoXQ+XsDM4Zz22H6HfDG6CCcvGb2DoQP0R2je1HJDA56/BoR8
shZMxHbrX1WgQURtGygMD7bQY95qmHZYRPlq13+pR5Jnu70OMmFlbl+/o+ag1Jfn
dTJPtx75IalCgy/h/itHLDPhdTfypAJeiewCOUZd9nNa1j19M+xeqlZonlRABqiH
0e+vQVWCeW5FZ0HJamIjd2VifhRCp0fSAgCdCQdrY6HdI3h6egpn6z4gwkwXBfcz
wwIDAQAB
-----END PUBLIC KEY-----
`
)

// documentPolicy sets Time to the last second before documentToken expires.
var documentPolicy = bouncer.Policy{Profile: "dcos", Time: time.Unix(documentExp-1, 0)}

// An issuer signs tokens with keys that are generated once per test run.
type issuer struct {
	rsa     *rsa.PrivateKey
	ecdsa   *ecdsa.PrivateKey
	ed25519 ed25519.PrivateKey
}

var testIssuer = sync.OnceValue(func() issuer {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	ecdsaKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return issuer{rsaKey, ecdsaKey, edKey}
})

// public returns the public key for an algorithm.
func (i issuer) public(algorithm bouncer.Algorithm) crypto.PublicKey {
	switch algorithm {
	case bouncer.ES256:
		return &i.ecdsa.PublicKey
	case bouncer.Ed25519, bouncer.EdDSA:
		return i.ed25519.Public()
	default:
		return &i.rsa.PublicKey
	}
}

// jwks returns a set of the keys for the algorithms.
func (i issuer) jwks(t testing.TB, algorithms ...bouncer.Algorithm) *bouncer.JWKSet {
	var keys []*bouncer.JWK
	for _, algorithm := range algorithms {
		keys = append(keys, must(bouncer.JWKFromPublicKey(i.public(algorithm)))(t))
	}
	return must(bouncer.NewJWKSet(keys...))(t)
}

// sign returns a token with this header and payload, both in JSON.
func (i issuer) sign(t testing.TB, algorithm bouncer.Algorithm, header, payload string) string {
	input := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." +
		base64.RawURLEncoding.EncodeToString([]byte(payload))
	digest := sha256.Sum256([]byte(input))
	var signature []byte
	var err error
	switch algorithm {
	case bouncer.RS256:
		signature, err = rsa.SignPKCS1v15(rand.Reader, i.rsa, crypto.SHA256, digest[:])
	case bouncer.PS256:
		signature, err = rsa.SignPSS(rand.Reader, i.rsa, crypto.SHA256, digest[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	case bouncer.ES256:
		r, s, signErr := ecdsa.Sign(rand.Reader, i.ecdsa, digest[:])
		if err = signErr; err == nil {
			signature = make([]byte, 64)
			r.FillBytes(signature[:32])
			s.FillBytes(signature[32:])
		}
	case bouncer.Ed25519, bouncer.EdDSA:
		signature = ed25519.Sign(i.ed25519, []byte(input))
	default:
		t.Fatalf("cannot sign with %s", algorithm)
	}
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// must returns the value of a call, or ends the test if the call returned an error.
func must[T any](value T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func expectError(t testing.TB, err, expected error) {
	t.Helper()
	if !errors.Is(err, expected) {
		t.Errorf("the error is %v, expected %v", err, expected)
	}
}

func decodeStrictly(text []byte, v any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode(v)
}

func asJSON(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}

// expectNoGrowth fails if the memory of the process grows with each run of use. perRun is the size
// in bytes of the smallest C object that a run could leak.
func expectNoGrowth(t *testing.T, runs, perRun int, use func()) {
	if _, err := os.Stat("/proc/self/statm"); err != nil {
		t.Skip("SKIPPED: the leak test: run it on Linux, because it reads /proc/self/statm")
	}
	if hasRaceDetector() {
		t.Skip("the race detector's own memory grows with the goroutines of other tests")
	}
	for range runs / 4 {
		use()
	}
	// A leak makes each round grow. The Go heap and the goroutines of other tests make single rounds
	// grow.
	var grown int
	for range 3 {
		before := residentBytes(t)
		for range runs {
			use()
		}
		if grown = residentBytes(t) - before; grown <= runs*perRun/2 {
			return
		}
	}
	t.Errorf("memory grew by %d bytes in %d runs, %d bytes per run", grown, runs, grown/runs)
}

// expectCalls fails unless internal/native calls each function of the C header that matches the
// pattern, and none of the others. It returns the text of the header.
func expectCalls(t testing.TB, pattern string, others ...string) string {
	t.Helper()
	const path = "internal/native/bouncer_verify.h"
	header := must(os.ReadFile(path))(t)
	var calls strings.Builder
	for _, file := range must(filepath.Glob("internal/native/*"))(t) {
		if file != path {
			calls.Write(must(os.ReadFile(file))(t))
		}
	}
	declaration := regexp.MustCompile(`(?m)^[a-z].*\b(bouncer_(?:` + pattern + `)\w*)\(`)
	functions := declaration.FindAllStringSubmatch(string(header), -1)
	for _, function := range functions {
		name := function[1]
		if called, expected := strings.Contains(calls.String(), name+"("), !slices.Contains(others, name); called != expected {
			t.Errorf("internal/native calls %s: %v, expected %v", name, called, expected)
		}
	}
	if len(functions) <= len(others) {
		t.Errorf("the header has only %d functions that match %s", len(functions), pattern)
	}
	return string(header)
}

func hasRaceDetector() bool {
	information, _ := debug.ReadBuildInfo()
	return information != nil && slices.Contains(information.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

func residentBytes(t testing.TB) int {
	runtime.GC()
	time.Sleep(10 * time.Millisecond) // cleanups run in another goroutine
	debug.FreeOSMemory()
	statm := string(must(os.ReadFile("/proc/self/statm"))(t))
	return must(strconv.Atoi(strings.Fields(statm)[1]))(t) * os.Getpagesize()
}

package bouncer_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bouncer-verify.internal/bouncer"
)

// A keyServer is an issuer's server on loopback. It counts requests, and a test can replace its
// handler at any time.
type keyServer struct {
	*httptest.Server
	hits    atomic.Int64
	handler atomic.Pointer[http.HandlerFunc]
}

func startKeyServer(t testing.TB, handler http.HandlerFunc) *keyServer {
	server := newKeyServer(handler)
	server.Start()
	t.Cleanup(server.Close)
	return server
}

func newKeyServer(handler http.HandlerFunc) *keyServer {
	server := &keyServer{}
	server.handleWith(handler)
	server.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		server.hits.Add(1)
		(*server.handler.Load())(w, r)
	}))
	return server
}

// handleWith replaces the handler of the server.
func (s *keyServer) handleWith(handler http.HandlerFunc) { s.handler.Store(&handler) }

func (s *keyServer) expectHits(t testing.TB, expected int64) {
	t.Helper()
	if found := s.hits.Load(); found != expected {
		t.Errorf("%d requests, expected %d", found, expected)
	}
}

// document returns a handler that writes this body.
func document(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/jwk-set+json")
		_, _ = w.Write([]byte(body))
	}
}

// A provider is an OpenID Connect provider on loopback. It signs with the RSA key of testIssuer.
type provider struct{ *httptest.Server }

func newProvider() provider {
	key, err := bouncer.JWKFromPublicKey(testIssuer().public(bouncer.RS256))
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	metadata := asJSON(map[string]string{"issuer": server.URL, "jwks_uri": server.URL + "/jwks"})
	mux.Handle("/.well-known/openid-configuration", document(metadata))
	mux.Handle("/jwks", document(`{"keys":[`+key.String()+`]}`))
	return provider{server}
}

// token returns a token for anna that expires in one hour.
func (p provider) token(audience string) string {
	claims := map[string]any{"iss": p.URL, "aud": audience, "sub": "anna", "exp": time.Now().Add(time.Hour).Unix()}
	return testIssuer().sign(nil, bouncer.RS256, `{"alg":"RS256"}`, asJSON(claims))
}

// failing returns a handler that responds with this status.
func failing(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
}

// hanging returns a handler that blocks until release is called, and then calls after. It returns
// early if the client closes its connection.
func hanging(t testing.TB, after http.HandlerFunc) (handler http.HandlerFunc, release func()) {
	gate := make(chan struct{})
	release = func() {
		select {
		case <-gate:
		default:
			close(gate)
		}
	}
	// If the server is already started, release runs before the server's Close, which waits for
	// its handlers.
	t.Cleanup(release)
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-gate:
			after(w, r)
		case <-r.Context().Done():
		}
	}, release
}

// signers contains the private keys of an issuer, by kid.
type signers map[string]ed25519.PrivateKey

func newSigners(t testing.TB, kids ...string) signers {
	all := signers{}
	for _, kid := range kids {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		all[kid] = key
	}
	return all
}

// jwks returns a JWK Set document with the keys of these kids.
func (s signers) jwks(t testing.TB, kids ...string) string {
	var keys []map[string]any
	for _, kid := range kids {
		var key map[string]any
		if err := json.Unmarshal([]byte(must(bouncer.JWKFromPublicKey(s[kid].Public()))(t).String()), &key); err != nil {
			t.Fatal(err)
		}
		key["kid"] = kid
		keys = append(keys, key)
	}
	return asJSON(map[string]any{"keys": keys})
}

// token returns a token for anna that expires in one hour, signed with the key of kid.
func (s signers) token(t testing.TB, kid string) string {
	header := fmt.Sprintf(`{"alg":"EdDSA","kid":%q}`, kid)
	payload := fmt.Sprintf(`{"uid":"anna","exp":%d}`, time.Now().Add(time.Hour).Unix())
	return issuer{ed25519: s[kid]}.sign(t, bouncer.EdDSA, header, payload)
}

// remotePolicy accepts the tokens of signers.
var remotePolicy = bouncer.Policy{Profile: "dcos", Algorithms: []bouncer.Algorithm{bouncer.EdDSA}}

func startRemote(t testing.TB, options bouncer.RemoteOptions) *bouncer.RemoteJWKS {
	t.Helper()
	keys := must(bouncer.NewRemoteJWKS(options))(t)
	t.Cleanup(func() { _ = keys.Close() })
	return keys
}

func remoteVerifier(t testing.TB, keys *bouncer.RemoteJWKS) *bouncer.Verifier {
	t.Helper()
	return must(bouncer.NewVerifier(keys, remotePolicy))(t)
}

// soon returns a context with a timeout of 20 s, for calls that take much less time. Only a busy
// machine needs so long.
func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func waitReady(t testing.TB, keys *bouncer.RemoteJWKS) {
	t.Helper()
	if err := keys.WaitReady(soon(t)); err != nil {
		t.Fatal(err)
	}
}

func expectAnna(t testing.TB) func(*bouncer.VerifiedToken, error) {
	return func(token *bouncer.VerifiedToken, err error) {
		t.Helper()
		if err != nil || token.UID() != "anna" {
			t.Error("the token is rejected, or its uid is not anna:", err)
		}
	}
}

// eventually waits until condition is true. It fails the test after 20 s.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("timed out after 20 s, waiting for:", what)
		}
	}
}

// eventuallyStatus waits until condition is true for the stats, and returns them.
func eventuallyStatus(
	t testing.TB, keys *bouncer.RemoteJWKS, what string, condition func(bouncer.KeysStats) bool,
) bouncer.KeysStats {
	t.Helper()
	var status bouncer.KeysStats
	eventually(t, what, func() bool {
		status = must(keys.Stats())(t)
		return condition(status)
	})
	return status
}

// expectNoMoreGoroutines waits until there are at most as many goroutines as before.
func expectNoMoreGoroutines(t testing.TB, before int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d goroutines, %d before", runtime.NumGoroutine(), before), func() bool {
		return runtime.NumGoroutine() <= before
	})
}

// threads returns the number of threads of this process with this name, or of all threads if name
// is empty.
func threads(t testing.TB, name string) int {
	tasks, _ := filepath.Glob("/proc/self/task/*/comm")
	if len(tasks) == 0 {
		t.Skip("SKIPPED: counting threads: run it on Linux, because it reads /proc/self/task")
	}
	count := 0
	for _, task := range tasks {
		comm, err := os.ReadFile(task)
		if err == nil && (name == "" || strings.TrimSpace(string(comm)) == name) {
			count++
		}
	}
	return count
}

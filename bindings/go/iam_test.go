package bouncer_test

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bouncer-verify.internal/bouncer"
)

const (
	loginPath = "/acs/api/v1/auth/login"
	jwksPath  = "/acs/api/v1/auth/jwks"
	account   = "my-service"
)

// An iam is a test server on loopback that imitates DC/OS's identity and access manager. It has one
// service account, and a service that accepts only the latest token.
type iam struct {
	*httptest.Server
	logins       atomic.Int64
	loginHandler atomic.Pointer[http.HandlerFunc]
	lifetime     atomic.Int64 // the lifetime of new tokens, a time.Duration

	mutex    sync.Mutex
	issued   []string
	requests []string // received by the service: Authorization, method and body
}

func startIAM(t testing.TB) *iam {
	s := newIAM()
	t.Cleanup(s.Close)
	return s
}

func newIAM() *iam {
	s := &iam{}
	s.lifetime.Store(int64(time.Hour))
	s.handleLogins(s.logIn)
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+loginPath, func(w http.ResponseWriter, r *http.Request) {
		s.logins.Add(1)
		// Always read the body: otherwise net/http does not notice that the client has
		// disconnected.
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		(*s.loginHandler.Load())(w, r)
	})
	key, err := bouncer.JWKFromPublicKey(&testIssuer().rsa.PublicKey)
	if err != nil {
		panic(err)
	}
	mux.Handle("GET "+jwksPath, document(`{"keys":[`+key.String()+`]}`))
	mux.HandleFunc("/service", s.serve)
	s.Server = httptest.NewServer(mux)
	return s
}

// handleLogins replaces the handler of logins.
func (s *iam) handleLogins(handler http.HandlerFunc) { s.loginHandler.Store(&handler) }

// logIn handles a login as DC/OS does. The request contains a token that is signed with the
// account's key. The response contains a token that is signed with the issuer's key.
func (s *iam) logIn(w http.ResponseWriter, r *http.Request) {
	var request struct{ UID, Token string }
	body, _ := io.ReadAll(r.Body)
	switch {
	case r.Header.Get("Content-Type") != "application/json":
		w.WriteHeader(http.StatusUnsupportedMediaType)
		return
	case decodeStrictly(body, &request) != nil:
		w.WriteHeader(http.StatusBadRequest)
		return
	case request.UID != account || !isLoginToken(request.Token):
		w.Header().Set("WWW-Authenticate", "acsjwt")
		w.Header().Set("Content-Type", "application/json; charset=UTF-8")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"title": "401 Unauthorized", "description": "Invalid credentials.", "code": "ERR_INVALID_CREDENTIALS"}`)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = io.WriteString(w, asJSON(map[string]string{"token": s.issue()}))
}

func isLoginToken(token string) bool {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return false
	}
	header, _ := base64.RawURLEncoding.DecodeString(parts[0])
	payload, _ := base64.RawURLEncoding.DecodeString(parts[1])
	signature, _ := base64.RawURLEncoding.DecodeString(parts[2])
	var claims struct {
		UID string
		Exp int64
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	left := func() int64 { return claims.Exp - time.Now().Unix() }
	return string(header) == `{"typ":"JWT","alg":"RS256"}` && decodeStrictly(payload, &claims) == nil && claims.UID == account &&
		left() > 0 && left() <= 600 &&
		rsa.VerifyPKCS1v15(&accountKey().PublicKey, crypto.SHA256, digest[:], signature) == nil
}

// issue returns a new token that differs from all earlier tokens.
func (s *iam) issue() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	expiry := time.Now().Add(time.Duration(s.lifetime.Load())).Unix() + int64(len(s.issued))
	payload := fmt.Sprintf(`{"uid":%q,"exp":%d}`, account, expiry)
	token := testIssuer().sign(nil, bouncer.RS256, `{"typ":"JWT","alg":"RS256"}`, payload)
	s.issued = append(s.issued, token)
	return token
}

// revoke makes the service reject all tokens that were issued so far.
func (s *iam) revoke() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.issued = append(s.issued, "revoked")
}

func (s *iam) latest() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if len(s.issued) == 0 {
		return ""
	}
	return s.issued[len(s.issued)-1]
}

// serve handles requests to the service behind the Admin Router.
func (s *iam) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	authorization, latest := r.Header.Get("Authorization"), s.latest()
	s.mutex.Lock()
	s.requests = append(s.requests, authorization+" "+r.Method+" "+string(body))
	s.mutex.Unlock()
	if authorization != "token="+latest && authorization != "Bearer "+latest {
		w.Header().Set("WWW-Authenticate", "acsjwt")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, "<html>log in</html>")
		return
	}
	_, _ = io.WriteString(w, "hello")
}

func (s *iam) seen() []string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return append([]string(nil), s.requests...)
}

func (s *iam) expectLogins(t testing.TB, expected int64) {
	t.Helper()
	if found := s.logins.Load(); found != expected {
		t.Errorf("%d logins, expected %d", found, expected)
	}
}

const keyFolder = "../../tests/data/keys/"

// accountKey is the private key of the service account.
var accountKey = sync.OnceValue(func() *rsa.PrivateKey {
	text, err := os.ReadFile(keyFolder + "rsa-2048-a.pem")
	if err != nil {
		panic(err)
	}
	block, _ := pem.Decode(text)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		panic(err)
	}
	return key.(*rsa.PrivateKey)
})

// secret returns the secret of the service account, with the private key in keyFile.
func (s *iam) secret(t testing.TB, keyFile string) string {
	return s.secretOf(string(must(os.ReadFile(keyFolder + keyFile))(t)))
}

func (s *iam) secretOf(privateKey string) string {
	return asJSON(map[string]string{
		"scheme": "RS256", "uid": account, "private_key": privateKey, "login_endpoint": s.URL + loginPath + "?secret=hunter2",
	})
}

// options returns the options for the service account.
func (s *iam) options(t testing.TB) bouncer.RenewerOptions {
	return bouncer.RenewerOptions{ServiceAccount: s.secret(t, "rsa-2048-a.pem")}
}

func startRenewer(t testing.TB, options bouncer.RenewerOptions) *bouncer.TokenRenewer {
	t.Helper()
	renewer := must(bouncer.NewTokenRenewer(options))(t)
	t.Cleanup(func() { _ = renewer.Close() })
	return renewer
}

// startReady starts a renewer for the account, and waits for its first token.
func (s *iam) startReady(t testing.TB) *bouncer.TokenRenewer {
	t.Helper()
	renewer := startRenewer(t, s.options(t))
	if err := renewer.WaitReady(soon(t)); err != nil {
		t.Fatal(err)
	}
	return renewer
}

func eventuallyRenewal(
	t testing.TB, renewer *bouncer.TokenRenewer, what string, condition func(bouncer.RenewerStats) bool,
) bouncer.RenewerStats {
	t.Helper()
	var status bouncer.RenewerStats
	eventually(t, what, func() bool {
		status = must(renewer.Stats())(t)
		return condition(status)
	})
	return status
}

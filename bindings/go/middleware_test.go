package bouncer_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"bouncer_verify/bouncer"
)

// verifierFunc is a TokenVerifier that is one function.
type verifierFunc func(string) (*bouncer.VerifiedToken, error)

func (f verifierFunc) Verify(token string) (*bouncer.VerifiedToken, error) { return f(token) }

func ask(t *testing.T, handler http.Handler, authorization ...string) *http.Response {
	t.Helper()
	request := httptest.NewRequest("GET", "/", nil)
	for _, value := range authorization {
		request.Header.Add("Authorization", value)
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return recorder.Result()
}

var whoami = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	uid, _ := bouncer.UIDFromContext(r.Context())
	_, _ = io.WriteString(w, uid)
})

func TestARequestWithATokenPasses(t *testing.T) {
	handler := bouncer.RequireToken(documentVerifier(t), nil)(whoami)
	for _, value := range []string{"token=" + documentToken, "Bearer " + documentToken} {
		response := ask(t, handler, value)
		body := must(io.ReadAll(response.Body))(t)
		if response.StatusCode != http.StatusOK || string(body) != "peter" {
			t.Error(response.StatusCode, string(body))
		}
	}
}

func TestARequestWithoutABelievedTokenIsRefused(t *testing.T) {
	expired := must(bouncer.NewVerifier(must(bouncer.LoadJWKS([]byte(documentJWKS)))(t), bouncer.Policy{}))(t)
	closed := documentVerifier(t)
	_ = closed.Close()
	keyless := verifierFunc(func(string) (*bouncer.VerifiedToken, error) { return nil, bouncer.ErrNoUsableKey })
	token := "token=" + documentToken
	for name, c := range map[string]struct {
		verifier  bouncer.TokenVerifier
		values    []string
		status    int
		challenge string
	}{
		"no header":     {documentVerifier(t), nil, 401, `Bearer`},
		"two headers":   {documentVerifier(t), []string{token, token}, 401, `Bearer`},
		"another":       {documentVerifier(t), []string{"Basic YTpi"}, 401, `Bearer`},
		"malformed":     {documentVerifier(t), []string{"Bearer a.b.c"}, 401, `Bearer error="invalid_token", error_description="malformed_token"`},
		"expired token": {expired, []string{token}, 401, `Bearer error="invalid_token", error_description="expired"`},
		"no keys":       {keyless, []string{token}, 503, ""},
		"closed":        {closed, []string{token}, 500, ""},
	} {
		t.Run(name, func(t *testing.T) {
			next := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the request passed") })
			response := ask(t, bouncer.RequireToken(c.verifier, nil)(next), c.values...)
			if response.StatusCode != c.status || response.Header.Get("WWW-Authenticate") != c.challenge {
				t.Error(response.StatusCode, response.Header)
			}
			body := must(io.ReadAll(response.Body))(t)
			if strings.TrimSpace(string(body)) != http.StatusText(c.status) {
				t.Errorf("%s", body)
			}
		})
	}
}

func TestARequestWithoutKeysIsNotTheTokensFault(t *testing.T) {
	issuer := newSigners(t, "a")
	server := startKeyServer(t, failing(http.StatusNotFound))
	keys := startRemote(t, bouncer.RemoteOptions{URL: server.URL})
	eventuallyStatus(t, keys, "an attempt", func(s bouncer.RemoteStatus) bool { return s.Attempts > 0 })
	handler := bouncer.RequireToken(remoteVerifier(t, keys), nil)(whoami)
	response := ask(t, handler, "token="+issuer.token(t, "a"))
	if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("WWW-Authenticate") != "" {
		t.Error(response.StatusCode, response.Header)
	}
	server.say(document(issuer.jwks(t, "a")))
	if err := keys.Refresh(soon(t)); err != nil {
		t.Error(err)
	}
	response = ask(t, handler, "token="+issuer.token(t, "a"))
	if body := must(io.ReadAll(response.Body))(t); response.StatusCode != http.StatusOK || string(body) != "anna" {
		t.Error(response.StatusCode, string(body))
	}
}

func TestARequestWaitsForKeysAsLongAsItsContextLasts(t *testing.T) {
	issuer := newSigners(t, "a")
	answer, release := hanging(t, document(issuer.jwks(t, "a")))
	server := startKeyServer(t, answer)
	keys := startRemote(t, bouncer.RemoteOptions{URL: server.URL, MaxWait: 20 * time.Second, Timeout: 30 * time.Second})
	handler := bouncer.RequireToken(remoteVerifier(t, keys), nil)(whoami)
	short := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 50*time.Millisecond)
		defer cancel()
		handler.ServeHTTP(w, r.WithContext(ctx))
	})
	begin := time.Now()
	response := ask(t, short, "Bearer "+issuer.token(t, "a"))
	if took := time.Since(begin); response.StatusCode != http.StatusServiceUnavailable || took > 5*time.Second {
		t.Error(response.StatusCode, took)
	}
	release()
	if response := ask(t, handler, "Bearer "+issuer.token(t, "a")); response.StatusCode != http.StatusOK {
		t.Error(response.StatusCode)
	}
}

// strictVerifier has the methods of a *Verifier, and a check of its own.
type strictVerifier struct{ *bouncer.Verifier }

func (strictVerifier) Verify(string) (*bouncer.VerifiedToken, error) {
	return nil, bouncer.ErrInvalidToken
}

func TestAVerifierThatEmbedsAnotherIsAskedItself(t *testing.T) {
	handler := bouncer.RequireToken(strictVerifier{documentVerifier(t)}, nil)(whoami)
	if response := ask(t, handler, "Bearer "+documentToken); response.StatusCode != http.StatusUnauthorized {
		t.Error(response.StatusCode)
	}
}

func TestAProgramRefusesInItsOwnWords(t *testing.T) {
	refuse := func(w http.ResponseWriter, _ *http.Request, err error) {
		w.Header().Set("WWW-Authenticate", "acsjwt")
		w.WriteHeader(bouncer.HTTPStatus(err))
	}
	response := ask(t, bouncer.RequireToken(documentVerifier(t), refuse)(whoami))
	if response.StatusCode != 401 || response.Header.Get("WWW-Authenticate") != "acsjwt" {
		t.Error(response.StatusCode, response.Header)
	}
}

func TestAContextWithoutAToken(t *testing.T) {
	if token, found := bouncer.TokenFromContext(context.Background()); found || token != nil {
		t.Error(token)
	}
	if uid, found := bouncer.UIDFromContext(context.Background()); found || uid != "" {
		t.Error(uid)
	}
	ctx := bouncer.ContextWithToken(context.Background(), documentVerified(t))
	if uid, found := bouncer.UIDFromContext(ctx); !found || uid != "peter" {
		t.Error(uid, found)
	}
}

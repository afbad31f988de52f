package bouncer_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

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

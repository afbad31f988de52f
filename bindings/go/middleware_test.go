package bouncer_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"bouncer-verify.internal/bouncer"
)

// verifierFunc is a function that implements TokenVerifier.
type verifierFunc func(string) (*bouncer.VerifiedToken, error)

func (f verifierFunc) Verify(token string) (*bouncer.VerifiedToken, error) { return f(token) }

// get sends a request with these Authorization headers to the handler.
func get(t *testing.T, handler http.Handler, authorization ...string) *http.Response {
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

func TestARequestWithAnAcceptedTokenPasses(t *testing.T) {
	handler := bouncer.RequireToken(documentVerifier(t), nil)(whoami)
	for _, value := range []string{"token=" + documentToken, "Bearer " + documentToken} {
		response := get(t, handler, value)
		body := must(io.ReadAll(response.Body))(t)
		if response.StatusCode != http.StatusOK || string(body) != "peter" {
			t.Error(response.StatusCode, string(body))
		}
	}
}

func TestARequestWithoutAnAcceptedTokenIsRejected(t *testing.T) {
	expired := must(bouncer.NewVerifier(must(bouncer.LoadJWKS([]byte(documentJWKS)))(t), bouncer.DCOS()))(t)
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
			response := get(t, bouncer.RequireToken(c.verifier, nil)(next), c.values...)
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

func TestWithoutKeysTheStatusIs503(t *testing.T) {
	issuer := newSigners(t, "a")
	server := startKeyServer(t, failing(http.StatusNotFound))
	keys := startRemote(t, bouncer.RemoteOptions{URL: server.URL})
	eventuallyStatus(t, keys, "an attempt", func(s bouncer.KeysStats) bool { return s.Attempts > 0 })
	handler := bouncer.RequireToken(remoteVerifier(t, keys), nil)(whoami)
	response := get(t, handler, "token="+issuer.token(t, "a"))
	if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("WWW-Authenticate") != "" {
		t.Error(response.StatusCode, response.Header)
	}
	server.handleWith(document(issuer.jwks(t, "a")))
	if err := keys.Refresh(soon(t)); err != nil {
		t.Error(err)
	}
	response = get(t, handler, "token="+issuer.token(t, "a"))
	if body := must(io.ReadAll(response.Body))(t); response.StatusCode != http.StatusOK || string(body) != "anna" {
		t.Error(response.StatusCode, string(body))
	}
}

func TestARequestWaitsForKeysNoLongerThanItsContext(t *testing.T) {
	issuer := newSigners(t, "a")
	blocked, release := hanging(t, document(issuer.jwks(t, "a")))
	server := startKeyServer(t, blocked)
	keys := startRemote(t, bouncer.RemoteOptions{URL: server.URL, MaxWait: 20 * time.Second, Timeout: 30 * time.Second})
	handler := bouncer.RequireToken(remoteVerifier(t, keys), nil)(whoami)
	short := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 50*time.Millisecond)
		defer cancel()
		handler.ServeHTTP(w, r.WithContext(ctx))
	})
	begin := time.Now()
	response := get(t, short, "Bearer "+issuer.token(t, "a"))
	if took := time.Since(begin); response.StatusCode != http.StatusServiceUnavailable || took > 5*time.Second {
		t.Error(response.StatusCode, took)
	}
	release()
	if response := get(t, handler, "Bearer "+issuer.token(t, "a")); response.StatusCode != http.StatusOK {
		t.Error(response.StatusCode)
	}
}

// A wrapper holds a *Verifier in a named field, and passes the context to it.
type wrapper struct {
	inner *bouncer.Verifier
	calls *[]string
}

func (w wrapper) Verify(token string) (*bouncer.VerifiedToken, error) {
	return w.VerifyContext(context.Background(), token)
}

func (w wrapper) VerifyContext(ctx context.Context, token string) (*bouncer.VerifiedToken, error) {
	*w.calls = append(*w.calls, fmt.Sprint(ctx.Value(requestKey{})))
	return w.inner.VerifyContext(ctx, token)
}

type requestKey struct{}

func TestAWrapperGetsTheContextOfTheRequest(t *testing.T) {
	var calls []string
	handler := bouncer.RequireToken(wrapper{documentVerifier(t), &calls}, nil)(whoami)
	request := httptest.NewRequest("GET", "/", nil)
	request.Header.Set("Authorization", "Bearer "+documentToken)
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request.WithContext(context.WithValue(request.Context(), requestKey{}, "the request's")))
	if recorder.Code != http.StatusOK || !slices.Equal(calls, []string{"the request's"}) {
		t.Error(recorder.Code, calls)
	}
}

func TestAWrapperWaitsNoLongerThanTheContextOfTheRequest(t *testing.T) {
	issuer := newSigners(t, "a")
	blocked, _ := hanging(t, document(issuer.jwks(t, "a")))
	server := startKeyServer(t, blocked)
	keys := startRemote(t, bouncer.RemoteOptions{URL: server.URL, MaxWait: 20 * time.Second, Timeout: 30 * time.Second})
	eventually(t, "the first fetch", func() bool { return server.hits.Load() == 1 })
	goroutines := runtime.NumGoroutine()
	var calls []string
	for _, verifier := range []bouncer.TokenVerifier{
		wrapper{remoteVerifier(t, keys), &calls}, strictVerify{remoteVerifier(t, keys)}, strictVerifyContext{remoteVerifier(t, keys)},
	} {
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		request := httptest.NewRequest("GET", "/", nil).WithContext(ctx)
		request.Header.Set("Authorization", "Bearer "+issuer.token(t, "a"))
		recorder := httptest.NewRecorder()
		begin := time.Now()
		bouncer.RequireToken(verifier, nil)(whoami).ServeHTTP(recorder, request)
		if took := time.Since(begin); recorder.Code != http.StatusServiceUnavailable || took > 5*time.Second {
			t.Errorf("%T: %d after %v", verifier, recorder.Code, took)
		}
		cancel()
	}
	expectNoMoreGoroutines(t, goroutines)
}

// Types that embed a *Verifier. The strict ones override one or both of its methods.
type (
	strictVerify        struct{ *bouncer.Verifier }
	strictVerifyContext struct{ *bouncer.Verifier }
	strictBoth          struct{ strictVerify }
	lax                 struct{ *bouncer.Verifier }
	byValue             struct{ lax }
)

var errStrict = fmt.Errorf("revoked: %w", bouncer.ErrInvalidToken)

func (strictVerify) Verify(string) (*bouncer.VerifiedToken, error) { return nil, errStrict }

func (v strictVerifyContext) VerifyContext(ctx context.Context, token string) (*bouncer.VerifiedToken, error) {
	if _, err := v.Verifier.VerifyContext(ctx, token); err != nil {
		return nil, err
	}
	return nil, errStrict
}

func (strictBoth) VerifyContext(context.Context, string) (*bouncer.VerifiedToken, error) {
	return nil, errStrict
}

func TestTheMethodsOfATypeThatEmbedsAVerifierAreCalled(t *testing.T) {
	inner := documentVerifier(t)
	for _, c := range []struct {
		verifier bouncer.TokenVerifier
		status   int
	}{
		{strictVerify{inner}, http.StatusUnauthorized},
		{&strictVerify{inner}, http.StatusUnauthorized},
		{strictVerifyContext{inner}, http.StatusUnauthorized},
		{&strictVerifyContext{inner}, http.StatusUnauthorized},
		{strictBoth{strictVerify{inner}}, http.StatusUnauthorized},
		{lax{inner}, http.StatusOK},
		{&byValue{lax{inner}}, http.StatusOK},
	} {
		handler := bouncer.RequireToken(c.verifier, nil)(whoami)
		response := get(t, handler, "Bearer "+documentToken)
		if response.StatusCode != c.status {
			t.Errorf("%T: %d", c.verifier, response.StatusCode)
		}
		if response := get(t, handler, "Bearer a.b.c"); response.StatusCode != http.StatusUnauthorized {
			t.Errorf("%T: %d", c.verifier, response.StatusCode)
		}
	}
}

func TestANilOrBrokenVerifierPassesNoRequest(t *testing.T) {
	neither := verifierFunc(func(string) (*bouncer.VerifiedToken, error) { return nil, nil })
	for _, verifier := range []bouncer.TokenVerifier{nil, (*bouncer.Verifier)(nil), new(bouncer.Verifier), neither} {
		next := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the request passed") })
		response := get(t, bouncer.RequireToken(verifier, nil)(next), "Bearer "+documentToken)
		if response.StatusCode != http.StatusInternalServerError || response.Header.Get("WWW-Authenticate") != "" {
			t.Errorf("%T: %d", verifier, response.StatusCode)
		}
	}
}

func TestAChallengeNamesTheCauseOfAnyError(t *testing.T) {
	const invalid = `Bearer error="invalid_token"`
	for err, expected := range map[error]string{
		bouncer.ErrExpired:                         invalid + `, error_description="expired"`,
		fmt.Errorf("see: %w", bouncer.ErrExpired):  invalid + `, error_description="expired"`,
		errors.Join(errors.New("x"), errStrict):    invalid,
		errStrict:                                  invalid,
		&bouncer.Error{Status: 302}:                invalid + `, error_description="expired"`,
		&bouncer.Error{Status: 299}:                invalid + `, error_description="unknown"`,
		bouncer.ErrInvalidToken:                    invalid,
		bouncer.ErrMalformedAuthorization:          "Bearer",
		&bouncer.Error{Status: 210}:                "Bearer",
		bouncer.ErrInsufficientScope:               `Bearer error="insufficient_scope"`,
		&bouncer.Error{Status: 307}:                `Bearer error="insufficient_scope"`,
		bouncer.ErrKeysUnavailable:                 "",
		bouncer.ErrClosed:                          "",
		errors.New("another"):                      "",
		errors.Join(errStrict, bouncer.ErrExpired): invalid + `, error_description="expired"`,
	} {
		if found := bouncer.Challenge(err); found != expected {
			t.Errorf("the challenge for %v is %q, expected %q", err, found, expected)
		}
		failing := verifierFunc(func(string) (*bouncer.VerifiedToken, error) { return nil, err })
		response := get(t, bouncer.RequireToken(failing, nil)(whoami), "Bearer "+documentToken)
		if found := response.Header.Get("WWW-Authenticate"); found != expected || response.StatusCode != bouncer.HTTPStatus(err) {
			t.Errorf("the response to %v has status %d and challenge %q, expected %q", err, response.StatusCode, found, expected)
		}
	}
	if found := bouncer.Challenge(nil); found != "" {
		t.Error(found)
	}
}

func TestTheTokenComesFromTheConfiguredPlace(t *testing.T) {
	query := url.Values{"access_token": {documentToken}, "empty": {""}, "two": {documentToken, documentToken}}
	request := httptest.NewRequest("GET", "/?"+query.Encode(), nil)
	request.Header.Set("Authorization", "Basic YTpi")
	request.Header.Set("X-Token", documentToken)
	request.Header["X-Two"] = []string{documentToken, documentToken}
	request.Header.Set("X-Scheme", "Bearer "+documentToken)
	for _, name := range []string{"session", "two", "two"} {
		request.AddCookie(&http.Cookie{Name: name, Value: documentToken})
	}
	request.AddCookie(&http.Cookie{Name: "junk", Value: "a.b.c"})
	own := func(text string, err error) func(*http.Request) (string, error) {
		return func(*http.Request) (string, error) { return text, err }
	}
	const malformed = `Bearer error="invalid_token", error_description="malformed_token"`
	for name, c := range map[string]struct {
		extract   func(*http.Request) (string, error)
		status    int
		challenge string
	}{
		"the default":                {nil, 401, "Bearer"},
		"Authorization":              {bouncer.FromAuthorization, 401, "Bearer"},
		"a header":                   {bouncer.FromHeader("x-token"), 200, ""},
		"no header":                  {bouncer.FromHeader("X-None"), 401, "Bearer"},
		"two headers":                {bouncer.FromHeader("X-Two"), 401, "Bearer"},
		"a header with a scheme":     {bouncer.FromHeader("X-Scheme"), 401, malformed},
		"a cookie":                   {bouncer.FromCookie("session"), 200, ""},
		"no cookie":                  {bouncer.FromCookie("none"), 401, "Bearer"},
		"two cookies":                {bouncer.FromCookie("two"), 401, "Bearer"},
		"a cookie with no token":     {bouncer.FromCookie("junk"), 401, malformed},
		"a query parameter":          {bouncer.FromQuery("access_token"), 200, ""},
		"no query parameter":         {bouncer.FromQuery("none"), 401, "Bearer"},
		"an empty query parameter":   {bouncer.FromQuery("empty"), 401, "Bearer"},
		"two query parameters":       {bouncer.FromQuery("two"), 401, "Bearer"},
		"a function":                 {own(documentToken, nil), 200, ""},
		"a function without a token": {own("", nil), 401, "Bearer"},
		"a function that fails":      {own("", http.ErrNoCookie), 401, "Bearer"},
		"a function without keys":    {own("", bouncer.ErrKeysUnavailable), 503, ""},
		"a function with ErrClosed":  {own("", bouncer.ErrClosed), 500, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var refusal error
			refuse := func(w http.ResponseWriter, r *http.Request, err error) {
				refusal = err
				bouncer.Refuse(w, r, err)
			}
			middleware := bouncer.Middleware{Verifier: documentVerifier(t), Extract: c.extract, Refuse: refuse}
			recorder := httptest.NewRecorder()
			middleware.Wrap(whoami).ServeHTTP(recorder, request)
			if recorder.Code != c.status || recorder.Header().Get("WWW-Authenticate") != c.challenge {
				t.Error(recorder.Code, recorder.Header())
			}
			if (refusal == nil) != (c.status == 200) || refusal != nil && strings.Contains(refusal.Error(), documentToken) {
				t.Error(refusal)
			}
			if name == "a function that fails" && !errors.Is(refusal, http.ErrNoCookie) {
				t.Error(refusal)
			}
		})
	}
}

func TestTheErrorNamesWhereTheTokenIsMissing(t *testing.T) {
	request := httptest.NewRequest("GET", "/", nil)
	for expected, extract := range map[string]func(*http.Request) (string, error){
		"the request has no Authorization header": bouncer.FromAuthorization,
		"the request has no X-Token header":       bouncer.FromHeader("X-Token"),
		"the request has no cookie session":       bouncer.FromCookie("session"),
		"the request has no query parameter jwt":  bouncer.FromQuery("jwt"),
	} {
		_, err := extract(request)
		if expectError(t, err, bouncer.ErrMalformedAuthorization); !strings.Contains(err.Error(), expected) {
			t.Error(err)
		}
	}
}

func TestAProgramCanReplaceTheResponse(t *testing.T) {
	refuse := func(w http.ResponseWriter, _ *http.Request, err error) {
		w.Header().Set("WWW-Authenticate", "acsjwt")
		w.WriteHeader(bouncer.HTTPStatus(err))
	}
	response := get(t, bouncer.RequireToken(documentVerifier(t), refuse)(whoami))
	if response.StatusCode != 401 || response.Header.Get("WWW-Authenticate") != "acsjwt" {
		t.Error(response.StatusCode, response.Header)
	}
}

func TestAContextReturnsItsTokenIfItHasOne(t *testing.T) {
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
	if identity, found := bouncer.IdentityFromContext(context.Background()); found || identity != "" {
		t.Error(identity)
	}
	if identity, found := bouncer.IdentityFromContext(ctx); !found || identity != "peter" {
		t.Error(identity, found)
	}
}

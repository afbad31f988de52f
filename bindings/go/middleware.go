//go:build cgo

package bouncer

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"bouncer_verify/bouncer/internal/native"
)

// A TokenVerifier verifies tokens: a [*Verifier], or what a program puts in its place.
//
// If it also has the method VerifyContext of a [*Verifier], [RequireToken] calls that in place of
// Verify, with the request's context. A type that embeds a [*Verifier] always has both methods, of
// which it may have changed one. So for such a type [RequireToken] calls VerifyContext and then
// Verify, and a token that one of them rejects is rejected. A type that holds its [*Verifier] in a
// named field has one call. A type that gets both methods from an embedded interface must declare
// both itself: only VerifyContext is called.
type TokenVerifier interface {
	Verify(token string) (*VerifiedToken, error)
}

// contextVerifier is a TokenVerifier whose waiting a context ends.
type contextVerifier interface {
	VerifyContext(ctx context.Context, token string) (*VerifiedToken, error)
}

// verifierOrEmbeds is implemented by a *Verifier and by types that embed one: the method is
// unexported, so no type of another package can declare it.
type verifierOrEmbeds interface{ isOrEmbedsVerifier() }

func (v *Verifier) isOrEmbedsVerifier() {}

// A Middleware lets a request pass only with a token that Verifier accepts: [RequireToken] with
// every setting.
type Middleware struct {
	// Verifier verifies the tokens.
	Verifier TokenVerifier

	// Extract returns the token of a request, which is not verified yet. Nil: [FromAuthorization].
	// Others are [FromHeader], [FromCookie] and [FromQuery].
	//
	// An error that belongs to no group of this package, or an empty token, means that the request
	// has no token: [ErrMalformedAuthorization].
	Extract func(*http.Request) (string, error)

	// Refuse answers a request that is rejected with the error. Nil: [Refuse].
	Refuse func(http.ResponseWriter, *http.Request, error)
}

// RequireToken returns middleware that lets a request pass only with a token that verifier accepts.
// The handlers behind it find the token by [TokenFromContext] and [UIDFromContext].
//
// The token comes from the request's one Authorization header, "token=<jwt>" as DC/OS sends it or
// "Bearer <jwt>"; a [Middleware] takes it from elsewhere. A rejected request is answered by
// refuse, or if that is nil by [Refuse].
func RequireToken(
	verifier TokenVerifier, refuse func(http.ResponseWriter, *http.Request, error),
) func(http.Handler) http.Handler {
	return Middleware{Verifier: verifier, Refuse: refuse}.Wrap
}

// Wrap returns a handler that passes on to next the requests with an accepted token.
func (m Middleware) Wrap(next http.Handler) http.Handler {
	if m.Extract == nil {
		m.Extract = FromAuthorization
	}
	if m.Refuse == nil {
		m.Refuse = Refuse
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, err := m.verify(r)
		if err != nil {
			m.Refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(ContextWithToken(r.Context(), token)))
	})
}

func (m Middleware) verify(r *http.Request) (*VerifiedToken, error) {
	if m.Verifier == nil {
		return nil, invalidArgument("the middleware has no Verifier")
	}
	text, err := m.Extract(r)
	switch {
	case err != nil && HTTPStatus(err) == http.StatusInternalServerError && !errors.Is(err, ErrProgram):
		return nil, fmt.Errorf("%w: %w", ErrMalformedAuthorization, err)
	case err != nil:
		return nil, err
	case text == "":
		return nil, noToken("the request has no token")
	}
	token, err := m.verifyText(r.Context(), text)
	if err == nil && token == nil {
		return nil, invalidArgument("the Verifier returned neither a token nor an error")
	}
	return token, err
}

func (m Middleware) verifyText(ctx context.Context, text string) (*VerifiedToken, error) {
	verifier, hasContext := m.Verifier.(contextVerifier)
	if !hasContext {
		return m.Verifier.Verify(text)
	}
	token, err := verifier.VerifyContext(ctx, text)
	if err != nil {
		return nil, err
	}
	_, isVerifier := m.Verifier.(*Verifier)
	if _, embeds := m.Verifier.(verifierOrEmbeds); embeds && !isVerifier {
		// Its key is there by now, so this does not wait.
		if _, err := m.Verifier.Verify(text); err != nil {
			return nil, err
		}
	}
	return token, nil
}

// FromAuthorization returns the token of the request's one Authorization header, as
// [AuthorizationToken] does. A request with none or several is an [ErrMalformedAuthorization].
func FromAuthorization(r *http.Request) (string, error) {
	value, err := onlyOne(r.Header.Values("Authorization"), "Authorization header")
	if err != nil {
		return "", err
	}
	return AuthorizationToken(value)
}

// FromHeader returns a function for [Middleware].Extract: the token is the whole value of the
// header of that name, without a scheme such as "Bearer". A request with none or several is an
// [ErrMalformedAuthorization].
func FromHeader(name string) func(*http.Request) (string, error) {
	return func(r *http.Request) (string, error) {
		return onlyOne(r.Header.Values(name), name+" header")
	}
}

// FromCookie returns a function for [Middleware].Extract: the token is the value of the cookie of
// that name. A request with none or several is an [ErrMalformedAuthorization].
//
// A browser sends a cookie with requests that other sites cause: protect what they change against
// cross-site request forgery.
func FromCookie(name string) func(*http.Request) (string, error) {
	return func(r *http.Request) (string, error) {
		var values []string
		for _, cookie := range r.CookiesNamed(name) {
			values = append(values, cookie.Value)
		}
		return onlyOne(values, "cookie "+name)
	}
}

// FromQuery returns a function for [Middleware].Extract: the token is the query parameter of that
// name. A request with none or several is an [ErrMalformedAuthorization].
//
// Tokens in URLs end in logs and histories: RFC 6750 section 2.3 advises against it where there is
// another way.
func FromQuery(name string) func(*http.Request) (string, error) {
	return func(r *http.Request) (string, error) {
		return onlyOne(r.URL.Query()[name], "query parameter "+name)
	}
}

// onlyOne returns the one value: with several, others may choose another one.
func onlyOne(values []string, what string) (string, error) {
	switch {
	case len(values) > 1:
		return "", noToken("the request has more than one " + what)
	case len(values) == 0 || values[0] == "":
		return "", noToken("the request has no " + what)
	}
	return values[0], nil
}

func noToken(message string) error {
	return &Error{Status: native.StatusMalformedAuthorization, Message: message}
}

// Refuse answers a request whose token was rejected with err: with the status that [HTTPStatus]
// gives, and for a 401 with the challenge of RFC 6750 section 3. The answer names the cause, such
// as "expired", and nothing of the token.
func Refuse(w http.ResponseWriter, _ *http.Request, err error) {
	status := HTTPStatus(err)
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", Challenge(err))
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, http.StatusText(status), status)
}

// Challenge returns the value of the header WWW-Authenticate (RFC 6750 section 3) for an answer to
// a request whose token was rejected with err. It is "" if [HTTPStatus] is not 401.
//
// It names the cause, such as "expired", where err has one: an [*Error], or a variable such as
// [ErrExpired]. Where the request has no token, it names none: RFC 6750 section 3.1 asks for that.
func Challenge(err error) string {
	switch {
	case HTTPStatus(err) != http.StatusUnauthorized:
		return ""
	case errors.Is(err, ErrMalformedAuthorization):
		return "Bearer"
	}
	const invalid = `Bearer error="invalid_token"`
	var fault *Error
	var known *cause
	switch {
	case errors.As(err, &fault) && errors.Is(fault, ErrInvalidToken):
		return invalid + `, error_description="` + fault.Name() + `"`
	case errors.As(err, &known) && errors.Is(known, ErrInvalidToken):
		return invalid + `, error_description="` + known.name + `"`
	}
	return invalid
}

// HTTPStatus returns the status that answers a request whose token was rejected with err: 401 if
// the token is at fault ([ErrInvalidToken]), 503 if the keys are ([ErrKeys]) or the service's own
// login is ([ErrLogin]), and 500 for anything else. It is 200 if err is nil.
func HTTPStatus(err error) int {
	switch {
	case err == nil:
		return http.StatusOK
	case errors.Is(err, ErrInvalidToken):
		return http.StatusUnauthorized
	case errors.Is(err, ErrKeys), errors.Is(err, ErrLogin):
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

// tokenKey is the key of the token in a context.
type tokenKey struct{}

// ContextWithToken returns a context that carries the token: for tests of handlers, and for other
// middleware.
func ContextWithToken(ctx context.Context, token *VerifiedToken) context.Context {
	return context.WithValue(ctx, tokenKey{}, token)
}

// TokenFromContext returns the token that [RequireToken] verified. It reports false if there is
// none.
func TokenFromContext(ctx context.Context) (*VerifiedToken, bool) {
	token, _ := ctx.Value(tokenKey{}).(*VerifiedToken)
	return token, token != nil
}

// UIDFromContext returns the "uid" of the token that [RequireToken] verified. It reports false if
// there is no token, or none with a "uid".
func UIDFromContext(ctx context.Context) (string, bool) {
	token, found := TokenFromContext(ctx)
	if !found || token.UID() == "" {
		return "", false
	}
	return token.UID(), true
}

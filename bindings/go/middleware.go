//go:build cgo

package bouncer

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"bouncer-verify.internal/bouncer/internal/native"
)

// A TokenVerifier verifies tokens. [*Verifier] is one. Your program may also define its own type,
// to add checks.
//
// If the type also has a method VerifyContext, like [*Verifier], [RequireToken] calls VerifyContext
// with the request's context, and does not call Verify.
//
// A type that embeds a [*Verifier] has both methods, even if it overrides only one of them. So
// [RequireToken] calls both methods of such a type, VerifyContext first, and both must accept the
// token. To verify each token only once, hold the [*Verifier] in a named field.
//
// If a type embeds an interface with both methods, [RequireToken] calls only VerifyContext. Such a
// type must override both methods.
type TokenVerifier interface {
	Verify(token string) (*VerifiedToken, error)
}

// contextVerifier is a TokenVerifier that accepts a context.
type contextVerifier interface {
	VerifyContext(ctx context.Context, token string) (*VerifiedToken, error)
}

// verifierOrEmbeds is implemented only by *Verifier and by types that embed one: types of other
// packages cannot declare its unexported method.
type verifierOrEmbeds interface{ isOrEmbedsVerifier() }

func (v *Verifier) isOrEmbedsVerifier() {}

// A Middleware passes only requests whose token is accepted. It has more settings than
// [RequireToken].
type Middleware struct {
	// Verifier verifies the tokens. It is required.
	Verifier TokenVerifier

	// Extract returns the text of the token in a request. Nil means [FromAuthorization]. See also
	// [FromHeader], [FromCookie] and [FromQuery].
	//
	// The request is rejected with [ErrMalformedAuthorization] if Extract returns an empty text. The
	// same error is used if Extract returns an error that matches none of [ErrInvalidToken],
	// [ErrKeys], [ErrLogin] and [ErrProgram].
	Extract func(*http.Request) (string, error)

	// Refuse writes the response to a rejected request. The error is the reason. Nil means [Refuse].
	Refuse func(http.ResponseWriter, *http.Request, error)
}

// RequireToken returns middleware that passes only requests with a token that verifier accepts. The
// wrapped handlers get the token with [TokenFromContext], [IdentityFromContext] and
// [UIDFromContext].
//
// The token is taken from the Authorization header, which must occur once: "Bearer <jwt>", or
// "token=<jwt>" as DC/OS sends it. To take the token from another place, use a [Middleware]. refuse
// writes the response to a rejected request; nil means [Refuse].
func RequireToken(
	verifier TokenVerifier, refuse func(http.ResponseWriter, *http.Request, error),
) func(http.Handler) http.Handler {
	return Middleware{Verifier: verifier, Refuse: refuse}.Wrap
}

// Wrap returns a handler that passes requests with an accepted token to next.
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
		return nil, invalidArgument("the middleware has no Verifier: set Middleware.Verifier, or pass one to RequireToken")
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
		return nil, invalidArgument("the TokenVerifier returned neither a token nor an error: it must return one of them")
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
		// The embedded VerifyContext has already waited for the key, so this call does not wait. If
		// VerifyContext is overridden and does not call it, this call may wait.
		if _, err := m.Verifier.Verify(text); err != nil {
			return nil, err
		}
	}
	return token, nil
}

// FromAuthorization returns the token in the Authorization header of the request, as
// [AuthorizationToken] does. If the request has no such header or several, the error is
// [ErrMalformedAuthorization].
func FromAuthorization(r *http.Request) (string, error) {
	value, err := onlyOne(r.Header.Values("Authorization"), "Authorization header")
	if err != nil {
		return "", err
	}
	return AuthorizationToken(value)
}

// FromHeader returns a function for [Middleware].Extract. The token is the whole value of the
// header with this name, without a scheme such as "Bearer". If the request has no such header or
// several, the error is [ErrMalformedAuthorization].
func FromHeader(name string) func(*http.Request) (string, error) {
	return func(r *http.Request) (string, error) {
		return onlyOne(r.Header.Values(name), name+" header")
	}
}

// FromCookie returns a function for [Middleware].Extract. The token is the value of the cookie with
// this name. If the request has no such cookie or several, the error is
// [ErrMalformedAuthorization].
//
// A browser also sends cookies with requests that other sites cause. Protect handlers that change
// state against cross-site request forgery.
func FromCookie(name string) func(*http.Request) (string, error) {
	return func(r *http.Request) (string, error) {
		var values []string
		for _, cookie := range r.CookiesNamed(name) {
			values = append(values, cookie.Value)
		}
		return onlyOne(values, "cookie "+name)
	}
}

// FromQuery returns a function for [Middleware].Extract. The token is the query parameter with this
// name. If the request has no such parameter or several, the error is [ErrMalformedAuthorization].
//
// URLs are stored in logs and browser histories, and the tokens with them. RFC 6750 section 2.3
// advises against tokens in URLs unless there is no other way.
func FromQuery(name string) func(*http.Request) (string, error) {
	return func(r *http.Request) (string, error) {
		return onlyOne(r.URL.Query()[name], "query parameter "+name)
	}
}

// onlyOne returns the only value. Several values are an error: a proxy in front of this program
// could check a different one.
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

// Refuse writes the response to a request whose token was rejected with err. The status is
// [HTTPStatus]. A 401 or 403 has a WWW-Authenticate header with the cause, see [Challenge].
// The response contains no part of the token.
func Refuse(w http.ResponseWriter, _ *http.Request, err error) {
	status := HTTPStatus(err)
	if challenge := Challenge(err); challenge != "" {
		w.Header().Set("WWW-Authenticate", challenge)
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, http.StatusText(status), status)
}

// Challenge returns the value of the WWW-Authenticate header (RFC 6750 section 3) for the response
// to a request whose token was rejected with err. It is "" if [HTTPStatus] is neither 401 nor 403.
//
// The value contains the name of the cause, such as "expired", if err is or wraps an [*Error] or a
// variable such as [ErrExpired]. If the request has no token, the value contains no cause, as RFC
// 6750 section 3.1 requires.
func Challenge(err error) string {
	switch status := HTTPStatus(err); {
	case status == http.StatusForbidden:
		return `Bearer error="insufficient_scope"`
	case status != http.StatusUnauthorized:
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

// HTTPStatus returns the status of the response to a request whose token was rejected with err. It
// is 403 for [ErrInsufficientScope], 401 for any other [ErrInvalidToken], 503 for [ErrKeys] and
// [ErrLogin], and 500 for any other error. It is 200 if err is nil.
func HTTPStatus(err error) int {
	switch {
	case err == nil:
		return http.StatusOK
	case errors.Is(err, ErrInsufficientScope):
		return http.StatusForbidden
	case errors.Is(err, ErrInvalidToken):
		return http.StatusUnauthorized
	case errors.Is(err, ErrKeys), errors.Is(err, ErrLogin):
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

// tokenKey is the context key of the token.
type tokenKey struct{}

// ContextWithToken returns a context that contains the token. Use it in tests of handlers, and in
// your own middleware.
func ContextWithToken(ctx context.Context, token *VerifiedToken) context.Context {
	return context.WithValue(ctx, tokenKey{}, token)
}

// TokenFromContext returns the token that [RequireToken] verified. It reports false if ctx contains
// no token.
func TokenFromContext(ctx context.Context) (*VerifiedToken, bool) {
	token, _ := ctx.Value(tokenKey{}).(*VerifiedToken)
	return token, token != nil
}

// UIDFromContext returns the "uid" of the token that [RequireToken] verified. It reports false if
// ctx contains no token, or if the "uid" is absent, empty or not a string.
func UIDFromContext(ctx context.Context) (string, bool) {
	token, found := TokenFromContext(ctx)
	if !found || token.UID() == "" {
		return "", false
	}
	return token.UID(), true
}

// IdentityFromContext returns the [VerifiedToken.Identity] of the token that [RequireToken]
// verified. It reports false if ctx contains no token, or if the token has no identity.
func IdentityFromContext(ctx context.Context) (string, bool) {
	token, found := TokenFromContext(ctx)
	if !found || token.Identity() == "" {
		return "", false
	}
	return token.Identity(), true
}

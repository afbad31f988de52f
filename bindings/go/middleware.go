//go:build cgo

package bouncer

import (
	"context"
	"errors"
	"net/http"
)

// A TokenVerifier judges tokens: a [*Verifier], or what a program puts in its place. Of a [*Verifier] itself,
// [RequireToken] calls VerifyContext with the request's context.
type TokenVerifier interface {
	Verify(token string) (*VerifiedToken, error)
}

// RequireToken returns middleware that lets a request pass only with a token that verifier believes. The handlers behind it
// find the token by [TokenFromContext] and [UIDFromContext].
//
// The token comes from the request's one Authorization header, "token=<jwt>" as DC/OS sends it or "Bearer <jwt>". A request that
// is refused is answered by refuse, or if that is nil by [Refuse].
func RequireToken(
	verifier TokenVerifier, refuse func(http.ResponseWriter, *http.Request, error),
) func(http.Handler) http.Handler {
	if refuse == nil {
		refuse = Refuse
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			token, err := verifyRequest(verifier, r)
			if err != nil {
				refuse(w, r, err)
				return
			}
			next.ServeHTTP(w, r.WithContext(ContextWithToken(r.Context(), token)))
		})
	}
}

func verifyRequest(verifier TokenVerifier, r *http.Request) (*VerifiedToken, error) {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		message := "the request has no Authorization header"
		if len(values) > 1 {
			message = "the request has more than one Authorization header"
		}
		return nil, &Error{Status: statusMalformedAuthorization, Message: message}
	}
	token, err := AuthorizationToken(values[0])
	if err != nil {
		return nil, err
	}
	// Not by an interface: a type that embeds a *Verifier has its VerifyContext too, and may add a check to Verify alone.
	if verifier, ok := verifier.(*Verifier); ok {
		return verifier.VerifyContext(r.Context(), token)
	}
	return verifier.Verify(token)
}

// Refuse answers a request whose token was refused with err: with the status that [HTTPStatus] gives, and for a 401 with the challenge of
// RFC 6750 section 3. The answer names the cause, such as "expired", and nothing of the token.
func Refuse(w http.ResponseWriter, _ *http.Request, err error) {
	status := HTTPStatus(err)
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", challenge(err))
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, http.StatusText(status), status)
}

// challenge names no cause where no token was found: RFC 6750 section 3.1 asks for that.
func challenge(err error) string {
	var cause *Error
	if errors.Is(err, ErrMalformedAuthorization) || !errors.As(err, &cause) {
		return "Bearer"
	}
	return `Bearer error="invalid_token", error_description="` + cause.Name() + `"`
}

// HTTPStatus returns the status that answers a request whose token was refused with err: 401 if the token is at fault
// ([ErrInvalidToken]), 503 if the keys are ([ErrKeys]) or the service's own login is ([ErrLogin]), and 500 for anything
// else. It is 200 if err is nil.
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

// ContextWithToken returns a context that carries the token: for tests of handlers, and for other middleware.
func ContextWithToken(ctx context.Context, token *VerifiedToken) context.Context {
	return context.WithValue(ctx, tokenKey{}, token)
}

// TokenFromContext returns the token that [RequireToken] verified. It reports false if there is none.
func TokenFromContext(ctx context.Context) (*VerifiedToken, bool) {
	token, _ := ctx.Value(tokenKey{}).(*VerifiedToken)
	return token, token != nil
}

// UIDFromContext returns the "uid" of the token that [RequireToken] verified. It reports false if there is no token, or none with a
// "uid".
func UIDFromContext(ctx context.Context) (string, bool) {
	token, found := TokenFromContext(ctx)
	if !found || token.UID() == "" {
		return "", false
	}
	return token.UID(), true
}

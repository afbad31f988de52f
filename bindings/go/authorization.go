//go:build cgo

package bouncer

import "bouncer-verify.internal/bouncer/internal/native"

// AuthorizationToken returns the token in the value of an HTTP Authorization header. The value is
// "Bearer <jwt>" (RFC 6750 section 2.1), or "token=<jwt>" as DC/OS sends it. The token is not
// verified.
//
// If the value contains no token, the error is [ErrMalformedAuthorization].
func AuthorizationToken(value string) (string, error) {
	if errLibrary != nil {
		return "", errLibrary
	}
	token, err := native.AuthorizationToken(value)
	return token, errorOf(err)
}

//go:build cgo

package bouncer

import "bouncer_verify/bouncer/internal/native"

// AuthorizationToken returns the token in the value of an HTTP Authorization header: "token=<jwt>"
// as DC/OS sends it, or "Bearer <jwt>" (RFC 6750 section 2.1). The token is not verified yet.
//
// If the value holds none, the error is an [ErrMalformedAuthorization].
func AuthorizationToken(value string) (string, error) {
	if errLibrary != nil {
		return "", errLibrary
	}
	token, err := native.AuthorizationToken(value)
	return token, errorOf(err)
}

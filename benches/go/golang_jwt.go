//go:build golang_jwt

package main

import (
	"errors"

	"github.com/golang-jwt/jwt/v4"
)

// installed returns a candidate for golang-jwt. This file is built only if golang-jwt is installed.
func installed(f fixture) []*candidate {
	keys, isBouncer := publicKeys(f), f.isBouncer()
	only := onlyKey(keys)
	errUnknownKey := errors.New("unknown key")
	choose := func(token *jwt.Token) (any, error) {
		if isBouncer {
			return only, nil
		}
		kid, _ := token.Header["kid"].(string)
		if key, ok := keys[kid]; ok {
			return key, nil
		}
		return nil, errUnknownKey
	}
	type bouncerClaims struct {
		jwt.RegisteredClaims
		UID string `json:"uid"`
	}
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}))
	verify := func(i int) string {
		var claims bouncerClaims
		_, err := parser.ParseWithClaims(f.samples[i].token, &claims, choose)
		switch {
		case err == nil && isBouncer:
			return claims.UID
		case err == nil && claims.VerifyIssuer(issuer, true) && claims.VerifyAudience(audience, true):
			return claims.Subject
		case errors.Is(err, jwt.ErrTokenSignatureInvalid):
			return "!invalid_signature"
		case errors.Is(err, jwt.ErrTokenExpired):
			return "!expired"
		case errors.Is(err, errUnknownKey):
			return "!unknown_key"
		case errors.Is(err, jwt.ErrTokenMalformed):
			return "!malformed"
		}
		return "!another"
	}
	return []*candidate{{f, "golang-jwt", golangJWTVersion, verify}}
}

// golangJWTVersion is set with -ldflags -X, because the system's copy of golang-jwt does not
// contain its version.
var golangJWTVersion string

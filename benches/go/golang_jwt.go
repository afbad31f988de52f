//go:build golang_jwt

package main

import (
	"errors"

	"github.com/golang-jwt/jwt/v4"
)

// installed is golang-jwt, where the system has it.
func installed(f fixture) []*candidate {
	keys, isBouncer := publicKeys(f), f.isBouncer()
	only := theOnly(keys)
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
	judge := func(i int) string {
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
	return []*candidate{{f, "golang-jwt", golangJWTVersion, judge}}
}

// golangJWTVersion is set by the linker: the system's copy does not say it.
var golangJWTVersion string

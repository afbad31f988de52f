//go:build cgo

package bouncer

import (
	"crypto"
	"encoding/base64"
	"errors"
	"sync"
)

// A SigningMethod has golang-jwt verify signatures with this package. It has the methods of the interface jwt.SigningMethod of
// github.com/golang-jwt/jwt/v5, which this package does not import:
//
//	jwt.RegisterSigningMethod("RS256", func() jwt.SigningMethod { return bouncer.SigningMethodRS256 })
//	keys := func(*jwt.Token) (any, error) { return jwks, nil }
//	token, err := jwt.Parse(text, keys, jwt.WithValidMethods([]string{"RS256"}))
//
// golang-jwt goes on reading the claims and judging them, "exp", "nbf", "iss" and "aud" included. The signature, the JOSE Header and
// the form of the token are judged here, as strictly as everywhere in this package.
type SigningMethod struct {
	algorithm Algorithm
	policy    func() (policyPointer, error)
}

// One method for each name that "alg" may have.
var (
	SigningMethodRS256   = newSigningMethod(RS256)
	SigningMethodRS384   = newSigningMethod(RS384)
	SigningMethodRS512   = newSigningMethod(RS512)
	SigningMethodPS256   = newSigningMethod(PS256)
	SigningMethodPS384   = newSigningMethod(PS384)
	SigningMethodPS512   = newSigningMethod(PS512)
	SigningMethodES256   = newSigningMethod(ES256)
	SigningMethodES384   = newSigningMethod(ES384)
	SigningMethodES512   = newSigningMethod(ES512)
	SigningMethodEd25519 = newSigningMethod(Ed25519)
	SigningMethodEdDSA   = newSigningMethod(EdDSA)
)

func newSigningMethod(algorithm Algorithm) *SigningMethod {
	policy := Policy{Algorithms: []Algorithm{algorithm}, AnyAudience: true, OptionalUID: true, OptionalExp: true}
	// Made at the first use and kept as long as the program runs.
	return &SigningMethod{algorithm, sync.OnceValues(policy.build)}
}

// Alg returns the name of the algorithm.
func (m *SigningMethod) Alg() string { return string(m.algorithm) }

// Verify returns nil if the signature of signingString, the first two parts of a token, is one of key's:
//
//   - a [*JWKSet], of which the keys are taken that fit the token's "kid" and "alg",
//   - a [*RemoteJWKS], of which the keys in use are such a set; nothing is fetched for the token,
//   - a [*JWK], or what [JWKFromPublicKey] takes. Such a key is read anew by each call: prefer a set where many tokens come.
//
// Otherwise the error is an [*Error], [ErrKeysUnavailable] among them, or [ErrClosed].
func (m *SigningMethod) Verify(signingString string, signature []byte, key any) error {
	jwks, single, err := setOf(key)
	if err != nil {
		return err
	}
	if single {
		defer jwks.Close()
	}
	policy, err := m.policy()
	if err != nil {
		return err
	}
	token := signingString + "." + base64.RawURLEncoding.EncodeToString(signature)
	_, err = jwks.verify(policy, token)
	if errors.Is(err, ErrExpired) || errors.Is(err, ErrNotYetValid) {
		return nil // judged after the signature, which therefore holds; golang-jwt says it in its own words
	}
	return err
}

// Sign always fails: this package only verifies.
func (m *SigningMethod) Sign(string, any) ([]byte, error) {
	return nil, invalidArgument("this package verifies, and does not sign")
}

// setOf is the key set that key is, or a new one of it, for one signature.
func setOf(key any) (jwks *JWKSet, single bool, err error) {
	switch key := key.(type) {
	case *JWKSet:
		return key, false, nil
	case *RemoteJWKS:
		jwks, err = key.borrow()
	case *JWK:
		jwks, err = NewJWKSet(key)
	default:
		var jwk *JWK
		if jwk, err = JWKFromPublicKey(key); err == nil {
			jwks, err = NewJWKSet(jwk)
		}
	}
	return jwks, true, err
}

// PublicKeys returns the keys that may verify a token with this JOSE Header, for programs that verify signatures by other means:
// those of the header's "kid", or if the set has none of that those without "kid", or all if the header has no "kid"; and of them
// those that fit "alg". With golang-jwt:
//
//	keys := func(token *jwt.Token) (any, error) {
//		found, err := jwks.PublicKeys(token.Header)
//		var set jwt.VerificationKeySet
//		for _, key := range found {
//			set.Keys = append(set.Keys, key)
//		}
//		return set, err
//	}
//
// None is an [ErrNoMatchingKey]. "kid" and "alg" that are no strings are an [ErrMalformedHeader].
func (s *JWKSet) PublicKeys(header map[string]any) ([]crypto.PublicKey, error) {
	algorithm, ok := header["alg"].(string)
	if !ok {
		return nil, headerFault("alg")
	}
	candidates := s.keys
	if wanted, present := header["kid"]; present {
		kid, ok := wanted.(string)
		if !ok {
			return nil, headerFault("kid")
		}
		candidates = s.keysOf(kid)
	}
	var found []crypto.PublicKey
	for _, key := range candidates {
		if !key.fits(Algorithm(algorithm)) {
			continue
		}
		if public, err := key.PublicKey(); err == nil {
			found = append(found, public)
		}
	}
	if len(found) == 0 {
		return nil, &Error{Status: statusNoMatchingKey, Message: "no key of the JWK Set fits the token's kid and alg"}
	}
	return found, nil
}

// keysOf returns the keys with that kid, or if there are none those without any.
func (s *JWKSet) keysOf(kid string) []*JWK {
	var named, anonymous []*JWK
	for _, key := range s.keys {
		switch {
		case !key.hasKID:
			anonymous = append(anonymous, key)
		case key.kid == kid:
			named = append(named, key)
		}
	}
	if len(named) > 0 {
		return named
	}
	return anonymous
}

func headerFault(parameter string) error {
	return &Error{Status: statusMalformedHeader, Claim: parameter, Message: "a parameter of the JOSE Header is no string"}
}

//go:build cgo

package bouncer

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"sync"

	"bouncer-verify.internal/bouncer/internal/native"
)

// A SigningMethod lets golang-jwt verify signatures with this package. It implements the interface
// jwt.SigningMethod of github.com/golang-jwt/jwt/v5, which this package does not import:
//
//	jwt.RegisterSigningMethod("RS256", func() jwt.SigningMethod { return bouncer.SigningMethodRS256 })
//	keys := func(*jwt.Token) (any, error) { return jwks, nil }
//	token, err := jwt.Parse(text, keys, jwt.WithValidMethods([]string{"RS256"}))
//
// A SigningMethod checks the signature, the JOSE Header and the form of the token as strictly as a
// [Verifier] does. It does not check the claims: golang-jwt reads them and validates "exp", "nbf",
// "iss" and "aud". A [Verifier] checks claims more strictly; for example, it rejects a Claims Set
// with a duplicate name.
type SigningMethod struct {
	algorithm Algorithm
	policy    func() (*native.Policy, error)
}

// The signing methods, one for each value of "alg".
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
	policy := Policy{AnyIssuer: true, AnyAudience: true, OptionalExp: true, Algorithms: []Algorithm{algorithm}}
	// The C policy is made on first use, and cached until the process ends.
	return &SigningMethod{algorithm, sync.OnceValues(func() (*native.Policy, error) {
		return newPolicy(policy.apply(settings{}))
	})}
}

// signingMethod returns the method for an algorithm, or nil.
func signingMethod(algorithm Algorithm) *SigningMethod {
	for _, method := range []*SigningMethod{
		SigningMethodRS256, SigningMethodRS384, SigningMethodRS512,
		SigningMethodPS256, SigningMethodPS384, SigningMethodPS512,
		SigningMethodES256, SigningMethodES384, SigningMethodES512,
		SigningMethodEd25519, SigningMethodEdDSA,
	} {
		if method.algorithm == algorithm {
			return method
		}
	}
	return nil
}

// Alg returns the name of the algorithm.
func (m *SigningMethod) Alg() string { return string(m.algorithm) }

// Verify returns nil if key verifies signature. signingString is the first two parts of the token.
// The key is one of these:
//
//   - A [*JWKSet]: its keys that match the "kid" and "alg" of the token are tried.
//   - A [*RemoteJWKS]: its keys are tried in the same way. If the "kid" is unknown, Verify may
//     cause a fetch and wait for it for at most [RemoteOptions].MaxWait.
//   - A [*JWK], or a key that [JWKFromPublicKey] accepts. Each call prepares the key again, so a
//     [*JWKSet] is faster for many tokens.
//
// If Verify fails, the error is an [*Error] or [ErrClosed]. [ErrKeysUnavailable] means that the
// signature was not checked. For a wrong RSA signature, [errors.Is] matches both
// [ErrInvalidSignature] and [rsa.ErrVerification], because golang-jwt's own methods return
// [rsa.ErrVerification].
//
// [SigningMethodEdDSA] also verifies tokens whose "alg" is "ED25519", as golang-jwt's method does.
// If [jwt.Parse] must accept such tokens, register the method under the name "ED25519" too.
//
// [jwt.Parse]: https://pkg.go.dev/github.com/golang-jwt/jwt/v5#Parse
func (m *SigningMethod) Verify(signingString string, signature []byte, key any) error {
	keys, single, err := signatureKeysOf(key)
	if err != nil {
		return err
	}
	if single != nil {
		defer single.Close()
	}
	err = keys.verifySignature(m, signingString+"."+base64.RawURLEncoding.EncodeToString(signature))
	if errors.Is(err, ErrUnsupportedAlgorithm) {
		if renamed, found := renameED25519(signingString); found {
			err = m.verifyED25519(renamed, signingString, signature, keys)
		}
	}
	var fault *Error
	switch {
	case !errors.As(err, &fault):
		return err
	case fault.isOfClaims():
		return nil // claims are checked after the signature, so the signature is valid
	case fault.Status == native.StatusInvalidSignature && m.isRSA():
		return wrongRSASignature{fault}
	}
	return err
}

func (m *SigningMethod) isRSA() bool {
	return strings.HasPrefix(string(m.algorithm), "RS") || strings.HasPrefix(string(m.algorithm), "PS")
}

// A wrongRSASignature matches both ErrInvalidSignature and rsa.ErrVerification.
type wrongRSASignature struct{ fault *Error }

func (e wrongRSASignature) Error() string { return e.fault.Error() }

func (e wrongRSASignature) Unwrap() []error { return []error{e.fault, rsa.ErrVerification} }

// renameED25519 replaces the "alg" value "ED25519", the name before RFC 8037 and RFC 9864, with
// "Ed25519". It reports false if the "alg" of signingString is not "ED25519".
func renameED25519(signingString string) (renamed string, found bool) {
	encoded, rest, _ := strings.Cut(signingString, ".")
	header, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return "", false
	}
	members := json.NewDecoder(bytes.NewReader(header))
	if _, err := members.Token(); err != nil {
		return "", false
	}
	for members.More() {
		name, err := members.Token()
		if err != nil {
			return "", false
		}
		var value json.RawMessage
		if members.Decode(&value) != nil {
			return "", false
		}
		if name == "alg" && string(value) == `"ED25519"` {
			end := members.InputOffset()
			changed := string(header[:end-int64(len(value))]) + `"Ed25519"` + string(header[end:])
			return base64.RawURLEncoding.EncodeToString([]byte(changed)) + "." + rest, true
		}
	}
	return "", false
}

// verifyED25519 verifies a token whose "alg" is "ED25519", which the library does not support.
// First the library checks the token with the renamed "alg". This check must fail with
// ErrInvalidSignature, because the signature covers the original "alg". Then the standard library
// verifies the signature of the original text.
func (m *SigningMethod) verifyED25519(renamed, signingString string, signature []byte, keys signatureKeys) error {
	verdict := keys.verifySignature(m, renamed+"."+base64.RawURLEncoding.EncodeToString(signature))
	var fault *Error
	switch {
	case verdict == nil, errors.As(verdict, &fault) && fault.isOfClaims():
		return &Error{Status: native.StatusInvalidSignature, Message: "the signature was made for another token"}
	case !errors.Is(verdict, ErrInvalidSignature):
		return verdict
	}
	encoded, _, _ := strings.Cut(renamed, ".")
	text, _ := base64.RawURLEncoding.DecodeString(encoded)
	var header map[string]any
	if err := json.Unmarshal(text, &header); err != nil {
		return verdict
	}
	candidates, err := keys.PublicKeys(header)
	if err != nil {
		return err
	}
	for _, candidate := range candidates {
		if public, ok := candidate.(ed25519.PublicKey); ok && ed25519.Verify(public, []byte(signingString), signature) {
			return nil
		}
	}
	return verdict
}

// Sign always fails: this package only verifies.
func (m *SigningMethod) Sign(string, any) ([]byte, error) {
	return nil, invalidArgument("this package does not sign tokens: use a signing method of golang-jwt")
}

// signatureKeys is a key set that a SigningMethod verifies with.
type signatureKeys interface {
	// verifySignature verifies a token with the method's policy.
	verifySignature(method *SigningMethod, token string) error
	PublicKeys(header map[string]any) ([]crypto.PublicKey, error)
}

// signatureKeysOf returns key itself if key is a key set. Otherwise it makes a key set with that
// one key, and returns this set both as keys and as single. The caller must close single.
func signatureKeysOf(key any) (keys signatureKeys, single *JWKSet, err error) {
	switch key := key.(type) {
	case *JWKSet:
		return key, nil, nil
	case *RemoteJWKS:
		return key, nil, nil
	case *JWK:
		single, err = NewJWKSet(key)
	default:
		var jwk *JWK
		if jwk, err = JWKFromPublicKey(key); err == nil {
			single, err = NewJWKSet(jwk)
		}
	}
	return single, single, err
}

func (s *JWKSet) verifySignature(method *SigningMethod, token string) error {
	policy, err := method.policy()
	if err != nil {
		return err
	}
	_, err = s.verify(policy, token)
	return err
}

func (r *RemoteJWKS) verifySignature(method *SigningMethod, token string) error {
	verifier, err := r.signatureVerifier(method)
	if err != nil {
		return err
	}
	_, err = verifier.Verify(token)
	return err
}

// signatureVerifier returns the verifier for the method's policy. The first call makes the
// verifier, and later calls return the same one.
func (r *RemoteJWKS) signatureVerifier(method *SigningMethod) (*Verifier, error) {
	if r == nil {
		return nil, invalidArgument("the *RemoteJWKS is nil")
	}
	if !r.native.Acquire() {
		return nil, ErrClosed
	}
	defer r.native.Release()
	if known, found := r.methods.Load(method); found {
		return known.(*Verifier), nil
	}
	policy, err := method.policy()
	if err != nil {
		return nil, err
	}
	made, failure := native.NewVerifier(r.native, policy)
	if failure != nil {
		return nil, errorOf(failure)
	}
	verifier := newVerifier(made, r)
	kept, others := r.methods.LoadOrStore(method, verifier)
	if others {
		_ = verifier.Close()
	}
	return kept.(*Verifier), nil
}

// PublicKeys returns the keys that may verify a token with this JOSE Header. It is for programs
// that verify signatures with another library. It selects the keys with the "kid" of the header. If
// no key has this "kid", it selects the keys without "kid". If the "kid" of the header is absent,
// null or empty, it selects all keys. Then it removes the keys that do not fit "alg". With
// golang-jwt:
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
// The error is [ErrNoMatchingKey] if no key fits, and [ErrMalformedHeader] if "alg" is not a
// string, or "kid" is neither a string nor null.
func (s *JWKSet) PublicKeys(header map[string]any) ([]crypto.PublicKey, error) {
	if s == nil {
		return nil, invalidArgument("the key set is nil")
	}
	algorithm, ok := header["alg"].(string)
	if !ok {
		return nil, headerFault("alg")
	}
	candidates := s.keys
	switch kid := header["kid"].(type) {
	case string:
		if kid != "" {
			candidates = s.keysOf(kid)
		}
	case nil:
	default:
		return nil, headerFault("kid")
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
		return nil, &Error{Status: native.StatusNoMatchingKey, Message: "no key of the JWK Set matches the kid and alg of the token"}
	}
	return found, nil
}

// keysOf returns the keys with this kid. If no key has this kid, it returns the keys without kid.
func (s *JWKSet) keysOf(kid string) []*JWK {
	var named, anonymous []*JWK
	for _, key := range s.keys {
		switch {
		case !key.key.HasKID:
			anonymous = append(anonymous, key)
		case key.KeyID() == kid:
			named = append(named, key)
		}
	}
	if len(named) > 0 {
		return named
	}
	return anonymous
}

func headerFault(parameter string) error {
	return &Error{Status: native.StatusMalformedHeader, Claim: parameter, Message: "the header parameter " + parameter + " is not a string"}
}

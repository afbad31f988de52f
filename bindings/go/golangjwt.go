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

	"bouncer_verify/bouncer/internal/native"
)

// A SigningMethod has golang-jwt verify signatures with this package. It has the methods of the
// interface jwt.SigningMethod of github.com/golang-jwt/jwt/v5, which this package does not import:
//
//	jwt.RegisterSigningMethod("RS256", func() jwt.SigningMethod { return bouncer.SigningMethodRS256 })
//	keys := func(*jwt.Token) (any, error) { return jwks, nil }
//	token, err := jwt.Parse(text, keys, jwt.WithValidMethods([]string{"RS256"}))
//
// The signature, the JOSE Header and the form of the token are checked here, as strictly as
// everywhere in this package. The claims are golang-jwt's alone: it reads them and validates "exp",
// "nbf", "iss" and "aud", and what it says of them is not called a wrong signature. A [Verifier] is
// stricter there: it rejects a Claims Set with a name twice, for example.
type SigningMethod struct {
	algorithm Algorithm
	policy    func() (*native.Policy, error)
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
	policy := Policy{AnyIssuer: true, AnyAudience: true, OptionalExp: true, Algorithms: []Algorithm{algorithm}}
	// Made at the first use and kept as long as the program runs.
	return &SigningMethod{algorithm, sync.OnceValues(func() (*native.Policy, error) {
		return newPolicy(policy.apply(settings{}))
	})}
}

// signingMethod returns the method of that name, or nil.
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

// Verify returns nil if the signature of signingString, the first two parts of a token, is one of
// key's:
//
//   - a [*JWKSet], of which the keys are taken that fit the token's "kid" and "alg",
//   - a [*RemoteJWKS], of which they are taken likewise: a token of unknown "kid" may cause a fetch
//     and waits for it, as with [Verifier.Verify], at most as long as [RemoteOptions].MaxWait says,
//   - a [*JWK], or what [JWKFromPublicKey] takes. Each call reads such a key again: prefer a
//     set where many tokens come.
//
// Otherwise the error is an [*Error], [ErrKeysUnavailable] among them, or [ErrClosed]. A wrong RSA
// signature is an [ErrInvalidSignature] and for [errors.Is] also [rsa.ErrVerification], as with
// golang-jwt's own methods.
//
// As golang-jwt's own method, [SigningMethodEdDSA] also verifies tokens whose "alg" is "ED25519".
// For [jwt.Parse] it has to be registered by that name.
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
		return nil // checked after the signature, which is valid
	case fault.Status == native.StatusInvalidSignature && m.isRSA():
		return wrongRSASignature{fault}
	}
	return err
}

func (m *SigningMethod) isRSA() bool {
	return strings.HasPrefix(string(m.algorithm), "RS") || strings.HasPrefix(string(m.algorithm), "PS")
}

// A wrongRSASignature is an ErrInvalidSignature, and to programs that know the standard library's
// error that too.
type wrongRSASignature struct{ fault *Error }

func (e wrongRSASignature) Error() string { return e.fault.Error() }

func (e wrongRSASignature) Unwrap() []error { return []error{e.fault, rsa.ErrVerification} }

// renameED25519 returns signingString with the "alg" of today if it is "ED25519", the name before
// RFC 8037 and RFC 9864.
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

// verifyED25519 verifies a token that the library does not know the "alg" of. The library checks
// all but the signature, of the token under the name of today: that signature must be wrong,
// because another text was signed. The standard library verifies the right one.
func (m *SigningMethod) verifyED25519(renamed, signingString string, signature []byte, keys signatureKeys) error {
	verdict := keys.verifySignature(m, renamed+"."+base64.RawURLEncoding.EncodeToString(signature))
	var fault *Error
	switch {
	case verdict == nil, errors.As(verdict, &fault) && fault.isOfClaims():
		return &Error{Status: native.StatusInvalidSignature, Message: "the signature is that of another token"}
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
	return nil, invalidArgument("this package does not sign tokens")
}

// signatureKeys are what a SigningMethod takes as a key.
type signatureKeys interface {
	// verifySignature verifies a token with the method's policy.
	verifySignature(method *SigningMethod, token string) error
	PublicKeys(header map[string]any) ([]crypto.PublicKey, error)
}

// signatureKeysOf is what key is, or a new set of it, for one signature.
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

// signatureVerifier is the verifier of the keys with the method's policy, made once.
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
	verifier := &Verifier{native: made, remote: r}
	kept, others := r.methods.LoadOrStore(method, verifier)
	if others {
		_ = verifier.Close()
	}
	return kept.(*Verifier), nil
}

// PublicKeys returns the keys that may verify a token with this JOSE Header, for programs that
// verify signatures by other means: those of the header's "kid", or if the set has none of that
// those without "kid", or all if the header has no "kid" (or it is null or empty); and of them
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
// None is an [ErrNoMatchingKey]. An "alg" that is not a string is an [ErrMalformedHeader].
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
		return nil, &Error{Status: native.StatusNoMatchingKey, Message: "no key of the JWK Set fits the token's kid and alg"}
	}
	return found, nil
}

// keysOf returns the keys with that kid, or if there are none those without any.
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

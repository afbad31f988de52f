//go:build cgo

package bouncer

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"math/big"
	"slices"

	"bouncer-verify.internal/bouncer/internal/native"
)

// A JWK is a public key for verifying signatures (RFC 7517 section 4): RSA of 2048 to 8192 bits,
// P-256, P-384, P-521 or Ed25519. It is an immutable Go value.
type JWK struct{ key native.JWK }

// ParseJWK parses one JWK, a JSON object. If the key is not usable, the error is [ErrUnusableKey].
func ParseJWK(document []byte) (*JWK, error) {
	if errLibrary != nil {
		return nil, errLibrary
	}
	return newJWK(native.JWKFromJSON(document))
}

// JWKFromPEM parses a key in PEM with the label "PUBLIC KEY" (RFC 7468 section 13). If the key is
// not usable, the error is [ErrUnusableKey].
func JWKFromPEM(pem []byte) (*JWK, error) {
	if errLibrary != nil {
		return nil, errLibrary
	}
	return newJWK(native.JWKFromPEM(pem))
}

// JWKFromDER parses a key in DER SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7), as
// [x509.MarshalPKIXPublicKey] returns it. If the key is not usable, the error is [ErrUnusableKey].
func JWKFromDER(der []byte) (*JWK, error) {
	if errLibrary != nil {
		return nil, errLibrary
	}
	return newJWK(native.JWKFromDER(der))
}

// JWKFromPublicKey converts an [*rsa.PublicKey], [*ecdsa.PublicKey] or [ed25519.PublicKey]. If the
// key has another type or is not usable, the error is [ErrUnusableKey].
//
// [*ecdsa.PublicKey]: https://pkg.go.dev/crypto/ecdsa#PublicKey
// [ed25519.PublicKey]: https://pkg.go.dev/crypto/ed25519#PublicKey
func JWKFromPublicKey(key crypto.PublicKey) (*JWK, error) {
	if errLibrary != nil {
		return nil, errLibrary
	}
	if key, ok := key.(*rsa.PublicKey); ok {
		if key == nil || key.N == nil || key.N.Sign() < 0 || key.E < 0 {
			return nil, unusableKey("the *rsa.PublicKey is nil, or its N or E is nil or negative")
		}
		return newJWK(native.JWKFromRSA(key.N.Bytes(), big.NewInt(int64(key.E)).Bytes()))
	}
	if key, ok := key.(*ecdsa.PublicKey); ok && (key == nil || key.X == nil || key.Y == nil) {
		return nil, unusableKey("the *ecdsa.PublicKey is nil, or its X or Y is nil")
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, unusableKey(fmt.Sprintf(
			"crypto/x509 cannot encode a %T: use an *rsa.PublicKey, an *ecdsa.PublicKey or an ed25519.PublicKey", key))
	}
	return newJWK(native.JWKFromDER(der))
}

func newJWK(key native.JWK, err *native.Error) (*JWK, error) {
	if err != nil {
		return nil, errorOf(err)
	}
	return &JWK{key}, nil
}

func unusableKey(message string) error {
	return &Error{Status: native.StatusUnusableKey, Message: message}
}

// KeyID returns "kid", or "" if the key has none.
func (k *JWK) KeyID() string { return k.key.KID }

// Algorithm returns "alg", or "" if the key has none. A key with "alg" may be used only with that
// algorithm.
func (k *JWK) Algorithm() Algorithm { return Algorithm(k.key.Algorithm) }

// KeyType returns "kty": "RSA", "EC" or "OKP".
func (k *JWK) KeyType() string { return k.key.KeyType }

// Curve returns "crv", or "" for an RSA key.
func (k *JWK) Curve() string { return k.key.Curve }

// Bits returns the size of the RSA modulus or of the curve, in bits.
func (k *JWK) Bits() int { return k.key.Bits }

// N returns a copy of the RSA modulus, big-endian without leading zeros, or nil for other keys.
func (k *JWK) N() []byte { return slices.Clone(k.key.N) }

// E returns a copy of the RSA exponent, big-endian without leading zeros, or nil for other keys.
func (k *JWK) E() []byte { return slices.Clone(k.key.E) }

// Tolerated reports whether a number of the key is written in a form that RFC 7518 forbids and the
// library tolerates. Those forms are padding, the standard base64 alphabet, a leading zero octet,
// and a coordinate without its leading zeros.
func (k *JWK) Tolerated() bool { return k.key.Tolerated }

// PEM returns the key as PEM with the label "PUBLIC KEY".
func (k *JWK) PEM() string { return k.key.PEM }

// DER returns a copy of the key as DER SubjectPublicKeyInfo.
func (k *JWK) DER() []byte { return slices.Clone(k.key.DER) }

// String returns the key as a JWK, a JSON object. It is a public key, so it is safe to log.
func (k *JWK) String() string { return k.key.JSON }

// MarshalJSON returns the key as a JWK.
func (k *JWK) MarshalJSON() ([]byte, error) { return []byte(k.key.JSON), nil }

// Thumbprint returns the JWK Thumbprint (RFC 7638) with SHA-256, in base64url.
func (k *JWK) Thumbprint() string { return k.key.Thumbprint }

// DCOSKeyID returns the "kid" that DC/OS computes from the modulus and exponent of an RSA key, or
// "" for other keys.
func (k *JWK) DCOSKeyID() string { return k.key.DCOSKID }

// PublicKey returns the key as a type of the standard library: an [*rsa.PublicKey],
// [*ecdsa.PublicKey] or [ed25519.PublicKey]. If the standard library does not support the key, such
// as RSA with an exponent over 31 bits, the error is [ErrUnusableKey].
//
// [*ecdsa.PublicKey]: https://pkg.go.dev/crypto/ecdsa#PublicKey
// [ed25519.PublicKey]: https://pkg.go.dev/crypto/ed25519#PublicKey
func (k *JWK) PublicKey() (crypto.PublicKey, error) {
	key, err := x509.ParsePKIXPublicKey(k.key.DER)
	if err != nil {
		return nil, unusableKey("crypto/x509 does not support the key: " + err.Error())
	}
	return key, nil
}

// fits reports whether the key can verify signatures of the algorithm.
func (k *JWK) fits(algorithm Algorithm) bool {
	if algorithm == EdDSA {
		algorithm = Ed25519
	}
	if own := k.Algorithm(); own != "" && own != algorithm {
		return false
	}
	switch algorithm {
	case RS256, RS384, RS512, PS256, PS384, PS512:
		return k.key.KeyType == "RSA"
	case ES256:
		return k.key.Curve == "P-256"
	case ES384:
		return k.key.Curve == "P-384"
	case ES512:
		return k.key.Curve == "P-521"
	case Ed25519:
		return k.key.Curve == "Ed25519"
	}
	return false
}

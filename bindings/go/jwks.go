//go:build cgo

package bouncer

import (
	"fmt"
	"slices"
	"sync/atomic"

	"bouncer-verify.internal/bouncer/internal/native"
)

// A JWKSet is an issuer's set of public keys (RFC 7517 section 5), parsed and checked once. It is
// immutable; any number of goroutines may use it. Call [JWKSet.Close] when it is no longer needed,
// or leave that to the garbage collector.
type JWKSet struct {
	native  *native.JWKS
	keys    []*JWK
	skipped []SkippedKey

	// The first policy without a Clock that a verification used. It stays prepared, because most
	// programs have only one policy.
	prepared atomic.Pointer[preparedPolicy]
}

// A SkippedKey is a key of a JWK Set that is not usable, with the reason.
type SkippedKey struct {
	// Index is its index in the "keys" array of the document, from 0.
	Index int
	// KeyID is its "kid", or "" if it has none.
	KeyID string
	// Reason is the stable name of the reason, such as "wrong_use".
	Reason string
	// Message describes the reason in a few words, for logs.
	Message string
}

// LoadJWKS parses a JWK Set document of at most 1 MiB and 1000 keys. It uses the first 100 usable
// keys. It keeps no reference to document.
//
// Keys that are not usable are skipped; [JWKSet.Skipped] returns them with the reason. The error is
// [ErrMalformedJWKSet] if the document is not a JWK Set, and [ErrNoUsableKey] if no key is usable.
func LoadJWKS(document []byte) (*JWKSet, error) {
	return LoadJWKSWith(document, BackendDefault)
}

// LoadJWKSWith is [LoadJWKS] with a choice of the back end. If backend is not one of the constants
// of this package, the error is [ErrInvalidArgument].
func LoadJWKSWith(document []byte, backend Backend) (*JWKSet, error) {
	if errLibrary != nil {
		return nil, errLibrary
	}
	if backend == BackendDefault {
		return newJWKSet(native.LoadJWKS(document))
	}
	return newJWKSet(native.LoadJWKSWith(document, backend.native()))
}

// NewJWKSet returns a key set that contains these keys. The error is [ErrNoUsableKey] if there are
// no keys, [ErrInvalidArgument] if a key is nil, and [ErrUnusableKey] if a key is the zero JWK.
func NewJWKSet(keys ...*JWK) (*JWKSet, error) {
	if errLibrary != nil {
		return nil, errLibrary
	}
	documents := make([]string, len(keys))
	for i, key := range keys {
		if key == nil {
			return nil, invalidArgument(fmt.Sprintf("key %d is nil", i))
		}
		documents[i] = key.key.JSON
	}
	return newJWKSet(native.JWKSOf(documents))
}

func newJWKSet(jwks *native.JWKS, err *native.Error) (*JWKSet, error) {
	if err != nil {
		return nil, errorOf(err)
	}
	set := &JWKSet{native: jwks}
	for _, key := range jwks.Keys() {
		set.keys = append(set.keys, &JWK{key})
	}
	for _, skipped := range jwks.Skipped() {
		set.skipped = append(set.skipped, SkippedKey(skipped))
	}
	return set, nil
}

func (s *JWKSet) source() (native.Keys, *RemoteJWKS) { return s.native, nil }

// Keys returns the usable keys in document order. They remain valid after Close.
func (s *JWKSet) Keys() []*JWK { return slices.Clone(s.keys) }

// Skipped returns the keys that are not usable, in document order.
func (s *JWKSet) Skipped() []SkippedKey { return slices.Clone(s.skipped) }

// AcceleratedKeys returns the number of keys whose next signature the library's own code verifies;
// see [BackendAccelerated]. ES256 and Ed25519 keys count once they have tables: after 100 valid
// tokens. It returns 0 after Close.
func (s *JWKSet) AcceleratedKeys() int {
	if s.native == nil {
		return 0
	}
	return s.native.AcceleratedKeys()
}

// Close frees the set when the calls that use it have returned. Later calls return [ErrClosed],
// except Keys and Skipped, which still work. Verifiers that were made from the set still work too.
// Close may be called more than once, and always returns nil.
func (s *JWKSet) Close() error {
	if s.native != nil {
		s.native.Close()
	}
	return nil
}

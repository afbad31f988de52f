//go:build cgo

package bouncer

import (
	"fmt"
	"slices"
	"sync/atomic"

	"bouncer_verify/bouncer/internal/native"
)

// A JWKSet holds an issuer's public keys (RFC 7517 section 5), checked and parsed once. It never
// changes; any number of goroutines may use it. [JWKSet.Close] it when it is no longer needed, or
// leave that to the garbage collector.
type JWKSet struct {
	native  *native.JWKS
	keys    []*JWK
	skipped []SkippedKey
	fast    int // keys of the accelerated back end

	// The first policy that VerifyToken was called with stays prepared, because most programs have
	// one.
	prepared atomic.Pointer[preparedPolicy]
}

// A SkippedKey is a member of a JWK Set that cannot be used, and why.
type SkippedKey struct {
	// Index is its place in the document's "keys" array, from 0.
	Index int
	// KeyID is its "kid", or "" if it has none.
	KeyID string
	// Reason is a stable name, such as "wrong_use".
	Reason string
	// Message says the reason in a few words, for a log.
	Message string
}

// LoadJWKS reads a JWK Set document, at most 1 MiB with 1000 members, of which 100 usable ones are
// used. The document is not kept.
//
// A key that cannot be used is left out; [JWKSet.Skipped] says why. The error is an
// [ErrMalformedJWKSet] if the document is not a JWK Set, and an [ErrNoUsableKey] if nothing of it
// can be used.
func LoadJWKS(document []byte) (*JWKSet, error) {
	return LoadJWKSWith(document, BackendDefault)
}

// LoadJWKSWith is [LoadJWKS] for keys that verify with the back end. If there is none of that
// number, the error is an [ErrInvalidArgument].
func LoadJWKSWith(document []byte, backend Backend) (*JWKSet, error) {
	if errLibrary != nil {
		return nil, errLibrary
	}
	if backend == BackendDefault {
		return newJWKSet(native.LoadJWKS(document))
	}
	return newJWKSet(native.LoadJWKSWith(document, backend.native()))
}

// NewJWKSet makes a key set of single keys. Without any the error is an [ErrNoUsableKey], and with
// a nil one an [ErrInvalidArgument].
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
	set := &JWKSet{native: jwks, fast: jwks.AcceleratedKeys()}
	for _, key := range jwks.Keys() {
		set.keys = append(set.keys, &JWK{key})
	}
	for _, skipped := range jwks.Skipped() {
		set.skipped = append(set.skipped, SkippedKey(skipped))
	}
	return set, nil
}

func (s *JWKSet) source() (native.Keys, *RemoteJWKS) { return s.native, nil }

// Keys returns the keys that can be used, in the document's order. They outlive the set.
func (s *JWKSet) Keys() []*JWK { return slices.Clone(s.keys) }

// Skipped returns the keys that cannot be used, in the document's order.
func (s *JWKSet) Skipped() []SkippedKey { return slices.Clone(s.skipped) }

// AcceleratedKeys returns for how many of the keys [BackendAccelerated] verifies RS256 by its own
// arithmetic: 0 where the CPU lacks the instructions.
func (s *JWKSet) AcceleratedKeys() int { return s.fast }

// Close frees the set, as soon as the calls that use it are done; later ones return [ErrClosed].
// Verifiers made of it go on working, and so do Keys and Skipped. Close may be called any number of
// times, and always returns nil.
func (s *JWKSet) Close() error {
	if s.native != nil {
		s.native.Close()
	}
	return nil
}

package native

/*
#include "bouncer_verify.h"
*/
import "C"

import "unsafe"

// A JWKS owns a bouncer_jwks of C.
type JWKS struct {
	Handle
	pointer *C.bouncer_jwks
}

// Acquire treats nil as a closed key set.
func (s *JWKS) Acquire() bool { return s != nil && s.Handle.Acquire() }

func newJWKS(pointer *C.bouncer_jwks) *JWKS {
	jwks := &JWKS{pointer: pointer}
	own(jwks, &jwks.Handle, pointer, freeJWKS)
	return jwks
}

func freeJWKS(jwks *C.bouncer_jwks) { C.bouncer_jwks_free(jwks) }

// A Backend is the number of a back end in C.
type Backend uint32

// The back ends.
const (
	BackendAccelerated Backend = C.BOUNCER_BACKEND_ACCELERATED
	BackendAWSLC       Backend = C.BOUNCER_BACKEND_AWS_LC
)

// LoadJWKS parses a JWK Set document, for the library's default back end.
func LoadJWKS(document []byte) (*JWKS, *Error) {
	var jwks *C.bouncer_jwks
	var err *C.bouncer_error
	if C.bouncer_jwks_load(bytesPointer(document), C.size_t(len(document)), &jwks, &err) != C.BOUNCER_STATUS_OK {
		return nil, takeError(err)
	}
	return newJWKS(jwks), nil
}

// LoadJWKSWith parses a JWK Set document, for a given back end.
func LoadJWKSWith(document []byte, backend Backend) (*JWKS, *Error) {
	var jwks *C.bouncer_jwks
	var err *C.bouncer_error
	status := C.bouncer_jwks_load_with(bytesPointer(document), C.size_t(len(document)), C.uint32_t(backend), &jwks, &err)
	if status != C.BOUNCER_STATUS_OK {
		return nil, takeError(err)
	}
	return newJWKS(jwks), nil
}

// JWKSOf makes a key set from single JWK documents.
func JWKSOf(documents []string) (*JWKS, *Error) {
	var err *C.bouncer_error
	keys := make([]*C.bouncer_jwk, 0, len(documents))
	defer func() {
		for _, key := range keys {
			C.bouncer_jwk_free(key)
		}
	}()
	for _, document := range documents {
		var key *C.bouncer_jwk
		if C.bouncer_jwk_from_json(textPointer(document), C.size_t(len(document)), &key, &err) != C.BOUNCER_STATUS_OK {
			return nil, takeError(err)
		}
		keys = append(keys, key)
	}
	var jwks *C.bouncer_jwks
	if C.bouncer_jwks_from_keys(unsafe.SliceData(keys), C.size_t(len(keys)), &jwks, &err) != C.BOUNCER_STATUS_OK {
		return nil, takeError(err)
	}
	return newJWKS(jwks), nil
}

// Keys returns the usable keys, or nil if the set is closed.
func (s *JWKS) Keys() []JWK {
	if !s.Acquire() {
		return nil
	}
	defer s.Release()
	keys := make([]JWK, C.bouncer_jwks_key_count(s.pointer))
	for i := range keys {
		keys[i] = readJWK(C.bouncer_jwks_key(s.pointer, C.size_t(i)))
	}
	return keys
}

// A SkippedKey is a key of the document that is not usable.
type SkippedKey struct {
	Index                  int
	KeyID, Reason, Message string
}

// Skipped returns the keys that are not usable, or nil if the set is closed.
func (s *JWKS) Skipped() []SkippedKey {
	if !s.Acquire() {
		return nil
	}
	defer s.Release()
	skipped := make([]SkippedKey, C.bouncer_jwks_skipped_count(s.pointer))
	for i := range skipped {
		skipped[i] = SkippedKey{
			Index:   int(C.bouncer_jwks_skipped_index(s.pointer, C.size_t(i))),
			KeyID:   textOf(C.bouncer_jwks_skipped_kid(s.pointer, C.size_t(i))),
			Reason:  textOf(C.bouncer_jwks_skipped_reason(s.pointer, C.size_t(i))),
			Message: textOf(C.bouncer_jwks_skipped_message(s.pointer, C.size_t(i))),
		}
	}
	return skipped
}

// AcceleratedKeys returns the number of accelerated keys, or 0 if the set is closed.
func (s *JWKS) AcceleratedKeys() int {
	if !s.Acquire() {
		return 0
	}
	defer s.Release()
	return int(C.bouncer_jwks_accelerated_keys(s.pointer))
}

func (s *JWKS) newVerifier(policy *C.bouncer_policy, verifier **C.bouncer_verifier, err **C.bouncer_error) C.bouncer_status {
	return C.bouncer_verifier_new_jwks(s.pointer, policy, verifier, err)
}

func (s *JWKS) accept(settings *C.bouncer_settings, policy *C.bouncer_policy) {
	C.bouncer_settings_accept_jwks(settings, s.pointer, policy)
}

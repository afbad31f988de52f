package native

/*
#include <bouncer_verify.h>
*/
import "C"

// A Verifier owns a bouncer_verifier of C, which combines keys and a policy.
type Verifier struct {
	Handle
	pointer *C.bouncer_verifier
}

// Acquire treats nil as a closed verifier.
func (v *Verifier) Acquire() bool { return v != nil && v.Handle.Acquire() }

// Keys is a [JWKS] or a [RemoteJWKS].
type Keys interface {
	Acquire() bool
	Release()
	newVerifier(policy *C.bouncer_policy, verifier **C.bouncer_verifier, err **C.bouncer_error) C.bouncer_status
}

// HeldKeys keeps the C object of a key set alive, even after the key set is closed.
type HeldKeys struct {
	Handle
	keys Keys
}

// Hold returns HeldKeys that keep the C object alive until they are closed. It returns false if
// keys is already closed.
func Hold(keys Keys) (*HeldKeys, bool) {
	if !keys.Acquire() {
		return nil, false
	}
	held := &HeldKeys{keys: keys}
	own(held, &held.Handle, keys, Keys.Release)
	return held, true
}

// NewVerifier makes a verifier that uses the keys.
func (h *HeldKeys) NewVerifier(policy *Policy) (*Verifier, *Error) {
	if !h.Acquire() {
		return nil, Closed
	}
	defer h.Release()
	return newVerifier(h.keys, policy)
}

// NewVerifier makes a verifier that uses keys. A [JWKS] may be closed afterwards.
func NewVerifier(keys Keys, policy *Policy) (*Verifier, *Error) {
	if !keys.Acquire() {
		return nil, Closed
	}
	defer keys.Release()
	return newVerifier(keys, policy)
}

func newVerifier(keys Keys, policy *Policy) (*Verifier, *Error) {
	if !policy.Acquire() {
		return nil, Closed
	}
	defer policy.Release()
	var pointer *C.bouncer_verifier
	var err *C.bouncer_error
	if keys.newVerifier(policy.pointer, &pointer, &err) != C.BOUNCER_STATUS_OK {
		return nil, takeError(err)
	}
	return ownVerifier(pointer), nil
}

func ownVerifier(pointer *C.bouncer_verifier) *Verifier {
	verifier := &Verifier{pointer: pointer}
	own(verifier, &verifier.Handle, pointer, freeVerifier)
	return verifier
}

func freeVerifier(verifier *C.bouncer_verifier) { C.bouncer_verifier_free(verifier) }

// WithCache makes a verifier with the same keys and policy, and a cache for this number of tokens.
func (v *Verifier) WithCache(tokens int) (*Verifier, *Error) {
	if !v.Acquire() {
		return nil, Closed
	}
	defer v.Release()
	var cached *C.bouncer_verifier
	var err *C.bouncer_error
	if C.bouncer_verifier_with_cache(v.pointer, C.size_t(tokens), &cached, &err) != C.BOUNCER_STATUS_OK {
		return nil, takeError(err)
	}
	return ownVerifier(cached), nil
}

package native

/*
#include "settings.h"
*/
import "C"

import "time"

// A Verifier owns a bouncer_verifier of C. It has entries, which combine keys and a policy.
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
	accept(settings *C.bouncer_settings, policy *C.bouncer_policy)
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

// An Entry combines keys and the policy for their tokens.
type Entry struct {
	Keys   Keys
	Policy *Policy
}

// NewVerifierOf makes a verifier with these entries. A [JWKS] may be closed afterwards.
func NewVerifierOf(entries []Entry) (*Verifier, *Error) {
	settings := C.bouncer_settings_new(C.BOUNCER_KIND_VERIFIER)
	defer C.bouncer_settings_free(settings)
	for _, entry := range entries {
		if err := entry.accept(settings); err != nil {
			return nil, err
		}
	}
	return verifierOf(settings)
}

// accept appends the entry to the settings, which keep the error of C.
func (e Entry) accept(settings *C.bouncer_settings) *Error {
	if !e.Keys.Acquire() {
		return Closed
	}
	defer e.Keys.Release()
	if !e.Policy.Acquire() {
		return Closed
	}
	defer e.Policy.Release()
	e.Keys.accept(settings, e.Policy.pointer)
	return nil
}

// LoadVerifier makes a verifier from a configuration document.
func LoadVerifier(document []byte) (*Verifier, *Error) {
	settings := C.bouncer_go_configuration(bytesPointer(document), C.size_t(len(document)))
	defer C.bouncer_settings_free(settings)
	return verifierOf(settings)
}

func verifierOf(settings *C.bouncer_settings) (*Verifier, *Error) {
	var pointer *C.bouncer_verifier
	var err *C.bouncer_error
	if C.bouncer_verifier_new(settings, &pointer, &err) != C.BOUNCER_STATUS_OK {
		return nil, takeError(err)
	}
	return ownVerifier(pointer), nil
}

// Reload replaces the entries by those of a configuration document.
func (v *Verifier) Reload(document []byte) *Error {
	if !v.Acquire() {
		return Closed
	}
	defer v.Release()
	settings := C.bouncer_go_configuration(bytesPointer(document), C.size_t(len(document)))
	defer C.bouncer_settings_free(settings)
	var err *C.bouncer_error
	if C.bouncer_verifier_reload(v.pointer, settings, &err) != C.BOUNCER_STATUS_OK {
		return takeError(err)
	}
	return nil
}

// IsOver reports whether the fetch of this ticket is over. It is also true if no caller needs to
// wait for the fetch: the keys or the verifier are closed, or a reload has removed the keys.
func (v *Verifier) IsOver(ticket uint64) bool {
	if !v.Acquire() {
		return true
	}
	defer v.Release()
	return C.bouncer_verifier_wait(v.pointer, C.uint64_t(ticket), 0) != 0
}

// MaxWait returns the longest time that a token waits for the fetch of this ticket.
func (v *Verifier) MaxWait(ticket uint64) time.Duration {
	if !v.Acquire() {
		return 0
	}
	defer v.Release()
	return durationOf(uint64(C.bouncer_verifier_max_wait(v.pointer, C.uint64_t(ticket))))
}

// Ready returns nil if all entries have keys. Otherwise it returns why the first entry without keys
// has none. It also starts the first fetch of lazy keys.
func (v *Verifier) Ready() *Error {
	if !v.Acquire() {
		return Closed
	}
	defer v.Release()
	var err *C.bouncer_error
	if C.bouncer_verifier_wait_ready(v.pointer, 0, &err) != C.BOUNCER_STATUS_OK {
		return takeError(err)
	}
	return nil
}

// MayBecomeReady returns false if waiting for Ready does not help.
func (v *Verifier) MayBecomeReady() bool {
	if !v.Acquire() {
		return false
	}
	defer v.Release()
	return C.bouncer_verifier_may_become_ready(v.pointer) != 0
}

// WithCache makes a verifier with the same entries, and a cache for this number of tokens.
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

package native

/*
#cgo noescape bouncer_go_own_token
#cgo nocallback bouncer_go_own_token
#cgo noescape bouncer_go_read_own_token
#cgo nocallback bouncer_go_read_own_token
#include "own_token.h"
*/
import "C"

import "unsafe"

// An OwnToken is the service's own token.
type OwnToken struct {
	Authorization string // the value of the Authorization header
	TokenAt       int    // the start of the token in Authorization
	ExpiresAt     int64  // in seconds since 1970
	Expires       bool
	Generation    uint64
}

// Token returns the service's own token. It never waits. If a server rejected a token, pass that
// token as rejected: then the result is a different token. Otherwise pass "".
//
// Use the ticket as described at [Verifier.Verify]. A token together with a ticket is valid, but
// about to expire.
//
// known is the generation of the token that the caller already has. If that token is still the
// current one, only Generation is set in the result.
func (r *Renewer) Token(rejected string, known, ticket uint64) (OwnToken, uint64, *Error) {
	if !r.Acquire() {
		return OwnToken{}, 0, Closed
	}
	defer r.Release()
	result := C.bouncer_go_own_result{ticket: C.uint64_t(ticket), generation: C.uint64_t(known)}
	var scratch [scratchLen]byte
	C.bouncer_go_own_token(r.pointer, textPointer(rejected), C.size_t(len(rejected)),
		&result, (*C.char)(unsafe.Pointer(&scratch)), scratchLen)
	if result.is_known != 0 {
		return OwnToken{Generation: known}, uint64(result.ticket), nil
	}
	var text string
	if result.text_len > scratchLen {
		long := make([]byte, result.text_len)
		C.bouncer_go_read_own_token(&result, bytesPointer(long), C.size_t(len(long)))
		text = BorrowText(long) // long is not written again
	} else {
		text = string(scratch[:result.text_len])
	}
	if result.status != C.BOUNCER_STATUS_OK {
		return OwnToken{}, uint64(result.ticket), &Error{Status: uint32(result.status), Message: text}
	}
	return OwnToken{
		Authorization: text,
		TokenAt:       int(result.token_at),
		ExpiresAt:     int64(result.expires_at),
		Expires:       result.expires != 0,
		Generation:    uint64(result.generation),
	}, uint64(result.ticket), nil
}

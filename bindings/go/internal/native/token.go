package native

/*
#cgo noescape bouncer_go_verify
#cgo nocallback bouncer_go_verify
#cgo noescape bouncer_go_read
#cgo nocallback bouncer_go_read
#include "token.h"
*/
import "C"

import "unsafe"

// A Token is the content of a verified token: one text, and the position of each part in it.
type Token struct {
	text   string
	claims C.bouncer_go_claims
}

func (t *Token) piece(at C.bouncer_go_span) string { return pieceOf(t.text, at) }

func pieceOf(text string, at C.bouncer_go_span) string { return text[at.start : at.start+at.len] }

// Payload returns the Claims Set.
func (t *Token) Payload() string { return t.piece(t.claims.payload) }

// Header returns the JOSE Header.
func (t *Token) Header() string { return t.piece(t.claims.header) }

// KID returns the "kid" of the key that verified the token.
func (t *Token) KID() string { return t.piece(t.claims.kid) }

// Algorithm returns the algorithm of the signature.
func (t *Token) Algorithm() string { return t.piece(t.claims.alg) }

// UID returns "uid", and whether it is present and a string.
func (t *Token) UID() (string, bool) { return t.piece(t.claims.uid), t.claims.has_uid != 0 }

// Identity returns the claim that names the user or service.
func (t *Token) Identity() string { return t.piece(t.claims.identity) }

// Scopes returns the JSON texts of the claims that contain scopes, each followed by a line feed.
func (t *Token) Scopes() string { return t.piece(t.claims.scopes) }

// Issuer returns "iss".
func (t *Token) Issuer() string { return t.piece(t.claims.iss) }

// Subject returns "sub".
func (t *Token) Subject() string { return t.piece(t.claims.sub) }

// TokenID returns "jti".
func (t *Token) TokenID() string { return t.piece(t.claims.jti) }

// Exp returns "exp" in seconds since 1970, and whether it is present.
func (t *Token) Exp() (int64, bool) { return int64(t.claims.exp), t.claims.times&1 != 0 }

// Nbf returns "nbf" in seconds since 1970, and whether it is present.
func (t *Token) Nbf() (int64, bool) { return int64(t.claims.nbf), t.claims.times&2 != 0 }

// Iat returns "iat" in seconds since 1970, and whether it is present.
func (t *Token) Iat() (int64, bool) { return int64(t.claims.iat), t.claims.times&4 != 0 }

// Verify verifies a token. It never waits.
//
// Pass 0 as the ticket of the first call. If the returned ticket is not 0, the result is pending: a
// fetch may bring the missing key. Wait until IsOver returns true, then call Verify again with the
// returned ticket. If the fetch is not over when you call Verify again, the result is final.
func (v *Verifier) Verify(token string, ticket uint64) (Token, uint64, *Error) {
	if !v.Acquire() {
		return Token{}, 0, Closed
	}
	defer v.Release()
	return verify(v.pointer, nil, nil, token, ticket)
}

// Verify verifies a token.
func (s *JWKS) Verify(policy *Policy, token string) (Token, *Error) {
	if !s.Acquire() {
		return Token{}, Closed
	}
	defer s.Release()
	if !policy.Acquire() {
		return Token{}, Closed
	}
	defer policy.Release()
	verified, _, err := verify(nil, s.pointer, policy.pointer, token, 0)
	return verified, err
}

// verify verifies a token with the verifier, or with jwks and policy if the verifier is nil.
func verify(
	verifier *C.bouncer_verifier, jwks *C.bouncer_jwks, policy *C.bouncer_policy, token string, ticket uint64,
) (Token, uint64, *Error) {
	verdict := C.bouncer_go_verdict{ticket: C.uint64_t(ticket)}
	var scratch [scratchLen]byte
	C.bouncer_go_verify(verifier, jwks, policy, textPointer(token), C.size_t(len(token)),
		&verdict, (*C.char)(unsafe.Pointer(&scratch)), scratchLen)
	if verdict.status == C.BOUNCER_STATUS_PENDING {
		return Token{}, uint64(verdict.ticket), nil
	}
	var text string
	if verdict.text_len > scratchLen {
		long := make([]byte, verdict.text_len)
		C.bouncer_go_read(&verdict, bytesPointer(long), C.size_t(len(long)))
		text = BorrowText(long) // long is not written again
	} else {
		text = string(scratch[:verdict.text_len])
	}
	verified, err := resultOf(&verdict, text)
	return verified, 0, err
}

func resultOf(verdict *C.bouncer_go_verdict, text string) (Token, *Error) {
	if verdict.status != C.BOUNCER_STATUS_OK {
		return Token{}, &Error{
			Status:  uint32(verdict.status),
			Claim:   pieceOf(text, verdict.claim),
			Message: pieceOf(text, verdict.message),
		}
	}
	return Token{text, verdict.claims}, nil
}

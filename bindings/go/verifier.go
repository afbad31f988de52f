package bouncer

// A Verifier is one issuer's keys with the policy for its tokens. It never changes; any number of goroutines may use it.
// [Verifier.Close] it when it is no longer needed, or leave that to the garbage collector.
type Verifier struct {
	lease   lease
	pointer verifierPointer
}

// NewVerifier puts keys and policy together. Both may be changed and closed afterwards: the verifier has its own.
//
// The error is an [ErrInvalidArgument] if the policy cannot be used, and [ErrClosed] if jwks is closed.
func NewVerifier(jwks *JWKSet, policy Policy) (*Verifier, error) {
	prepared, err := policy.build()
	if err != nil {
		return nil, err
	}
	defer freePolicy(prepared)
	if !jwks.lease.enter() {
		return nil, ErrClosed
	}
	defer jwks.lease.leave()
	pointer, err := newVerifier(jwks.pointer, prepared)
	if err != nil {
		return nil, err
	}
	verifier := &Verifier{pointer: pointer}
	lend(verifier, &verifier.lease, pointer, freeVerifier)
	return verifier, nil
}

// Verify verifies a JWT: its signature with the verifier's keys, then its Claims Set against the policy (RFC 7519 section
// 7.2). The token is JWS Compact Serialization, without white space around it.
//
// The error is an [*Error] of the group [ErrInvalidToken], for the first fault of the token in a fixed order, or [ErrClosed].
func (v *Verifier) Verify(token string) (*VerifiedToken, error) {
	if !v.lease.enter() {
		return nil, ErrClosed
	}
	defer v.lease.leave()
	return verify(v.pointer, nil, nil, token)
}

// VerifyBytes is [Verifier.Verify] for a token in bytes, which are not copied and not kept. Nobody may write them meanwhile.
func (v *Verifier) VerifyBytes(token []byte) (*VerifiedToken, error) {
	return v.Verify(borrowText(token))
}

// Close frees the verifier, as soon as the calls that use it are done; later ones return [ErrClosed]. It may be called any
// number of times, and always returns nil.
func (v *Verifier) Close() error {
	v.lease.close()
	return nil
}

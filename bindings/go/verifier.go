//go:build cgo

package bouncer

import (
	"context"
	"fmt"
	"time"

	"bouncer_verify/bouncer/internal/native"
)

// A Verifier is one issuer's keys with the policy for its tokens. It never changes; any number of
// goroutines may use it. [Verifier.Close] it when it is no longer needed, or leave that to the
// garbage collector.
type Verifier struct {
	native  *native.Verifier
	remote  *RemoteJWKS // nil: the keys stay as they are
	clocked *clockedKeys
}

// A KeySource has the keys of a [Verifier]: a [*JWKSet], which stays as it is, or a [*RemoteJWKS],
// which keeps itself fresh.
type KeySource interface {
	// source returns the C object, and the receiver if the keys are remote.
	source() (native.Keys, *RemoteJWKS)
}

// NewVerifier puts keys and policy together. The policy may be changed afterwards, and a [*JWKSet]
// closed: the verifier has its own. A [*RemoteJWKS] is shared: once that is closed, there are no
// keys, [ErrKeysUnavailable].
//
// The error is an [ErrInvalidArgument] if the policy cannot be used or keys is nil, and [ErrClosed]
// if the keys are closed.
func NewVerifier(keys KeySource, policy Policy) (*Verifier, error) {
	switch keys := keys.(type) {
	case nil:
		return nil, invalidArgument("NewVerifier: the keys are nil")
	case *JWKSet:
		if keys == nil {
			return nil, invalidArgument("NewVerifier: the *JWKSet is nil")
		}
	case *RemoteJWKS:
		if keys == nil {
			return nil, invalidArgument("NewVerifier: the *RemoteJWKS is nil")
		}
	}
	fixed := policy
	if policy.At.IsZero() {
		fixed.Now = nil // it is asked by the verifications
	}
	prepared, err := fixed.build()
	if err != nil {
		return nil, err
	}
	defer prepared.Close()
	source, remote := keys.source()
	if policy.Now != nil {
		held, open := native.Hold(source)
		if !open {
			return nil, ErrClosed
		}
		return &Verifier{remote: remote, clocked: &clockedKeys{held, policy.clone()}}, nil
	}
	verifier, failure := native.NewVerifier(source, prepared)
	if failure != nil {
		return nil, errorOf(failure)
	}
	return &Verifier{native: verifier, remote: remote}, nil
}

// clockedKeys are what a Verifier has in place of a C object if its policy has a clock of the
// program's own: the library's policies have the system's clock or a fixed time.
type clockedKeys struct {
	keys   *native.HeldKeys
	policy Policy
}

// now returns the verifier itself, or one for the time that its clock says. close closes only that.
func (v *Verifier) now() (now *Verifier, close func(), err error) {
	switch {
	case v == nil:
		return nil, nil, ErrClosed
	case v.clocked == nil:
		return v, func() {}, nil
	case !v.clocked.keys.Acquire():
		return nil, nil, ErrClosed
	}
	defer v.clocked.keys.Release()
	policy, err := v.clocked.policy.build()
	if err != nil {
		return nil, nil, err
	}
	defer policy.Close()
	verifier, failure := v.clocked.keys.NewVerifier(policy)
	if failure != nil {
		return nil, nil, errorOf(failure)
	}
	return &Verifier{native: verifier, remote: v.remote}, verifier.Close, nil
}

// WithCache makes a verifier of the same keys and policy that remembers about so many verified
// tokens, 2^20 at most, and none with 0. The other one may be closed.
//
// A token that it remembers passes without its signature being verified again: the whole token is
// compared, "exp" and "nbf" are checked each time, and when remote keys change, everything is
// forgotten. What it gives up: the tokens and their claims stay in memory, about twice their length
// each, until others take their places. Tokens over 4 KiB are not remembered.
//
// The error is an [ErrInvalidArgument] for a number below 0 and for a policy with Now, and
// [ErrClosed].
func (v *Verifier) WithCache(tokens int) (*Verifier, error) {
	if tokens < 0 {
		return nil, invalidArgument(fmt.Sprintf("the cache size is negative: %d", tokens))
	}
	switch {
	case v == nil:
		return nil, ErrClosed
	case v.clocked != nil:
		return nil, invalidArgument("WithCache and Policy.Now are mutually exclusive")
	}
	cached, err := v.native.WithCache(tokens)
	if err != nil {
		return nil, errorOf(err)
	}
	return &Verifier{native: cached, remote: v.remote}, nil
}

// CacheStats is what the cache of a [Verifier] has done.
type CacheStats struct {
	// Hits counts the verifications that found their token.
	Hits uint64
	// Misses counts those that did not.
	Misses uint64
	// Capacity is the most tokens that are kept. 0: there is no cache.
	Capacity int
}

// CacheStats returns what the cache has done so far: nothing if there is none, or the verifier is
// closed.
func (v *Verifier) CacheStats() CacheStats {
	if v == nil {
		return CacheStats{}
	}
	hits, misses, capacity := v.native.CacheStats()
	return CacheStats{hits, misses, capacity}
}

// Verify verifies a JWT: its signature with the verifier's keys, then its Claims Set against the
// policy (RFC 7519 section 7.2). The token is JWS Compact Serialization, without white space around
// it.
//
// With remote keys it waits where a fetch may bring the key that is missing, as long as
// [RemoteOptions].MaxWait says. A token that has its key never waits.
//
// The error is an [*Error] of the group [ErrInvalidToken], for the first fault of the token in a
// fixed order; with remote keys also [ErrKeysUnavailable]; or [ErrClosed].
func (v *Verifier) Verify(token string) (*VerifiedToken, error) {
	return v.VerifyContext(context.Background(), token)
}

// VerifyContext is [Verifier.Verify] for callers that may lose interest: if ctx ends while it waits
// for keys, it returns at once. That ends the waiting, never the fetch, which others may wait for.
//
// The error is then of the group [ErrKeys], because nothing can be said of the token, and for
// [errors.Is] also that of ctx. A token that has its key is judged whatever ctx says.
func (v *Verifier) VerifyContext(ctx context.Context, token string) (*VerifiedToken, error) {
	now, close, err := v.now()
	if err != nil {
		return nil, err
	}
	defer close()
	content, ticket, failure := now.native.Verify(token, 0)
	switch {
	case failure == nil:
		return newToken(content), nil
	case ticket == 0:
		return nil, errorOf(failure)
	}
	timeout := time.NewTimer(now.remote.maxWait)
	defer timeout.Stop()
	return now.verifyLater(ctx, token, ticket, errorOf(failure), timeout.C)
}

// beginsLater is the bit of a ticket which says that its attempt began after the token was seen. A
// call with such a ticket is final.
const beginsLater = 1 << 63

// verifyLater judges again after the fetch that the ticket stands for, or when timeout comes. The
// verdict so far is the error.
func (v *Verifier) verifyLater(
	ctx context.Context, token string, ticket uint64, verdict error, timeout <-chan time.Time,
) (*VerifiedToken, error) {
	// The first fetch may have begun before the token came, and the key been added in between.
	for range 2 {
		over, err := v.remote.flights.wait(ctx, ticket, timeout)
		if err != nil {
			return nil, err
		}
		if !over {
			ticket |= beginsLater // a last look: the key may be in use by now
		}
		content, later, failure := v.native.Verify(token, ticket)
		if failure == nil {
			return newToken(content), nil
		}
		if ticket, verdict = later, errorOf(failure); ticket == 0 {
			return nil, verdict
		}
	}
	return nil, verdict
}

// VerifyAuthorization is [Verifier.Verify] for the token in the value of an HTTP Authorization
// header, as [AuthorizationToken] finds it. A value without one, the empty value of an absent
// header included, is an [ErrMalformedAuthorization].
func (v *Verifier) VerifyAuthorization(value string) (*VerifiedToken, error) {
	return v.VerifyAuthorizationContext(context.Background(), value)
}

// VerifyAuthorizationContext is [Verifier.VerifyAuthorization] as [Verifier.VerifyContext] is
// [Verifier.Verify].
func (v *Verifier) VerifyAuthorizationContext(ctx context.Context, value string) (*VerifiedToken, error) {
	token, err := AuthorizationToken(value)
	if err != nil {
		return nil, err
	}
	return v.VerifyContext(ctx, token)
}

// VerifyBytes is [Verifier.Verify] for a token in bytes, which are not copied and not kept. Nobody
// may write them meanwhile.
func (v *Verifier) VerifyBytes(token []byte) (*VerifiedToken, error) {
	return v.Verify(native.BorrowText(token))
}

// Close frees the verifier, as soon as the calls that use it are done; later ones return
// [ErrClosed]. It may be called any number of times, and always returns nil.
func (v *Verifier) Close() error {
	switch {
	case v == nil:
	case v.clocked != nil:
		v.clocked.keys.Close()
	case v.native != nil:
		v.native.Close()
	}
	return nil
}

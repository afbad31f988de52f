//go:build cgo

package bouncer

import (
	"context"
	"fmt"
	"time"
)

// A Verifier is one issuer's keys with the policy for its tokens. It never changes; any number of goroutines may use it.
// [Verifier.Close] it when it is no longer needed, or leave that to the garbage collector.
type Verifier struct {
	lease   lease
	pointer verifierPointer
	remote  *RemoteJWKS // nil: the keys stay as they are
	clocked *clockedKeys
}

// A KeySource has the keys of a [Verifier]: a [*JWKSet], which stays as it is, or a [*RemoteJWKS], which keeps itself fresh.
type KeySource interface {
	handle() keyHandle
}

// A keyHandle is the C object of a KeySource.
type keyHandle struct {
	lease       *lease // nil: there is none
	remote      *RemoteJWKS
	newVerifier func(policyPointer) (verifierPointer, error)
}

// NewVerifier puts keys and policy together. The policy may be changed afterwards, and a [*JWKSet] closed: the verifier
// has its own. A [*RemoteJWKS] is shared: once that is closed, there are no keys, [ErrKeysUnavailable].
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
	defer freePolicy(prepared)
	handle := keys.handle()
	if handle.lease == nil || !handle.lease.enter() {
		return nil, ErrClosed
	}
	verifier, err := newVerifier(handle, prepared)
	if err != nil || policy.Now == nil {
		handle.lease.leave()
		return verifier, err
	}
	_ = verifier.Close() // it showed that the policy can be used
	return newClockedVerifier(handle, policy.clone()), nil
}

func newVerifier(keys keyHandle, policy policyPointer) (*Verifier, error) {
	pointer, err := keys.newVerifier(policy)
	if err != nil {
		return nil, err
	}
	verifier := &Verifier{pointer: pointer, remote: keys.remote}
	lend(verifier, &verifier.lease, pointer, freeVerifier)
	return verifier, nil
}

// clockedKeys are what a Verifier has in place of a C object if its policy has a clock of the
// program's own: the library's policies have the system's clock or a time that stands still.
type clockedKeys struct {
	keys   keyHandle
	policy Policy
}

// newClockedVerifier takes over a use of the keys, which keeps their C object, whoever closes them,
// until the verifier is freed.
func newClockedVerifier(keys keyHandle, policy Policy) *Verifier {
	verifier := &Verifier{remote: keys.remote, clocked: &clockedKeys{keys, policy}}
	lend(verifier, &verifier.lease, keys.lease, (*lease).leave)
	return verifier
}

// now makes a verifier for the time that it is, which the caller closes.
func (k *clockedKeys) now() (*Verifier, error) {
	policy, err := k.policy.build()
	if err != nil {
		return nil, err
	}
	defer freePolicy(policy)
	return newVerifier(k.keys, policy)
}

// enter begins a use, which ends with lease.leave. It reports false if the verifier is closed, or
// nil.
func (v *Verifier) enter() bool {
	return v != nil && v.lease.enter()
}

// WithCache makes a verifier of the same keys and policy that remembers about so many verified tokens, 2^20 at most, and none
// with 0. The other one may be closed.
//
// A token that it remembers passes without its signature being verified again: the whole token is compared, "exp" and "nbf"
// are checked each time, and when remote keys change, everything is forgotten. What it gives up: the tokens and their claims
// stay in memory, about twice their length each, until others take their places. Tokens over 4 KiB are not remembered.
//
// The error is an [ErrInvalidArgument] for a number below 0 and for a policy with Now, and
// [ErrClosed].
func (v *Verifier) WithCache(tokens int) (*Verifier, error) {
	if tokens < 0 {
		return nil, invalidArgument(fmt.Sprintf("the cache size is negative: %d", tokens))
	}
	if !v.enter() {
		return nil, ErrClosed
	}
	defer v.lease.leave()
	if v.clocked != nil {
		return nil, invalidArgument("WithCache and Policy.Now are mutually exclusive")
	}
	pointer, err := withCache(v.pointer, tokens)
	if err != nil {
		return nil, err
	}
	cached := &Verifier{pointer: pointer, remote: v.remote}
	lend(cached, &cached.lease, pointer, freeVerifier)
	return cached, nil
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

// CacheStats returns what the cache has done so far: nothing if there is none, or the verifier is closed.
func (v *Verifier) CacheStats() CacheStats {
	if !v.enter() {
		return CacheStats{}
	}
	defer v.lease.leave()
	return cacheStatsOf(v.pointer)
}

// Verify verifies a JWT: its signature with the verifier's keys, then its Claims Set against the policy (RFC 7519 section
// 7.2). The token is JWS Compact Serialization, without white space around it.
//
// With remote keys it waits where a fetch may bring the key that is missing, as long as [RemoteOptions].MaxWait says. A
// token that has its key never waits.
//
// The error is an [*Error] of the group [ErrInvalidToken], for the first fault of the token in a fixed order; with remote
// keys also [ErrKeysUnavailable]; or [ErrClosed].
func (v *Verifier) Verify(token string) (*VerifiedToken, error) {
	return v.VerifyContext(context.Background(), token)
}

// VerifyContext is [Verifier.Verify] for callers that may lose interest: if ctx ends while it waits for keys, it returns
// at once. That ends the waiting, never the fetch, which others may wait for.
//
// The error is then of the group [ErrKeys], because nothing can be said of the token, and for [errors.Is] also that of
// ctx. A token that has its key is judged whatever ctx says.
func (v *Verifier) VerifyContext(ctx context.Context, token string) (*VerifiedToken, error) {
	if !v.enter() {
		return nil, ErrClosed
	}
	defer v.lease.leave()
	if v.clocked != nil {
		now, err := v.clocked.now()
		if err != nil {
			return nil, err
		}
		defer now.Close()
		return now.VerifyContext(ctx, token)
	}
	verified, ticket, err := verify(v.pointer, nil, nil, token, 0)
	if ticket != 0 {
		enough := time.NewTimer(v.remote.keeper.maxWait)
		defer enough.Stop()
		return v.verifyLater(ctx, token, ticket, err, enough.C)
	}
	return verified, err
}

// verifyLater judges again after the fetch that the ticket stands for, or when enough comes before. The verdict so far is the
// error.
func (v *Verifier) verifyLater(
	ctx context.Context, token string, ticket uint64, verdict error, enough <-chan time.Time,
) (*VerifiedToken, error) {
	// The first fetch may have begun before the token came, and the key been added in between. The second one decides.
	for range 2 {
		done, err := v.remote.keeper.waitFetch(ctx, ticket, enough)
		if err != nil {
			return nil, err
		}
		if !done {
			ticket |= beginsLater // a last look: the key may be in use by now
		}
		var verified *VerifiedToken
		if verified, ticket, verdict = verify(v.pointer, nil, nil, token, ticket); ticket == 0 {
			return verified, verdict
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

// VerifyBytes is [Verifier.Verify] for a token in bytes, which are not copied and not kept. Nobody may write them meanwhile.
func (v *Verifier) VerifyBytes(token []byte) (*VerifiedToken, error) {
	return v.Verify(borrowText(token))
}

// Close frees the verifier, as soon as the calls that use it are done; later ones return [ErrClosed]. It may be called any
// number of times, and always returns nil.
func (v *Verifier) Close() error {
	if v != nil {
		v.lease.close()
	}
	return nil
}

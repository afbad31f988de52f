//go:build cgo

package bouncer

import (
	"context"
	"fmt"
	"slices"
	"time"

	"bouncer_verify/bouncer/internal/native"
)

// A Verifier verifies tokens with one issuer's keys and one policy. It is immutable; any number of
// goroutines may use it. Call [Verifier.Close] when it is no longer needed, or leave that to the
// garbage collector.
type Verifier struct {
	native  *native.Verifier
	remote  *RemoteJWKS // nil if the keys are a JWKSet
	clocked *clockedKeys
}

// A KeySource supplies the keys of a [Verifier]. It is a [*JWKSet], whose keys never change, or a
// [*RemoteJWKS], which fetches and refreshes them.
type KeySource interface {
	// source returns the C object. If the keys are remote, it also returns the receiver, otherwise
	// nil.
	source() (native.Keys, *RemoteJWKS)
}

// NewVerifier returns a verifier for these keys and this policy. Later changes of the policy have
// no effect on the verifier. A [*JWKSet] may be closed afterwards. A [*RemoteJWKS] is shared: after
// its Close, the verifier returns [ErrKeysUnavailable].
//
// The error is [ErrInvalidArgument] if the policy is not valid or keys is nil, and [ErrClosed] if
// the key set is closed.
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
	made, err := policy.settings(settings{})
	if err != nil {
		return nil, err
	}
	prepared, err := newPolicy(made)
	if err != nil {
		return nil, err
	}
	defer prepared.Close()
	source, remote := keys.source()
	if policy.Clock != nil {
		held, open := native.Hold(source)
		if !open {
			return nil, ErrClosed
		}
		return &Verifier{remote: remote, clocked: &clockedKeys{held, made, policy.Clock}}, nil
	}
	verifier, failure := native.NewVerifier(source, prepared)
	if failure != nil {
		return nil, errorOf(failure)
	}
	return &Verifier{native: verifier, remote: remote}, nil
}

// clockedKeys replaces the C verifier if the policy has a Clock. A C policy cannot call a clock, so
// each call makes a new C verifier with the time that the Clock returns.
type clockedKeys struct {
	keys     *native.HeldKeys
	settings settings
	clock    func() time.Time
}

// now returns the receiver if the policy has no Clock. Otherwise it returns a new verifier for the
// time that the Clock returns. The caller must call close after its last use of the verifier.
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
	// Clipped, so append copies the slice: concurrent calls share the original.
	made := settings{slices.Clip(v.clocked.settings.Settings)}
	policy, err := newPolicy(made.at(v.clocked.clock()))
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

// WithCache returns a verifier with the same keys and policy, and a cache of about this many
// verified tokens: at most 2^20; 0 disables the cache. The receiver may be closed afterwards.
//
// On a cache hit the signature is not verified again. A hit requires an identical token. "exp",
// "nbf" and [Policy].MaxTokenAge are checked on each hit. When remote keys change, the cache is
// emptied. Cached tokens and their claims stay in memory until other tokens replace them. A cached
// token takes about twice its length in memory. Tokens over 4 KiB are not cached.
//
// The error is [ErrInvalidArgument] if tokens is negative or the policy has a Clock, and
// [ErrClosed] after Close.
func (v *Verifier) WithCache(tokens int) (*Verifier, error) {
	if tokens < 0 {
		return nil, invalidArgument(fmt.Sprintf("the cache size is negative: %d", tokens))
	}
	switch {
	case v == nil:
		return nil, ErrClosed
	case v.clocked != nil:
		return nil, invalidArgument("WithCache and Policy.Clock are mutually exclusive")
	}
	cached, err := v.native.WithCache(tokens)
	if err != nil {
		return nil, errorOf(err)
	}
	return &Verifier{native: cached, remote: v.remote}, nil
}

// Stats returns the counters of the cache. The error is [ErrClosed] after Close.
func (v *Verifier) Stats() (CacheStats, error) {
	stats, err := v.stats()
	return newCacheStats(stats), err
}

// Prometheus returns the counters of the cache in the Prometheus text format. The error is
// [ErrClosed] after Close.
func (v *Verifier) Prometheus() (string, error) {
	stats, err := v.stats()
	return stats.Prometheus, err
}

func (v *Verifier) stats() (native.Stats, error) {
	switch {
	case v == nil, v.clocked != nil && v.clocked.keys.IsClosed():
		return native.Stats{}, ErrClosed
	case v.clocked != nil:
		return native.Stats{}, nil // a policy with a Clock has no cache
	}
	stats, err := v.native.Stats()
	return stats, errorOf(err)
}

// Verify verifies a JWT: its signature with the verifier's keys, then its Claims Set against the
// policy (RFC 7519 section 7.2). The token must be in JWS Compact Serialization, without white
// space around it.
//
// A token that a cached key verifies never waits. With remote keys, a token whose key is missing
// may wait for a fetch, at most [RemoteOptions].MaxWait.
//
// If the token is rejected, the error is an [*Error] of the group [ErrInvalidToken]. The checks
// have a fixed order, and the first one that fails determines the error. With remote keys the error
// may also be [ErrKeysUnavailable]. After Close it is [ErrClosed].
func (v *Verifier) Verify(token string) (*VerifiedToken, error) {
	return v.VerifyContext(context.Background(), token)
}

// VerifyContext is [Verifier.Verify] with a context. If ctx ends during the wait for keys,
// VerifyContext returns at once. The fetch continues for other callers.
//
// The error then matches both the group [ErrKeys] and the error of ctx with [errors.Is]. It is
// unknown whether the token is valid. A token that needs no fetch is verified even if ctx has
// ended.
func (v *Verifier) VerifyContext(ctx context.Context, token string) (*VerifiedToken, error) {
	now, close, err := v.now()
	if err != nil {
		return nil, err
	}
	defer close()
	content, ticket, failure := now.native.Verify(token, 0)
	switch {
	case failure != nil:
		return nil, errorOf(failure)
	case ticket == 0:
		return newToken(content), nil
	}
	timeout, stop := after(now.remote.maxWait)
	defer stop()
	return now.resume(ctx, token, ticket, timeout)
}

// resume waits for the fetch of the ticket, then verifies the token again. It repeats this until
// the result is final. Once timeout is closed, it waits no longer, and the next result is final.
func (v *Verifier) resume(
	ctx context.Context, token string, ticket uint64, timeout <-chan struct{},
) (*VerifiedToken, error) {
	for {
		if err := v.remote.flights.wait(ctx, ticket, timeout); err != nil {
			return nil, err
		}
		content, next, failure := v.native.Verify(token, ticket)
		switch {
		case failure != nil:
			return nil, errorOf(failure)
		case next == 0:
			return newToken(content), nil
		}
		ticket = next
	}
}

// VerifyAuthorization verifies the token in the value of an HTTP Authorization header. It is
// [AuthorizationToken] followed by [Verifier.Verify]. If the value contains no token, the error is
// [ErrMalformedAuthorization]. An absent header has the value "", which gets the same error.
func (v *Verifier) VerifyAuthorization(value string) (*VerifiedToken, error) {
	return v.VerifyAuthorizationContext(context.Background(), value)
}

// VerifyAuthorizationContext is [AuthorizationToken] followed by [Verifier.VerifyContext].
func (v *Verifier) VerifyAuthorizationContext(ctx context.Context, value string) (*VerifiedToken, error) {
	token, err := AuthorizationToken(value)
	if err != nil {
		return nil, err
	}
	return v.VerifyContext(ctx, token)
}

// VerifyBytes is [Verifier.Verify] for a token in a byte slice. It neither copies nor keeps the
// bytes. Do not write to them during the call.
func (v *Verifier) VerifyBytes(token []byte) (*VerifiedToken, error) {
	return v.Verify(native.BorrowText(token))
}

// Close frees the verifier as soon as all running calls have returned. Later calls return
// [ErrClosed]. Close may be called more than once, and always returns nil.
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

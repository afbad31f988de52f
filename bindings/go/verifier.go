//go:build cgo

package bouncer

import (
	"context"
	"fmt"
	"slices"
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

// clockedKeys are what a Verifier has in place of a C object if its policy has a clock of the
// program's own: the library's policies have the system's clock or a fixed time.
type clockedKeys struct {
	keys     *native.HeldKeys
	settings settings
	clock    func() time.Time
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
	made := settings{slices.Clip(v.clocked.settings.Settings)} // so that an append copies
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

// WithCache makes a verifier of the same keys and policy that remembers about so many verified
// tokens, 2^20 at most, and none with 0. The other one may be closed.
//
// A token that it remembers passes without its signature being verified again: the whole token is
// compared, "exp" and "nbf" are checked each time, and when remote keys change, everything is
// forgotten. The cost: the tokens and their claims stay in memory, about twice their length
// each, until others take their places. Tokens over 4 KiB are not remembered.
//
// The error is an [ErrInvalidArgument] for a number below 0 and for a policy with Clock, and
// [ErrClosed].
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

// Stats returns what the cache has done so far. The error is [ErrClosed] after Close.
func (v *Verifier) Stats() (CacheStats, error) {
	stats, err := v.stats()
	return newCacheStats(stats), err
}

// Prometheus returns the stats in the text format of Prometheus. The error is [ErrClosed] after
// Close.
func (v *Verifier) Prometheus() (string, error) {
	stats, err := v.stats()
	return stats.Prometheus, err
}

func (v *Verifier) stats() (native.Stats, error) {
	switch {
	case v == nil, v.clocked != nil && v.clocked.keys.IsClosed():
		return native.Stats{}, ErrClosed
	case v.clocked != nil:
		return native.Stats{}, nil // it has no cache
	}
	stats, err := v.native.Stats()
	return stats, errorOf(err)
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

// VerifyContext is [Verifier.Verify] with a context: if ctx ends while it waits
// for keys, it returns at once. That ends the waiting, never the fetch, which others may wait for.
//
// The error is then of the group [ErrKeys], because nothing can be said of the token, and for
// [errors.Is] also that of ctx. A token that has its key is verified whatever ctx says.
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

// resume waits for the fetch that decides about a token, and verifies it again, until the verdict
// is final: at the latest after timeout.
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

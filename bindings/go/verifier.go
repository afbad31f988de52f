//go:build cgo

package bouncer

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"bouncer-verify.internal/bouncer/internal/native"
)

// A Verifier verifies tokens of one issuer or of many. Any number of goroutines may use it. Call
// [Verifier.Close] when it is no longer needed, or leave that to the garbage collector.
//
// A verifier has entries, each with the keys of one issuer and the policy for its tokens. With
// several entries, the token's "iss" selects the entry, and decides nothing else: the token must
// pass that entry's policy, with a signature of that entry's keys. Entries share no keys, no limits
// for fetches and no verified tokens.
//
//   - "iss" must be one of the [Policy].Issuers of an entry. No two entries may name the same
//     issuer.
//   - A token without "iss" goes to the entry whose policy names no issuers, for example [DCOS].
//     Only one entry may have such a policy.
//   - A token with another "iss" goes to that same entry only if its policy has AnyIssuer.
//     Otherwise it is rejected with [ErrWrongIssuer], and nothing is fetched.
//
// A verifier with a single entry verifies each token with that entry.
type Verifier struct {
	native  *native.Verifier
	flights *singleflight
	// The remote keys of the entries, except those of a document. Without these references the
	// garbage collector would close keys that only the verifier uses.
	remotes []*RemoteJWKS
	clocked *clockedKeys

	mutex sync.Mutex
	logs  []*native.Watch // of the goroutines that LogTo started
}

// newVerifier returns a verifier that uses these remote keys.
func newVerifier(verifier *native.Verifier, remotes ...*RemoteJWKS) *Verifier {
	return &Verifier{
		native:  verifier,
		flights: &singleflight{worker: verifier, what: "keys", unavailable: ErrKeys},
		remotes: remotes,
	}
}

// A KeySource supplies the keys of a [Verifier]. It is a [*JWKSet], whose keys never change, or a
// [*RemoteJWKS], which fetches and refreshes them.
type KeySource interface {
	// source returns the C object. If the keys are remote, it also returns the receiver, otherwise
	// nil.
	source() (native.Keys, *RemoteJWKS)
}

// An Entry is one entry of a [Verifier]: tokens that are signed by one of the keys and satisfy the
// policy.
type Entry struct {
	// Keys must be set.
	Keys KeySource
	// Policy must not have a Clock, see [NewVerifierOf].
	Policy Policy
}

// NewVerifier returns a verifier with a single entry. Later changes of the policy have no effect on
// the verifier. A [*JWKSet] may be closed afterwards. A [*RemoteJWKS] is shared: after its Close,
// the verifier returns [ErrKeysUnavailable].
//
// The error is [ErrInvalidArgument] if the policy is not valid or keys is nil, and [ErrClosed] if
// the key set is closed.
func NewVerifier(keys KeySource, policy Policy) (*Verifier, error) {
	prepared, made, err := prepare(keys, &policy)
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
		return &Verifier{remotes: remotesOf(remote), clocked: &clockedKeys{held, made, policy.Clock}}, nil
	}
	verifier, failure := native.NewVerifier(source, prepared)
	if failure != nil {
		return nil, errorOf(failure)
	}
	return newVerifier(verifier, remotesOf(remote)...), nil
}

// NewVerifierOf returns a verifier with these entries, as [NewVerifier] does for a single one.
//
// The error is [ErrInvalidArgument] if there is no entry, or if two entries accept the tokens of
// the same issuer. It is the same if the keys of an entry are nil, or its policy is not valid.
// [Error].Claim is then the path of the entry, such as "accept[1].issuers". The error is
// [ErrClosed] if a key set is closed.
//
// A policy with a Clock is not valid here. The verifier keeps the policies of its entries in C,
// which cannot call a Go function.
func NewVerifierOf(entries ...Entry) (*Verifier, error) {
	if errLibrary != nil {
		return nil, errLibrary
	}
	made := make([]native.Entry, 0, len(entries))
	var remotes []*RemoteJWKS
	for i := range entries {
		keys, policy := entries[i].Keys, &entries[i].Policy
		path := fmt.Sprintf("accept[%d]", i)
		if policy.Clock != nil {
			return nil, within(path, invalidArgument("the policy has a Clock, which C cannot call: leave it nil, or use NewVerifier"))
		}
		prepared, _, err := prepare(keys, policy)
		if err != nil {
			return nil, within(path, err)
		}
		defer prepared.Close()
		source, remote := keys.source()
		made = append(made, native.Entry{Keys: source, Policy: prepared})
		remotes = append(remotes, remotesOf(remote)...)
	}
	verifier, failure := native.NewVerifierOf(made)
	if failure != nil {
		return nil, errorOf(failure)
	}
	return newVerifier(verifier, remotes...), nil
}

// LoadVerifier returns a verifier from a configuration document: the settings of a verifier in
// JSON, see docs/settings.md. Remote keys are fetched in the background, at once.
// [Verifier.WaitReady] waits for them.
//
//	{
//	  "accept": [
//	    {"issuers": ["https://idp.example/"], "audiences": ["https://api.example/"]},
//	    {"profile": "dcos", "keys": {"url": "https://master.mesos/acs/api/v1/auth/jwks"}}
//	  ],
//	  "cache": 10000
//	}
//
// The error is [ErrInvalidArgument] if the document is not valid. [Error].Claim is then the path of
// the setting, such as "accept[1].keys.max_stale". The error is [ErrMalformedJWKSet] or
// [ErrNoUsableKey] if a JWK Set in the document or in a file is rejected.
func LoadVerifier(document []byte) (*Verifier, error) {
	if errLibrary != nil {
		return nil, errLibrary
	}
	verifier, err := native.LoadVerifier(document)
	if err != nil {
		return nil, errorOf(err)
	}
	return newVerifier(verifier), nil
}

// Reload replaces all entries by those of a configuration document, see [LoadVerifier]. The change
// is atomic: each verification uses the old entries or the new ones.
//
// An entry of a document that is the same as before is kept, with its keys, its cached tokens and
// its counters. If only the policy of an entry differs, its keys are kept. Files of keys are read
// again. The cache gets the size that the document names. Other verifiers, such as those of
// [Verifier.WithCache], do not change.
//
// The errors are those of [LoadVerifier]. The verifier is then unchanged. The error is also
// [ErrInvalidArgument] if the policy of the verifier has a Clock, and [ErrClosed] after Close.
func (v *Verifier) Reload(document []byte) error {
	switch {
	case v == nil:
		return ErrClosed
	case v.clocked != nil:
		return invalidArgument("Reload and Policy.Clock are mutually exclusive")
	}
	defer runtime.KeepAlive(v) // LogTo closes the verifier when v is unreachable
	return errorOf(v.native.Reload(document))
}

// WaitReady blocks until all entries have keys or ctx ends. Call it when the program starts, to
// detect a wrong setting before the first request.
//
// If ctx ends first, the error contains the reason why the first entry without keys has none. Other
// entries may have theirs. With [errors.Is] it matches both [ErrKeysUnavailable] and the error of
// ctx. If metadata contains another issuer, or if keys of an entry are closed, WaitReady returns
// [ErrKeysUnavailable] at once. After Close of the verifier the error is [ErrClosed].
func (v *Verifier) WaitReady(ctx context.Context) error {
	defer runtime.KeepAlive(v)
	switch {
	case v == nil, v.clocked != nil && v.clocked.keys.IsClosed():
		return ErrClosed
	case v.clocked == nil:
		return v.flights.waitReady(ctx)
	case len(v.remotes) > 0:
		return v.remotes[0].WaitReady(ctx)
	}
	return nil
}

// prepare checks the keys of an entry, and returns its policy and the settings of the policy. The
// caller must close the policy.
func prepare(keys KeySource, policy *Policy) (*native.Policy, settings, error) {
	isNil := keys == nil
	switch keys := keys.(type) {
	case *JWKSet:
		isNil = keys == nil
	case *RemoteJWKS:
		isNil = keys == nil
	}
	if isNil {
		return nil, settings{}, invalidArgument("the keys are nil: set them to a *JWKSet or a *RemoteJWKS")
	}
	made, err := policy.settings(settings{})
	if err != nil {
		return nil, settings{}, err
	}
	prepared, err := newPolicy(made)
	return prepared, made, err
}

// within puts the path of an entry before the name and the message of an error.
func within(path string, err error) error {
	var fault *Error
	if !errors.As(err, &fault) {
		return err
	}
	claim := path
	if fault.Claim != "" {
		claim += "." + fault.Claim
	}
	return &Error{Status: fault.Status, Claim: claim, Message: path + ": " + fault.Message}
}

// remotesOf returns a slice of the remote keys, or nil if they are nil.
func remotesOf(remote *RemoteJWKS) []*RemoteJWKS {
	if remote == nil {
		return nil
	}
	return []*RemoteJWKS{remote}
}

// clockedKeys replaces the C verifier if the policy has a Clock. A C policy cannot call a clock, so
// each call makes a new C verifier with the time that the Clock returns.
type clockedKeys struct {
	keys     *native.HeldKeys
	settings settings
	clock    func() time.Time
}

// now returns the receiver if its policy has no Clock. Otherwise it returns a new verifier for the
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
	now = &Verifier{native: verifier, remotes: v.remotes}
	for _, remote := range v.remotes {
		now.flights = remote.flights // callers with the same remote keys share a watch
	}
	return now, verifier.Close, nil
}

// WithCache returns a verifier with the same entries, and a cache of about this many verified
// tokens: at most 2^20; 0 disables the cache. The receiver may be closed afterwards.
//
// On a cache hit the signature is not verified again. A hit requires an identical token. "exp",
// "nbf" and [Policy].MaxTokenAge are checked on each hit. When remote keys change, the tokens of
// the old keys are removed. Cached tokens and their claims stay in memory until other tokens
// replace them. A cached token takes about twice its length in memory. Tokens over 4 KiB are not
// cached.
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
	return newVerifier(cached, v.remotes...), nil
}

// Verify verifies a JWT: its signature with the verifier's keys, then its Claims Set against the
// policy (RFC 7519 section 7.2). The token must be in JWS Compact Serialization, without white
// space around it.
//
// A token that a cached key verifies never waits. With remote keys, a token whose key is missing
// may wait for a fetch, at most [RemoteOptions].MaxWait of the keys of its entry.
//
// If the token is rejected, the error is an [*Error] of the group [ErrInvalidToken]. The checks
// have a fixed order, and the first one that fails determines the error. With several entries,
// "iss" is read first, so a token that no entry is for has no other error about its claims or its
// signature. With remote keys the error may also be [ErrKeysUnavailable]. After Close it is
// [ErrClosed].
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
	runtime.KeepAlive(v) // the remote keys must not be closed before
	switch {
	case ticket != 0:
		return now.resume(ctx, token, ticket, time.Now())
	case failure != nil:
		return nil, errorOf(failure)
	}
	return newToken(content), nil
}

// resume waits for the fetch of the ticket, then verifies the token again. It repeats this until
// the result is final. All waits together end MaxWait after began, and the next result is then
// final.
func (v *Verifier) resume(ctx context.Context, token string, ticket uint64, began time.Time) (*VerifiedToken, error) {
	for {
		var ended error
		if left := v.native.MaxWait(ticket) - time.Since(began); left > 0 {
			timeout, stop := after(left)
			ended = v.flights.wait(ctx, ticket, timeout)
			stop()
		}
		// Verify also if ctx ended: the error then contains the reason why the key is missing.
		content, next, failure := v.native.Verify(token, ticket)
		switch err := errorOf(failure); {
		case err == nil && next == 0:
			runtime.KeepAlive(v)
			return newToken(content), nil
		case ended != nil && err != ErrClosed:
			return nil, v.flights.stopped(ended, err)
		case err != nil:
			return nil, err
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

// Close frees the verifier as soon as all running calls have returned. Calls that wait for keys,
// and later calls, return [ErrClosed]. Close may be called more than once, and always returns nil.
func (v *Verifier) Close() error {
	switch {
	case v == nil:
	case v.clocked != nil:
		v.clocked.keys.Close()
	case v.native != nil:
		v.native.Close()
		v.flights.closed()
		v.mutex.Lock()
		defer v.mutex.Unlock()
		for _, watch := range v.logs {
			watch.Interrupt()
		}
	}
	return nil
}

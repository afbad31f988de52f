//go:build cgo

package bouncer

import (
	"context"
	"crypto"
	"encoding/base64"
	"encoding/json"
	"errors"
	"runtime"
	"sync"

	"bouncer-verify.internal/bouncer/internal/native"
)

// A RemoteJWKS fetches an issuer's JWK Set (RFC 7517 section 5) and refreshes it in the background.
// It handles key rotations and outages of the issuer. Any number of goroutines may use it.
//
// Make one RemoteJWKS per issuer when the program starts, and keep it. Each has its own fetches, so
// making one for each request would overload the issuer. Call [RemoteJWKS.Close] when it is no
// longer needed, or leave that to the garbage collector.
//
//   - A token whose key is cached is verified without a lock and without waiting, even if the
//     issuer does not respond.
//   - Keys are refreshed at 70 to 80 % of their lifetime. A failed refresh is retried with a
//     growing back-off. The old keys are used for [RemoteOptions].MaxStale after the issuer last
//     confirmed them. After that the error is [ErrKeysUnavailable].
//   - Tokens with an unknown "kid" may cause two fetches without a pause, then one every 10
//     seconds. Tokens with an invalid signature, but a known "kid" or no "kid", may cause one fetch
//     every 5 minutes. A token causes a fetch only if everything else in it is valid.
//   - When a new set arrives, the keys that the issuer removed are no longer used.
//
// All callers that wait for a fetch share it. Goroutines wait in Go and hold no thread of the
// operating system.
type RemoteJWKS struct {
	// Background goroutines refer to native and flights, never to the RemoteJWKS. So the garbage
	// collector can free a RemoteJWKS that the program does not close. Methods end with
	// runtime.KeepAlive of the receiver. Otherwise cleanup could close native during the last call
	// of a method.
	native  *native.RemoteJWKS
	flights *singleflight
	cleanup runtime.Cleanup
	methods sync.Map // the *Verifier for each *SigningMethod
}

// NewRemoteJWKS returns a remote key set. The first fetch starts at once in the background, unless
// the options set Lazy. [RemoteJWKS.WaitReady] waits for the keys.
//
// The error is [ErrInvalidArgument] if an option is not valid, and [ErrMalformedJWKSet] or
// [ErrNoUsableKey] if the Seed is not usable. A failed fetch is not an error here.
func NewRemoteJWKS(options RemoteOptions) (*RemoteJWKS, error) {
	if errLibrary != nil {
		return nil, errLibrary
	}
	made := options.apply(settings{})
	keys, err := native.NewRemoteJWKS(made.Settings)
	if err != nil {
		return nil, errorOf(err)
	}
	remote := &RemoteJWKS{
		native: keys,
		flights: &singleflight{
			worker: keys, what: "keys", unavailable: ErrKeys, refreshNow: keys.Refresh,
			longest: longestRefresh(made.effective(native.KindKeys).duration("timeout")),
		},
	}
	remote.cleanup = runtime.AddCleanup(remote, (*native.RemoteJWKS).Close, keys)
	if options.Logger != nil {
		go followKeys(keys, options.Logger)
	}
	return remote, nil
}

// WaitReady blocks until there are keys or ctx ends. Call it when the program starts, to detect a
// wrong setting before the first request.
//
// If ctx ends first, the error contains the reason why there are no keys. With [errors.Is] it
// matches both [ErrKeysUnavailable] and the error of ctx. If the metadata contains another issuer,
// WaitReady returns [ErrKeysUnavailable] at once. After Close the error is [ErrClosed].
func (r *RemoteJWKS) WaitReady(ctx context.Context) error {
	defer runtime.KeepAlive(r)
	return r.flights.waitReady(ctx)
}

// Refresh fetches the keys now and blocks until the fetch is over. It always starts a new fetch,
// also if one is in flight. Concurrent callers share the new fetch. Refresh has no rate limit, so
// call it on an operator's command and not for each request.
//
// If the fetch fails, the error is [ErrKeysUnavailable] with the reason, and the keys in use stay.
// If ctx ends first, the fetch goes on, and the error matches both the group [ErrKeys] and the
// error of ctx. After Close it is [ErrClosed].
func (r *RemoteJWKS) Refresh(ctx context.Context) error {
	defer runtime.KeepAlive(r)
	return r.flights.refresh(ctx)
}

// Current returns a snapshot of the keys in use, for inspection, for [VerifyToken] and for other
// libraries. It copies all keys, which takes tens of microseconds, so do not call it for each
// request.
//
// The error is [ErrKeysUnavailable] if there are no keys yet or they are too old, and [ErrClosed]
// after Close.
func (r *RemoteJWKS) Current() (*JWKSet, error) {
	defer runtime.KeepAlive(r)
	return newJWKSet(r.native.Current())
}

// Generation returns the number of changes of the keys: 0 before the first keys, and 1 more after
// each change. Data that is derived from the keys is valid for one generation. It returns 0 after
// Close.
func (r *RemoteJWKS) Generation() uint64 {
	defer runtime.KeepAlive(r)
	return r.native.Generation()
}

// Stats returns a snapshot of the state and counters. The error is [ErrClosed] after Close.
func (r *RemoteJWKS) Stats() (KeysStats, error) {
	defer runtime.KeepAlive(r)
	stats, err := r.native.Stats()
	return newKeysStats(stats), errorOf(err)
}

// Prometheus returns the stats in the Prometheus text format. The error is [ErrClosed] after Close.
func (r *RemoteJWKS) Prometheus() (string, error) {
	defer runtime.KeepAlive(r)
	stats, err := r.native.Stats()
	return stats.Prometheus, errorOf(err)
}

// PublicKeys is [JWKSet.PublicKeys] for the keys in use. Each call copies them, as
// [RemoteJWKS.Current] does. A header with an unknown "kid" may cause a fetch, as a token does in
// [Verifier.Verify]; the call then waits at most [RemoteOptions].MaxWait.
//
// The errors are those of [JWKSet.PublicKeys]. The error is also [ErrKeysUnavailable] if there are
// no keys, and [ErrClosed] after Close.
func (r *RemoteJWKS) PublicKeys(header map[string]any) ([]crypto.PublicKey, error) {
	found, err := r.publicKeysInUse(header)
	if !errors.Is(err, ErrNoMatchingKey) && !errors.Is(err, ErrKeysUnavailable) {
		return found, err
	}
	algorithm, _ := header["alg"].(string)
	method := signingMethod(Algorithm(algorithm))
	kid, named := header["kid"].(string)
	if method == nil || !named && !errors.Is(err, ErrKeysUnavailable) {
		return nil, err
	}
	// The library limits the fetches that tokens may cause. To apply these limits to the header,
	// verify a token with this header and an invalid signature.
	encode := base64.RawURLEncoding.EncodeToString
	lookup := map[string]string{"alg": algorithm}
	if named {
		lookup["kid"] = kid
	}
	text, err := json.Marshal(lookup)
	if err != nil {
		return nil, err
	}
	err = r.verifySignature(method, encode(text)+"."+encode([]byte("{}"))+"."+encode(make([]byte, 64)))
	if errors.Is(err, ErrKeysUnavailable) || errors.Is(err, ErrProgram) {
		return nil, err
	}
	return r.publicKeysInUse(header)
}

func (r *RemoteJWKS) publicKeysInUse(header map[string]any) ([]crypto.PublicKey, error) {
	jwks, err := r.Current()
	if err != nil {
		return nil, err
	}
	defer jwks.Close()
	return jwks.PublicKeys(header)
}

// Close aborts a fetch in flight and wakes all waiting calls. Later calls return
// [ErrClosed], and verifiers that use these keys return [ErrKeysUnavailable]. Close may be called
// more than once, and always returns nil.
func (r *RemoteJWKS) Close() error {
	r.cleanup.Stop()
	r.native.Close()
	r.methods.Range(func(method, verifier any) bool {
		r.methods.Delete(method)
		_ = verifier.(*Verifier).Close()
		return true
	})
	return nil
}

func (r *RemoteJWKS) source() (native.Keys, *RemoteJWKS) { return r.native, r }

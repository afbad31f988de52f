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
	"time"

	"bouncer_verify/bouncer/internal/native"
)

// A RemoteJWKS is an issuer's JWK Set (RFC 7517 section 5), fetched from its URL and kept fresh in
// the background, through rotations and outages. Any number of goroutines may use it.
//
// Make one for each issuer and keep it: each has a thread, a budget and requests of its own, so one
// for every request would be a load on the issuer. [RemoteJWKS.Close] it when it is no longer
// needed, or leave that to the garbage collector.
//
//   - A token whose key is there is verified without a lock and without waiting, whatever the
//     network does.
//   - Keys are fetched again at 70 to 80 % of their lifetime. If that fails, it is tried again with
//     growing pauses, and the old keys are used up to a bound, then not at all:
//     [ErrKeysUnavailable].
//   - A token of unknown "kid" may cause a fetch, two at once and one in 10 seconds; a token
//     without "kid" that no key verifies, one in five minutes. Only a token that would pass
//     otherwise does.
//   - A key that the issuer has removed verifies nothing from the moment the new set is there.
//
// All that wait for one fetch share it, and wait in Go: at most a few threads of the operating
// system wait for a RemoteJWKS, however many goroutines do.
type RemoteJWKS struct {
	// Goroutines hold native and flights, never the RemoteJWKS, so that one that nobody closed can
	// be found unreachable. Every method uses its receiver at its end, by runtime.KeepAlive:
	// otherwise it could be closed during its own last call.
	native  *native.RemoteJWKS
	flights *singleflight
	maxWait time.Duration // of a verification
	cleanup runtime.Cleanup
	methods sync.Map // *SigningMethod to *Verifier
}

// NewRemoteJWKS makes a remote key set. Unless the options say otherwise the first fetch begins at
// once, in the background; [RemoteJWKS.WaitReady] waits for it.
//
// The error is an [ErrInvalidArgument] if an option cannot be used, and an [ErrMalformedJWKSet] or
// [ErrNoUsableKey] if it is the seed. That keys cannot be fetched is no error here.
func NewRemoteJWKS(options RemoteOptions) (*RemoteJWKS, error) {
	if errLibrary != nil {
		return nil, errLibrary
	}
	made := options.apply(settings{})
	keys, err := native.NewRemoteJWKS(made.Settings)
	if err != nil {
		return nil, errorOf(err)
	}
	effective := made.effective(native.KindKeys)
	remote := &RemoteJWKS{
		native: keys,
		flights: &singleflight{
			worker: keys, what: "keys", unavailable: ErrKeys,
			longest: longestRefresh(effective.duration("timeout")),
		},
		maxWait: effective.duration("max_wait"),
	}
	remote.cleanup = runtime.AddCleanup(remote, (*native.RemoteJWKS).Close, keys)
	if options.Logger != nil {
		go watchKeys(keys, options.Logger)
	}
	return remote, nil
}

// WaitReady waits until there are keys: for programs that want to fail when they
// start, not with their first request. It waits as long as ctx lets it.
//
// If ctx ends before, the error is an [ErrKeysUnavailable] that says why there are no keys, and for
// [errors.Is] also that of ctx. It is [ErrClosed] after Close.
func (r *RemoteJWKS) WaitReady(ctx context.Context) error {
	defer runtime.KeepAlive(r)
	return r.flights.waitReady(ctx)
}

// Refresh fetches the keys now, with a fetch that begins after the call; several callers share one.
// It is for operators, not for the way of a request: nothing limits how often.
//
// If the fetch fails, the error is an [ErrKeysUnavailable] that says why, and the keys in use stay.
// If ctx ends before, the error is of the group [ErrKeys] and for [errors.Is] also that of ctx, and
// the fetch goes on. It is [ErrClosed] after Close.
func (r *RemoteJWKS) Refresh(ctx context.Context) error {
	defer runtime.KeepAlive(r)
	return r.flights.refresh(ctx)
}

// Current returns the keys in use: for looking at them, for [VerifyToken], and for other libraries.
// They stay as they are when newer ones come. All keys are copied, in tens of microseconds: it is
// not for every request.
//
// The error is an [ErrKeysUnavailable] if there are none yet or they are too old, and [ErrClosed]
// after Close.
func (r *RemoteJWKS) Current() (*JWKSet, error) {
	defer runtime.KeepAlive(r)
	return newJWKSet(r.native.Current())
}

// Generation returns 0 before the first keys, and one more with each change of them. What is derived
// from the keys is good for one generation. It is 0 after Close.
func (r *RemoteJWKS) Generation() uint64 {
	defer runtime.KeepAlive(r)
	return r.native.Generation()
}

// Stats returns what the key set is doing, at this moment. The error is [ErrClosed] after Close.
func (r *RemoteJWKS) Stats() (KeysStats, error) {
	defer runtime.KeepAlive(r)
	stats, err := r.native.Stats()
	return newKeysStats(stats), errorOf(err)
}

// Prometheus returns the stats in the text format of Prometheus. The error is [ErrClosed] after
// Close.
func (r *RemoteJWKS) Prometheus() (string, error) {
	defer runtime.KeepAlive(r)
	stats, err := r.native.Stats()
	return stats.Prometheus, errorOf(err)
}

// PublicKeys is [JWKSet.PublicKeys] of the keys in use, which it reads each time, as
// [RemoteJWKS.Current] does. A header of unknown "kid" may cause a fetch and waits for it, as a
// token of unknown "kid" does with [Verifier.Verify], at most as long as [RemoteOptions].MaxWait
// says.
//
// The error is also an [ErrKeysUnavailable] if there are no keys, and [ErrClosed] after Close.
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
	// The rules of when to fetch are the library's, for tokens. This one has the header that
	// matters, and no signature.
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

// Close ends it, for verifiers made of it too: a fetch under way is cut off, the thread ends, and
// all waiting calls return. Later calls return [ErrClosed], and verifiers answer
// [ErrKeysUnavailable]. It may be called any number of times, and always returns nil.
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

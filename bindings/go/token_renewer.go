//go:build cgo

package bouncer

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"sync/atomic"
	"time"

	"bouncer_verify/bouncer/internal/native"
)

// A TokenRenewer keeps the service's own token valid: it logs in, hands the token out without
// latency, renews it in the background before it expires, and again when a server does not accept
// it. Any number of goroutines may use it.
//
// Make one for each account and keep it: each has a thread and logins of its own.
// [TokenRenewer.Close] it when it is no longer needed, or leave that to the garbage collector.
//
//   - A valid token is handed out without a lock that a login holds, whatever the network does.
//   - It is renewed at 70 to 80 % of the life that it says itself. A renewal that fails displaces
//     nothing: it is tried again with growing pauses, and the token in use is used up to its
//     expiry.
//   - Callers wait where there is no token, and in the last seconds of one; in an outage, not at
//     all.
//   - After a 401 ([TokenRenewer.Reject]) any number of callers with the same token cause one
//     login, and one in 30 seconds at most.
//
// All that wait for one login share it, and wait in Go: at most a few threads of the operating
// system wait for a TokenRenewer, however many goroutines do. A context ends its caller's waiting,
// never the login.
type TokenRenewer struct {
	// Goroutines hold native and flights, never the TokenRenewer, as with a RemoteJWKS.
	native    *native.Renewer
	flights   *singleflight
	maxWait   time.Duration // of a caller
	endSource context.CancelFunc
	latest    atomic.Pointer[ownToken] // that came from C: while it is in use there, it needs no copy
	cleanup   runtime.Cleanup
}

// NewTokenRenewer makes a token renewer. Unless the options say otherwise the first login begins at
// once, in the background; [TokenRenewer.WaitReady] waits for it.
//
// The error is an [ErrInvalidArgument] if an option cannot be used, and an [ErrUnusableCredentials]
// if it is the service account's secret. That the login fails is no error here.
func NewTokenRenewer(options RenewerOptions) (*TokenRenewer, error) {
	if errLibrary != nil {
		return nil, errLibrary
	}
	if options.Source != nil && options.Supplied == "" {
		options.Supplied = "program"
	}
	made := options.apply(settings{})
	effective := made.effective(native.KindRenewer)
	if _, supplied := effective.set["supplied"]; supplied && options.Source == nil {
		return nil, invalidArgument("RenewerOptions.Supplied needs RenewerOptions.Source")
	}
	logins, err := native.NewRenewer(made.Settings)
	if err != nil {
		return nil, errorOf(err)
	}
	longest := longestRefresh(effective.duration("timeout"))
	if options.Source != nil {
		longest = 2*longestSource + 5*time.Second
	}
	ctx, cancel := context.WithCancel(context.Background())
	renewer := &TokenRenewer{
		native:    logins,
		flights:   &singleflight{worker: logins, what: "a token", unavailable: ErrLogin, longest: longest},
		maxWait:   effective.duration("max_wait"),
		endSource: cancel,
	}
	renewer.cleanup = runtime.AddCleanup(renewer, func(logins *native.Renewer) {
		logins.Close()
		cancel()
	}, logins)
	if options.Source != nil {
		go supply(ctx, logins, options.Source)
	}
	if options.Logger != nil {
		go watchLogins(logins, options.Logger)
	}
	return renewer, nil
}

// Token returns the text of a valid token, as [TokenRenewer.TokenContext] does with a context that
// does not end.
func (r *TokenRenewer) Token() (string, error) {
	token, err := r.TokenContext(context.Background())
	return token.Text(), err
}

// TokenContext returns a valid token. It waits where there is none and one may come soon, and in
// the last seconds of one for its renewal, as long as [RenewerOptions].MaxWait says. A token that
// is valid is returned whatever ctx says.
//
// The error is of the group [ErrLogin]: [ErrLoginRejected] or [ErrUnusableCredentials], the
// operator has to act, or [ErrLoginUnavailable]. If ctx ends while it waits, it is for [errors.Is]
// also that of ctx. It is [ErrClosed] after Close.
func (r *TokenRenewer) TokenContext(ctx context.Context) (OwnToken, error) {
	defer runtime.KeepAlive(r)
	return r.token(ctx, "")
}

// Reject says that a server did not accept this token, and returns another: a newer one if there is
// one already, and otherwise that of one login for all that ask. There is one such login at once
// and then one in 30 seconds at most. Until it succeeds the token stays in use for others.
//
// The error is as that of TokenContext; it is an [ErrLoginUnavailable] also if there is no newer
// token.
func (r *TokenRenewer) Reject(ctx context.Context, token string) (OwnToken, error) {
	defer runtime.KeepAlive(r)
	return r.token(ctx, token)
}

// token returns a valid token, another one than the rejected if that is not empty. It waits where
// one may come.
func (r *TokenRenewer) token(ctx context.Context, rejected string) (OwnToken, error) {
	token, ticket, err := r.tokenNow(rejected, 0)
	if ticket == 0 {
		return OwnToken{token}, err
	}
	timeout, stop := after(r.maxWait)
	defer stop()
	for ticket != 0 {
		ended := r.flights.wait(ctx, ticket, timeout)
		// Also when the waiting ends: the token may be in use a moment before the login is over.
		token, ticket, err = r.tokenNow(rejected, ticket)
		if ended == nil {
			continue
		}
		if errors.Is(err, ErrLogin) {
			err = ended
		}
		break
	}
	return OwnToken{token}, err
}

// tokenNow never waits.
func (r *TokenRenewer) tokenNow(rejected string, ticket uint64) (*ownToken, uint64, error) {
	known := r.latest.Load()
	generation := uint64(0)
	if known != nil {
		generation = known.generation
	}
	found, ticket, err := r.native.Token(rejected, generation, ticket)
	switch {
	case err != nil:
		return nil, ticket, errorOf(err)
	case found.Generation == generation && known != nil:
		return known, ticket, nil
	}
	token := newOwnToken(found)
	r.latest.Store(token)
	return token, ticket, nil
}

// WaitReady waits until there is a valid token: for programs that want to fail when they start, not
// with their first request. It waits as long as ctx lets it, also if the login is rejected, because
// the secret may be replaced.
//
// If ctx ends before, the error is of the group [ErrLogin] and says why there is no token, and is
// for [errors.Is] also that of ctx. It is [ErrClosed] after Close.
func (r *TokenRenewer) WaitReady(ctx context.Context) error {
	defer runtime.KeepAlive(r)
	return r.flights.waitReady(ctx)
}

// Renew logs in now, with a login that begins after the call; several callers share one. It is for
// operators, not for the way of a request: nothing limits how often.
//
// If the login fails, the error is an [ErrLoginUnavailable] that says why, and the token in use
// stays. If ctx ends before, the error is of the group [ErrLogin] and for [errors.Is] also that of
// ctx, and the login goes on. It is [ErrClosed] after Close.
func (r *TokenRenewer) Renew(ctx context.Context) error {
	defer runtime.KeepAlive(r)
	return r.flights.refresh(ctx)
}

// Stats returns what the renewer is doing, at this moment. The error is [ErrClosed] after Close.
func (r *TokenRenewer) Stats() (RenewerStats, error) {
	defer runtime.KeepAlive(r)
	stats, err := r.native.Stats()
	return newRenewerStats(stats), errorOf(err)
}

// Prometheus returns the stats in the text format of Prometheus. The error is [ErrClosed] after
// Close.
func (r *TokenRenewer) Prometheus() (string, error) {
	defer runtime.KeepAlive(r)
	stats, err := r.native.Stats()
	return stats.Prometheus, errorOf(err)
}

// Transport returns a [http.RoundTripper] that sends the token with each request and has base do
// the rest, or if that is nil [http.DefaultTransport]. A request that has an Authorization header
// already goes out as it is.
//
// If the answer says that the token was not accepted, the token is renewed, and the request sent
// once more with the new one: if it has no body or one that GetBody gives again, and otherwise the
// answer is returned. Such an answer is a 401 that asks for a token, not one that asks for a
// password, and status 16 of gRPC; a 403 never is. Where gRPC sends its status in the trailer, it
// is too late to send the request again: the token is renewed for the next one.
//
// The token is a secret: any receiver can use it. It goes only to the hosts that are
// named here: "master.mesos" at any port, "master.mesos:8443", or ".mesos" for every host under
// that name. Other requests go out without a token. If no host is named, it goes wherever the
// program sends a request; then use the client for hosts that you trust alone. Where a server
// redirects the client to, the token goes only within the same scheme, host and port, and never
// follows from https to http.
func (r *TokenRenewer) Transport(base http.RoundTripper, hosts ...string) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport
	}
	return newRenewingTransport(r, base, hosts)
}

// Close ends it: a login under way is cut off, the thread ends, and all waiting calls return. Later
// calls return [ErrClosed]; tokens that it gave stay. It may be called any number of times, and
// always returns nil.
func (r *TokenRenewer) Close() error {
	r.cleanup.Stop()
	r.native.Close()
	if r.endSource != nil {
		r.endSource()
	}
	return nil
}

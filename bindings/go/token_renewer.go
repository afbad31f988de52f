//go:build cgo

package bouncer

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"sync/atomic"
	"time"

	"bouncer-verify.internal/bouncer/internal/native"
)

// A TokenRenewer keeps the service's own token valid. It logs in and renews the token in the
// background before it expires. It also renews a token that a server rejected. Any number of
// goroutines may use it.
//
// Make one TokenRenewer per account when the program starts, and keep it: each has its own logins.
// Call [TokenRenewer.Close] when it is no longer needed, or leave that to the garbage collector.
//
//   - The token is renewed at 70 to 80 % of its lifetime. If the lifetime is under 60 seconds, the
//     token is renewed after half of it. A failed renewal is retried with a growing back-off. The
//     old token is used until it expires.
//   - Callers wait only if there is no valid token, or if the token is about to expire. A token is
//     about to expire in the last 5 % of its lifetime. This period is at least 10 and at most 60
//     seconds, but never longer than a quarter of the lifetime. After a failed login, callers
//     with a valid token do not wait. Without a valid token they do not wait after four failures
//     in a row.
//   - After a 401, call [TokenRenewer.Reject]. All callers with the same token share one login. At
//     most one such login starts in 30 seconds.
//
// All callers that wait for a login share it. Goroutines wait in Go and hold no thread of the
// operating system. A context ends the wait of its caller, never the login.
type TokenRenewer struct {
	// Background goroutines refer to native and flights, never to the TokenRenewer. See RemoteJWKS
	// for the reason.
	native    *native.Renewer
	flights   *singleflight
	maxWait   time.Duration // longest wait of one call
	endSource context.CancelFunc
	latest    atomic.Pointer[ownToken] // the latest token, so that each is copied from C only once
	cleanup   runtime.Cleanup
}

// NewTokenRenewer returns a token renewer. The first login starts at once in the background, unless
// the options set Lazy. [TokenRenewer.WaitReady] waits for the token.
//
// The error is [ErrInvalidArgument] if an option is not valid, and [ErrUnusableCredentials] if the
// secret of the service account is not usable. A failed login is not an error here.
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
		return nil, invalidArgument("RenewerOptions.Supplied is set, but RenewerOptions.Source is nil: set Source to the function that returns tokens")
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
		native: logins,
		flights: &singleflight{
			worker: logins, what: "a token", unavailable: ErrLogin, refreshNow: logins.Refresh, longest: longest,
		},
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
		go followLogins(logins, options.Logger)
	}
	return renewer, nil
}

// Token returns the text of a valid token. It is [TokenRenewer.TokenContext] without a context.
func (r *TokenRenewer) Token() (string, error) {
	token, err := r.TokenContext(context.Background())
	return token.Text(), err
}

// TokenContext returns a valid token. If there is no token, or the token is about to expire, it
// waits for a login: at most [RenewerOptions].MaxWait, and not at all if no login can succeed soon.
// A valid token is returned even if ctx has ended.
//
// The error is [ErrLoginUnavailable], [ErrLoginRejected] or [ErrUnusableCredentials], all of the
// group [ErrLogin]. An operator must fix the cause of the last two. If ctx ends during the wait,
// the error also matches the error of ctx. After Close it is [ErrClosed].
func (r *TokenRenewer) TokenContext(ctx context.Context) (OwnToken, error) {
	defer runtime.KeepAlive(r)
	return r.token(ctx, "")
}

// Reject reports that a server rejected this token, and returns another token. If the renewer
// already has a newer token, Reject returns that one. Otherwise it waits for a login, which all
// callers with the same token share. The first such login starts at once, then at most one in 30
// seconds. Until the login succeeds, [TokenRenewer.TokenContext] still returns the old token.
//
// The errors are those of [TokenRenewer.TokenContext]. The error is also [ErrLoginUnavailable] if
// there is no newer token.
func (r *TokenRenewer) Reject(ctx context.Context, token string) (OwnToken, error) {
	defer runtime.KeepAlive(r)
	return r.token(ctx, token)
}

// token returns a valid token. If rejected is not empty, it returns a different one. It waits for a
// login if tokenNow returns a ticket.
func (r *TokenRenewer) token(ctx context.Context, rejected string) (OwnToken, error) {
	token, ticket, err := r.tokenNow(rejected, 0)
	if ticket == 0 {
		return OwnToken{token}, err
	}
	timeout, stop := after(r.maxWait)
	defer stop()
	for ticket != 0 {
		ended := r.flights.wait(ctx, ticket, timeout)
		// Try once more even if the wait ended: a new token is available shortly before its login is
		// counted as over.
		token, ticket, err = r.tokenNow(rejected, ticket)
		if ended == nil {
			continue
		}
		if errors.Is(err, ErrLogin) || err != nil && ticket != 0 {
			err = r.flights.stopped(ended, err)
		}
		break
	}
	return OwnToken{token}, err
}

// tokenNow returns a valid token or an error. It never waits. If the ticket is not 0, the caller
// may wait for the login of this ticket, and then call tokenNow again. A token and a ticket
// together mean that the token is valid, but about to expire.
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

// WaitReady blocks until there is a valid token or ctx ends. Call it when the program starts, to
// detect a wrong setting before the first request. It also waits after a rejected login, because
// the secret may be replaced.
//
// If ctx ends first, the error contains the reason why there is no token. With [errors.Is] it
// matches both the group [ErrLogin] and the error of ctx. After Close it is [ErrClosed].
func (r *TokenRenewer) WaitReady(ctx context.Context) error {
	defer runtime.KeepAlive(r)
	return r.flights.waitReady(ctx)
}

// Renew logs in now and blocks until the login is over. It always starts a new login, also if one
// is in flight. Concurrent callers share the new login. Renew has no rate limit, so call it on an
// operator's command and not for each request.
//
// If the login fails, the error is of the group [ErrLogin] and contains the reason. The old token
// stays in use. If ctx ends first, the login goes on, and the error matches both the group
// [ErrLogin] and the error of ctx. After Close it is [ErrClosed].
func (r *TokenRenewer) Renew(ctx context.Context) error {
	defer runtime.KeepAlive(r)
	return r.flights.refresh(ctx)
}

// Stats returns a snapshot of the state and counters. The error is [ErrClosed] after Close.
func (r *TokenRenewer) Stats() (RenewerStats, error) {
	defer runtime.KeepAlive(r)
	stats, err := r.native.Stats()
	return newRenewerStats(stats), errorOf(err)
}

// Prometheus returns the stats in the Prometheus text format. The error is [ErrClosed] after Close.
func (r *TokenRenewer) Prometheus() (string, error) {
	defer runtime.KeepAlive(r)
	stats, err := r.native.Stats()
	return stats.Prometheus, errorOf(err)
}

// Transport returns a [http.RoundTripper] that adds the token to each request. It sends the
// requests with base; nil means [http.DefaultTransport]. A request that already has an
// Authorization header is sent unchanged.
//
// If the server rejects the token, the token is renewed and the request is sent once more. The
// request is sent again only if it has no body, or GetBody returns the body again. Otherwise the
// response is returned.
//
// A token is rejected by a 401 or by gRPC status 16. A 401 does not count if it has only challenges
// of other schemes, such as Basic. A 403 does not count either. A gRPC status in the trailer comes
// too late to send the request again, so the token is renewed for the next request.
//
// The token is a secret: every server that receives it can use it. It is sent only to the listed
// hosts. "master.mesos" means this host on any port, "master.mesos:8443" only this port, and
// ".mesos" all hosts under that name. Requests to other hosts are sent without a token. If no host
// is listed, the token is sent with every request. Then use the client only for hosts that you
// trust. After a redirect, the token is sent only to the same scheme, host and port: never from
// https to http.
func (r *TokenRenewer) Transport(base http.RoundTripper, hosts ...string) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport
	}
	return newRenewingTransport(r, base, hosts)
}

// Close aborts a login in flight and wakes all waiting calls. Later calls return
// [ErrClosed]. Tokens that were returned before remain valid until they expire. Close may be called
// more than once, and always returns nil.
func (r *TokenRenewer) Close() error {
	r.cleanup.Stop()
	r.native.Close()
	if r.endSource != nil {
		r.endSource()
	}
	return nil
}

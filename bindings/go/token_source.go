//go:build cgo

package bouncer

import (
	"context"
	"errors"
	"strings"
	"time"

	"bouncer_verify/bouncer/internal/native"
)

// A tokenSource is the function of RenewerOptions.Source.
type tokenSource func(ctx context.Context) (token string, lifetime time.Duration, err error)

// longestSource is how long a source may take.
const longestSource = time.Minute

// supply answers the logins of a renewer whose tokens the program has, until it is closed. It does
// not hold the TokenRenewer, which nobody may have closed.
func supply(ctx context.Context, renewer *native.Renewer, source tokenSource) {
	for !renewer.IsClosed() {
		if renewer.WaitLogin(longestWatch) {
			supplyOnce(renewer, callSource(ctx, source))
		}
	}
}

// A sourceResult is what a source returned.
type sourceResult struct {
	token    string
	lifetime time.Duration
	err      error
}

// callSource calls the source in a goroutine of its own, which it may end: by a panic, or as a
// failing test does.
func callSource(ctx context.Context, source tokenSource) sourceResult {
	ctx, cancel := context.WithTimeout(ctx, longestSource)
	defer cancel()
	results := make(chan sourceResult, 1)
	go func() {
		// What a panic says may be a secret.
		result := sourceResult{err: errors.New("the source did not return")}
		defer func() { results <- result }()
		defer func() { _ = recover() }()
		token, lifetime, err := source(ctx)
		result = sourceResult{token, lifetime, err}
	}()
	return <-results
}

// supplyOnce passes on what a source returned. The library refuses it if nobody waits for it any
// more.
func supplyOnce(renewer *native.Renewer, result sourceResult) {
	if result.err != nil {
		permanent := errors.Is(result.err, ErrLoginRejected) || errors.Is(result.err, ErrUnusableCredentials)
		_ = renewer.SupplyFailure(permanent, strings.ToValidUTF8(result.err.Error(), "\uFFFD"))
		return
	}
	seconds := int64(-1) // as long as it says itself
	if result.lifetime != 0 {
		seconds = int64(max(result.lifetime, 0) / time.Second)
	}
	if renewer.Supply(result.token, seconds) != nil {
		// Otherwise it would be asked for again at once.
		_ = renewer.SupplyFailure(false, "a token that is no text")
	}
}

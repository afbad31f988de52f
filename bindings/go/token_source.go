//go:build cgo

package bouncer

import (
	"context"
	"errors"
	"strings"
	"time"

	"bouncer-verify.internal/bouncer/internal/native"
)

// tokenSource is the type of RenewerOptions.Source.
type tokenSource func(ctx context.Context) (token string, lifetime time.Duration, err error)

// longestSource is the timeout of one call of a source.
const longestSource = time.Minute

// longestWaitLogin is the longest time of one blocking call in C. A request for a token or Close
// ends the call earlier.
const longestWaitLogin = 10 * time.Second

// supply calls source each time the renewer needs a login, until the renewer is closed. It holds no
// reference to the TokenRenewer, so the garbage collector can free a TokenRenewer that was never
// closed.
func supply(ctx context.Context, renewer *native.Renewer, source tokenSource) {
	for !renewer.IsClosed() {
		if renewer.WaitLogin(longestWaitLogin) {
			supplyOnce(renewer, callSource(ctx, source))
		}
	}
}

// A sourceResult holds the results of one call of a source.
type sourceResult struct {
	token    string
	lifetime time.Duration
	err      error
}

// callSource calls the source in a separate goroutine. If the source panics or calls runtime.Goexit
// (t.FailNow does), callSource returns an error.
func callSource(ctx context.Context, source tokenSource) sourceResult {
	ctx, cancel := context.WithTimeout(ctx, longestSource)
	defer cancel()
	results := make(chan sourceResult, 1)
	go func() {
		// The text of a panic may contain a secret, so it is dropped.
		result := sourceResult{err: errors.New("the source panicked or called runtime.Goexit")}
		defer func() { results <- result }()
		defer func() { _ = recover() }()
		token, lifetime, err := source(ctx)
		result = sourceResult{token, lifetime, err}
	}()
	return <-results
}

// supplyOnce passes the result of a source to the library. The library ignores the result if it no
// longer waits for one.
func supplyOnce(renewer *native.Renewer, result sourceResult) {
	if result.err != nil {
		permanent := errors.Is(result.err, ErrLoginRejected) || errors.Is(result.err, ErrUnusableCredentials)
		_ = renewer.SupplyFailure(permanent, strings.ToValidUTF8(result.err.Error(), "\uFFFD"))
		return
	}
	seconds := int64(-1) // a JWT expires at its "exp"; a token without "exp" does not expire
	if result.lifetime != 0 {
		seconds = int64(max(result.lifetime, 0) / time.Second)
	}
	if renewer.Supply(result.token, seconds) != nil {
		// Report a failure. Otherwise the library would call the source again at once.
		_ = renewer.SupplyFailure(false, "the source returned a token that is not UTF-8")
	}
}

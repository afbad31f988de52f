//go:build cgo

package bouncer

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"time"
)

// A tokenKeeper is all of a TokenRenewer that its goroutines know: the C object, and who waits for it.
type tokenKeeper struct {
	lease        lease
	room         waitingRoom
	pointer      renewerPointer
	maxWait      time.Duration
	longestLogin time.Duration
	endSource    context.CancelFunc
	latest       atomic.Pointer[heldToken] // that came from C: while it is in use there, it needs no copy
}

// newTokenKeeper makes the keeper of a renewer, which it frees.
func newTokenKeeper(pointer renewerPointer, options RenewerOptions) *tokenKeeper {
	ctx, cancel := context.WithCancel(context.Background())
	keeper := &tokenKeeper{
		pointer:      pointer,
		maxWait:      options.maxWait(),
		longestLogin: options.longestLogin(),
		endSource:    cancel,
	}
	keeper.room.block, keeper.room.attempt = keeper.block, keeper.renewOnce
	lend(keeper, &keeper.lease, pointer, freeRenewer)
	if options.Source != nil {
		go keeper.supply(ctx, options.Source)
	}
	if options.Logger != nil {
		go keeper.watch(options.Logger)
	}
	return keeper
}

// enter begins a use of the pointer, which ends with lease.leave. It reports false if the keeper is closed, or nil as that
// of a TokenRenewer which NewTokenRenewer did not make.
func (k *tokenKeeper) enter() bool {
	return k != nil && k.lease.enter()
}

// close ends the C object, which wakes whoever blocks in it. It is freed after the last of them.
func (k *tokenKeeper) close() {
	if !k.enter() {
		return
	}
	defer k.lease.leave()
	k.lease.close() // before they wake, so that they do not begin anew
	k.endSource()
	closeRenewer(k.pointer)
}

func (k *tokenKeeper) status() (RenewalStatus, error) {
	if !k.enter() {
		return RenewalStatus{}, ErrClosed
	}
	defer k.lease.leave()
	return renewalStatusOf(k.pointer)
}

// token gives a valid token, another one than the rejected if that is not empty. It waits where one may come.
func (k *tokenKeeper) token(ctx context.Context, rejected string) (OwnToken, error) {
	held, ticket, err := k.ask(rejected, 0)
	if ticket != 0 {
		held, err = k.tokenLater(ctx, rejected, ticket)
	}
	return OwnToken{held}, err
}

// ask is one call without waiting.
func (k *tokenKeeper) ask(rejected string, ticket uint64) (*heldToken, uint64, error) {
	if !k.enter() {
		return nil, 0, ErrClosed
	}
	defer k.lease.leave()
	known := k.latest.Load()
	held, ticket, err := ownToken(k.pointer, rejected, known, ticket)
	if held != nil && held != known {
		k.latest.Store(held)
	}
	return held, ticket, err
}

// tokenLater asks again after the login that the ticket stands for, or when the waiting ends before.
func (k *tokenKeeper) tokenLater(ctx context.Context, rejected string, ticket uint64) (*heldToken, error) {
	enough := time.NewTimer(k.maxWait)
	defer enough.Stop()
	for {
		done, ended := k.room.await(ctx, k.room.join(ticket), enough.C)
		if !done {
			return k.lastLook(rejected, ticket, ended)
		}
		held, later, err := k.ask(rejected, ticket)
		if later == 0 {
			return held, err
		}
		ticket = later
	}
}

// lastLook asks when the waiting ends: the token may be in use a moment before the login is done. One that is valid is handed
// out, whatever the context says.
func (k *tokenKeeper) lastLook(rejected string, ticket uint64, ended error) (*heldToken, error) {
	held, _, err := k.ask(rejected, ticket|beginsLater)
	if ended != nil && errors.Is(err, ErrLogin) {
		return nil, &waitError{what: "a token", ended: ended, so: err}
	}
	return held, err
}

// ready returns nil if there is a valid token, and otherwise why not. With it a lazy renewer begins to log in.
func (k *tokenKeeper) ready() error {
	if !k.enter() {
		return ErrClosed
	}
	defer k.lease.leave()
	return checkToken(k.pointer)
}

// lastReason is why there is no valid token now, with the last failure, or ErrLogin if there is
// one.
func (k *tokenKeeper) lastReason() error {
	if reason := k.ready(); errors.Is(reason, ErrLogin) {
		return reason
	}
	return ErrLogin
}

// waitReady waits until there is a valid token.
func (k *tokenKeeper) waitReady(ctx context.Context) error {
	for {
		reason := k.ready()
		if !errors.Is(reason, ErrLogin) {
			return reason
		}
		if _, err := k.room.await(ctx, k.room.join(readyTicket), nil); err != nil {
			// Asked anew: logins may have failed since, and there may be a token by now.
			if reason = k.ready(); !errors.Is(reason, ErrLogin) {
				return reason
			}
			return &waitError{what: "a token", ended: err, so: reason}
		}
	}
}

// renewNow waits for a login that begins from now on.
func (k *tokenKeeper) renewNow(ctx context.Context) error {
	if !k.enter() {
		return ErrClosed
	}
	k.lease.leave()
	renewal := k.room.joinNext()
	if _, err := k.room.await(ctx, renewal, nil); err != nil {
		return &waitError{what: "a token", ended: err, so: k.lastReason()}
	}
	return renewal.err
}

// block waits in C for a while. It reports true if there is nothing more to wait for.
func (k *tokenKeeper) block(ticket uint64) bool {
	if ticket == readyTicket {
		return k.blockReady()
	}
	if !k.enter() {
		return true
	}
	defer k.lease.leave()
	return waitRenewer(k.pointer, ticket, waitSlice)
}

// blockReady waits in C for the next login, as bouncer_renewer_wait_ready would not: to that, a rejected one is final.
func (k *tokenKeeper) blockReady() bool {
	if !k.enter() {
		return true
	}
	defer k.lease.leave()
	status, err := renewalStatusOf(k.pointer)
	// In this order: a login that is done in between is found by the next turn.
	if err != nil || !errors.Is(checkToken(k.pointer), ErrLogin) {
		return true
	}
	waitLogins(k.pointer, status.Attempts+1, waitSlice)
	return false
}

func (k *tokenKeeper) renewOnce() error {
	if !k.enter() {
		return ErrClosed
	}
	defer k.lease.leave()
	err := renew(k.pointer, k.longestLogin)
	if err != nil && k.lease.closed.Load() {
		return ErrClosed // it was cut off
	}
	return err
}

// A tokenSource is the function of RenewerOptions.Source.
type tokenSource func(ctx context.Context) (token string, lifetime time.Duration, err error)

// supply answers the logins of a renewer whose tokens the program has, until it is closed.
func (k *tokenKeeper) supply(ctx context.Context, source tokenSource) {
	for k.enter() {
		wanted := waitLogin(k.pointer, watchSlice)
		k.lease.leave()
		if wanted {
			k.answer(askSource(ctx, source))
		}
	}
}

// A sourceAnswer is what a source gave.
type sourceAnswer struct {
	token    string
	lifetime time.Duration
	err      error
}

// askSource calls the source in a goroutine of its own, which it may end: by a panic, or as a failing test does.
func askSource(ctx context.Context, source tokenSource) sourceAnswer {
	ctx, cancel := context.WithTimeout(ctx, longestSource)
	defer cancel()
	answers := make(chan sourceAnswer, 1)
	go func() {
		// What a panic says may be a secret.
		answer := sourceAnswer{err: errors.New("the source did not return")}
		defer func() { answers <- answer }()
		defer func() { _ = recover() }()
		token, lifetime, err := source(ctx)
		answer = sourceAnswer{token, lifetime, err}
	}()
	return <-answers
}

// answer passes on what a source gave.
func (k *tokenKeeper) answer(answer sourceAnswer) {
	if !k.enter() {
		return
	}
	defer k.lease.leave()
	// An error of these calls says that nobody waits for the answer any more.
	if answer.err != nil {
		hopeless := errors.Is(answer.err, ErrLoginRejected) || errors.Is(answer.err, ErrUnusableCredentials)
		_ = supplyFailure(k.pointer, hopeless, strings.ToValidUTF8(answer.err.Error(), "\uFFFD"))
		return
	}
	seconds := int64(-1) // as long as it says itself
	if answer.lifetime != 0 {
		seconds = int64(max(answer.lifetime, 0) / time.Second)
	}
	if supply(k.pointer, answer.token, seconds) != nil {
		_ = supplyFailure(k.pointer, false, "a token that is no text") // or it would be asked for again at once
	}
}

//go:build cgo

package bouncer

import (
	"context"
	"errors"
	"sync"
	"time"

	"bouncer_verify/bouncer/internal/native"
)

// A worker is a C object that works in the background: remote keys or a token renewer. An attempt
// is a fetch or a login. A ticket identifies an attempt. Wait, WaitReady and Refresh block, and
// return early when the worker is closed.
type worker interface {
	// Wait blocks until the attempt of this ticket is over. It returns false after the timeout.
	Wait(ticket uint64, timeout time.Duration) bool
	// WaitReady blocks until there are keys or a token, until waiting does not help, or until the
	// timeout. If there are no keys and no token, it returns the reason.
	WaitReady(timeout time.Duration) *native.Error
	// Refresh starts an attempt, and blocks until the attempt is over or until the timeout.
	Refresh(timeout time.Duration) *native.Error
	IsClosed() bool
}

// A singleflight lets many goroutines wait for the same attempt of a worker.
//
// A call that blocks in C holds a thread of the operating system. So one goroutine makes the
// blocking call. All others wait on a channel, and their contexts can end the wait. The worker
// makes one attempt at a time, so few flights exist: the attempt in flight, the next one, the first
// success, and a refresh that the program requested.
type singleflight struct {
	worker      worker
	what        string        // for error texts: "keys" or "a token"
	unavailable error         // ErrKeys or ErrLogin
	longest     time.Duration // timeout of a refresh

	mutex      sync.Mutex
	flights    map[uint64]*flight // by ticket
	refreshing bool
	next       *flight // the next refresh, which has not started yet
}

// A flight is one event that goroutines wait for.
type flight struct {
	over    chan struct{}
	err     error // set before over is closed
	waiters int   // guarded by singleflight.mutex
}

// readyTicket is the ticket of the first success. The library never uses this number.
const readyTicket = 0

// waitSlice is the longest time of one blocking call. After each slice, the goroutine ends if no
// caller waits any more.
const waitSlice = 250 * time.Millisecond

// longestRefresh returns the timeout of a refresh. A refresh waits for the attempt in flight, then
// makes its own attempt. Each attempt has at most two HTTP exchanges, each with the timeout of the
// argument. 5 s are added as a margin.
func longestRefresh(timeout time.Duration) time.Duration { return 4*timeout + 5*time.Second }

// after returns a channel that is closed after duration. Call stop when it is no longer needed.
func after(duration time.Duration) (timeout <-chan struct{}, stop func() bool) {
	closed := make(chan struct{})
	return closed, time.AfterFunc(duration, func() { close(closed) }).Stop
}

// wait blocks until the attempt of this ticket is over, or until timeout. It returns an error if
// ctx ends first.
func (s *singleflight) wait(ctx context.Context, ticket uint64, timeout <-chan struct{}) error {
	if err := s.await(ctx, s.join(ticket), timeout); err != nil {
		return &waitError{what: s.what, ended: err, reason: s.lastError()}
	}
	return nil
}

// waitReady blocks until there are keys or a token. It returns an error if ctx ends first.
func (s *singleflight) waitReady(ctx context.Context) error {
	for s != nil {
		reason := s.ready()
		if !errors.Is(reason, s.unavailable) {
			return reason
		}
		if err := s.await(ctx, s.join(readyTicket), nil); err != nil {
			// Attempts may have failed or succeeded in the meantime, so get the latest reason.
			if reason = s.ready(); !errors.Is(reason, s.unavailable) {
				return reason
			}
			return &waitError{what: s.what, ended: err, reason: reason}
		}
	}
	return ErrClosed
}

// refresh requests a new attempt, also if one is in flight. It blocks until the new attempt is
// over, and returns the error of the new attempt.
func (s *singleflight) refresh(ctx context.Context) error {
	if s == nil || s.worker.IsClosed() {
		return ErrClosed
	}
	refresh := s.joinNext()
	if err := s.await(ctx, refresh, nil); err != nil {
		return &waitError{what: s.what, ended: err, reason: s.lastError()}
	}
	return refresh.err
}

// ready returns nil if there are keys or a token, and otherwise the reason. It also starts a lazy
// worker.
func (s *singleflight) ready() error { return errorOf(s.worker.WaitReady(0)) }

// lastError returns the reason why there are no keys or no token. If there are keys or a token, it
// returns s.unavailable.
func (s *singleflight) lastError() error {
	if reason := s.ready(); errors.Is(reason, s.unavailable) {
		return reason
	}
	return s.unavailable
}

// await blocks until a flight is over, or until timeout. If ctx ends first, it returns the error of
// ctx.
func (s *singleflight) await(ctx context.Context, f *flight, timeout <-chan struct{}) error {
	defer func() {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		f.waiters--
	}()
	select {
	case <-f.over:
	case <-timeout:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// join adds the caller to the waiters of the ticket. The caller must then call await, which removes
// the caller.
func (s *singleflight) join(ticket uint64) *flight {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	f := s.flights[ticket]
	if f == nil {
		f = &flight{over: make(chan struct{})}
		if s.flights == nil {
			s.flights = map[uint64]*flight{}
		}
		s.flights[ticket] = f
		go s.run(ticket, f)
	}
	f.waiters++
	return f
}

// run makes the blocking calls in C for all waiters of the ticket.
func (s *singleflight) run(ticket uint64, f *flight) {
	for over := false; !over; {
		over = s.block(ticket)
		s.mutex.Lock()
		over = over || f.waiters == 0
		if over {
			delete(s.flights, ticket)
		}
		s.mutex.Unlock()
	}
	close(f.over)
}

// block blocks for at most waitSlice. It returns true if the event of the ticket has happened.
func (s *singleflight) block(ticket uint64) bool {
	if ticket == readyTicket {
		return !errors.Is(errorOf(s.worker.WaitReady(waitSlice)), s.unavailable)
	}
	return s.worker.Wait(ticket, waitSlice)
}

// joinNext adds the caller to the waiters of the next refresh. The caller must then call await,
// which removes the caller.
func (s *singleflight) joinNext() *flight {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.next == nil {
		s.next = &flight{over: make(chan struct{})}
	}
	if !s.refreshing {
		s.refreshing = true
		go s.runRefreshes()
	}
	s.next.waiters++
	return s.next
}

// runRefreshes runs refreshes until no caller waits for one.
func (s *singleflight) runRefreshes() {
	for f := s.beginRefresh(); f != nil; f = s.beginRefresh() {
		f.err = errorOf(s.worker.Refresh(s.longest))
		if f.err != nil && s.worker.IsClosed() {
			f.err = ErrClosed // Close aborted the attempt
		}
		close(f.over)
	}
}

func (s *singleflight) beginRefresh() *flight {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	f := s.next
	s.next = nil
	if f == nil || f.waiters == 0 {
		s.refreshing = false
		return nil
	}
	return f
}

// A waitError is the error of a caller whose context ended while it waited.
type waitError struct {
	what   string // "keys" or "a token"
	ended  error  // the error of the context
	reason error  // of the group ErrKeys or ErrLogin
}

func (e *waitError) Error() string {
	text := "bouncer: stopped waiting for " + e.what + ": " + e.ended.Error()
	var reason *Error
	if errors.As(e.reason, &reason) {
		text += ": " + reason.Message
	}
	return text
}

func (e *waitError) Unwrap() []error { return []error{e.reason, e.ended} }

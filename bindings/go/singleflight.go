//go:build cgo

package bouncer

import (
	"context"
	"errors"
	"sync"
	"time"

	"bouncer_verify/bouncer/internal/native"
)

// A worker is a C object that works on a thread of its own: it fetches keys, or logs in. Its
// methods block, and return when it is closed.
type worker interface {
	// Wait blocks until the attempt is over that the ticket stands for. It returns false after the
	// timeout.
	Wait(ticket uint64, timeout time.Duration) bool
	// WaitReady blocks until an attempt succeeds or is over. It returns why there is nothing to
	// use.
	WaitReady(timeout time.Duration) *native.Error
	// Refresh begins an attempt, and blocks until it is over.
	Refresh(timeout time.Duration) *native.Error
	IsClosed() bool
}

// A singleflight is where goroutines wait for a worker: many of them for one attempt.
//
// A call that blocks in C holds a thread. So one goroutine makes that call for each thing to wait
// for, and all others wait for it on a channel, which a context can end. Attempts are made one
// after another. So there are few things to wait for: the attempt under way, the one after it, the
// first success, and the refresh that a program asks for.
type singleflight struct {
	worker      worker
	what        string        // it brings, for errors: "keys"
	unavailable error         // ErrKeys or ErrLogin
	longest     time.Duration // that a refresh can take

	mutex      sync.Mutex
	flights    map[uint64]*flight // by ticket
	refreshing bool
	next       *flight // the next refresh, which has not begun
}

// A flight is one thing that goroutines wait for.
type flight struct {
	over    chan struct{}
	err     error // once it is over
	waiters int   // under the singleflight's mutex
}

// readyTicket stands for the first success. The library has no such ticket.
const readyTicket = 0

// waitSlice is how long one call blocks. After it, a goroutine that nobody waits for ends.
const waitSlice = 250 * time.Millisecond

// longestRefresh is how long a refresh can take with this timeout of an HTTP exchange: the attempt
// under way and then its own, each of two exchanges, and some slack.
func longestRefresh(timeout time.Duration) time.Duration { return 4*timeout + 5*time.Second }

// after returns a channel that is closed after a time. Call stop when it is no longer needed.
func after(duration time.Duration) (timeout <-chan struct{}, stop func() bool) {
	closed := make(chan struct{})
	return closed, time.AfterFunc(duration, func() { close(closed) }).Stop
}

// wait waits for the attempt that the ticket stands for, or until timeout. The error says that ctx
// ended before.
func (s *singleflight) wait(ctx context.Context, ticket uint64, timeout <-chan struct{}) error {
	if err := s.await(ctx, s.join(ticket), timeout); err != nil {
		return &waitError{what: s.what, ended: err, reason: s.lastError()}
	}
	return nil
}

// waitReady waits until there is something to use.
func (s *singleflight) waitReady(ctx context.Context) error {
	for s != nil {
		reason := s.ready()
		if !errors.Is(reason, s.unavailable) {
			return reason
		}
		if err := s.await(ctx, s.join(readyTicket), nil); err != nil {
			// Asked again: attempts may have failed since, and one may have succeeded by now.
			if reason = s.ready(); !errors.Is(reason, s.unavailable) {
				return reason
			}
			return &waitError{what: s.what, ended: err, reason: reason}
		}
	}
	return ErrClosed
}

// refresh waits for an attempt that begins after the call.
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

// ready returns nil if there is something to use, and otherwise why not. It has a lazy worker
// begin.
func (s *singleflight) ready() error { return errorOf(s.worker.WaitReady(0)) }

// lastError is why there is nothing to use now, or the group of such errors if there is something.
func (s *singleflight) lastError() error {
	if reason := s.ready(); errors.Is(reason, s.unavailable) {
		return reason
	}
	return s.unavailable
}

// await waits until a flight is over, or until timeout. The error is that of ctx if it ends before.
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

// join adds the caller to those that wait for the ticket. It leaves by await.
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

// run blocks for all that joined.
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

// block blocks for a while. It returns true if there is nothing more to wait for.
func (s *singleflight) block(ticket uint64) bool {
	if ticket == readyTicket {
		return !errors.Is(errorOf(s.worker.WaitReady(waitSlice)), s.unavailable)
	}
	return s.worker.Wait(ticket, waitSlice)
}

// joinNext adds the caller to those that wait for the next refresh. It leaves by await.
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

// runRefreshes refreshes as long as somebody waits for it.
func (s *singleflight) runRefreshes() {
	for f := s.beginRefresh(); f != nil; f = s.beginRefresh() {
		f.err = errorOf(s.worker.Refresh(s.longest))
		if f.err != nil && s.worker.IsClosed() {
			f.err = ErrClosed // it was cut off
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

// A waitError says that a context ended while its goroutine waited.
type waitError struct {
	what   string // it waited for
	ended  error  // the context's
	reason error  // of the group ErrKeys or ErrLogin
}

func (e *waitError) Error() string {
	text := "bouncer: no more waiting for " + e.what + ": " + e.ended.Error()
	var reason *Error
	if errors.As(e.reason, &reason) {
		text += ": " + reason.Message
	}
	return text
}

func (e *waitError) Unwrap() []error { return []error{e.reason, e.ended} }

//go:build cgo

package bouncer

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"bouncer-verify.internal/bouncer/internal/native"
)

// A worker is a C object that makes attempts in the background: a verifier, remote keys or a token
// renewer. An attempt is a fetch or a login. A ticket identifies an attempt. No method blocks.
type worker interface {
	// IsOver reports whether the attempt of this ticket is over, or no caller needs to wait for it.
	IsOver(ticket uint64) bool
	// Ready returns nil if there are keys or a token, and otherwise the reason why not. It also
	// starts a lazy worker.
	Ready() *native.Error
	// MayBecomeReady returns false if waiting for Ready does not help.
	MayBecomeReady() bool
	// Watch returns a watch that wakes up a goroutine after each attempt, and when the worker is
	// closed.
	Watch() *native.Watch
	IsClosed() bool
}

// A singleflight lets many goroutines wait for the same attempt of a worker. They wait on channels,
// and their contexts can end the wait. One goroutine waits for the worker while other goroutines
// wait for an attempt. Only a refresh that the program requested holds a thread of the operating
// system.
type singleflight struct {
	worker      worker
	what        string // for error texts: "keys" or "a token"
	unavailable error  // ErrKeys or ErrLogin
	// refreshNow starts an attempt, and blocks until the attempt is over, until the worker is closed,
	// or until the timeout. It is nil for a verifier.
	refreshNow func(timeout time.Duration) *native.Error
	longest    time.Duration // timeout of a refresh

	mutex      sync.Mutex
	flights    map[uint64]*flight // by ticket
	watching   bool               // a goroutine runs watchFlights
	watch      *native.Watch      // its watch; nil until the goroutine has made it
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

// longestRefresh returns the timeout of a refresh. A refresh waits for the attempt in flight, then
// makes its own attempt. Each attempt has at most two HTTP exchanges, each with the timeout of the
// argument. 5 s are added as a margin.
func longestRefresh(timeout time.Duration) time.Duration { return 4*timeout + 5*time.Second }

// after returns a channel that is closed after duration. Call stop when it is no longer needed.
func after(duration time.Duration) (timeout <-chan struct{}, stop func() bool) {
	closed := make(chan struct{})
	return closed, time.AfterFunc(duration, func() { close(closed) }).Stop
}

// wait blocks until the attempt of this ticket is over, or until timeout. It returns the error of
// ctx if ctx ends first.
func (s *singleflight) wait(ctx context.Context, ticket uint64, timeout <-chan struct{}) error {
	return s.await(ctx, s.join(ticket), timeout)
}

// stopped returns the error of a caller whose context ended while it waited. If reason is not of
// the group of s.unavailable, it is replaced.
func (s *singleflight) stopped(ended, reason error) error {
	if !errors.Is(reason, s.unavailable) {
		reason = s.unavailable
	}
	return &waitError{what: s.what, ended: ended, reason: reason}
}

// waitReady blocks until there are keys or a token. It returns an error if ctx ends first, or if
// waiting does not help.
func (s *singleflight) waitReady(ctx context.Context) error {
	for s != nil {
		reason := s.ready()
		if !errors.Is(reason, s.unavailable) || !s.worker.MayBecomeReady() {
			return reason
		}
		if err := s.await(ctx, s.join(readyTicket), nil); err != nil {
			// Attempts may have failed or succeeded in the meantime, so get the latest reason.
			if reason = s.ready(); !errors.Is(reason, s.unavailable) {
				return reason
			}
			return s.stopped(err, reason)
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
		return s.stopped(err, s.ready())
	}
	return refresh.err
}

// ready returns nil if there are keys or a token, and otherwise the reason. It also starts a lazy
// worker.
func (s *singleflight) ready() error { return errorOf(s.worker.Ready()) }

// await blocks until a flight is over, or until timeout. If ctx ends first, it returns the error of
// ctx.
func (s *singleflight) await(ctx context.Context, f *flight, timeout <-chan struct{}) error {
	defer func() {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		if f.waiters--; f.waiters == 0 {
			s.interrupt()
		}
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
		if s.watching {
			s.interrupt() // the attempt may have ended before the flight was in the map
		} else {
			s.watching = true
			go s.watchFlights()
		}
	}
	f.waiters++
	return f
}

// interrupt lets the goroutine that runs watchFlights check all flights again. The caller must hold
// the mutex.
func (s *singleflight) interrupt() {
	if s.watch != nil {
		s.watch.Interrupt()
	}
}

// closed ends all waits. Call it after the worker was closed.
func (s *singleflight) closed() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.interrupt()
}

// watchFlights ends each flight when its attempt is over. It returns when no goroutine waits any
// more.
func (s *singleflight) watchFlights() {
	watch := s.worker.Watch()
	defer watch.Close()
	s.mutex.Lock()
	s.watch = watch
	s.mutex.Unlock()
	// The watch exists before the first check, so it reports all attempts that the check misses.
	for s.endFlights() {
		watch.Wait()
	}
}

// endFlights ends all flights whose attempt is over. It returns false, and watchFlights must then
// return, if no goroutine waits any more.
func (s *singleflight) endFlights() bool {
	for ticket, f := range s.inFlight() {
		if s.isOver(ticket) {
			close(f.over)
			s.mutex.Lock()
			delete(s.flights, ticket)
			s.mutex.Unlock()
		}
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	maps.DeleteFunc(s.flights, func(_ uint64, f *flight) bool { return f.waiters == 0 })
	s.watching = len(s.flights) > 0
	if !s.watching {
		s.watch = nil
	}
	return s.watching
}

func (s *singleflight) inFlight() map[uint64]*flight {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return maps.Clone(s.flights)
}

// isOver reports whether the event of the ticket has happened.
func (s *singleflight) isOver(ticket uint64) bool {
	if ticket == readyTicket {
		return !errors.Is(s.ready(), s.unavailable) || !s.worker.MayBecomeReady()
	}
	return s.worker.IsOver(ticket)
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
		f.err = errorOf(s.refreshNow(s.longest))
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

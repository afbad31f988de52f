//go:build cgo

package bouncer

import (
	"context"
	"errors"
	"sync"
	"time"
)

// A waitingRoom is where goroutines wait for what the library does on a thread of its own: fetches of keys, logins.
//
// What blocks in C holds a thread. So for each thing to wait for, one goroutine does that, and whoever waits for it does
// so on a channel, where it can stop at any time. Attempts are made one after another, which leaves few such things: the
// one under way, the one after it, the first success, one that the program asks for.
type waitingRoom struct {
	// block waits in C for at most waitSlice. It reports true if there is nothing more to wait for, and otherwise is called
	// again at once.
	block func(ticket uint64) bool
	// attempt has an attempt made now, and blocks in C until that is done.
	attempt func() error

	mutex      sync.Mutex
	waits      map[uint64]*sharedWait // by ticket
	attempting bool
	next       *sharedWait // the next attempt of this kind, which has not begun
}

// A sharedWait is one thing that goroutines wait for.
type sharedWait struct {
	over    chan struct{}
	err     error // once it is over
	waiters int   // under the room's mutex
}

// readyTicket stands for the first success. It is no ticket of the library.
const readyTicket = 0

// A goroutine whose waiters have all left is gone after this time.
const waitSlice = 250 * time.Millisecond

// await waits until shared is over, and reports false if ctx ends or enough comes before.
func (w *waitingRoom) await(ctx context.Context, shared *sharedWait, enough <-chan time.Time) (bool, error) {
	defer func() {
		w.mutex.Lock()
		defer w.mutex.Unlock()
		shared.waiters--
	}()
	select {
	case <-shared.over:
		return true, nil
	case <-enough:
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// join adds the caller to those that wait for the ticket. It leaves by await.
func (w *waitingRoom) join(ticket uint64) *sharedWait {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	shared := w.waits[ticket]
	if shared == nil {
		shared = &sharedWait{over: make(chan struct{})}
		if w.waits == nil {
			w.waits = map[uint64]*sharedWait{}
		}
		w.waits[ticket] = shared
		go w.run(ticket, shared)
	}
	shared.waiters++
	return shared
}

// run waits in C on behalf of all that joined.
func (w *waitingRoom) run(ticket uint64, shared *sharedWait) {
	for over := false; !over; {
		over = w.block(ticket)
		w.mutex.Lock()
		over = over || shared.waiters == 0
		if over {
			delete(w.waits, ticket)
		}
		w.mutex.Unlock()
	}
	close(shared.over)
}

// joinNext adds the caller to those that wait for the next attempt. It leaves by await.
func (w *waitingRoom) joinNext() *sharedWait {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.next == nil {
		w.next = &sharedWait{over: make(chan struct{})}
	}
	if !w.attempting {
		w.attempting = true
		go w.runAttempts()
	}
	w.next.waiters++
	return w.next
}

// runAttempts makes attempts, one after another, as long as somebody waits for one.
func (w *waitingRoom) runAttempts() {
	for shared := w.beginAttempt(); shared != nil; shared = w.beginAttempt() {
		shared.err = w.attempt()
		close(shared.over)
	}
}

func (w *waitingRoom) beginAttempt() *sharedWait {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	shared := w.next
	w.next = nil
	if shared == nil || shared.waiters == 0 {
		w.attempting = false
		return nil
	}
	return shared
}

// A waitError says that a context ended while its goroutine waited.
type waitError struct {
	what  string // it waited for
	ended error  // the context's
	so    error  // what that means: of the group ErrKeys or ErrLogin
}

func (e *waitError) Error() string {
	text := "bouncer: no more waiting for " + e.what + ": " + e.ended.Error()
	var reason *Error
	if errors.As(e.so, &reason) {
		text += ": " + reason.Message
	}
	return text
}

func (e *waitError) Unwrap() []error { return []error{e.so, e.ended} }

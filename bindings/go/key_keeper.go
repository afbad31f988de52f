package bouncer

import (
	"context"
	"errors"
	"sync"
	"time"
)

// A keyKeeper is all of a RemoteJWKS that its goroutines know: the C object, and who waits for it.
//
// What blocks in C holds a thread. So for each thing to wait for, one goroutine does that, and whoever waits for it does
// so on a channel, where it can stop at any time. Fetches are made one after another, which leaves few such things: the
// one under way, the one after it, the first keys, a refresh.
type keyKeeper struct {
	lease        lease
	pointer      remotePointer
	maxWait      time.Duration
	longestFetch time.Duration

	mutex      sync.Mutex
	waits      map[uint64]*sharedWait // by ticket
	refreshing bool
	refresh    *sharedWait // the next one, which has not begun
}

// A sharedWait is one thing that goroutines wait for.
type sharedWait struct {
	over    chan struct{}
	err     error // once it is over
	waiters int   // under the keeper's mutex
}

// readyTicket stands for the first keys. It is no ticket of the library.
const readyTicket = 0

// A goroutine whose waiters have all left is gone after this time.
const waitSlice = 250 * time.Millisecond

// newKeyKeeper makes the keeper of a remote key set, which it frees.
func newKeyKeeper(pointer remotePointer, options RemoteOptions) *keyKeeper {
	keeper := &keyKeeper{
		pointer:      pointer,
		maxWait:      options.maxWait(),
		longestFetch: options.longestFetch(),
		waits:        map[uint64]*sharedWait{},
	}
	lend(keeper, &keeper.lease, pointer, freeRemote)
	if options.Logger != nil {
		go keeper.watch(options.Logger)
	}
	return keeper
}

// enter begins a use of the pointer, which ends with lease.leave. It reports false if the keeper is closed, or nil as that
// of a RemoteJWKS which NewRemoteJWKS did not make.
func (k *keyKeeper) enter() bool {
	return k != nil && k.lease.enter()
}

// close ends the C object, which wakes whoever blocks in it. It is freed after the last of them.
func (k *keyKeeper) close() {
	if !k.enter() {
		return
	}
	defer k.lease.leave()
	k.lease.close() // before they wake, so that they do not begin anew
	closeRemote(k.pointer)
}

func (k *keyKeeper) current() (jwksPointer, error) {
	if !k.enter() {
		return nil, ErrClosed
	}
	defer k.lease.leave()
	return currentJWKS(k.pointer)
}

func (k *keyKeeper) status() (RemoteStatus, error) {
	if !k.enter() {
		return RemoteStatus{}, ErrClosed
	}
	defer k.lease.leave()
	return statusOf(k.pointer)
}

// ready returns nil if there are keys, and otherwise why not. With it a lazy key set begins to fetch.
func (k *keyKeeper) ready(timeout time.Duration) error {
	if !k.enter() {
		return ErrClosed
	}
	defer k.lease.leave()
	return waitReady(k.pointer, timeout)
}

// waitFetch waits for the fetch that the ticket stands for. It reports false if that is not done when enough comes.
func (k *keyKeeper) waitFetch(ctx context.Context, ticket uint64, enough <-chan time.Time) (bool, error) {
	over, err := k.await(ctx, k.join(ticket), enough)
	if err != nil {
		return false, &waitError{ended: err, so: ErrKeys}
	}
	return over, nil
}

// waitReady waits until there are keys.
func (k *keyKeeper) waitReady(ctx context.Context) error {
	for {
		reason := k.ready(0)
		if !errors.Is(reason, ErrKeysUnavailable) {
			return reason
		}
		if _, err := k.await(ctx, k.join(readyTicket), nil); err != nil {
			return &waitError{ended: err, so: reason}
		}
	}
}

// fetchNow waits for a fetch that begins from now on.
func (k *keyKeeper) fetchNow(ctx context.Context) error {
	if !k.enter() {
		return ErrClosed
	}
	k.lease.leave()
	refresh := k.joinRefresh()
	if _, err := k.await(ctx, refresh, nil); err != nil {
		return &waitError{ended: err, so: ErrKeys}
	}
	return refresh.err
}

// await waits until shared is over, and reports false if ctx ends or enough comes before.
func (k *keyKeeper) await(ctx context.Context, shared *sharedWait, enough <-chan time.Time) (bool, error) {
	defer func() {
		k.mutex.Lock()
		defer k.mutex.Unlock()
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
func (k *keyKeeper) join(ticket uint64) *sharedWait {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	shared := k.waits[ticket]
	if shared == nil {
		shared = &sharedWait{over: make(chan struct{})}
		k.waits[ticket] = shared
		go k.run(ticket, shared)
	}
	shared.waiters++
	return shared
}

// run waits in C on behalf of all that joined.
func (k *keyKeeper) run(ticket uint64, shared *sharedWait) {
	for over := false; !over; {
		over = k.block(ticket)
		k.mutex.Lock()
		over = over || shared.waiters == 0
		if over {
			delete(k.waits, ticket)
		}
		k.mutex.Unlock()
	}
	close(shared.over)
}

// block waits in C for a while. It reports true if there is nothing more to wait for.
func (k *keyKeeper) block(ticket uint64) bool {
	if ticket == readyTicket {
		return !errors.Is(k.ready(waitSlice), ErrKeysUnavailable)
	}
	if !k.enter() {
		return true
	}
	defer k.lease.leave()
	return waitRemote(k.pointer, ticket, waitSlice)
}

// joinRefresh adds the caller to those that wait for the next refresh. It leaves by await.
func (k *keyKeeper) joinRefresh() *sharedWait {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	if k.refresh == nil {
		k.refresh = &sharedWait{over: make(chan struct{})}
	}
	if !k.refreshing {
		k.refreshing = true
		go k.runRefreshes()
	}
	k.refresh.waiters++
	return k.refresh
}

// runRefreshes makes refreshes, one after another, as long as somebody waits for one.
func (k *keyKeeper) runRefreshes() {
	for shared := k.beginRefresh(); shared != nil; shared = k.beginRefresh() {
		shared.err = k.refreshOnce()
		close(shared.over)
	}
}

func (k *keyKeeper) beginRefresh() *sharedWait {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	shared := k.refresh
	k.refresh = nil
	if shared == nil || shared.waiters == 0 {
		k.refreshing = false
		return nil
	}
	return shared
}

func (k *keyKeeper) refreshOnce() error {
	if !k.enter() {
		return ErrClosed
	}
	defer k.lease.leave()
	err := refreshRemote(k.pointer, k.longestFetch)
	if err != nil && k.lease.closed.Load() {
		return ErrClosed // it was cut off
	}
	return err
}

// A waitError says that a context ended while its goroutine waited for keys.
type waitError struct {
	ended error // the context's
	so    error // what that means: of the group ErrKeys
}

func (e *waitError) Error() string {
	text := "bouncer: no more waiting for keys: " + e.ended.Error()
	var reason *Error
	if errors.As(e.so, &reason) {
		text += ": " + reason.Message
	}
	return text
}

func (e *waitError) Unwrap() []error { return []error{e.so, e.ended} }

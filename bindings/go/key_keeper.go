//go:build cgo

package bouncer

import (
	"context"
	"errors"
	"time"
)

// A keyKeeper is all of a RemoteJWKS that its goroutines know: the C object, and who waits for it.
type keyKeeper struct {
	lease        lease
	room         waitingRoom
	pointer      remotePointer
	maxWait      time.Duration
	longestFetch time.Duration
}

// newKeyKeeper makes the keeper of a remote key set, which it frees.
func newKeyKeeper(pointer remotePointer, options RemoteOptions) *keyKeeper {
	keeper := &keyKeeper{
		pointer:      pointer,
		maxWait:      options.maxWait(),
		longestFetch: options.longestFetch(),
	}
	keeper.room.block, keeper.room.attempt = keeper.block, keeper.refreshOnce
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
	over, err := k.room.await(ctx, k.room.join(ticket), enough)
	if err != nil {
		return false, &waitError{what: "keys", ended: err, so: k.lastReason()}
	}
	return over, nil
}

// lastReason is why there are no keys now, with the last failure, or ErrKeys if there are some.
func (k *keyKeeper) lastReason() error {
	if reason := k.ready(0); errors.Is(reason, ErrKeys) {
		return reason
	}
	return ErrKeys
}

// waitReady waits until there are keys.
func (k *keyKeeper) waitReady(ctx context.Context) error {
	for {
		reason := k.ready(0)
		if !errors.Is(reason, ErrKeysUnavailable) {
			return reason
		}
		if _, err := k.room.await(ctx, k.room.join(readyTicket), nil); err != nil {
			// Asked anew: fetches may have failed since, and there may be keys by now.
			if reason = k.ready(0); !errors.Is(reason, ErrKeysUnavailable) {
				return reason
			}
			return &waitError{what: "keys", ended: err, so: reason}
		}
	}
}

// fetchNow waits for a fetch that begins from now on.
func (k *keyKeeper) fetchNow(ctx context.Context) error {
	if !k.enter() {
		return ErrClosed
	}
	k.lease.leave()
	refresh := k.room.joinNext()
	if _, err := k.room.await(ctx, refresh, nil); err != nil {
		return &waitError{what: "keys", ended: err, so: k.lastReason()}
	}
	return refresh.err
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

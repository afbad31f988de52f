//go:build cgo

package bouncer

import "time"

// The watcher looks again after this time at the latest. Attempts and a close wake it before.
const watchSlice = 10 * time.Second

// watch tells of what the keeper does, until it is closed. The status after so many attempts comes from after.
func watch[Status any](
	after func(attempts uint64) (Status, error), attempts func(Status) uint64, tell func(before, now Status),
) {
	var before Status
	status, err := after(0) // there may be something before any attempt
	for err == nil {
		tell(before, status)
		before = status
		status, err = after(attempts(before) + 1)
	}
}

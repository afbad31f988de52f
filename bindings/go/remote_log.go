//go:build cgo

package bouncer

import (
	"context"
	"log/slog"
)

// watch logs what the keeper does, until it is closed.
func (k *keyKeeper) watch(logger *slog.Logger) {
	attempts := func(status RemoteStatus) uint64 { return status.Attempts }
	watch(k.statusAfter, attempts, func(before, now RemoteStatus) { logChange(logger, before, now) })
}

// statusAfter is the status once so many attempts have been made, or after a while.
func (k *keyKeeper) statusAfter(attempts uint64) (RemoteStatus, error) {
	if !k.enter() {
		return RemoteStatus{}, ErrClosed
	}
	defer k.lease.leave()
	waitAttempts(k.pointer, attempts, watchSlice)
	return statusOf(k.pointer)
}

// logChange logs what is new since the status before.
func logChange(logger *slog.Logger, before, now RemoteStatus) {
	if now.State == RemoteClosed {
		return
	}
	log := func(level slog.Level, message string, attributes ...slog.Attr) {
		attributes = append([]slog.Attr{slog.String("source", now.Source)}, attributes...)
		logger.LogAttrs(context.Background(), level, message, attributes...)
	}
	if now.Failures > before.Failures {
		log(slog.LevelWarn, "bouncer: fetching keys failed",
			slog.String("error", now.LastError),
			slog.String("error_name", now.LastErrorName),
			slog.Uint64("failures_in_row", now.FailuresInRow),
			slog.Duration("next_attempt_in", now.NextAttempt))
	}
	if now.Generation != before.Generation {
		log(slog.LevelInfo, "bouncer: new keys",
			slog.Uint64("generation", now.Generation),
			slog.Uint64("usable_keys", now.UsableKeys),
			slog.Uint64("skipped_keys", now.SkippedKeys),
			slog.String("sha256", now.SHA256))
	}
	if now.LastGoodError != "" && now.LastGoodError != before.LastGoodError {
		log(slog.LevelWarn, "bouncer: the last-good file", slog.String("error", now.LastGoodError))
	}
}

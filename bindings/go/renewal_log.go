//go:build cgo

package bouncer

import (
	"context"
	"log/slog"
)

// watch logs what the keeper does, until it is closed.
func (k *tokenKeeper) watch(logger *slog.Logger) {
	attempts := func(status RenewalStatus) uint64 { return status.Attempts }
	watch(k.statusAfter, attempts, func(before, now RenewalStatus) { logRenewal(logger, before, now) })
}

// statusAfter is the status once so many logins have been tried, or after a while.
func (k *tokenKeeper) statusAfter(attempts uint64) (RenewalStatus, error) {
	if !k.enter() {
		return RenewalStatus{}, ErrClosed
	}
	defer k.lease.leave()
	waitLogins(k.pointer, attempts, watchSlice)
	return renewalStatusOf(k.pointer)
}

// logRenewal logs what is new since the status before.
func logRenewal(logger *slog.Logger, before, now RenewalStatus) {
	if now.State == RenewalClosed {
		return
	}
	log := func(level slog.Level, message string, attributes ...slog.Attr) {
		attributes = append([]slog.Attr{slog.String("source", now.Source)}, attributes...)
		logger.LogAttrs(context.Background(), level, message, attributes...)
	}
	if now.Failures > before.Failures {
		log(slog.LevelWarn, "bouncer: login failed",
			slog.String("error", now.LastError),
			slog.String("error_name", now.LastErrorName),
			slog.Uint64("failures_in_row", now.FailuresInRow),
			slog.Duration("next_attempt_in", now.NextAttempt))
	}
	if now.Generation != before.Generation {
		attributes := []slog.Attr{
			slog.Uint64("generation", now.Generation),
			slog.Duration("next_attempt_in", now.NextAttempt),
		}
		if now.Expires {
			attributes = append(attributes, slog.Duration("expires_in", now.ExpiresIn))
		}
		log(slog.LevelInfo, "bouncer: new token", attributes...)
	}
}

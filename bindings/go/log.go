//go:build cgo

package bouncer

import (
	"context"
	"log/slog"
	"runtime"
	"time"

	"bouncer-verify.internal/bouncer/internal/native"
)

// follow calls report once at the start, and then after each attempt of a worker. It returns when
// the worker is closed.
func follow(watch *native.Watch, stats func() (native.Stats, *native.Error), report func(native.Stats)) {
	defer watch.Close()
	rows, err := stats() // do not wait for an attempt first: a seed or a file may already contain keys
	for err == nil {
		report(rows)
		watch.Wait()
		rows, err = stats()
	}
}

// followKeys logs the events of remote keys. It holds no reference to the RemoteJWKS, so the
// garbage collector can free a RemoteJWKS that was not closed.
func followKeys(keys *native.RemoteJWKS, logger *slog.Logger) {
	var before KeysStats
	follow(keys.Watch(), keys.Stats, func(rows native.Stats) {
		now := newKeysStats(rows)
		logKeys(logger, before, now)
		before = now
	})
}

// followLogins logs the events of a renewer. It holds no reference to the TokenRenewer, so the
// garbage collector can free a TokenRenewer that was not closed.
func followLogins(renewer *native.Renewer, logger *slog.Logger) {
	var before RenewerStats
	follow(renewer.Watch(), renewer.Stats, func(rows native.Stats) {
		now := newRenewerStats(rows)
		logLogins(logger, before, now)
		before = now
	})
}

// LogTo logs new keys (Info) and failures (Warn) of the remote keys of all entries, also after
// [Verifier.Reload]. It is for verifiers of [LoadVerifier]. Remote keys that are made in code log
// the same with [RemoteOptions].Logger.
//
// A goroutine logs until Close, and at most ten times in a second. It keeps everything that the
// logger references reachable. So if the logger references the verifier, the program must call
// Close. The error is [ErrInvalidArgument] if logger is nil or the policy has a Clock, and
// [ErrClosed] after Close.
func (v *Verifier) LogTo(logger *slog.Logger) error {
	switch {
	case v == nil, v.clocked == nil && (v.native == nil || v.native.IsClosed()):
		return ErrClosed
	case v.clocked != nil:
		return invalidArgument("LogTo and Policy.Clock are mutually exclusive: set RemoteOptions.Logger")
	case logger == nil:
		return invalidArgument("LogTo: the logger is nil")
	}
	watch := v.native.Watch()
	v.mutex.Lock()
	defer v.mutex.Unlock()
	v.logs = append(v.logs, watch)
	runtime.AddCleanup(v, func(verifier *native.Verifier) {
		verifier.Close()
		watch.Interrupt()
	}, v.native)
	go followVerifier(v.native, watch, logger)
	return nil
}

// logInterval is the shortest time between two snapshots of the stats of a verifier. With many
// issuers, a snapshot after each fetch would take much time.
const logInterval = 100 * time.Millisecond

// followVerifier logs the events of the remote keys of a verifier. It holds no reference to the
// Verifier, so the garbage collector can free a Verifier that was not closed.
func followVerifier(verifier *native.Verifier, watch *native.Watch, logger *slog.Logger) {
	var before map[string]KeysStats
	follow(watch, verifier.Stats, func(rows native.Stats) {
		now := map[string]KeysStats{}
		for _, entry := range newVerifierStats(rows).Entries {
			if entry.Keys != nil {
				logKeys(logger, before[entry.Source], *entry.Keys)
				now[entry.Source] = *entry.Keys
			}
		}
		before = now
		time.Sleep(logInterval)
	})
}

// logKeys logs the differences between two snapshots of the stats. A reload may have replaced the
// keys between the snapshots. The counters of the new keys begin at 0 and may have reached the same
// numbers. So the document and the time of the last error are compared too.
func logKeys(logger *slog.Logger, before, now KeysStats) {
	if now.State == KeysClosed {
		return
	}
	log := logOf(logger, now.Source)
	if now.Failures > 0 && (now.Failures != before.Failures || !now.LastErrorAt.Equal(before.LastErrorAt)) {
		log(slog.LevelWarn, "bouncer: fetching keys failed",
			slog.String("error", now.LastError),
			slog.String("error_name", now.LastErrorName),
			slog.Uint64("scheduled_failures_in_row", now.FailuresInRow),
			slog.Duration("next_attempt_in", now.NextAttempt))
	}
	if now.Generation > 0 && (now.Generation != before.Generation || now.SHA256 != before.SHA256) {
		log(slog.LevelInfo, "bouncer: new keys",
			slog.Uint64("generation", now.Generation),
			slog.Uint64("usable_keys", now.Usable),
			slog.Uint64("skipped_keys", now.Skipped),
			slog.String("sha256", now.SHA256))
	}
	if now.LastGoodError != "" && now.LastGoodError != before.LastGoodError {
		log(slog.LevelWarn, "bouncer: reading or writing the last-good file failed", slog.String("error", now.LastGoodError))
	}
}

// logLogins logs the differences between two snapshots of the stats.
func logLogins(logger *slog.Logger, before, now RenewerStats) {
	if now.State == TokenClosed {
		return
	}
	log := logOf(logger, now.Source)
	if now.Failures > before.Failures {
		log(slog.LevelWarn, "bouncer: login failed",
			slog.String("error", now.LastError),
			slog.String("error_name", now.LastErrorName),
			slog.Uint64("scheduled_failures_in_row", now.FailuresInRow),
			slog.Duration("next_attempt_in", now.NextAttempt))
	}
	if now.Generation != before.Generation {
		attributes := []slog.Attr{
			slog.Uint64("generation", now.Generation),
			slog.Duration("next_attempt_in", now.NextAttempt),
		}
		if now.ExpiresIn >= 0 {
			attributes = append(attributes, slog.Duration("expires_in", now.ExpiresIn))
		}
		log(slog.LevelInfo, "bouncer: new token", attributes...)
	}
}

// logOf returns a function that logs with source as the first attribute.
func logOf(logger *slog.Logger, source string) func(slog.Level, string, ...slog.Attr) {
	return func(level slog.Level, message string, attributes ...slog.Attr) {
		attributes = append([]slog.Attr{slog.String("source", source)}, attributes...)
		logger.LogAttrs(context.Background(), level, message, attributes...)
	}
}

// Code generated from src/settings by tests/generated. DO NOT EDIT.

//go:build cgo

package bouncer

import (
	"time"

	"bouncer-verify.internal/bouncer/internal/native"
)

// CacheStats is a snapshot of the counters of the cache of a [Verifier]: for metrics, logs and
// health checks. Counters count only events of this process. Times are in UTC. If a value is not
// known, a number is 0, text is empty, a time is zero and a duration is -1.
type CacheStats struct {
	// Hits: Tokens accepted from the cache.
	Hits uint64
	// Misses: Cache lookups that did not find the token.
	Misses uint64
	// Capacity: Maximum number of tokens in the cache.
	Capacity uint64
}

func newCacheStats(rows native.Stats) (stats CacheStats) {
	found := statRows{rows}
	stats.Hits = found.count("cache_hits_total")
	stats.Misses = found.count("cache_misses_total")
	stats.Capacity = found.count("cache_capacity")
	return stats
}

// KeysStats is a snapshot of the counters and state of a [RemoteJWKS]: for metrics, logs and health
// checks. Counters count only events of this process. Times are in UTC. If a value is not known, a
// number is 0, text is empty, a time is zero and a duration is -1.
type KeysStats struct {
	// Source: the URL without its query, the issuer, or the source of the tokens.
	Source string
	// State: One of empty, fresh, stale, too_old and closed.
	State string
	// Generation: Number of the key set in use: grows by one with each change; 0 before the first
	// keys.
	Generation uint64
	// SHA256: SHA-256 of the JWK Set in use, in hex.
	SHA256 string
	// Usable: Keys that can verify tokens.
	Usable uint64
	// Skipped: Keys of the JWK Set that cannot be used.
	Skipped uint64
	// Accelerated: Keys whose signatures the library's own code verifies now.
	Accelerated uint64
	// TableBytes: Memory of the tables for ES256 and Ed25519 keys.
	TableBytes uint64
	// LastSuccessAt: Time when the issuer last confirmed the keys in use.
	LastSuccessAt time.Time
	// Age: Time since the issuer last confirmed the keys in use.
	Age time.Duration
	// NextAttempt: Time until the next scheduled fetch.
	NextAttempt time.Duration
	// Attempts: Completed fetches, successful or not.
	Attempts uint64
	// Failures: Failed fetches.
	Failures uint64
	// FailuresInRow: Scheduled fetches that failed since the last success.
	FailuresInRow uint64
	// Scheduled: Fetches started on schedule.
	Scheduled uint64
	// Retries: Fetches started because the previous scheduled fetch failed.
	Retries uint64
	// UnknownKID: Fetches started for a token with an unknown kid.
	UnknownKID uint64
	// WithoutKID: Fetches started for a token that no key verified.
	WithoutKID uint64
	// Requested: Fetches started because the program requested them.
	Requested uint64
	// Suppressed: Tokens whose key was missing, but for which the limit allowed no fetch.
	Suppressed uint64
	// LastError: Latest failure; kept after a later success.
	LastError string
	// LastErrorName: Stable name of the latest failure.
	LastErrorName string
	// LastErrorAt: Time of the latest failure.
	LastErrorAt time.Time
	// LastGoodError: Why the last-good file could not be read or written.
	LastGoodError string
}

func newKeysStats(rows native.Stats) (stats KeysStats) {
	found := statRows{rows}
	stats.Source = rows.Source
	stats.State = found.text("keys_state")
	stats.Generation = found.count("keys_generation")
	stats.SHA256 = found.text("keys_sha256")
	stats.Usable = found.count("keys_usable")
	stats.Skipped = found.count("keys_skipped")
	stats.Accelerated = found.count("keys_accelerated")
	stats.TableBytes = found.count("keys_table_bytes")
	stats.LastSuccessAt = found.time("keys_last_success_seconds")
	stats.Age = found.duration("keys_age_seconds")
	stats.NextAttempt = found.duration("keys_next_attempt_seconds")
	stats.Attempts = found.count("keys_attempts_total")
	stats.Failures = found.count("keys_failures_total")
	stats.FailuresInRow = found.count("keys_failures_in_row")
	stats.Scheduled = found.count("keys_scheduled_total")
	stats.Retries = found.count("keys_retries_total")
	stats.UnknownKID = found.count("keys_unknown_kid_total")
	stats.WithoutKID = found.count("keys_without_kid_total")
	stats.Requested = found.count("keys_requested_total")
	stats.Suppressed = found.count("keys_suppressed_total")
	stats.LastError = found.text("keys_last_error")
	stats.LastErrorName = found.text("keys_last_error_name")
	stats.LastErrorAt = found.time("keys_last_error_seconds")
	stats.LastGoodError = found.text("keys_last_good_error")
	return stats
}

// RenewerStats is a snapshot of the counters and state of a [TokenRenewer]: for metrics, logs and
// health checks. Counters count only events of this process. Times are in UTC. If a value is not
// known, a number is 0, text is empty, a time is zero and a duration is -1.
type RenewerStats struct {
	// Source: the URL without its query, the issuer, or the source of the tokens.
	Source string
	// State: One of empty, valid, expiring, expired and closed.
	State string
	// Generation: Number of the token in use: grows by one with each login; 0 before the first
	// token.
	Generation uint64
	// ExpiresIn: Time until the token expires.
	ExpiresIn time.Duration
	// NextAttempt: Time until the next scheduled login.
	NextAttempt time.Duration
	// Attempts: Completed logins, successful or not.
	Attempts uint64
	// Failures: Failed logins.
	Failures uint64
	// FailuresInRow: Scheduled logins that failed since the last success.
	FailuresInRow uint64
	// Scheduled: Logins started on schedule.
	Scheduled uint64
	// Retries: Logins started because the previous scheduled login failed.
	Retries uint64
	// Rejections: Logins started because a server rejected the token.
	Rejections uint64
	// Requested: Logins started because the program requested them.
	Requested uint64
	// Suppressed: Rejections that caused no login, because of the limit or of Retry-After.
	Suppressed uint64
	// LastError: Latest failure; kept after a later success.
	LastError string
	// LastErrorName: Stable name of the latest failure.
	LastErrorName string
	// LastErrorAt: Time of the latest failure.
	LastErrorAt time.Time
}

func newRenewerStats(rows native.Stats) (stats RenewerStats) {
	found := statRows{rows}
	stats.Source = rows.Source
	stats.State = found.text("renewer_state")
	stats.Generation = found.count("renewer_generation")
	stats.ExpiresIn = found.duration("renewer_expires_in_seconds")
	stats.NextAttempt = found.duration("renewer_next_attempt_seconds")
	stats.Attempts = found.count("renewer_attempts_total")
	stats.Failures = found.count("renewer_failures_total")
	stats.FailuresInRow = found.count("renewer_failures_in_row")
	stats.Scheduled = found.count("renewer_scheduled_total")
	stats.Retries = found.count("renewer_retries_total")
	stats.Rejections = found.count("renewer_rejections_total")
	stats.Requested = found.count("renewer_requested_total")
	stats.Suppressed = found.count("renewer_suppressed_total")
	stats.LastError = found.text("renewer_last_error")
	stats.LastErrorName = found.text("renewer_last_error_name")
	stats.LastErrorAt = found.time("renewer_last_error_seconds")
	return stats
}

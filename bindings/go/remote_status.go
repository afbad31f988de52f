//go:build cgo

package bouncer

import "time"

// A RemoteStatus is what a [RemoteJWKS] is doing, at one moment: for metrics, logs and health
// checks. Counts are this process's alone, and times are in UTC, rounded down to a second.
type RemoteStatus struct {
	// Source is the URL, without its query, or the issuer.
	Source string
	// State says whether and how the keys can be used.
	State RemoteState
	// Generation is 0 before the first keys, and one more with each change of them: what is derived
	// from the keys is good for one generation.
	Generation uint64
	// SHA256 is that of the document in use, in hex. Empty: there is none.
	SHA256 string
	// UsableKeys is the number of keys that can be used.
	UsableKeys uint64
	// SkippedKeys is the number of keys that cannot be used.
	SkippedKeys uint64
	// LastSuccess is when the issuer last confirmed the keys in use. Zero: never, they are from a
	// seed.
	LastSuccess time.Time
	// LastError is the latest failure, in a few words for a log, even if an attempt has succeeded
	// since. Empty: none.
	LastError string
	// LastErrorName is the same as a stable name: "connect", "timeout", "tls", "protocol",
	// "status", "redirect", "too_large", "document", "issuer", "system" or "other".
	LastErrorName string
	// LastErrorAt is when that was. Zero: there is none.
	LastErrorAt time.Time
	// LastGoodError says why the last-good file could not be read or written. Empty: it could.
	LastGoodError string
	// Failures is the number of attempts that failed.
	Failures uint64
	// FailuresInRow is the number of scheduled attempts that failed since the last success.
	FailuresInRow uint64
	// NextAttempt is in how long the next attempt is due, if no token causes one before.
	NextAttempt time.Duration
	// Attempts is the number of attempts done.
	Attempts uint64
	// Scheduled is the number of attempts begun because their time had come.
	Scheduled uint64
	// Retries is the number of attempts begun because the one before failed.
	Retries uint64
	// UnknownKID is the number of attempts begun because of a token whose "kid" was unknown.
	UnknownKID uint64
	// WithoutKID is the number of attempts begun because of a token without "kid" that no key
	// verified.
	WithoutKID uint64
	// Requested is the number of attempts that the program asked for.
	Requested uint64
	// Suppressed is the number of tokens that lacked a key and caused no attempt: their "kid" was
	// known to be absent, or a budget was spent.
	Suppressed uint64
}

// A RemoteState says whether and how the keys of a [RemoteJWKS] can be used. Later versions may add
// to them.
type RemoteState = string

// The states.
const (
	RemoteEmpty  RemoteState = "empty"   // no keys yet
	RemoteFresh  RemoteState = "fresh"   // fetched, and fresh
	RemoteStale  RemoteState = "stale"   // in use, though they should have been confirmed by now, or from a seed or a file
	RemoteTooOld RemoteState = "too_old" // too old to be used
	RemoteClosed RemoteState = "closed"  // closed, while this was asked
)

//go:build cgo

package bouncer

import "time"

// A RenewalStatus is what a [TokenRenewer] is doing, at one moment: for metrics, logs and health
// checks. Counts are this process's alone, and times are in UTC, rounded down to a second. It holds
// no token and no secret.
type RenewalStatus struct {
	// Source is where tokens come from: the login's URL without its query, or the name of the
	// program's own source.
	Source string
	// State says whether there is a token to hand out.
	State RenewalState
	// Generation is 0 before the first token, and one more with each.
	Generation uint64
	// Expires says whether there is a token that expires.
	Expires bool
	// ExpiresIn is in how long it does. Zero: it has, or Expires is false.
	ExpiresIn time.Duration
	// LastError is the latest failure, in a few words for a log, even if a login has succeeded
	// since. Empty: none.
	LastError string
	// LastErrorName is the same as a stable name: those of [RemoteStatus], "rejected" and "refused"
	// by the issuer, and "credentials".
	LastErrorName string
	// LastErrorAt is when that was. Zero: there is none.
	LastErrorAt time.Time
	// Failures is the number of logins that failed.
	Failures uint64
	// FailuresInRow is the number of scheduled logins that failed since the last success.
	FailuresInRow uint64
	// NextAttempt is in how long the next login is due, if no rejection causes one before.
	NextAttempt time.Duration
	// Attempts is the number of logins done.
	Attempts uint64
	// Scheduled is the number of logins begun because their time had come, or there was no token.
	Scheduled uint64
	// Retries is the number of logins begun because the one before failed.
	Retries uint64
	// Rejections is the number of logins begun because a server did not accept the token.
	Rejections uint64
	// Requested is the number of logins that the program asked for.
	Requested uint64
	// Suppressed is the number of rejections that caused no login, because their budget was spent.
	Suppressed uint64
}

// A RenewalState says whether a [TokenRenewer] has a token to hand out. Later versions may add to
// them.
type RenewalState = string

// The states.
const (
	RenewalEmpty    RenewalState = "empty"    // no token yet
	RenewalValid    RenewalState = "valid"    // a valid one
	RenewalExpiring RenewalState = "expiring" // one that expires within seconds, and could not be renewed yet
	RenewalExpired  RenewalState = "expired"  // one that has expired
	RenewalClosed   RenewalState = "closed"   // closed, while this was asked
)

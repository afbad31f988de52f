//go:build cgo

package bouncer

import (
	"math"
	"time"

	"bouncer-verify.internal/bouncer/internal/native"
)

// The values of [KeysStats].State. Later versions may add values.
const (
	KeysEmpty  = "empty"   // no keys yet
	KeysFresh  = "fresh"   // the keys are fresh
	KeysStale  = "stale"   // in use, but a refresh is overdue, or the keys are from a seed or an old file
	KeysTooOld = "too_old" // not used: the issuer last confirmed the keys longer than MaxStale ago
	KeysClosed = "closed"  // closed during the call of Stats
)

// The values of [RenewerStats].State. Later versions may add values.
const (
	TokenEmpty    = "empty"    // no token yet
	TokenValid    = "valid"    // a valid token
	TokenExpiring = "expiring" // the token is about to expire and is not renewed yet
	TokenExpired  = "expired"  // the token has expired
	TokenClosed   = "closed"   // closed during the call of Stats
)

// statRows reads the fields of the structs in stats_generated.go.
type statRows struct{ native.Stats }

func (s statRows) text(name string) string { return s.Find(name).Text }

func (s statRows) count(name string) uint64 { return uint64(s.Find(name).Number) }

// time returns a time rounded down to a second, or the zero time if it is not known.
func (s statRows) time(name string) time.Time {
	stat := s.Find(name)
	at, _ := native.TimeOf(int64(stat.Number), stat.Present)
	return at
}

// duration returns a duration rounded to a millisecond, or -1 if it is not known.
func (s statRows) duration(name string) time.Duration {
	stat := s.Find(name)
	if !stat.Present {
		return -1
	}
	const longest = math.MaxInt64 / int64(time.Millisecond)
	return time.Duration(min(math.Round(stat.Number*1000), float64(longest))) * time.Millisecond
}

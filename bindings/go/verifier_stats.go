//go:build cgo

package bouncer

import (
	"runtime"

	"bouncer-verify.internal/bouncer/internal/native"
)

// VerifierStats is a snapshot of the counters of a [Verifier]: for metrics, logs and health checks.
// Counters count only events of this process.
type VerifierStats struct {
	// Cache contains zeros if the verifier has no cache.
	Cache CacheStats
	// Unassigned counts the tokens that no entry is for, by the name of the error.
	Unassigned map[string]uint64
	// Entries are in the order of the configuration. A tenant with keys of its own has an entry of
	// its own.
	Entries []EntryStats
}

// EntryStats is a snapshot of the counters of one entry of a [Verifier]. It is part of
// [VerifierStats].
type EntryStats struct {
	// Source is the first issuer of the entry, or "no issuer".
	Source string
	// Verifications counts the tokens by result: "ok", or the name of the error.
	Verifications map[string]uint64
	// Keys are the stats of the remote keys, or nil if the keys are fixed.
	Keys *KeysStats
}

// Stats returns a snapshot of the counters. It is empty if the policy has a Clock. The error is
// [ErrClosed] after Close.
func (v *Verifier) Stats() (VerifierStats, error) {
	stats, err := v.stats()
	return newVerifierStats(stats), err
}

// Prometheus returns the stats in the Prometheus text format. The error is [ErrClosed] after Close.
func (v *Verifier) Prometheus() (string, error) {
	stats, err := v.stats()
	return stats.Prometheus, err
}

func (v *Verifier) stats() (native.Stats, error) {
	switch {
	case v == nil, v.clocked != nil && v.clocked.keys.IsClosed():
		return native.Stats{}, ErrClosed
	case v.clocked != nil:
		return native.Stats{}, nil // each call has a C verifier of its own
	}
	defer runtime.KeepAlive(v) // LogTo closes the verifier when v is unreachable
	stats, err := v.native.Stats()
	return stats, errorOf(err)
}

// newVerifierStats reads the rows: first those of the whole verifier, then those of each entry. The
// first row of an entry, and no other row, counts the verifications with the status "ok".
func newVerifierStats(stats native.Stats) VerifierStats {
	var ends []int
	for i, row := range stats.Rows {
		if row.Status == "ok" {
			ends = append(ends, i)
		}
	}
	ends = append(ends, len(stats.Rows))
	whole := native.Stats{Rows: stats.Rows[:ends[0]]}
	found := VerifierStats{Cache: newCacheStats(whole), Unassigned: verifications(whole)}
	for i, begin := range ends[:len(ends)-1] {
		rows := native.Stats{Source: stats.Rows[begin].Source, Rows: stats.Rows[begin:ends[i+1]]}
		entry := EntryStats{Source: rows.Source, Verifications: verifications(rows)}
		if rows.Find("keys_state").Present {
			keys := newKeysStats(rows)
			entry.Keys = &keys
		}
		found.Entries = append(found.Entries, entry)
	}
	return found
}

// verifications returns the counters of the rows that have a status.
func verifications(stats native.Stats) map[string]uint64 {
	counts := map[string]uint64{}
	for _, row := range stats.Rows {
		if row.Status != "" {
			counts[row.Status] = uint64(row.Number)
		}
	}
	return counts
}

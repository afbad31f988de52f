package native

/*
#include "bouncer_verify.h"
*/
import "C"

// Stats is a snapshot of counters and states.
type Stats struct {
	Source string // of the last row
	Rows   []Stat
	// Prometheus contains all rows in the Prometheus text format.
	Prometheus string
}

// A Stat is one row of a snapshot.
type Stat struct {
	Name    string
	Source  string
	Status  string // of the verifications that the row counts, or ""
	Present bool
	Number  float64
	Text    string
}

// Find returns the row with this name. Present is false if the library has no such row.
func (s *Stats) Find(name string) Stat {
	for _, stat := range s.Rows {
		if stat.Name == name {
			return stat
		}
	}
	return Stat{}
}

// Stats returns a snapshot of the cache and of all entries.
func (v *Verifier) Stats() (Stats, *Error) {
	if !v.Acquire() {
		return Stats{}, Closed
	}
	defer v.Release()
	var stats *C.bouncer_stats
	var err *C.bouncer_error
	status := C.bouncer_verifier_stats(v.pointer, &stats, &err)
	return takeStats(status, stats, err)
}

// Stats returns a snapshot of the remote key set.
func (r *RemoteJWKS) Stats() (Stats, *Error) {
	if !r.Acquire() {
		return Stats{}, Closed
	}
	defer r.Release()
	var stats *C.bouncer_stats
	var err *C.bouncer_error
	status := C.bouncer_remote_jwks_stats(r.pointer, &stats, &err)
	return takeStats(status, stats, err)
}

// Stats returns a snapshot of the renewer.
func (r *Renewer) Stats() (Stats, *Error) {
	if !r.Acquire() {
		return Stats{}, Closed
	}
	defer r.Release()
	var stats *C.bouncer_stats
	var err *C.bouncer_error
	status := C.bouncer_renewer_stats(r.pointer, &stats, &err)
	return takeStats(status, stats, err)
}

func takeStats(status C.bouncer_status, stats *C.bouncer_stats, err *C.bouncer_error) (Stats, *Error) {
	if status != C.BOUNCER_STATUS_OK {
		return Stats{}, takeError(err)
	}
	defer C.bouncer_stats_free(stats)
	found := Stats{Prometheus: textOf(C.bouncer_stats_prometheus(stats))}
	for row := C.bouncer_stats_next(stats, nil); row != nil; row = C.bouncer_stats_next(stats, row) {
		found.Source = textOf(row.source)
		found.Rows = append(found.Rows, Stat{
			Name:    C.GoString(row.name),
			Source:  found.Source,
			Status:  textOf(row.status),
			Present: row.present != 0,
			Number:  float64(row.number),
			Text:    textOf(row.text),
		})
	}
	return found, nil
}

//go:build cgo

package bouncer

import (
	"math"

	"bouncer_verify/bouncer/internal/native"
)

// A Backend is the arithmetic that verifies signatures. The verdicts are the same.
type Backend string

const (
	// BackendDefault is BackendAccelerated, unless the environment variable
	// BOUNCER_VERIFY_NO_ACCELERATION is set, to anything but nothing or 0, when the process first
	// loads keys.
	BackendDefault Backend = ""
	// BackendAccelerated is aws-lc, and for RS256 the library's own arithmetic where the CPU has
	// AVX-512 IFMA: three to four times as fast. aws-lc watches it: it verifies again samples of
	// what is accepted and rejected, and on the first difference it alone decides in the whole
	// process.
	BackendAccelerated Backend = "accelerated"
	// BackendAWSLC is aws-lc alone.
	BackendAWSLC Backend = "aws-lc"
)

// native returns the library's number, which has no default.
func (b Backend) native() native.Backend {
	switch b {
	case BackendAccelerated:
		return native.BackendAccelerated
	case BackendAWSLC:
		return native.BackendAWSLC
	default:
		return math.MaxUint32 // the library refuses it
	}
}

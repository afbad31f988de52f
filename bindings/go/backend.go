//go:build cgo

package bouncer

import (
	"math"

	"bouncer_verify/bouncer/internal/native"
)

// A Backend is an implementation of signature verification. All back ends accept and reject the
// same tokens.
type Backend string

const (
	// BackendDefault means BackendAccelerated, unless acceleration is disabled. It means
	// BackendAWSLC if the environment variable BOUNCER_VERIFY_NO_ACCELERATION has a value other
	// than "" and "0" when the process first loads keys.
	BackendDefault Backend = ""
	// BackendAccelerated uses aws-lc. For RS256 on CPUs with AVX-512 IFMA it uses the library's own
	// implementation, which is three to four times as fast as aws-lc. As a safeguard, aws-lc
	// verifies samples of the accepted and the rejected signatures again. After the first different
	// result, the whole process uses aws-lc alone.
	BackendAccelerated Backend = "accelerated"
	// BackendAWSLC uses aws-lc alone.
	BackendAWSLC Backend = "aws-lc"
)

// native returns the number of the back end in the C interface. The C interface has no number for
// BackendDefault, so do not call this method for it.
func (b Backend) native() native.Backend {
	switch b {
	case BackendAccelerated:
		return native.BackendAccelerated
	case BackendAWSLC:
		return native.BackendAWSLC
	default:
		return math.MaxUint32 // an invalid number, which the library rejects
	}
}

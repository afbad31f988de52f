//go:build cgo

package bouncer

import (
	"math"

	"bouncer-verify.internal/bouncer/internal/native"
)

// A Backend is an implementation of signature verification. All back ends accept and reject the
// same tokens.
type Backend string

const (
	// BackendDefault means BackendAccelerated, unless acceleration is disabled. It means
	// BackendAWSLC if the environment variable BOUNCER_VERIFY_NO_ACCELERATION has a value other
	// than "" and "0" when the process first loads keys.
	BackendDefault Backend = ""
	// BackendAccelerated uses the library's own code where it is faster, and aws-lc for the rest.
	// The own code is 3 to 17 times as fast. It verifies signatures of RSA keys of 2048, 3072 and
	// 4096 bits on CPUs with AVX-512 IFMA. On any CPU it verifies ES256 and Ed25519, after 100
	// valid tokens of a key. aws-lc verifies samples of the accepted and the rejected signatures
	// again. After the first different result, the whole process verifies signatures of that kind
	// with aws-lc alone.
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

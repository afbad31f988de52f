//go:build cgo

package bouncer

import (
	"fmt"

	"bouncer-verify.internal/bouncer/internal/native"
)

// LibraryVersion returns the version of the linked or loaded libbouncer_verify, as
// "MAJOR.MINOR.PATCH".
func LibraryVersion() string { return native.LibraryVersion() }

// errLibrary is not nil if the loaded library has the wrong ABI version. Every function that can be
// the first to call the library checks it.
var errLibrary = compareABI(native.LoadedABI(), native.HeaderABI)

func compareABI(loaded, built uint32) error {
	if loaded == built {
		return nil
	}
	return fmt.Errorf("%w: libbouncer_verify %s has ABI version %d, but this program was built for ABI version %d: "+
		"install another version of the library, or build without -tags bouncer_system", ErrIncompatibleLibrary, LibraryVersion(), loaded, built)
}

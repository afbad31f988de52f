//go:build cgo

package bouncer

import (
	"fmt"

	"bouncer_verify/bouncer/internal/native"
)

// LibraryVersion returns the version of the library that the program runs with, as
// "MAJOR.MINOR.PATCH".
func LibraryVersion() string { return native.LibraryVersion() }

// errLibrary is not nil if the library that the program found cannot be used. Every function that
// makes something of nothing checks it first.
var errLibrary = compareABI(native.LoadedABI(), native.HeaderABI)

func compareABI(loaded, built uint32) error {
	if loaded == built {
		return nil
	}
	return fmt.Errorf("%w: the loaded library, version %s, has ABI version %d, but this program was built for %d",
		ErrIncompatibleLibrary, LibraryVersion(), loaded, built)
}

// Package native calls the C library. It holds all of the module's cgo and unsafe code; package
// bouncer is plain Go on top of it. Each file is about one noun of bouncer_verify.h.
//
// # Linking
//
// Without a build tag the library is linked dynamically, with bouncer_static statically. Either way
// the builder says where it is: CGO_LDFLAGS=-L<folder>, or a folder that the linker searches
// anyway. The header is found in a checkout, and through CGO_CFLAGS=-I<folder> where only
// bindings/go was copied, as `go mod vendor` does. The archive is named in full, because
// -lbouncer_verify would prefer the shared library.
//
// # What keeps memory alive
//
//   - Go memory that C reads or fills during a call: a token, the buffer for a result. cgo keeps
//     every argument alive and in place until the call returns, and C keeps no copy. "noescape"
//     says so to the compiler, which then leaves buffers on the stack. "nocallback" says that C
//     never calls Go, which makes a call cheaper. Only the calls of the hot paths have these
//     directives.
//   - C objects that Go owns: those of [JWKS], [Policy], [Verifier], [RemoteJWKS] and [Renewer]. To
//     the garbage collector their addresses are mere numbers. It could find the owner unreachable
//     and free the object during the last call. So every use of the pointer lies between
//     [Handle.Acquire] and [Handle.Release]: Release is a use of the owner after the call, as
//     runtime.KeepAlive is.
//   - C objects that live no longer than one function: settings, errors, single keys, own tokens,
//     snapshots. They have no Go owner; the function frees them.
//
// # Calls that block
//
// A call that blocks in C holds a thread of the operating system, and Go never ends the threads
// that it made for such calls. No verification blocks: it returns a ticket where it could wait, and
// the caller waits in Go. The methods that block are those named Wait, and Refresh and Renew.
package native

/*
#cgo CFLAGS: -I${SRCDIR}/../../../../include
#cgo !bouncer_static LDFLAGS: -lbouncer_verify
#cgo bouncer_static LDFLAGS: -l:libbouncer_verify.a -lpthread -ldl -lm

#include <bouncer_verify.h>

// The ABI version of the library. With another one, bouncer_abi_1 does not link.
static inline uint32_t bouncer_go_abi_version(void) {
	bouncer_abi_1();
	return bouncer_abi_version();
}
*/
import "C"

import (
	"math"
	"time"
	"unsafe"
)

// HeaderABI is the ABI version that this package was compiled for.
const HeaderABI = C.BOUNCER_ABI_VERSION

// LoadedABI returns the ABI version of the library that the program runs with.
func LoadedABI() uint32 { return uint32(C.bouncer_go_abi_version()) }

// LibraryVersion returns the version of the library, as "MAJOR.MINOR.PATCH".
func LibraryVersion() string { return C.GoString(C.bouncer_version()) }

// scratchLen is how much of a result fits on the stack, in bytes. A longer one costs a second call.
const scratchLen = 1024

func textPointer(text string) *C.char {
	return (*C.char)(unsafe.Pointer(unsafe.StringData(text)))
}

func bytesPointer(bytes []byte) *C.char {
	return (*C.char)(unsafe.Pointer(unsafe.SliceData(bytes)))
}

// BorrowText returns the bytes as text without copying them. Nobody may write them while it is
// used.
func BorrowText(bytes []byte) string {
	return unsafe.String(unsafe.SliceData(bytes), len(bytes))
}

func textOf(text C.bouncer_str) string {
	if text.len == 0 {
		return ""
	}
	return string(unsafe.Slice((*byte)(unsafe.Pointer(text.data)), text.len))
}

func bytesOf(bytes C.bouncer_bytes) []byte {
	if bytes.len == 0 {
		return nil
	}
	return append([]byte(nil), unsafe.Slice((*byte)(unsafe.Pointer(bytes.data)), bytes.len)...)
}

// milliseconds rounds up: a short time is not no time.
func milliseconds(duration time.Duration) C.uint64_t {
	count := duration / time.Millisecond
	if duration%time.Millisecond > 0 {
		count++
	}
	return C.uint64_t(max(count, 0))
}

func durationOf(milliseconds uint64) time.Duration {
	return time.Duration(min(milliseconds, math.MaxInt64/uint64(time.Millisecond))) * time.Millisecond
}

// TimeOf returns the time of a number of seconds since 1970, in UTC, and whether it is present.
func TimeOf(seconds int64, present bool) (time.Time, bool) {
	if !present {
		return time.Time{}, false
	}
	return time.Unix(min(seconds, lastSecond), 0).UTC(), true
}

// The last second that time.Time orders correctly: it counts from the year 1, 62135596800 seconds
// before 1970.
const lastSecond = math.MaxInt64 - 62135596800

func flag(set bool) C.int32_t {
	if set {
		return 1
	}
	return 0
}

// Package native calls the C library. All calls of C and all unsafe code of the module are here;
// package bouncer is plain Go on top of it. Each file wraps one type of bouncer_verify.h.
//
// # Linking
//
// Package staticlib links the static library that the module contains. With the build tag
// bouncer_system, the linker searches for -lbouncer_verify instead, in its default folders and in
// those of CGO_LDFLAGS=-L<folder>. The header is always bouncer_verify.h in this folder.
//
// # Lifetime of memory
//
//   - Go memory that C reads or writes during a call, such as a token or the buffer for a result:
//     cgo keeps every argument alive and in place until the call returns, and C keeps no pointer to
//     this memory. The directive "noescape" promises that to the compiler, so the buffers can stay
//     on the stack. "nocallback" promises that C never calls Go, which makes a call cheaper. Only
//     calls on hot paths have these directives.
//   - C objects that a Go value owns ([JWKS], [Policy], [Verifier], [RemoteJWKS] and [Renewer]):
//     the garbage collector does not follow pointers to C memory. It could find the owner
//     unreachable, and free the object, while the last call still uses the object. So every use of
//     the pointer is between [Handle.Acquire] and [Handle.Release]. Release uses the owner after
//     the call and so keeps it alive, like runtime.KeepAlive.
//   - C objects that live only during one function, such as settings, errors, single keys, own
//     tokens and snapshots: they have no Go owner, and the function frees them.
//
// # Calls that block
//
// A call that blocks in C holds a thread of the operating system, and Go never ends the threads
// that it created for such calls. So a verification never blocks: if it must wait, it returns a
// ticket, and the caller waits in Go until a [Watch] reports the end of an attempt. Refresh and
// WaitLogin block. Close of a [RemoteJWKS], [Renewer] or [Verifier] also blocks, but for at most
// one second.
package native

/*
#include "bouncer_verify.h"

// Returns the ABI version of the library. The call of bouncer_abi_1 makes linking fail if the
// version is not 1.
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

// LoadedABI returns the ABI version of the loaded library.
func LoadedABI() uint32 { return uint32(C.bouncer_go_abi_version()) }

// LibraryVersion returns the version of the library, as "MAJOR.MINOR.PATCH".
func LibraryVersion() string { return C.GoString(C.bouncer_version()) }

// scratchLen is the size in bytes of the stack buffer for a result. A longer result needs a second
// call.
const scratchLen = 1024

func textPointer(text string) *C.char {
	return (*C.char)(unsafe.Pointer(unsafe.StringData(text)))
}

func bytesPointer(bytes []byte) *C.char {
	return (*C.char)(unsafe.Pointer(unsafe.SliceData(bytes)))
}

// BorrowText returns a string that shares the memory of bytes. Do not write to bytes while the
// string is in use.
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

// milliseconds converts a duration to milliseconds. It rounds up, so that a short time does not
// become 0. A negative duration becomes 0.
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

// TimeOf converts seconds since 1970 to a time in UTC. It returns the zero time and false if
// present is false.
func TimeOf(seconds int64, present bool) (time.Time, bool) {
	if !present {
		return time.Time{}, false
	}
	return time.Unix(min(seconds, lastSecond), 0).UTC(), true
}

// lastSecond is the largest number of seconds since 1970 that time.Time compares correctly.
// time.Time counts from the year 1, which is 62135596800 seconds before 1970.
const lastSecond = math.MaxInt64 - 62135596800

func flag(set bool) C.int32_t {
	if set {
		return 1
	}
	return 0
}

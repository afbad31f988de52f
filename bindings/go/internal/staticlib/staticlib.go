//go:build !bouncer_system

// Package staticlib links the static library of this module into the program. Each processor has
// a file, libbouncer_verify_linux_<GOARCH>.syso. It contains the one object file of
// libbouncer_verify.a.
//
// The go command links a .syso file without a flag, and selects it by its name. It also hashes the
// file, so a new library rebuilds every program. It does not hash an archive that a linker flag
// names: `go build` would keep a program that contains the old library.
//
// The files are not committed. In a checkout, `make lib` writes the file for its own processor. A
// release of the module contains all of them. README.md describes bouncer_system.
package staticlib

/*
// The system libraries that Rust's standard library needs. `-z nodelete` is not here, because the
// Go linker passes it for every shared library.
#cgo LDFLAGS: -lutil -lrt -lpthread -lm -ldl

#if !defined(__linux__) || !(defined(__aarch64__) || (defined(__x86_64__) && defined(__LP64__)))
#error "no static library for this platform: install it and build with -tags bouncer_system"
#else
#include <features.h>
#if !defined(__GLIBC__)
#error "the static library needs glibc: install another, build with -tags bouncer_system"
#elif defined(__x86_64__) && !__has_include("libbouncer_verify_linux_amd64.syso")
#error "no static library for linux/amd64: run `make lib` or build with -tags bouncer_system"
#elif defined(__aarch64__) && !__has_include("libbouncer_verify_linux_arm64.syso")
#error "no static library for linux/arm64: run `make lib` or build with -tags bouncer_system"
#endif
#endif
*/
import "C"

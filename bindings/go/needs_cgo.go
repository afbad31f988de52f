//go:build !cgo

package bouncer

// Without cgo, only this file of the package has code, so the compiler reports only this error.
const _ = this_package_needs_cgo__install_a_C_compiler_and_build_with_CGO_ENABLED_1

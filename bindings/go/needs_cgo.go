//go:build !cgo

package bouncer

// Without cgo this is the only file of the package that is compiled, so this is the only error that
// the compiler reports.
const _ = this_package_needs_cgo__install_a_C_compiler_and_build_with_CGO_ENABLED_1

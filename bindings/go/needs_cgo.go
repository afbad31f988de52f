//go:build !cgo

package bouncer

// Without cgo no other file of this package is compiled, so the compiler has this one thing to say.
const _ = this_package_needs_cgo__install_a_C_compiler_and_build_with_CGO_ENABLED_1

//go:build bouncer_system

package native

// #cgo LDFLAGS: -lbouncer_verify
import "C"

//go:build cgo && !bouncer_system

package native

import _ "bouncer-verify.internal/bouncer/internal/staticlib" // links the library

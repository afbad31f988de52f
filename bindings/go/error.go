//go:build cgo

package bouncer

import (
	"fmt"

	"bouncer-verify.internal/bouncer/internal/native"
)

// An Error is the reason why a token, a key set, a key, a policy or a login was rejected. It
// contains no token, no claim value and no key, so it is safe to log.
//
// Use [errors.Is] to compare it with the variables of this package: a cause such as [ErrExpired],
// or a group such as [ErrInvalidToken].
type Error struct {
	// Status is the number of the cause: one of the BOUNCER_STATUS_ constants of bouncer_verify.h.
	// It is the same in every language and never changes.
	Status uint32
	// Claim is the name of the claim or header parameter at fault, such as "exp" or "crit". It is
	// empty if the error has no such name.
	Claim string
	// Message describes the error in one sentence, for logs. Its wording may change between
	// versions.
	Message string
}

// errorOf converts the error of a C call.
func errorOf(err *native.Error) error {
	switch err {
	case nil:
		return nil
	case native.Closed:
		return ErrClosed
	}
	return (*Error)(err)
}

func invalidArgument(message string) error {
	return &Error{Status: native.StatusInvalidArgument, Message: message}
}

// Error returns the message.
func (e *Error) Error() string {
	if e.Message == "" {
		return "bouncer: " + e.Name()
	}
	return "bouncer: " + e.Message
}

// Name returns the stable name of the cause, such as "expired". Use it in metrics; it is the same
// in every language.
func (e *Error) Name() string {
	if cause, known := causes[e.Status]; known {
		return cause.name
	}
	return native.StatusName(e.Status)
}

// Unwrap returns the variable of the cause, such as [ErrExpired]. For a cause that this package
// does not know, because the library is newer, it returns the variable of the group.
func (e *Error) Unwrap() error {
	if cause, known := causes[e.Status]; known {
		return cause
	}
	switch {
	case e.Status < 100:
		return ErrProgram
	case e.Status < 200:
		return ErrKeys
	case e.Status >= 400 && e.Status < 500:
		return ErrLogin
	default:
		return ErrInvalidToken
	}
}

// isOfClaims reports whether the claims were rejected. The signature of the token is then valid,
// because it is checked before the claims.
func (e *Error) isOfClaims() bool {
	return e.Status >= native.StatusMalformedClaims && e.Status < native.StatusUnusableCredentials
}

// The groups of causes. A group determines who must act, and the HTTP status of the response.
var (
	// ErrInvalidToken: the token is rejected, so the client must act. HTTP 401, or 403 for
	// [ErrInsufficientScope].
	ErrInvalidToken error = &group{"invalid token"}
	// ErrKeys: the issuer's keys are missing or unusable, so the token was not checked. HTTP 503,
	// never 401.
	ErrKeys error = &group{"unusable keys"}
	// ErrLogin: the service's own login failed, so it has no valid token to send. HTTP 503.
	ErrLogin error = &group{"the service has no valid token of its own"}
	// ErrProgram: the calling program misuses the package. HTTP 500.
	ErrProgram error = &group{"misuse by the program"}
)

// More causes of [ErrProgram], in addition to [ErrInvalidArgument].
var (
	// ErrClosed: a JWKSet, RemoteJWKS, Verifier or TokenRenewer was used after Close.
	ErrClosed error = &cause{name: "closed", group: ErrProgram, detail: "used after Close"}
	// ErrIncompatibleLibrary: the loaded libbouncer_verify has another ABI version than the header
	// that the program was built with.
	ErrIncompatibleLibrary error = &cause{name: "incompatible_library", group: ErrProgram}
	// ErrNullArgument: a C function got a NULL pointer. This package never passes one.
	ErrNullArgument = newCause(native.StatusNullArgument, "null_argument", ErrProgram)
	// ErrSystemError: the operating system refused a resource. This package never returns it.
	ErrSystemError = newCause(native.StatusSystemError, "system_error", ErrProgram)
	// ErrInternal: a bug in the library. Please report it. The program can continue.
	ErrInternal = newCause(native.StatusInternal, "internal", ErrProgram)
)

// A group is an error variable for several causes.
type group struct{ text string }

func (g *group) Error() string { return "bouncer: " + g.text }

// A cause is an error variable for one status.
type cause struct {
	name   string
	group  error
	detail string // follows the name in the error text, if not empty
}

func (c *cause) Error() string {
	if c.detail != "" {
		return "bouncer: " + c.name + ": " + c.detail
	}
	return "bouncer: " + c.name
}

func (c *cause) Unwrap() error { return c.group }

// The causes by status number.
var causes = map[uint32]*cause{}

func newCause(status uint32, name string, group error) error {
	if _, taken := causes[status]; taken {
		panic(fmt.Sprintf("bouncer: two causes have the status %d", status))
	}
	causes[status] = &cause{name: name, group: group}
	return causes[status]
}

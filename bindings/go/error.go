//go:build cgo

package bouncer

import (
	"fmt"

	"bouncer_verify/bouncer/internal/native"
)

// An Error says why a token, a key set, a key, a policy or a login was rejected. It holds no token,
// no value of a claim and no key, so it may be logged.
//
// Compare it with the variables of this package by [errors.Is]: with that of its cause, such as
// [ErrExpired], or with that of its group, such as [ErrInvalidToken].
type Error struct {
	// Status is the number of the cause, permanent and the same in every language: the
	// BOUNCER_STATUS_ constants of bouncer_verify.h.
	Status uint32
	// Claim is the claim or header parameter at fault, such as "exp" or "crit". Empty: there is
	// none.
	Claim string
	// Message says what happened, in a sentence for a log. The words may change between versions.
	Message string
}

// errorOf converts the error of a call.
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

// Name returns the stable name of the cause, such as "expired": for metrics, and the same in every
// language.
func (e *Error) Name() string {
	if cause, known := causes[e.Status]; known {
		return cause.name
	}
	return native.StatusName(e.Status)
}

// Unwrap returns the variable of the cause, such as [ErrExpired], or that of its group if the
// library is newer than this package and has a cause that it does not know.
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

// isOfClaims reports whether the token's claims are at fault, whose signature then holds.
func (e *Error) isOfClaims() bool {
	return e.Status >= native.StatusMalformedClaims && e.Status < native.StatusUnusableCredentials
}

// The groups of causes. Each says who has to act, and with which HTTP status a request is answered.
var (
	// ErrInvalidToken: the token is at fault, and with it who sent it. HTTP 401.
	ErrInvalidToken error = &group{"invalid token"}
	// ErrKeys: the issuer's keys are at fault, so nothing can be said of the token. HTTP 503, never
	// 401.
	ErrKeys error = &group{"unusable keys"}
	// ErrLogin: the service's own login is at fault, so it has no valid token to send. HTTP 503.
	ErrLogin error = &group{"no valid token of its own"}
	// ErrProgram: the program that calls is at fault. HTTP 500.
	ErrProgram error = &group{"misuse by the program"}
)

// The causes of [ErrProgram] that are not in the library's table.
var (
	// ErrClosed: a JWKSet, RemoteJWKS, Verifier or TokenRenewer was used after its Close.
	ErrClosed error = &cause{name: "closed", group: ErrProgram}
	// ErrIncompatibleLibrary: the program was built for another version of libbouncer_verify than
	// the one it found.
	ErrIncompatibleLibrary error = &cause{name: "incompatible_library", group: ErrProgram}
	// ErrNullArgument: the library was given no pointer. This package does not do that.
	ErrNullArgument = newCause(native.StatusNullArgument, "null_argument", ErrProgram)
	// ErrInternal: a bug in the library; please report it. The program can go on.
	ErrInternal = newCause(native.StatusInternal, "internal", ErrProgram)
)

// A group is a variable that stands for several causes.
type group struct{ text string }

func (g *group) Error() string { return "bouncer: " + g.text }

// A cause is a variable that stands for one status.
type cause struct {
	name  string
	group error
}

func (c *cause) Error() string { return "bouncer: " + c.name }

func (c *cause) Unwrap() error { return c.group }

// The causes by status number.
var causes = map[uint32]*cause{}

func newCause(status uint32, name string, group error) error {
	if _, taken := causes[status]; taken {
		panic(fmt.Sprintf("bouncer: two causes have the status %d", status))
	}
	causes[status] = &cause{name, group}
	return causes[status]
}

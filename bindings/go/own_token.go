//go:build cgo

package bouncer

import (
	"fmt"
	"io"
	"log/slog"
	"time"
)

// An OwnToken is the service's own token, which a [TokenRenewer] gives. It is a Go value that never changes, and stays valid until
// it expires, whatever becomes of its renewer. The zero OwnToken is none.
//
// It is a secret: fmt and slog do not show it. Whoever wants the text asks for it.
type OwnToken struct{ held *heldToken }

// A heldToken and its text are each behind a pointer. So fmt does not find the text in an unexported field of another struct
// either, where it asks no method; and with a verb that does not fit, it follows one pointer.
type heldToken struct {
	authorization *string // of which the token is the end
	tokenAt       int
	expiresAt     time.Time
	expires       bool
	generation    uint64
}

// Text returns the token.
func (t OwnToken) Text() string {
	if t.held == nil {
		return ""
	}
	return (*t.held.authorization)[t.held.tokenAt:]
}

// Authorization returns the value for the Authorization header: "token=<token>" for DC/OS, "Bearer <token>" otherwise.
func (t OwnToken) Authorization() string {
	if t.held == nil {
		return ""
	}
	return *t.held.authorization
}

// ExpiresAt returns when the token expires by its own "exp", in UTC. It reports false if it does not say.
func (t OwnToken) ExpiresAt() (time.Time, bool) {
	if t.held == nil {
		return time.Time{}, false
	}
	return t.held.expiresAt, t.held.expires
}

// Generation returns 1 for the first token of a renewer, and one more for each. It is 0 for the zero OwnToken.
func (t OwnToken) Generation() uint64 {
	if t.held == nil {
		return 0
	}
	return t.held.generation
}

// String tells the tokens of a renewer apart and does not show them.
func (t OwnToken) String() string {
	if t.held == nil {
		return "no token"
	}
	return fmt.Sprintf("token %d (not shown)", t.held.generation)
}

// GoString is String.
func (t OwnToken) GoString() string { return t.String() }

// Format writes String, whatever the verb: there are some for which fmt would look into the fields.
func (t OwnToken) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, t.String()) }

// LogValue is String, for slog.
func (t OwnToken) LogValue() slog.Value { return slog.StringValue(t.String()) }

//go:build cgo

package bouncer

import (
	"fmt"
	"io"
	"log/slog"
	"time"

	"bouncer_verify/bouncer/internal/native"
)

// An OwnToken is the service's own token, from a [TokenRenewer]. It is a Go value that never
// changes, and stays valid until it expires, whatever becomes of its renewer. The zero OwnToken is
// none.
//
// It is a secret: fmt and slog do not show it; Text returns it.
type OwnToken struct{ content *ownToken }

// The text is behind another pointer. So fmt does not find it in an unexported field of another
// struct either, where it calls no method: with a verb that does not fit, it follows one pointer.
type ownToken struct {
	authorization *string // of which the token is the end
	tokenAt       int
	expiresAt     time.Time
	expires       bool
	generation    uint64
}

func newOwnToken(token native.OwnToken) *ownToken {
	expiresAt, expires := native.TimeOf(token.ExpiresAt, token.Expires)
	return &ownToken{&token.Authorization, token.TokenAt, expiresAt, expires, token.Generation}
}

// Text returns the token.
func (t OwnToken) Text() string {
	if t.content == nil {
		return ""
	}
	return (*t.content.authorization)[t.content.tokenAt:]
}

// Authorization returns the value for the Authorization header: "token=<token>" for DC/OS, "Bearer
// <token>" otherwise.
func (t OwnToken) Authorization() string {
	if t.content == nil {
		return ""
	}
	return *t.content.authorization
}

// ExpiresAt returns when the token expires by its own "exp", in UTC. It reports false if it does
// not say.
func (t OwnToken) ExpiresAt() (time.Time, bool) {
	if t.content == nil {
		return time.Time{}, false
	}
	return t.content.expiresAt, t.content.expires
}

// Generation returns 1 for the first token of a renewer, and one more for each. It is 0 for the
// zero OwnToken.
func (t OwnToken) Generation() uint64 {
	if t.content == nil {
		return 0
	}
	return t.content.generation
}

// String tells the tokens of a renewer apart and does not show them.
func (t OwnToken) String() string {
	if t.content == nil {
		return "no token"
	}
	return fmt.Sprintf("token %d (not shown)", t.content.generation)
}

// GoString is String.
func (t OwnToken) GoString() string { return t.String() }

// Format writes String, whatever the verb: there are some for which fmt would look into the fields.
func (t OwnToken) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, t.String()) }

// LogValue is String, for slog.
func (t OwnToken) LogValue() slog.Value { return slog.StringValue(t.String()) }

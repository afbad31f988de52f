//go:build cgo

package bouncer

import (
	"fmt"
	"io"
	"log/slog"
	"time"

	"bouncer-verify.internal/bouncer/internal/native"
)

// An OwnToken is the service's own token, from a [TokenRenewer]. It is an immutable Go value. It
// can be used until it expires, also after its renewer is closed. The zero OwnToken contains no
// token.
//
// The token is a secret: fmt and slog do not print it. Text returns it.
type OwnToken struct{ content *ownToken }

// fmt calls no method of a value in an unexported field of another struct. If the verb does not fit
// the type, fmt follows one pointer and prints the fields. The token text is behind a second
// pointer, so fmt does not print it.
type ownToken struct {
	authorization *string // ends with the token
	tokenAt       int     // index of the token in authorization
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

// ExpiresAt returns the "exp" of the token in UTC. It reports false if the token has none.
func (t OwnToken) ExpiresAt() (time.Time, bool) {
	if t.content == nil {
		return time.Time{}, false
	}
	return t.content.expiresAt, t.content.expires
}

// Generation returns 1 for the first token of a renewer, 2 for the second, and so on. It returns 0
// for the zero OwnToken.
func (t OwnToken) Generation() uint64 {
	if t.content == nil {
		return 0
	}
	return t.content.generation
}

// String returns the generation of the token, and not the token.
func (t OwnToken) String() string {
	if t.content == nil {
		return "no token"
	}
	return fmt.Sprintf("token %d (not shown)", t.content.generation)
}

// GoString returns String.
func (t OwnToken) GoString() string { return t.String() }

// Format writes the text of String for every verb. Otherwise fmt would print the fields for some
// verbs.
func (t OwnToken) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, t.String()) }

// LogValue returns String, for slog.
func (t OwnToken) LogValue() slog.Value { return slog.StringValue(t.String()) }

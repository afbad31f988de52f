//go:build cgo

package bouncer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"bouncer-verify.internal/bouncer/internal/native"
)

// A VerifiedToken is a token that passed every check. Only functions that verify tokens return a
// VerifiedToken. It is an immutable Go value with nothing to close.
//
// fmt and slog do not print its claims. [VerifiedToken.MarshalJSON] returns them.
type VerifiedToken struct {
	// fmt calls no method of a value in an unexported field of another struct. If the verb does not
	// fit the type, fmt follows one pointer and prints the fields. The claims are behind two
	// pointers, so fmt does not print them.
	content **native.Token
}

// newToken makes a token with one allocation; the text is already allocated.
func newToken(content native.Token) *VerifiedToken {
	var object struct {
		token   VerifiedToken
		pointer *native.Token
		content native.Token
	}
	allocated := &object
	allocated.content = content
	allocated.pointer = &allocated.content
	allocated.token.content = &allocated.pointer
	return &allocated.token
}

var noContent native.Token

// get returns empty content for the zero VerifiedToken.
func (t *VerifiedToken) get() *native.Token {
	if t.content == nil {
		return &noContent
	}
	return *t.content
}

// VerifyToken verifies a JWT: its signature with the keys of jwks, then its Claims Set against
// policy (RFC 7519 section 7.2). The token must be in JWS Compact Serialization, without white
// space around it.
//
// If the token is rejected, the error is an [*Error] of the group [ErrInvalidToken]. The checks
// have a fixed order, and the first one that fails determines the error. If the policy is not valid
// or jwks is nil, the error is [ErrInvalidArgument]. If jwks is closed, it is [ErrClosed].
//
// A key set prepares and keeps the first policy without a Clock that it is used with. Each call
// prepares any other policy again, in about a quarter of a microsecond. A [Verifier] prepares its
// policy once.
func VerifyToken(jwks *JWKSet, policy Policy, token string) (verified *VerifiedToken, err error) {
	err = jwks.with(&policy, func(policy *native.Policy) error {
		verified, err = jwks.verify(policy, token)
		return err
	})
	return verified, err
}

func (s *JWKSet) verify(policy *native.Policy, token string) (*VerifiedToken, error) {
	if s == nil {
		return nil, invalidArgument("the key set is nil")
	}
	content, err := s.native.Verify(policy, token)
	if err != nil {
		return nil, errorOf(err)
	}
	return newToken(content), nil
}

// UID returns "uid", the name of the user or service in DC/OS. It returns "" if the claim is absent
// or not a string.
func (t *VerifiedToken) UID() string {
	uid, _ := t.get().UID()
	return uid
}

// Identity returns the user or service: the claim that the policy's IdentityClaim names, by default
// "sub", or "uid" with [DCOS]. It returns "" if the claim is absent or not a string.
func (t *VerifiedToken) Identity() string { return t.get().Identity() }

// Scopes returns the scopes of the claims "scope" and "scp", or of the policy's ScopeClaims. A
// claim is a space-separated string (RFC 6749 section 3.3) or an array of strings. Each call parses
// these claims.
func (t *VerifiedToken) Scopes() []string {
	var scopes []string
	claims := json.NewDecoder(strings.NewReader(t.get().Scopes()))
	for {
		var claim json.RawMessage
		if claims.Decode(&claim) != nil {
			return scopes
		}
		texts, _ := stringsOf(claim)
		if claim[0] == '"' {
			texts = strings.Split(texts[0], " ")
		}
		for _, text := range texts {
			if text != "" {
				scopes = append(scopes, text)
			}
		}
	}
}

// HasScope reports whether scope is one of [VerifiedToken.Scopes]. Case matters.
func (t *VerifiedToken) HasScope(scope string) bool { return slices.Contains(t.Scopes(), scope) }

// Issuer returns "iss" (RFC 7519 section 4.1.1), or "" if it is absent.
func (t *VerifiedToken) Issuer() string { return t.get().Issuer() }

// Subject returns "sub" (RFC 7519 section 4.1.2), or "" if it is absent.
func (t *VerifiedToken) Subject() string { return t.get().Subject() }

// TokenID returns "jti" (RFC 7519 section 4.1.7), or "" if it is absent.
func (t *VerifiedToken) TokenID() string { return t.get().TokenID() }

// Audience returns the strings of "aud" (RFC 7519 section 4.1.3), or nil if the claim is absent. A
// single string counts as an array of one. Each call parses the payload.
func (t *VerifiedToken) Audience() []string {
	audience, _ := t.ClaimStrings("aud") // after verification: absent, a string, or an array of strings
	return audience
}

// ExpiresAt returns "exp" (RFC 7519 section 4.1.4) in UTC, rounded down to a second. It reports
// false if the claim is absent.
func (t *VerifiedToken) ExpiresAt() (time.Time, bool) {
	return native.TimeOf(t.get().Exp())
}

// NotBefore returns "nbf" (RFC 7519 section 4.1.5) in UTC, rounded up to a second. It reports false
// if the claim is absent.
func (t *VerifiedToken) NotBefore() (time.Time, bool) {
	return native.TimeOf(t.get().Nbf())
}

// IssuedAt returns "iat" (RFC 7519 section 4.1.6) in UTC, rounded down to a second. It reports
// false if the claim is absent.
func (t *VerifiedToken) IssuedAt() (time.Time, bool) {
	return native.TimeOf(t.get().Iat())
}

// Claims stores the Claims Set in the value that v points to, as [json.Unmarshal] does. It returns
// the error of json.Unmarshal, which may contain a number from the claims.
//
// json.Unmarshal prefers exact names, but also accepts "UID" for a field `json:"uid"`. If users can
// choose the names of claims, read single claims with [VerifiedToken.Claim] instead.
func (t *VerifiedToken) Claims(v any) error {
	if err := json.Unmarshal(t.Payload(), v); err != nil {
		return fmt.Errorf("bouncer: claims: %w", err)
	}
	return nil
}

// Claim returns the JSON text of the claim with this name, as it was signed: a string keeps its
// quotes. It reports false if the claim is absent.
//
// A name with dots may name a nested claim: "realm_access.roles". A claim whose own name has dots
// is found too: at each object, the longest member name that fits is taken.
func (t *VerifiedToken) Claim(name string) (json.RawMessage, bool) {
	return lookup(t.Payload(), name)
}

// lookup returns the member with this name, or at this path, of a JSON object.
func lookup(object []byte, path string) (json.RawMessage, bool) {
	members := json.NewDecoder(bytes.NewReader(object))
	if start, err := members.Token(); err != nil || start != json.Delim('{') {
		return nil, false
	}
	var longest json.RawMessage
	length := -1
	for members.More() {
		token, err := members.Token()
		if err != nil {
			return nil, false
		}
		var value json.RawMessage
		if members.Decode(&value) != nil {
			return nil, false
		}
		name, _ := token.(string)
		if name == path {
			return value, true
		}
		isPrefix := strings.HasPrefix(path, name) && path[len(name)] == '.'
		if isPrefix && len(name) > length {
			longest, length = value, len(name)
		}
	}
	if length < 0 {
		return nil, false
	}
	return lookup(longest, path[length+1:])
}

// Payload returns a copy of the Claims Set, a JSON object: exactly the bytes that were signed.
func (t *VerifiedToken) Payload() []byte { return []byte(t.get().Payload()) }

// Header returns a copy of the JOSE Header, a JSON object.
func (t *VerifiedToken) Header() []byte { return []byte(t.get().Header()) }

// ClaimString returns the claim that [VerifiedToken.Claim] finds if it is a string. It reports
// false if the claim is absent or of another type. Each call parses the payload.
func (t *VerifiedToken) ClaimString(name string) (string, bool) {
	value, found := t.Claim(name)
	if !found || value[0] != '"' {
		return "", false
	}
	texts, isString := stringsOf(value)
	if !isString {
		return "", false
	}
	return texts[0], true
}

// ClaimInteger returns the claim that [VerifiedToken.Claim] finds if it is an integer of 64 bits.
// Integers above 2^53 are exact too. Numbers such as 1.0 and 1e3 count as integers up to 2^53.
// ClaimInteger reports false if the claim is absent or of another type. Each call parses the
// payload.
func (t *VerifiedToken) ClaimInteger(name string) (int64, bool) {
	value, _ := t.Claim(name)
	if number, err := strconv.ParseInt(string(value), 10, 64); err == nil {
		return number, true
	}
	if !bytes.ContainsAny(value, ".eE") || value[0] == '"' {
		return 0, false
	}
	number, err := strconv.ParseFloat(string(value), 64)
	if err != nil || number != math.Trunc(number) || math.Abs(number) > 1<<53 {
		return 0, false
	}
	return int64(number), true
}

// ClaimStrings returns the claim that [VerifiedToken.Claim] finds if it is an array of strings, for
// example roles. A single string counts as an array of one, as in "aud". ClaimStrings reports false
// if the claim is absent or of another type. Each call parses the payload.
func (t *VerifiedToken) ClaimStrings(name string) ([]string, bool) {
	value, found := t.Claim(name)
	if !found {
		return nil, false
	}
	return stringsOf(value)
}

// stringsOf returns the strings of a JSON array, or a single JSON string. It reports false for
// another type, also if an element has another type.
func stringsOf(value json.RawMessage) ([]string, bool) {
	if value[0] == '"' {
		var one string
		err := json.Unmarshal(value, &one)
		return []string{one}, err == nil
	}
	var members []*string // pointers, to find null, which is not a string
	if value[0] != '[' || json.Unmarshal(value, &members) != nil || slices.Contains(members, nil) {
		return nil, false
	}
	texts := make([]string, len(members))
	for i, member := range members {
		texts[i] = *member
	}
	return texts, true
}

// KeyID returns the "kid" of the key that verified the token, or "" if that key has none.
func (t *VerifiedToken) KeyID() string { return t.get().KID() }

// Algorithm returns the algorithm of the signature. For "EdDSA" it returns Ed25519.
func (t *VerifiedToken) Algorithm() Algorithm { return Algorithm(t.get().Algorithm()) }

// String returns a text with the algorithm and the key id that verified the token. The text
// contains no claim and no part of the token, so a log cannot leak them by accident.
func (t VerifiedToken) String() string {
	if t.content == nil {
		return "no token"
	}
	return fmt.Sprintf("token verified by %s with key %q (claims not shown)", t.Algorithm(), t.KeyID())
}

// LogValue returns String, for slog.
func (t VerifiedToken) LogValue() slog.Value { return slog.StringValue(t.String()) }

// MarshalJSON returns the Claims Set, or null for the zero VerifiedToken.
func (t VerifiedToken) MarshalJSON() ([]byte, error) {
	if t.content == nil {
		return []byte("null"), nil
	}
	return t.Payload(), nil
}

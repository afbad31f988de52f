// Package jwt is a small test double of github.com/golang-jwt/jwt/v5, which this module does not
// import. It has the names that README.md uses, and calls a SigningMethod as golang-jwt does.
package jwt

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The errors of Parse.
var (
	ErrTokenUnverifiable     = errors.New("token is unverifiable")
	ErrTokenSignatureInvalid = errors.New("token signature is invalid")
	ErrTokenExpired          = errors.New("token is expired")
)

// A SigningMethod verifies signatures.
type SigningMethod interface {
	Verify(signingString string, sig []byte, key any) error
	Sign(signingString string, key any) ([]byte, error)
	Alg() string
}

var methods = map[string]func() SigningMethod{}

// RegisterSigningMethod registers a method for the value of "alg".
func RegisterSigningMethod(alg string, f func() SigningMethod) { methods[alg] = f }

// A Token is a parsed token.
type Token struct {
	Method SigningMethod
	Header map[string]any
	Claims MapClaims
	Valid  bool
}

// MapClaims is a Claims Set.
type MapClaims map[string]any

// A Keyfunc returns the key for a token.
type Keyfunc func(*Token) (any, error)

// A VerificationKeySet is a list of keys. Parse tries each of them.
type VerificationKeySet struct{ Keys []any }

// A ParserOption is an option of Parse.
type ParserOption func(*options)

type options struct{ methods []string }

// WithValidMethods sets the allowed methods.
func WithValidMethods(methods []string) ParserOption {
	return func(o *options) { o.methods = methods }
}

// Parse parses and verifies a token.
func Parse(text string, keys Keyfunc, settings ...ParserOption) (*Token, error) {
	var all options
	for _, set := range settings {
		set(&all)
	}
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return nil, errors.New("token is malformed")
	}
	token := &Token{}
	for i, into := range []any{&token.Header, &token.Claims} {
		part, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err == nil {
			err = json.Unmarshal(part, into)
		}
		if err != nil {
			return token, fmt.Errorf("token is malformed: %w", err)
		}
	}
	alg, _ := token.Header["alg"].(string)
	method := methods[alg]
	if method == nil {
		return token, ErrTokenUnverifiable
	}
	if token.Method = method(); all.methods != nil && !slices.Contains(all.methods, token.Method.Alg()) {
		return token, ErrTokenSignatureInvalid
	}
	key, err := keys(token)
	if err != nil {
		return token, fmt.Errorf("%w: %w", ErrTokenUnverifiable, err)
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return token, fmt.Errorf("token is malformed: %w", err)
	}
	candidates := []any{key}
	if set, several := key.(VerificationKeySet); several {
		candidates = set.Keys
	}
	for _, key := range candidates {
		if err = token.Method.Verify(parts[0]+"."+parts[1], signature, key); err == nil {
			break
		}
	}
	if err != nil {
		return token, fmt.Errorf("%w: %w", ErrTokenSignatureInvalid, err)
	}
	if exp, is := token.Claims["exp"].(float64); is && time.Now().Unix() >= int64(exp) {
		return token, ErrTokenExpired
	}
	token.Valid = true
	return token, nil
}

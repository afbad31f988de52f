//go:build cgo

package bouncer

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bouncer_verify/bouncer/internal/native"
)

// A Policy says what a token must be to be believed, beyond its signature. Every field that is left
// alone is at its strictest, and the zero Policy is the one for DC/OS's Bouncer: signed with RS256,
// "exp" is there and not over, "uid" is a string that is not empty, and there is no "aud".
//
// For another issuer start from [ForIssuer].
type Policy struct {
	// Issuers lists what "iss" may be (RFC 7519 section 4.1.1), compared character for character.
	// Then "iss" is required. None: "iss" is not looked at.
	Issuers []string

	// Audiences lists what "aud" may name (RFC 7519 section 4.1.3), compared character for
	// character; one of its values must be listed. Then "aud" is required. None: a token with "aud"
	// is for others, and refused.
	Audiences []string

	// AnyAudience accepts tokens made for anybody: "aud" is not looked at.
	AnyAudience bool

	// Algorithms lists the algorithms that are allowed. None: RS256 alone.
	Algorithms []Algorithm

	// TokenType is the media type that the header parameter "typ" must be, such as "at+jwt" (RFC
	// 8725 section 3.11). ASCII case does not matter, and "application/" may be left out. Empty:
	// "typ" is not looked at.
	TokenType string

	// RequiredClaims lists claims that must be there, with any value but null.
	RequiredClaims []string

	// RequiredStringClaims lists claims that must be strings and not empty.
	RequiredStringClaims []string

	// OptionalUID accepts tokens without "uid", which Bouncer alone gives to its tokens.
	OptionalUID bool

	// OptionalExp accepts tokens without "exp": they are valid for ever.
	OptionalExp bool

	// Leeway allows for clocks that differ: "exp" and "nbf" are moved apart by it, "nbf" always by
	// 60 seconds at least. It counts in whole seconds, rounded down, and is at most 5 minutes.
	Leeway time.Duration

	// MaxTokenLen is the length of the longest token that is looked at, in bytes, at most 1 MiB. 0:
	// 16 KiB.
	MaxTokenLen int

	// At is the time to judge at, for tests and audits. Zero: the system's clock.
	At time.Time

	// Now is a clock of the program's own, asked once by each verification and once by each batch.
	// Nil: At, or the system's clock. Now and At are mutually exclusive. With Now the policy is
	// prepared anew by each call, in about a microsecond, and there is no [Verifier.WithCache].
	Now func() time.Time
}

// The bounds of any policy: the length of the longest token in bytes, and the leeway.
const (
	maxTokenLen = 1 << 20
	maxLeeway   = 5 * time.Minute
)

// ForIssuer returns the policy for tokens that issuer made for audience, in which "iss" and "aud"
// must match. "uid" may be missing. The algorithm is RS256 until Algorithms says otherwise.
func ForIssuer(issuer, audience string) Policy {
	return Policy{Issuers: []string{issuer}, Audiences: []string{audience}, OptionalUID: true}
}

// A preparedPolicy is the library's policy for one of Go.
type preparedPolicy struct {
	policy Policy
	native *native.Policy
}

func (p Policy) equal(other Policy) bool {
	return p.Now == nil && other.Now == nil && p.At.Equal(other.At) && p.Leeway == other.Leeway && p.MaxTokenLen == other.MaxTokenLen && p.TokenType == other.TokenType &&
		p.AnyAudience == other.AnyAudience && p.OptionalExp == other.OptionalExp && p.OptionalUID == other.OptionalUID &&
		slices.Equal(p.Algorithms, other.Algorithms) && slices.Equal(p.Issuers, other.Issuers) &&
		slices.Equal(p.Audiences, other.Audiences) && slices.Equal(p.RequiredClaims, other.RequiredClaims) &&
		slices.Equal(p.RequiredStringClaims, other.RequiredStringClaims)
}

// clone is a copy that shares no slice.
func (p Policy) clone() Policy {
	p.Algorithms, p.Issuers, p.Audiences = slices.Clone(p.Algorithms), slices.Clone(p.Issuers), slices.Clone(p.Audiences)
	p.RequiredClaims, p.RequiredStringClaims = slices.Clone(p.RequiredClaims), slices.Clone(p.RequiredStringClaims)
	return p
}

// prepare builds a policy that is kept.
func (p Policy) prepare() (*preparedPolicy, error) {
	policy, err := p.build()
	if err != nil {
		return nil, err
	}
	return &preparedPolicy{p.clone(), policy}, nil
}

// build makes the library's policy. Now is asked here. Fields that are out of bounds, unknown
// algorithms and text that is not UTF-8 are an ErrInvalidArgument.
func (p Policy) build() (*native.Policy, error) {
	at, hasTime := p.At, !p.At.IsZero()
	if p.Now != nil {
		if hasTime {
			return nil, invalidArgument("Policy.At and Policy.Now are mutually exclusive")
		}
		at, hasTime = p.Now(), true
	}
	switch {
	case p.Leeway < 0:
		return nil, invalidArgument(fmt.Sprintf("Policy.Leeway is negative: %v", p.Leeway))
	case p.Leeway > maxLeeway:
		return nil, invalidArgument(fmt.Sprintf("Policy.Leeway is %v, over the maximum of %v", p.Leeway, maxLeeway))
	case p.MaxTokenLen < 0:
		return nil, invalidArgument(fmt.Sprintf("Policy.MaxTokenLen is negative: %d", p.MaxTokenLen))
	}
	for _, algorithm := range p.Algorithms {
		// The library separates names by a space, so one with a space would count as two.
		if strings.Contains(string(algorithm), " ") {
			return nil, invalidArgument(fmt.Sprintf("Policy.Algorithms has an unknown algorithm: %q", algorithm))
		}
	}
	builder := native.NewPolicyBuilder(!p.OptionalUID)
	if len(p.Algorithms) > 0 {
		names := make([]string, len(p.Algorithms))
		for i, algorithm := range p.Algorithms {
			names[i] = string(algorithm)
		}
		builder.SetAlgorithms(strings.Join(names, " "))
	}
	for _, issuer := range p.Issuers {
		builder.AddIssuer(issuer)
	}
	for _, audience := range p.Audiences {
		builder.AddAudience(audience)
	}
	if p.AnyAudience {
		builder.SetAnyAudience()
	}
	for _, name := range p.RequiredClaims {
		builder.AddRequiredClaim(name)
	}
	for _, name := range p.RequiredStringClaims {
		builder.AddRequiredStringClaim(name)
	}
	if p.TokenType != "" {
		builder.SetTokenType(p.TokenType)
	}
	if p.OptionalExp {
		builder.SetOptionalExp()
	}
	if p.Leeway > 0 {
		builder.SetLeeway(uint32(p.Leeway / time.Second))
	}
	if p.MaxTokenLen > 0 {
		builder.SetMaxTokenLen(p.MaxTokenLen)
	}
	if hasTime {
		builder.SetTime(at)
	}
	policy, err := builder.Policy()
	return policy, errorOf(err)
}

//go:build cgo

package bouncer

import (
	"bytes"
	"slices"
	"time"

	"bouncer-verify.internal/bouncer/internal/native"
)

// DCOS returns the policy for tokens of DC/OS's Bouncer. It requires an RS256 signature, an "exp"
// in the future, a non-empty string "uid", and no "aud".
func DCOS() Policy { return Policy{Profile: "dcos"} }

// ForIssuer returns the policy for tokens that issuer made for audience: "iss" and "aud" must
// match. The only accepted algorithm is RS256, unless Algorithms is set.
func ForIssuer(issuer, audience string) Policy {
	return Policy{Issuers: []string{issuer}, Audiences: []string{audience}}
}

// AccessToken returns the policy for OAuth 2.0 access tokens that issuer made for audience (RFC
// 9068). In addition to [ForIssuer], "typ" must be "at+jwt", and "sub", "client_id", "iat" and
// "jti" are required.
func AccessToken(issuer, audience string) Policy {
	return Policy{Profile: "access_token", Issuers: []string{issuer}, Audiences: []string{audience}}
}

// A preparedPolicy is a C policy, with the settings that it was made from.
type preparedPolicy struct {
	settings native.Settings
	native   *native.Policy
}

// newPolicy makes a C policy. The caller must close it.
func newPolicy(made settings) (*native.Policy, error) {
	policy, err := native.NewPolicy(made.Settings)
	return policy, errorOf(err)
}

// settings appends every field except Clock to made.
func (p *Policy) settings(made settings) (settings, error) {
	if p.Clock != nil && !p.Time.IsZero() {
		return made, invalidArgument("Policy.Clock and Policy.Time are mutually exclusive")
	}
	return p.apply(made), nil
}

// at sets the time of the verification.
func (s settings) at(now time.Time) settings { return s.integer("time", now.Unix()) }

// with converts policy into a C policy, and calls work with the C policy. The key set keeps the
// first C policy without a Clock. Any other C policy is made for this call only.
func (s *JWKSet) with(policy *Policy, work func(*native.Policy) error) error {
	if s == nil {
		return invalidArgument("the key set is nil")
	}
	var room [512]byte
	made, err := policy.settings(settings{room[:0]})
	if err != nil {
		return err
	}
	if policy.Clock == nil {
		prepared := s.prepared.Load()
		if prepared == nil {
			first, err := newPolicy(made)
			if err != nil {
				return err
			}
			prepared = &preparedPolicy{slices.Clone(made.Settings), first}
			s.prepared.CompareAndSwap(nil, prepared)
		}
		if bytes.Equal(prepared.settings, made.Settings) {
			return work(prepared.native)
		}
	} else {
		made = made.at(policy.Clock())
	}
	other, err := newPolicy(made)
	if err != nil {
		return err
	}
	defer other.Close()
	return work(other)
}

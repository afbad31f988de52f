//go:build cgo

package bouncer

import (
	"bytes"
	"slices"
	"time"

	"bouncer_verify/bouncer/internal/native"
)

// DCOS returns the policy for the tokens of DC/OS's Bouncer: signed with RS256, "exp" is there and
// not over, "uid" is a string that is not empty, and there is no "aud".
func DCOS() Policy { return Policy{Profile: "dcos"} }

// ForIssuer returns the policy for tokens that issuer made for audience, in which "iss" and "aud"
// must match. The algorithm is RS256 until Algorithms says otherwise.
func ForIssuer(issuer, audience string) Policy {
	return Policy{Issuers: []string{issuer}, Audiences: []string{audience}}
}

// A preparedPolicy is the library's policy for these settings.
type preparedPolicy struct {
	settings native.Settings
	native   *native.Policy
}

// newPolicy makes the library's policy, which the caller closes.
func newPolicy(made settings) (*native.Policy, error) {
	policy, err := native.NewPolicy(made.Settings)
	return policy, errorOf(err)
}

// settings appends what the fields say, all but Clock.
func (p *Policy) settings(made settings) (settings, error) {
	if p.Clock != nil && !p.Time.IsZero() {
		return made, invalidArgument("Policy.Clock and Policy.Time are mutually exclusive")
	}
	return p.apply(made), nil
}

// at appends the judging time.
func (s settings) at(now time.Time) settings { return s.integer("time", now.Unix()) }

// with calls work with the library's policy for this one.
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

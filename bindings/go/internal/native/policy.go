package native

/*
#include <bouncer_verify.h>
*/
import "C"

import "time"

// A Policy owns a policy.
type Policy struct {
	Handle
	pointer *C.bouncer_policy
}

func freePolicy(policy *C.bouncer_policy) { C.bouncer_policy_free(policy) }

// A PolicyBuilder is a C policy that takes settings until one of them fails.
type PolicyBuilder struct {
	policy *C.bouncer_policy
	err    *C.bouncer_error
}

func NewPolicyBuilder(uidRequired bool) *PolicyBuilder {
	if uidRequired {
		return &PolicyBuilder{policy: C.bouncer_policy_new_old()}
	}
	return &PolicyBuilder{policy: C.bouncer_policy_new_any_issuer()}
}

func (b *PolicyBuilder) SetAlgorithms(names string) {
	if b.err == nil {
		C.bouncer_policy_set_algorithms(b.policy, textPointer(names), C.size_t(len(names)), &b.err)
	}
}

func (b *PolicyBuilder) AddIssuer(issuer string) {
	if b.err == nil {
		C.bouncer_policy_add_issuer(b.policy, textPointer(issuer), C.size_t(len(issuer)), &b.err)
	}
}

func (b *PolicyBuilder) AddAudience(audience string) {
	if b.err == nil {
		C.bouncer_policy_add_audience(b.policy, textPointer(audience), C.size_t(len(audience)), &b.err)
	}
}

func (b *PolicyBuilder) SetAnyAudience() {
	if b.err == nil {
		C.bouncer_policy_set_any_audience(b.policy, &b.err)
	}
}

func (b *PolicyBuilder) SetOptionalExp() {
	if b.err == nil {
		C.bouncer_policy_set_optional_exp(b.policy, &b.err)
	}
}

func (b *PolicyBuilder) AddRequiredClaim(name string) {
	if b.err == nil {
		C.bouncer_policy_add_required_claim(b.policy, textPointer(name), C.size_t(len(name)), &b.err)
	}
}

func (b *PolicyBuilder) AddRequiredStringClaim(name string) {
	if b.err == nil {
		C.bouncer_policy_add_required_string_claim(b.policy, textPointer(name), C.size_t(len(name)), &b.err)
	}
}

func (b *PolicyBuilder) SetTokenType(tokenType string) {
	if b.err == nil {
		C.bouncer_policy_set_token_type(b.policy, textPointer(tokenType), C.size_t(len(tokenType)), &b.err)
	}
}

func (b *PolicyBuilder) SetLeeway(seconds uint32) {
	if b.err == nil {
		C.bouncer_policy_set_leeway(b.policy, C.uint32_t(seconds), &b.err)
	}
}

func (b *PolicyBuilder) SetMaxTokenLen(bytes int) {
	if b.err == nil {
		C.bouncer_policy_set_max_token_len(b.policy, C.size_t(bytes), &b.err)
	}
}

func (b *PolicyBuilder) SetTime(at time.Time) {
	if b.err == nil {
		C.bouncer_policy_set_time(b.policy, C.int64_t(at.Unix()), &b.err)
	}
}

// Policy returns the policy, or the first failure.
func (b *PolicyBuilder) Policy() (*Policy, *Error) {
	if b.err != nil {
		C.bouncer_policy_free(b.policy)
		return nil, takeError(b.err)
	}
	policy := &Policy{pointer: b.policy}
	own(policy, &policy.Handle, b.policy, freePolicy)
	return policy, nil
}

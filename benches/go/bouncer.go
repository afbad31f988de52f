package main

import (
	"errors"
	"fmt"
	"log"

	"bouncer-verify.internal/bouncer"
)

func ours(f fixture) *candidate { return oneByOne(f, "bouncer_verify", verifierOf(f)) }

// cached returns a candidate with a cache that can hold all tokens of the fixture.
func cached(f fixture) *candidate {
	f.name = "cached"
	verifier, err := verifierOf(f).WithCache(1000)
	if err != nil {
		log.Fatal(err)
	}
	return oneByOne(f, "bouncer_verify, cached", verifier)
}

// inOneCall returns a candidate whose calls verify many tokens: batch is their number. Call i
// begins with sample i. If all results are as expected, it returns the expected outcome of sample
// i.
func inOneCall(f fixture, batch int) *candidate {
	f.name, f.batch = "batch", batch
	verifier, tokens := verifierOf(f), []string(nil)
	for i := range len(f.samples) + batch {
		tokens = append(tokens, f.samples[i%len(f.samples)].token)
	}
	verify := func(i int) string {
		results, err := verifier.VerifyBatch(tokens[i:i+batch], 1)
		if err != nil || len(results) != batch {
			return "!another"
		}
		for at, result := range results {
			if result.Err != nil || result.Token.Subject() != f.samples[(i+at)%len(f.samples)].expected {
				return "!another"
			}
		}
		return f.samples[i].expected
	}
	return &candidate{f, fmt.Sprintf("bouncer_verify, %d in one call", batch), bouncer.LibraryVersion(), verify}
}

func verifierOf(f fixture) *bouncer.Verifier {
	jwks, err := bouncer.LoadJWKS(f.jwks)
	if err != nil {
		log.Fatal(err)
	}
	policy := bouncer.ForIssuer(issuer, audience)
	if f.isBouncer() {
		policy = bouncer.DCOS()
	}
	policy.Algorithms = []bouncer.Algorithm{f.algorithm()}
	verifier, err := bouncer.NewVerifier(jwks, policy)
	if err != nil {
		log.Fatal(err)
	}
	return verifier
}

func oneByOne(f fixture, title string, verifier *bouncer.Verifier) *candidate {
	isBouncer := f.isBouncer()
	verify := func(i int) string {
		token, err := verifier.Verify(f.samples[i].token)
		switch {
		case err == nil && isBouncer:
			return token.UID()
		case err == nil:
			return token.Subject()
		case errors.Is(err, bouncer.ErrInvalidSignature):
			return "!invalid_signature"
		case errors.Is(err, bouncer.ErrExpired):
			return "!expired"
		case errors.Is(err, bouncer.ErrNoMatchingKey):
			return "!unknown_key"
		case errors.Is(err, bouncer.ErrMalformedToken), errors.Is(err, bouncer.ErrMalformedHeader):
			return "!malformed"
		}
		return "!another"
	}
	return &candidate{f, title, bouncer.LibraryVersion(), verify}
}

package main

import (
	"errors"
	"log"

	"bouncer_verify/bouncer"
)

func ours(f fixture) *candidate {
	jwks, err := bouncer.LoadJWKS(f.jwks)
	if err != nil {
		log.Fatal(err)
	}
	policy := bouncer.ForIssuer(issuer, audience)
	if f.isBouncer() {
		policy = bouncer.Policy{}
	}
	verifier, err := bouncer.NewVerifier(jwks, policy)
	if err != nil {
		log.Fatal(err)
	}
	isBouncer := f.isBouncer()
	judge := func(i int) string {
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
	return &candidate{f, "bouncer_verify", bouncer.LibraryVersion(), judge}
}

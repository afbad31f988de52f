package bouncer

import (
	"context"
	"errors"
	"runtime"
	"time"
)

// A BatchResult is the verdict on one token of a batch: the token, or why it is refused.
type BatchResult struct {
	// Token is nil if the token is refused.
	Token *VerifiedToken
	// Err is what [Verifier.Verify] returns for that token.
	Err error
}

// VerifyTokens verifies JWTs as [VerifyToken] does each of them, and sooner where the CPU has AVX-512 IFMA. The results
// are in the order of the tokens.
//
// On up to threads threads, the calling one included, of which each has at least 64 tokens; below 1 is 1.
//
// The error says nothing of any token: [ErrInvalidArgument] if the policy cannot be used; [ErrClosed] if jwks is closed.
func VerifyTokens(jwks *JWKSet, policy Policy, tokens []string, threads int) (results []BatchResult, err error) {
	err = jwks.with(&policy, func(policy policyPointer) error {
		results, err = verifyBatch(nil, jwks.pointer, policy, tokens, threads)
		return err
	})
	return results, err
}

// VerifyTokensColumns is [VerifyTokens] with the results in columns.
func VerifyTokensColumns(jwks *JWKSet, policy Policy, tokens []string, threads int) (columns *Columns, err error) {
	err = jwks.with(&policy, func(policy policyPointer) error {
		columns, err = verifyColumns(nil, jwks.pointer, policy, tokens, threads)
		return err
	})
	return columns, err
}

// VerifyBatch verifies JWTs as [Verifier.Verify] does each of them, and sooner where the CPU has AVX-512 IFMA. The results
// are in the order of the tokens.
//
// On up to threads threads, the calling one included, of which each has at least 64 tokens; below 1 is 1. Remote keys with a
// cache use one.
//
// With remote keys it waits where a fetch may bring a key that is missing, as long as [RemoteOptions].MaxWait says for all
// tokens together.
//
// The error says nothing of any token: it is [ErrClosed].
func (v *Verifier) VerifyBatch(tokens []string, threads int) ([]BatchResult, error) {
	return v.VerifyBatchContext(context.Background(), tokens, threads)
}

// VerifyBatchContext is [Verifier.VerifyBatch] for callers that may lose interest, as with [Verifier.VerifyContext]. A token
// that waits for its key when ctx ends has that as its error; the others are judged whatever ctx says.
func (v *Verifier) VerifyBatchContext(ctx context.Context, tokens []string, threads int) ([]BatchResult, error) {
	if !v.lease.enter() {
		return nil, ErrClosed
	}
	defer v.lease.leave()
	if v.remote == nil {
		return verifyBatch(v.pointer, nil, nil, tokens, threads)
	}
	results, err := v.verifyWithKeysInUse(tokens, threads)
	if err != nil {
		return nil, err
	}
	// One end of the waiting for all, or each token of a long batch would wait anew. It stays ended, unlike a timer's channel.
	enough := make(chan time.Time)
	timer := time.AfterFunc(v.remote.keeper.maxWait, func() { close(enough) })
	defer timer.Stop()
	for i := range results {
		if result := &results[i]; result.mayLackKey() {
			var ticket uint64
			if result.Token, ticket, result.Err = verify(v.pointer, nil, nil, tokens[i], 0); ticket != 0 {
				result.Token, result.Err = v.verifyLater(ctx, tokens[i], ticket, result.Err, enough)
			}
		}
	}
	return results, nil
}

// verifyWithKeysInUse judges a batch with remote keys as they are. Where that cannot be done, the results are empty.
//
// The library's call for a verifier waits by itself: in C, where no context ends it and everyone that waits holds a thread. Were
// it to wait for nothing, it would keep the tickets, and each token that lacks its key would ask for it, and be counted, twice.
func (v *Verifier) verifyWithKeysInUse(tokens []string, threads int) ([]BatchResult, error) {
	if v.policy == nil {
		return make([]BatchResult, len(tokens)), nil // the cache is asked for one token at a time
	}
	jwks, err := v.remote.keeper.current()
	if err != nil {
		return make([]BatchResult, len(tokens)), nil // each token says so itself, or waits
	}
	defer freeJWKS(jwks)
	defer runtime.KeepAlive(v.policy)
	return verifyBatch(nil, jwks, v.policy.pointer, tokens, threads)
}

// mayLackKey reports whether other keys could bring another verdict.
func (r *BatchResult) mayLackKey() bool {
	return r.Token == nil && r.Err == nil || errors.Is(r.Err, ErrNoMatchingKey) || errors.Is(r.Err, ErrInvalidSignature)
}

// VerifyBatchColumns is [Verifier.VerifyBatch] with the results in columns.
func (v *Verifier) VerifyBatchColumns(tokens []string, threads int) (*Columns, error) {
	return v.VerifyBatchColumnsContext(context.Background(), tokens, threads)
}

// VerifyBatchColumnsContext is [Verifier.VerifyBatchContext] with the results in columns. A token that waits for its key when
// ctx ends has the status of [ErrKeysUnavailable].
func (v *Verifier) VerifyBatchColumnsContext(ctx context.Context, tokens []string, threads int) (*Columns, error) {
	if !v.lease.enter() {
		return nil, ErrClosed
	}
	defer v.lease.leave()
	if v.remote == nil {
		return verifyColumns(v.pointer, nil, nil, tokens, threads)
	}
	results, err := v.VerifyBatchContext(ctx, tokens, threads)
	if err != nil {
		return nil, err
	}
	return columnsOf(results), nil
}

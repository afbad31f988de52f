//go:build cgo

package bouncer

import (
	"context"
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
// The error says nothing of any token: [ErrInvalidArgument] if the policy cannot be used or jwks is
// nil; [ErrClosed] if jwks is closed.
func VerifyTokens(jwks *JWKSet, policy Policy, tokens []string, threads int) (results []BatchResult, err error) {
	err = jwks.with(&policy, func(policy policyPointer) error {
		batch, err := judgeBatch(nil, jwks.pointer, policy, tokens, threads)
		if err == nil {
			results, _ = batch.results()
		}
		return err
	})
	return results, err
}

// VerifyTokensColumns is [VerifyTokens] with the results in columns.
func VerifyTokensColumns(jwks *JWKSet, policy Policy, tokens []string, threads int) (columns *Columns, err error) {
	err = jwks.with(&policy, func(policy policyPointer) error {
		batch, err := judgeBatch(nil, jwks.pointer, policy, tokens, threads)
		if err == nil {
			columns = batch.columns()
		}
		return err
	})
	return columns, err
}

// VerifyBatch verifies JWTs as [Verifier.Verify] does each of them, and sooner where the CPU has AVX-512 IFMA. The results
// are in the order of the tokens.
//
// On up to threads threads, the calling one included, of which each has at least 64 tokens; below 1 is 1.
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
	if !v.enter() {
		return nil, ErrClosed
	}
	defer v.lease.leave()
	if v.clocked != nil {
		now, err := v.clocked.now()
		if err != nil {
			return nil, err
		}
		defer now.Close()
		return now.VerifyBatchContext(ctx, tokens, threads)
	}
	batch, err := judgeBatch(v.pointer, nil, nil, tokens, threads)
	if err != nil {
		return nil, err
	}
	return v.settle(ctx, tokens, batch), nil
}

// settle takes the results of a batch, and waits for the keys that tokens of it lack.
func (v *Verifier) settle(ctx context.Context, tokens []string, batch judgedBatch) []BatchResult {
	results, tickets := batch.results()
	if tickets == nil {
		return results
	}
	// One end of the waiting for all, or each token of a long batch would wait anew. It stays ended, unlike a timer's channel.
	enough := make(chan time.Time)
	timer := time.AfterFunc(v.remote.keeper.maxWait, func() { close(enough) })
	defer timer.Stop()
	for i, ticket := range tickets {
		if result := &results[i]; ticket != 0 {
			result.Token, result.Err = v.verifyLater(ctx, tokens[i], ticket, result.Err, enough)
		}
	}
	return results
}

// VerifyBatchColumns is [Verifier.VerifyBatch] with the results in columns.
func (v *Verifier) VerifyBatchColumns(tokens []string, threads int) (*Columns, error) {
	return v.VerifyBatchColumnsContext(context.Background(), tokens, threads)
}

// VerifyBatchColumnsContext is [Verifier.VerifyBatchContext] with the results in columns. A token that waits for its key when
// ctx ends has the status of [ErrKeysUnavailable].
func (v *Verifier) VerifyBatchColumnsContext(ctx context.Context, tokens []string, threads int) (*Columns, error) {
	if !v.enter() {
		return nil, ErrClosed
	}
	defer v.lease.leave()
	if v.clocked != nil {
		now, err := v.clocked.now()
		if err != nil {
			return nil, err
		}
		defer now.Close()
		return now.VerifyBatchColumnsContext(ctx, tokens, threads)
	}
	batch, err := judgeBatch(v.pointer, nil, nil, tokens, threads)
	switch {
	case err != nil:
		return nil, err
	case batch.waiting > 0:
		return columnsOf(v.settle(ctx, tokens, batch)), nil
	}
	return batch.columns(), nil
}

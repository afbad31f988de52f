//go:build cgo

package bouncer

import (
	"context"
	"time"

	"bouncer-verify.internal/bouncer/internal/native"
)

// A BatchResult is the result for one token of a batch: the verified token or an error.
type BatchResult struct {
	// Token is nil if the token is rejected.
	Token *VerifiedToken
	// Err is the error that [Verifier.Verify] returns for this token.
	Err error
}

// VerifyTokens verifies each token as [VerifyToken] does. It is faster than one call per token if
// the CPU has AVX-512 IFMA. The results are in input order.
//
// threads is an upper bound that includes the calling thread; below 1 means 1. Each additional
// thread gets at least 64 tokens, so a small batch uses fewer threads.
//
// The error concerns the call, not a token: [ErrInvalidArgument] if the policy is not valid or jwks
// is nil, and [ErrClosed] if jwks is closed.
func VerifyTokens(jwks *JWKSet, policy Policy, tokens []string, threads int) (results []BatchResult, err error) {
	err = jwks.with(&policy, func(policy *native.Policy) error {
		batch, err := jwks.native.VerifyBatch(policy, tokens, threads)
		if err == nil {
			results, _ = resultsOf(batch, len(tokens))
		}
		return errorOf(err)
	})
	return results, err
}

// VerifyTokensColumns is [VerifyTokens] with the results in columns.
func VerifyTokensColumns(jwks *JWKSet, policy Policy, tokens []string, threads int) (columns *Columns, err error) {
	err = jwks.with(&policy, func(policy *native.Policy) error {
		batch, err := jwks.native.VerifyBatch(policy, tokens, threads)
		if err == nil {
			columns = (*Columns)(batch.Columns())
		}
		return errorOf(err)
	})
	return columns, err
}

// resultsOf returns the results, and the ticket of each pending token. tickets is nil if no token
// is pending.
func resultsOf(batch native.Batch, size int) (results []BatchResult, tickets []uint64) {
	results = make([]BatchResult, size)
	if batch.Pending > 0 {
		tickets = make([]uint64, size)
	}
	batch.Results(func(i int, content native.Token, ticket uint64, err *native.Error) {
		switch {
		case ticket != 0:
			tickets[i] = ticket
		case err != nil:
			results[i].Err = errorOf(err)
		default:
			results[i].Token = newToken(content)
		}
	})
	return results, tickets
}

// VerifyBatch verifies each token as [Verifier.Verify] does. It is faster than one call per token
// if the CPU has AVX-512 IFMA. The results are in input order.
//
// threads is an upper bound that includes the calling thread; below 1 means 1. Each additional
// thread gets at least 64 tokens, so a small batch uses fewer threads.
//
// With remote keys, tokens whose key is missing may wait for a fetch: at most
// [RemoteOptions].MaxWait for the whole batch.
//
// The error concerns the call, not a token: it is [ErrClosed] after Close.
func (v *Verifier) VerifyBatch(tokens []string, threads int) ([]BatchResult, error) {
	return v.VerifyBatchContext(context.Background(), tokens, threads)
}

// VerifyBatchContext is [Verifier.VerifyBatch] with a context. If ctx ends, each token that still
// waits for a key gets an error that matches both ctx.Err() and [ErrKeys]. The other tokens are
// verified even if ctx has ended.
func (v *Verifier) VerifyBatchContext(ctx context.Context, tokens []string, threads int) ([]BatchResult, error) {
	now, close, err := v.now()
	if err != nil {
		return nil, err
	}
	defer close()
	batch, failure := now.native.VerifyBatch(tokens, threads)
	if failure != nil {
		return nil, errorOf(failure)
	}
	return now.waitForKeys(ctx, tokens, batch), nil
}

// waitForKeys waits for the missing keys of pending tokens, and returns all results of the batch.
func (v *Verifier) waitForKeys(ctx context.Context, tokens []string, batch native.Batch) []BatchResult {
	results, tickets := resultsOf(batch, len(tokens))
	if tickets == nil {
		return results
	}
	began := time.Now() // the waits of the whole batch overlap
	for i, ticket := range tickets {
		if ticket != 0 {
			results[i].Token, results[i].Err = v.resume(ctx, tokens[i], ticket, began)
		}
	}
	return results
}

// VerifyBatchColumns is [Verifier.VerifyBatch] with the results in columns.
func (v *Verifier) VerifyBatchColumns(tokens []string, threads int) (*Columns, error) {
	return v.VerifyBatchColumnsContext(context.Background(), tokens, threads)
}

// VerifyBatchColumnsContext is [Verifier.VerifyBatchContext] with the results in columns. If ctx
// ends, the tokens that still wait for a key have the status of [ErrKeysUnavailable].
func (v *Verifier) VerifyBatchColumnsContext(ctx context.Context, tokens []string, threads int) (*Columns, error) {
	now, close, err := v.now()
	if err != nil {
		return nil, err
	}
	defer close()
	batch, failure := now.native.VerifyBatch(tokens, threads)
	switch {
	case failure != nil:
		return nil, errorOf(failure)
	case batch.Pending > 0:
		return columnsOf(now.waitForKeys(ctx, tokens, batch)), nil
	}
	return (*Columns)(batch.Columns()), nil
}

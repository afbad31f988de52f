package native

/*
#cgo noescape bouncer_go_batch_run
#cgo nocallback bouncer_go_batch_run
#cgo noescape bouncer_go_batch_read
#cgo nocallback bouncer_go_batch_read
#include "batch.h"
*/
import "C"

import "unsafe"

// A Batch owns the results of a batch in C memory. Call either Results or Columns, exactly once:
// both free the C memory.
type Batch struct {
	pointer *C.bouncer_batch
	size    int
	// Pending is the number of tokens whose result depends on a fetch of keys.
	Pending int
}

// VerifyBatch verifies tokens on at most the given number of threads; less than 1 means 1. It never
// waits for a fetch.
func (v *Verifier) VerifyBatch(tokens []string, threads int) (Batch, *Error) {
	if !v.Acquire() {
		return Batch{}, Closed
	}
	defer v.Release()
	return verifyBatch(v.pointer, nil, nil, tokens, threads)
}

// VerifyBatch verifies tokens with policy, on at most the given number of threads; less than 1
// means 1.
func (s *JWKS) VerifyBatch(policy *Policy, tokens []string, threads int) (Batch, *Error) {
	if !s.Acquire() {
		return Batch{}, Closed
	}
	defer s.Release()
	if !policy.Acquire() {
		return Batch{}, Closed
	}
	defer policy.Release()
	return verifyBatch(nil, s.pointer, policy.pointer, tokens, threads)
}

func verifyBatch(
	verifier *C.bouncer_verifier, jwks *C.bouncer_jwks, policy *C.bouncer_policy, tokens []string, threads int,
) (Batch, *Error) {
	joined, ends := join(tokens)
	result := C.bouncer_go_batch_run(verifier, jwks, policy, bytesPointer(joined), unsafe.SliceData(ends),
		C.size_t(len(tokens)), C.size_t(max(threads, 1)))
	switch {
	case result.error != nil:
		return Batch{}, takeError(result.error)
	case result.batch == nil:
		return Batch{}, &Error{Status: StatusInternal, Message: "out of memory for the batch"}
	}
	return Batch{result.batch, len(tokens), int(result.pending)}, nil
}

// join copies the tokens into one buffer. It returns the buffer and the end offset of each token.
func join(tokens []string) ([]byte, []C.size_t) {
	total := 0
	for _, token := range tokens {
		total += len(token)
	}
	joined, ends := make([]byte, 0, total), make([]C.size_t, len(tokens))
	for i, token := range tokens {
		joined = append(joined, token...)
		ends[i] = C.size_t(len(joined))
	}
	return joined, ends
}

// Results calls yield for each token in order, with its index and the same results as
// [Verifier.Verify]. Then it frees the batch.
//
// It makes one C call per token, or two if the result is longer than scratchLen bytes. This is
// faster than one allocation for all results.
func (b Batch) Results(yield func(index int, token Token, ticket uint64, err *Error)) {
	defer C.bouncer_batch_free(b.pointer)
	var scratch [scratchLen]byte
	for i := range b.size {
		var verdict C.bouncer_go_verdict
		text := scratch[:]
		b.read(i, &verdict, text)
		if int(verdict.text_len) > len(text) {
			text = make([]byte, verdict.text_len)
			b.read(i, &verdict, text)
		}
		if verdict.status == C.BOUNCER_STATUS_PENDING {
			yield(i, Token{}, uint64(verdict.ticket), nil)
			continue
		}
		token, err := resultOf(&verdict, string(text[:verdict.text_len]))
		yield(i, token, 0, err)
	}
}

func (b Batch) read(index int, verdict *C.bouncer_go_verdict, text []byte) {
	C.bouncer_go_batch_read(b.pointer, C.size_t(index), verdict, bytesPointer(text), C.size_t(len(text)))
}

// Columns has the same fields as bouncer.Columns.
type Columns struct {
	Status      []uint32
	Exp         []int64
	ExpValidity []byte
	UIDOffsets  []int64
	UIDData     []byte
	UIDValidity []byte
}

// NewColumns returns columns of zeros for the given number of rows. UIDData is nil.
func NewColumns(rows int) *Columns {
	return &Columns{
		Status:      make([]uint32, rows),
		Exp:         make([]int64, rows),
		ExpValidity: make([]byte, (rows+7)/8),
		UIDOffsets:  make([]int64, rows+1),
		UIDValidity: make([]byte, (rows+7)/8),
	}
}

// Columns returns the results as columns, and frees the batch. Pending must be 0.
func (b Batch) Columns() *Columns {
	defer C.bouncer_batch_free(b.pointer)
	columns := NewColumns(b.size)
	if b.size == 0 {
		return columns
	}
	found := C.bouncer_go_batch_columns(b.pointer)
	copyColumn(columns.Status, unsafe.Pointer(found.status))
	copyColumn(columns.Exp, unsafe.Pointer(found.exp))
	copyColumn(columns.ExpValidity, unsafe.Pointer(found.exp_validity))
	copyColumn(columns.UIDOffsets, unsafe.Pointer(found.uid_offsets))
	columns.UIDData = make([]byte, columns.UIDOffsets[b.size])
	copyColumn(columns.UIDData, unsafe.Pointer(found.uid_data))
	copyColumn(columns.UIDValidity, unsafe.Pointer(found.uid_validity))
	return columns
}

// copyColumn fills column from the C buffer at data.
func copyColumn[T any](column []T, data unsafe.Pointer) {
	copy(column, unsafe.Slice((*T)(data), len(column)))
}

//go:build cgo

package bouncer

import (
	"errors"
	"time"

	"bouncer_verify/bouncer/internal/native"
)

// Columns are the verdicts of a batch, laid out as Apache Arrow does (its "Columnar Format", 1.0):
// buffers that may be handed to it as they are. They are Go memory of the caller's.
//
// In a validity bitmap the bit i, counted from the lowest of the first byte, is set where row i has
// a value.
type Columns struct {
	// Status is 0 for a token that passed, and otherwise [Error].Status: UInt32.
	Status []uint32
	// Exp is "exp" of the tokens that passed, in seconds since 1970, or 0: Int64.
	Exp []int64
	// ExpValidity says which rows have an "exp".
	ExpValidity []byte
	// UIDOffsets says where in UIDData the "uid" of each row begins, and one value more where the
	// last ends: LargeUtf8.
	UIDOffsets []int64
	// UIDData has the "uid"s of the tokens that passed, one behind the other, in UTF-8.
	UIDData []byte
	// UIDValidity says which rows have a "uid".
	UIDValidity []byte
}

// columnsOf does in Go what the library does for its own batches.
func columnsOf(results []BatchResult) *Columns {
	columns := (*Columns)(native.NewColumns(len(results)))
	for i, result := range results {
		if result.Token == nil {
			columns.Status[i] = statusOfError(result.Err)
		} else {
			token := result.Token.get()
			if exp, found := token.Exp(); found {
				columns.Exp[i] = exp
				columns.ExpValidity[i/8] |= 1 << (i % 8)
			}
			if uid, found := token.UID(); found {
				columns.UIDData = append(columns.UIDData, uid...)
				columns.UIDValidity[i/8] |= 1 << (i % 8)
			}
		}
		columns.UIDOffsets[i+1] = int64(len(columns.UIDData))
	}
	return columns
}

func statusOfError(err error) uint32 {
	var fault *Error
	if errors.As(err, &fault) {
		return fault.Status
	}
	return native.StatusKeysUnavailable
}

// Rows returns the number of tokens.
func (c *Columns) Rows() int { return len(c.Status) }

// UID returns "uid" of the token at row, and false if it is absent or the token is rejected.
func (c *Columns) UID(row int) (string, bool) {
	if c.UIDValidity[row/8]>>(row%8)&1 == 0 {
		return "", false
	}
	return string(c.UIDData[c.UIDOffsets[row]:c.UIDOffsets[row+1]]), true
}

// ExpiresAt returns "exp" of the token at row as [VerifiedToken.ExpiresAt] does, and false also if
// the token is rejected.
func (c *Columns) ExpiresAt(row int) (time.Time, bool) {
	return native.TimeOf(c.Exp[row], c.ExpValidity[row/8]>>(row%8)&1 != 0)
}

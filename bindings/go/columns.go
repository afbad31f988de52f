//go:build cgo

package bouncer

import (
	"errors"
	"time"

	"bouncer-verify.internal/bouncer/internal/native"
)

// Columns are the results of a batch in the layout of Apache Arrow ("Columnar Format", 1.0). The
// buffers can be passed to Arrow without conversion. They are Go memory and belong to the caller.
//
// In a validity bitmap, bit i is set if row i has a value. Bits are counted from the lowest bit of
// the first byte.
type Columns struct {
	// Status is 0 for an accepted token, and [Error].Status for a rejected one. Arrow type: UInt32.
	Status []uint32
	// Exp is the "exp" of accepted tokens in seconds since 1970, or 0. Arrow type: Int64.
	Exp []int64
	// ExpValidity is the validity bitmap of Exp.
	ExpValidity []byte
	// UIDOffsets are the positions in UIDData where the "uid" of each row begins. The last value is
	// the length of UIDData, so there is one value more than rows. Arrow type of the "uid" column:
	// LargeUtf8.
	UIDOffsets []int64
	// UIDData contains the "uid"s of accepted tokens in UTF-8, concatenated.
	UIDData []byte
	// UIDValidity is the validity bitmap of the "uid" column.
	UIDValidity []byte
}

// columnsOf makes columns in Go. It is called only for a batch in which tokens waited for a key.
// The library makes the columns of all other batches.
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

// UID returns the "uid" of the token at row. It reports false if the claim is absent or the token
// is rejected.
func (c *Columns) UID(row int) (string, bool) {
	if c.UIDValidity[row/8]>>(row%8)&1 == 0 {
		return "", false
	}
	return string(c.UIDData[c.UIDOffsets[row]:c.UIDOffsets[row+1]]), true
}

// ExpiresAt returns the "exp" of the token at row, as [VerifiedToken.ExpiresAt] does. It reports
// false if the claim is absent or the token is rejected.
func (c *Columns) ExpiresAt(row int) (time.Time, bool) {
	return native.TimeOf(c.Exp[row], c.ExpValidity[row/8]>>(row%8)&1 != 0)
}

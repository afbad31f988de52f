package bouncer

import (
	"time"

	"bouncer_verify/bouncer/internal/native"
)

// ColumnsOf makes columns from results, as a batch with pending tokens does.
var ColumnsOf = columnsOf

// OnBlock runs every call that blocks in C for the renewer through around. Call it before any
// goroutine waits.
func OnBlock(r *TokenRenewer, around func(block func() bool) bool) {
	r.flights.worker = blockingWorker{r.flights.worker, around}
}

type blockingWorker struct {
	worker
	around func(block func() bool) bool
}

func (b blockingWorker) Wait(ticket uint64, timeout time.Duration) bool {
	return b.around(func() bool { return b.worker.Wait(ticket, timeout) })
}

func (b blockingWorker) WaitReady(timeout time.Duration) (err *native.Error) {
	if timeout == 0 {
		return b.worker.WaitReady(0)
	}
	b.around(func() bool {
		err = b.worker.WaitReady(timeout)
		return err == nil
	})
	return err
}

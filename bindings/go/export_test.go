package bouncer

import (
	"time"

	"bouncer_verify/bouncer/internal/native"
)

// ColumnsOf exports columnsOf, which makes the columns of a batch with pending tokens.
var ColumnsOf = columnsOf

// OnBlock replaces every blocking C call of the renewer with a call of around. The function around
// must run block, which is the C call. Call OnBlock before any goroutine waits for the renewer.
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

package bouncer

import (
	"time"

	"bouncer_verify/bouncer/internal/native"
)

// ColumnsOf is what makes the columns of remote keys.
var ColumnsOf = columnsOf

// OnBlock has whoever blocks in C for the renewer do so through around. Nobody may wait yet.
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

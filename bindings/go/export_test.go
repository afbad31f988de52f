package bouncer

import (
	"bouncer-verify.internal/bouncer/internal/native"
)

// ColumnsOf exports columnsOf, which makes the columns of a batch with pending tokens.
var ColumnsOf = columnsOf

// OnCheck replaces every check whether a login is over with a call of around. The function around
// must run isOver, which is the check. Call OnCheck before any goroutine waits for the renewer.
func OnCheck(r *TokenRenewer, around func(isOver func() bool) bool) {
	r.flights.worker = checkedWorker{r.flights.worker, around}
}

type checkedWorker struct {
	worker
	around func(isOver func() bool) bool
}

func (c checkedWorker) IsOver(ticket uint64) bool {
	return c.around(func() bool { return c.worker.IsOver(ticket) })
}

func (c checkedWorker) Ready() (err *native.Error) {
	c.around(func() bool {
		err = c.worker.Ready()
		return err == nil
	})
	return err
}

// WithoutWatch makes the verifier wait as it does if the process has too many open files. Call it
// before any goroutine waits for the verifier.
func WithoutWatch(v *Verifier) { v.flights.worker = unwatchedWorker{v.flights.worker} }

type unwatchedWorker struct{ worker }

func (unwatchedWorker) Watch() *native.Watch { return new(native.Watch) }

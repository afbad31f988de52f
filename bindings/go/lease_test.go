package bouncer

import (
	"sync"
	"sync/atomic"
	"testing"
)

func TestALeaseFreesOnceAndAfterTheLastUse(t *testing.T) {
	for range 200 {
		var owner struct{ lease lease }
		object := new(int)
		var freed atomic.Int32
		lend(&owner, &owner.lease, object, func(*int) { freed.Add(1) })
		var group sync.WaitGroup
		for range 4 {
			group.Add(2)
			go func() {
				defer group.Done()
				for range 50 {
					if owner.lease.enter() {
						if freed.Load() != 0 {
							t.Error("freed while in use")
						}
						owner.lease.leave()
					}
				}
			}()
			go func() {
				defer group.Done()
				owner.lease.close()
			}()
		}
		group.Wait()
		if owner.lease.enter() || freed.Load() != 1 {
			t.Fatalf("freed %d times", freed.Load())
		}
	}
}

func TestCloseLeavesTheFreeingToAUseUnderWay(t *testing.T) {
	var owner struct{ lease lease }
	freed := 0
	lend(&owner, &owner.lease, new(int), func(*int) { freed++ })
	if !owner.lease.enter() {
		t.Fatal("closed")
	}
	owner.lease.close()
	if freed != 0 || owner.lease.enter() {
		t.Fatal("freed or open")
	}
	owner.lease.leave()
	if freed != 1 {
		t.Fatalf("freed %d times", freed)
	}
}

func TestALeaseThatWasNeverLentIsClosed(t *testing.T) {
	var l lease
	if l.enter() {
		t.Error("open")
	}
	l.close()
	if l.enter() {
		t.Error("open")
	}
}

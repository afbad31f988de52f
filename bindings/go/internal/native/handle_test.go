package native

import (
	"sync"
	"sync/atomic"
	"testing"
)

func TestAHandleFreesItsObjectOnceAfterTheLastUse(t *testing.T) {
	for range 200 {
		var owner struct{ handle Handle }
		object := new(int)
		var freed atomic.Int32
		own(&owner, &owner.handle, object, func(*int) { freed.Add(1) })
		var group sync.WaitGroup
		for range 4 {
			group.Add(2)
			go func() {
				defer group.Done()
				for range 50 {
					if owner.handle.Acquire() {
						if freed.Load() != 0 {
							t.Error("freed while in use")
						}
						owner.handle.Release()
					}
				}
			}()
			go func() {
				defer group.Done()
				owner.handle.Close()
			}()
		}
		group.Wait()
		if owner.handle.Acquire() || freed.Load() != 1 {
			t.Fatalf("freed %d times", freed.Load())
		}
	}
}

func TestCloseDuringAUseFreesTheObjectAtTheEndOfTheUse(t *testing.T) {
	var owner struct{ handle Handle }
	freed := 0
	own(&owner, &owner.handle, new(int), func(*int) { freed++ })
	if !owner.handle.Acquire() {
		t.Fatal("a new handle is closed")
	}
	owner.handle.Close()
	if freed != 0 || owner.handle.Acquire() {
		t.Fatal("the object is freed during the use, or the handle is open after Close")
	}
	owner.handle.Release()
	if freed != 1 {
		t.Fatalf("freed %d times", freed)
	}
}

func TestTheZeroHandleIsClosed(t *testing.T) {
	var h Handle
	if h.Acquire() {
		t.Error("the zero handle is open")
	}
	h.Close()
	if h.Acquire() {
		t.Error("the zero handle is open after Close")
	}
}

package native

/*
#cgo noescape bouncer_go_policy_new
#cgo nocallback bouncer_go_policy_new
#include "settings.h"
*/
import "C"

// A Policy owns a bouncer_policy of C.
type Policy struct {
	Handle
	pointer *C.bouncer_policy
}

// NewPolicy makes a policy from settings.
func NewPolicy(settings Settings) (*Policy, *Error) {
	var pointer *C.bouncer_policy
	var err *C.bouncer_error
	status := C.bouncer_go_policy_new(bytesPointer(settings), C.size_t(len(settings)), &pointer, &err)
	if status != C.BOUNCER_STATUS_OK {
		return nil, takeError(err)
	}
	policy := &Policy{pointer: pointer}
	own(policy, &policy.Handle, pointer, freePolicy)
	return policy, nil
}

func freePolicy(policy *C.bouncer_policy) { C.bouncer_policy_free(policy) }

package bouncer_test

import (
	"strings"
	"testing"

	"bouncer-verify.internal/bouncer"
)

func TestAuthorizationTokenReturnsTheTokenOfTheHeader(t *testing.T) {
	for value, expected := range map[string]string{
		"token=a.b.c":   "a.b.c",
		"Bearer a.b.c":  "a.b.c",
		"bearer a.b.c":  "a.b.c",
		"Bearer  a.b.c": "a.b.c",
	} {
		if found, err := bouncer.AuthorizationToken(value); err != nil || found != expected {
			t.Errorf("the token of %q is %q: %v", value, found, err)
		}
	}
}

func TestAnAuthorizationHeaderWithoutATokenIsMalformed(t *testing.T) {
	for _, value := range []string{"", " ", "Bearer", "Bearer ", "token=", "Basic YTpi", "a.b.c", "\xff", strings.Repeat("x", 1<<16)} {
		found, err := bouncer.AuthorizationToken(value)
		expectError(t, err, bouncer.ErrMalformedAuthorization)
		expectError(t, err, bouncer.ErrInvalidToken)
		if found != "" {
			t.Errorf("the token of %q is %q", value, found)
		}
	}
}

func TestAuthorizationTokenAllocatesNoMemory(t *testing.T) {
	value := "token=" + documentToken
	if allocations := testing.AllocsPerRun(100, func() { _, _ = bouncer.AuthorizationToken(value) }); allocations != 0 {
		t.Errorf("%v allocations", allocations)
	}
}

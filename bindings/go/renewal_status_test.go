package bouncer_test

import (
	"net/http"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"bouncer_verify/bouncer"
)

func TestARenewalStatusSaysAllThatTheLibraryKnows(t *testing.T) {
	server := startIAM(t)
	renewer := server.startReady(t)
	status := must(renewer.Status())(t)
	if status.ExpiresIn < 59*time.Minute || status.ExpiresIn > time.Hour {
		t.Error(status.ExpiresIn)
	}
	if status.NextAttempt < 41*time.Minute || status.NextAttempt > 49*time.Minute {
		t.Error(status.NextAttempt)
	}
	status.ExpiresIn, status.NextAttempt = 0, 0
	expected := bouncer.RenewalStatus{
		Source: server.URL + loginPath, State: bouncer.RenewalValid, Generation: 1, Expires: true, Attempts: 1, Scheduled: 1,
	}
	if status != expected {
		t.Errorf("%+v", status)
	}
	server.say(failing(http.StatusBadGateway))
	expectError(t, renewer.Renew(soon(t)), bouncer.ErrLoginUnavailable)
	status = must(renewer.Status())(t)
	if status.LastErrorName != "status" || !strings.Contains(status.LastError, "502") ||
		time.Since(status.LastErrorAt) > time.Minute || status.LastErrorAt.Location() != time.UTC {
		t.Errorf("%+v", status)
	}
}

// TestEveryFunctionOfTheRenewerIsCalled reads the C header.
func TestEveryFunctionOfTheRenewerIsCalled(t *testing.T) {
	text, err := os.ReadFile("../../include/bouncer_verify.h")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("SKIPPED: the header: run in a checkout")
	}
	calls := nativeSource(t)
	declaration := regexp.MustCompile(`(?m)^[a-z].*\b(bouncer_(?:renew|own_token|is_token)\w+)\(`)
	waiting := []string{"bouncer_renewer_token", "bouncer_renewer_reject"} // which block: not for Go
	getters := 0
	for _, function := range declaration.FindAllStringSubmatch(string(text), -1) {
		name := function[1]
		if called := strings.Contains(calls, "C."+name+"(") || strings.Contains(calls, name+"("); called == slices.Contains(waiting, name) {
			t.Errorf("internal/native and %s: %v", name, called)
		}
		if strings.HasPrefix(name, "bouncer_renewal_status_") && name != "bouncer_renewal_status_free" {
			getters++
		}
	}
	// One of them gives a duration and whether there is one.
	if fields := reflect.TypeFor[bouncer.RenewalStatus]().NumField(); getters == 0 || fields != getters+1 {
		t.Errorf("%d fields for %d getters", fields, getters)
	}
}

package bouncer_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"bouncer-verify.internal/bouncer"
)

func TestNewTokensAndFailedLoginsAreLoggedWithoutSecrets(t *testing.T) {
	server := startIAM(t)
	book := &logBook{}
	options := server.options(t)
	options.Logger = slog.New(slog.NewJSONHandler(book, nil))
	renewer := startRenewer(t, options)
	token := must(renewer.TokenContext(soon(t)))(t)
	const newToken, failed = "bouncer: new token", "bouncer: login failed"
	eventually(t, "a new token in the log", func() bool { return len(book.records(t, newToken)) == 1 })
	first := book.records(t, newToken)[0]
	if first["level"] != "INFO" || first["source"] != server.URL+loginPath || first["generation"] != 1.0 ||
		first["expires_in"].(float64) <= 0 || first["next_attempt_in"].(float64) <= 0 {
		t.Error(first)
	}
	server.handleLogins(failing(http.StatusUnauthorized))
	expectError(t, renewer.Renew(soon(t)), bouncer.ErrLogin)
	eventually(t, "the failure in the log", func() bool { return len(book.records(t, failed)) == 1 })
	failure := book.records(t, failed)[0]
	if failure["level"] != "WARN" || failure["error_name"] != "rejected" || failure["scheduled_failures_in_row"] != 0.0 ||
		!strings.Contains(failure["error"].(string), "401") {
		t.Error(failure)
	}
	options.Logger.Info("the token itself", "token", token, "options", options)
	_ = renewer.Close()
	time.Sleep(50 * time.Millisecond) // Close must log nothing
	text := book.String()
	if strings.Count(text, "\n") != 3 {
		t.Error(text)
	}
	for _, secret := range []string{"hunter2", "PRIVATE", server.latest(), strings.Split(server.latest(), ".")[2], "eyJ"} {
		if strings.Contains(text, secret) {
			t.Errorf("the log contains %s: %s", secret, text)
		}
	}
}

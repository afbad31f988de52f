package bouncer_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"bouncer-verify.internal/bouncer"
)

var (
	discard = slog.New(slog.DiscardHandler)
	silent  = log.New(io.Discard, "", 0)
)

// A logBook stores log records, each as a line of JSON.
type logBook struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (b *logBook) Write(line []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.text.Write(line)
}

func (b *logBook) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.text.String()
}

// records returns the records with this message.
func (b *logBook) records(t testing.TB, message string) []map[string]any {
	var found []map[string]any
	for line := range strings.Lines(b.String()) {
		var record map[string]any
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatal(err)
		}
		if record["msg"] == message {
			found = append(found, record)
		}
	}
	return found
}

const (
	newKeys = "bouncer: new keys"
	failed  = "bouncer: fetching keys failed"
)

func TestNewKeysAndFailuresAreLogged(t *testing.T) {
	issuer := newSigners(t, "a", "b")
	server := startKeyServer(t, document(issuer.jwks(t, "a")))
	book := &logBook{}
	logger := slog.New(slog.NewJSONHandler(book, nil))
	keys := startRemote(t, bouncer.RemoteOptions{URL: server.URL + "/keys?secret=hunter2", Logger: logger})
	waitReady(t, keys)
	expectAnna(t)(remoteVerifier(t, keys).Verify(issuer.token(t, "a")))
	eventually(t, "new keys in the log", func() bool { return len(book.records(t, newKeys)) == 1 })
	first := book.records(t, newKeys)[0]
	status := must(keys.Stats())(t)
	if first["level"] != "INFO" || first["source"] != server.URL+"/keys" || first["generation"] != 1.0 ||
		first["usable_keys"] != 1.0 || first["skipped_keys"] != 0.0 || first["sha256"] != status.SHA256 {
		t.Error(first)
	}

	if err := keys.Refresh(soon(t)); err != nil { // logs nothing, because the keys are the same
		t.Error(err)
	}
	server.handleWith(failing(http.StatusBadGateway))
	expectError(t, keys.Refresh(soon(t)), bouncer.ErrKeysUnavailable)
	eventually(t, "the failure in the log", func() bool { return len(book.records(t, failed)) == 1 })
	failure := book.records(t, failed)[0]
	if failure["level"] != "WARN" || !strings.Contains(failure["error"].(string), "502") || failure["error_name"] != "status" ||
		failure["scheduled_failures_in_row"] != 0.0 || failure["next_attempt_in"].(float64) <= 0 {
		t.Error(failure)
	}

	server.handleWith(document(issuer.jwks(t, "a", "b")))
	if err := keys.Refresh(soon(t)); err != nil {
		t.Error(err)
	}
	eventually(t, "the new keys in the log", func() bool { return len(book.records(t, newKeys)) == 2 })
	_ = keys.Close()
	time.Sleep(50 * time.Millisecond) // Close must log nothing
	if text := book.String(); strings.Contains(text, "hunter2") || strings.Count(text, "\n") != 3 {
		t.Error(text)
	}
}

func TestEachFailureOfTheFirstFetchIsLogged(t *testing.T) {
	server := startKeyServer(t, failing(http.StatusNotFound))
	book := &logBook{}
	logger := slog.New(slog.NewJSONHandler(book, nil))
	startRemote(t, bouncer.RemoteOptions{URL: server.URL, Logger: logger})
	eventually(t, "three failures in the log", func() bool { return len(book.records(t, failed)) >= 3 })
	for i, record := range book.records(t, failed)[:3] {
		if record["scheduled_failures_in_row"] != float64(i+1) {
			t.Error(record)
		}
	}
}

func TestTheKeysOfASeedAndAFailedLastGoodFileAreLogged(t *testing.T) {
	issuer := newSigners(t, "a")
	book := &logBook{}
	startRemote(t, bouncer.RemoteOptions{
		URL: "https://keys.invalid/", Lazy: true, Seed: issuer.jwks(t, "a"),
		LastGoodFile: filepath.Join(t.TempDir(), "\x00"), Logger: slog.New(slog.NewJSONHandler(book, nil)),
	})
	eventually(t, "the error of the file in the log", func() bool { return len(book.records(t, "bouncer: reading or writing the last-good file failed")) == 1 })
	if len(book.records(t, newKeys)) != 1 {
		t.Error(book.String())
	}
}

func TestAGoroutineThatLogsHoldsNoThread(t *testing.T) {
	const objects = 20
	server := startKeyServer(t, document(newSigners(t, "a").jwks(t, "a")))
	before := threads(t, "")
	for range objects {
		waitReady(t, startRemote(t, bouncer.RemoteOptions{URL: server.URL, Logger: discard}))
	}
	time.Sleep(300 * time.Millisecond) // Go gives a blocked call its own thread after a moment
	if more := threads(t, "") - before; more > objects/2 {
		t.Errorf("the loggers of %d objects hold %d threads", objects, more)
	}
}

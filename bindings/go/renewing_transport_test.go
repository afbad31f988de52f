package bouncer_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bouncer-verify.internal/bouncer"
)

// send sends a request and reads the response.
func send(t testing.TB, client *http.Client, request *http.Request) (status int, body string) {
	t.Helper()
	response := must(client.Do(request))(t)
	defer response.Body.Close()
	return response.StatusCode, string(must(io.ReadAll(response.Body))(t))
}

func newRequest(t testing.TB, method, url string, body io.Reader) *http.Request {
	return must(http.NewRequestWithContext(soon(t), method, url, body))(t)
}

// scripted is a RoundTripper that returns prepared responses in order, and records the requests.
type scripted struct {
	responses []*http.Response
	requests  []*http.Request
	bodies    []string
}

func (s *scripted) RoundTrip(request *http.Request) (*http.Response, error) {
	body := ""
	if request.Body != nil {
		text, _ := io.ReadAll(request.Body)
		_ = request.Body.Close()
		body = string(text)
	}
	s.requests, s.bodies = append(s.requests, request), append(s.bodies, body)
	response := s.responses[0]
	s.responses = s.responses[1:]
	response.Request = request
	return response, nil
}

// A watched body records how much of it was read, and whether it was closed.
type watched struct {
	io.Reader
	closed bool
	read   int
}

func (w *watched) Read(buffer []byte) (int, error) {
	count, err := w.Reader.Read(buffer)
	w.read += count
	return count, err
}

func (w *watched) Close() error {
	w.closed = true
	return nil
}

func responseOf(status int, header http.Header, body io.Reader) *http.Response {
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: status, Header: header, Body: &watched{Reader: body}}
}

func acsjwt() http.Header { return http.Header{"Www-Authenticate": {"acsjwt"}} }

func TestARequestHasTheTokenAndIsSentAgainAfterA401(t *testing.T) {
	server := startIAM(t)
	renewer := server.startReady(t)
	client := &http.Client{Transport: renewer.Transport(nil)}
	request := newRequest(t, "GET", server.URL+"/service", nil)
	if status, body := send(t, client, request); status != 200 || body != "hello" {
		t.Error(status, body)
	}
	server.expectLogins(t, 1)
	old := server.latest()
	server.revoke()
	if status, body := send(t, client, request.Clone(soon(t))); status != 200 || body != "hello" {
		t.Error(status, body)
	}
	server.expectLogins(t, 2)
	expected := []string{"token=" + old + " GET ", "token=" + old + " GET ", "token=" + server.latest() + " GET "}
	if seen := server.seen(); !slices.Equal(seen, expected) {
		t.Error(seen)
	}
	if len(request.Header) != 0 {
		t.Error("the request was changed:", request.Header)
	}

	// There is no second login within 30 seconds, so the caller gets the 401.
	server.revoke()
	if status, body := send(t, client, request.Clone(soon(t))); status != 401 || body != "<html>log in</html>" {
		t.Error(status, body)
	}
	server.expectLogins(t, 2)
}

func TestAHundredRequestsWithA401CauseOneLogin(t *testing.T) {
	server := startIAM(t)
	client := &http.Client{Transport: server.startReady(t).Transport(nil)}
	server.revoke()
	together(100, func(int) {
		request := newRequest(t, "POST", server.URL+"/service", strings.NewReader("x"))
		if status, body := send(t, client, request); status != 200 || body != "hello" {
			t.Error(status, body)
		}
	})
	server.expectLogins(t, 2)
}

func TestABodyIsSentAgainByteForByte(t *testing.T) {
	server := startIAM(t)
	client := &http.Client{Transport: server.startReady(t).Transport(nil)}
	old := server.latest()
	server.revoke()
	body := strings.Repeat("\x00\xffbody", 10000)
	request := newRequest(t, "POST", server.URL+"/service", strings.NewReader(body))
	if status, _ := send(t, client, request); status != 200 {
		t.Error(status)
	}
	if seen := server.seen(); len(seen) != 2 || seen[0] != "token="+old+" POST "+body ||
		seen[1] != "token="+server.latest()+" POST "+body {
		t.Errorf("%d requests", len(seen))
	}
}

func TestARequestWithoutGetBodyIsNotSentAgain(t *testing.T) {
	server := startIAM(t)
	renewer := server.startReady(t)
	client := &http.Client{Transport: renewer.Transport(nil)}
	server.revoke()
	post := func() (int, string) {
		return send(t, client, newRequest(t, "POST", server.URL+"/service", io.MultiReader(strings.NewReader("once"))))
	}
	if status, body := post(); status != 401 || body != "<html>log in</html>" {
		t.Error(status, body)
	}
	if seen := server.seen(); len(seen) != 1 {
		t.Error(seen)
	}
	// The token is still renewed, for the next request.
	eventuallyRenewal(t, renewer, "renewed", func(s bouncer.RenewerStats) bool { return s.Generation == 2 })
	if status, _ := post(); status != 200 {
		t.Error(status)
	}
	server.expectLogins(t, 2)
}

func TestAnAuthorizationHeaderOfTheProgramIsNotReplaced(t *testing.T) {
	server := startIAM(t)
	client := &http.Client{Transport: server.startReady(t).Transport(nil)}
	for _, own := range []string{"Basic YTpi", "token=mine"} {
		request := newRequest(t, "GET", server.URL+"/service", nil)
		request.Header.Set("Authorization", own)
		if status, _ := send(t, client, request); status != 401 {
			t.Error(status)
		}
		if seen := server.seen(); seen[len(seen)-1] != own+" GET " {
			t.Error(seen)
		}
	}
	server.expectLogins(t, 1)
}

func TestOnlyARejectedTokenCausesASecondRequest(t *testing.T) {
	grpc := http.Header{"Content-Type": {"application/grpc"}, "Grpc-Status": {"16"}}
	for name, test := range map[string]struct {
		status int
		header http.Header
		again  bool
	}{
		"401 of DC/OS":            {401, acsjwt(), true},
		"401 of Open DC/OS":       {401, http.Header{"Www-Authenticate": {"oauthjwt"}}, true},
		"401 without a challenge": {401, nil, true},
		"401 with two challenges": {401, http.Header{"Www-Authenticate": {"Basic", "Bearer"}}, true},
		"401 with only Basic":     {401, http.Header{"Www-Authenticate": {"Basic realm=\"x\""}}, false},
		"401, empty challenge":    {401, http.Header{"Www-Authenticate": {""}}, true},
		"403":                     {403, acsjwt(), false},
		"200":                     {200, nil, false},
		"503":                     {503, nil, false},
		"gRPC, unauthenticated":   {200, grpc, true},
		"gRPC, denied":            {200, http.Header{"Content-Type": {"application/grpc"}, "Grpc-Status": {"7"}}, false},
	} {
		base := &scripted{responses: []*http.Response{
			responseOf(test.status, test.header, strings.NewReader("first")), responseOf(200, nil, strings.NewReader("second")),
		}}
		first := base.responses[0].Body.(*watched)
		server := startIAM(t)
		client := &http.Client{Transport: server.startReady(t).Transport(base)}
		_, body := send(t, client, newRequest(t, "GET", "http://a.invalid/", nil))
		if again := body == "second"; again != test.again || len(base.requests) != 1 && !again {
			t.Errorf("%s: %q after %d requests", name, body, len(base.requests))
		}
		if !first.closed || first.read != len("first") {
			t.Errorf("%s: the body of the first response is not read and closed", name)
		}
	}
}

func TestTheFirstResponseIsReadUpToALimitAndClosed(t *testing.T) {
	server := startIAM(t)
	base := &scripted{responses: []*http.Response{
		responseOf(401, acsjwt(), &endless{}), responseOf(401, acsjwt(), strings.NewReader("second")),
	}}
	first := base.responses[0].Body.(*watched)
	client := &http.Client{Transport: server.startReady(t).Transport(base)}
	if status, body := send(t, client, newRequest(t, "GET", "http://a.invalid/", nil)); status != 401 || body != "second" {
		t.Error(status, body)
	}
	if !first.closed || first.read > 128<<10 {
		t.Error(first.closed, first.read)
	}
	server.expectLogins(t, 2) // the second 401 is returned to the caller
}

// endless is a body without an end.
type endless struct{}

func (*endless) Read(buffer []byte) (int, error) { return len(buffer), nil }

func TestARejectionInATrailerRenewsTheTokenForTheNextRequest(t *testing.T) {
	server := startIAM(t)
	renewer := server.startReady(t)
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set("Trailer", "Grpc-Status")
		_, _ = io.WriteString(w, "message")
		w.Header().Set("Grpc-Status", "16")
	}))
	defer service.Close()
	client := &http.Client{Transport: renewer.Transport(nil)}
	if _, body := send(t, client, newRequest(t, "POST", service.URL, strings.NewReader("x"))); body != "message" {
		t.Error(body)
	}
	eventuallyRenewal(t, renewer, "renewed", func(s bouncer.RenewerStats) bool { return s.Rejections == 1 && s.Generation == 2 })
}

func TestARequestIsNotChangedAndItsBodyIsClosed(t *testing.T) {
	server := startIAM(t)
	renewer := server.startReady(t)
	base := &scripted{responses: []*http.Response{
		responseOf(401, acsjwt(), strings.NewReader("")), responseOf(200, nil, strings.NewReader("")),
	}}
	request := newRequest(t, "PUT", "http://a.invalid/", bytes.NewReader([]byte("body")))
	request.Header = nil // http.Client never sends a nil Header, but a direct caller may
	body := &watched{Reader: strings.NewReader("body")}
	request.Body = body
	before := *request
	response := must(renewer.Transport(base).RoundTrip(request))(t)
	_ = response.Body.Close()
	if request.Header != nil || request.Body != before.Body || request.URL != before.URL || !body.closed {
		t.Error("the request is changed, or its body is not closed")
	}
	if !slices.Equal(base.bodies, []string{"body", "body"}) || base.requests[0] == base.requests[1] {
		t.Error(base.bodies)
	}

	// The body must be closed even if there is no token, and so no request is sent.
	_ = renewer.Close()
	body = &watched{Reader: strings.NewReader("body")}
	request.Body = body
	_, err := renewer.Transport(base).RoundTrip(request)
	expectError(t, err, bouncer.ErrClosed)
	if !body.closed {
		t.Error("the body is not closed")
	}
}

func TestACancelledContextEndsTheWaitForANewToken(t *testing.T) {
	server := startIAM(t)
	client := &http.Client{Transport: server.startReady(t).Transport(nil)}
	blocked, _ := hanging(t, server.logIn)
	server.handleLogins(blocked)
	server.revoke()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		eventually(t, "a login that hangs", func() bool { return server.logins.Load() == 2 })
		cancel()
	}()
	begin := time.Now()
	response, err := client.Do(must(http.NewRequestWithContext(ctx, "GET", server.URL+"/service", nil))(t))
	if err == nil {
		if response.StatusCode != 401 {
			t.Error(response.StatusCode)
		}
		_ = response.Body.Close()
	} else if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	if seen := server.seen(); len(seen) != 1 {
		t.Error(seen)
	}
}

func TestTheTokenIsSentOnlyToTheListedHosts(t *testing.T) {
	server := startIAM(t)
	renewer := server.startReady(t)
	for _, test := range []struct {
		hosts []string
		url   string
		sent  bool
	}{
		{nil, "http://anywhere.invalid/", true},
		{[]string{"master.mesos"}, "https://master.mesos/a", true},
		{[]string{"Master.Mesos"}, "https://MASTER.mesos:8443/a", true},
		{[]string{"master.mesos"}, "https://a.master.mesos/", false},
		{[]string{"master.mesos"}, "https://master.mesos.evil.invalid/", false},
		{[]string{"master.mesos"}, "https://master.mesos@evil.invalid/", false},
		{[]string{"master.mesos:8443"}, "https://master.mesos:8443/", true},
		{[]string{"master.mesos:443"}, "https://master.mesos/", true},
		{[]string{"master.mesos:8443"}, "https://master.mesos/", false},
		{[]string{"x", ".mesos"}, "http://app.marathon.mesos/", true},
		{[]string{".mesos"}, "http://mesos/", false},
		{[]string{".mesos"}, "http://evilmesos/", false},
		{[]string{"[::1]:80"}, "http://[::1]/", true},
		{[]string{"::1"}, "http://[::1]:8080/", true},
	} {
		base := &scripted{responses: []*http.Response{responseOf(200, nil, strings.NewReader(""))}}
		client := &http.Client{Transport: renewer.Transport(base, test.hosts...)}
		send(t, client, newRequest(t, "GET", test.url, nil))
		if sent := base.requests[0].Header.Get("Authorization") == "token="+server.latest(); sent != test.sent {
			t.Errorf("hosts %v, request to %s: the token is sent: %v", test.hosts, test.url, sent)
		}
	}
}

func TestTheTokenDoesNotFollowARedirectToAnotherHost(t *testing.T) {
	server := startIAM(t)
	client := &http.Client{Transport: server.startReady(t).Transport(nil)}
	var stolen, kept atomic.Int64
	other := httptest.NewServer(nil)
	defer other.Close()
	first := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, other.URL+"/back", http.StatusTemporaryRedirect)
		case "/here":
			http.Redirect(w, r, "/end", http.StatusFound)
		default:
			if r.Header.Get("Authorization") != "" {
				kept.Add(1)
			}
		}
	}))
	defer first.Close()
	other.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			stolen.Add(1)
		}
		http.Redirect(w, r, first.URL+"/end", http.StatusFound)
	})
	send(t, client, newRequest(t, "GET", first.URL+"/away", nil))
	if stolen.Load() != 0 || kept.Load() != 0 {
		t.Errorf("the token was sent %d times to the other host, and %d times after a redirect back", stolen.Load(), kept.Load())
	}
	send(t, client, newRequest(t, "GET", first.URL+"/here", nil))
	if kept.Load() != 1 {
		t.Error("the token was not sent after a redirect to the same host")
	}
}

func TestWithoutATokenNoRequestIsSent(t *testing.T) {
	server := startIAM(t)
	server.handleLogins(failing(http.StatusUnauthorized))
	base := &scripted{}
	client := &http.Client{Transport: startRenewer(t, server.options(t)).Transport(base)}
	_, err := client.Do(newRequest(t, "GET", server.URL+"/service", nil))
	expectError(t, err, bouncer.ErrLoginRejected)
	if len(base.requests) != 0 {
		t.Error("a request was sent without a token")
	}
	client.CloseIdleConnections() // must not fail if the base has no such method
}

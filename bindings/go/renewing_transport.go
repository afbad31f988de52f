//go:build cgo

package bouncer

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"bouncer_verify/bouncer/internal/native"
)

// A renewingTransport sends the token of a TokenRenewer with each request. See
// TokenRenewer.Transport.
type renewingTransport struct {
	renewer *TokenRenewer
	base    http.RoundTripper
	hosts   []string // in lower case; none: any
}

func newRenewingTransport(renewer *TokenRenewer, base http.RoundTripper, hosts []string) *renewingTransport {
	transport := &renewingTransport{renewer: renewer, base: base}
	for _, host := range hosts {
		transport.hosts = append(transport.hosts, strings.ToLower(host))
	}
	return transport
}

// RoundTrip sends the request, which it leaves as it is.
func (t *renewingTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	if _, set := request.Header["Authorization"]; set || !t.trusts(request) {
		return t.base.RoundTrip(request)
	}
	token, err := t.renewer.TokenContext(request.Context())
	if err != nil {
		if request.Body != nil {
			_ = request.Body.Close() // a RoundTripper always does
		}
		return nil, err
	}
	first, err := t.base.RoundTrip(withToken(request, token, request.Body))
	if err != nil {
		return first, err
	}
	if !rejects(first) {
		t.watchTrailer(first, token)
		return first, nil
	}
	hasBody := request.Body != nil && request.Body != http.NoBody
	if hasBody && request.GetBody == nil {
		// The next request is to have a better token; nobody waits for it here.
		_, _, _ = t.renewer.tokenNow(token.Text(), 0)
		return first, nil
	}
	newer, err := t.renewer.Reject(request.Context(), token.Text())
	if err != nil || newer.Text() == token.Text() {
		return first, nil
	}
	body := request.Body
	if hasBody {
		if body, err = request.GetBody(); err != nil {
			return first, nil
		}
	}
	discard(first)
	return t.base.RoundTrip(withToken(request, newer, body))
}

// CloseIdleConnections is for http.Client, whose method of that name asks for it.
func (t *renewingTransport) CloseIdleConnections() {
	if base, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		base.CloseIdleConnections()
	}
}

// withToken is a copy of the request with the token and that body.
func withToken(request *http.Request, token OwnToken, body io.ReadCloser) *http.Request {
	clone := request.Clone(request.Context())
	if clone.Header == nil {
		clone.Header = http.Header{}
	}
	clone.Header.Set("Authorization", token.Authorization())
	clone.Body = body
	return clone
}

// rejects says whether the answer so far is one to a token that was not accepted.
func rejects(response *http.Response) bool {
	challenges, challenged := response.Header["Www-Authenticate"]
	grpcStatus := response.Header.Get("Grpc-Status") // where there is no message, the trailer comes as header
	return native.IsTokenRejection(response.StatusCode, challenged, strings.Join(challenges, ", "), grpcStatus)
}

// The most that is read of an answer that nobody wants, so that its connection can be used again.
const longestDiscard = 64 << 10

// discard reads what is left of the answer, within bounds, and closes it.
func discard(response *http.Response) {
	if response.Body == nil { // as some stand-ins in tests have it, which http.Client tolerates
		return
	}
	_, _ = io.CopyN(io.Discard, response.Body, longestDiscard)
	_ = response.Body.Close()
}

// trusts says whether the token may go where the request goes.
func (t *renewingTransport) trusts(request *http.Request) bool {
	if request.URL == nil || !t.names(request.URL) {
		return false
	}
	// http.Client takes an Authorization header that it was given away from a request that is
	// redirected to another host. This one is added after that, so it is for this transport to look
	// where the request comes from.
	here := originOf(request.URL)
	for before := request; before.Response != nil; {
		before = before.Response.Request
		if before == nil || before.URL == nil || originOf(before.URL) != here {
			return false
		}
	}
	return true
}

// names says whether the URL's host is one of the named.
func (t *renewingTransport) names(address *url.URL) bool {
	host := strings.ToLower(strings.TrimSuffix(address.Hostname(), "."))
	withPort := net.JoinHostPort(host, portOf(address))
	for _, named := range t.hosts {
		if host == named || withPort == named || strings.HasPrefix(named, ".") && strings.HasSuffix(host, named) {
			return true
		}
	}
	return len(t.hosts) == 0
}

// originOf is scheme, host and port.
func originOf(address *url.URL) [3]string {
	return [3]string{strings.ToLower(address.Scheme), strings.ToLower(address.Hostname()), portOf(address)}
}

func portOf(address *url.URL) string {
	switch port := address.Port(); {
	case port != "":
		return port
	case strings.EqualFold(address.Scheme, "https"):
		return "443"
	default:
		return "80"
	}
}

// watchTrailer renews the token if the trailer says that it was not accepted, once the answer has
// been read up to there.
func (t *renewingTransport) watchTrailer(response *http.Response, token OwnToken) {
	if response.Body == nil || !strings.HasPrefix(response.Header.Get("Content-Type"), "application/grpc") {
		return
	}
	rejected := sync.OnceFunc(func() {
		if native.IsTokenRejection(response.StatusCode, false, "", response.Trailer.Get("Grpc-Status")) {
			_, _, _ = t.renewer.tokenNow(token.Text(), 0)
		}
	})
	response.Body = &trailedBody{response.Body, rejected}
}

// A trailedBody calls atEnd when the trailer is there.
type trailedBody struct {
	io.ReadCloser
	atEnd func()
}

func (b *trailedBody) Read(buffer []byte) (int, error) {
	count, err := b.ReadCloser.Read(buffer)
	if errors.Is(err, io.EOF) {
		b.atEnd()
	}
	return count, err
}

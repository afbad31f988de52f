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

	"bouncer-verify.internal/bouncer/internal/native"
)

// A renewingTransport adds the token of a TokenRenewer to each request. See TokenRenewer.Transport.
type renewingTransport struct {
	renewer *TokenRenewer
	base    http.RoundTripper
	hosts   []string // in lower case; empty means any host
}

func newRenewingTransport(renewer *TokenRenewer, base http.RoundTripper, hosts []string) *renewingTransport {
	transport := &renewingTransport{renewer: renewer, base: base}
	for _, host := range hosts {
		transport.hosts = append(transport.hosts, strings.ToLower(host))
	}
	return transport
}

// RoundTrip sends a copy of the request with the token. It does not change the request.
func (t *renewingTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	if _, set := request.Header["Authorization"]; set || !t.trusts(request) {
		return t.base.RoundTrip(request)
	}
	token, err := t.renewer.TokenContext(request.Context())
	if err != nil {
		if request.Body != nil {
			_ = request.Body.Close() // a RoundTripper must always close the body
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
		// This request cannot be sent again. Renew the token for the next one, without waiting.
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

// CloseIdleConnections closes the idle connections of base. The method of http.Client with the same
// name calls it.
func (t *renewingTransport) CloseIdleConnections() {
	if base, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		base.CloseIdleConnections()
	}
}

// withToken returns a copy of the request with this token and body.
func withToken(request *http.Request, token OwnToken, body io.ReadCloser) *http.Request {
	clone := request.Clone(request.Context())
	if clone.Header == nil {
		clone.Header = http.Header{}
	}
	clone.Header.Set("Authorization", token.Authorization())
	clone.Body = body
	return clone
}

// rejects reports whether the status and headers of the response mean that the server rejected the
// token.
func rejects(response *http.Response) bool {
	challenges, challenged := response.Header["Www-Authenticate"]
	grpcStatus := response.Header.Get("Grpc-Status") // gRPC sends trailers as headers if there is no message
	return native.IsTokenRejection(response.StatusCode, challenged, strings.Join(challenges, ", "), grpcStatus)
}

// longestDiscard is the maximum number of bytes that discard reads. http.Client can reuse the
// connection if the whole body was read.
const longestDiscard = 64 << 10

// discard reads the rest of the body, up to longestDiscard bytes, and closes the body.
func discard(response *http.Response) {
	if response.Body == nil { // http.Client accepts a nil body, and some test doubles return one
		return
	}
	_, _ = io.CopyN(io.Discard, response.Body, longestDiscard)
	_ = response.Body.Close()
}

// trusts reports whether the token may be sent with the request.
func (t *renewingTransport) trusts(request *http.Request) bool {
	if request.URL == nil || !t.names(request.URL) {
		return false
	}
	// When a server redirects to another host, http.Client removes the Authorization header that the
	// program set. This transport adds its header later, so it must check the redirects itself.
	here := originOf(request.URL)
	for before := request; before.Response != nil; {
		before = before.Response.Request
		if before == nil || before.URL == nil || originOf(before.URL) != here {
			return false
		}
	}
	return true
}

// names reports whether the host of the URL is one of t.hosts.
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

// originOf returns scheme, host and port.
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

// watchTrailer checks the trailer of a gRPC response when its body has been read. If the server
// rejected the token, it renews the token.
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

// A trailedBody calls atEnd when the whole body has been read. The trailer is then known.
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

// Code generated from src/settings by tests/generated. DO NOT EDIT.

//go:build cgo

package bouncer

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"bouncer-verify.internal/bouncer/internal/native"
)

// A Policy contains the rules for tokens, besides a valid signature. Issuers, AnyIssuer or the
// Profile "dcos" must be set; [ForIssuer] and [DCOS] set them. Every other field that is not set
// has its default: only RS256 is accepted, "exp" is required, and there is no leeway.
type Policy struct {
	// Profile: The kind of tokens. "access_token" is for OAuth 2.0 access tokens (RFC 9068):
	// TokenType is "at+jwt", and "iss", "exp", "aud", "sub", "client_id", "iat" and "jti" are
	// required. "dcos" is for tokens of DC/OS's Bouncer: IdentityClaim is "uid", and "iss" is not
	// required. Default: jwt.
	Profile string

	// Issuers: The accepted values of "iss" (RFC 7519 section 4.1.1), compared character for
	// character. A name of a claim in braces stands for the token's value of that claim. Required,
	// unless AnyIssuer is set or the profile is "dcos". The address of an issuer's metadata is not
	// an issuer, and is an error.
	Issuers []string

	// AnyIssuer: Does not check the value of "iss".
	AnyIssuer bool

	// Audiences: The accepted values of "aud" (RFC 7519 section 4.1.3). The token must contain at
	// least one of them. If neither audiences nor AnyAudience is set, a token with "aud" is
	// rejected.
	Audiences []string

	// AnyAudience: Accepts tokens for any audience, even if audiences are set.
	AnyAudience bool

	// Subject: The only accepted value of "sub" (RFC 7519 section 4.1.2), compared character for
	// character. The token must have "sub".
	Subject string

	// Algorithms: The accepted values of "alg". EdDSA is the old name of Ed25519. Default: RS256.
	Algorithms []Algorithm

	// TokenType: The required value of the header parameter "typ" (RFC 8725 section 3.11), for
	// example "at+jwt". Case does not matter, and "application/" may be omitted.
	TokenType string

	// IdentityClaim: The claim that names the user or service, for example "email". It must be a
	// string that is not empty. Default: "sub", which is not required; "uid" in the profile "dcos".
	IdentityClaim string

	// RequiredClaims: Claims that must be present and not null. A name with dots may name a nested
	// claim, as in all settings that name claims: "realm_access.roles".
	RequiredClaims []string

	// RequiredStringClaims: Claims that must be strings and not empty.
	RequiredStringClaims []string

	// ClaimIs: Claims and their accepted values. A claim must equal one of its values. A number or
	// a boolean is compared by its JSON text. An array equals no value.
	ClaimIs map[string][]string

	// ClaimHas: Claims and the texts that each of them must contain, all of them. A claim is an
	// array of strings, or a string separated by spaces.
	ClaimHas map[string][]string

	// ClaimHasAny: Claims and texts, of which each claim must contain at least one. The types are
	// those of ClaimHas.
	ClaimHasAny map[string][]string

	// ClaimStartsWith: Claims and prefixes. A claim must be a string that begins with one of its
	// prefixes.
	ClaimStartsWith map[string][]string

	// ScopeClaims: The claims that contain scopes: strings separated by spaces (RFC 6749 section
	// 3.3) or arrays of strings. Default: "scope" and "scp".
	ScopeClaims []string

	// RequiredScopes: Scopes that the token must have, all of them. They are checked last. If one
	// is missing, the error is insufficient_scope, with HTTP status 403.
	RequiredScopes []string

	// UncheckedClaims: Claims whose JSON type is not checked. For issuers that violate RFC 7519,
	// for example with an integer "sub". A claim of the wrong type counts as absent.
	UncheckedClaims []string

	// OptionalExp: Accepts tokens without "exp". They never expire.
	OptionalExp bool

	// Leeway: Tolerance for clocks that differ, in whole seconds. A token is accepted from this
	// time before "nbf" until this time after "exp". For "nbf", the tolerance is at least 60
	// seconds. Range: 0s to 5m. Default: 0s.
	Leeway time.Duration

	// PaddedTokens: Requires each part of a token to be padded with "=", although RFC 7515 section
	// 2 forbids padding. For the tokens in the header "x-amzn-oidc-data" of an AWS Application Load
	// Balancer. The signature covers the padding.
	PaddedTokens bool

	// MaxTokenAge: Maximum time since "iat". An older token is rejected, even if its "exp" is in
	// the future. The leeway is added to the maximum. The token must have "iat". Range: 1s to 366d.
	MaxTokenAge time.Duration

	// MaxTokenLen: Maximum length of a token in bytes. The length is checked before anything else.
	// Range: 0 to 1MiB. Default: 16KiB. 0 means the default, a negative value means 0.
	MaxTokenLen int

	// Time: Verifies tokens at this time instead of the system's time. For tests and audits. A
	// document cannot set it.
	Time time.Time

	// Clock returns the current time. It is called once for each verification and once for each
	// batch. If Clock is nil, the time is Time, or the system's clock if Time is not set. Clock and
	// Time are mutually exclusive. With Clock, each call prepares the policy again, which takes a
	// few microseconds. [NewVerifierOf], [Verifier.WithCache], [Verifier.Reload] and
	// [Verifier.LogTo] are then not available.
	Clock func() time.Time

	// A settings document. Fields that are set override its values.
	document string
}

func (o *Policy) apply(s settings) settings {
	s = s.load(o.document)
	s = s.text("profile", o.Profile)
	s = s.list("issuers", o.Issuers)
	s = s.flag("any_issuer", o.AnyIssuer)
	s = s.list("audiences", o.Audiences)
	s = s.flag("any_audience", o.AnyAudience)
	s = s.text("subject", o.Subject)
	s = s.algorithms("algorithms", o.Algorithms)
	s = s.text("token_type", o.TokenType)
	s = s.text("identity_claim", o.IdentityClaim)
	s = s.list("required_claims", o.RequiredClaims)
	s = s.list("required_string_claims", o.RequiredStringClaims)
	s = s.members("claim_is", o.ClaimIs)
	s = s.members("claim_has", o.ClaimHas)
	s = s.members("claim_has_any", o.ClaimHasAny)
	s = s.members("claim_starts_with", o.ClaimStartsWith)
	s = s.list("scope_claims", o.ScopeClaims)
	s = s.list("required_scopes", o.RequiredScopes)
	s = s.list("unchecked_claims", o.UncheckedClaims)
	s = s.flag("optional_exp", o.OptionalExp)
	s = s.duration("leeway", o.Leeway)
	s = s.flag("padded_tokens", o.PaddedTokens)
	s = s.duration("max_token_age", o.MaxTokenAge)
	s = s.size("max_token_len", o.MaxTokenLen)
	s = s.time("time", o.Time)
	return s
}

// LoadPolicy parses a JSON document of settings, which docs/settings.schema.json describes. A field
// that is set afterwards overrides its value in the document. LoadPolicy returns
// [ErrInvalidArgument] for an invalid document.
func LoadPolicy(document []byte) (Policy, error) {
	return Policy{document: string(document)}, check(native.KindPolicy, document)
}

// String returns the settings as a JSON document without any secret.
func (o Policy) String() string { return describe(native.KindPolicy, o.apply) }

// GoString returns the same as String.
func (o Policy) GoString() string { return o.String() }

// Format writes String for every verb, because some verbs would print secret fields.
func (o Policy) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, o.String()) }

// LogValue returns the same as String, for slog.
func (o Policy) LogValue() slog.Value { return slog.StringValue(o.String()) }

// RemoteOptions configure where a [RemoteJWKS] fetches its keys, and how it refreshes them. URL or
// Discover must be set. The zero value of every other field is its default.
type RemoteOptions struct {
	// URL: The URL of the JWK Set: https, or http to this machine. Set either this or discover.
	URL string

	// Discover: The issuer whose metadata contains the URL of the JWK Set (OpenID Connect Discovery
	// 1.0, RFC 8414). The metadata must name the same issuer.
	Discover string

	// TTL: Lifetime of the keys if the response does not contain one (Cache-Control, Expires). Keys
	// are refreshed after 70 to 80 % of their lifetime. Range: 1s to 366d. Default: 10m.
	TTL time.Duration

	// MaxTTL: Maximum lifetime that a response may set. A longer lifetime is reduced to it. Lower
	// it if a revoked key must be rejected sooner. Range: 1s to 366d. Default: 1d.
	MaxTTL time.Duration

	// MaxStale: Maximum time that keys are used after the issuer last confirmed them, while the
	// issuer cannot be reached. It is never shorter than the lifetime of the keys. Default: 1d, or
	// 1h with discover. Range: 0s to 366d.
	MaxStale time.Duration

	// Timeout: Timeout for one HTTP exchange, from the DNS lookup to the last byte. Range: 1ms to
	// 5m. Default: 5s.
	Timeout time.Duration

	// ConnectTimeout: Timeout for the TCP connection, in total for all addresses of the server or
	// its proxy. It is never longer than timeout. Default: 2s. Range: 1ms to 5m.
	ConnectTimeout time.Duration

	// MaxWait: Maximum time that a verification waits for a fetch that may return its key. Range:
	// 0s to 5m. Default: 2s. 0 means the default, a negative value means 0s.
	MaxWait time.Duration

	// RefetchInterval: Limits fetches for tokens with an unknown "kid": two without a pause, then
	// one per interval. Range: 1s to 1h. Default: 10s.
	RefetchInterval time.Duration

	// RefetchIntervalWithoutKID: Limits fetches for tokens that no key verifies to one per
	// interval. Such a token has no "kid", or it has the "kid" of a known key. Range: 1s to 1d.
	// Default: 5m.
	RefetchIntervalWithoutKID time.Duration

	// MaxDocumentLen: Maximum length of a JWK Set or of metadata, in bytes. The fetch of a longer
	// document fails. Range: 1KiB to 64MiB. Default: 1MiB.
	MaxDocumentLen int

	// MaxKeys: Maximum number of usable keys. Further keys are skipped, and reported as skipped.
	// Range: 1 to 1000. Default: 100.
	MaxKeys int

	// MaxTableMemory: Maximum memory of all tables for ES256 and Ed25519 keys in the process. If it
	// is full, the keys of this set get no more tables. Less than 86KiB disables tables. A key gets
	// its table after 100 valid tokens. Range: 0 to 1GiB. Default: 32MiB. 0 means the default, a
	// negative value means 0.
	MaxTableMemory int

	// KeyUses: Also accepts keys with one of these values of "use" (RFC 7517 section 4.2), for
	// example "jwt-svid" for SPIFFE bundles. Keys with "sig" or without "use" are always accepted.
	KeyUses []string

	// Lazy: Starts to fetch at the first verification, not at once. For programs that fork after
	// their setup.
	Lazy bool

	// CAFile: A PEM file of certificate authorities to trust in addition to those of the system. It
	// is read for each fetch, so it may be replaced.
	CAFile string

	// ClientCertificateFile: A PEM file with the certificate chain to present to servers that
	// request one (mTLS). It is read for each exchange, so it may be replaced.
	ClientCertificateFile string

	// ClientKeyFile: A PEM file with the private key of the client certificate, not encrypted.
	// Default: ClientCertificateFile.
	ClientKeyFile string

	// Proxy: The proxy: "http://[user:password@]host:port", "none" or "environment". "environment"
	// reads https_proxy, http_proxy, all_proxy and no_proxy. Connections to this machine never use
	// a proxy. Default: environment. Secret if it contains a password.
	Proxy string

	// SameOriginRedirects: Follows up to three redirects to the same scheme, host and port. If it
	// is not set, a redirect is a failure.
	SameOriginRedirects bool

	// AllowHTTP: Allows http to other machines. Anyone on the network path can then choose the
	// keys.
	AllowHTTP bool

	// LastGoodFile: Stores the latest usable JWK Set in this file (mode 0600, replaced atomically),
	// and starts with the stored set. While that set is fresh, nothing is fetched. Anyone who can
	// write the file or its folder can choose the keys.
	LastGoodFile string

	// Seed: A JWK Set in JSON to start with, until the first fetch succeeds.
	Seed string

	// Backend: The code that verifies signatures. Default: "accelerated", or "aws-lc" if the
	// environment variable BOUNCER_VERIFY_NO_ACCELERATION is neither empty nor 0.
	Backend Backend

	// Logger receives successes (Info) and failures (Warn), from a goroutine that runs until Close.
	// Records contain no token, no secret, and no query of a URL. The goroutine keeps everything
	// that the logger references reachable. So if the logger references the object that it logs,
	// the program must call Close. If Logger is nil, nothing is logged.
	Logger *slog.Logger

	// A settings document. Fields that are set override its values.
	document string
}

func (o *RemoteOptions) apply(s settings) settings {
	s = s.load(o.document)
	s = s.text("url", o.URL)
	s = s.text("discover", o.Discover)
	s = s.duration("ttl", o.TTL)
	s = s.duration("max_ttl", o.MaxTTL)
	s = s.duration("max_stale", o.MaxStale)
	s = s.duration("timeout", o.Timeout)
	s = s.duration("connect_timeout", o.ConnectTimeout)
	s = s.wait("max_wait", o.MaxWait)
	s = s.duration("refetch_interval", o.RefetchInterval)
	s = s.duration("refetch_interval_without_kid", o.RefetchIntervalWithoutKID)
	s = s.number("max_document_len", o.MaxDocumentLen)
	s = s.number("max_keys", o.MaxKeys)
	s = s.size("max_table_memory", o.MaxTableMemory)
	s = s.list("key_uses", o.KeyUses)
	s = s.flag("lazy", o.Lazy)
	s = s.text("ca_file", o.CAFile)
	s = s.text("client_certificate_file", o.ClientCertificateFile)
	s = s.text("client_key_file", o.ClientKeyFile)
	s = s.text("proxy", o.Proxy)
	s = s.flag("same_origin_redirects", o.SameOriginRedirects)
	s = s.flag("allow_http", o.AllowHTTP)
	s = s.text("last_good_file", o.LastGoodFile)
	s = s.text("seed", o.Seed)
	s = s.backend("backend", o.Backend)
	return s
}

// LoadRemoteOptions parses a JSON document of settings, which docs/settings.schema.json describes.
// A field that is set afterwards overrides its value in the document. LoadRemoteOptions returns
// [ErrInvalidArgument] for an invalid document.
func LoadRemoteOptions(document []byte) (RemoteOptions, error) {
	return RemoteOptions{document: string(document)}, check(native.KindKeys, document)
}

// String returns the settings as a JSON document without any secret.
func (o RemoteOptions) String() string { return describe(native.KindKeys, o.apply) }

// GoString returns the same as String.
func (o RemoteOptions) GoString() string { return o.String() }

// Format writes String for every verb, because some verbs would print secret fields.
func (o RemoteOptions) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, o.String()) }

// LogValue returns the same as String, for slog.
func (o RemoteOptions) LogValue() slog.Value { return slog.StringValue(o.String()) }

// RenewerOptions configure how a [TokenRenewer] gets the service's own token. Exactly one source
// must be set: ServiceAccount, ServiceAccountFile, ServiceAccountEnv, TokenURL or Source. The zero
// value of every other field is its default.
type RenewerOptions struct {
	// ServiceAccount: The secret of a DC/OS service account, in JSON: "uid", "private_key" (RSA in
	// PEM) and "login_endpoint". Secret. A document cannot set it.
	ServiceAccount string

	// ServiceAccountFile: A file with the secret of a DC/OS service account. It is read for each
	// login.
	ServiceAccountFile string

	// ServiceAccountEnv: Takes the DC/OS service account from the environment variable
	// DCOS_SERVICE_ACCOUNT_CREDENTIAL. The variable contains the secret, or the path of a file with
	// the secret.
	ServiceAccountEnv bool

	// TokenURL: The token endpoint of an OAuth 2.0 client (RFC 6749 section 4.4). It requires
	// ClientID and, depending on AuthMethod, a secret, a private key or a certificate.
	TokenURL string

	// ClientID: The client's identifier at TokenURL.
	ClientID string

	// AuthMethod: How the client authenticates at TokenURL. client_secret_basic and
	// client_secret_post send its secret (RFC 6749 section 2.3.1). private_key_jwt signs a JWT with
	// its private key (RFC 7523 section 2.2). tls_client_auth presents ClientCertificateFile (RFC
	// 8705 section 2.1). Default: client_secret_basic.
	AuthMethod string

	// ClientSecret: The client's secret. Secret. A document cannot set it.
	ClientSecret string

	// ClientSecretFile: A file with the client's secret. It is read for each login, so it may be
	// replaced. Line ends after the secret are ignored.
	ClientSecretFile string

	// PrivateKey: The client's private key for private_key_jwt, in PEM: RSA of at least 2048 bits,
	// or EC on P-256. Secret. A document cannot set it.
	PrivateKey string

	// PrivateKeyFile: A file with the client's private key, in PEM. It is read for each login, so
	// it may be replaced.
	PrivateKeyFile string

	// PrivateKeyID: The "kid" in the header of the signed JWT, for servers that have several keys
	// of the client.
	PrivateKeyID string

	// Supplied: The program supplies the tokens itself. The value is the name of the source in
	// logs.
	Supplied string

	// LoginEndpoint: The login URL, in place of "login_endpoint" of the service account.
	LoginEndpoint string

	// Parameters: Additional parameters for TokenURL, by name: "parameters.scope",
	// "parameters.audience".
	Parameters map[string][]string

	// Header: The text before the token in the Authorization header: "token=" (dcos) or "Bearer "
	// (bearer). Default: dcos for a service account, otherwise bearer.
	Header string

	// Timeout: Timeout for one HTTP exchange, from the DNS lookup to the last byte. Range: 1ms to
	// 5m. Default: 10s.
	Timeout time.Duration

	// ConnectTimeout: Timeout for the TCP connection, in total for all addresses of the server or
	// its proxy. It is never longer than timeout. Default: 2s. Range: 1ms to 5m.
	ConnectTimeout time.Duration

	// MaxWait: Maximum time that a caller waits for a token. Range: 0s to 5m. Default: 10s. 0 means
	// the default, a negative value means 0s.
	MaxWait time.Duration

	// Lazy: Logs in when a token is first needed, not at once. For programs that fork after their
	// setup.
	Lazy bool

	// CAFile: A PEM file of certificate authorities to trust in addition to those of the system. It
	// is read for each login, so it may be replaced.
	CAFile string

	// ClientCertificateFile: A PEM file with the certificate chain to present to servers that
	// request one (mTLS). It is read for each exchange, so it may be replaced.
	ClientCertificateFile string

	// ClientKeyFile: A PEM file with the private key of the client certificate, not encrypted.
	// Default: ClientCertificateFile.
	ClientKeyFile string

	// Proxy: The proxy: "http://[user:password@]host:port", "none" or "environment". "environment"
	// reads https_proxy, http_proxy, all_proxy and no_proxy. Connections to this machine never use
	// a proxy. Default: environment. Secret if it contains a password.
	Proxy string

	// AllowHTTP: Allows http to other machines. Anyone on the network path can then read the token.
	AllowHTTP bool

	// Source returns a token that the program itself obtains. Supplied can set the name of this
	// source in logs. The token is valid for lifetime, rounded down to a second. If lifetime is 0,
	// a JWT is valid until its "exp", and a token without "exp" does not expire. Source is called
	// by one goroutine at a time, not by the callers of the renewer. Its context ends at Close, or
	// after one minute. If [errors.Is] finds [ErrLoginRejected] in the error, the renewer does not
	// retry soon. The error's text is logged and is part of the stats, so it must not contain a
	// secret. A panic counts as a failure. Source must not send requests through the renewer's own
	// [TokenRenewer.Transport]. The calling goroutine keeps everything that Source references
	// reachable. So if Source references the renewer, the program must call Close.
	Source func(ctx context.Context) (token string, lifetime time.Duration, err error)

	// Logger receives successes (Info) and failures (Warn), from a goroutine that runs until Close.
	// Records contain no token, no secret, and no query of a URL. The goroutine keeps everything
	// that the logger references reachable. So if the logger references the object that it logs,
	// the program must call Close. If Logger is nil, nothing is logged.
	Logger *slog.Logger

	// A settings document. Fields that are set override its values.
	document string
}

func (o *RenewerOptions) apply(s settings) settings {
	s = s.load(o.document)
	s = s.text("service_account", o.ServiceAccount)
	s = s.text("service_account_file", o.ServiceAccountFile)
	s = s.flag("service_account_env", o.ServiceAccountEnv)
	s = s.text("token_url", o.TokenURL)
	s = s.text("client_id", o.ClientID)
	s = s.text("auth_method", o.AuthMethod)
	s = s.text("client_secret", o.ClientSecret)
	s = s.text("client_secret_file", o.ClientSecretFile)
	s = s.text("private_key", o.PrivateKey)
	s = s.text("private_key_file", o.PrivateKeyFile)
	s = s.text("private_key_id", o.PrivateKeyID)
	s = s.text("supplied", o.Supplied)
	s = s.text("login_endpoint", o.LoginEndpoint)
	s = s.members("parameters", o.Parameters)
	s = s.text("header", o.Header)
	s = s.duration("timeout", o.Timeout)
	s = s.duration("connect_timeout", o.ConnectTimeout)
	s = s.wait("max_wait", o.MaxWait)
	s = s.flag("lazy", o.Lazy)
	s = s.text("ca_file", o.CAFile)
	s = s.text("client_certificate_file", o.ClientCertificateFile)
	s = s.text("client_key_file", o.ClientKeyFile)
	s = s.text("proxy", o.Proxy)
	s = s.flag("allow_http", o.AllowHTTP)
	return s
}

// LoadRenewerOptions parses a JSON document of settings, which docs/settings.schema.json describes.
// A field that is set afterwards overrides its value in the document. LoadRenewerOptions returns
// [ErrInvalidArgument] for an invalid document.
func LoadRenewerOptions(document []byte) (RenewerOptions, error) {
	return RenewerOptions{document: string(document)}, check(native.KindRenewer, document)
}

// String returns the settings as a JSON document without any secret.
func (o RenewerOptions) String() string { return describe(native.KindRenewer, o.apply) }

// GoString returns the same as String.
func (o RenewerOptions) GoString() string { return o.String() }

// Format writes String for every verb, because some verbs would print secret fields.
func (o RenewerOptions) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, o.String()) }

// LogValue returns the same as String, for slog.
func (o RenewerOptions) LogValue() slog.Value { return slog.StringValue(o.String()) }

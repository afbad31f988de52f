//go:build cgo

package bouncer

// An Algorithm is the JWA name of a signature algorithm: the value of the header parameter "alg"
// (RFC 7518 section 3.1, RFC 8037, RFC 9864). "none" and the symmetric HS algorithms are not
// supported.
type Algorithm string

// The supported algorithms.
const (
	RS256   Algorithm = "RS256" // RSASSA-PKCS1-v1_5 with SHA-256: the default of a Policy
	RS384   Algorithm = "RS384"
	RS512   Algorithm = "RS512"
	PS256   Algorithm = "PS256" // RSASSA-PSS with SHA-256
	PS384   Algorithm = "PS384"
	PS512   Algorithm = "PS512"
	ES256   Algorithm = "ES256" // ECDSA on P-256 with SHA-256
	ES384   Algorithm = "ES384" // ECDSA on P-384 with SHA-384
	ES512   Algorithm = "ES512" // ECDSA on P-521 with SHA-512
	Ed25519 Algorithm = "Ed25519"
	EdDSA   Algorithm = "EdDSA" // the old name of Ed25519; a policy that lists either accepts both
)

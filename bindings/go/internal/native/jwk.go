package native

/*
#include "bouncer_verify.h"
*/
import "C"

import "unsafe"

// A JWK contains all properties of a public key.
type JWK struct {
	KID        string
	HasKID     bool
	Algorithm  string
	KeyType    string
	Curve      string
	Bits       int
	N, E       []byte
	Tolerated  bool // a number is written in a form that RFC 7518 forbids
	PEM        string
	DER        []byte
	JSON       string
	Thumbprint string
	DCOSKID    string
}

// JWKFromJSON parses a JWK.
func JWKFromJSON(document []byte) (JWK, *Error) {
	var key *C.bouncer_jwk
	var err *C.bouncer_error
	status := C.bouncer_jwk_from_json(bytesPointer(document), C.size_t(len(document)), &key, &err)
	return takeJWK(status, key, err)
}

// JWKFromPEM parses a key in PEM.
func JWKFromPEM(pem []byte) (JWK, *Error) {
	var key *C.bouncer_jwk
	var err *C.bouncer_error
	status := C.bouncer_jwk_from_pem(bytesPointer(pem), C.size_t(len(pem)), &key, &err)
	return takeJWK(status, key, err)
}

// JWKFromDER parses a key in DER SubjectPublicKeyInfo.
func JWKFromDER(der []byte) (JWK, *Error) {
	var key *C.bouncer_jwk
	var err *C.bouncer_error
	status := C.bouncer_jwk_from_der(octets(der), C.size_t(len(der)), &key, &err)
	return takeJWK(status, key, err)
}

// JWKFromRSA makes a key from an RSA modulus and exponent, both big-endian.
func JWKFromRSA(n, e []byte) (JWK, *Error) {
	var key *C.bouncer_jwk
	var err *C.bouncer_error
	status := C.bouncer_jwk_from_rsa_components(octets(n), C.size_t(len(n)), octets(e), C.size_t(len(e)), &key, &err)
	return takeJWK(status, key, err)
}

func octets(bytes []byte) *C.uint8_t { return (*C.uint8_t)(unsafe.SliceData(bytes)) }

// takeJWK copies the key that a call returned, and frees the original.
func takeJWK(status C.bouncer_status, key *C.bouncer_jwk, err *C.bouncer_error) (JWK, *Error) {
	if status != C.BOUNCER_STATUS_OK {
		return JWK{}, takeError(err)
	}
	defer C.bouncer_jwk_free(key)
	return readJWK(key), nil
}

func readJWK(key *C.bouncer_jwk) JWK {
	kid := C.bouncer_jwk_kid(key)
	return JWK{
		KID:        textOf(kid),
		HasKID:     kid.data != nil,
		Algorithm:  textOf(C.bouncer_jwk_algorithm(key)),
		KeyType:    textOf(C.bouncer_jwk_key_type(key)),
		Curve:      textOf(C.bouncer_jwk_curve(key)),
		Bits:       int(C.bouncer_jwk_bits(key)),
		N:          bytesOf(C.bouncer_jwk_n(key)),
		E:          bytesOf(C.bouncer_jwk_e(key)),
		Tolerated:  C.bouncer_jwk_is_tolerated(key) != 0,
		PEM:        textOf(C.bouncer_jwk_pem(key)),
		DER:        bytesOf(C.bouncer_jwk_der(key)),
		JSON:       textOf(C.bouncer_jwk_json(key)),
		Thumbprint: textOf(C.bouncer_jwk_thumbprint(key)),
		DCOSKID:    textOf(C.bouncer_jwk_dcos_kid(key)),
	}
}

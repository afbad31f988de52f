package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"log"
	"math/big"
	"runtime"
	"strings"
	"time"
)

type header struct {
	Alg string `json:"alg"`
	Kid string `json:"kid"`
}

type claims struct {
	Exp int64  `json:"exp"`
	Iss string `json:"iss"`
	Aud string `json:"aud"`
	Sub string `json:"sub"`
	UID string `json:"uid"`
}

// publicKeys returns the keys of the fixture by "kid".
func publicKeys(f fixture) map[string]*rsa.PublicKey {
	var set struct {
		Keys []struct{ Kid, N, E string }
	}
	if err := json.Unmarshal(f.jwks, &set); err != nil {
		log.Fatal(err)
	}
	number := func(text string) *big.Int {
		bytes, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			log.Fatal(err)
		}
		return new(big.Int).SetBytes(bytes)
	}
	keys := map[string]*rsa.PublicKey{}
	for _, key := range set.Keys {
		keys[key.Kid] = &rsa.PublicKey{N: number(key.N), E: int(number(key.E).Int64())}
	}
	return keys
}

// onlyKey returns the key of a set with one key.
func onlyKey(keys map[string]*rsa.PublicKey) *rsa.PublicKey {
	for _, key := range keys {
		return key
	}
	return nil
}

// byHand returns a candidate that uses only the standard library. It makes only the checks that
// every service needs.
func byHand(f fixture) *candidate {
	keys, isBouncer := publicKeys(f), f.isBouncer()
	only := onlyKey(keys)
	decode := func(text string, value any) bool {
		bytes, err := base64.RawURLEncoding.DecodeString(text)
		return err == nil && json.Unmarshal(bytes, value) == nil
	}
	verify := func(i int) string {
		token := f.samples[i].token
		dot := strings.LastIndexByte(token, '.')
		if dot < 0 {
			return "!malformed"
		}
		first, second, found := strings.Cut(token[:dot], ".")
		if !found {
			return "!malformed"
		}
		var header header
		if !decode(first, &header) || header.Alg != "RS256" {
			return "!malformed"
		}
		key := only
		if !isBouncer {
			if key = keys[header.Kid]; key == nil {
				return "!unknown_key"
			}
		}
		signature, err := base64.RawURLEncoding.DecodeString(token[dot+1:])
		if err != nil {
			return "!malformed"
		}
		digest := sha256.Sum256([]byte(token[:dot]))
		if rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature) != nil {
			return "!invalid_signature"
		}
		var claims claims
		if !decode(second, &claims) {
			return "!malformed"
		}
		switch {
		case claims.Exp <= time.Now().Unix():
			return "!expired"
		case isBouncer:
			return claims.UID
		case claims.Iss != issuer || claims.Aud != audience:
			return "!another"
		}
		return claims.Sub
	}
	return &candidate{f, "standard library, by hand", runtime.Version(), verify}
}

// signatureAlone returns a candidate that verifies only the signatures. The tokens are decoded
// before the measurement.
func signatureAlone(f fixture) *candidate {
	key := onlyKey(publicKeys(f))
	inputs, signatures := make([][]byte, len(f.samples)), make([][]byte, len(f.samples))
	for i, sample := range f.samples {
		dot := strings.LastIndexByte(sample.token, '.')
		inputs[i] = []byte(sample.token[:dot])
		signatures[i], _ = base64.RawURLEncoding.DecodeString(sample.token[dot+1:])
	}
	verify := func(i int) string {
		digest := sha256.Sum256(inputs[i])
		if rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signatures[i]) != nil {
			return "!invalid_signature"
		}
		return f.samples[i].expected
	}
	return &candidate{f, "crypto/rsa, signature alone", runtime.Version(), verify}
}

// ecdsaAlone returns a candidate that verifies only the signatures of ES256. The tokens are decoded
// before the measurement.
func ecdsaAlone(f fixture) *candidate {
	var set struct {
		Keys []struct{ X, Y string }
	}
	if err := json.Unmarshal(f.jwks, &set); err != nil {
		log.Fatal(err)
	}
	bytes := func(text string) []byte {
		decoded, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			log.Fatal(err)
		}
		return decoded
	}
	number := func(bytes []byte) *big.Int { return new(big.Int).SetBytes(bytes) }
	x, y := number(bytes(set.Keys[0].X)), number(bytes(set.Keys[0].Y))
	key := &ecdsa.PublicKey{Curve: elliptic.P256(), X: x, Y: y}
	inputs, r, s := make([][]byte, len(f.samples)), make([]*big.Int, len(f.samples)), make([]*big.Int, len(f.samples))
	for i, sample := range f.samples {
		dot := strings.LastIndexByte(sample.token, '.')
		inputs[i] = []byte(sample.token[:dot])
		signature := bytes(sample.token[dot+1:])
		r[i], s[i] = number(signature[:32]), number(signature[32:])
	}
	verify := func(i int) string {
		digest := sha256.Sum256(inputs[i])
		if !ecdsa.Verify(key, digest[:], r[i], s[i]) {
			return "!invalid_signature"
		}
		return f.samples[i].expected
	}
	return &candidate{f, "Go's ECDSA, signature alone", runtime.Version(), verify}
}

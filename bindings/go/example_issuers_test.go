package bouncer_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"bouncer-verify.internal/bouncer"
)

// Tokens of two issuers: an OpenID provider beside DC/OS. Operators may change the document, which
// would be a file.
func ExampleLoadVerifier() {
	provider := newProvider() // an identity provider on this machine
	defer provider.Close()
	dcos := newIAM() // DC/OS on this machine
	defer dcos.Close()
	issuer, jwksURL, ctx := provider.URL, dcos.URL+jwksPath, context.Background()
	textOfProvider, textOfDCOS := provider.token("https://api.example/"), dcosToken()

	verifier, err := bouncer.LoadVerifier([]byte(`{
		"accept": [
			{"issuers": ["` + issuer + `"], "audiences": ["https://api.example/"]},
			{"profile": "dcos", "keys": {"url": "` + jwksURL + `"}}
		]
	}`))
	if err != nil {
		log.Fatal(err) // names the setting: "accept[1].keys.url"
	}
	defer verifier.Close()

	for _, text := range []string{textOfProvider, textOfDCOS} {
		token, err := verifier.VerifyContext(ctx, text)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("sub %q, uid %q\n", token.Subject(), token.UID())
	}
	// Output:
	// sub "anna", uid ""
	// sub "", uid "peter"
}

// dcosToken returns a token for peter, as DC/OS makes it.
func dcosToken() string {
	payload := fmt.Sprintf(`{"uid":"peter","exp":%d}`, time.Now().Add(time.Hour).Unix())
	return testIssuer().sign(nil, bouncer.RS256, `{"alg":"RS256"}`, payload)
}

// The same verifier, made in code.
func ExampleNewVerifierOf() {
	provider := newProvider() // an identity provider on this machine
	defer provider.Close()
	issuer := provider.URL

	providerKeys, err := bouncer.NewRemoteJWKS(bouncer.RemoteOptions{Discover: issuer})
	if err != nil {
		log.Fatal(err)
	}
	defer providerKeys.Close()
	dcosKeys, err := bouncer.LoadJWKS([]byte(documentJWKS))
	if err != nil {
		log.Fatal(err)
	}

	verifier, err := bouncer.NewVerifierOf(
		bouncer.Entry{Keys: providerKeys, Policy: bouncer.ForIssuer(issuer, "https://api.example/")},
		bouncer.Entry{Keys: dcosKeys, Policy: bouncer.DCOS()},
	)
	if err != nil {
		log.Fatal(err)
	}
	defer verifier.Close()

	for _, text := range []string{provider.token("https://api.example/"), documentToken} {
		token, err := verifier.Verify(text)
		fmt.Println(token != nil, errors.Is(err, bouncer.ErrExpired))
	}
	// Output:
	// true false
	// false true
}

// A new document replaces the entries, while other goroutines verify tokens. A bad document changes
// nothing.
func ExampleVerifier_Reload() {
	dcos := `{"profile": "dcos", "keys": {"jwks": ` + documentJWKS + `}}`
	verifier, err := bouncer.LoadVerifier([]byte(`{"accept": [` + dcos + `]}`))
	if err != nil {
		log.Fatal(err)
	}
	defer verifier.Close()

	changed := `{"accept": [` + dcos + `, {"issuers": ["https://idp.example/"], "leeway": 30}]}`
	err = verifier.Reload([]byte(changed))
	var fault *bouncer.Error
	if errors.As(err, &fault) {
		fmt.Println(fault.Name(), fault.Claim) // invalid_argument accept[1].leeway
	}
	// Output: invalid_argument accept[1].leeway
}

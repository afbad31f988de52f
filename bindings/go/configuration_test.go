package bouncer_test

import (
	"reflect"
	"testing"

	"bouncer-verify.internal/bouncer"
)

type configurationFile struct {
	Class, About   string
	Configurations map[string]string
	Cases          []configurationCase
}

type configurationCase struct {
	ID, Why, Configuration string
	document               string // the document that Configuration names
	Token                  string
	Expect                 configurationOutcome
}

type configurationOutcome struct {
	Status string
	Claim  string
	Claims any
}

// configurations returns all cases of the corpus with a configuration document.
func configurations(t testing.TB) []configurationCase {
	var all []configurationCase
	readCorpus(t, "configuration/*.json", func(file configurationFile) {
		for _, c := range file.Cases {
			document, known := file.Configurations[c.Configuration]
			if !known {
				t.Fatalf("%s: the file has no configuration %q", c.ID, c.Configuration)
			}
			c.document = document
			all = append(all, c)
		}
	})
	if len(all) < 60 {
		t.Fatalf("the corpus has only %d cases with a configuration", len(all))
	}
	return all
}

// All functions that verify a token with a configuration document.
var configuredFunctions = map[string]func(document, token string) (*bouncer.VerifiedToken, error){
	"LoadVerifier": func(document, token string) (*bouncer.VerifiedToken, error) {
		verifier, err := bouncer.LoadVerifier([]byte(document))
		if err != nil {
			return nil, err
		}
		defer verifier.Close()
		return verifier.Verify(token)
	},
	"Reload": func(document, token string) (*bouncer.VerifiedToken, error) {
		verifier, err := bouncer.LoadVerifier([]byte(dcosConfiguration))
		if err != nil {
			return nil, err
		}
		defer verifier.Close()
		if err := verifier.Reload([]byte(document)); err != nil {
			return nil, err
		}
		return verifier.Verify(token)
	},
	"VerifyBatch": func(document, token string) (*bouncer.VerifiedToken, error) {
		verifier, err := bouncer.LoadVerifier([]byte(document))
		if err != nil {
			return nil, err
		}
		defer verifier.Close()
		return lastOf(verifier.VerifyBatch([]string{"a.b.c", documentToken, token}, 1))
	},
	"a cache": func(document, token string) (*bouncer.VerifiedToken, error) {
		verifier, err := bouncer.LoadVerifier([]byte(document))
		if err != nil {
			return nil, err
		}
		defer verifier.Close()
		cached, err := verifier.WithCache(10)
		if err != nil {
			return nil, err
		}
		defer cached.Close()
		_, _ = cached.Verify(token)
		return cached.Verify(token)
	},
}

// dcosConfiguration is a document with a single entry, for the document's token.
const dcosConfiguration = `{"accept": [{"profile": "dcos", "keys": {"jwks": ` + documentJWKS + `}}]}`

func TestEveryConfigurationOfTheCorpusHasTheExpectedResult(t *testing.T) {
	cases := configurations(t)
	for _, c := range cases {
		for function, verify := range configuredFunctions {
			var found configurationOutcome
			if token, err := verify(c.document, c.Token); err != nil {
				rejected := rejection(t, err)
				found = configurationOutcome{Status: rejected.Status, Claim: rejected.Claim}
			} else {
				found.Status = "ok"
				if err := token.Claims(&found.Claims); err != nil {
					t.Errorf("%s: %v", c.ID, err)
				}
			}
			if !reflect.DeepEqual(found, c.Expect) {
				t.Errorf("%s with %s:\nexpected %s\n   found %s", c.ID, function, asJSON(c.Expect), asJSON(found))
			}
		}
	}
	t.Logf("verified %d cases with %d functions", len(cases), len(configuredFunctions))
}

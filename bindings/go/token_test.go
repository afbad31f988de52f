package bouncer_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"log/slog"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"bouncer-verify.internal/bouncer"
)

func documentVerified(t testing.TB) *bouncer.VerifiedToken {
	jwks := must(bouncer.LoadJWKS([]byte(documentJWKS)))(t)
	defer jwks.Close()
	return must(bouncer.VerifyToken(jwks, documentPolicy, documentToken))(t)
}

func TestTheGettersReturnTheClaimsOfTheExampleToken(t *testing.T) {
	token := documentVerified(t)
	if token.UID() != "peter" || token.Algorithm() != bouncer.RS256 || len(token.KeyID()) != 64 {
		t.Error(token.UID(), token.Algorithm(), token.KeyID())
	}
	if token.Issuer() != "" || token.Subject() != "" || token.TokenID() != "" || token.Audience() != nil {
		t.Error("a getter returned a value for an absent claim")
	}
	if at, found := token.ExpiresAt(); !found || at != time.Unix(documentExp, 0).UTC() {
		t.Error(at, found)
	}
	if at, found := token.NotBefore(); found || !at.IsZero() {
		t.Error(at, found)
	}
	if string(token.Payload()) != `{"exp":1467985466,"uid":"peter"}` || string(token.Header()) != `{"typ":"JWT","alg":"RS256"}` {
		t.Errorf("%s %s", token.Payload(), token.Header())
	}
}

func TestAVerifiedTokenIsImmutable(t *testing.T) {
	token := documentVerified(t)
	clear(token.Payload())
	clear(token.Header())
	if token.UID() != "peter" || !json.Valid(token.Payload()) || !json.Valid(token.Header()) {
		t.Errorf("%q %q", token.Payload(), token.Header())
	}
}

func TestClaimsFillAStruct(t *testing.T) {
	token := documentVerified(t)
	var claims struct {
		UID string `json:"uid"`
		Exp int64  `json:"exp"`
	}
	if err := token.Claims(&claims); err != nil || claims.UID != "peter" || claims.Exp != documentExp {
		t.Error(claims, err)
	}
	var wrong struct {
		UID int `json:"uid"`
	}
	if err := token.Claims(&wrong); err == nil || !strings.HasPrefix(err.Error(), "bouncer: ") {
		t.Error(err)
	}
}

func TestClaimsAreFoundByTheirExactNames(t *testing.T) {
	issuer := testIssuer()
	token := must(bouncer.VerifyToken(issuer.jwks(t, bouncer.RS256), bouncer.Policy{Profile: "dcos", OptionalExp: true, AnyAudience: true},
		issuer.sign(t, bouncer.RS256, `{"alg":"RS256"}`,
			`{"uid":"anna","UID":"root","a\u0062c":[1, {"uid":"x"}],"AUD":"z","n":9007199254740993,"nothing":null}`)))(t)
	for name, expected := range map[string]string{
		"uid": `"anna"`, "UID": `"root"`, "abc": `[1, {"uid":"x"}]`, "n": `9007199254740993`, "nothing": `null`,
	} {
		if value, found := token.Claim(name); !found || string(value) != expected {
			t.Errorf("Claim(%q) is %s, %v", name, value, found)
		}
	}
	for _, name := range []string{"", "Uid", "aud", "x", "\xff"} {
		if value, found := token.Claim(name); found || value != nil {
			t.Errorf("Claim(%q) is %s, expected no claim", name, value)
		}
	}
	if token.UID() != "anna" || token.Audience() != nil {
		t.Error(token.UID(), token.Audience())
	}
}

func TestANestedClaimIsFoundAtTheLongestName(t *testing.T) {
	token := verifiedClaims(t, `{"a":{"b":{"c":1},"d":["x","y"]},"a.b":{"c":2},"https://x.example/id":3,
		"s":"a","l":[{"m":1}],"n":{"m":null},"":{"e":"f"}}`)
	for name, expected := range map[string]string{
		"a.b.c": "2", "a.b": `{"c":2}`, "a.d": `["x","y"]`, "https://x.example/id": "3", "n.m": "null", ".e": `"f"`,
	} {
		if value, found := token.Claim(name); !found || string(value) != expected {
			t.Errorf("Claim(%q) is %s, %v", name, value, found)
		}
	}
	for _, name := range []string{"a.b.x", "a.c", "b", "a.", ".a", "s.a", "l.m", "l.0", "https://x", "n.m.o"} {
		if value, found := token.Claim(name); found {
			t.Errorf("Claim(%q) is %s, expected no claim", name, value)
		}
	}
	if texts, found := token.ClaimStrings("a.d"); !found || !slices.Equal(texts, []string{"x", "y"}) {
		t.Error(texts)
	}
	if text, found := token.ClaimString(".e"); !found || text != "f" {
		t.Error(text)
	}
}

func TestScopesAndTheIdentityComeFromTheClaimsThatThePolicyNames(t *testing.T) {
	issuer := testIssuer()
	text := issuer.sign(t, bouncer.RS256, `{"alg":"RS256"}`, `{"sub":"s","email":"a@b","scope":"read  write","r":{"x":["\u0061","b c"]},"y":1}`)
	policy := bouncer.Policy{OptionalExp: true, AnyIssuer: true}
	token := must(bouncer.VerifyToken(issuer.jwks(t, bouncer.RS256), policy, text))(t)
	if token.Identity() != "s" || !slices.Equal(token.Scopes(), []string{"read", "write"}) || !token.HasScope("write") {
		t.Error(token.Identity(), token.Scopes())
	}
	policy.IdentityClaim, policy.ScopeClaims = "email", []string{"y", "r.x", "absent", "scope"}
	policy.ClaimHas = map[string][]string{"r.x": {"a", "b c"}}
	token = must(bouncer.VerifyToken(issuer.jwks(t, bouncer.RS256), policy, text))(t)
	if token.Identity() != "a@b" || !slices.Equal(token.Scopes(), []string{"a", "b c", "read", "write"}) {
		t.Error(token.Identity(), token.Scopes())
	}
	if token.HasScope("b") || token.HasScope("") || !token.HasScope("b c") {
		t.Error("HasScope is wrong")
	}
	policy.RequiredScopes = []string{"read", "admin"}
	_, err := bouncer.VerifyToken(issuer.jwks(t, bouncer.RS256), policy, text)
	expectError(t, err, bouncer.ErrInsufficientScope)
	if bouncer.HTTPStatus(err) != 403 || !strings.Contains(err.Error(), "admin") || strings.Contains(err.Error(), "read") {
		t.Error(err)
	}
	policy.RequiredScopes, policy.ClaimIs = nil, map[string][]string{"email": {"b@b", "c@b"}}
	_, err = bouncer.VerifyToken(issuer.jwks(t, bouncer.RS256), policy, text)
	expectError(t, err, bouncer.ErrClaimNotAllowed)
	var none bouncer.VerifiedToken
	if none.Identity() != "" || none.Scopes() != nil || none.HasScope("a") {
		t.Error("the zero token has an identity or scopes")
	}
}

func TestAnAccessTokenHasTheTypeAndTheClaimsOfRFC9068(t *testing.T) {
	issuer := testIssuer()
	claims := `{"iss":"i","aud":"a","exp":4000000000,"iat":1,"sub":"s","client_id":"c","jti":"j"}`
	verify := func(typ, claims string) error {
		text := issuer.sign(t, bouncer.RS256, `{"alg":"RS256","typ":"`+typ+`"}`, claims)
		_, err := bouncer.VerifyToken(issuer.jwks(t, bouncer.RS256), bouncer.AccessToken("i", "a"), text)
		return err
	}
	if err := verify("at+jwt", claims); err != nil {
		t.Error(err)
	}
	expectError(t, verify("JWT", claims), bouncer.ErrWrongTokenType)
	expectError(t, verify("at+jwt", strings.Replace(claims, "client_id", "azp", 1)), bouncer.ErrMissingClaim)
}

func TestATypedGetterReturnsOnlyClaimsOfItsType(t *testing.T) {
	token := verifiedClaims(t, `{"s":"anna", "escaped" : "a\u00fc\n\"" ,"empty":"","n":9007199254740993,"max":9223372036854775807,
		"min":-9223372036854775808,"zero":0,"minus":-0,"over":9223372036854775808,"fraction":1.5,"whole":1.0,"exponent":1e3,"large":9007199254740992.0,"too large":9007199254740994.0,"huge":1e300,"digits":"5","text":"1e3",
		"list":["a","b"],"one":["a"],"none":[],"mixed":["a",1],"null in it":["a",null],"nested":[["a"]],"nothing":null,"yes":true,
		"object":{"s":"anna"},"S":"root"}`)
	strings := map[string]string{"s": "anna", "escaped": "aü\n\"", "empty": "", "digits": "5", "text": "1e3", "S": "root"}
	integers := map[string]int64{"n": 9007199254740993, "max": math.MaxInt64, "min": math.MinInt64, "zero": 0, "minus": 0, "whole": 1, "exponent": 1000, "large": 1 << 53}
	lists := map[string][]string{"list": {"a", "b"}, "one": {"a"}, "none": {}}
	for name, text := range strings {
		lists[name] = []string{text}
	}
	var all map[string]any
	if err := token.Claims(&all); err != nil {
		t.Fatal(err)
	}
	for _, name := range append(slices.Collect(maps.Keys(all)), "absent", "", "N", "LIST") {
		text, isText := token.ClaimString(name)
		if expected, known := strings[name]; isText != known || text != expected {
			t.Errorf("ClaimString(%q) is %q, %v", name, text, isText)
		}
		integer, isInteger := token.ClaimInteger(name)
		if expected, known := integers[name]; isInteger != known || isInteger && integer != expected {
			t.Errorf("ClaimInteger(%q) is %d, %v", name, integer, isInteger)
		}
		list, isList := token.ClaimStrings(name)
		if expected, known := lists[name]; isList != known || !slices.Equal(list, expected) || isList && list == nil {
			t.Errorf("ClaimStrings(%q) is %q, %v", name, list, isList)
		}
	}
}

// verifiedClaims returns a verified token with this payload.
func verifiedClaims(t testing.TB, payload string) *bouncer.VerifiedToken {
	issuer := testIssuer()
	policy := bouncer.Policy{OptionalExp: true, AnyIssuer: true, AnyAudience: true}
	return must(bouncer.VerifyToken(issuer.jwks(t, bouncer.RS256), policy, issuer.sign(t, bouncer.RS256, `{"alg":"RS256"}`, payload)))(t)
}

func TestClaimsAreNotPrinted(t *testing.T) {
	token := verifiedClaims(t, `{"uid":"anna","sub":"anna","iss":"anna","jti":"anna","email":"anna","exp":99999999999}`)
	ctx := bouncer.ContextWithToken(context.Background(), token)
	holder := struct{ token *bouncer.VerifiedToken }{token}
	byValue := struct{ token bouncer.VerifiedToken }{*token}
	exported := struct{ Token bouncer.VerifiedToken }{*token}
	var logged bytes.Buffer
	for _, value := range []any{token, *token, &token, ctx, holder, &holder, byValue, &byValue, exported, []*bouncer.VerifiedToken{token}, map[string]any{"t": token}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "%t", "%08.3f", "%c", "%U", "%p"} {
			fmt.Fprintf(&logged, verb+"\n", value)
		}
		slog.New(slog.NewTextHandler(&logged, nil)).Info("text", "value", value)
		log.New(&logged, "", 0).Println(value)
	}
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("JSON", "pointer", token, "value", *token)
	text := logged.String()
	for _, secret := range []string{"anna", "616e6e61", "616E6E61", "99999999999", "email", "uid"} {
		if at := strings.Index(text, secret); at >= 0 {
			t.Errorf("the log contains %s: %s", secret, text[max(0, at-80):min(len(text), at+80)])
		}
	}
	if !strings.Contains(text, "token verified by RS256") {
		t.Error(text)
	}
	for _, none := range []any{bouncer.VerifiedToken{}, &bouncer.VerifiedToken{}} {
		if found := fmt.Sprint(none); found != "no token" {
			t.Error(found)
		}
	}
	if found := fmt.Sprintf("%v %+v", (*bouncer.VerifiedToken)(nil), (*bouncer.VerifiedToken)(nil)); found != "<nil> <nil>" {
		t.Error(found)
	}
}

func TestATokenIsMarshaledAsItsClaims(t *testing.T) {
	token := verifiedClaims(t, `{ "uid" : "anna", "n" : 9007199254740993 }`)
	const claims = `{"uid":"anna","n":9007199254740993}`
	for value, expected := range map[any]string{
		token:                            claims,
		*token:                           claims,
		(*bouncer.VerifiedToken)(nil):    "null",
		bouncer.VerifiedToken{}:          "null",
		[1]*bouncer.VerifiedToken{token}: "[" + claims + "]",
	} {
		if text := must(json.Marshal(value))(t); string(text) != expected {
			t.Errorf("the JSON is %s, expected %s", text, expected)
		}
	}
}

// The first buffer for a result has 1024 bytes. The sizes are below, at and above this limit.
func TestResultsOfEverySizeAreRead(t *testing.T) {
	issuer := testIssuer()
	for _, size := range []int{0, 1, 700, 900, 1000, 1023, 1024, 1025, 1365, 1366, 3000, 11000} {
		for _, kidLen := range []int{0, 1, 1000} {
			kid := strings.Repeat("k", kidLen)
			var document map[string]any
			key := must(bouncer.JWKFromPublicKey(issuer.public(bouncer.RS256)))(t)
			_ = json.Unmarshal([]byte(key.String()), &document)
			document["kid"] = kid
			jwks := must(bouncer.LoadJWKS([]byte(asJSON(map[string]any{"keys": []any{document}}))))(t)
			// For strings with escapes, the library also keeps the decoded form.
			filler := strings.Repeat("x", size)
			payload := fmt.Sprintf(`{"uid":"\u00fc%s","sub":"\u00fc%[1]s","iss":"","jti":"j"}`, filler)
			text := issuer.sign(t, bouncer.RS256, `{"alg":"RS256"}`, payload)
			token, err := bouncer.VerifyToken(jwks, bouncer.Policy{Profile: "dcos", OptionalExp: true, MaxTokenLen: 1 << 20}, text)
			if err != nil {
				t.Fatal(size, kidLen, err)
			}
			if token.UID() != "ü"+filler || token.Subject() != "ü"+filler || token.Issuer() != "" || token.TokenID() != "j" {
				t.Error(size, kidLen, token.UID())
			}
			if token.KeyID() != kid || string(token.Payload()) != payload || token.Algorithm() != "RS256" {
				t.Error(size, kidLen, token.KeyID())
			}
			_ = jwks.Close()
		}
	}
}

func TestErrorsOfEverySizeAreRead(t *testing.T) {
	issuer := testIssuer()
	jwks := issuer.jwks(t, bouncer.RS256)
	for _, size := range []int{1, 500, 1000, 5000} {
		name := strings.Repeat("n", size)
		for _, filler := range []int{0, 2000} {
			payload := asJSON(map[string]any{"uid": "anna", "filler": strings.Repeat("x", filler)})
			_, err := bouncer.VerifyToken(jwks, bouncer.Policy{Profile: "dcos", OptionalExp: true, RequiredClaims: []string{name}},
				issuer.sign(t, bouncer.RS256, `{"alg":"RS256"}`, payload))
			expectError(t, err, bouncer.ErrMissingClaim)
			if fault := err.(*bouncer.Error); fault.Claim != name || !strings.Contains(fault.Message, name) {
				t.Error(size, fault)
			}
		}
	}
}

func TestTokensOverTheLimitAreTooLarge(t *testing.T) {
	jwks := must(bouncer.LoadJWKS([]byte(documentJWKS)))(t)
	for _, size := range []int{16385, 1 << 20, 1<<20 + 1, 1 << 24} {
		_, err := bouncer.VerifyToken(jwks, bouncer.DCOS(), strings.Repeat("a", size))
		expectError(t, err, bouncer.ErrTokenTooLarge)
	}
}

func TestExtremeTimesAreStillBeforeOrAfterNow(t *testing.T) {
	issuer := testIssuer()
	text := issuer.sign(t, bouncer.RS256, `{"alg":"RS256"}`,
		fmt.Sprintf(`{"uid":"anna","exp":%d,"iat":%d}`, int64(math.MaxInt64), int64(math.MinInt64)))
	token := must(bouncer.VerifyToken(issuer.jwks(t, bouncer.RS256), bouncer.DCOS(), text))(t)
	if at, _ := token.ExpiresAt(); !at.After(time.Now()) {
		t.Error(at)
	}
	if at, _ := token.IssuedAt(); !at.Before(time.Now()) || at.Unix() != math.MinInt64 {
		t.Error(at)
	}
}

//! Tests that the text of an error names the cause.

mod support {
    pub(crate) mod signer;
}

use bouncer_verify::{Algorithm, Jwk, JwkSet, Policy, token_from_authorization, verify_token};
use std::time::Duration;
use support::signer::{Key, base64url};

const NOW: i64 = 1_700_000_000;
const CLAIMS: &str = r#"{"exp":1700003600,"uid":"peter"}"#;

fn ed25519(members: &str) -> String {
    let json = Jwk::from_der(&Key::load("ed25519-a").public_der()).unwrap().to_json();
    format!("{},{members}}}", &json[..json.len() - 1])
}

fn jwks() -> JwkSet {
    let small = r#"{"kty":"RSA","kid":"small","e":"AQAB","n":"3Q"}"#;
    let document = format!(
        r#"{{"keys":[{},{small},{{"kty":"RSA","kid":"bare","x5c":["MII"]}}]}}"#,
        ed25519(r#""kid":"good""#)
    );
    JwkSet::from_slice(document.as_bytes()).unwrap()
}

fn any() -> Policy {
    Policy::any_issuer().algorithms([Algorithm::Ed25519, Algorithm::Rs256]).time(NOW)
}

/// Returns a token with this header and these claims, signed by the key `good`.
fn signed(header: &str, claims: &str) -> String {
    Key::load("ed25519-a").token(Algorithm::Ed25519, header, claims)
}

fn claims(claims: &str) -> String {
    signed(r#"{"alg":"EdDSA","kid":"good"}"#, claims)
}

fn header(members: &str) -> String {
    signed(&format!("{{{members}}}"), CLAIMS)
}

/// Returns a signed token with this payload, which is already encoded.
fn signed_encoded(payload: &str) -> String {
    let input = format!("{}.{payload}", base64url(r#"{"alg":"EdDSA","kid":"good"}"#));
    let signature = Key::load("ed25519-a").sign(Algorithm::Ed25519, input.as_bytes());
    format!("{input}.{}", base64url(signature))
}

#[track_caller]
fn assert_contains(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{word:?} is not in {text:?}");
    }
}

fn message(policy: &Policy, token: impl AsRef<[u8]>) -> String {
    verify_token(&jwks(), policy, token).unwrap_err().to_string()
}

#[test]
fn the_text_of_an_error_names_the_cause() {
    forms_of_a_token();
    headers();
    keys_for_a_token();
    claims_and_policies();
    headers_of_a_request();
    key_sets();
    single_keys();
}

fn forms_of_a_token() {
    let good = claims(CLAIMS);
    assert!(verify_token(&jwks(), &any(), &good).is_ok());
    let json = |text: &str| format!("{}.AAAA.AAAA", base64url(text));
    for (token, words) in [
        (String::new(), &["the token is empty"][..]),
        (format!("{good}\0"), &["a NUL byte at the end", "one too long"]),
        (format!("{good}\n"), &["white space around the token"]),
        (format!(" {good}"), &["white space around the token"]),
        (good.replacen('.', ". ", 1), &["white space within the token"]),
        (format!("Bearer {good}"), &["starts with \"Bearer \""]),
        (format!("Authorization: Bearer {good}"), &["starts with \"Authorization:\"", "the token alone"]),
        (format!("*{}", &good[1..]), &["an invalid character", "A-Z a-z 0-9 - _ ."]),
        ("\u{1}\u{2}=\u{3}".to_owned(), &["binary data, not text"]),
        (format!("AAA{good}"), &["the header is not valid base64url", "cut or altered?"]),
        (good[..good.len() - 1].to_owned(), &["the signature is not valid base64url", "cut or altered?"]),
        (signed_encoded("A"), &["the payload is not valid base64url", "cut or altered?"]),
        (format!("token={good}"), &["starts with \"token=\""]),
        (format!("\"{good}\""), &["quotation marks"]),
        (r#"{"access_token":"x"}"#.to_owned(), &["JSON", "three parts"]),
        (good.replacen('.', "=.", 1), &["padding"]),
        (format!("{good}~"), &["SD-JWT"]),
        (good.replacen('.', "%2E", 1), &["URL-encoded"]),
        (format!("{good},{good}"), &["a comma"]),
        ("4f2a9c7be0d14fd1".to_owned(), &["not a JWT", "no dots", "opaque"]),
        ("a.b".to_owned(), &["not a JWT", "2 parts", "not three"]),
        (format!("{good}.A"), &["4 parts"]),
        (format!("{good}.A.A"), &["encrypted", "JWE"]),
        ("a".repeat(16_385), &["too large", "16385", "16384"]),
        (json(&format!("{{\"x\":\"{}\"}}", "x".repeat(8192))), &["header", "8200 bytes", "8192"]),
    ] {
        assert_contains(&message(&any(), token), words);
    }
    let large = any().max_token_len(1 << 20).unwrap();
    let token = json(&" ".repeat(20_000));
    assert_contains(
        &message(&large, token),
        &["20000 bytes", "at most 8192", "a policy cannot raise this limit"],
    );
}

fn headers() {
    for (members, words) in [
        (r#""alg":"EdDSA","alg":"EdDSA""#, &["header", "duplicate member name", "at byte 15"][..]),
        (r#""alg":"EdDSA","x":"\ud800""#, &["header", "lone surrogate", "at byte 20"]),
        (r#""alg":"EdDSA","kid":7"#, &["header", "\"kid\"", "a number, not a string"]),
        (r#""alg":"EdDSA","typ":[]"#, &["\"typ\"", "an array"]),
        (r#""kid":"good""#, &["\"alg\"", "missing"]),
        (r#""alg":null"#, &["\"alg\"", "missing"]),
        (r#""alg":"HS256""#, &["symmetric algorithms", "not supported"]),
        (r#""alg":"none""#, &["without a signature"]),
        (r#""alg":"rs256""#, &["case-sensitive", "RS256"]),
        (r#""alg":"ES256K""#, &["secp256k1"]),
        (r#""alg":"x""#, &["use RS256", "or Ed25519"]),
        (r#""alg":"ES256""#, &["not allowed", "the token has ES256", "algorithms are RS256, Ed25519"]),
        (r#""alg":"EdDSA","crit":null"#, &["\"crit\"", "no extension"]),
        (r#""alg":"EdDSA","enc":"A256GCM""#, &["\"enc\"", "encrypted"]),
    ] {
        assert_contains(&message(&any(), header(members)), words);
    }
    let long = format!(r#""alg":"EdDSA","kid":"{}""#, "k".repeat(1025));
    assert_contains(&message(&any(), header(&long)), &["\"kid\"", "1025 bytes", "1024"]);
    let typed = any().token_type("at+jwt");
    assert_contains(&message(&typed, header(r#""alg":"EdDSA""#)), &["expected \"at+jwt\"", "none"]);
    assert_contains(
        &message(&typed, header(r#""alg":"EdDSA","typ":"x""#)),
        &["expected \"at+jwt\"", "another"],
    );
    let unknown = "HS256".parse::<Algorithm>().unwrap_err().to_string();
    assert_contains(&unknown, &["no such algorithm", "symmetric algorithms"]);
    assert_contains(&"RS255".parse::<Algorithm>().unwrap_err().to_string(), &["RS256", "Ed25519"]);
}

fn keys_for_a_token() {
    for (members, words) in [
        (r#""alg":"RS256","kid":"small""#, &["key \"small\" is in the set but not usable", "has 8 bits"][..]),
        (r#""alg":"RS256","kid":"bare""#, &["key \"bare\"", "\"n\" and \"e\" are missing", "\"x5c\""]),
        (r#""alg":"RS256","kid":"good""#, &["the key with the token's kid cannot be used for RS256"]),
        (r#""alg":"EdDSA","kid":"stranger""#, &["the set has no key with the token's kid"]),
        (r#""alg":"RS256""#, &["the set has no key for RS256"]),
    ] {
        let text = message(&any(), header(members));
        assert_contains(&text, &["no key matches the token"]);
        assert_contains(&text, words);
        assert!(!text.contains("stranger"), "{text}");
    }
}

fn claims_and_policies() {
    let leeway = any().leeway(Duration::from_secs(10)).unwrap();
    let issuer = Policy::for_issuer("https://idp.example/", "https://api.example/")
        .audiences(["https://api.example/", "orders"])
        .algorithms([Algorithm::Ed25519])
        .time(NOW);
    let many = {
        let more = (0..9).map(|i| format!("audience-{i}"));
        let own = ["https://api.example/", "orders"].map(str::to_owned);
        issuer.clone().audiences(own.into_iter().chain(more))
    };
    let uid = any().required_string_claims(["uid"]).required_claims(["dept"]);
    let with = |members: &str| claims(&format!(r#"{{"exp":1700003600,{members}}}"#));
    let deep = format!(r#""x":{}{}"#, "[".repeat(20), "]".repeat(20));
    for (policy, token, words) in [
        (&any(), claims(r#"{"exp":1699999880}"#), &["expired", "120 s ago"][..]),
        (&any(), claims(r#"{"exp":1595784229}"#), &["expired", "104215771 s ago (1206 days)"]),
        (&any(), with(r#""nbf":1700172800"#), &["not valid yet", "172800 s ahead", "(2 days)"]),
        (&any(), with(r#""aud":["x"]"#), &["\"aud\"", "the policy accepts none: set audiences"]),
        (&leeway, claims(r#"{"exp":1699999880}"#), &["120 s ago", "leeway is 10 s"]),
        (&any(), with(r#""nbf":1700000090"#), &["not valid yet", "90 s ahead", "60 s"]),
        (&any(), claims(r#"{"uid":"x"}"#), &["missing", "\"exp\""]),
        (&any(), claims(r#"{"exp":"1"}"#), &["\"exp\"", "a string, not a NumericDate"]),
        (&any(), with(r#""nbf":1e300"#), &["\"nbf\"", "out of the range"]),
        (&any(), with(r#""sub":4"#), &["\"sub\"", "a number, not a string"]),
        (&any(), with(r#""aud":["a",1]"#), &["\"aud\"", "element that is not a string"]),
        (&any(), with(r#""aud":"x""#), &["\"aud\"", "the policy accepts none"]),
        (&any(), with(r#""iss":"a","iss":"b""#), &["claims", "duplicate member name", "at byte 28"]),
        (&any(), with(&deep), &["over 16 levels", "at byte"]),
        (&any(), with(r#""x":NaN"#), &["NaN", "at byte 22"]),
        (&any(), with(r#""x":1e999"#), &["beyond the range of a double"]),
        (&any(), with(r#""x":"\ud83d""#), &["lone surrogate", "at byte 23"]),
        (&any(), claims("{}\0"), &["a NUL byte at the end", "one too long"]),
        (&any(), claims("It's a dangerous business"), &["not an object"]),
        (&issuer, with(r#""aud":"orders""#), &["missing", "\"iss\"", "expected \"https://idp.example/\""]),
        (&issuer, with(r#""iss":"SECRET""#), &["another issuer", "expected \"https://idp.example/\""]),
        (
            &issuer,
            with(r#""iss":"https://idp.example/","aud":"SECRET""#),
            &["another audience", "expected \"https://api.example/\" or \"orders\""],
        ),
        (
            &issuer,
            with(r#""iss":"https://idp.example""#),
            &["expected \"https://idp.example/\" (the token's value differs only in the trailing slash)"],
        ),
        (
            &issuer,
            with(r#""iss":"https://idp.example/","aud":["SECRET","orders/"]"#),
            &["or \"orders\" (the token's value differs only in the trailing slash)"],
        ),
        (&many, with(r#""iss":"https://idp.example/","aud":"x""#), &["\"audience-2\"", "or one of 6 more"]),
        (&uid, with(r#""uid":7,"dept":1"#), &["\"uid\"", "a number, not a string"]),
        (&uid, with(r#""uid":"","dept":1"#), &["\"uid\"", "an empty string"]),
        (&uid, with(r#""uid":"a","dept":null"#), &["missing", "\"dept\"", "null"]),
    ] {
        let text = message(policy, token);
        assert_contains(&text, words);
        assert!(!text.contains("SECRET"), "{text}");
    }
    // More than one slash, or another letter, is not "only the trailing slash".
    for iss in ["https://idp.example///", "https://idp.exampl", "/", ""] {
        let text = message(&issuer, with(&format!(r#""iss":"{iss}""#)));
        assert!(text.contains("another issuer") && !text.contains("slash"), "{text}");
    }
    let long = Policy::for_issuer(&"i".repeat(5000), "a").algorithms([Algorithm::Ed25519]).time(NOW);
    assert!(message(&long, with(r#""iss":"x""#)).len() < 400);
    // An invalid policy is reported before the token is checked.
    for (policy, words) in [
        (Policy::for_issuer("https://idp.example/", ""), "the audience is empty"),
        (Policy::for_issuer("", "orders"), "the issuer is empty"),
        (any().token_type(""), "the token type is empty"),
    ] {
        assert_contains(&message(&policy, "no token"), &["invalid argument", words]);
        assert_contains(&policy.check().unwrap_err().to_string(), &[words]);
    }
    let error = any().leeway(Duration::from_secs(301)).unwrap_err().to_string();
    assert_contains(&error, &["301", "300"]);
    assert_contains(&any().max_token_len(1_048_577).unwrap_err().to_string(), &["1048577", "1048576"]);
}

fn headers_of_a_request() {
    for (value, words) in [
        ("", "empty or missing"),
        ("eyJhbGci.a.b", "without its scheme"),
        ("Basic dXNlcg==", "the scheme is Basic"),
        (" Bearer a.b.c", "white space before the scheme"),
        ("Bearer", "without a token"),
        ("Bearer ", "the token is empty"),
        ("Bearer a.b.c ", "white space around the token"),
        ("Bearer a.b.c\0", "one too long"),
        ("Bearer a.b.c, Bearer a.b.c", "a comma"),
        ("Bearer Bearer a.b.c", "the scheme is there twice; expected Bearer <token> or token=<token>"),
        ("bearer  BEARER a.b.c", "the scheme is there twice"),
        ("token=Bearer a.b.c", "the scheme is there twice"),
        ("Bearer token=a.b.c", "the scheme is there twice"),
        ("Bearer a.b.c=", "padding"),
        ("DPoP a.b.c", "the scheme is DPoP"),
        ("dpop a.b.c", "the scheme is DPoP"),
        ("Digest username=x", "the scheme is Digest"),
        ("Negotiate x", "the scheme is Negotiate; expected Bearer <token> or token=<token>"),
        ("Other x", "malformed: expected Bearer <token> or token=<token>"),
        ("Authorization: Bearer a.b.c", "leave out the header's name"),
        ("authorization:Bearer a.b.c", "leave out the header's name"),
        ("\u{1}\u{2}=\u{3}", "binary data, not text"),
    ] {
        let text = token_from_authorization(value.as_bytes()).unwrap_err().to_string();
        assert_contains(&text, &["the Authorization header is malformed", words]);
    }
}

fn key_sets() {
    let good = ed25519(r#""kid":"good""#);
    let with = |member: &str| format!(r#"{{"keys":[{member},{good}]}}"#);
    for (document, words) in [
        ("", &["it is empty"][..]),
        ("Bearer eyJhbGci", &["starts with \"Bearer \""]),
        ("eyJhbGci.a.b", &["looks like a token"]),
        ("<html>", &["HTML"]),
        ("-----BEGIN PUBLIC KEY-----", &["PEM"]),
        ("[]", &["not an object"]),
        (&good, &["no member \"keys\"", "a single JWK"]),
        (r#"{"issuer":"x","jwks_uri":"y"}"#, &["no member \"keys\"", "metadata", "\"jwks_uri\""]),
        (r#"{"a":"-----BEGIN CERTIFICATE-----\n"}"#, &["no member \"keys\"", "certificates"]),
        (r#"{"keys":{}}"#, &["\"keys\" is an object, not an array"]),
        (&format!("{}\0", with("1")), &["a NUL byte at the end", "one too long"]),
        (&format!(r#"{{"keys":[{good}]"#), &["ends too early"]),
        (r#"{"keys":[],"keys":[]}"#, &["duplicate member name", "at byte 11"]),
        (r#"{"keys":[],"x":NaN}"#, &["NaN", "at byte 15"]),
        (&" ".repeat(1_048_577), &["1048577 bytes", "1048576"]),
        (&with(&["1"; 1000].join(",")), &["1001 members", "1000"]),
    ] {
        let text = JwkSet::from_slice(document.as_bytes()).unwrap_err().to_string();
        assert_contains(&text, &["the document is not a JWK Set"]);
        assert_contains(&text, words);
    }
    for (document, words) in [
        (r#"{"keys":[]}"#, &["no usable key", "it is empty"][..]),
        (
            r#"{"keys":[{"kty":"RSA","x5c":["MII"]}]}"#,
            &["\"n\" and \"e\" are missing", "\"x5c\" is not used"],
        ),
        (r#"{"keys":[{"kty":"oct"},1]}"#, &["a symmetric key", "the first of 2 members"]),
    ] {
        assert_contains(&JwkSet::from_slice(document.as_bytes()).unwrap_err().to_string(), words);
    }
    let private = ed25519(r#""d":"x""#);
    for (member, words) in [
        (r#"{"kty":"EC"}"#, &["\"crv\" and \"x\" and \"y\" are missing"][..]),
        (r#"{"kty":"RSA","n":"AQAB"}"#, &["\"e\" is missing"]),
        (r#"{"kty":"RSA","n":65537,"e":"AQAB"}"#, &["\"n\" is a number"]),
        (r#"{"kty":"RSA","n":"?","e":"AQAB"}"#, &["\"n\" is not base64url"]),
        (r#"{"kty":"RSA","n":"AQAB","e":"Aw="}"#, &["\"e\" is not base64url"]),
        (r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#, &["has 17 bits", "2048"]),
        (r#"{"kty":"RSA","n":"AQAB","e":"AQAB","kid":7}"#, &["\"kid\" is a number"]),
        (r#"{"kty":"RSA","n":"AQAB","e":"AQAB","key_ops":"verify"}"#, &["\"key_ops\" is a string", "array"]),
        (r#"{"kty":"RSA","n":"AQAB","e":"AQAB","use":"jwt-svid"}"#, &["\"use\" is \"jwt-svid\"", "\"sig\""]),
        (r#"{"kty":"RSA","n":"AQAB","e":"AQAB","key_ops":["sign"]}"#, &["\"key_ops\" has no \"verify\""]),
        (r#"{"kty":"RSA","n":"AQAB","e":"AQAB","alg":"RSA-OAEP"}"#, &["\"alg\" is \"RSA-OAEP\""]),
        (r#"{"kty":"RSA","n":"AQAB","e":"AQAB","alg":"ES256"}"#, &["\"alg\" is ES256", "an RSA key"]),
        (r#"{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}"#, &["\"crv\" is \"secp256k1\"", "P-256"]),
        (r#"{"kty":"EC","crv":"P-256","x":"AQ","y":"AQ"}"#, &["\"x\" and \"y\"", "P-256"]),
        (r#"{"kty":"EC","crv":"P-256","x":"","y":"AQ"}"#, &["\"x\" is empty"]),
        (r#"{"kty":"OKP","crv":"Ed25519","x":"AQ"}"#, &["\"x\" has 1 bytes", "32"]),
        (r#"{"kty":"SECRET"}"#, &["\"kty\" is not RSA, EC or OKP"]),
        (&private, &["a private key", "\"d\""]),
        (r#"{"kty":"RSA","kty":"RSA"}"#, &["duplicate member name", "at byte 13"]),
        (r#"{"v":1e999}"#, &["beyond the range of a double", "at byte 5"]),
    ] {
        let jwks = JwkSet::from_slice(with(member).as_bytes()).unwrap();
        let [skipped] = jwks.skipped() else { panic!("{member} is not skipped") };
        assert_contains(skipped.message(), words);
        assert!(!skipped.message().contains("SECRET"), "{}", skipped.message());
    }
}

fn single_keys() {
    for (json, words) in [
        ("Bearer x", &["starts with \"Bearer \""][..]),
        ("-----BEGIN PUBLIC KEY-----", &["PEM"]),
        (r#"{"keys":[]}"#, &["\"kty\" is missing", "JWK Set"]),
        (r#"{"kty":"RSA","n":"AQAB"}"#, &["\"e\" is missing"]),
    ] {
        let text = Jwk::from_slice(json.as_bytes()).unwrap_err().to_string();
        assert_contains(&text, &["the key is not usable"]);
        assert_contains(&text, words);
    }
    for (pem, words) in [
        ("", &["not PEM", "empty"][..]),
        ("{}", &["not PEM", "-----BEGIN"]),
        ("ssh-rsa AAAA", &["not PEM", "OpenSSH"]),
        ("-----BEGIN PUBLIC KEY-----\nMIIB\n", &["not PEM", "-----END"]),
        ("-----BEGIN PUBLIC KEY-----\n*\n-----END PUBLIC KEY-----", &["\"PUBLIC KEY\"", "not base64"]),
        ("-----BEGIN PUBLIC KEY-----\nAQAB\n-----END PUBLIC KEY-----", &["not a DER SubjectPublicKeyInfo"]),
        ("-----BEGIN CERTIFICATE-----\nAQAB\n-----END CERTIFICATE-----", &["not a DER certificate"]),
        ("-----BEGIN RSA PUBLIC KEY-----\nAQAB\n-----END RSA PUBLIC KEY-----", &["not a DER RSAPublicKey"]),
        (
            "-----BEGIN CERTIFICATE REQUEST-----\nAQAB\n-----END CERTIFICATE REQUEST-----",
            &["\"CERTIFICATE REQUEST\"", "or CERTIFICATE"],
        ),
        (
            "-----BEGIN EC PARAMETERS-----\nAQAB\n-----END EC PARAMETERS-----\n\
             -----BEGIN EC PRIVATE KEY-----\nAQAB\n-----END EC PRIVATE KEY-----",
            &["a private key", "\"EC PRIVATE KEY\""],
        ),
    ] {
        assert_contains(&Jwk::from_pem(pem.as_bytes()).unwrap_err().to_string(), words);
    }
}

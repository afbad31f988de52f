//! The token and the two key sets of DC/OS's documentation "Managing JSON Web Tokens", and the key
//! set and a token of a running Bouncer.

use super::case::{Case, File, case};

const TOKEN: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJleHAiOjE0Njc5ODU0NjYsInVpZCI6InBldGVyIn0.lsLJx2WsX99HF96CizMOcZpMIgbjGDBHvFZCGeNDsM-xZQzHQJHo_UA8WodQ52o8uBJ2CY983DhJdIH2Gfc_fbZtYGvUx-IvQnHFbUBd8qBN0A_4BQHeNINFUKdVQuJsbsW-uVj-w0q3RAFwO5DPPc2ppwIjkeQbgGP1ZN-2-uV6Jow04cdkq4jcODsD1y0v4EmIBPLQil0HU2B95IHtlBNN7haTUkCksXE-43BHy4ErboySeq6VgkwLpw_Pi8n236kZ2-GobSmhA-BpjbkO3uGLHrYUfJjrJyiPM2_PZQMHY80-m5sMMMQ9m1Ciag2Cw74JKGfJ3qMW3j3z2Hm7GQ";
const CLAIMS: &str = r#"{"uid":"peter","exp":1467985466}"#;
const EXP: i64 = 1_467_985_466;

/// The key of the curl example. It did not sign the token.
const CURL_KEY: &str = r#"{
      "e": "AQAB",
      "use": "sig",
      "n": "7dYvibxUngEyfdut1uSYbRCCP5dT5MQyMfLyy_6o5x8PD-fUMgkm0vGUJAUoKimnkZ85aUmswaU3yAxQiZ8yeaoSpgUR4WJCRhOIEJ6Oyq4mjK06vr9-wJj5gVXDBaqbxD0yhgzMHEDyxg3EFOJ2ve73Vkg4p7pygA4fI_de1Bs6n68Hwt9LJ7B-fPg0PU8IdPe_4dYNuHT09KGxWSlq3m4KSvNxPIGQ8nNK9H3gjQaoBT9-hDXfsAgrQo7GenXRZTYW13KATtRAR5Vtd177iEeVefbK3HRj9IfYjYPnlBP2CZv_YIK-9H_33JPXxlDTFgI92l_JKRF-fPSa1EEkIw",
      "alg": "RS256",
      "kid": "49f795b26f80bec01f44b0f52e6ba6459ee2048fbb342f861f1a4e8ed4ebcb7f",
      "kty": "RSA"
    }"#;
const PYTHON_KID: &str = "55fb61042768f62ea3b06778c6043f7c8c92769a0c248076a2995dfd50c4acb9";
const PYTHON_KEY: &str = r#"{"kty": "RSA", "n": "sybUYxu3TXxXAgG_Eq72tKxE7xhGFgL14g5OGryDtE5dBL8frAoSsI4D7tSKR2pLbOlT68YJbYLUHxoju0E_NB9htjKEsay4t3WXoXQ-XsDM4Zz22H6HfDG6CCcvGb2DoQP0R2je1HJDA56_BoR8shZMxHbrX1WgQURtGygMD7bQY95qmHZYRPlq13-pR5Jnu70OMmFlbl-_o-ag1JfndTJPtx75IalCgy_h_itHLDPhdTfypAJeiewCOUZd9nNa1j19M-xeqlZonlRABqiH0e-vQVWCeW5FZ0HJamIjd2VifhRCp0fSAgCdCQdrY6HdI3h6egpn6z4gwkwXBfczww", "kid": "55fb61042768f62ea3b06778c6043f7c8c92769a0c248076a2995dfd50c4acb9", "use": "sig", "alg": "RS256", "e": "AQAB"}"#;

/// The key set of a Bouncer of DC/OS 2.x, and the token of a login there. This Bouncer ran on
/// loopback on 2026-11-22. Its private key was deleted.
const LIVE_KID: &str = "15218f29ed7400b814746e4e6397e8919a156a72a501aa81b6c0a2bed607f6e5";
const LIVE_SET: &str = r#"{
  "keys": [
    {
      "kid": "15218f29ed7400b814746e4e6397e8919a156a72a501aa81b6c0a2bed607f6e5",
      "kty": "RSA",
      "n": "nWxir8YvxRAfAn8gbJMsVCe6d4E-SDPupNoQNPRo4ra-Ai0kgGbm8BCDZ45tXu0JE0Ime-ynio8IyhFKmm5xw3xJWcvm8QurvZCsk6Oa8D6blBTfAo95r8ZUzQzeVc-8WMwPgBQViiVm33JN0JDnMvzlhm8kq7rKVq_R1swquMNBNs564fXg4OrGpqqggHrtgEM_2uNzEJaWZ9eCADI14R4vDTB4Q6Y_o4iF4QMeOt4E_q0ufXLyFQPrmXl8sQ3tQS2daO6K7OxJ9b2uDfA_702_MfbISoyg9cVhMMHfIrYitgIvoYNt3K_WlsP3n9nBG37jH6lrwzZJMFBn7jEXCQ",
      "e": "AQAB",
      "alg": "RS256",
      "use": "sig"
    }
  ]
}"#;
const LIVE_TOKEN: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJ1aWQiOiJzdXBlcnVzZXIiLCJleHAiOjE3OTU1MzI4NjZ9.JC3oeTAS1hSUatHEu--IzAb8-65g9LUexdjSQSBimCYllByrvPSOzICK9oFpKCxiGqKIBCFQ_EepSQYYwwrh5CTpPDHfs-pA0fe5Y7m5Y1a2UCJKJG8R47K2tnyIb8rUSTxY0N06z5GX4E3ogc7kHaurRHB2aTasQ8ud4agFyvkzUpHV_RAKY9JE_RjUmK5SWMWow40Csz0SgBLJClAHNbib3PmSRtUqNKCsjXBfPYVJa286LLaGhxTVYBvPUkdC5f2Zke3zk9U9wJDScj3J0ZYi1c-w1XGIr8gH_SuZV_lZZDPQmyPVSZOqihreIcSlzv0jlLc2woUbkG0lUxzlGg";
const LIVE_CLAIMS: &str = r#"{"uid":"superuser","exp":1795532866}"#;
const LIVE_EXP: i64 = 1_795_532_866;

pub(crate) fn file() -> File {
    File::new(
        "document",
        "DC/OS's \"Managing JSON Web Tokens\": its token and its two key sets; and a token and the key set of a running Bouncer",
    )
    .key_set("curl", format!("{{\n  \"keys\": [\n    {CURL_KEY}\n  ]\n}}"))
    .key_set("python", format!("{{\"keys\": [{PYTHON_KEY}]}}"))
    .key_set("both", format!("{{\"keys\": [{CURL_KEY}, {PYTHON_KEY}]}}"))
    .key_set("live", LIVE_SET)
    .cases(cases())
}

fn cases() -> Vec<Case> {
    let other_payload = TOKEN.replace(
        ".eyJleHAiOjE0Njc5ODU0NjYsInVpZCI6InBldGVyIn0.",
        ".eyJleHAiOjE0Njc5ODU0NjYsInVpZCI6InBhdWwifQ.",
    );
    vec![
        case(
            "the_documents_token_is_valid_until_its_last_second",
            "the documentation shows a valid authentication token for peter",
        )
        .keys("python")
        .time(EXP - 1)
        .token(TOKEN)
        .kid(PYTHON_KID)
        .loads(1, &[])
        .ok(CLAIMS),
        case(
            "the_documents_token_expires_on_its_exp",
            "RFC 7519 section 4.1.4: on or after exp MUST NOT be accepted",
        )
        .keys("python")
        .time(EXP)
        .token(TOKEN)
        .rejected("expired"),
        case(
            "the_documents_token_is_not_of_its_first_key",
            "the key of the curl example did not sign the token",
        )
        .keys("curl")
        .time(EXP - 1)
        .token(TOKEN)
        .loads(1, &[])
        .rejected("invalid_signature"),
        case(
            "the_documents_two_keys_are_tried_in_turn",
            "a token without kid is verified with every key that fits",
        )
        .keys("both")
        .time(EXP - 1)
        .token(TOKEN)
        .kid(PYTHON_KID)
        .loads(2, &[])
        .ok(CLAIMS),
        case("the_documents_token_for_another_uid_is_refused", "the signature covers the payload")
            .keys("both")
            .time(EXP - 1)
            .token(other_payload)
            .rejected("invalid_signature"),
        case(
            "a_live_bouncers_token_is_valid_until_its_last_second",
            "the token and the key set of a running Bouncer",
        )
        .keys("live")
        .time(LIVE_EXP - 1)
        .token(LIVE_TOKEN)
        .kid(LIVE_KID)
        .loads(1, &[])
        .ok(LIVE_CLAIMS),
        case(
            "a_live_bouncers_token_expires_on_its_exp",
            "RFC 7519 section 4.1.4: on or after exp MUST NOT be accepted",
        )
        .keys("live")
        .time(LIVE_EXP)
        .token(LIVE_TOKEN)
        .rejected("expired"),
        case(
            "another_bouncers_key_did_not_sign_the_documents_token",
            "the token of one installation is not valid in another",
        )
        .keys("live")
        .time(EXP - 1)
        .token(TOKEN)
        .rejected("invalid_signature"),
    ]
}

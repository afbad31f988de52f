//! Published tokens: RFC 7515 appendices A and E, and RFC 8037 appendix A.

use super::case::{Case, File, Policy, case};

const RSA: &str = r#"{"keys":[{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}]}"#;
const P256: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;
const P521: &str = r#"{"keys":[{"kty":"EC","crv":"P-521","x":"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk","y":"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"}]}"#;
const ED25519: &str =
    r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

const A1: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const A2: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
const A3: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
const A4: &str = "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn";
const A5: &str = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.";
const E: &str = "eyJhbGciOiJub25lIiwNCiAiY3JpdCI6WyJodHRwOi8vZXhhbXBsZS5jb20vVU5ERUZJTkVEIl0sDQogImh0dHA6Ly9leGFtcGxlLmNvbS9VTkRFRklORUQiOnRydWUNCn0.RkFJTA.";
const EDDSA: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

const CLAIMS: &str = r#"{"iss":"joe","exp":1300819380,"http://example.com/is_root":true}"#;
const EXP: i64 = 1_300_819_380;

pub(crate) fn file() -> File {
    File::new("published", "Tokens of RFC 7515 appendices A and E and RFC 8037 appendix A, verified as JWTs")
        .key_set("rsa", RSA)
        .key_set("p256", P256)
        .key_set("p521", P521)
        .key_set("ed25519", ED25519)
        .cases(cases())
}

fn cases() -> Vec<Case> {
    let made = |id: &str, why: &str, token: &str| {
        case(id, why).policy(Policy::any_issuer()).time(EXP - 1).token(token)
    };
    let algorithms = |alg: &str| Policy::any_issuer().algorithms(&[alg]);
    vec![
        made("rfc7515_a1_is_unsupported", "RFC 7515 appendix A.1: HS256", A1)
            .rejected("unsupported_algorithm"),
        made("rfc7515_a2_is_accepted", "RFC 7515 appendix A.2: RS256", A2).loads(1, &[]).ok(CLAIMS),
        made("rfc7515_a2_expires", "RFC 7515 appendix A.2: RS256", A2).time(EXP).rejected("expired"),
        made("rfc7515_a2_names_no_uid", "RFC 7515 appendix A.2: RS256", A2)
            .policy(Policy::dcos())
            .rejected_naming("missing_claim", "uid"),
        made("rfc7515_a2_is_of_another_issuer", "RFC 7515 appendix A.2: RS256", A2)
            .policy(Policy::issuer_alone("jo"))
            .rejected("wrong_issuer"),
        made("rfc7515_a2_is_of_its_issuer", "RFC 7515 appendix A.2: RS256", A2)
            .policy(Policy::issuer_alone("joe"))
            .ok(CLAIMS),
        made("rfc7515_a3_is_accepted", "RFC 7515 appendix A.3: ES256", A3)
            .keys("p256")
            .policy(algorithms("ES256"))
            .alg("ES256")
            .ok(CLAIMS),
        made("rfc7515_a3_fits_no_rsa_key", "RFC 7515 appendix A.3: ES256", A3)
            .policy(algorithms("ES256"))
            .rejected("no_matching_key"),
        made(
            "rfc7515_a4_is_no_jwt",
            "RFC 7515 appendix A.4: ES512, with a payload that is not a Claims Set",
            A4,
        )
        .keys("p521")
        .policy(algorithms("ES512"))
        .rejected("malformed_claims"),
        made("rfc7515_a5_is_unsupported", "RFC 7515 appendix A.5: an unsecured JWS", A5)
            .rejected("unsupported_algorithm"),
        made("rfc7515_e_is_refused", "RFC 7515 appendix E: a critical extension that is not supported", E)
            .rejected_naming("unsupported_header", "crit"),
        made(
            "rfc8037_a4_is_no_jwt",
            "RFC 8037 appendix A.4: Ed25519, with a payload that is not a Claims Set",
            EDDSA,
        )
        .keys("ed25519")
        .policy(algorithms("Ed25519"))
        .rejected("malformed_claims"),
    ]
}

//! Extracts the token from the value of a request's Authorization header.

use super::hints;
use crate::encoding::token_text;
use crate::error::{Error, ErrorKind, Result};

/// Returns the token in `value`, the value of an HTTP Authorization header. Two forms are accepted:
/// `token=<jwt>`, which DC/OS uses, and `Bearer <jwt>` (RFC 6750 §2.1). The case of `Bearer` does
/// not matter, and one or more spaces may follow it.
///
/// The token must not be empty and may contain only `A-Z a-z 0-9 - _ .`. White space around the
/// value is rejected. If a request has the header twice, reject the request before this call. Two
/// values joined with a comma are rejected here.
///
/// # Errors
/// [`ErrorKind::MalformedAuthorization`].
///
/// ```
/// let token = bouncer_verify::token_from_authorization(b"token=eyJh.eyJl.c2ln")?;
/// assert_eq!(token, "eyJh.eyJl.c2ln");
/// # Ok::<(), bouncer_verify::Error>(())
/// ```
pub fn token_from_authorization(value: &[u8]) -> Result<&str> {
    const BEARER: usize = "Bearer".len();
    let malformed = |detail| Error::new(ErrorKind::MalformedAuthorization, detail);
    let token = if let Some(token) = value.strip_prefix(b"token=") {
        token
    } else if value.get(..BEARER).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer"))
        && value.get(BEARER) == Some(&b' ')
    {
        let spaces = value.iter().skip(BEARER).take_while(|&&byte| byte == b' ').count();
        value.get(BEARER + spaces..).unwrap_or_default()
    } else {
        return Err(malformed(hints::why_no_authorization(value)));
    };
    if token.is_empty() {
        return Err(malformed("the token is empty"));
    }
    match std::str::from_utf8(token) {
        Ok(text) if token_text::dots(token).is_some() => Ok(text),
        _ => Err(malformed(hints::why_no_token_after_scheme(token))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_schemes_are_accepted() {
        for value in ["token=a.b.c", "Bearer a.b.c", "bearer a.b.c", "BEARER   a.b.c"] {
            assert_eq!(token_from_authorization(value.as_bytes()), Ok("a.b.c"), "{value}");
        }
    }

    #[test]
    fn any_other_value_is_rejected() {
        for value in [
            "",
            "a.b.c",
            "Bearer",
            "Bearer ",
            "Bearera.b.c",
            "Bearer\ta.b.c",
            "Bearer \ta.b.c",
            "token=",
            "Token=a.b.c",
            "token= a.b.c",
            "token=a.b.c ",
            "Bearer a.b.c,Bearer d.e.f",
            "Bearer a b",
            "Basic a.b.c",
            " token=a.b.c",
            "token=a.b.c\r\nX: y",
            "Bearer a.b.c=",
            "token=\"a.b.c\"",
            "token=a.b.é",
        ] {
            let error = token_from_authorization(value.as_bytes()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::MalformedAuthorization, "{value:?}");
        }
        assert!(token_from_authorization(b"token=\xff").is_err());
    }
}

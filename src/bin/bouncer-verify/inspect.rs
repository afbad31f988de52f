//! `bouncer-verify inspect`: prints an unverified token. The library returns no part of an
//! unverified token, so this command decodes the token itself. Its decoder is more lenient than the
//! library's, so that it can also print malformed tokens.

use crate::arguments::InspectArguments;
use crate::json::{self, Members, Object};
use crate::report::{Exit, Failure, Refusal, Report};
use crate::text::columns;
use crate::verify::time_rows;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, Engine as _};
use bouncer_verify::{Clock, ErrorKind, Policy};

const WARNING: &str = "UNVERIFIED: nothing was checked, anyone can make such a token\n";

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

pub(crate) fn run(arguments: &InspectArguments) -> Result<Report, Failure> {
    let token = arguments.token.read()?;
    let token = UnverifiedToken::parse(&token)?;
    let stdout = if arguments.json { token.json() } else { token.text(Clock::system().now()) };
    Ok(match token.fault() {
        None => Report::success(stdout),
        Some(fault) => Report { stdout, stderr: fault.line(), exit: Exit::InvalidToken },
    })
}

/// The decoded parts of an unverified token.
struct UnverifiedToken {
    header: Part,
    claims: Part,
    signature_len: usize,
}

impl UnverifiedToken {
    fn parse(token: &[u8]) -> Result<Self, Refusal> {
        if token.len() > Policy::MAX_TOKEN_LEN {
            return Err(Refusal::new(ErrorKind::TokenTooLarge, "over 1 MiB"));
        }
        let parts: Vec<_> = token.split(|byte| *byte == b'.').collect();
        let [header, claims, signature] = *parts else {
            let kind = if parts.len() == 5 { ErrorKind::EncryptedToken } else { ErrorKind::MalformedToken };
            return Err(Refusal::new(kind, &format!("parts separated by dots: {}, not 3", parts.len())));
        };
        let decode = |part: &[u8], name| {
            let detail = format!("the {name} is not base64url");
            LENIENT.decode(part).map_err(|_| Refusal::new(ErrorKind::MalformedToken, &detail))
        };
        Ok(Self {
            header: Part::new(&decode(header, "header")?),
            claims: Part::new(&decode(claims, "payload")?),
            signature_len: decode(signature, "signature")?.len(),
        })
    }

    fn fault(&self) -> Option<Refusal> {
        let parts = [(&self.header, ErrorKind::MalformedHeader), (&self.claims, ErrorKind::MalformedClaims)];
        let (_, kind) = parts.into_iter().find(|(part, _)| !part.is_object)?;
        Some(Refusal::new(kind, "not a JSON object"))
    }

    fn json(&self) -> String {
        Object::new()
            .raw("unverified", "true")
            .raw("header", &self.header.json)
            .raw("claims", &self.claims.json)
            .line()
    }

    fn text(&self, now: i64) -> String {
        let claims = Members::parse(&self.claims.json).unwrap_or_default();
        let times = columns(&time_rows(&claims, &["exp", "nbf", "iat"], now));
        let (header, claims) = (json::pretty(&self.header.json), json::pretty(&self.claims.json));
        let signature_len = self.signature_len;
        format!(
            "{WARNING}\nheader {header}\n\nclaims {claims}\n\n{times}signature of {signature_len} bytes\n\n{WARNING}"
        )
    }
}

/// A header or payload.
struct Part {
    /// The text of the part if it is a JSON object, otherwise that text as a JSON string.
    json: String,
    is_object: bool,
}

impl Part {
    fn new(bytes: &[u8]) -> Self {
        match str::from_utf8(bytes) {
            Ok(text) if Members::parse(text).is_some() => Self { json: text.to_owned(), is_object: true },
            _ => Self { json: json::quote(&String::from_utf8_lossy(bytes)), is_object: false },
        }
    }
}

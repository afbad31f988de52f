//! Decodes the response of any transport: checks its size, decompresses it, and removes a byte
//! order mark.

use super::transport::{
    BodyLimit, FetchError, FetchFailure, HttpRequest, HttpResponse, Transport, printable,
};
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use std::io::Read;
use std::sync::Arc;

/// Wraps a transport and decodes its responses.
pub(super) struct DecodingTransport(pub(super) Arc<dyn Transport>);

impl Transport for DecodingTransport {
    fn exchange(&self, request: &HttpRequest<'_>) -> Result<HttpResponse, FetchError> {
        let mut response = self.0.exchange(request)?;
        response.body = match decode_body(&response, request.body_limit) {
            // Only a successful response needs its body.
            Err(_) if !matches!(response.status, 200 | 201 | 203) => Vec::new(),
            body => body?,
        };
        Ok(response)
    }

    fn interrupt(&self) {
        self.0.interrupt();
    }
}

/// Returns the error for a body that is too large. `len` is its length, if known.
pub(super) fn too_large(len: Option<u64>, limit: BodyLimit) -> FetchError {
    let BodyLimit { name, bytes: max } = limit;
    let detail = match len {
        Some(len) => format!("the body has {len} bytes, but {name} is {max}"),
        None => format!("the body is larger than {name}, {max} bytes"),
    };
    FetchError::new(FetchFailure::TooLarge, detail)
}

fn decode_body(response: &HttpResponse, limit: BodyLimit) -> Result<Vec<u8>, FetchError> {
    let body = &response.body;
    if body.len() > limit.bytes {
        return Err(too_large(Some(body.len() as u64), limit));
    }
    let codings = response.values("content-encoding").flat_map(|value| value.split(','));
    // Some servers send "utf-8" here.
    let is_plain = |coding: &str| ["", "identity", "none", "utf-8", "utf8"].contains(&coding);
    let codings: Vec<_> =
        codings.map(|coding| coding.trim().to_ascii_lowercase()).filter(|coding| !is_plain(coding)).collect();
    let opened = match codings.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        // A custom transport may have decompressed the body and kept the header field. So the first
        // bytes of the body are checked too: a JSON object never begins like gzip or zlib.
        ["gzip" | "x-gzip"] if body.starts_with(&[0x1f, 0x8b]) => {
            decompress(MultiGzDecoder::new(&body[..]), limit)?
        }
        ["deflate"] if is_zlib(body) => decompress(ZlibDecoder::new(&body[..]), limit)?,
        // Some servers send raw deflate data without the zlib header.
        ["deflate"] => match decompress(DeflateDecoder::new(&body[..]), limit) {
            Err(error) if error.failure() == FetchFailure::Protocol && is_json(body) => body.clone(),
            opened => opened?,
        },
        [] | ["gzip" | "x-gzip"] => body.clone(),
        _ => {
            let names = printable(&codings.join(", "), 60);
            let detail = format!("unsupported Content-Encoding {names} (only gzip and deflate are decoded)");
            return Err(FetchError::new(FetchFailure::Protocol, detail));
        }
    };
    Ok(match opened.strip_prefix(b"\xef\xbb\xbf") {
        Some(text) => text.to_vec(),
        None => opened,
    })
}

/// Decompresses the body. Fails if the result is larger than `limit`. The limit is needed because a
/// few kilobytes can expand to gigabytes.
fn decompress(decoder: impl Read, limit: BodyLimit) -> Result<Vec<u8>, FetchError> {
    let mut opened = Vec::new();
    match decoder.take(limit.bytes as u64 + 1).read_to_end(&mut opened) {
        Ok(len) if len > limit.bytes => Err(too_large(None, limit)),
        Ok(_) => Ok(opened),
        Err(_) => Err(FetchError::new(FetchFailure::Protocol, "the compressed body is corrupt or truncated")),
    }
}

/// Returns whether the body begins with a zlib header (RFC 1950 §2.2).
fn is_zlib(body: &[u8]) -> bool {
    matches!(body, [first, second, ..]
        if first & 0x0f == 8 && (u16::from(*first) << 8 | u16::from(*second)).is_multiple_of(31))
}

fn is_json(body: &[u8]) -> bool {
    matches!(body.trim_ascii_start().first(), Some(b'{' | b'['))
}

/// Returns why the body of a successful response is not JSON. Returns `None` if the first byte
/// after white space can begin JSON.
pub(super) fn not_json(response: &HttpResponse) -> Option<String> {
    let beginning = match response.body.trim_ascii_start().first() {
        Some(b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => return None,
        Some(b'<') => "the response is HTML or XML, not JSON",
        Some(_) => "the response is not JSON",
        None => "the response is empty",
    };
    let content_type = response.values("content-type").next().map(|value| printable(value, 60));
    Some(match content_type {
        Some(content_type) if !content_type.is_empty() => {
            format!("{beginning} (Content-Type: {content_type}): check the URL")
        }
        _ => format!("{beginning}: check the URL"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::read::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use std::time::Duration;

    const JSON: &[u8] = br#"{"keys":[]}"#;

    fn decoded(codings: &[&str], body: &[u8], max: usize) -> Result<Vec<u8>, FetchError> {
        let headers = codings.iter().map(|coding| ("Content-Encoding".to_owned(), coding.to_string()));
        let limit = BodyLimit { name: "limit", bytes: max };
        decode_body(&HttpResponse::new(200, headers, body.to_vec()), limit)
    }

    fn all(mut reader: impl Read) -> Vec<u8> {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).unwrap();
        bytes
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        all(GzEncoder::new(text, Compression::best()))
    }

    #[test]
    fn a_compressed_body_is_decompressed_and_a_byte_order_mark_is_removed() {
        let zlib = all(ZlibEncoder::new(JSON, Compression::best()));
        let raw = all(DeflateEncoder::new(JSON, Compression::best()));
        let marked = [b"\xef\xbb\xbf", JSON].concat();
        for (codings, body) in [
            (&[][..], JSON.to_vec()),
            (&["identity"], JSON.to_vec()),
            (&["none"], JSON.to_vec()),
            (&[""], JSON.to_vec()),
            (&["UTF-8"], JSON.to_vec()),
            (&["identity, ,"], JSON.to_vec()),
            (&["gzip"], gzip(JSON)),
            (&["X-GZip"], gzip(JSON)),
            (&["identity", "gzip"], gzip(JSON)),
            (&["deflate"], zlib),
            (&["deflate"], raw),
            // A custom transport has already decompressed the body.
            (&["gzip"], JSON.to_vec()),
            (&["deflate"], JSON.to_vec()),
            (&[], marked.clone()),
            (&["gzip"], gzip(&marked)),
        ] {
            assert_eq!(decoded(codings, &body, 1000).unwrap(), JSON, "{codings:?} {body:?}");
        }
        // Removes one byte order mark, not two.
        let twice = [b"\xef\xbb\xbf", &marked[..]].concat();
        assert_eq!(decoded(&[], &twice, 1000).unwrap(), marked);
    }

    #[test]
    fn an_unsupported_content_encoding_is_named_in_the_error() {
        for (codings, named) in [
            (&["br"][..], "br"),
            (&["zstd"], "zstd"),
            (&["gzip, gzip"], "gzip, gzip"),
            (&["gzip", "br"], "gzip, br"),
        ] {
            let error = decoded(codings, JSON, 1000).unwrap_err();
            let expected = format!(
                "invalid HTTP response: unsupported Content-Encoding {named} (only gzip and deflate are decoded)"
            );
            assert_eq!(error.to_string(), expected);
        }
        let long = decoded(&[&format!("\u{1b}{}", "x".repeat(500))], JSON, 1000).unwrap_err();
        assert!(long.detail().len() < 150 && !long.detail().contains('\u{1b}'));
    }

    #[test]
    fn an_unreadable_body_does_not_hide_an_error_status() {
        for status in [304, 401, 404, 503] {
            let inner = move |_: &HttpRequest<'_>| {
                let headers = [("Content-Encoding".to_owned(), "br".to_owned())];
                Ok(HttpResponse::new(status, headers, b"\x0b\x02".to_vec()))
            };
            let request = HttpRequest {
                url: "u",
                headers: Vec::new(),
                body: None,
                timeout: Duration::ZERO,
                body_limit: BodyLimit { name: "limit", bytes: 9 },
            };
            let response = DecodingTransport(Arc::new(inner)).exchange(&request).unwrap();
            assert_eq!((response.status, response.body), (status, Vec::new()));
        }
    }

    #[test]
    fn the_size_limit_applies_to_the_decompressed_body() {
        let exactly = [JSON, &vec![b' '; 1000 - JSON.len()]].concat();
        assert_eq!(decoded(&["gzip"], &gzip(&exactly), 1000).unwrap(), exactly);
        let bomb = gzip(&vec![b' '; 50_000_000]);
        assert!(bomb.len() < 100_000);
        for (codings, body, max) in [
            (&["gzip"][..], gzip(&[&exactly[..], b" "].concat()), 1000),
            (&["gzip"], bomb, 100_000),
            (&["deflate"], all(ZlibEncoder::new(&[0; 2000][..], Compression::best())), 1000),
            (&[], vec![b' '; 1001], 1000),
        ] {
            let error = decoded(codings, &body, max).unwrap_err();
            assert_eq!(error.failure(), FetchFailure::TooLarge);
            assert!(error.detail().contains(&max.to_string()), "{error}");
        }
        let whole = gzip(JSON);
        for damaged in [&whole[..whole.len() - 1], &whole[..5], &[0x1f, 0x8b, 9]] {
            assert_eq!(decoded(&["gzip"], damaged, 1000).unwrap_err().failure(), FetchFailure::Protocol);
        }
    }

    #[test]
    fn a_response_that_is_not_json_is_described() {
        let described = |body: &[u8], content_type: Option<&str>| {
            let headers = content_type.map(|value| ("content-type".to_owned(), value.to_owned()));
            not_json(&HttpResponse::new(200, headers, body.to_vec())).unwrap_or_default()
        };
        assert_eq!(described(b" {", Some("text/html")), "");
        assert_eq!(
            described(b"\n<!DOCTYPE html>", Some("text/html; charset=utf-8")),
            "the response is HTML or XML, not JSON (Content-Type: text/html; charset=utf-8): check the URL"
        );
        assert_eq!(described(b"<html>", None), "the response is HTML or XML, not JSON: check the URL");
        assert_eq!(described(b"secret", Some("")), "the response is not JSON: check the URL");
        for json in ["null", "\"a\"", "-1", "7", "true", "[]"] {
            assert_eq!(described(json.as_bytes(), None), "", "{json}");
        }
        assert_eq!(described(b" ", None), "the response is empty: check the URL");
    }
}

//! Uses any bytes as the response to a fetch of keys: header fields, an empty line, the body. Then
//! it uses them as the last-good file. Each time, the result is a usable key set or an error text
//! of one line.
//!
//! `cargo +nightly fuzz run jwks_answer`

#![no_main]

use bouncer_verify::{FetchError, FetchFailure, HttpRequest, HttpResponse, RemoteJwkSet};
use libfuzzer_sys::fuzz_target;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

const URL: &str = "https://idp.example/jwks";

/// One file for each process. A process runs only one input at a time.
static FILE: LazyLock<PathBuf> =
    LazyLock::new(|| std::env::temp_dir().join(format!("bouncer_verify_fuzz.{}", std::process::id())));

fn assert_one_line(line: &str) {
    assert!(line.len() < 1000 && !line.chars().any(char::is_control), "{line:?}");
}

/// Splits the input into header fields and the body after the empty line. Without an empty line,
/// the whole input is the body.
fn response(data: &[u8]) -> (Vec<(String, String)>, Vec<u8>) {
    let end = data.windows(2).position(|two| two == b"\n\n");
    let (head, body) = end.map_or((&data[..0], data), |end| (&data[..end], &data[end + 2..]));
    let field = |line: &[u8]| {
        let line = String::from_utf8_lossy(line);
        line.split_once(':').map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
    };
    (head.split(|&byte| byte == b'\n').filter_map(field).collect(), body.to_vec())
}

fuzz_target!(|data: &[u8]| {
    let (headers, body) = response(data);
    let transport = move |_: &HttpRequest<'_>| -> Result<HttpResponse, FetchError> {
        Ok(HttpResponse::new(200, headers.clone(), body.clone()))
    };
    let keys = RemoteJwkSet::builder(URL).transport(transport).lazy().build().expect("settings");
    match keys.refresh(Duration::from_secs(30)) {
        Ok(()) => assert!(!keys.current().expect("keys").keys().is_empty()),
        Err(error) => assert_one_line(&error.to_string()),
    }

    std::fs::write(&*FILE, data).expect("a file");
    let unreachable = |_: &HttpRequest<'_>| Err(FetchError::new(FetchFailure::Connect, ""));
    let keys = RemoteJwkSet::builder(URL).transport(unreachable).lazy().last_good_file(&*FILE).build();
    match keys.expect("a bad last-good file is no error of build()").current() {
        Ok(keys) => assert!(!keys.keys().is_empty()),
        Err(error) => assert_one_line(&error.to_string()),
    }
});

//! The input is a configuration document. It is loaded as settings, made into a verifier, shown and
//! loaded again. Nothing panics. A document that is shown and loaded again gives the same text, and
//! a reload with the same document keeps every entry.
//!
//! A verifier is made only if all keys are in the document, so nothing is fetched or read from a
//! file.
//!
//! `cargo +nightly fuzz run configuration`

#![no_main]

use bouncer_verify::{Settings, SettingsKind, Stats, Verifier};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

/// Returns whether no entry needs a file or the network.
fn has_only_inline_keys(document: &str) -> bool {
    let document: Value = serde_json::from_str(document).expect("JSON");
    let entries = document["accept"].as_array().into_iter().flatten();
    entries.into_iter().all(|entry| {
        let keys = entry["keys"].as_object();
        keys.is_some_and(|keys| keys.contains_key("jwks") && !keys.contains_key("file"))
    })
}

fuzz_target!(|document: &str| {
    // serde_json, which this target uses for its own checks, reads this name in a way of its own.
    if document.contains("serde_json") {
        return;
    }
    let mut settings = Settings::new(SettingsKind::Verifier);
    if settings.load(document).is_err() {
        assert!(settings.error().is_some());
        return;
    }
    let shown = settings.document();
    // Secrets are not in a document, so the text that is shown is complete.
    let mut again = Settings::new(SettingsKind::Verifier);
    if !shown.contains("not shown") && !shown.eq("{}") {
        again.load(&shown).expect("the text of settings is a document");
        assert_eq!(again.document(), shown);
    }
    if !has_only_inline_keys(&shown) {
        return;
    }
    let Ok(verifier) = Verifier::from_settings(&settings) else { return };
    let _ = verifier.verify("eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhIn0.c2ln");
    let rows = Stats::from(&verifier).rows().len();
    verifier.reload_settings(&settings).expect("the same settings again");
    assert_eq!(Stats::from(&verifier).rows().len(), rows, "a reload keeps the counters");
});

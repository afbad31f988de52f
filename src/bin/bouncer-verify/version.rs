//! `bouncer-verify --version`.

use crate::report::Report;
use crate::text::columns;
use bouncer_verify::{Acceleration, Backend};

pub(crate) fn report(verbose: bool) -> Report {
    let mut text = format!("bouncer-verify {}\n", env!("CARGO_PKG_VERSION"));
    if verbose {
        text.push_str(&columns(&rows()));
    }
    Report::success(text)
}

fn rows() -> Vec<[String; 2]> {
    let default = Backend::default();
    let name = |backend: &Backend| match *backend == default {
        true => format!("{} (default)", backend.as_str()),
        false => backend.as_str().to_owned(),
    };
    let back_ends: Vec<_> = Backend::ALL.iter().map(name).collect();
    let mut rows = vec![["back ends".to_owned(), back_ends.join(", ")]];
    rows.extend(Acceleration::of_this_process().map(|Acceleration { keys, accelerated, reason }| {
        let verdict = if accelerated { "accelerated" } else { "not accelerated" };
        [keys.to_owned(), format!("{verdict}: {reason}")]
    }));
    rows
}

//! The next step for an error, from the page for operators. So the command and the page never
//! differ.

use bouncer_verify::ErrorKind;

const PAGE: &str = include_str!("../../../docs/errors.md");

/// Returns what to do about an error. `failure` is the stable name of the failed fetch, if that is
/// the cause.
pub(crate) fn of_error(kind: ErrorKind, failure: Option<&str>) -> Option<String> {
    match failure {
        Some(failure) => of_row(section("Failures of a fetch or a login"), failure),
        None => PAGE.split("\n## Errors of ").skip(1).find_map(|section| of_row(section, kind.as_str())),
    }
}

/// Returns what to do about a skipped key.
pub(crate) fn of_skipped_key(reason: &str) -> Option<String> {
    of_row(section("Skipped keys"), reason)
}

/// Returns the page from this heading on.
fn section(heading: &str) -> &'static str {
    PAGE.split_once(&format!("\n## {heading}\n")).map(|(_, rest)| rest).unwrap_or_default()
}

/// Returns the last cell of the first row for `name`.
fn of_row(section: &str, name: &str) -> Option<String> {
    let start = format!("| `{name}` | ");
    let row = section.lines().find_map(|line| line.strip_prefix(&start))?;
    let (_, cell) = row.strip_suffix(" |")?.rsplit_once(" | ")?;
    Some(plain(cell))
}

/// Removes the marks of Markdown: code and links.
fn plain(cell: &str) -> String {
    let mut out = String::new();
    let mut rest = cell;
    while let Some((before, link)) = rest.split_once('[') {
        out.push_str(before);
        let Some((text, after)) = link.split_once("](") else {
            out.push('[');
            rest = link;
            continue;
        };
        out.push_str(text);
        rest = after.split_once(')').map(|(_, after)| after).unwrap_or_default();
    }
    out.push_str(rest);
    out.replace('`', "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use bouncer_verify::{FetchFailure, SkipReason};

    #[test]
    fn every_error_failure_and_skipped_key_has_a_remedy() {
        for &kind in ErrorKind::ALL {
            assert!(of_error(kind, None).is_some_and(|text| text.len() > 10), "{kind}");
        }
        for failure in FetchFailure::ALL {
            let remedy = of_error(ErrorKind::KeysUnavailable, Some(failure.as_str()));
            assert!(remedy.is_some_and(|text| text.len() > 10), "{failure}");
        }
        for reason in SkipReason::ALL {
            assert!(of_skipped_key(reason.as_str()).is_some(), "{}", reason.as_str());
        }
        assert_eq!(of_skipped_key("nonsense"), None);
    }

    #[test]
    fn a_remedy_has_no_marks_of_markdown() {
        assert_eq!(plain("a `b` [c d](#e), `[f]`"), "a b c d, [f]");
        for &kind in ErrorKind::ALL {
            let text = of_error(kind, None).unwrap();
            assert!(!text.contains(['`', '#', '|']), "{text}");
        }
    }

    #[test]
    fn a_remedy_does_not_refer_to_another_text() {
        let of_errors = ErrorKind::ALL.iter().filter_map(|kind| of_error(*kind, None));
        let failure = |failure: &FetchFailure| of_error(ErrorKind::KeysUnavailable, Some(failure.as_str()));
        let of_failures = FetchFailure::ALL.iter().filter_map(failure);
        let of_keys = SkipReason::ALL.iter().filter_map(|reason| of_skipped_key(reason.as_str()));
        for text in of_errors.chain(of_failures).chain(of_keys) {
            let refers = ["The text ", "See ", "see "].iter().any(|word| text.contains(word));
            assert!(!refers, "{text}");
        }
    }
}

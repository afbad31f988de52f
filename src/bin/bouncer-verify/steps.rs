//! The output of `check`: a line for each step, or an array of objects.

use crate::json::{self, Object};
use crate::remedies;
use crate::report::{Exit, Refusal};
use crate::time::utc_and_distance;
use bouncer_verify::{Step, StepVerdict};

/// Maximum length of a value in a line, in characters.
const MAX_LEN: usize = 300;

/// The steps of one part: of the configuration, of an entry or of the token.
pub(crate) struct Part {
    /// The name, for scripts: `accept[1]`, `token`.
    pub(crate) name: String,
    /// Shown after the name.
    pub(crate) title: String,
    lines: Vec<Line>,
}

struct Line {
    name: String,
    verdict: StepVerdict,
    expected: String,
    found: String,
    refusal: Option<Refusal>,
    reason: Option<&'static str>,
    remedy: Option<String>,
}

impl Part {
    pub(crate) fn new(name: impl Into<String>, title: impl Into<String>) -> Self {
        Self { name: name.into(), title: title.into(), lines: Vec::new() }
    }

    pub(crate) fn ok(&mut self, name: &str, found: impl Into<String>) {
        self.push(name, StepVerdict::Ok, found.into(), None);
    }

    pub(crate) fn skipped(&mut self, name: &str, why: impl Into<String>) {
        self.push(name, StepVerdict::Skipped, why.into(), None);
    }

    pub(crate) fn failed(&mut self, name: &str, found: impl Into<String>, refusal: Refusal) {
        self.push(name, StepVerdict::Failed, found.into(), Some(refusal));
    }

    fn push(&mut self, name: &str, verdict: StepVerdict, found: String, refusal: Option<Refusal>) {
        let remedy = refusal.as_ref().and_then(|refusal| remedies::of_error(refusal.kind(), None));
        let (name, expected) = (name.to_owned(), String::new());
        self.lines.push(Line { name, verdict, expected, found, refusal, reason: None, remedy });
    }

    /// Adds the steps. `now` is the time to which the times of claims are compared.
    pub(crate) fn extend(&mut self, steps: impl IntoIterator<Item = Step>, now: i64) {
        self.lines.extend(steps.into_iter().map(|step| Line::of(step, now)));
    }

    /// Returns the first error.
    pub(crate) fn failure(&self) -> Option<&Refusal> {
        self.lines.iter().find_map(|line| line.refusal.as_ref())
    }

    /// Returns whether the step was made.
    pub(crate) fn is_checked(&self, name: &str) -> bool {
        self.lines.iter().any(|line| line.name == name && line.verdict != StepVerdict::Skipped)
    }

    /// Returns whether the steps of a token show what a service would return. Without keys, only a
    /// failure before the key does.
    pub(crate) fn is_decided(&self) -> bool {
        let without_key =
            self.lines.iter().position(|line| line.name == "key" && line.verdict == StepVerdict::Skipped);
        let failure = self.lines.iter().position(|line| line.refusal.is_some());
        without_key.is_none_or(|key| failure.is_some_and(|failure| failure < key))
    }

    pub(crate) fn failures(&self) -> usize {
        self.lines.iter().filter(|line| line.refusal.is_some()).count()
    }
}

/// Returns the exit code of the first step that failed.
pub(crate) fn exit(parts: &[Part]) -> Exit {
    parts.iter().find_map(Part::failure).map_or(Exit::Success, Refusal::exit)
}

impl Line {
    fn of(step: Step, now: i64) -> Self {
        let Step { name, verdict, expected, mut found, error, reason, .. } = step;
        if matches!(&*name, "exp" | "nbf" | "iat")
            && let Ok(seconds) = found.parse()
        {
            found = format!("{found}, {}", utc_and_distance(seconds, now));
        }
        let remedy = match &error {
            Some(error) => remedies::of_error(error.kind(), reason),
            None => reason.and_then(remedies::of_skipped_key),
        };
        let name = name.into_owned();
        Self { name, verdict, expected, found, refusal: error.map(Refusal::from), reason, remedy }
    }

    /// Returns what was expected beside what was found, and the error and its remedy below.
    fn text(&self, style: Style) -> String {
        let cut = |text: &str| match text.char_indices().nth(MAX_LEN) {
            Some((end, _)) => format!("{}...", escaped(&text[..end])),
            None => escaped(text),
        };
        let (expected, mut found) = (cut(&self.expected), cut(&self.found));
        if let (None, Some(reason)) = (&self.refusal, self.reason) {
            found += &format!(" ({reason}). {}", self.remedy.as_deref().unwrap_or_default());
        }
        let text = match (expected.as_str(), found.as_str()) {
            ("", found) => found.to_owned(),
            (expected, "") => format!("expected {expected}; found none"),
            (expected, found) => format!("expected {expected}; found {found}"),
        };
        let line = format!("{} {:10} {text}", style.mark(self.verdict), escaped(&self.name));
        let mut out = format!("{}\n", line.trim_end());
        if let Some(refusal) = &self.refusal {
            let status = refusal.kind().as_str();
            let reason = self.reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
            out += &format!("{INDENT}{status}{reason}: {}\n", escaped(refusal.message()));
            if let Some(remedy) = &self.remedy {
                out += &format!("{INDENT}remedy: {remedy}\n");
            }
        }
        out
    }

    fn json(&self, part: &str) -> Object {
        let object = Object::new()
            .string("part", part)
            .string("name", &self.name)
            .string("verdict", self.verdict.as_str())
            .string("expected", &self.expected)
            .string("found", &self.found);
        let object = match &self.refusal {
            Some(refusal) => refusal.members(object),
            None => object,
        };
        object.maybe_string("reason", self.reason).maybe_string("remedy", self.remedy.as_deref())
    }
}

const INDENT: &str = "                    ";

/// How verdicts are marked.
#[derive(Clone, Copy)]
pub(crate) enum Style {
    /// For files and pipes.
    Ascii,
    /// For terminals: signs in colours.
    Colours,
}

impl Style {
    /// Returns the mark, eight columns wide.
    fn mark(self, verdict: StepVerdict) -> &'static str {
        match (self, verdict) {
            (Self::Ascii, StepVerdict::Ok) => "ok      ",
            (Self::Ascii, StepVerdict::Warning) => "WARNING ",
            (Self::Ascii, StepVerdict::Failed) => "FAILED  ",
            (Self::Ascii, StepVerdict::Skipped) => "skipped ",
            (Self::Colours, StepVerdict::Ok) => "\x1b[32m\u{2713}\x1b[0m       ",
            (Self::Colours, StepVerdict::Warning) => "\x1b[33m!\x1b[0m       ",
            (Self::Colours, StepVerdict::Failed) => "\x1b[31m\u{2717}\x1b[0m       ",
            (Self::Colours, StepVerdict::Skipped) => "-       ",
        }
    }
}

/// Returns the parts as text.
pub(crate) fn text(parts: &[Part], style: Style) -> String {
    let mut out = String::new();
    for part in parts.iter().filter(|part| !part.lines.is_empty()) {
        out += format!("{} {}", part.name, escaped(&part.title)).trim_end();
        out.push('\n');
        part.lines.iter().for_each(|line| out += &line.text(style));
    }
    out
}

/// Returns the parts as a JSON array on one line.
pub(crate) fn json(parts: &[Part]) -> String {
    let lines = parts.iter().flat_map(|part| part.lines.iter().map(|line| line.json(&part.name)));
    let lines: Vec<_> = lines.map(|line| line.line().trim_end().to_owned()).collect();
    format!("[{}]\n", lines.join(","))
}

/// Makes text safe for a terminal: a deceptive character becomes its escape of JSON.
fn escaped(text: &str) -> String {
    let escape = |c: char| match json::is_deceptive(c) {
        true => c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
        false => c.to_string(),
    };
    text.chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deceptive_characters_are_escaped() {
        assert_eq!(
            escaped("a\u{1b}[2J\n\"b\" \u{202e}\u{e0041}"),
            "a\\u001b[2J\\u000a\"b\" \\u202e\\udb40\\udc41"
        );
    }

    #[test]
    fn a_terminal_gets_signs_and_a_file_gets_words() {
        let mut part = Part::new("token", "");
        part.ok("form", "3 parts");
        assert_eq!(text(&[Part::new("empty", "")], Style::Ascii), "");
        assert_eq!(text(std::slice::from_ref(&part), Style::Ascii), "token\nok       form       3 parts\n");
        assert!(text(&[part], Style::Colours).contains("\u{2713}"));
    }
}

//! Tests how the project's prose is written. Comments and Markdown are wrapped at 100 columns. A
//! sentence has at most 25 words. Some words are not allowed, because a plainer word exists.
//!
//! `PROSE=src/remote cargo test --test prose` checks only files whose path begins with
//! `src/remote`.

use std::path::Path;
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const COLUMNS: usize = 100;
const WORDS: usize = 25;

/// Words that are not allowed, each with the words to use instead.
const BETTER: &[(&str, &str)] = &[
    ("judge", "verify, check"),
    ("judges", "verifies, checks"),
    ("judged", "verified, checked"),
    ("judging", "verifying, checking"),
    ("believe", "accept"),
    ("believed", "accepted"),
    ("believes", "accepts"),
    ("keeper", "remote key set, token renewer"),
    ("patience", "timeout, deadline"),
    ("aloud", "print, report"),
    ("anew", "again"),
    ("nobody", "no caller, no thread"),
    ("thereby", "this way"),
    ("wherein", "in which"),
    ("whatsoever", "any"),
];

/// A line of prose: its number, its text without the comment's marker, and its width in the file.
struct Line {
    number: usize,
    text: String,
    columns: usize,
}

#[test]
fn prose_is_plain() {
    let only = std::env::var("PROSE").unwrap_or_default();
    let mut faults = Vec::new();
    let mut files = 0;
    for path in tracked_files().iter().filter(|path| path.starts_with(&only)) {
        let Ok(text) = std::fs::read_to_string(Path::new(ROOT).join(path)) else { continue };
        let Some(lines) = prose(path, &text) else { continue };
        files += 1;
        for line in &lines {
            // A table row and a line with a long URL cannot be wrapped.
            let table = line.text.trim_start().starts_with('|');
            if line.columns > COLUMNS && !table && line.text.trim().contains(' ') && !is_address(&line.text) {
                faults.push(format!("{path}:{}: {} columns", line.number, line.columns));
            }
        }
        for (number, sentence) in sentences(&lines) {
            let words = words(&sentence);
            if words.len() > WORDS {
                faults.push(format!("{path}:{number}: {} words: {sentence}", words.len()));
            }
            for word in &words {
                let word = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
                if let Some((_, better)) = BETTER.iter().find(|(worse, _)| *worse == word) {
                    faults.push(format!("{path}:{number}: {word:?}: {better}: {sentence}"));
                }
            }
        }
    }
    assert!(files > 0, "no file is checked");
    assert!(faults.is_empty(), "{}\n{} faults in {files} files", faults.join("\n"), faults.len());
}

fn tracked_files() -> Vec<String> {
    let output = Command::new("git").args(["ls-files"]).current_dir(ROOT).output().expect("git");
    // docs/messages.md has one message per line, so its lines are long.
    let skipped = |path: &&str| path.starts_with("tests/data/") || *path == "docs/messages.md";
    let names = String::from_utf8(output.stdout).expect("names are UTF-8");
    names.lines().filter(|path| !skipped(path)).map(str::to_owned).collect()
}

/// The prose of a file, or `None` if this test does not support the language.
fn prose(path: &str, text: &str) -> Option<Vec<Line>> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let lines = match name.rsplit('.').next()? {
        "md" => markdown(text),
        "rs" | "go" | "mjs" | "c" | "h" | "hpp" | "cpp" => slashes(text),
        "py" | "pyi" => python(text),
        "sh" | "toml" | "cmake" | "Makefile" | "run" => hashes(text),
        _ => return None,
    };
    Some(without_code(lines))
}

fn markdown(text: &str) -> Vec<Line> {
    let line = |(i, line): (usize, &str)| Line {
        number: i + 1,
        text: line.to_owned(),
        columns: line.chars().count(),
    };
    text.lines().enumerate().map(line).collect()
}

/// Comments of `//` and `/* */` that begin a line. A comment after code on the same line is left to
/// the formatters.
fn slashes(text: &str) -> Vec<Line> {
    let mut inside = false;
    let mut lines = Vec::new();
    for (i, line) in text.lines().enumerate() {
        let start = line.trim_start();
        let mut text = if let (false, Some(rest)) = (inside, start.strip_prefix("//")) {
            rest.trim_start_matches(['/', '!', '<']).to_owned()
        } else if inside || start.starts_with("/*") {
            inside = !start.contains("*/");
            let rest = start.trim_start_matches('/').trim_start_matches(['*', '!']);
            rest.split("*/").next().unwrap_or_default().to_owned()
        } else {
            String::new()
        };
        if ["go:", "export ", "nolint", "clang-format", "NOLINT"]
            .iter()
            .any(|mark| text.trim_start().starts_with(mark))
        {
            text.clear();
        }
        lines.push(Line {
            number: i + 1,
            columns: if text.is_empty() { 0 } else { line.chars().count() },
            text,
        });
    }
    lines
}

fn hashes(text: &str) -> Vec<Line> {
    let line = |(i, line): (usize, &str)| {
        let text =
            line.trim_start().strip_prefix('#').filter(|text| !text.starts_with('!')).unwrap_or_default();
        Line {
            number: i + 1,
            text: text.to_owned(),
            columns: if text.is_empty() { 0 } else { line.chars().count() },
        }
    };
    text.lines().enumerate().map(line).collect()
}

/// Comments, and the documentation strings that begin a line.
fn python(text: &str) -> Vec<Line> {
    let mut lines = hashes(text);
    // Some(true) within a documentation string, Some(false) within another string of several lines.
    let mut inside = None;
    for (line, text) in lines.iter_mut().zip(text.lines()) {
        let starts = text.trim_start().starts_with("\"\"\"");
        if inside == Some(true) || (inside.is_none() && starts) {
            line.text = text.replace("\"\"\"", "");
            line.columns = text.chars().count();
        }
        if text.matches("\"\"\"").count() % 2 == 1 {
            inside = if inside.is_some() { None } else { Some(starts) };
        }
    }
    lines
}

/// Replaces code blocks, indented or between fences, and rulers with empty lines.
fn without_code(mut lines: Vec<Line>) -> Vec<Line> {
    let mut fence = false;
    let mut list = false;
    for line in &mut lines {
        let start = line.text.trim_start();
        let is_fence = start.starts_with("```") || start.starts_with("~~~");
        let indent = line
            .text
            .chars()
            .take_while(|c| *c == ' ' || *c == '\t')
            .map(|c| if c == '\t' { 8 } else { 1 })
            .sum::<usize>();
        list =
            if start.is_empty() || indent <= 1 { is_list_item(start) || (list && indent > 1) } else { list };
        let is_ruler = start.starts_with("-----") || start.starts_with("====");
        if is_ruler || is_fence || fence || (indent >= 5 && !list) {
            line.text.clear();
            line.columns = 0;
        }
        fence ^= is_fence;
    }
    lines
}

fn is_list_item(text: &str) -> bool {
    let number = text.trim_start_matches(|c: char| c.is_ascii_digit());
    ["- ", "* ", "@"].iter().any(|mark| text.starts_with(mark))
        || (number.len() < text.len() && number.starts_with(". "))
}

fn is_address(text: &str) -> bool {
    text.split_whitespace().any(|word| word.contains("://") && word.len() > 40)
}

/// The sentences of paragraphs, list items and table cells, each with the line of its paragraph.
fn sentences(lines: &[Line]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut paragraph = String::new();
    let mut number = 1;
    for line in lines.iter().chain([&Line { number: 0, text: String::new(), columns: 0 }]) {
        let text = line.text.trim();
        let ends = text.is_empty() || text.starts_with(['#', '|', '<']) || is_list_item(text);
        if ends {
            split(number, &paragraph, &mut found);
            paragraph.clear();
        }
        if text.starts_with('|') {
            text.split('|').for_each(|cell| split(line.number, cell, &mut found));
        } else if !text.starts_with('#') && !text.starts_with('<') {
            if paragraph.is_empty() {
                number = line.number;
            }
            paragraph.push_str(text.trim_start_matches(['-', '*']));
            paragraph.push(' ');
        }
    }
    found
}

/// Splits a paragraph after each word that ends with `.`, `!`, `?`, `:` or `;`. Such a character in
/// a code span or in the URL of a link does not end a sentence.
fn split(number: usize, paragraph: &str, found: &mut Vec<(usize, String)>) {
    let mut sentence = String::new();
    for word in plain(paragraph).split_whitespace() {
        sentence.push_str(word);
        let end = word.trim_end_matches([')', '"', '*', '_', '\'']);
        if end.ends_with(['.', '!', '?', ':', ';']) && !["e.g.", "i.e.", "vs."].contains(&end) {
            found.push((number, std::mem::take(&mut sentence)));
        } else {
            sentence.push(' ');
        }
    }
    if !sentence.is_empty() {
        found.push((number, sentence));
    }
}

/// Returns the text without the URLs of links, and with each code span as one word.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for (i, part) in text.split('`').enumerate() {
        match i % 2 {
            0 => plain.push_str(part),
            _ => plain.push_str(&format!("`{}`", part.replace(char::is_whitespace, "\u{a0}"))),
        }
    }
    while let Some(start) = plain.find("](") {
        let Some(end) = plain[start..].find(')') else { break };
        plain.replace_range(start..=start + end, "]");
    }
    plain
}

fn words(sentence: &str) -> Vec<&str> {
    sentence.split(' ').filter(|word| word.contains(char::is_alphanumeric)).collect()
}

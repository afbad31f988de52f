//! Tests the relative links in all tracked Markdown files. The linked file must exist. If the link
//! has an anchor, the file must have this heading.

use std::collections::HashMap;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn every_relative_link_has_a_target() {
    let output = Command::new("git").args(["ls-files", "*.md"]).current_dir(ROOT).output().unwrap();
    let mut broken = Vec::new();
    let mut count = 0;
    // Pages of docs/site link to files that only the built site contains. `docs/site/assemble.py`
    // checks these links.
    let is_source = |file: &&str| !file.starts_with("docs/site/");
    for file in String::from_utf8(output.stdout).unwrap().lines().filter(is_source) {
        let text = fs::read_to_string(Path::new(ROOT).join(file)).unwrap();
        for link in links(&without_code(&text)) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            count += 1;
            if let Err(why) = check(Path::new(file), &link) {
                broken.push(format!("{file}: {link}: {why}"));
            }
        }
    }
    assert!(count > 50, "only {count} links found");
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

fn check(file: &Path, link: &str) -> Result<(), String> {
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = if path.is_empty() { file.to_owned() } else { file.parent().unwrap().join(path) };
    let target = normal(&target);
    let on_disk = Path::new(ROOT).join(&target);
    if !on_disk.exists() {
        return Err("there is no such file".to_owned());
    }
    if anchor.is_empty() || target.extension().is_none_or(|extension| extension != "md") {
        return Ok(());
    }
    let text = fs::read_to_string(on_disk).unwrap();
    match anchors(&text).iter().any(|known| known == anchor) {
        true => Ok(()),
        false => Err("there is no such heading".to_owned()),
    }
}

/// `path` without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(normal.pop()),
            Component::CurDir => {}
            part => normal.push(part),
        }
    }
    normal
}

/// The text without code blocks and code spans.
fn without_code(text: &str) -> String {
    let mut is_code = false;
    let mut prose = String::new();
    for line in text.lines() {
        let is_fence = line.trim_start().starts_with("```");
        if !is_fence && !is_code {
            prose.extend(line.split('`').step_by(2));
            prose.push('\n');
        }
        is_code ^= is_fence;
    }
    prose
}

/// The targets of `[text](target)`, `src="target"`, `srcset="target"` and `href="target"`.
fn links(prose: &str) -> Vec<String> {
    let markdown = prose.split("](").skip(1).map(|rest| rest.split([')', ' ', '\n']).next().unwrap());
    let html = ["src=\"", "srcset=\"", "href=\""];
    let html =
        html.iter().flat_map(|mark| prose.split(mark).skip(1).map(|rest| rest.split('"').next().unwrap()));
    markdown.chain(html).map(str::to_owned).collect()
}

/// The anchors of the headings, as GitHub makes them: in lower case, with hyphens for spaces,
/// without punctuation. A repeated heading gets the suffix `-1`, then `-2`.
fn anchors(text: &str) -> Vec<String> {
    let mut is_code = false;
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut anchors = Vec::new();
    for line in text.lines() {
        is_code ^= line.trim_start().starts_with("```");
        let heading = line.trim_start_matches('#');
        if is_code || heading.len() == line.len() || !heading.starts_with(' ') {
            continue;
        }
        // Only the text of a link becomes part of the anchor.
        let mut heading = heading.trim().to_owned();
        while let Some((before, rest)) = heading.split_once("](") {
            let after = rest.split_once(')').map_or("", |(_, after)| after);
            heading = format!("{before}{after}");
        }
        let keep = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
        let slug = heading.to_lowercase().replace(' ', "-").chars().filter(|c| keep(*c)).collect::<String>();
        let count = seen.entry(slug.clone()).or_default();
        anchors.push(if *count == 0 { slug } else { format!("{slug}-{count}") });
        *count += 1;
    }
    anchors
}

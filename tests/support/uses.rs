//! Finds the files that each file of `src` uses: through paths that begin with `crate`, `super` or
//! `self`, and through names that `lib.rs` exports. Comments and unit tests are ignored.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Returns the files that each file uses. Paths are relative to `src`. `mod.rs` and `lib.rs` never
/// count as used files.
pub(crate) fn graph(sources: &[(PathBuf, String)], src: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let name = |path: &Path| path.strip_prefix(src).unwrap().display().to_string();
    let module = |path: &Path| {
        let name = name(path);
        let name = name.trim_end_matches(".rs").trim_end_matches("/mod");
        name.split('/').filter(|part| *part != "lib").map(str::to_owned).collect::<Vec<_>>()
    };
    let files: BTreeMap<Vec<String>, String> =
        sources.iter().map(|(path, _)| (module(path), name(path))).collect();
    let (_, lib) = sources.iter().find(|(path, _)| path.ends_with("src/lib.rs")).unwrap();
    let exports = code(lib).split("pub use ").skip(1).flat_map(|rest| paths(rest).0).collect::<Vec<_>>();

    let mut graph = BTreeMap::new();
    for (path, text) in sources {
        let own = name(path);
        let mut named = BTreeSet::new();
        for mut full in uses(&code(text), &module(path)) {
            if let Some(export) =
                exports.iter().find(|export| full.len() == 1 && export.last() == full.first())
            {
                full = export.clone();
            }
            let of_longest = (1..=full.len()).rev().find_map(|len| files.get(&full[..len]));
            named.extend(of_longest.filter(|file| **file != own && !file.ends_with("mod.rs")).cloned());
        }
        graph.insert(own, named);
    }
    graph
}

/// Returns the text without comments and unit tests.
pub(crate) fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// Returns the paths in `text`, starting at the crate root. `own` is the module of the file.
fn uses(text: &str, own: &[String]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for start in ["crate::", "super::", "self::"] {
        for (at, _) in text.match_indices(start) {
            let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
            if text[..at].ends_with(is_word) {
                continue;
            }
            for path in paths(&text[at..]).0 {
                let supers = path.iter().take_while(|part| *part == "super").count();
                let base = if start == "crate::" { &[] } else { &own[..own.len().saturating_sub(supers)] };
                let rest = path.into_iter().skip(supers.max(usize::from(supers == 0)));
                found.push(base.iter().cloned().chain(rest).collect());
            }
        }
    }
    found
}

/// Parses a path or tree of paths, such as `a::{b, c::d}`, at the start of `text`. Returns its
/// paths and the rest of the text.
fn paths(text: &str) -> (Vec<Vec<String>>, &str) {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        let mut all = Vec::new();
        loop {
            let (some, behind) = paths(rest);
            all.extend(some);
            rest = behind.trim_start();
            match rest.strip_prefix(',') {
                Some(more) => rest = more,
                // The end of the list, or text that is not a tree of paths.
                None => return (all, rest.strip_prefix('}').unwrap_or(rest)),
            }
        }
    }
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '*').unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    if word.is_empty() {
        return (Vec::new(), rest);
    }
    let (tails, rest) = match rest.strip_prefix("::") {
        Some(rest) => paths(rest),
        None => (Vec::new(), rest),
    };
    let tails = if tails.is_empty() { vec![Vec::new()] } else { tails };
    let with_word = |tail: Vec<String>| [vec![word.to_owned()], tail].concat();
    // Skip `as NAME`.
    let rest = match rest.trim_start().strip_prefix("as ") {
        Some(behind) => behind.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_'),
        None => rest,
    };
    (tails.into_iter().map(with_word).collect(), rest)
}

/// Returns a cycle in `graph`, if there is one.
pub(crate) fn circle(graph: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    fn visit<'a>(
        file: &'a String,
        graph: &'a BTreeMap<String, BTreeSet<String>>,
        path: &mut Vec<&'a String>,
        done: &mut BTreeSet<&'a String>,
    ) -> Option<Vec<String>> {
        if let Some(start) = path.iter().position(|before| *before == file) {
            return Some(path[start..].iter().map(|file| (*file).clone()).collect());
        }
        if !done.insert(file) {
            return None;
        }
        path.push(file);
        let mut named = graph.get(file).into_iter().flatten();
        let found = named.find_map(|next| visit(next, graph, path, done));
        path.pop();
        found
    }
    let mut done = BTreeSet::new();
    graph.keys().find_map(|file| visit(file, graph, &mut Vec::new(), &mut done))
}

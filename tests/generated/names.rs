//! Tests the names of settings. A shipped name is permanent. Reserved words of the languages and
//! method names of the generated classes are not allowed.

use bouncer_verify::{SettingType, SettingsKind};
use std::collections::BTreeSet;

const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/settings.names");

/// The reserved words of C++20, Go and Python in lower case.
const RESERVED: &str = "\
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char class co_await co_return \
    co_yield compl concept const const_cast consteval constexpr constinit continue decltype default delete \
    do double dynamic_cast else enum explicit export extern false float for friend goto if inline int long \
    mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected public register \
    reinterpret_cast requires return short signed sizeof static static_assert static_cast struct switch \
    template this thread_local throw true try typedef typeid typename union unsigned using virtual void \
    volatile wchar_t while xor xor_eq \
    chan defer fallthrough func go import interface map package range select type var \
    as assert async await def del elif except finally from global in is lambda match nonlocal pass raise \
    with yield";

/// Method names of the generated classes. No setting may have one of these names.
const TAKEN: [&str; 7] = ["add", "document", "error", "handle", "kind", "load", "set"];

#[test]
fn every_name_is_a_valid_name_in_every_language() {
    // A name is a method in C++, a field in Go and a keyword argument in Python.
    for kind in SettingsKind::ALL {
        let mut names = BTreeSet::new();
        for setting in kind.settings() {
            let name = setting.name;
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
            assert!(!RESERVED.split_whitespace().any(|word| word == name), "{name} is a reserved word");
            assert!(!TAKEN.contains(&name), "{name} is a method of the generated classes");
            assert!(names.insert(name), "{}.{name} is a duplicate", kind.as_str());
        }
    }
}

/// Returns a line for each setting, and one for each word that a choice allows.
fn lines() -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for kind in SettingsKind::ALL {
        for setting in kind.settings() {
            let name = format!("{}.{}", kind.as_str(), setting.name);
            let (kind, words): (_, &[&str]) = match setting.kind {
                SettingType::Choice(words) => ("choice".to_owned(), words),
                SettingType::Choices(words) => ("list of choices".to_owned(), words),
                other => (other.name(), &[]),
            };
            lines.extend(words.iter().map(|word| format!("{name} = {word}")));
            lines.insert(format!("{name}: {kind}"));
        }
    }
    lines
}

#[test]
fn a_shipped_setting_is_never_removed_or_changed() {
    let current = lines();
    let shipped = std::fs::read_to_string(SHIPPED).unwrap_or_default();
    let shipped: BTreeSet<String> =
        shipped.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
    let gone: Vec<_> = shipped.difference(&current).collect();
    assert!(
        gone.is_empty(),
        "{gone:?}: removed or changed: keep the name, type and choices, and mark the setting DEPRECATED"
    );
    if std::env::var_os("BLESS").is_some() {
        let lines: Vec<_> = current.iter().map(String::as_str).collect();
        let head =
            "# Every setting that was ever shipped, written by tests/generated. Lines are never removed.";
        std::fs::write(SHIPPED, format!("{head}\n{}\n", lines.join("\n"))).unwrap();
    } else {
        let new: Vec<_> = current.difference(&shipped).collect();
        assert!(new.is_empty(), "{new:?}: not in tests/data/settings.names; run {}", super::WRITE);
    }
}

//! A value for every setting, to test round trips.

use bouncer_verify::{Setting, SettingType};
use serde_json::{Value, json};
use std::time::Duration;

/// Returns the arguments of `set`, or of `add` for each item: the name, with the member of a map,
/// and the text.
pub(crate) fn texts(setting: &Setting) -> Vec<(String, String)> {
    let name = setting.name;
    let items = match setting.kind {
        SettingType::Flag => vec!["true"],
        SettingType::Text => vec![TEXT],
        SettingType::Texts => vec![TEXT, "a,b c"],
        SettingType::Choice(words) => vec![*words.last().unwrap()],
        SettingType::Choices(words) => vec![words[0], words[1]],
        SettingType::Duration { max, .. } if max >= Duration::from_secs(90) => vec!["90s"],
        SettingType::Duration { .. } => vec!["1500ms"],
        SettingType::Size { .. } => vec!["2KiB"],
        SettingType::Count { .. } => vec!["7"],
        SettingType::Time => vec!["1467985465"],
        SettingType::Entries => unreachable!("a document sets it"),
        SettingType::Map => {
            let members = [("a", TEXT), ("b", "1"), ("b", "2")];
            return members.map(|(member, text)| (format!("{name}.{member}"), text.to_owned())).to_vec();
        }
    };
    items.into_iter().map(|item| (name.to_owned(), item.to_owned())).collect()
}

/// Text with quotation marks, a comma, a space and a non-ASCII character. All must stay unchanged.
const TEXT: &str = "a \"text\", é";

/// Returns the value of [`texts`] in the form that a JSON document has.
pub(crate) fn json(setting: &Setting) -> Value {
    match setting.kind {
        _ if setting.has(Setting::SECRET) => json!("(set, not shown)"),
        SettingType::Flag => json!(true),
        SettingType::Text => json!(TEXT),
        SettingType::Texts => json!([TEXT, "a,b c"]),
        SettingType::Choice(words) => json!(words.last()),
        SettingType::Choices(words) => json!([words[0], words[1]]),
        SettingType::Duration { max, .. } if max >= Duration::from_secs(90) => json!("90s"),
        SettingType::Duration { .. } => json!("1500ms"),
        SettingType::Size { .. } => json!(2048),
        SettingType::Count { .. } => json!(7),
        SettingType::Time => json!(1_467_985_465),
        SettingType::Entries => unreachable!("a document sets it"),
        SettingType::Map => json!({"a": TEXT, "b": ["1", "2"]}),
    }
}

//! C++: the classes of settings, a test of every setter, and the statuses.

use super::notes::{DO_NOT_EDIT, notes, purpose, wrap};
use super::status;
use super::typed_kinds;
use bouncer_verify::{Setting, SettingType, Settings, SettingsKind};

pub(crate) fn generate() -> Vec<(&'static str, String)> {
    vec![
        ("bindings/cpp/include/bouncer/settings_generated.hpp", settings()),
        ("bindings/cpp/include/bouncer/status_generated.hpp", statuses()),
        ("bindings/cpp/tests/settings_generated.cpp", setters_test()),
    ]
}

/// Returns a header file with `content` in the namespace.
fn header(source: &str, include: &str, content: &str) -> String {
    format!(
        "// {source}\n\n#pragma once\n\n#include {include}\n\nnamespace bouncer {{\n{content}\n\
         }}  // namespace bouncer\n"
    )
}

/// Converts `max_stale` to `MaxStale`.
fn camel(name: &str) -> String {
    let upper = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('_').map(upper).collect()
}

fn class_of(kind: SettingsKind) -> String {
    camel(kind.as_str()) + "Settings"
}

fn comment(text: &str, indent: &str) -> String {
    let lines = wrap(text, 96 - indent.len());
    lines.iter().map(|line| format!("{indent}/// {line}\n")).collect()
}

fn settings() -> String {
    let classes: String = typed_kinds().map(class).collect();
    header(DO_NOT_EDIT, "\"settings.hpp\"", &classes)
}

/// Returns the class for a kind of settings. The class has only one member, a pointer, so a new
/// setting does not change its layout.
fn class(kind: SettingsKind) -> String {
    let (name, upper) = (class_of(kind), kind.as_str().to_uppercase());
    let mut class = String::from("\n");
    let rule =
        "Setters do not fail. The object keeps the first error and reports it when the settings are used.";
    class += &comment(&format!("{} {rule}", purpose(kind)), "");
    class += &format!(
        "class [[nodiscard]] {name}\n    : public detail::Settings<{name}, BOUNCER_KIND_{upper}> {{\npublic:\n"
    );
    class.extend(kind.settings().iter().map(|setting| setters(kind, setting)));
    class + "};\n"
}

/// Returns the setters of a setting, for an object that has a name and for a temporary one.
fn setters(kind: SettingsKind, setting: &Setting) -> String {
    let (name, setter) = (class_of(kind), setting.name);
    let constant = format!("BOUNCER_{}_{setter}", kind.as_str()).to_uppercase();
    let (parameters, arguments, call) = match setting.kind {
        SettingType::Flag => ("bool value = true", "value", "put_"),
        SettingType::Text | SettingType::Choice(_) => ("std::string_view value", "value", "put_"),
        SettingType::Texts | SettingType::Choices(_) => ("const detail::TextArray &values", "values", "put_"),
        SettingType::Duration { .. } => ("std::chrono::milliseconds value", "value", "put_"),
        SettingType::Size { .. } | SettingType::Count { .. } => ("std::uint64_t value", "value", "put_"),
        SettingType::Time => ("std::int64_t seconds", "seconds", "put_"),
        SettingType::Entries => unreachable!("VerifierSettings::accept() is written by hand"),
        SettingType::Map => ("std::string_view name, std::string_view value", "name, value", "add_"),
    };
    let adds = if setting.kind == SettingType::Map { " Each call adds a value." } else { "" };
    comment(&(notes(setting) + adds), "    ")
        + &format!(
            "    {name} &{setter}({parameters}) & noexcept {{\n        \
                     return {call}({constant}, {arguments});\n    \
                 }}\n    \
                 {name} {setter}({parameters}) && noexcept {{\n        \
                     return std::move({setter}({arguments}));\n    \
                 }}\n"
        )
}

/// The class is written by hand, because an entry is made from keys and a policy.
#[test]
fn the_settings_of_a_verifier_in_cpp_have_a_setter_for_each_row() {
    let header = concat!(env!("CARGO_MANIFEST_DIR"), "/bindings/cpp/include/bouncer/verifier_settings.hpp");
    let class = std::fs::read_to_string(header).unwrap();
    let kind = SettingsKind::Verifier;
    for setting in kind.settings().iter().filter(|setting| setting.kind != SettingType::Entries) {
        assert!(
            class.contains(&setters(kind, setting)),
            "replace the setters of {} by:\n{}",
            setting.name,
            setters(kind, setting)
        );
    }
}

/// Returns a valid value of the setting, as C++ code and as text.
fn sample(setting: &Setting) -> (String, String) {
    match setting.kind {
        SettingType::Flag => (String::new(), "true".to_owned()),
        SettingType::Text => ("\"text\"".to_owned(), "text".to_owned()),
        SettingType::Texts => ("{\"text\"}".to_owned(), "text".to_owned()),
        SettingType::Choice(words) => (format!("\"{}\"", words[0]), words[0].to_owned()),
        SettingType::Choices(words) => (format!("{{\"{}\"}}", words[0]), words[0].to_owned()),
        SettingType::Duration { max, .. } => {
            let milliseconds = max.as_millis();
            (format!("std::chrono::milliseconds({milliseconds})"), format!("{milliseconds}ms"))
        }
        SettingType::Size { max, .. } | SettingType::Count { max, .. } => (max.to_string(), max.to_string()),
        SettingType::Time => ("-1".to_owned(), "-1".to_owned()),
        SettingType::Entries => unreachable!("VerifierSettings::accept() is written by hand"),
        SettingType::Map => ("\"name\", \"text\"".to_owned(), "text".to_owned()),
    }
}

fn setters_test() -> String {
    let mut test = format!(
        "// {DO_NOT_EDIT}\n\n// Every setter sets its own setting to the given value.\n\
         #include \"check.hpp\"\n\nusing namespace bouncer;\n\n\
         template <class Settings>\nstatic bool is(const Settings &settings, std::string_view document) {{\n    \
             return settings.document() == document;\n}}\n\nint main() {{\n"
    );
    for kind in typed_kinds() {
        for setting in kind.settings() {
            let (argument, text) = sample(setting);
            let member = if setting.kind == SettingType::Map { ".name" } else { "" };
            let mut settings = Settings::new(kind);
            settings.set(&format!("{}{member}", setting.name), &text).unwrap();
            test += &format!(
                "    CHECK(is({}().{}({argument}), R\"json({})json\"));\n",
                class_of(kind),
                setting.name,
                settings.document()
            );
        }
    }
    test + "}\n"
}

fn statuses() -> String {
    let mut content = String::from("\n");
    content += &comment(
        "The result of a call, with the permanent numbers of the C interface. Later versions may \
         add numbers: is_invalid_token(), is_keys_problem() and is_login_problem() work for them too.",
        "",
    );
    content += "enum class Status : std::uint32_t {\n";
    for (number, name, doc) in status::rows() {
        content += &comment(&doc, "    ");
        content += &format!("    {} = {number},\n", camel(name));
    }
    content += "};\n";
    let source = "Code generated from ErrorKind::ALL by tests/generated. DO NOT EDIT.";
    header(source, "<cstdint>", &content)
}

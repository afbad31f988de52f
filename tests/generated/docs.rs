//! docs/settings.md and docs/settings.schema.json.

use super::notes::{DO_NOT_EDIT, notes, notes_without_default, purpose};
use bouncer_verify::{Setting, SettingType, SettingsKind};
use serde_json::{Map, Value, json};

pub(crate) fn generate() -> Vec<(&'static str, String)> {
    vec![("docs/settings.md", page()), ("docs/settings.schema.json", schema())]
}

fn page() -> String {
    let mut page = format!(
        "<!-- {DO_NOT_EDIT} -->\n# Settings\n\n\
         Every setting, by kind. The names are the same in C, C++, Go (in CamelCase), Python and in JSON\n\
         documents. Editors can check these documents with `docs/settings.schema.json`. ⚠ marks a setting\n\
         that accepts something that is rejected by default.\n\n\
         | type | as text (C) | in a JSON document |\n|---|---|---|\n\
         | flag | `true`, `false` | `true`, `false` |\n\
         | text, choice | the text itself; never empty | `\"text\"` |\n\
         | duration | `500ms`, `30s`, `5m`, `2h`, `1d` | `\"30s\"` |\n\
         | size | `16384` (bytes), `16KiB`, `1MiB`, `1GiB` | `16384`, `\"16KiB\"` |\n\
         | count | `100` | `100` |\n\
         | time | seconds since 1970 | not allowed |\n\
         | list | one call for each item | `[\"a\", \"b\"]`, never empty |\n\
         | map | one call for each `name.member` | `{{\"member\": \"text\"}}`, `{{\"member\": [\"a\", \"b\"]}}` |\n"
    );
    for &kind in SettingsKind::ALL {
        page += &format!("\n## {}\n\n{}\n\n", kind.as_str(), purpose(kind));
        page += "| name | type | default | |\n|---|---|---|---|\n";
        for setting in kind.settings() {
            let weakens = if setting.has(Setting::WEAKENS) { " ⚠" } else { "" };
            let default = match (setting.default, setting.kind) {
                ("", SettingType::Flag) => "`false`".to_owned(),
                ("", _) => String::new(),
                (default, _) => format!("`{default}`"),
            };
            let (name, kind) = (setting.name, setting.kind.name().replace('|', ", "));
            page +=
                &format!("| `{name}`{weakens} | {kind} | {default} | {} |\n", notes_without_default(setting));
        }
        if kind == SettingsKind::Verifier {
            page += OF_ENTRIES;
        }
    }
    page
}

/// What an entry of a verifier has beside the settings of its policy.
const OF_ENTRIES: &str = "
An entry of `accept` is an object with the settings of a policy, and these:

| name | type | |
|---|---|---|
| `keys` | object | The source of the keys: the settings of the kind keys, or `keys.jwks`, or `keys.file`. If it \
names no source, the keys are discovered from the metadata of the entry's only issuer. |
| `keys.jwks` | object | The JWK Set itself. |
| `keys.file` | text | A file with a JWK Set. It is read when the verifier is made, and at each reload. |
| `tenants` | list of text | The values of the placeholder `{tenant}` in `issuers`, and in `url`, `discover`, `file` \
and `last_good_file` of `keys`. If the keys differ by tenant, each tenant has an entry of its own. |

Another placeholder in `issuers` is the name of a claim: `https://login.example/{tid}/v2.0` accepts
a token whose `iss` contains the value of its own claim `tid`.
";

/// Returns the JSON Schema, Draft 2020-12, with a definition for each kind.
fn schema() -> String {
    let definitions: Map<_, _> =
        SettingsKind::ALL.iter().map(|kind| (kind.as_str().to_owned(), object(*kind))).collect();
    let any: Vec<_> =
        SettingsKind::ALL.iter().map(|kind| json!({"$ref": format!("#/$defs/{}", kind.as_str())})).collect();
    let mut definitions = definitions;
    definitions["verifier"]["properties"]["accept"]["items"] = entry();
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": DO_NOT_EDIT,
        "title": "Settings of bouncer_verify",
        "anyOf": any,
        "$defs": definitions,
    });
    serde_json::to_string_pretty(&schema).unwrap() + "\n"
}

fn object(kind: SettingsKind) -> Value {
    let in_documents = |setting: &&Setting| !setting.has(Setting::SECRET) && !setting.has(Setting::CODE_ONLY);
    let mut properties: Map<_, _> = kind
        .settings()
        .into_iter()
        .filter(in_documents)
        .map(|setting| {
            let mut property = property(setting.kind);
            property["description"] = notes(setting).into();
            (setting.name.to_owned(), property)
        })
        .collect();
    properties.insert("$schema".to_owned(), json!({"type": "string"}));
    json!({
        "description": purpose(kind),
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    })
}

/// Returns the schema of an entry of a verifier.
fn entry() -> Value {
    let mut keys = object(SettingsKind::Keys);
    keys["properties"]["jwks"] = json!({"type": "object", "description": "The JWK Set itself."});
    keys["properties"]["file"] = json!({
        "type": "string",
        "minLength": 1,
        "description": "A file with a JWK Set. It is read when the verifier is made, and at each reload.",
    });
    let mut entry = object(SettingsKind::Policy);
    entry["properties"]["keys"] = keys;
    entry["properties"]["tenants"] = property(SettingType::Texts);
    entry["properties"]["tenants"]["description"] = "The values of the placeholder {tenant}.".into();
    entry
}

fn property(kind: SettingType) -> Value {
    let text = json!({"type": "string", "minLength": 1});
    match kind {
        SettingType::Flag => json!({"type": "boolean"}),
        SettingType::Text => text,
        SettingType::Texts => json!({"type": "array", "minItems": 1, "items": text}),
        SettingType::Choice(words) => json!({"enum": words}),
        SettingType::Choices(words) => json!({"type": "array", "minItems": 1, "items": {"enum": words}}),
        SettingType::Duration { .. } => json!({"type": "string", "pattern": "^[0-9]+(ms|s|m|h|d)$"}),
        SettingType::Size { min, max } => json!({"anyOf": [
            {"type": "integer", "minimum": min, "maximum": max},
            {"type": "string", "pattern": "^[0-9]+(KiB|MiB|GiB)?$"},
        ]}),
        SettingType::Count { min, max } => json!({"type": "integer", "minimum": min, "maximum": max}),
        SettingType::Time => json!({"type": "integer"}),
        SettingType::Entries => json!({"type": "array", "minItems": 1}),
        SettingType::Map => {
            let one = json!({"anyOf": [text, {"type": ["number", "boolean"]}]});
            json!({"type": "object", "additionalProperties": {"anyOf": [
                one,
                {"type": "array", "minItems": 1, "items": one},
            ]}})
        }
    }
}

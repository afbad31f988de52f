//! Settings as a JSON document: `{"issuers": ["a"], "leeway": "30s"}`.

use super::fault::{Fault, excerpt};
use super::kind::SettingsKind;
use super::near::did_you_mean;
use super::row::Setting;
use super::settings::{Accept, AcceptSettings, Entry, How, Settings};
use super::value::SettingType;
use crate::encoding::json;
use crate::error::Result;
use serde_json::Value as Json;

/// The settings that only an entry has, beside those of its policy.
const OF_ENTRY: [&str; 2] = ["keys", "tenants"];
/// The sources of keys that only an entry has, beside the settings of a remote key set.
const OF_KEYS: [&str; 2] = ["jwks", "file"];
/// Names of claims and header parameters that people write in an entry, and the settings for them.
/// They are too unlike to be found by similarity.
const OTHER_NAMES: [(&str, &str); 7] = [
    ("iss", "issuers"),
    ("aud", "audiences"),
    ("sub", "subject"),
    ("scope", "required_scopes"),
    ("scopes", "required_scopes"),
    ("alg", "algorithms"),
    ("typ", "token_type"),
];

/// Replaces the value of a secret in [`Settings::document`].
const NOT_SHOWN: &str = "(set, not shown)";

impl Settings {
    /// Sets all settings of a JSON document. If one of them fails, none is set. Settings that are
    /// not in the document keep their values. A document cannot contain secrets or `time`, which is
    /// for tests and audits. The member `$schema` is ignored.
    ///
    /// # Errors
    /// The same as [`Settings::set`]. Also if the document is not strict JSON.
    pub fn load(&mut self, json: &str) -> Result<()> {
        self.change(|settings| {
            let mut changed = settings.clone();
            load(&mut changed, json)?;
            *settings = changed;
            Ok(())
        })
    }

    /// Returns the settings as a JSON document for logs, sorted by name. A fixed text replaces each
    /// secret.
    pub fn document(&self) -> String {
        let mut document = of(&self.entries);
        let mut accept = Vec::new();
        for entry in &self.accept {
            accept.push(match entry {
                Accept::Configured(entry) => entry.document(),
                Accept::Made(..) => "(made in code)".into(),
            });
        }
        if !accept.is_empty() {
            document.insert("accept".to_owned(), accept.into());
        }
        Json::Object(document).to_string()
    }
}

/// Sets the document's settings. On failure, `settings` may contain some of them.
fn load(settings: &mut Settings, document: &str) -> Result<(), Fault> {
    for (name, value) in members(document)? {
        if settings.kind() == SettingsKind::Verifier && is_of_entry(&name) {
            let why = format!("{name:?} is a setting of an entry: write {{\"accept\": [{{...}}]}}");
            return Err(Fault::at("", why));
        }
        if name != "$schema" {
            member(settings, &name, value)?;
        }
    }
    Ok(())
}

fn is_of_entry(name: &str) -> bool {
    SettingsKind::Policy.setting(name).is_some() || OF_ENTRY.contains(&name)
}

/// Returns the members of the document, or of an object in it, in order. A duplicate name at any
/// depth is an error.
fn members(document: &str) -> Result<Vec<(String, json::Value<'_>)>, Fault> {
    let mut members = Vec::new();
    json::members(document, |name, value| {
        members.push((String::from_utf8_lossy(name).into_owned(), value));
    })
    .map_err(|invalid| {
        Fault::at("", format!("the document is not strict JSON: {}", invalid.explain(document)))
    })?;
    Ok(members)
}

fn member(settings: &mut Settings, name: &str, json: json::Value<'_>) -> Result<(), Fault> {
    let (setting, member) = settings.find(name)?;
    if setting.kind == SettingType::Entries {
        return load_accept(settings, json);
    }
    let fault = |detail: &str| Fault::at(name, detail);
    if setting.has(Setting::CODE_ONLY) || setting.has(Setting::SECRET) {
        return Err(fault("it can only be set in code, not in a document"));
    }
    match setting.kind {
        SettingType::Map if member.is_empty() => map(settings, setting, json),
        SettingType::Map => Err(fault("in a document, write it as a member of an object")),
        SettingType::Texts | SettingType::Choices(_) => list(settings, setting, "", name, json),
        _ => scalar(settings, setting, "", name, json, How::Set),
    }
}

fn map(settings: &mut Settings, setting: &'static Setting, json: json::Value<'_>) -> Result<(), Fault> {
    let is_of_claims = setting.name.starts_with("claim_");
    if json.kind() != "an object" {
        let hint = if is_of_claims { ": write {\"CLAIM\": \"VALUE\"}" } else { "" };
        return Err(Fault::at(setting.name, format!("it is {}, not an object{hint}", json.kind())));
    }
    for (member, value) in members(json.text()).map_err(|fault| fault.within(setting.name))? {
        let path = format!("{}.{member}", setting.name);
        match (member.as_str(), value.kind()) {
            ("", _) => return Err(Fault::at(setting.name, "a member's name is empty")),
            (_, "an object") if is_of_claims => {
                let nested = excerpt(&nested_claim(&member, value));
                return Err(Fault::at(path, format!("it is an object: write the nested claim as {nested}")));
            }
            (_, "an array") => list(settings, setting, &member, &path, value)?,
            _ => scalar(settings, setting, &member, &path, value, How::Set)?,
        }
    }
    Ok(())
}

/// Returns the path of the first claim in an object of claims: `realm_access.roles`.
fn nested_claim(name: &str, object: json::Value<'_>) -> String {
    match object.kind() {
        "an object" => {
            let members = members(object.text()).unwrap_or_default();
            members.first().map_or_else(
                || format!("{name}.NAME"),
                |(inner, value)| nested_claim(&format!("{name}.{inner}"), *value),
            )
        }
        _ => name.to_owned(),
    }
}

fn list(
    settings: &mut Settings,
    setting: &'static Setting,
    member: &str,
    path: &str,
    json: json::Value<'_>,
) -> Result<(), Fault> {
    let mut items = Vec::new();
    if json.elements(|item| items.push(item)).is_none() {
        return Err(Fault::at(path, format!("it is {}, not a list: write [...]", json.kind())));
    }
    if items.is_empty() {
        return Err(Fault::at(path, "it is an empty list: remove it"));
    }
    for (index, item) in items.into_iter().enumerate() {
        let how = if index == 0 { How::Set } else { How::Add };
        scalar(settings, setting, member, &format!("{path}[{index}]"), item, how)?;
    }
    Ok(())
}

fn scalar(
    settings: &mut Settings,
    setting: &'static Setting,
    member: &str,
    path: &str,
    json: json::Value<'_>,
    how: How,
) -> Result<(), Fault> {
    let text = setting.kind.text_of_json(json).map_err(|detail| Fault::at(path, detail))?;
    if setting.is_secret(&text) {
        return Err(Fault::at(path, "a URL with a password can only be set in code, not in a document"));
    }
    settings.store(setting, member, &text, how).map_err(|detail| Fault::at(path, detail))
}

impl AcceptSettings {
    fn new() -> Self {
        Self {
            policy: Settings::new(SettingsKind::Policy),
            tenants: Vec::new(),
            jwks: None,
            file: None,
            keys: Settings::new(SettingsKind::Keys),
        }
    }

    fn load(json: json::Value<'_>) -> Result<Self, Fault> {
        let mut entry = Self::new();
        for (name, value) in object(json)? {
            match name.as_str() {
                "keys" if value.kind() == "a string" => {
                    return Err(Fault::at(
                        "keys",
                        "it is a string, not an object: write {\"url\": \"https://…\"}",
                    ));
                }
                "keys" => entry.load_keys(value).map_err(|fault| fault.within("keys"))?,
                "tenants" => entry.tenants = texts(value).map_err(|fault| fault.within("tenants"))?,
                _ if SettingsKind::Policy.setting(name.split('.').next().unwrap_or_default()).is_some() => {
                    member(&mut entry.policy, &name, value)?;
                }
                _ if SettingsKind::Keys.setting(&name).is_some() || OF_KEYS.contains(&name.as_str()) => {
                    return Err(Fault::at("", format!("{name:?} is a setting of \"keys\": write it there")));
                }
                "jwks_uri" | "jwks_url" => {
                    let why = format!("an entry has no setting {name:?}: it is \"url\" in \"keys\" here");
                    return Err(Fault::at("", why));
                }
                _ => {
                    if let Some((_, own)) = OTHER_NAMES.iter().find(|(other, _)| *other == name) {
                        let why = format!("an entry has no setting {name:?}: it is {own:?} here");
                        return Err(Fault::at("", why));
                    }
                    let known = SettingsKind::Policy.settings().into_iter().map(|setting| setting.name);
                    return Err(unknown("an entry", &name, known.chain(OF_ENTRY)));
                }
            }
        }
        Ok(entry)
    }

    fn load_keys(&mut self, json: json::Value<'_>) -> Result<(), Fault> {
        for (name, value) in object(json)? {
            match name.as_str() {
                "jwks" if value.kind() == "an object" => self.jwks = Some(value.text().to_owned()),
                "jwks" => {
                    let why =
                        format!("it is {}, not an object: a source is \"url\" or \"file\"", value.kind());
                    return Err(Fault::at("jwks", why));
                }
                "file" => {
                    let text = SettingType::Text.text_of_json(value).map_err(|why| Fault::at("file", why))?;
                    SettingType::Text.read(&text, false).map_err(|why| Fault::at("file", why))?;
                    self.file = Some(text.into_owned());
                }
                _ => self.load_other_keys(&name, value)?,
            }
        }
        Ok(())
    }

    fn load_other_keys(&mut self, name: &str, value: json::Value<'_>) -> Result<(), Fault> {
        if SettingsKind::Keys.setting(name).is_some() {
            return member(&mut self.keys, name, value);
        }
        if SettingsKind::Policy.setting(name).is_some() {
            return Err(Fault::at(
                "",
                format!("{name:?} is a setting of the entry: write it beside \"keys\""),
            ));
        }
        if ["jwks_uri", "jwks_url"].contains(&name) {
            return Err(Fault::at("", format!("keys has no setting {name:?}: it is \"url\" here")));
        }
        let known = SettingsKind::Keys.settings().into_iter().map(|setting| setting.name);
        Err(unknown("keys", name, known.chain(OF_KEYS)))
    }

    /// Returns the entry as JSON, for logs.
    pub(super) fn document(&self) -> Json {
        let mut entry = of(&self.policy.entries);
        let mut keys = of(&self.keys.entries);
        if let Some(jwks) = &self.jwks {
            keys.insert("jwks".to_owned(), serde_json::from_str(jwks).unwrap_or_default());
        }
        if let Some(file) = &self.file {
            keys.insert("file".to_owned(), file.as_str().into());
        }
        if !keys.is_empty() {
            entry.insert("keys".to_owned(), keys.into());
        }
        if !self.tenants.is_empty() {
            entry.insert("tenants".to_owned(), self.tenants.as_slice().into());
        }
        entry.into()
    }
}

/// Replaces the entries of `settings` by those of the document.
fn load_accept(settings: &mut Settings, json: json::Value<'_>) -> Result<(), Fault> {
    let mut entries = Vec::new();
    if json.elements(|entry| entries.push(entry)).is_none() {
        return Err(Fault::at("accept", format!("it is {}, not a list: write [...]", json.kind())));
    }
    if entries.is_empty() {
        return Err(Fault::at("accept", "it is an empty list: add an entry"));
    }
    settings.accept.clear();
    for (index, entry) in entries.into_iter().enumerate() {
        let entry = AcceptSettings::load(entry).map_err(|fault| fault.within(&format!("accept[{index}]")))?;
        settings.accept.push(Accept::Configured(Box::new(entry)));
    }
    Ok(())
}

fn object(json: json::Value<'_>) -> Result<Vec<(String, json::Value<'_>)>, Fault> {
    if json.kind() != "an object" {
        return Err(Fault::at("", format!("it is {}, not an object", json.kind())));
    }
    members(json.text())
}

fn texts(json: json::Value<'_>) -> Result<Vec<String>, Fault> {
    let mut items = Vec::new();
    if json.elements(|item| items.push(item)).is_none() {
        return Err(Fault::at("", format!("it is {}, not a list: write [...]", json.kind())));
    }
    if items.is_empty() {
        return Err(Fault::at("", "it is an empty list: remove it"));
    }
    let text = |(index, item)| {
        let at = |why: String| Fault::at(format!("[{index}]"), why);
        let text = SettingType::Texts.text_of_json(item).map_err(at)?;
        SettingType::Texts.read(&text, false).map_err(at)?;
        Ok(text.into_owned())
    };
    items.into_iter().enumerate().map(text).collect()
}

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Fault {
    let hint = did_you_mean(name, known);
    let version = env!("CARGO_PKG_VERSION");
    Fault::at("", format!("{what} has no setting {}{hint} (version {version})", excerpt(name)))
}

/// Returns the entries as an object. Its members are sorted by name.
pub(super) fn of(entries: &[Entry]) -> serde_json::Map<String, Json> {
    let mut document = serde_json::Map::new();
    for Entry { setting, member, value } in entries {
        let value = match value.json() {
            Json::String(text) if setting.is_secret(&text) => NOT_SHOWN.into(),
            shown => shown,
        };
        match setting.kind {
            SettingType::Map => {
                let map =
                    document.entry(setting.name).or_insert_with(|| Json::Object(serde_json::Map::new()));
                if let Json::Object(map) = map {
                    append(map, member, value, false);
                }
            }
            kind => append(&mut document, setting.name, value, kind.is_list()),
        }
    }
    document
}

/// Adds `value` to the member `name`. Several values, or one value of a list, become an array.
fn append(object: &mut serde_json::Map<String, Json>, name: &str, value: Json, is_list: bool) {
    match object.get_mut(name) {
        Some(Json::Array(items)) => items.push(value),
        Some(first) => *first = Json::Array(vec![first.take(), value]),
        None => {
            let value = if is_list { Json::Array(vec![value]) } else { value };
            object.insert(name.to_owned(), value);
        }
    }
}

//! Settings as a JSON document: `{"issuers": ["a"], "leeway": "30s"}`.

use super::fault::Fault;
use super::row::Setting;
use super::settings::{Entry, How, Settings};
use super::value::SettingType;
use crate::encoding::json;
use crate::error::Result;
use serde_json::Value as Json;

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
        of(&self.entries)
    }
}

/// Sets the document's settings. On failure, `settings` may contain some of them.
fn load(settings: &mut Settings, document: &str) -> Result<(), Fault> {
    for (name, value) in members(document).map_err(|why| Fault::at("", why))? {
        if name != "$schema" {
            member(settings, &name, value)?;
        }
    }
    Ok(())
}

/// Returns the members of an object, in order. A duplicate name at any depth is an error.
fn members(document: &str) -> Result<Vec<(String, json::Value<'_>)>, String> {
    let mut members = Vec::new();
    json::members(document, |name, value| {
        members.push((String::from_utf8_lossy(name).into_owned(), value));
    })
    .map_err(|invalid| format!("the document is not strict JSON: {invalid}"))?;
    Ok(members)
}

fn member(settings: &mut Settings, name: &str, json: json::Value<'_>) -> Result<(), Fault> {
    let (setting, member) = settings.find(name)?;
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
    if json.kind() != "an object" {
        return Err(Fault::at(setting.name, format!("it is {}, not an object", json.kind())));
    }
    for (member, value) in members(json.text()).map_err(|why| Fault::at(setting.name, why))? {
        let path = format!("{}.{member}", setting.name);
        match (member.as_str(), value.kind()) {
            ("", _) => return Err(Fault::at(setting.name, "a member's name is empty")),
            (_, "an array") => list(settings, setting, &member, &path, value)?,
            _ => scalar(settings, setting, &member, &path, value, How::Set)?,
        }
    }
    Ok(())
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

/// Returns the entries as an object. Its members are sorted by name.
fn of(entries: &[Entry]) -> String {
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
    Json::Object(document).to_string()
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

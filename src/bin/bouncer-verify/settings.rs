//! `bouncer-verify settings`: lists or explains settings.

use crate::arguments::SettingsArguments;
use crate::options::long_name;
use crate::report::{Failure, Report};
use crate::text::columns;
use bouncer_verify::{Setting, SettingsKind};

pub(crate) fn run(arguments: &SettingsArguments) -> Result<Report, Failure> {
    let Some(name) = &arguments.name else {
        return Ok(Report::success(SettingsKind::ALL.iter().map(|kind| list(*kind)).collect()));
    };
    let found = SettingsKind::ALL.iter().filter_map(|kind| {
        let is_named = |setting: &&Setting| setting.name == name || long_name(setting) == *name;
        Some(details(*kind, kind.settings().into_iter().find(is_named)?))
    });
    let text: Vec<_> = found.collect();
    match text.is_empty() {
        true => {
            Err(Failure::Usage(format!("no setting is called {name:?}: `bouncer-verify settings` lists all")))
        }
        false => Ok(Report::success(text.join("\n"))),
    }
}

fn list(kind: SettingsKind) -> String {
    let row = |setting: &Setting| [setting.name, &setting.kind.name(), setting.default].map(str::to_owned);
    let rows: Vec<_> = kind.settings().into_iter().map(row).collect();
    format!("{}\n{}\n", kind.as_str(), columns(&rows))
}

fn details(kind: SettingsKind, setting: &Setting) -> String {
    let Setting { name, default, help, .. } = setting;
    let (kind, ty, range) = (kind.as_str(), setting.kind.name(), setting.kind.range());
    let default = if default.is_empty() { String::new() } else { format!("\ndefault: {default}") };
    let range = if range.is_empty() { String::new() } else { format!("\nrange: {range}") };
    format!("{kind}.{name}\n{help}\ntype: {ty}{range}{default}\n")
}

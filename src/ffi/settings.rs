//! Settings: text values by name.

use super::boundary::{bytes, handle};
use super::error::bouncer_error;
use super::failure::Failure;
use super::panic::read;
use super::status::bouncer_status;
use super::text::bouncer_str;
use crate::{Error, ErrorKind, Setting, Settings, SettingsKind};
use std::ffi::{CStr, CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::{LazyLock, OnceLock};

/// The value is secret: it is never shown and is not allowed in a document.
pub const BOUNCER_SETTING_SECRET: u32 = 1;
/// The setting is set in code only; it is not allowed in a document.
pub const BOUNCER_SETTING_CODE_ONLY: u32 = 2;
/// The setting weakens a check: the library then accepts input that it otherwise rejects.
pub const BOUNCER_SETTING_WEAKENS: u32 = 4;
/// The setting is a list; bouncer_settings_add() appends an item.
pub const BOUNCER_SETTING_LIST: u32 = 8;
/// The setting is deprecated: it has a new name.
pub const BOUNCER_SETTING_DEPRECATED: u32 = 16;
/// The value is a URL. It is secret if it contains a user or a password.
pub const BOUNCER_SETTING_PASSWORD: u32 = 32;

const _: () = {
    assert!(BOUNCER_SETTING_SECRET == Setting::SECRET && BOUNCER_SETTING_CODE_ONLY == Setting::CODE_ONLY);
    assert!(BOUNCER_SETTING_WEAKENS == Setting::WEAKENS && BOUNCER_SETTING_LIST == Setting::LIST);
    assert!(BOUNCER_SETTING_DEPRECATED == Setting::DEPRECATED);
    assert!(BOUNCER_SETTING_PASSWORD == Setting::PASSWORD);
};

/// Settings of one kind: for a policy, a remote key set, a verifier or a renewer.
///
/// ```c
/// bouncer_settings *settings = bouncer_settings_new(BOUNCER_KIND_POLICY);
/// bouncer_settings_add(settings, BOUNCER_POLICY_ISSUERS, BOUNCER_TEXT("https://id.example"));
/// bouncer_settings_add(settings, BOUNCER_POLICY_AUDIENCES, BOUNCER_TEXT("orders"));
/// bouncer_settings_set(settings, BOUNCER_POLICY_LEEWAY, BOUNCER_TEXT("30s"));
/// if (bouncer_policy_new(settings, &policy, &error) != BOUNCER_STATUS_OK) ...
/// bouncer_settings_free(settings);
/// ```
///
/// The settings keep their first failure. Every later change does nothing and returns the status of
/// that failure. bouncer_policy_new(), bouncer_remote_jwks_new(), bouncer_verifier_new() and
/// bouncer_renewer_new() return the same status, so it is enough to check that last call. The error
/// of that call names the cause, and bouncer_error_claim() returns the path of the setting.
///
/// Only one thread at a time may change settings. A policy, key set, verifier or renewer copies
/// what it needs.
///
/// Values are text. A flag is "true" or "false". A duration is a whole number and a unit: "500ms",
/// "30s", "5m", "2h", "1d". A size is "16384", "16KiB", "1MiB" or "1GiB". A time is a number of
/// seconds since 1970-01-01T00:00:00Z. Text must not be empty. In a setting that is a map, each
/// entry has its own name. It follows the name of the setting and a dot:
///
/// ```c
/// bouncer_settings_set(settings, BOUNCER_POLICY_CLAIM_IS ".uid", BOUNCER_TEXT("peter"));
/// bouncer_settings_set(settings, BOUNCER_RENEWER_PARAMETERS ".scope", BOUNCER_TEXT("read"));
/// ```
pub struct bouncer_settings {
    pub(super) settings: Settings,
    error: Option<bouncer_error>,
    json: OnceLock<String>,
}

/// Creates empty settings of `kind`, a BOUNCER_KIND_ constant. Free them with
/// bouncer_settings_free(). Never returns NULL: an unknown kind is kept as the first failure.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_settings_new(kind: u32) -> Option<Box<bouncer_settings>> {
    read(None, || {
        let known = SettingsKind::of_number(kind);
        let settings = Settings::new(known.unwrap_or(SettingsKind::Policy));
        let mut settings = bouncer_settings { settings, error: None, json: OnceLock::new() };
        if known.is_none() {
            let detail = format!("unknown kind of settings {kind}: use a BOUNCER_KIND_ constant");
            settings.fail(&invalid(detail));
        }
        Some(Box::new(settings))
    })
}

pub(super) fn invalid(detail: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidArgument, "").with_detail(detail)
}

impl bouncer_settings {
    fn fail(&mut self, error: &Error) -> bouncer_status {
        let first = self.settings.fail(error.clone());
        self.error.get_or_insert_with(|| bouncer_error::new(Failure::Core(first))).status
    }

    pub(super) fn change(
        &mut self,
        change: impl FnOnce(&mut Settings) -> Result<(), Error>,
    ) -> bouncer_status {
        self.json.take();
        if let Some(error) = &self.error {
            return error.status;
        }
        let settings = &mut self.settings;
        // After a panic the settings have failed, so nothing can be built from them.
        let result = catch_unwind(AssertUnwindSafe(|| change(settings)));
        match result.unwrap_or_else(|_| Err(invalid("a bug in bouncer_verify: please report it"))) {
            Ok(()) => bouncer_status::Ok,
            Err(error) => self.fail(&error),
        }
    }
}

/// # Safety
/// `name` must be NULL or NUL-terminated.
unsafe fn name_of<'a>(name: *const c_char) -> Result<&'a str, Error> {
    if name.is_null() {
        return Err(invalid("the name is NULL"));
    }
    // SAFETY: `name` is not NULL, and NUL-terminated by the caller's promise.
    unsafe { CStr::from_ptr(name) }.to_str().map_err(|_| invalid("the name is not UTF-8"))
}

/// # Safety
/// `value` must be NULL or readable for `len` bytes.
unsafe fn text_of<'a>(what: &'static str, value: *const c_char, len: usize) -> Result<&'a str, Error> {
    // SAFETY: the caller promises that `value` is NULL or readable for `len` bytes.
    let bytes = match unsafe { bytes(what, value.cast(), len) } {
        Ok(bytes) => bytes,
        Err(Failure::Core(error)) => return Err(error),
        Err(_) => return Err(invalid(format!("the {what} is NULL"))),
    };
    std::str::from_utf8(bytes).map_err(|_| invalid(format!("the {what} is not UTF-8")))
}

/// # Safety
/// `name` must be NULL or NUL-terminated, `value` NULL or readable for `value_len` bytes.
unsafe fn put(
    settings: Option<&mut bouncer_settings>,
    name: *const c_char,
    value: *const c_char,
    value_len: usize,
    change: fn(&mut Settings, &str, &str) -> Result<(), Error>,
) -> bouncer_status {
    let Some(settings) = settings else { return bouncer_status::NullArgument };
    settings.change(|settings| {
        // SAFETY: the caller promises that `name` is NULL or NUL-terminated.
        let name = unsafe { name_of(name) }?;
        // SAFETY: the caller promises that `value` is NULL or readable for `value_len` bytes.
        change(settings, name, unsafe { text_of("value", value, value_len) }?)
    })
}

/// Sets the setting `name` to the value of `value_len` bytes at `value`, which are copied. An
/// earlier value is replaced; a list then contains only this item. `name` is NUL-terminated: use a
/// constant that begins with BOUNCER_POLICY_, BOUNCER_KEYS_, BOUNCER_VERIFIER_ or BOUNCER_RENEWER_.
///
/// On failure: BOUNCER_STATUS_INVALID_ARGUMENT if the name is unknown or the value is invalid. The
/// settings keep this failure. BOUNCER_STATUS_NULL_ARGUMENT if `settings` is NULL.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_settings_set(
    settings: Option<&mut bouncer_settings>,
    name: *const c_char,
    value: *const c_char,
    value_len: usize,
) -> bouncer_status {
    // SAFETY: the caller promises that `name` is NUL-terminated and that `value` is readable for
    // `value_len` bytes, or NULL.
    unsafe { put(settings, name, value, value_len, Settings::set) }
}

/// Appends the value of `value_len` bytes at `value` to the list `name`. The value is one item:
/// there is no separator and no escape.
///
/// On failure: as bouncer_settings_set(), and BOUNCER_STATUS_INVALID_ARGUMENT if the setting is not
/// a list.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_settings_add(
    settings: Option<&mut bouncer_settings>,
    name: *const c_char,
    value: *const c_char,
    value_len: usize,
) -> bouncer_status {
    // SAFETY: the caller promises that `name` is NUL-terminated and that `value` is readable for
    // `value_len` bytes, or NULL.
    unsafe { put(settings, name, value, value_len, Settings::add) }
}

/// Applies all settings in the JSON document of `json_len` bytes at `json`, or none of them on
/// failure. Flags, counts and sizes have JSON types, durations are strings, lists are arrays:
/// {"issuers": ["a"], "leeway": "30s"}. A document must not contain a secret. "$schema" is ignored.
/// docs/settings.schema.json is the JSON schema of documents.
///
/// On failure: BOUNCER_STATUS_INVALID_ARGUMENT. The document is not strict JSON, a name is unknown
/// or repeated, or a value is invalid, null or an empty list.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_settings_load(
    settings: Option<&mut bouncer_settings>,
    json: *const c_char,
    json_len: usize,
) -> bouncer_status {
    let Some(settings) = settings else { return bouncer_status::NullArgument };
    settings.change(|settings| {
        // SAFETY: the caller promises `json` is readable for `json_len` bytes.
        settings.load(unsafe { text_of("document", json, json_len) }?)
    })
}

/// Returns the first failure, or NULL if there is none. The settings own the error: do not free it.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_settings_error(settings: Option<&bouncer_settings>) -> Option<&bouncer_error> {
    settings?.error.as_ref()
}

/// Returns the settings as a JSON document for logs, without secrets. The text is valid until the
/// settings are changed or freed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_settings_json(settings: Option<&bouncer_settings>) -> bouncer_str {
    read(bouncer_str::NONE, || {
        settings.map(|settings| settings.json.get_or_init(|| settings.settings.document()).as_str()).into()
    })
}

/// Frees settings and wipes their secrets from memory. Policies, key sets, verifiers and renewers
/// that were created from them keep working. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_settings_free(settings: Option<Box<bouncer_settings>>) {
    read((), || drop(settings));
}

/// Returns the settings of a handle, or `NullArgument` if it is NULL.
pub(super) fn of(settings: Option<&bouncer_settings>) -> Result<&Settings, Failure> {
    Ok(&handle("settings", settings)?.settings)
}

/// The description of a setting. It is static. Later versions may add members at the end, so use
/// this struct only through a pointer. Each text is NUL-terminated and never NULL.
#[repr(C)]
pub struct bouncer_setting {
    /// The name, for bouncer_settings_set() and for documents.
    pub name: *const c_char,
    /// The type: "flag", "text", "duration", "size", "count", "time", "map of text", or the values
    /// of a choice: "jwt|dcos". A list has the prefix "list of ".
    pub r#type: *const c_char,
    /// The default; empty if the setting has no default or `help` explains it.
    pub default_value: *const c_char,
    /// The minimum and the maximum: "0s to 5m"; empty if there are none.
    pub range: *const c_char,
    /// A description of what the setting does.
    pub help: *const c_char,
    /// The first version of this library with this setting.
    pub since: *const c_char,
    /// A bit set of the BOUNCER_SETTING_ constants.
    pub flags: u32,
}

/// The descriptions of all settings, in the form for C.
struct Rows {
    kinds: Vec<(u32, Vec<bouncer_setting>)>,
    /// Owns the texts that the rows point to.
    _texts: Vec<CString>,
}

// SAFETY: the pointers point into `_texts`, which is never changed.
unsafe impl Send for Rows {}
// SAFETY: the pointers point into `_texts`, which is never changed.
unsafe impl Sync for Rows {}

static ROWS: LazyLock<Rows> = LazyLock::new(|| {
    let mut texts = Vec::new();
    let mut kept = |text: &str| {
        let text = CString::new(text).unwrap_or_default();
        let address = text.as_ptr();
        texts.push(text);
        address
    };
    let mut row = |setting: &Setting| bouncer_setting {
        name: kept(setting.name),
        r#type: kept(&setting.kind.name()),
        default_value: kept(setting.default),
        range: kept(&setting.kind.range()),
        help: kept(setting.help),
        since: kept(setting.since),
        flags: setting.flags,
    };
    let rows = |kind: &SettingsKind| (kind.number(), kind.settings().into_iter().map(&mut row).collect());
    Rows { kinds: SettingsKind::ALL.iter().map(rows).collect(), _texts: texts }
});

fn rows_of(kind: u32) -> Option<&'static [bouncer_setting]> {
    let (_, rows) = ROWS.kinds.iter().find(|(number, _)| *number == kind)?;
    Some(rows)
}

/// Returns the setting after `previous` in the list of `kind`, or the first one if `previous` is
/// NULL. Returns NULL after the last one.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_setting_next(
    kind: u32,
    previous: Option<&bouncer_setting>,
) -> Option<&'static bouncer_setting> {
    read(None, || {
        let rows = rows_of(kind)?;
        let Some(previous) = previous else { return rows.first() };
        rows.get(rows.iter().position(|row| ptr::eq(row, previous))? + 1)
    })
}

/// Returns the setting `name` (NUL-terminated) of `kind`, or NULL if this library does not have it.
/// For programs that use a setting only if it exists.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_setting_find(
    kind: u32,
    name: *const c_char,
) -> Option<&'static bouncer_setting> {
    read(None, || {
        // SAFETY: the caller promises that `name` is NULL or NUL-terminated.
        let name = unsafe { name_of(name) }.ok()?;
        let settings = SettingsKind::of_number(kind)?.settings();
        rows_of(kind)?.get(settings.iter().position(|setting| setting.name == name)?)
    })
}

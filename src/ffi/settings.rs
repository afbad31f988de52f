//! Settings, by name and as text.

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

/// The value is never shown, and cannot be in a document.
pub const BOUNCER_SETTING_SECRET: u32 = 1;
/// It is set in code and cannot be in a document.
pub const BOUNCER_SETTING_CODE_ONLY: u32 = 2;
/// It accepts what is rejected without it.
pub const BOUNCER_SETTING_WEAKENS: u32 = 4;
/// It has items; bouncer_settings_add() appends one.
pub const BOUNCER_SETTING_LIST: u32 = 8;
/// It has another name now.
pub const BOUNCER_SETTING_DEPRECATED: u32 = 16;
/// A URL. With a user and password in it, it is secret.
pub const BOUNCER_SETTING_PASSWORD: u32 = 32;

const _: () = {
    assert!(BOUNCER_SETTING_SECRET == Setting::SECRET && BOUNCER_SETTING_CODE_ONLY == Setting::CODE_ONLY);
    assert!(BOUNCER_SETTING_WEAKENS == Setting::WEAKENS && BOUNCER_SETTING_LIST == Setting::LIST);
    assert!(BOUNCER_SETTING_DEPRECATED == Setting::DEPRECATED);
    assert!(BOUNCER_SETTING_PASSWORD == Setting::PASSWORD);
};

/// Settings of one kind: of a policy, a remote key set or a renewer.
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
/// The first failure is kept. Every later change returns its status and does nothing, and so does
/// bouncer_policy_new(), bouncer_remote_jwks_new() or bouncer_renewer_new(). So it is enough to
/// check that last call. Its error says what was wrong, and bouncer_error_claim() of it is the
/// setting.
///
/// Only one thread at a time may change settings. What is made of them copies what it needs.
///
/// Values are text. A flag is "true" or "false". A duration is a whole number and a unit: "500ms",
/// "30s", "5m", "2h", "1d". A size is "16384", "16KiB" or "1MiB". A time is in seconds since 1970.
/// A text is never empty. A member of a map is set by name: "parameters.scope".
pub struct bouncer_settings {
    pub(super) settings: Settings,
    error: Option<bouncer_error>,
    json: OnceLock<String>,
}

/// Makes settings of `kind`, BOUNCER_KIND_POLICY or another BOUNCER_KIND_ constant. None is set
/// yet. Free them with bouncer_settings_free(). Never NULL: a kind that this library does not know
/// is a failure of the settings.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_settings_new(kind: u32) -> Option<Box<bouncer_settings>> {
    read(None, || {
        let known = SettingsKind::of_number(kind);
        let settings = Settings::new(known.unwrap_or(SettingsKind::Policy));
        let mut settings = bouncer_settings { settings, error: None, json: OnceLock::new() };
        if known.is_none() {
            let detail = format!("no kind of settings has the number {kind}");
            settings.fail(&invalid(detail));
        }
        Some(Box::new(settings))
    })
}

fn invalid(detail: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidArgument, "").with_detail(detail)
}

impl bouncer_settings {
    fn fail(&mut self, error: &Error) -> bouncer_status {
        let first = self.settings.fail(error.clone());
        self.error.get_or_insert_with(|| bouncer_error::new(Failure::Core(first))).status
    }

    fn change(&mut self, change: impl FnOnce(&mut Settings) -> Result<(), Error>) -> bouncer_status {
        self.json.take();
        if let Some(error) = &self.error {
            return error.status;
        }
        let settings = &mut self.settings;
        // A panic leaves settings that nothing can be made of.
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
    // SAFETY: not NULL, and terminated by the caller's promise.
    unsafe { CStr::from_ptr(name) }.to_str().map_err(|_| invalid("the name is not UTF-8"))
}

/// # Safety
/// `value` must be NULL or readable for `len` bytes.
unsafe fn text_of<'a>(what: &'static str, value: *const c_char, len: usize) -> Result<&'a str, Error> {
    // SAFETY: the caller's promise is the same.
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
        // SAFETY: the caller's promise is the same.
        let name = unsafe { name_of(name) }?;
        // SAFETY: as above.
        change(settings, name, unsafe { text_of("value", value, value_len) }?)
    })
}

/// Sets `name` to the value of `value_len` bytes at `value`, which is copied. It replaces what was
/// set; a list then has this one item. `name` is NUL-terminated: one of the constants that begin
/// with BOUNCER_POLICY_, BOUNCER_KEYS_ or BOUNCER_RENEWER_.
///
/// On failure: BOUNCER_STATUS_INVALID_ARGUMENT, the name is unknown or the value is not usable.
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
    // SAFETY: the caller's promises are the same.
    unsafe { put(settings, name, value, value_len, Settings::set) }
}

/// Appends an item, the value of `value_len` bytes at `value`, to the list `name`. The item is
/// taken as it is: there is no separator and no escape.
///
/// On failure: as bouncer_settings_set(). BOUNCER_STATUS_INVALID_ARGUMENT also for a setting that
/// is no list.
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
    // SAFETY: the caller's promises are the same.
    unsafe { put(settings, name, value, value_len, Settings::add) }
}

/// Sets everything that the JSON document of `json_len` bytes at `json` sets; on failure, nothing.
/// Flags, counts and sizes are JSON's own, durations are strings, lists are arrays: {"issuers":
/// ["a"], "leeway": "30s"}. A document cannot hold a secret. "$schema" is ignored.
/// docs/settings.schema.json describes documents.
///
/// On failure: BOUNCER_STATUS_INVALID_ARGUMENT. It is not strict JSON, a name is unknown or comes
/// twice, or a value is not usable, null or an empty list.
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

/// Returns the first failure, or NULL. It belongs to the settings: do not free it.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_settings_error(settings: Option<&bouncer_settings>) -> Option<&bouncer_error> {
    settings?.error.as_ref()
}

/// Returns what was set as a JSON document for logs, without any secret. It belongs to the settings
/// and is valid until they are changed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_settings_json(settings: Option<&bouncer_settings>) -> bouncer_str {
    read(bouncer_str::NONE, || {
        settings.map(|settings| settings.json.get_or_init(|| settings.settings.document()).as_str()).into()
    })
}

/// Frees settings and wipes their secrets from memory. What was made of them keeps working. NULL is
/// allowed.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_settings_free(settings: Option<Box<bouncer_settings>>) {
    read((), || drop(settings));
}

/// The settings that a handle must not be NULL for.
pub(super) fn of(settings: Option<&bouncer_settings>) -> Result<&Settings, Failure> {
    Ok(&handle("settings", settings)?.settings)
}

/// A setting that this library knows. It belongs to the library and lives as long as it. Later
/// versions may add members at the end: use it through its pointer only. Each text is
/// NUL-terminated and never NULL.
#[repr(C)]
pub struct bouncer_setting {
    /// The name, for bouncer_settings_set() and in documents.
    pub name: *const c_char,
    /// "flag", "text", "duration", "size", "count", "time", "map of text"; the words of a choice:
    /// "jwt|dcos"; for a list with "list of " before it.
    pub r#type: *const c_char,
    /// The default; empty if there is none or `help` says it.
    pub default_value: *const c_char,
    /// The least and the largest value: "0s to 5m"; empty if there are none.
    pub range: *const c_char,
    /// What it does.
    pub help: *const c_char,
    /// The version of this library that has it first.
    pub since: *const c_char,
    /// BOUNCER_SETTING_SECRET and the other flags.
    pub flags: u32,
}

/// The rows of all kinds, as C reads them.
struct Rows {
    kinds: Vec<(u32, Vec<bouncer_setting>)>,
    /// What the rows point to.
    _texts: Vec<CString>,
}

// SAFETY: the pointers lead to `_texts`, which nobody changes.
unsafe impl Send for Rows {}
// SAFETY: as above.
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

/// Returns the setting of this kind after `previous`, or the first if `previous` is NULL. NULL
/// after the last.
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

/// Returns the setting of that kind and name, NUL-terminated; NULL if this library does not know
/// it. For programs that use a setting only if it exists.
///
/// # Safety
/// The rules of the header's preamble.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bouncer_setting_find(
    kind: u32,
    name: *const c_char,
) -> Option<&'static bouncer_setting> {
    read(None, || {
        // SAFETY: the caller promises `name` is NUL-terminated.
        let name = unsafe { name_of(name) }.ok()?;
        let settings = SettingsKind::of_number(kind)?.settings();
        rows_of(kind)?.get(settings.iter().position(|setting| setting.name == name)?)
    })
}

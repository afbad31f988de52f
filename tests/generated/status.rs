//! The statuses of C: one for each `ErrorKind`, and five that only C has. cbindgen reads the
//! generated file, so it must be generated before the header.

use super::notes::wrap;
use bouncer_verify::ErrorKind;

/// Number, name and documentation of the statuses that only C has.
const OF_C: [(u32, &str, &str); 5] = [
    (0, "ok", "Success."),
    (1, "null_argument", "A pointer that must not be NULL is NULL."),
    (2, "internal", "A bug in this library: please report it. The program may continue."),
    (
        4,
        "system_error",
        "The operating system refused a resource, for example because too many files are open.",
    ),
    (
        104,
        "pending",
        "Not an error: the result depends on a fetch that is in flight. The call returned a ticket for it.",
    ),
];

const HEAD: &str = "\
// Code generated from ErrorKind::ALL by tests/generated. DO NOT EDIT.
//! The statuses. Their numbers are permanent.

use crate::ErrorKind;
use std::ffi::CStr;

/// The result of a call. The numbers are permanent. Later versions may add numbers, so handle an
/// unknown number by its range.
///
/// - 0: success
/// - 1 to 99: an error of the calling program, a bug in this library (2), or an error of the
///   operating system (4). Respond with HTTP 500.
/// - 100 to 199: no usable keys. HTTP 503, never 401. Status 104 is not an error: wait.
/// - 200 to 299: the token or its signature is invalid. HTTP 401.
/// - 300 to 399: the signature is valid, but the claims are rejected. HTTP 401, but 403 for 307.
/// - 400 to 499: the service's own login failed. HTTP 503.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum bouncer_status {
";

/// Returns number, name and documentation of every status.
pub(crate) fn rows() -> Vec<(u32, &'static str, String)> {
    let of_core = ErrorKind::ALL.iter().map(|kind| {
        let doc = kind.doc().trim().replace('§', "section ");
        (kind.number(), kind.as_str(), doc)
    });
    let of_c = OF_C.iter().map(|&(number, name, doc)| (number, name, doc.to_owned()));
    let mut rows: Vec<_> = of_core.chain(of_c).collect();
    rows.sort_unstable_by_key(|row| row.0);
    rows
}

pub(crate) fn generate() -> Vec<(&'static str, String)> {
    let mut file = HEAD.to_owned();
    for (number, name, doc) in rows() {
        let doc = wrap(&doc, 92).join("\n    /// ");
        file += &format!("    /// {doc}\n    {} = {number},\n", variant(name));
    }
    file += "}\n\nimpl From<ErrorKind> for bouncer_status {\n    \
             /// No wildcard: a new kind does not compile until this file is generated again.\n    \
             fn from(kind: ErrorKind) -> Self {\n        match kind {\n";
    for kind in ErrorKind::ALL {
        file += &format!("            ErrorKind::{kind:?} => Self::{},\n", variant(kind.as_str()));
    }
    file += "        }\n    }\n}\n\nimpl bouncer_status {\n    \
             /// The statuses that are not an [`ErrorKind`], with their names.\n    ";
    file += &format!("pub(super) const OWN: [(Self, &CStr); {}] = [\n", OF_C.len());
    for (_, name, _) in OF_C {
        file += &format!("        (Self::{}, c\"{name}\"),\n", variant(name));
    }
    vec![("src/ffi/status_list.rs", file + "    ];\n}\n")]
}

/// Converts `null_argument` to `NullArgument`, which cbindgen converts to
/// `BOUNCER_STATUS_NULL_ARGUMENT`.
fn variant(name: &str) -> String {
    name.split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}

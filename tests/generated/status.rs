//! The statuses of C: one for each `ErrorKind`, and those that C has besides. cbindgen reads the file,
//! so it comes before the header.

use super::notes::wrap;
use bouncer_verify::ErrorKind;

/// Number, name and documentation of those that are no `ErrorKind`.
const OF_C: [(u32, &str, &str); 4] = [
    (0, "ok", "Success."),
    (1, "null_argument", "A pointer that must not be NULL is."),
    (2, "internal", "A bug in this library: please report it. The program can go on."),
    (104, "pending", "No verdict yet: a fetch of keys decides. A ticket comes with it."),
];

const HEAD: &str = "\
// Code generated from ErrorKind::ALL by tests/generated. DO NOT EDIT.
//! The statuses: their numbers are permanent.

use crate::ErrorKind;
use std::ffi::CStr;

/// How a call ended. The numbers are permanent. Later versions add to them, so treat an unknown one
/// by its hundred.
///
/// - 0: success
/// - 1 to 99: the calling program is at fault. Answer a request with HTTP 500.
/// - 100s: there are no usable keys. HTTP 503, never 401.
/// - 200s: the token or its signature. HTTP 401.
/// - 300s: the token's claims; its signature is valid. HTTP 401.
/// - 400s: the service's own login. HTTP 503.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum bouncer_status {
";

/// Number, name and documentation of every status.
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
             /// Those that are no [`ErrorKind`], with their names.\n    ";
    file += &format!("pub(super) const OWN: [(Self, &CStr); {}] = [\n", OF_C.len());
    for (_, name, _) in OF_C {
        file += &format!("        (Self::{}, c\"{name}\"),\n", variant(name));
    }
    vec![("src/ffi/status_list.rs", file + "    ];\n}\n")]
}

/// `null_argument` as `NullArgument`. cbindgen makes `BOUNCER_STATUS_NULL_ARGUMENT` of it.
fn variant(name: &str) -> String {
    name.split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}

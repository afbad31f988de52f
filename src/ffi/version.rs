//! The version of the library and of its ABI.

use std::ffi::c_char;

/// The version of the ABI this header describes. It changes only with the SONAME.
pub const BOUNCER_ABI_VERSION: u32 = 1;
/// The version this header belongs to.
pub const BOUNCER_VERSION_MAJOR: u32 = 0;
/// The version this header belongs to.
pub const BOUNCER_VERSION_MINOR: u32 = 1;
/// The version this header belongs to.
pub const BOUNCER_VERSION_PATCH: u32 = 0;

/// The numbers above cannot be `env!`, because they are written into the header as they stand.
const _: () = {
    const fn parse(decimal: &str) -> u32 {
        match u32::from_str_radix(decimal, 10) {
            Ok(number) => number,
            Err(_) => u32::MAX,
        }
    }
    assert!(BOUNCER_VERSION_MAJOR == parse(env!("CARGO_PKG_VERSION_MAJOR")));
    assert!(BOUNCER_VERSION_MINOR == parse(env!("CARGO_PKG_VERSION_MINOR")));
    assert!(BOUNCER_VERSION_PATCH == parse(env!("CARGO_PKG_VERSION_PATCH")));
};

/// The ABI version of the library that is loaded; compare it with BOUNCER_ABI_VERSION.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_abi_version() -> u32 {
    BOUNCER_ABI_VERSION
}

/// Does nothing, and is there in libraries of ABI version 1 alone: a program that calls it does not
/// link with any other.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_abi_1() {}

/// The version of the library that is loaded, as "MAJOR.MINOR.PATCH", NUL-terminated. Static.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

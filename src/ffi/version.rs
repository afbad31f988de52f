//! The version of the library and of its ABI.

use std::ffi::c_char;

/// The ABI version of this header. It changes only together with the SONAME.
pub const BOUNCER_ABI_VERSION: u32 = 1;
/// The major version of the library that this header belongs to.
pub const BOUNCER_VERSION_MAJOR: u32 = 0;
/// The minor version of the library that this header belongs to.
pub const BOUNCER_VERSION_MINOR: u32 = 1;
/// The patch version of the library that this header belongs to.
pub const BOUNCER_VERSION_PATCH: u32 = 0;

/// Checks the numbers above against Cargo.toml. They cannot be `env!`, because cbindgen copies them
/// into the header as written.
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

/// Returns the ABI version of the loaded library; compare it with BOUNCER_ABI_VERSION.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_abi_version() -> u32 {
    BOUNCER_ABI_VERSION
}

/// Does nothing. Only libraries of ABI version 1 define this function, so a program that calls it
/// does not link with any other ABI version.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_abi_1() {}

/// Returns the version of the loaded library as "MAJOR.MINOR.PATCH", NUL-terminated. The text is
/// static.
#[unsafe(no_mangle)]
pub extern "C" fn bouncer_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

//! Borrowed text and bytes.

use std::ffi::c_char;
use std::ptr;

/// Returns a pointer to the items for C. For an empty slice, it is the address of a static. Rust's
/// own pointer to an empty slice is a small number. Go's runtime aborts the program if it finds
/// such a pointer on a stack.
pub(super) fn address_of<T>(items: &[T]) -> *const T {
    static NOTHING: u64 = 0;
    const { assert!(align_of::<T>() <= align_of::<u64>()) }
    if items.is_empty() { ptr::from_ref(&NOTHING).cast() } else { items.as_ptr() }
}

/// Text in UTF-8 that belongs to a handle: `len` bytes at `data`, NOT NUL-terminated. `data` is
/// NULL if there is no text.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct bouncer_str {
    /// The first byte, or NULL.
    pub data: *const c_char,
    /// The number of bytes.
    pub len: usize,
}

impl bouncer_str {
    pub(super) const NONE: Self = Self { data: ptr::null(), len: 0 };
}

impl From<&str> for bouncer_str {
    fn from(text: &str) -> Self {
        Self { data: address_of(text.as_bytes()).cast(), len: text.len() }
    }
}

impl From<Option<&str>> for bouncer_str {
    fn from(text: Option<&str>) -> Self {
        text.map_or(Self::NONE, Self::from)
    }
}

/// Bytes that belong to a handle: `len` bytes at `data`. `data` is NULL if there are no bytes.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct bouncer_bytes {
    /// The first byte, or NULL.
    pub data: *const u8,
    /// The number of bytes.
    pub len: usize,
}

impl bouncer_bytes {
    pub(super) const NONE: Self = Self { data: ptr::null(), len: 0 };
}

impl From<Option<&[u8]>> for bouncer_bytes {
    fn from(bytes: Option<&[u8]>) -> Self {
        bytes.map_or(Self::NONE, |bytes| Self { data: address_of(bytes), len: bytes.len() })
    }
}

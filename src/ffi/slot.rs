//! Output arguments of C.

use std::mem::MaybeUninit;

/// An output argument: NULL, or the address to write a pointer to. The old value at the address is
/// never read. Exported functions do not use this alias, because cbindgen would copy it into the
/// header.
pub(super) type Slot<'a, T> = Option<&'a mut MaybeUninit<*mut T>>;

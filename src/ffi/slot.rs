//! Where C wants a result.

use std::mem::MaybeUninit;

/// An output argument: NULL, or where to put a pointer. What was there before is never read.
/// Exported functions spell the type out, because cbindgen would declare the alias.
pub(super) type Slot<'a, T> = Option<&'a mut MaybeUninit<*mut T>>;

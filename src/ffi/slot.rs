//! Output arguments of C.

use std::mem::MaybeUninit;

/// An output argument: NULL, or the place for a pointer. The old value there is never read.
/// Exported functions spell the type out, because cbindgen would declare the alias.
pub(super) type Slot<'a, T> = Option<&'a mut MaybeUninit<*mut T>>;

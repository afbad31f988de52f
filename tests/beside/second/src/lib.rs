//! A library for C that uses its own aws-lc.

/// Writes the SHA-256 of `len` bytes at `data` to `digest`, which has 32 bytes.
///
/// # Safety
///
/// `data` and `digest` must be valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn second_sha256(data: *const u8, len: usize, digest: *mut u8) {
    // SAFETY: the caller passes `len` bytes.
    let data = unsafe { std::slice::from_raw_parts(data, len) };
    let result = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, data);
    // SAFETY: the caller passes 32 bytes, and a SHA-256 has 32 bytes.
    unsafe { std::ptr::copy_nonoverlapping(result.as_ref().as_ptr(), digest, 32) };
}

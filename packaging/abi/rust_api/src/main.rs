//! Prints the public API of a crate, one item a line.
//!
//!     rust_api JSON-OF-RUSTDOC
//!
//! Implementations of auto traits and blanket implementations are left out. They are many, and
//! their listing differs between compilers.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let json = std::env::args_os().nth(1).ok_or("usage: rust_api JSON-OF-RUSTDOC")?;
    let api = public_api::Builder::from_rustdoc_json(std::path::PathBuf::from(json))
        .omit_auto_trait_impls(true)
        .omit_blanket_impls(true)
        .build()?;
    print!("{api}");
    Ok(())
}

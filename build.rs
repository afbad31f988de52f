//! Gives the shared library its SONAME and keeps it in memory once loaded; says whether the build is optimised.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(unoptimised)");
    if std::env::var("OPT_LEVEL").is_ok_and(|level| level == "0") {
        println!("cargo::rustc-cfg=unoptimised");
    }
    let os = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if os == "linux" {
        // The number is BOUNCER_ABI_VERSION; a test compares them.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libbouncer_verify.so.1");
        // A Rust library that has touched thread-locals and is unmapped by dlclose() crashes the next thread
        // to exit.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}

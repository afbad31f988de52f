//! Sets the `cfg`s that select CPU-specific code, and the `cfg` of a build without optimisation.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(unoptimised, avx512, ifma)");
    if std::env::var("OPT_LEVEL").is_ok_and(|level| level == "0") {
        println!("cargo::rustc-cfg=unoptimised");
    }
    let is_built_in = |feature: &str| std::env::var_os(format!("CARGO_FEATURE_{feature}")).is_some();
    let is_x86_64 = std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "x86_64");
    if is_built_in("AVX512") && is_x86_64 {
        // For src/encoding/avx512.rs.
        println!("cargo::rustc-cfg=avx512");
        if is_built_in("AWS_LC_RS") {
            // For the code with vectors in src/crypto. Its tests compare it with aws-lc.
            println!("cargo::rustc-cfg=ifma");
        }
    }
}

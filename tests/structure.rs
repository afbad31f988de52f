//! Rules of the structure that the compiler does not check:
//!
//! - A layer uses only the layers before it, and only the listed files contain `unsafe`.
//! - The C library exports exactly the functions of the header.
//! - Lists in the documentation are complete.

#[cfg(all(feature = "remote", target_os = "linux"))]
#[path = "support/c_library.rs"]
mod c_library;
#[path = "support/uses.rs"]
mod uses;

use bouncer_verify::{ErrorKind, SkipReason};
use std::path::{Path, PathBuf};
#[cfg(all(feature = "remote", target_os = "linux"))]
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(ROOT).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty(), "{folder} has no sources");
    found
}

/// The layers in order. Each layer may use only the layers before it.
const LAYERS: [&str; 9] =
    ["error", "encoding", "jose", "crypto", "keys", "verify", "remote", "settings", "ffi"];

#[test]
fn a_layer_uses_only_the_layers_before_it() {
    let level = |file: &str| LAYERS.iter().position(|layer| file.split(['/', '.']).next() == Some(layer));
    for (file, named) in uses::graph(&sources("src"), &Path::new(ROOT).join("src")) {
        let Some(own) = level(&file) else { continue };
        for other in named {
            assert!(level(&other).is_none_or(|other| other <= own), "{file} uses {other}");
        }
    }
}

#[test]
fn files_do_not_use_each_other_in_a_cycle() {
    let graph = uses::graph(&sources("src"), &Path::new(ROOT).join("src"));
    assert_eq!(uses::circle(&graph), None);
    assert!(
        graph["verify/verify_token.rs"].contains("keys/parsed_token.rs"),
        "the graph does not contain the uses of this crate"
    );
}

#[test]
fn a_module_file_contains_only_declarations_and_comments() {
    for (path, text) in sources("src") {
        let name = path.strip_prefix(ROOT).unwrap();
        if !path.ends_with("mod.rs") {
            continue;
        }
        for line in uses::code(&text).lines() {
            let has_code = ["fn ", "impl ", "impl<", "struct ", "enum ", "static "]
                .iter()
                .any(|word| line.split_whitespace().any(|_| line.trim_start().contains(word)));
            assert!(!has_code, "{}: {line}", name.display());
        }
    }
}

#[test]
fn no_file_written_by_hand_is_longer_than_600_lines() {
    let mut folders = vec![Path::new(ROOT).join("src"), Path::new(ROOT).join("bindings")];
    let mut count = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
            if !["rs", "h", "hpp", "c", "cpp", "go", "py"].contains(&extension) {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let is_generated = text.lines().take(2).any(|line| line.to_lowercase().contains("generated"));
            let lines = text.lines().count();
            assert!(is_generated || lines <= 600, "{} has {lines} lines", path.display());
            count += 1;
        }
    }
    assert!(count > 100);
}

#[test]
fn the_c_interface_uses_only_public_names_of_the_crate() {
    for (path, text) in sources("src/ffi") {
        for layer in LAYERS.iter().filter(|layer| **layer != "ffi") {
            let inner = format!("crate::{layer}::");
            assert!(!text.contains(&inner), "{} uses {inner}", path.display());
        }
    }
}

#[test]
fn only_the_remote_layer_does_io_or_starts_a_thread() {
    // A batch may use threads, and an environment variable turns off accelerated arithmetic.
    const MAY: [(&str, &str); 2] = [("verify/batch.rs", "std::thread"), ("crypto/backend.rs", "std::env")];
    for layer in ["encoding", "jose", "crypto", "keys", "verify"] {
        for (path, text) in sources(&format!("src/{layer}")) {
            let (code, _tests) = text.split_once("\n#[cfg(test)]\nmod tests {").unwrap_or((&text, ""));
            for io in ["std::fs", "std::net", "std::thread", "thread::spawn", "std::env", "ureq"] {
                if MAY.iter().any(|(file, may)| path.ends_with(file) && io == *may) {
                    continue;
                }
                assert!(!code.contains(io), "{} uses {io}", path.display());
            }
        }
    }
}

#[test]
fn only_the_listed_statics_exist() {
    // Tests and key sets of a process share a static, so they can affect each other through it.
    const MAY: [(&str, &str); 10] = [
        // One scheduler and one delivery of events for all key sets and renewers. They belong to
        // one process: a forked child makes its own.
        ("remote/scheduler.rs", "CURRENT"),
        ("remote/events.rs", "CURRENT"),
        // Exchanges that run at the same time share the system's certificates.
        ("remote/trust_store.rs", "CURRENT"),
        // Constant tables.
        ("encoding/base64url.rs", "ENGINE"),
        // The tables of the generators. They are computed at their first use, which takes a
        // millisecond.
        ("crypto/es256/generator.rs", "WORDS"),
        ("crypto/es256/generator.rs", "LIMBS"),
        ("crypto/ed25519/generator.rs", "TABLE"),
        // The environment is read once.
        ("crypto/backend.rs", "NO_ACCELERATION"),
        // After accelerated code returns a wrong result for one key, no key of this process may use
        // that code.
        ("crypto/accelerated.rs", "IN_THIS_PROCESS"),
        // The memory that the tables of all keys of this process take.
        ("crypto/late_tables.rs", "IN_USE"),
    ];
    for layer in ["encoding", "jose", "crypto", "keys", "verify", "remote"] {
        for (path, text) in sources(&format!("src/{layer}")) {
            let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
            let statics = text.lines().filter_map(|line| {
                let item = ["", "pub ", "pub(crate) ", "pub(super) "]
                    .iter()
                    .find_map(|visible| line.trim_start().strip_prefix(visible)?.strip_prefix("static "))?;
                item.split(':').next()
            });
            for name in statics {
                let may = MAY.iter().any(|(file, may)| path.ends_with(file) && name == *may);
                assert!(may, "{} has the static {name}", path.display());
            }
        }
    }
}

#[test]
fn os_rs_uses_no_layer() {
    let text = std::fs::read_to_string(format!("{ROOT}/src/os.rs")).unwrap();
    assert!(!text.contains("crate::"));
}

#[test]
fn only_os_rs_identifies_the_process_and_threads_block_signals() {
    // Comparing process ids does not detect every fork. A thread without blocked signals would
    // receive the program's signals.
    for (path, text) in sources("src") {
        let name = path.strip_prefix(ROOT).unwrap();
        let is_leaf = name == Path::new("src/os.rs");
        assert!(is_leaf || !text.contains("process::id"), "{} reads the process id", name.display());
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        let starts: usize = [".spawn(", ".spawn_scoped(", "thread::spawn("]
            .map(|start| code.matches(start).count())
            .iter()
            .sum();
        let blocked = code.matches("with_signals_blocked(").count();
        let is_program = name.starts_with("src/bin") || is_leaf;
        assert!(
            is_program || starts <= blocked,
            "{} starts a thread without blocking signals",
            name.display()
        );
    }
}

#[test]
fn unsafe_is_only_in_the_c_interface_the_simd_code_and_the_system_calls() {
    // `os.rs` needs unsafe code for a memory page that is wiped at a fork, for signal masks, for
    // `eventfd` and for `linkat`.
    const ALLOWED: [&str; 3] = ["src/crypto/vector/avx512.rs", "src/encoding/avx512.rs", "src/os.rs"];
    for (path, text) in sources("src") {
        let name = path.strip_prefix(ROOT).unwrap();
        if name.starts_with("src/ffi") || ALLOWED.iter().any(|file| name == Path::new(file)) {
            continue;
        }
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            let mentions_lint = line.contains("unsafe_code");
            assert!(mentions_lint || !line.contains("unsafe"), "{}: {line}", name.display());
        }
    }
}

#[test]
fn every_error_kind_and_skip_reason_is_in_the_corpus_description() {
    let readme = std::fs::read_to_string(format!("{ROOT}/tests/conformance/README.md")).unwrap();
    let not_verdicts = [
        "invalid_argument",
        "unusable_key",
        "keys_unavailable",
        "malformed_authorization",
        "unusable_credentials",
        "login_rejected",
        "login_unavailable",
    ];
    let kinds = ErrorKind::ALL.iter().map(|kind| kind.as_str()).filter(|name| !not_verdicts.contains(name));
    for name in kinds.chain(SkipReason::ALL.iter().map(|reason| reason.as_str())) {
        assert!(readme.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn the_table_for_operators_has_every_error_with_its_number_and_remedy() {
    let table = std::fs::read_to_string(format!("{ROOT}/docs/errors.md")).unwrap();
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .map(|row| row.trim_end_matches(" |").split(" | ").collect())
        .collect();
    let row = |name: &str, cells: usize| {
        let named = |row: &&Vec<&str>| row[0] == format!("{name}`") && row.len() == cells;
        let mut rows = rows.iter().filter(named);
        let row =
            rows.next().unwrap_or_else(|| panic!("docs/errors.md has no row of {cells} cells for {name}"));
        assert!(rows.next().is_none(), "{name} has two rows");
        assert!(row.iter().all(|cell| !cell.trim().is_empty()), "{name}: an empty cell");
        row
    };
    for kind in ErrorKind::ALL {
        assert_eq!(row(kind.as_str(), 4)[1], kind.number().to_string(), "{kind}");
    }
    #[cfg(feature = "remote")]
    for failure in bouncer_verify::FetchFailure::ALL {
        row(failure.as_str(), 3);
    }
    let skipped = table.split("## Skipped keys").nth(1).unwrap();
    for reason in SkipReason::ALL {
        assert!(skipped.contains(&format!("| `{}` | ", reason.as_str())), "{}", reason.as_str());
    }
}

#[test]
fn every_fuzz_target_has_seeds() {
    let fuzz = Path::new(ROOT).join("fuzz");
    let manifest = std::fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
    let targets: Vec<_> = manifest
        .lines()
        .filter_map(|line| line.strip_prefix("path = \"fuzz_targets/")?.strip_suffix(".rs\""))
        .collect();
    assert!(!targets.is_empty());
    for target in targets {
        assert!(
            fuzz.join("seeds").join(target).is_dir(),
            "fuzz/seeds/{target} is missing, and the fuzzer does not start without it"
        );
    }
}

#[cfg(all(feature = "remote", target_os = "linux"))]
#[test]
fn the_shared_library_exports_exactly_the_functions_of_the_header() {
    let library = c_library::folder().join("libbouncer_verify.so");
    let nm = Command::new("nm").args(["-D", "--defined-only"]).arg(&library).output().unwrap();
    let nm = String::from_utf8(nm.stdout).unwrap();
    let mut exported: Vec<&str> = nm.lines().filter_map(|line| line.split(' ').next_back()).collect();
    exported.sort_unstable();

    let header = std::fs::read_to_string(format!("{ROOT}/include/bouncer_verify.h")).unwrap();
    let code = header.lines().filter(|line| !line.trim_start().starts_with('*'));
    let mut declared: Vec<&str> =
        code.filter_map(|line| line.split(['(', '*', ' ']).find(|word| is_function(word, line))).collect();
    declared.sort_unstable();
    assert!(declared.len() > 40);
    assert_eq!(exported, declared);

    let readelf = Command::new("readelf").arg("-d").arg(&library).output().unwrap();
    let readelf = String::from_utf8(readelf.stdout).unwrap();
    let soname = format!("libbouncer_verify.so.{}", abi_version(&header));
    assert!(readelf.contains(&format!("[{soname}]")), "SONAME is not {soname}\n{readelf}");
    assert!(readelf.contains("NODELETE"));
}

/// A crate that depends on this crate gets neither its C library nor its C functions. The
/// dependency selects no back end of jsonwebtoken.
#[test]
fn a_rust_program_gets_only_the_rust_library() {
    let manifest = std::fs::read_to_string(format!("{ROOT}/Cargo.toml")).unwrap();
    let line = |start: &str| manifest.lines().find(|line| line.starts_with(start)).unwrap();
    assert_eq!(line("crate-type"), r#"crate-type = ["lib"]"#);
    assert!(!line("default = ").contains("capi"));
    assert!(
        !line("jsonwebtoken = ").contains("features = ["),
        "a second back end of jsonwebtoken makes the program's calls panic"
    );
}

#[cfg(all(feature = "remote", target_os = "linux"))]
fn is_function(word: &str, line: &str) -> bool {
    // Excludes a function pointer type, "(*bouncer_log_callback)(".
    word.starts_with("bouncer_") && !word.ends_with(')') && line.contains(&format!("{word}("))
}

#[cfg(all(feature = "remote", target_os = "linux"))]
fn abi_version(header: &str) -> &str {
    header.lines().find_map(|line| line.strip_prefix("#define BOUNCER_ABI_VERSION ")).unwrap()
}

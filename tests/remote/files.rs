//! The keys that a program starts with: a seed or a last-good file.
#![cfg(unix)]

use crate::server::{Reply, Server};
use crate::{TIMEOUT, builder, jwks, kind, token, until};
use bouncer_verify::{ErrorKind, FetchFailure, Policy, RemoteJwkSet, RemoteJwkSetState, Verifier};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("remote-{name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn verifier(keys: &RemoteJwkSet) -> Verifier {
    Verifier::new(keys.clone(), Policy::dcos())
}

#[test]
fn a_seed_is_used_at_once_and_replaced_by_the_first_fetch() {
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-b", "b")])).late(Duration::from_millis(300)));
    let keys = builder(&server).seed(jwks(&[("rsa-2048-a", "a")])).build().unwrap();
    let start = Instant::now();
    keys.wait_ready(Duration::ZERO).unwrap();
    let old = token("rsa-2048-a", Some("a"));
    assert!(verifier(&keys).verify(&old).is_ok());
    assert!(start.elapsed() < Duration::from_millis(300));
    let status = keys.status();
    assert_eq!((status.state, status.last_success), (RemoteJwkSetState::Stale, None));
    until("the issuer's keys are fetched", || keys.status().generation == 2);
    assert_eq!(kind(verifier(&keys).verify(&old)), ErrorKind::NoMatchingKey);
    assert!(verifier(&keys).verify(token("rsa-2048-b", Some("b"))).is_ok());
}

#[test]
fn a_seed_is_used_for_at_most_max_stale() {
    let server = Server::saying(Reply::status(503));
    let keys = builder(&server)
        .seed(jwks(&[("rsa-2048-a", "a")]))
        .ttl(Duration::from_secs(1))
        .max_stale(Duration::from_secs(1))
        .build()
        .unwrap();
    assert!(keys.current().is_ok());
    until("the seed is too old", || keys.current().is_err());
    assert_eq!(keys.status().state, RemoteJwkSetState::TooOld);
}

#[test]
fn the_last_good_document_survives_a_restart_in_a_file_of_mode_0600() {
    let file = folder("restart").join("keys.json");
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a")])));
    let first = builder(&server).last_good_file(&file).build().unwrap();
    first.wait_ready(TIMEOUT).unwrap();
    until("the file is written", || file.exists());
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(first.status().last_good_error, None);
    drop(first);

    // The issuer is not available at the restart.
    server.say(Reply::status(503));
    let second = builder(&server).last_good_file(&file).build().unwrap();
    assert!(verifier(&second).verify(token("rsa-2048-a", Some("a"))).is_ok());
    let status = second.status();
    assert_eq!((status.state, status.generation), (RemoteJwkSetState::Fresh, 1));
    assert!(status.age.unwrap() < Duration::from_secs(60), "the age of the keys is known");

    // The file is valid for its source only. It is not used for another URL.
    let other = RemoteJwkSet::builder(&format!("{}/other", server.origin));
    assert_eq!(other.last_good_file(&file).build().unwrap().status().generation, 0);
    // No other file is left in the folder.
    assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn a_last_good_file_that_is_too_old_or_untrusted_is_not_used() {
    let file = folder("rejected").join("keys.json");
    let server = Server::saying(Reply::status(503));
    let text = |fetched: u64| {
        let jwks = jwks(&[("rsa-2048-a", "a")]);
        format!(r#"{{"source":"{}","fetched":{fetched},"jwks":{jwks}}}"#, server.url())
    };
    let started = |max_stale: u64| {
        let builder = builder(&server).last_good_file(&file).max_stale(Duration::from_secs(max_stale));
        builder.build().unwrap().status()
    };
    let put = |text: &str, mode: u32| {
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
    };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();

    put(&text(now - 1000), 0o600);
    assert_eq!(started(2000).state, RemoteJwkSetState::Stale);
    assert_eq!(started(500).state, RemoteJwkSetState::Empty, "a file that is too old is ignored");
    let seeded = builder(&server).last_good_file(&file).max_stale(Duration::from_secs(500));
    let seeded = seeded.seed(jwks(&[("rsa-2048-b", "b")])).build().unwrap();
    assert!(seeded.current().is_ok(), "the seed is kept if the file is too old");
    // If `fetched` is in the future, the age of the keys counts as zero. The keys are stale, even
    // if the file states a lifetime.
    put(&text(now + 100_000), 0o600);
    assert_eq!(started(2000).state, RemoteJwkSetState::Stale);
    put(&text(now + 100_000).replace("\"jwks\"", "\"lifetime\":600,\"jwks\""), 0o600);
    assert_eq!(started(2000).state, RemoteJwkSetState::Stale);
    // The keys are fresh for the stated lifetime, counted from the time of the fetch.
    for (lifetime, state) in [
        ("600", RemoteJwkSetState::Stale),
        ("1500", RemoteJwkSetState::Fresh),
        ("-1", RemoteJwkSetState::Stale),
    ] {
        put(&text(now - 1000).replace("\"jwks\"", &format!("\"lifetime\":{lifetime},\"jwks\"")), 0o600);
        assert_eq!(started(2000).state, state, "{lifetime}");
    }
    for mode in [0o620, 0o602, 0o666] {
        put(&text(now), mode);
        let status = started(2000);
        assert_eq!(status.state, RemoteJwkSetState::Empty, "{mode:o}");
        assert_eq!(status.last_good_error.unwrap().failure(), FetchFailure::System);
    }
    for (text, failure) in [
        ("", FetchFailure::System),
        ("{}", FetchFailure::System),
        (&text(now)[..300], FetchFailure::System),
        (&text(now).replace("kty", "xyz"), FetchFailure::Document),
    ] {
        put(text, 0o600);
        let status = started(2000);
        assert_eq!(status.state, RemoteJwkSetState::Empty, "{text}");
        assert_eq!(status.last_good_error.unwrap().failure(), failure, "{text}");
    }
}

#[test]
fn an_unwritable_last_good_file_is_reported_and_the_keys_are_used() {
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a")])));
    let keys = builder(&server).last_good_file("/nonexistent/keys.json").build().unwrap();
    keys.wait_ready(TIMEOUT).unwrap();
    until("the error is reported", || keys.status().last_good_error.is_some());
    assert_eq!(keys.status().last_error, None);
    assert!(verifier(&keys).verify(token("rsa-2048-a", Some("a"))).is_ok());
}

#[test]
fn a_pipe_a_folder_and_another_users_file_are_rejected() {
    let folder = folder("owner");
    let server = Server::saying(Reply::status(503));
    let started = |path: &PathBuf| builder(&server).last_good_file(path).build().unwrap().status();
    let pipe = folder.join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert_eq!(started(&pipe).last_good_error.unwrap().failure(), FetchFailure::System);
    assert_eq!(started(&folder).last_good_error.unwrap().failure(), FetchFailure::System);

    let file = folder.join("keys.json");
    let jwks = jwks(&[("rsa-2048-a", "a")]);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    fs::write(&file, format!(r#"{{"source":"{}","fetched":{now},"jwks":{jwks}}}"#, server.url())).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(started(&file).state, RemoteJwkSetState::Stale);
    // Only root can change the owner of a file.
    if std::os::unix::fs::chown(&file, Some(65534), None).is_ok() {
        let status = started(&file);
        assert_eq!(status.state, RemoteJwkSetState::Empty);
        assert_eq!(status.last_good_error.unwrap().failure(), FetchFailure::System);
    }
}

#[test]
fn a_304_response_updates_the_fetch_time_in_the_file() {
    let file = folder("confirmed").join("keys.json");
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a")])).with("ETag", "1"));
    let keys = builder(&server).ttl(Duration::from_secs(1)).last_good_file(&file).build().unwrap();
    until("the file is written", || file.exists());
    let fetched = || {
        let text = fs::read_to_string(&file).unwrap();
        text.split("\"fetched\":").nth(1).unwrap().split(',').next().unwrap().parse::<u64>().unwrap()
    };
    let first = fetched();
    server.say(Reply::status(304));
    until("the keys are confirmed", || fetched() >= first + 2);
    assert_eq!(keys.status().generation, 1);
}

#[test]
fn concurrent_writers_of_one_file_publish_only_complete_documents() {
    let file = folder("writers").join("keys.json");
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a")])));
    let key_sets: Vec<_> = (0..3).map(|_| builder(&server).last_good_file(&file).build().unwrap()).collect();
    until("the file is written", || file.exists());
    let end = Instant::now() + Duration::from_secs(2);
    let writers: Vec<_> = key_sets
        .iter()
        .cloned()
        .map(|key_set| {
            std::thread::spawn(move || {
                while Instant::now() < end {
                    key_set.refresh(TIMEOUT).unwrap();
                    assert_eq!(key_set.status().last_good_error, None);
                }
            })
        })
        .collect();
    let mut reads = 0;
    while Instant::now() < end {
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.ends_with("}\n"), "an incomplete file: {text:?}");
        reads += 1;
    }
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    assert!(reads > 100);
    until("no other file is left", || fs::read_dir(file.parent().unwrap()).unwrap().count() == 1);
}

/// Other tests run this test in a child process; without their environment variables it does
/// nothing. It loads the keys from the last-good file, verifies a token and exits.
#[test]
fn a_short_lived_process() {
    let (Some(url), Some(file)) =
        (std::env::var_os("BOUNCER_TEST_URL"), std::env::var_os("BOUNCER_TEST_FILE"))
    else {
        return;
    };
    let keys = RemoteJwkSet::builder(url.to_str().unwrap()).last_good_file(&file).build().unwrap();
    assert!(verifier(&keys).verify(token("rsa-2048-a", Some("a"))).is_ok());
    if std::env::var_os("BOUNCER_TEST_STALE").is_some() {
        // Without this wait, exiting would interrupt the fetch.
        assert!(keys.wait_attempts(1, TIMEOUT));
    }
    if std::env::var_os("BOUNCER_TEST_LOOP").is_some() {
        // Loops until the process is killed at a random point.
        loop {
            keys.refresh(TIMEOUT).unwrap();
        }
    }
}

fn short_lived(server: &Server, file: &PathBuf) -> std::process::Command {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "files::a_short_lived_process", "--test-threads=1", "--quiet"]);
    command.env("BOUNCER_TEST_URL", server.url()).env("BOUNCER_TEST_FILE", file);
    command.stdout(std::process::Stdio::null());
    command
}

#[test]
fn twenty_processes_one_after_another_share_one_fetch_through_the_file() {
    let file = folder("processes").join("keys.json");
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a")])));
    for i in 0..20 {
        assert!(short_lived(&server, &file).status().unwrap().success(), "process {i}");
    }
    assert_eq!(server.count(), 1);
    assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
    // If the file is no longer fresh, the next process fetches the keys.
    let stale = fs::read_to_string(&file).unwrap().replace("\"lifetime\":600", "\"lifetime\":0");
    fs::write(&file, stale).unwrap();
    assert!(short_lived(&server, &file).env("BOUNCER_TEST_STALE", "1").status().unwrap().success());
    assert_eq!(server.count(), 2);
}

#[test]
fn processes_killed_while_writing_leave_at_most_one_temporary_file_and_the_next_removes_it() {
    let file = folder("killed").join("keys.json");
    let server = Server::saying(Reply::json(jwks(&[("rsa-2048-a", "a")])));
    for i in 0..20 {
        let before = server.count();
        let mut process = short_lived(&server, &file).env("BOUNCER_TEST_LOOP", "1").spawn().unwrap();
        until("the process writes the file", || server.count() > before + 2 + i);
        process.kill().unwrap();
        process.wait().unwrap();
    }
    let names = || fs::read_dir(file.parent().unwrap()).unwrap().count();
    assert!(names() <= 2, "{} files", names());
    let keys = builder(&server).last_good_file(&file).build().unwrap();
    keys.refresh(TIMEOUT).unwrap();
    keys.close();
    assert_eq!(names(), 1);
}

//! The command `bouncer-verify`: verifies or inspects a token, checks each step of a verification,
//! lists the keys of a JWK Set, or logs in. The library verifies tokens; the command handles
//! arguments, files and output.
//!
//! Scripts can use the exit code:
//!
//! | code | meaning |
//! |---|---|
//! | 0 | the token is valid |
//! | 1 | the token is invalid |
//! | 2 | wrong usage, a bad configuration, or the token cannot be read |
//! | 3 | no keys are available; the token may be valid or not |
//! | 4 | `login`: there is no token |
//!
//! `check` exits with the code of the first step that fails, and with 0 if none fails.
//!
//! Tokens and key sets are untrusted: their text is escaped before it is printed.

#![forbid(unsafe_code)]

mod arguments;
mod check;
mod configuration;
mod fetch;
mod input;
mod inspect;
mod json;
mod jwks;
mod login;
mod options;
#[cfg(test)]
mod pages;
mod remedies;
mod report;
mod settings;
mod steps;
mod text;
mod time;
mod verify;
mod version;
mod watch;

use arguments::{Arguments, Command};
use clap::Parser as _;
use report::Failure;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) if error.use_stderr() && has_json_option() => return usage(&error).report(true).print(),
        Err(error) => error.exit(),
    };
    let Some(command) = arguments.command.filter(|_| !arguments.version) else {
        return version::report(arguments.verbose).print();
    };
    let (json, result) = match command {
        Command::Verify(arguments) => (arguments.json, verify::run(&arguments)),
        Command::Check(arguments) => (arguments.json, check::run(&arguments)),
        Command::Inspect(arguments) => (arguments.json, inspect::run(&arguments)),
        Command::Jwks(arguments) if arguments.watch => (arguments.json, watch::run(&arguments)),
        Command::Login(arguments) => (arguments.json, login::run(&arguments)),
        Command::Jwks(arguments) => (arguments.json, jwks::run(&arguments)),
        Command::Settings(arguments) => (false, settings::run(&arguments)),
    };
    result.unwrap_or_else(|failure| failure.report(json)).print()
}

/// Returns whether the arguments contain `--json`, even if they cannot be parsed.
fn has_json_option() -> bool {
    std::env::args_os().skip(1).take_while(|argument| argument != "--").any(|argument| argument == "--json")
}

/// Converts an error of clap to a failure, without the usage text that clap appends.
fn usage(error: &clap::Error) -> Failure {
    let text = error.render().to_string();
    let is_usage = |line: &&str| line.starts_with("Usage:") || line.starts_with("For more information");
    let lines = text.lines().map(str::trim).take_while(|line| !is_usage(line));
    let text = lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    Failure::Usage(text.strip_prefix("error: ").unwrap_or(&text).to_owned())
}

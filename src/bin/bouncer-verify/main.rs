//! The command `bouncer-verify`: judges a token, looks into one, lists the keys of a JWK Set, or logs in. A skin over
//! the library: every verdict is the library's, here are only arguments, files and the way to show things.
//!
//! The verdict is the exit code, so that a script needs no parsing:
//!
//! | code | meaning |
//! |---|---|
//! | 0 | the token is valid |
//! | 1 | the token is invalid |
//! | 2 | the command is misused, or the token cannot be read |
//! | 3 | there are no keys to judge with; nothing is said of the token |
//! | 4 | `login`: there is no token to print |
//!
//! Tokens and key sets come from others. Nothing of them reaches the terminal unescaped.

#![forbid(unsafe_code)]

mod arguments;
mod fetch;
mod input;
mod inspect;
mod json;
mod jwks;
mod login;
mod options;
mod report;
mod settings;
mod text;
mod time;
mod verify;
mod watch;

use arguments::{Arguments, Command};
use clap::Parser as _;
use report::Failure;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) if error.use_stderr() && asks_for_json() => return usage(&error).report(true).print(),
        Err(error) => error.exit(),
    };
    let (json, result) = match arguments.command {
        Command::Verify(arguments) => (arguments.json, verify::run(&arguments)),
        Command::Inspect(arguments) => (arguments.json, inspect::run(&arguments)),
        Command::Jwks(arguments) if arguments.watch => (arguments.json, watch::run(&arguments)),
        Command::Login(arguments) => (arguments.json, login::run(&arguments)),
        Command::Jwks(arguments) => (arguments.json, jwks::run(&arguments)),
        Command::Settings(arguments) => (false, settings::run(&arguments)),
    };
    result.unwrap_or_else(|failure| failure.report(json)).print()
}

/// Whether `--json` is among the arguments, when they cannot be parsed.
fn asks_for_json() -> bool {
    std::env::args_os().skip(1).take_while(|argument| argument != "--").any(|argument| argument == "--json")
}

/// The failure for arguments that cannot be parsed, without the usage that clap appends.
fn usage(error: &clap::Error) -> Failure {
    let text = error.render().to_string();
    let lines = text.lines().map(str::trim).take_while(|line| !line.starts_with("Usage:"));
    let text = lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    Failure::Usage(text.strip_prefix("error: ").unwrap_or(&text).to_owned())
}

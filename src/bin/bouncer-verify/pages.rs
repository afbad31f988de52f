//! Writes the man pages and the completions of shells: packaging/man and packaging/completions.
//! They are generated from the same arguments as `--help`.

use crate::arguments::Arguments;
use clap::{Command, CommandFactory as _};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};
use std::path::Path;

const WRITE: &str = "make header";

#[test]
fn man_pages_and_completions_are_up_to_date() {
    let mut stale = Vec::new();
    for (name, text) in man_pages().into_iter().chain(completions()) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging").join(&name);
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        if std::fs::read_to_string(&path).unwrap_or_default() != text {
            stale.push(name);
        }
    }
    assert!(stale.is_empty(), "{stale:?}: out of date; run {WRITE}");
}

/// Returns the path and the text of each page: one for the command, and one for each subcommand.
fn man_pages() -> Vec<(String, String)> {
    let mut command = Arguments::command().disable_help_subcommand(true).term_width(0);
    command.build();
    let subcommands: Vec<_> = command.get_subcommands().cloned().collect();
    std::iter::once(command).chain(subcommands).map(man_page).collect()
}

fn man_page(mut command: Command) -> (String, String) {
    let usage = command.render_usage().to_string();
    let sections = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let has_subcommands = command.has_subcommands();
    // clap_mangen would list every option in the synopsis.
    let command = command.override_usage(usage.strip_prefix("Usage: ").unwrap().to_owned());
    let page = Man::new(command)
        .source(format!("bouncer-verify {}", env!("CARGO_PKG_VERSION")))
        .manual("bouncer_verify");
    let mut text = Vec::new();
    page.render_title(&mut text).unwrap();
    page.render_name_section(&mut text).unwrap();
    page.render_synopsis_section(&mut text).unwrap();
    page.render_description_section(&mut text).unwrap();
    page.render_options_section(&mut text).unwrap();
    if has_subcommands {
        page.render_subcommands_section(&mut text).unwrap();
    }
    after_help(&sections).to_writer(&mut text).unwrap();
    (format!("man/{}", page.get_filename()), String::from_utf8(text).unwrap())
}

/// Converts the text after the options of `--help`. A line that ends with a colon begins a section,
/// unless it is indented. Indented lines keep their form.
fn after_help(text: &str) -> Roff {
    let mut roff = Roff::new();
    let mut is_example = false;
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let is_indented = line.starts_with(' ');
        // Within an example, an empty line belongs to the example if its text goes on.
        let goes_on =
            is_indented || line.is_empty() && lines.peek().is_some_and(|next| next.starts_with(' '));
        if goes_on != is_example {
            roff.control(if goes_on { "EX" } else { "EE" }, []);
            is_example = goes_on;
        }
        match line.strip_suffix(':') {
            Some(title) if !is_indented => roff.control("SH", [title.to_uppercase().as_str()]),
            _ if line.is_empty() && !is_example => roff.control("PP", []),
            _ => roff.text([roman(line)]),
        };
    }
    if is_example {
        roff.control("EE", []);
    }
    roff
}

fn completions() -> Vec<(String, String)> {
    let of = |(shell, name): (Shell, &str)| {
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut Arguments::command(), "bouncer-verify", &mut text);
        (format!("completions/{name}"), String::from_utf8(text).unwrap())
    };
    let shells = [
        (Shell::Bash, "bouncer-verify.bash"),
        (Shell::Zsh, "_bouncer-verify"),
        (Shell::Fish, "bouncer-verify.fish"),
    ];
    shells.into_iter().map(of).collect()
}

//! Go: structs of settings and of stats with what converts them, and the variables of errors.

use super::notes::{DO_NOT_EDIT, notes, wrap};
use bouncer_verify::{
    CACHE_STATS, ErrorCategory, ErrorKind, KEYS_STATS, RENEWER_STATS, Setting, SettingType, SettingsKind,
    StatKind, StatRow,
};
use std::time::Duration;

pub(crate) fn generate() -> Vec<(&'static str, String)> {
    vec![
        ("bindings/go/settings_generated.go", settings()),
        ("bindings/go/stats_generated.go", stats()),
        ("bindings/go/errors_generated.go", errors()),
    ]
}

fn file(imports: &[&str]) -> String {
    let imports: String = imports.iter().map(|path| format!("\t{path}\n")).collect();
    format!("// {DO_NOT_EDIT}\n\n//go:build cgo\n\npackage bouncer\n\nimport (\n{imports})\n")
}

/// A struct of settings: its name, its documentation, and the fields that are not in the table.
struct Options {
    name: &'static str,
    doc: &'static str,
    typed: &'static [(&'static str, &'static str, &'static str)],
}

fn options(kind: SettingsKind) -> Options {
    const LOGGER: (&str, &str, &str) = (
        "Logger",
        "*slog.Logger",
        "is told of successes (Info) and of failures (Warn), by a goroutine that holds one thread of the operating \
         system until Close. It is told no token, no secret, and no query of a URL. It must not hold what it is a \
         logger of, unless the program closes that: what the goroutine can reach is never garbage. Nil: nobody is \
         told.",
    );
    match kind {
        SettingsKind::Policy => Options {
            name: "Policy",
            doc: "A Policy is what a token must be, besides its signature. It says Issuers, AnyIssuer, or the \
                  Profile \"dcos\"; [ForIssuer] and [DCOS] are helpers. Every other field that is left alone is at \
                  its strictest.",
            typed: &[(
                "Clock",
                "func() time.Time",
                "is a clock of the program's own, called once by each verification and once by each batch. Nil: \
                 Time, or the system's clock. Clock and Time are mutually exclusive. With Clock the policy is \
                 prepared again by each call, in a few microseconds, and there is no [Verifier.WithCache].",
            )],
        },
        SettingsKind::Keys => Options {
            name: "RemoteOptions",
            doc: "RemoteOptions say where a [RemoteJWKS] finds its keys, and how it keeps them fresh. URL or \
                  Discover is needed. A field that is left alone is at its default.",
            typed: &[LOGGER],
        },
        SettingsKind::Renewer => Options {
            name: "RenewerOptions",
            doc: "RenewerOptions say where a [TokenRenewer] gets the service's own token, and how. Exactly one \
                  source is needed: ServiceAccount, ServiceAccountFile, ServiceAccountEnv, TokenURL or Source. A \
                  field that is left alone is at its default.",
            typed: &[
                (
                    "Source",
                    "func(ctx context.Context) (token string, lifetime time.Duration, err error)",
                    "is the program's own way to a token; Supplied may name it. The token lives for lifetime, \
                     rounded down to a second; 0: as long as it says itself, a JWT until its \"exp\", another for \
                     ever. It is called by one goroutine at a time, never by one that waits for a token. Its \
                     context ends with Close, and after a minute. An error that is [ErrLoginRejected] by \
                     [errors.Is] says that trying again soon is of no use. The error's text goes to the log and \
                     the stats: it must hold no secret. A panic is a failure like any other. It must not send its \
                     requests through the renewer's own [TokenRenewer.Transport]. It must not hold the renewer, \
                     unless the program closes that: what the goroutine that calls it can reach is never garbage.",
                ),
                LOGGER,
            ],
        },
        other => panic!("name the struct of {}", other.as_str()),
    }
}

fn settings() -> String {
    let mut text = file(&[
        "\"context\"",
        "\"fmt\"",
        "\"io\"",
        "\"log/slog\"",
        "\"time\"\n",
        "\"bouncer_verify/bouncer/internal/native\"",
    ]);
    for &kind in SettingsKind::ALL {
        let Options { name, doc, typed } = options(kind);
        let (mut fields, mut apply) = (String::new(), String::new());
        for setting in kind.settings() {
            let field = camel(setting.name);
            let (go_type, call) = field_type(setting);
            let below = if call == "wait" { " Below 0: 0s." } else { "" };
            fields += &comment("\t", &format!("{field}: {}{below}", go_names(kind, &notes(setting))));
            fields += &format!("\t{field} {go_type}\n\n");
            apply += &format!("\ts = s.{call}(\"{}\", o.{field})\n", setting.name);
        }
        for (field, go_type, doc) in typed {
            fields += &comment("\t", &format!("{field} {doc}"));
            fields += &format!("\t{field} {go_type}\n\n");
        }
        text += &format!(
            "\n{}type {name} struct {{\n{fields}\t// What the fields are set on top of.\n\tdocument string\n}}\n",
            comment("", doc)
        );
        text += &format!(
            "\nfunc (o *{name}) apply(s settings) settings {{\n\ts = s.load(o.document)\n{apply}\treturn s\n}}\n"
        );
        let load = format!(
            "Load{name} reads a JSON document of settings: docs/settings.schema.json describes it. Fields that are \
             set afterwards replace what it says. One that cannot be used is an [ErrInvalidArgument]."
        );
        let native = camel(kind.as_str());
        text += &format!(
            "\n{}func Load{name}(document []byte) ({name}, error) {{\n\treturn \
             {name}{{document: string(document)}}, check(native.Kind{native}, document)\n}}\n",
            comment("", &load)
        );
        text += &format!(
            "\n// String returns what is set, as a JSON document without any secret.\nfunc (o {name}) String() string \
             {{ return describe(native.Kind{native}, o.apply) }}\n\n// GoString is String.\nfunc (o {name}) GoString() \
             string {{ return o.String() }}\n\n// Format writes String, whatever the verb: some verbs make fmt look \
             into the fields.\nfunc (o {name}) Format(state fmt.State, _ rune) {{ _, _ = io.WriteString(state, \
             o.String()) }}\n\n// LogValue is String, for slog.\nfunc (o {name}) LogValue() slog.Value {{ return \
             slog.StringValue(o.String()) }}\n"
        );
    }
    text
}

/// The type of a field, and the method of `settings` that takes it.
fn field_type(setting: &Setting) -> (&'static str, &'static str) {
    match (setting.name, setting.kind) {
        ("algorithms", _) => ("[]Algorithm", "algorithms"),
        ("backend", _) => ("Backend", "backend"),
        (_, SettingType::Flag) => ("bool", "flag"),
        (_, SettingType::Text | SettingType::Choice(_)) => ("string", "text"),
        (_, SettingType::Texts | SettingType::Choices(_)) => ("[]string", "list"),
        // Where 0 may be set and is not the default.
        (_, SettingType::Duration { min: Duration::ZERO, .. }) if !["", "0s"].contains(&setting.default) => {
            ("time.Duration", "wait")
        }
        (_, SettingType::Duration { .. }) => ("time.Duration", "duration"),
        (_, SettingType::Size { .. } | SettingType::Count { .. }) => ("int", "number"),
        (_, SettingType::Time) => ("time.Time", "time"),
        (_, SettingType::Map) => ("map[string][]string", "members"),
    }
}

fn stats() -> String {
    let mut text = file(&["\"time\"\n", "\"bouncer_verify/bouncer/internal/native\""]);
    struct_of_stats(
        &mut text,
        "CacheStats",
        "what the cache of a [Verifier] has done",
        "cache_",
        CACHE_STATS,
    );
    struct_of_stats(&mut text, "KeysStats", "what a [RemoteJWKS] has done", "keys_", KEYS_STATS);
    struct_of_stats(&mut text, "RenewerStats", "what a [TokenRenewer] has done", "renewer_", RENEWER_STATS);
    text
}

fn struct_of_stats<T>(text: &mut String, name: &str, what: &str, prefix: &str, rows: &[StatRow<T>]) {
    let (mut fields, mut values) = (String::new(), String::new());
    if prefix != "cache_" {
        fields += "\t// Source: the URL without its query, the issuer, or where tokens come from.\n\tSource string\n";
        values += "\tstats.Source = rows.Source\n";
    }
    for row in rows {
        let stem = row.name.strip_prefix(prefix).unwrap();
        let (stem, go_type, call) = match row.kind {
            StatKind::Counter => (stem.strip_suffix("_total").unwrap().to_owned(), "uint64", "count"),
            StatKind::Gauge => (stem.to_owned(), "uint64", "count"),
            StatKind::Time => (stem.replace("_seconds", "_at"), "time.Time", "time"),
            StatKind::Duration => {
                (stem.strip_suffix("_seconds").unwrap().to_owned(), "time.Duration", "duration")
            }
            StatKind::Text => (stem.to_owned(), "string", "text"),
        };
        let field = camel(&stem);
        fields += &comment("\t", &format!("{field}: {}", row.help));
        fields += &format!("\t{field} {go_type}\n");
        values += &format!("\tstats.{field} = found.{call}(\"{}\")\n", row.name);
    }
    let doc = format!(
        "{name} is {what}, at one moment: for metrics, logs and health checks. Counts are this process's alone, and \
         times are in UTC. What there is none of is 0 or empty, a time that is zero, or a duration of -1."
    );
    *text += &format!(
        "\n{}type {name} struct {{\n{fields}}}\n\nfunc new{name}(rows native.Stats) (stats {name}) {{\n\tfound := \
         statRows{{rows}}\n{values}\treturn stats\n}}\n",
        comment("", &doc)
    );
}

fn errors() -> String {
    let mut text = format!("// {DO_NOT_EDIT}\n\n//go:build cgo\n\npackage bouncer\n");
    for (category, group) in [
        (ErrorCategory::Caller, "ErrProgram"),
        (ErrorCategory::Keys, "ErrKeys"),
        (ErrorCategory::Token, "ErrInvalidToken"),
        (ErrorCategory::Login, "ErrLogin"),
    ] {
        text += &format!("\n// The causes of [{group}].\nvar (\n");
        for kind in ErrorKind::ALL.iter().filter(|kind| kind.category() == category) {
            let variable = format!("Err{}", camel(kind.as_str()));
            text += &format!("\t// {variable}: {}.\n", kind.message());
            text += &format!("\t{variable} = newCause({}, \"{}\", {group})\n", kind.number(), kind.as_str());
        }
        text += ")\n";
    }
    text
}

/// `client_id` is ClientID.
fn camel(name: &str) -> String {
    let word = |word: &str| match word {
        "ca" | "http" | "id" | "jwk" | "kid" | "sha256" | "ttl" | "uid" | "url" => word.to_uppercase(),
        word => word[..1].to_uppercase() + &word[1..],
    };
    name.split('_').map(word).collect()
}

/// The help of a setting with the names of others as Go has them.
fn go_names(kind: SettingsKind, help: &str) -> String {
    let in_go = |word: &str| {
        let name = word.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let known = name.contains('_') && !word.contains('"') && kind.setting(name).is_some();
        if known { word.replace(name, &camel(name)) } else { word.to_owned() }
    };
    help.split(' ').map(in_go).collect::<Vec<_>>().join(" ")
}

fn comment(indent: &str, text: &str) -> String {
    let lines = wrap(text, 97 - 4 * indent.len());
    lines.iter().map(|line| format!("{indent}// {line}\n")).collect()
}

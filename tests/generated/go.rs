//! Generates Go files: structs of settings and stats, their conversions, and the error variables.

use super::notes::{DO_NOT_EDIT, notes, wrap};
use super::typed_kinds;
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

/// A struct of settings: name, documentation, and fields that are not in the table of settings.
struct Options {
    name: &'static str,
    doc: &'static str,
    typed: &'static [(&'static str, &'static str, &'static str)],
}

fn options(kind: SettingsKind) -> Options {
    const LOGGER: (&str, &str, &str) = (
        "Logger",
        "*slog.Logger",
        "receives successes (Info) and failures (Warn), from a goroutine that runs until Close. Records contain \
         no token, no secret, and no query of a URL. The goroutine keeps everything that the logger references \
         reachable. So if the logger references the object that it logs, the program must call Close. If Logger \
         is nil, nothing is logged.",
    );
    match kind {
        SettingsKind::Policy => Options {
            name: "Policy",
            doc: "A Policy contains the rules for tokens, besides a valid signature. Issuers, AnyIssuer or the \
                  Profile \"dcos\" must be set; [ForIssuer] and [DCOS] set them. Every other field that is not \
                  set has its default: only RS256 is accepted, \"exp\" is required, and there is no leeway.",
            typed: &[(
                "Clock",
                "func() time.Time",
                "returns the current time. It is called once for each verification and once for each batch. If \
                 Clock is nil, the time is Time, or the system's clock if Time is not set. Clock and Time are \
                 mutually exclusive. With Clock, each call prepares the policy again, which takes a few \
                 microseconds. [NewVerifierOf], [Verifier.WithCache], [Verifier.Reload] and [Verifier.LogTo] are \
                 then not available.",
            )],
        },
        SettingsKind::Keys => Options {
            name: "RemoteOptions",
            doc: "RemoteOptions configure where a [RemoteJWKS] fetches its keys, and how it refreshes them. URL or \
                  Discover must be set. The zero value of every other field is its default.",
            typed: &[LOGGER],
        },
        SettingsKind::Renewer => Options {
            name: "RenewerOptions",
            doc: "RenewerOptions configure how a [TokenRenewer] gets the service's own token. Exactly one source \
                  must be set: ServiceAccount, ServiceAccountFile, ServiceAccountEnv, TokenURL or Source. The \
                  zero value of every other field is its default.",
            typed: &[
                (
                    "Source",
                    "func(ctx context.Context) (token string, lifetime time.Duration, err error)",
                    "returns a token that the program itself obtains. Supplied can set the name of this source \
                     in logs. The token is \
                     valid for lifetime, rounded down to a second. If lifetime is 0, a JWT is valid until its \"exp\", and \
                     a token without \"exp\" does not expire. Source is called by one goroutine at a time, not by the callers \
                     of the renewer. Its context ends at Close, or after one minute. If [errors.Is] finds \
                     [ErrLoginRejected] in the error, the renewer does not retry soon. The error's text is logged \
                     and is part of the stats, so it must not contain a secret. A panic counts as a failure. \
                     Source must not send requests through the renewer's own [TokenRenewer.Transport]. The \
                     calling goroutine keeps everything that Source references reachable. So if Source \
                     references the renewer, the program must call Close.",
                ),
                LOGGER,
            ],
        },
        other => panic!("the Go struct for the settings of {} is missing", other.as_str()),
    }
}

fn settings() -> String {
    let mut text = file(&[
        "\"context\"",
        "\"fmt\"",
        "\"io\"",
        "\"log/slog\"",
        "\"time\"\n",
        "\"bouncer-verify.internal/bouncer/internal/native\"",
    ]);
    for kind in typed_kinds() {
        let Options { name, doc, typed } = options(kind);
        let (mut fields, mut apply) = (String::new(), String::new());
        for setting in kind.settings() {
            let field = camel(setting.name);
            let (go_type, call) = field_type(setting);
            let below = match call {
                "wait" => " 0 means the default, a negative value means 0s.",
                "size" => " 0 means the default, a negative value means 0.",
                _ => "",
            };
            fields += &comment("\t", &format!("{field}: {}{below}", go_names(kind, &notes(setting))));
            fields += &format!("\t{field} {go_type}\n\n");
            apply += &format!("\ts = s.{call}(\"{}\", o.{field})\n", setting.name);
        }
        for (field, go_type, doc) in typed {
            fields += &comment("\t", &format!("{field} {doc}"));
            fields += &format!("\t{field} {go_type}\n\n");
        }
        text += &format!(
            "\n{}type {name} struct {{\n{fields}\t// A settings document. Fields that are set override its values.\n\tdocument string\n}}\n",
            comment("", doc)
        );
        text += &format!(
            "\nfunc (o *{name}) apply(s settings) settings {{\n\ts = s.load(o.document)\n{apply}\treturn s\n}}\n"
        );
        let load = format!(
            "Load{name} parses a JSON document of settings, which docs/settings.schema.json describes. A field that \
             is set afterwards overrides its value in the document. Load{name} returns [ErrInvalidArgument] for \
             an invalid document."
        );
        let native = camel(kind.as_str());
        text += &format!(
            "\n{}func Load{name}(document []byte) ({name}, error) {{\n\treturn \
             {name}{{document: string(document)}}, check(native.Kind{native}, document)\n}}\n",
            comment("", &load)
        );
        text += &format!(
            "\n// String returns the settings as a JSON document without any secret.\nfunc (o {name}) String() string \
             {{ return describe(native.Kind{native}, o.apply) }}\n\n// GoString returns the same as String.\nfunc (o {name}) GoString() \
             string {{ return o.String() }}\n\n// Format writes String for every verb, because some verbs would \
             print secret fields.\nfunc (o {name}) Format(state fmt.State, _ rune) {{ _, _ = io.WriteString(state, \
             o.String()) }}\n\n// LogValue returns the same as String, for slog.\nfunc (o {name}) LogValue() slog.Value {{ return \
             slog.StringValue(o.String()) }}\n"
        );
    }
    text
}

/// Returns the Go type of a field, and the method of the Go type `settings` that sets it.
fn field_type(setting: &Setting) -> (&'static str, &'static str) {
    match (setting.name, setting.kind) {
        ("algorithms", _) => ("[]Algorithm", "algorithms"),
        ("backend", _) => ("Backend", "backend"),
        (_, SettingType::Flag) => ("bool", "flag"),
        (_, SettingType::Text | SettingType::Choice(_)) => ("string", "text"),
        (_, SettingType::Texts | SettingType::Choices(_)) => ("[]string", "list"),
        // 0 is allowed but is not the default. In Go the zero value is the default, so a negative
        // value sets 0.
        (_, SettingType::Duration { min: Duration::ZERO, .. }) if !["", "0s"].contains(&setting.default) => {
            ("time.Duration", "wait")
        }
        (_, SettingType::Duration { .. }) => ("time.Duration", "duration"),
        (_, SettingType::Size { min: 0, .. }) if setting.default != "0" => ("int", "size"),
        (_, SettingType::Size { .. } | SettingType::Count { .. }) => ("int", "number"),
        (_, SettingType::Time) => ("time.Time", "time"),
        (_, SettingType::Entries) => unreachable!("a verifier has no struct of settings"),
        (_, SettingType::Map) => ("map[string][]string", "members"),
    }
}

fn stats() -> String {
    let mut text = file(&["\"time\"\n", "\"bouncer-verify.internal/bouncer/internal/native\""]);
    struct_of_stats(
        &mut text,
        "CacheStats",
        "the counters of the cache of a [Verifier]",
        "cache_",
        CACHE_STATS,
    );
    struct_of_stats(&mut text, "KeysStats", "the counters and state of a [RemoteJWKS]", "keys_", KEYS_STATS);
    struct_of_stats(
        &mut text,
        "RenewerStats",
        "the counters and state of a [TokenRenewer]",
        "renewer_",
        RENEWER_STATS,
    );
    text
}

fn struct_of_stats<T>(text: &mut String, name: &str, what: &str, prefix: &str, rows: &[StatRow<T>]) {
    let (mut fields, mut values) = (String::new(), String::new());
    if prefix != "cache_" {
        fields += "\t// Source: the URL without its query, the issuer, or the source of the tokens.\n\tSource string\n";
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
        "{name} is a snapshot of {what}: for metrics, logs and health checks. Counters count only events of this \
         process. Times are in UTC. If a value is not known, a number is 0, text is empty, a time is zero and a \
         duration is -1."
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

/// Converts `client_id` to `ClientID`.
fn camel(name: &str) -> String {
    let word = |word: &str| match word {
        "ca" | "http" | "id" | "jwk" | "kid" | "sha256" | "ttl" | "uid" | "url" => word.to_uppercase(),
        word => word[..1].to_uppercase() + &word[1..],
    };
    name.split('_').map(word).collect()
}

/// Replaces the names of settings in `help` with the names of their Go fields.
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

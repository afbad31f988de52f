//! How a claim is found by its name in a verified token. The accessors of every language that take
//! the name of a nested claim must find the same claims as the rules of a policy.

use super::case::{Case, File, Policy, case};
use super::keys::only;
use super::signer::bouncer_token;

pub(crate) fn file() -> File {
    File::new(
        "claim_paths",
        "The accessors of a verified token find nested claims by the same rule as a policy",
    )
    .key_set("rsa", only("rsa-2048-a"))
    .cases(cases())
}

/// Returns a case whose token has these claims. `paths` are names of claims, each with the JSON
/// text of the claim, or `None` if it is absent.
fn with(id: &str, why: &str, members: &str, paths: &[(&str, Option<&str>)]) -> Case {
    let claims = format!(r#"{{"exp":1700003600,{members}}}"#);
    case(id, why).policy(Policy::any_issuer()).token(bouncer_token(&claims)).ok(&claims).paths(paths)
}

fn cases() -> Vec<Case> {
    vec![
        with(
            "an_accessor_finds_nested_claims",
            "a name with dots may name a member of a nested object",
            r#""a":{"b":{"c":1,"d":"x"},"e":["y","z"]},"f":true"#,
            &[
                ("a", Some(r#"{"b":{"c":1,"d":"x"},"e":["y","z"]}"#)),
                ("a.b", Some(r#"{"c":1,"d":"x"}"#)),
                ("a.b.c", Some("1")),
                ("a.b.d", Some(r#""x""#)),
                ("a.e", Some(r#"["y","z"]"#)),
                ("f", Some("true")),
                ("exp", Some("1700003600")),
                ("A.b", None),
                ("a.B", None),
                ("b.c", None),
                ("c", None),
                ("a b", None),
                ("a/b", None),
            ],
        ),
        with(
            "an_accessor_finds_nothing_if_a_part_of_the_name_is_missing",
            "each part of a name must be a member, and all but the last must be objects",
            r#""a":{"b":{"c":1}},"s":"{\"b\":2}","t":false"#,
            &[
                ("x", None),
                ("x.b.c", None),
                ("a.x", None),
                ("a.x.c", None),
                ("a.b.x", None),
                ("a.b.c.d", None),
                ("s.b", None),
                ("t.b", None),
                ("", None),
                (".", None),
                ("a.", None),
                (".a", None),
                ("a..b", None),
                ("a.b.c.", None),
            ],
        ),
        with(
            "an_accessor_does_not_look_into_arrays",
            "an array has no members, and an index is no name",
            r#""a":[{"b":1}],"o":{"a":[[2]]}"#,
            &[
                ("a", Some(r#"[{"b":1}]"#)),
                ("o.a", Some("[[2]]")),
                ("a.b", None),
                ("a.0", None),
                ("a.0.b", None),
                ("a[0]", None),
                ("o.a.0", None),
            ],
        ),
        with(
            "an_accessor_takes_the_longest_name_if_it_is_first",
            "at each object, the longest member name that fits is taken, and no other is tried",
            r#""a.b":{"c":1},"a":{"b":{"c":2,"d":3},"e":4},"https://x.example/roles":["r"]"#,
            LONGEST,
        ),
        with(
            "an_accessor_takes_the_longest_name_if_it_is_last",
            "at each object, the longest member name that fits is taken, and no other is tried",
            r#""https://x.example/roles":["r"],"a":{"e":4,"b":{"d":3,"c":2}},"a.b":{"c":1}"#,
            LONGEST,
        ),
        with(
            "an_accessor_takes_the_longest_name_in_a_nested_object",
            "at each object, the longest member name that fits is taken, and no other is tried",
            r#""o":{"my":{"client":{"roles":["no"]}},"my.client":{"roles":["yes"]}}"#,
            &[
                ("o.my.client.roles", Some(r#"["yes"]"#)),
                ("o.my", Some(r#"{"client":{"roles":["no"]}}"#)),
                ("my.client", None),
                ("o.my.client.x", None),
            ],
        ),
        with(
            "an_accessor_returns_null_as_it_was_signed",
            "the JSON text of a claim may be null; a null has no members",
            r#""n":null,"a":{"b":null,"c":1},"a.c":null"#,
            &[
                ("n", Some("null")),
                ("a.b", Some("null")),
                ("a.c", Some("null")),
                ("n.x", None),
                ("a.b.x", None),
            ],
        ),
        with(
            "an_accessor_finds_empty_names",
            "RFC 8259 section 4: a member name may be empty",
            r#""":{"":7},"a":{"":8,"b":{"":{"c":9}}}"#,
            &[
                ("", Some(r#"{"":7}"#)),
                (".", Some("7")),
                ("a.", Some("8")),
                ("a.b.", Some(r#"{"c":9}"#)),
                ("a.b..c", Some("9")),
                ("..", None),
                (".a", None),
                ("a..", None),
                ("a..b", None),
            ],
        ),
        with(
            "an_accessor_compares_unescaped_names_and_keeps_the_text_of_values",
            "RFC 8259 section 8.3: strings are compared unescaped",
            r#""\u0061":{"b\u002ec": 1.50e1 },"s":{"t": "\u0078" },"w":{ "l" : [ 1, 2 ] },"é":{"ü":{"\ud83d\ude00":3}}"#,
            &[
                ("a.b.c", Some("1.50e1")),
                ("s.t", Some(r#""\u0078""#)),
                ("w.l", Some("[ 1, 2 ]")),
                ("é.ü.😀", Some("3")),
                ("é", Some(r#"{"ü":{"\ud83d\ude00":3}}"#)),
                ("a.b", None),
                ("\\u0061", None),
                ("e.u", None),
            ],
        ),
    ]
}

const LONGEST: &[(&str, Option<&str>)] = &[
    ("a.b", Some(r#"{"c":1}"#)),
    ("a.b.c", Some("1")),
    ("a.b.d", None),
    ("a.e", Some("4")),
    ("https://x.example/roles", Some(r#"["r"]"#)),
    ("https://x", None),
    ("https://x.example/roles.r", None),
];

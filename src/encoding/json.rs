//! A strict reader of JSON objects that copies nothing: it checks the whole document and hands out each
//! member of the outermost object as slices of it.
//!
//! Strict means RFC 8259 in UTF-8 without a byte order mark, and on top of it: no two members of one
//! object, at any depth, may have the same name once escapes are resolved; at most [`MAX_DEPTH`]
//! levels; no lone surrogates; no number beyond the range of a double. Parsers disagree on all of these,
//! and a disagreement between two readers of one token is an attack.

#[cfg(avx512)]
use super::avx512;
use std::borrow::Cow;

/// The deepest nesting accepted; the outermost object or array is level 1.
pub(crate) const MAX_DEPTH: usize = 16;

/// The document is not strict JSON of the expected shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Invalid;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Null,
    False,
    True,
    Number,
    String { escaped: bool },
    Array,
    Object,
}

/// A value of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Value<'a> {
    document: &'a str,
    start: usize,
    end: usize,
    kind: Kind,
}

impl<'a> Value<'a> {
    /// The exact JSON text.
    pub(crate) fn text(self) -> &'a str {
        self.document.get(self.start..self.end).unwrap_or_default()
    }

    pub(crate) fn is_null(self) -> bool {
        self.kind == Kind::Null
    }

    pub(crate) fn is_true(self) -> bool {
        self.kind == Kind::True
    }

    /// The value as JSON spells it, if it is a number.
    pub(crate) fn as_number(self) -> Option<&'a str> {
        (self.kind == Kind::Number).then(|| self.text())
    }

    /// The characters, if it is a string; copied only where the text has escapes.
    #[inline]
    pub(crate) fn as_str(self) -> Option<Cow<'a, str>> {
        match self.kind {
            Kind::String { escaped: false } => {
                self.document.get(self.start + 1..self.end - 1).map(Cow::Borrowed)
            }
            Kind::String { escaped: true } => serde_json::from_str(self.text()).ok().map(Cow::Owned),
            _ => None,
        }
    }

    /// Calls `each` with every element, if it is an array.
    pub(crate) fn elements(self, mut each: impl FnMut(Value<'a>)) -> Option<()> {
        (self.kind == Kind::Array).then_some(())?;
        Scanner::new(self.text()).array(1, &mut each).ok()
    }
}

/// Checks `document`, an object and nothing else, and calls `each` with every member of it in order: the name
/// in UTF-8, its escapes resolved, and the value. What `each` collects means nothing unless the result is
/// `Ok`: a later part may be wrong.
#[inline]
pub(crate) fn members<'a>(document: &'a str, mut each: impl FnMut(&[u8], Value<'a>)) -> Result<(), Invalid> {
    let mut scanner = Scanner::new(document);
    scanner.skip_white_space();
    scanner.object(1, &mut each)?;
    scanner.skip_white_space();
    if scanner.peek().is_none() { Ok(()) } else { Err(Invalid) }
}

/// Reads forward over `document`; every method stops behind what it has read. Where the work is rare or long, a copy does
/// it and says where it stopped, so that the scanner itself stays in registers.
#[derive(Clone, Copy)]
struct Scanner<'a> {
    document: &'a str,
    at: usize,
    /// The [`special_bits`] of the 64 bytes from `window`, a multiple of 64.
    special: u64,
    window: usize,
}

impl<'a> Scanner<'a> {
    fn new(document: &'a str) -> Self {
        Self { document, at: 0, special: 0, window: usize::MAX }
    }

    fn bytes(&self) -> &'a [u8] {
        self.document.as_bytes()
    }

    fn peek(&self) -> Option<u8> {
        self.bytes().get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    #[inline]
    fn skip_white_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), Invalid> {
        if self.next() == Some(byte) { Ok(()) } else { Err(Invalid) }
    }

    /// After a member or an element: whether the `close` of the object or array follows, else a comma does.
    fn closes(&mut self, close: u8) -> Result<bool, Invalid> {
        self.skip_white_space();
        match self.next() {
            Some(b',') => Ok(false),
            Some(byte) if byte == close => Ok(true),
            _ => Err(Invalid),
        }
    }

    #[inline(always)]
    fn object<F: FnMut(&[u8], Value<'a>)>(&mut self, depth: usize, each: &mut F) -> Result<(), Invalid> {
        if depth > MAX_DEPTH {
            return Err(Invalid);
        }
        self.expect(b'{')?;
        self.skip_white_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        let mut names = Names::new();
        loop {
            self.skip_white_space();
            let name = self.name()?;
            names.add(&name)?;
            self.skip_white_space();
            self.expect(b':')?;
            self.skip_white_space();
            let value = self.value(depth)?;
            each(&name, value);
            if self.closes(b'}')? {
                return names.all_differ();
            }
        }
    }

    fn array<F: FnMut(Value<'a>)>(&mut self, depth: usize, each: &mut F) -> Result<(), Invalid> {
        if depth > MAX_DEPTH {
            return Err(Invalid);
        }
        self.expect(b'[')?;
        self.skip_white_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.skip_white_space();
            each(self.value(depth)?);
            if self.closes(b']')? {
                return Ok(());
            }
        }
    }

    /// A value inside an object or array of level `depth`.
    #[inline(always)]
    fn value(&mut self, depth: usize) -> Result<Value<'a>, Invalid> {
        let start = self.at;
        let kind = match self.peek().ok_or(Invalid)? {
            b'"' => Kind::String { escaped: self.string()? },
            b'-' | b'0'..=b'9' => {
                self.at = number_end(self.document, self.at)?;
                Kind::Number
            }
            _ => {
                let (kind, end) = self.rarer_value(depth)?;
                self.at = end;
                kind
            }
        };
        Ok(Value { document: self.document, start, end: self.at, kind })
    }

    /// Any value but a string or a number: its kind and its end.
    fn rarer_value(mut self, depth: usize) -> Result<(Kind, usize), Invalid> {
        let kind = match self.peek().ok_or(Invalid)? {
            b'{' => {
                self.object(depth + 1, &mut |_, _| {})?;
                Kind::Object
            }
            b'[' => {
                self.array(depth + 1, &mut |_| {})?;
                Kind::Array
            }
            b'n' => self.word("null", Kind::Null)?,
            b'f' => self.word("false", Kind::False)?,
            b't' => self.word("true", Kind::True)?,
            _ => return Err(Invalid),
        };
        Ok((kind, self.at))
    }

    fn word(&mut self, word: &str, kind: Kind) -> Result<Kind, Invalid> {
        let rest = self.bytes().get(self.at..).unwrap_or_default();
        self.at += word.len();
        if rest.starts_with(word.as_bytes()) { Ok(kind) } else { Err(Invalid) }
    }

    /// The name of a member.
    #[inline(always)]
    fn name(&mut self) -> Result<Cow<'a, [u8]>, Invalid> {
        let start = self.at;
        if self.string()? {
            let text = self.document.get(start..self.at).ok_or(Invalid)?;
            let name: String = serde_json::from_str(text).map_err(|_| Invalid)?;
            return Ok(Cow::Owned(name.into_bytes()));
        }
        self.bytes().get(start + 1..self.at - 1).map(Cow::Borrowed).ok_or(Invalid)
    }

    /// Reads a string and says whether it has escapes.
    #[inline(always)]
    fn string(&mut self) -> Result<bool, Invalid> {
        let start = self.at;
        self.expect(b'"')?;
        self.skip_plain();
        if self.peek() == Some(b'"') {
            self.at += 1;
            return Ok(false);
        }
        self.at = self.end_of_string_with_escapes(start)?;
        Ok(true)
    }

    /// The end of the string from `start`, at whose first escape the scanner is, or at what is wrong with it.
    fn end_of_string_with_escapes(mut self, start: usize) -> Result<usize, Invalid> {
        loop {
            match self.next().ok_or(Invalid)? {
                b'"' => break,
                b'\\' => self.next().ok_or(Invalid)?,
                // A control character.
                _ => return Err(Invalid),
            };
            self.skip_plain();
        }
        // Escapes are rare and hold every subtlety of a JSON string (surrogates above all), so
        // serde_json judges them.
        let text = self.document.get(start..self.at).ok_or(Invalid)?;
        if serde_json::from_str::<String>(text).is_ok() { Ok(self.at) } else { Err(Invalid) }
    }

    /// Goes to the next quotation mark, backslash or control character, or to the end.
    #[inline(always)]
    fn skip_plain(&mut self) {
        loop {
            let window = self.at & !63;
            if self.window != window {
                self.special = special_bits_from(self.bytes(), window);
                self.window = window;
            }
            let ahead = self.special >> (self.at & 63);
            if ahead != 0 {
                self.at += ahead.trailing_zeros() as usize;
                return;
            }
            self.at = window + 64;
            if self.at >= self.document.len() {
                self.at = self.document.len();
                return;
            }
        }
    }
}

/// The end of the number from `start`.
fn number_end(document: &str, start: usize) -> Result<usize, Invalid> {
    let byte_at = |at: usize| document.as_bytes().get(at).copied();
    // One digit or more.
    let past_digits = |from: usize| {
        let rest = document.as_bytes().get(from..).unwrap_or_default();
        match rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len()) {
            0 => Err(Invalid),
            count => Ok(from + count),
        }
    };
    let mut end = start + usize::from(byte_at(start) == Some(b'-'));
    end = if byte_at(end) == Some(b'0') { end + 1 } else { past_digits(end)? };
    if byte_at(end) == Some(b'.') {
        end = past_digits(end + 1)?;
    }
    let has_exponent = matches!(byte_at(end), Some(b'e' | b'E'));
    if has_exponent {
        let has_sign = matches!(byte_at(end + 1), Some(b'+' | b'-'));
        end = past_digits(end + 1 + usize::from(has_sign))?;
    }
    // Nearly every number is a short integer, and 300 characters without an exponent cannot leave the range.
    if end - start <= 300 && !has_exponent {
        return Ok(end);
    }
    let text = document.get(start..end).ok_or(Invalid)?;
    if Decimal::of(text).is_within_a_double() { Ok(end) } else { Err(Invalid) }
}

/// A JSON number, split: `integer.fraction` times ten to the power of `exponent`. It is judged by its digits:
/// reading a hostile literal as a double can cost as much as a signature.
pub(crate) struct Decimal<'a> {
    pub(crate) negative: bool,
    pub(crate) integer: &'a str,
    fraction: &'a str,
    /// Saturates; 0 where none is written.
    pub(crate) exponent: i64,
}

impl<'a> Decimal<'a> {
    /// The parts of `number`, which must be spelt as JSON does.
    pub(crate) fn of(number: &'a str) -> Self {
        let (negative, number) = number.strip_prefix('-').map_or((false, number), |rest| (true, rest));
        let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, ""));
        let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let out_of_range = if exponent.starts_with('-') { i64::MIN } else { i64::MAX };
        let exponent = if exponent.is_empty() { 0 } else { exponent.parse().unwrap_or(out_of_range) };
        Self { negative, integer, fraction, exponent }
    }

    /// The digits as numbers, those of the integer first.
    pub(crate) fn digits(&self) -> impl Iterator<Item = u8> {
        self.integer.bytes().chain(self.fraction.bytes()).map(|digit| digit.wrapping_sub(b'0'))
    }

    /// Whether the magnitude is below 1.7976931348623158e308, where doubles end.
    fn is_within_a_double(&self) -> bool {
        const LARGEST_ORDER: i64 = 308;
        const END: u64 = 17_976_931_348_623_158;
        let zeros = self.digits().take_while(|&digit| digit == 0).count();
        let mut significant = self.digits().skip(zeros).peekable();
        if significant.peek().is_none() {
            return true;
        }
        // The power of ten of the first significant digit.
        let order = (self.integer.len() as i64 - zeros as i64 - 1).saturating_add(self.exponent);
        let leading = significant.chain(std::iter::repeat(0)).take(17);
        let leading = leading.fold(0, |number, digit| number * 10 + u64::from(digit));
        order < LARGEST_ORDER || order == LARGEST_ORDER && leading < END
    }
}

/// The [`special_bits`] of the 64 bytes from `window`, or of those that there are.
fn special_bits_from(bytes: &[u8], window: usize) -> u64 {
    let rest = bytes.get(window..).unwrap_or_default();
    #[cfg(avx512)]
    if let Some(bits) = avx512::json_special_bits(rest) {
        return bits;
    }
    special_bits_on_any_cpu(bytes, rest)
}

/// The same, of the `rest` of `bytes`.
fn special_bits_on_any_cpu(bytes: &[u8], rest: &[u8]) -> u64 {
    if let Some(chunk) = rest.first_chunk() {
        special_bits(chunk)
    } else if let Some(last) = bytes.last_chunk() {
        // Of a string that does not end, there may be nothing left.
        special_bits(last).checked_shr(64 - rest.len() as u32).unwrap_or(0)
    } else {
        let mut padded = [b' '; 64];
        padded.iter_mut().zip(rest).for_each(|(padded, &byte)| *padded = byte);
        special_bits(&padded)
    }
}

/// Which of 64 bytes end a plain run of a string, as bits: quotation marks, backslashes, control characters.
/// Most of a token is such runs, so they are found all at once; the loops are shaped for the compiler's SIMD.
fn special_bits(bytes: &[u8; 64]) -> u64 {
    // Gathers the lowest bits of eight bytes in the highest byte.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let mut flags = [0; 64];
    for (flag, &byte) in flags.iter_mut().zip(bytes) {
        *flag = u8::from((byte == b'"') | (byte == b'\\') | (byte < 0x20));
    }
    let (eights, _) = flags.as_chunks::<8>();
    let eight_bits = |eight: &[u8; 8]| u64::from_le_bytes(*eight).wrapping_mul(GATHER) >> 56;
    // Shifts that do not wait for one another.
    eights.iter().enumerate().fold(0, |bits, (i, eight)| bits | eight_bits(eight) << (8 * i))
}

/// The names of one object, to find two that are the same. Few names are compared as they come, without
/// an allocation; many, and those with escapes, are sorted at the end, so that 100,000 names cost no square of it.
struct Names<'a> {
    few: [&'a [u8]; Names::FEW],
    len: usize,
    /// A bit for each [`Names::bit`] of `few`: an unseen bit proves a new name.
    seen: [u64; 4],
    many: Vec<Cow<'a, [u8]>>,
}

impl<'a> Names<'a> {
    const FEW: usize = 16;

    fn new() -> Self {
        Self { few: [&[]; Names::FEW], len: 0, seen: [0; 4], many: Vec::new() }
    }

    /// One of 256 bits, by a few cheap features of the name.
    fn bit(name: &[u8]) -> u8 {
        let at = |i: usize| u32::from(name.get(i).copied().unwrap_or(0));
        let [first, middle, last] = [0, name.len() / 2, name.len().wrapping_sub(1)].map(at);
        let features = first | middle << 8 | last << 16 | (name.len() as u32) << 24;
        (features.wrapping_mul(0x9e37_79b9) >> 24) as u8
    }

    #[inline(always)]
    #[expect(clippy::ptr_arg, reason = "what is borrowed is kept elsewhere than what is not")]
    fn add(&mut self, name: &Cow<'a, [u8]>) -> Result<(), Invalid> {
        let bit = Self::bit(name);
        let mask = 1 << (bit % 64);
        let seen = self.seen.get_mut(usize::from(bit / 64)).ok_or(Invalid)?;
        if *seen & mask != 0 && self.few.get(..self.len).unwrap_or_default().contains(&&**name) {
            return Err(Invalid);
        }
        match (name, self.few.get_mut(self.len)) {
            (Cow::Borrowed(name), Some(free)) if self.many.is_empty() => {
                *seen |= mask;
                *free = name;
                self.len += 1;
            }
            _ => self.many.push(name.clone()),
        }
        Ok(())
    }

    fn all_differ(&mut self) -> Result<(), Invalid> {
        self.many.sort_unstable();
        if self.many.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) { Err(Invalid) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(document: &str) -> Result<Vec<(String, &str)>, Invalid> {
        let mut found = Vec::new();
        members(document, |name, value| {
            found.push((String::from_utf8(name.to_vec()).unwrap(), value.text()));
        })?;
        Ok(found)
    }

    #[test]
    fn members_come_in_order_with_their_exact_text() {
        let found = read(" {\"a\" : 1.50, \"b\":\"x\\ny\",\n\"c\":[1, {\"d\":null}] , \"\":{} } ").unwrap();
        let expected = [("a", "1.50"), ("b", "\"x\\ny\""), ("c", "[1, {\"d\":null}]"), ("", "{}")];
        assert_eq!(found, expected.map(|(name, text)| (name.to_owned(), text)));
    }

    #[test]
    fn only_an_object_is_a_document() {
        for text in
            ["", " ", "[]", "1", "\"a\"", "null", "{}{}", "{} x", "\u{feff}{}", "{", "{\"a\"", "{\"a\":"]
        {
            assert_eq!(read(text), Err(Invalid), "{text:?}");
        }
    }

    #[test]
    fn duplicate_names_are_refused_at_every_depth_and_however_spelt() {
        for text in [
            r#"{"a":1,"a":2}"#,
            r#"{"alg":1,"al\u0067":2}"#,
            r#"{"al\u0067":1,"alg":2}"#,
            r#"{"x":{"a":1,"b":2,"a":3}}"#,
            r#"{"x":[{"a":1,"a":3}]}"#,
            r#"{"":1,"":2}"#,
        ] {
            assert_eq!(read(text), Err(Invalid), "{text}");
        }
        assert!(read(r#"{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}"#).is_ok());
    }

    #[test]
    fn a_duplicate_is_found_among_any_number_of_names() {
        for count in [2, 15, 16, 17, 18, 40, 1000] {
            for (first, second) in [(0, count - 1), (0, 1), (count / 2, count - 1), (count - 2, count - 1)] {
                let mut names: Vec<String> = (0..count).map(|i| format!("\"n{i}\":0")).collect();
                assert!(read(&format!("{{{}}}", names.join(","))).is_ok());
                if first != second {
                    names[second] = names[first].clone();
                    assert_eq!(
                        read(&format!("{{{}}}", names.join(","))),
                        Err(Invalid),
                        "{count} {first} {second}"
                    );
                }
            }
        }
    }

    #[test]
    fn depth_is_bounded() {
        let nested =
            |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
        assert!(read(&nested(MAX_DEPTH)).is_ok());
        assert_eq!(read(&nested(MAX_DEPTH + 1)), Err(Invalid));
        assert_eq!(read(&nested(100_000)), Err(Invalid));
    }

    #[test]
    fn numbers_are_those_of_rfc_8259_within_a_double() {
        let zeros = "0".repeat(400);
        for text in [
            "0",
            "-0",
            "10",
            "1.5",
            "1e3",
            "1E+3",
            "1e-3",
            "-1.25e2",
            "1e308",
            "1.7976931348623157e308",
            "17976931348623157e292",
            "0.1e309",
            "1e-400",
            "0e999999999",
            "0e99999999999999999999",
            "1e-99999999999999999999",
            &"9".repeat(300),
            &format!("1{}", &zeros[..308]),
            &format!("1{zeros}e-400"),
            &format!("0.{zeros}1e700"),
        ] {
            assert!(read(&format!("{{\"a\":{text}}}")).is_ok(), "{text}");
        }
        for text in [
            "01",
            "-",
            "+1",
            "1.",
            ".5",
            "1e",
            "1e+",
            "0x1",
            "NaN",
            "Infinity",
            "1_0",
            "--1",
            "1e400",
            "-1e400",
            "1e309",
            "10e308",
            "0.1e310",
            "1.7976931348623158e308",
            "17976931348623159e292",
            "1e99999999999999999999",
            &"9".repeat(309),
            &"9".repeat(400),
        ] {
            assert_eq!(read(&format!("{{\"a\":{text}}}")), Err(Invalid), "{text}");
        }
    }

    #[test]
    fn plain_runs_end_at_the_first_special_byte() {
        for special in 0..=127u8 {
            let ends = special == b'"' || special == b'\\' || special < 0x20;
            for len in [0, 1, 63, 64, 65, 130, 200] {
                for at in [0, 1, 7, 8, 31, 62, 63, 64, 65, 127, 128, 150].into_iter().filter(|&at| at < len) {
                    let mut text = "a".repeat(len);
                    text.replace_range(at..=at, char::from(special).encode_utf8(&mut [0; 4]));
                    for start in [0, at / 2, at, at + 1] {
                        let mut scanner = Scanner { at: start, ..Scanner::new(&text) };
                        scanner.skip_plain();
                        assert_eq!(scanner.at, if ends && start <= at { at } else { len }, "{special} {len}");
                    }
                }
            }
        }
    }

    #[cfg(avx512)]
    #[test]
    fn every_implementation_finds_the_same_special_bytes() {
        if !avx512::is_available() {
            return eprintln!("skipped: this CPU has no AVX-512 VBMI");
        }
        for len in 0..200 {
            for step in [1, 7, 89] {
                let text: Vec<u8> = (0..len).map(|i| (i * step % 256) as u8).collect();
                for window in (0..=len).step_by(64) {
                    let rest = &text[window..];
                    let bits = special_bits_on_any_cpu(&text, rest);
                    assert_eq!(avx512::json_special_bits(rest), Some(bits), "{len} {step} {window}");
                }
            }
        }
    }

    #[test]
    fn strings_resolve_escapes_and_refuse_lone_surrogates_and_control_characters() {
        let value = |text: &str| {
            let document = format!("{{\"a\":\"{text}\"}}");
            let mut value = None;
            members(&document, |_, v| value = v.as_str().map(Cow::into_owned)).ok()?;
            value
        };
        assert_eq!(value("plain é").as_deref(), Some("plain é"));
        assert_eq!(
            value(r#"\"\\\/\b\f\n\r\t\u0041\ud83d\ude00"#).as_deref(),
            Some("\"\\/\u{8}\u{c}\n\r\tA😀")
        );
        for text in [r"\ud800", r"\udc00", r"\ud800\u0041", r"\x41", r"\u00g0", "\u{0}", "\n", "\u{1f}", "\\"]
        {
            assert_eq!(value(text), None, "{text:?}");
        }
    }
}

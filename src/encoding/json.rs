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
use std::fmt;

/// The deepest nesting accepted; the outermost object or array is level 1.
pub(crate) const MAX_DEPTH: usize = 16;

/// The document is not strict JSON of the expected shape: which rule it breaks, and at which byte from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Invalid {
    pub(crate) rule: Rule,
    at: u32,
}

impl Invalid {
    #[cold]
    fn new(rule: Rule, at: usize) -> Self {
        Self { rule, at: u32::try_from(at).unwrap_or(u32::MAX) }
    }

    #[cold]
    fn err<T>(rule: Rule, at: usize) -> Result<T, Self> {
        Err(Self::new(rule, at))
    }

    /// What is wrong where the byte `at` is none that may follow.
    #[cold]
    fn unexpected(document: &str, at: usize) -> Self {
        let bytes = document.as_bytes();
        let rest = bytes.get(at..).unwrap_or_default();
        let rest_starts_with = |words: &[&str]| words.iter().any(|word| rest.starts_with(word.as_bytes()));
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        let rule = match rest.first() {
            None => Rule::Truncated,
            Some(0) if rest.iter().all(|&byte| byte == 0) => Rule::NulAtEnd,
            _ if rest_starts_with(&["NaN", "Infinity", "-Infinity"]) => Rule::NotFinite,
            Some(b'0'..=b'9' | b'.' | b'+') if before.is_some_and(|byte| b":[,0123456789".contains(byte)) => {
                Rule::BadNumber
            }
            Some(b'e' | b'E' | b'x' | b'_') if before.is_some_and(u8::is_ascii_digit) => Rule::BadNumber,
            _ => Rule::Syntax,
        };
        Self::new(rule, at)
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.rule.text())?;
        if matches!(self.rule, Rule::NulAtEnd | Rule::NotAnObject) {
            return Ok(());
        }
        write!(f, " at byte {}", self.at)
    }
}

/// The rules of strict JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    NotUtf8,
    NotAnObject,
    Truncated,
    NulAtEnd,
    Trailing,
    DuplicateName,
    TooDeep,
    NotFinite,
    BadNumber,
    NumberRange,
    ControlCharacter,
    BadEscape,
    LoneSurrogate,
    Syntax,
}

impl Rule {
    const fn text(self) -> &'static str {
        match self {
            Self::NotUtf8 => "not UTF-8,",
            Self::NotAnObject => "not an object",
            Self::Truncated => "the text ends too early,",
            Self::NulAtEnd => "a NUL byte at the end: is the length one too long?",
            Self::Trailing => "more text after the object,",
            Self::DuplicateName => "a member name that comes twice,",
            Self::TooDeep => "over 16 levels,",
            Self::NotFinite => "NaN or Infinity, which is not a JSON number,",
            Self::BadNumber => "a number that JSON does not allow,",
            Self::NumberRange => "a number beyond the range of a double,",
            Self::ControlCharacter => "a control character in a string,",
            Self::BadEscape => "an escape that JSON does not have,",
            Self::LoneSurrogate => "a lone surrogate,",
            Self::Syntax => "a character that may not stand there,",
        }
    }
}

/// `bytes` as text.
pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, Invalid> {
    std::str::from_utf8(bytes).map_err(|error| Invalid::new(Rule::NotUtf8, error.valid_up_to()))
}

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

    /// What sort of value it is, for an error: "a number".
    pub(crate) fn kind(self) -> &'static str {
        match self.kind {
            Kind::Null => "null",
            Kind::False | Kind::True => "a boolean",
            Kind::Number => "a number",
            Kind::String { .. } => "a string",
            Kind::Array => "an array",
            Kind::Object => "an object",
        }
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
    if scanner.peek() != Some(b'{') {
        return Err(not_an_object(document, scanner.at));
    }
    scanner.object(1, &mut each)?;
    scanner.end()
}

/// [`members`], but of the member `array`, if it is an array, calls `element` with the text of each element in its place. An
/// element is delimited and no more: its brackets match and its strings end. Whether it is strict JSON is for the caller
/// to find out, so that one bad element spoils no other. Returns whether there is such an array.
pub(crate) fn members_and_elements<'a>(
    document: &'a str,
    array: &str,
    mut element: impl FnMut(&'a str),
    mut each: impl FnMut(&[u8], Value<'a>),
) -> Result<bool, Invalid> {
    let mut scanner = Scanner::new(document);
    scanner.skip_white_space();
    if scanner.peek() != Some(b'{') {
        return Err(not_an_object(document, scanner.at));
    }
    scanner.at += 1;
    scanner.skip_white_space();
    if scanner.peek() == Some(b'}') {
        scanner.at += 1;
        return scanner.end().map(|()| false);
    }
    let mut found = false;
    let mut names = Names::new();
    loop {
        scanner.skip_white_space();
        let start = scanner.at;
        let name = scanner.name()?;
        if !names.add(&name, start) {
            return Invalid::err(Rule::DuplicateName, start);
        }
        scanner.skip_white_space();
        scanner.expect(b':')?;
        scanner.skip_white_space();
        if *name == *array.as_bytes() && scanner.peek() == Some(b'[') {
            scanner.delimited_elements(&mut element)?;
            found = true;
        } else {
            each(&name, scanner.value(1)?);
        }
        if scanner.closes(b'}')? {
            names.all_differ()?;
            return scanner.end().map(|()| found);
        }
    }
}

#[cold]
fn not_an_object(document: &str, at: usize) -> Invalid {
    match Invalid::unexpected(document, at) {
        invalid @ Invalid { rule: Rule::Truncated | Rule::NulAtEnd, .. } => invalid,
        _ => Invalid::new(Rule::NotAnObject, at),
    }
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
        if self.peek() != Some(byte) {
            return Err(Invalid::unexpected(self.document, self.at));
        }
        self.at += 1;
        Ok(())
    }

    /// Nothing but white space follows.
    fn end(&mut self) -> Result<(), Invalid> {
        self.skip_white_space();
        if self.peek().is_none() {
            return Ok(());
        }
        match Invalid::unexpected(self.document, self.at) {
            nul @ Invalid { rule: Rule::NulAtEnd, .. } => Err(nul),
            _ => Invalid::err(Rule::Trailing, self.at),
        }
    }

    /// After a member or an element: whether the `close` of the object or array follows, else a comma does.
    fn closes(&mut self, close: u8) -> Result<bool, Invalid> {
        self.skip_white_space();
        match self.next() {
            Some(b',') => Ok(false),
            Some(byte) if byte == close => Ok(true),
            Some(_) => Err(Invalid::unexpected(self.document, self.at - 1)),
            None => Err(Invalid::unexpected(self.document, self.at)),
        }
    }

    #[inline(always)]
    fn object<F: FnMut(&[u8], Value<'a>)>(&mut self, depth: usize, each: &mut F) -> Result<(), Invalid> {
        if depth > MAX_DEPTH {
            return Invalid::err(Rule::TooDeep, self.at);
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
            let start = self.at;
            let name = self.name()?;
            if !names.add(&name, start) {
                return Invalid::err(Rule::DuplicateName, start);
            }
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
            return Invalid::err(Rule::TooDeep, self.at);
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

    /// Calls `element` with each element of the array that begins here, no more than delimited.
    fn delimited_elements(&mut self, element: &mut impl FnMut(&'a str)) -> Result<(), Invalid> {
        self.expect(b'[')?;
        self.skip_white_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.skip_white_space();
            let start = self.at;
            self.skip_delimited()?;
            match self.document.get(start..self.at) {
                Some(text) if !text.is_empty() => element(text),
                _ => return Err(Invalid::unexpected(self.document, start)),
            }
            if self.closes(b']')? {
                return Ok(());
            }
        }
    }

    /// Goes behind a value of which nothing is known but that brackets match outside strings, and strings end. It does not
    /// recurse: brackets may be nested to any depth.
    fn skip_delimited(&mut self) -> Result<(), Invalid> {
        let mut open = Vec::new();
        loop {
            let at = self.at;
            let Some(byte) = self.peek() else { return Invalid::err(Rule::Truncated, at) };
            match byte {
                b',' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r' if open.is_empty() => return Ok(()),
                b'"' => {
                    self.skip_delimited_string()?;
                    if open.is_empty() {
                        return Ok(());
                    }
                    continue;
                }
                b'{' => open.push(b'}'),
                b'[' => open.push(b']'),
                b'}' | b']' => {
                    if open.pop() != Some(byte) {
                        return Err(Invalid::unexpected(self.document, at));
                    }
                    if open.is_empty() {
                        self.at += 1;
                        return Ok(());
                    }
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    fn skip_delimited_string(&mut self) -> Result<(), Invalid> {
        self.at += 1;
        loop {
            let rest = self.bytes().get(self.at..).unwrap_or_default();
            let Some(next) = memchr::memchr2(b'"', b'\\', rest) else {
                return Invalid::err(Rule::Truncated, self.document.len());
            };
            let is_end = rest.get(next) == Some(&b'"');
            self.at += next + if is_end { 1 } else { 2 };
            if is_end {
                return Ok(());
            }
        }
    }

    /// A value inside an object or array of level `depth`.
    #[inline(always)]
    fn value(&mut self, depth: usize) -> Result<Value<'a>, Invalid> {
        let start = self.at;
        let kind = match self.peek().unwrap_or(0) {
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
        let kind = match self.peek().unwrap_or(0) {
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
            _ => return Err(Invalid::unexpected(self.document, self.at)),
        };
        Ok((kind, self.at))
    }

    fn word(&mut self, word: &str, kind: Kind) -> Result<Kind, Invalid> {
        let rest = self.bytes().get(self.at..).unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            return Err(Invalid::unexpected(self.document, self.at));
        }
        self.at += word.len();
        Ok(kind)
    }

    /// The name of a member.
    #[inline(always)]
    fn name(&mut self) -> Result<Cow<'a, [u8]>, Invalid> {
        let start = self.at;
        if self.string()? {
            let text = self.document.get(start..self.at).unwrap_or_default();
            let name: String =
                serde_json::from_str(text).map_err(|_| Invalid::unexpected(self.document, start))?;
            return Ok(Cow::Owned(name.into_bytes()));
        }
        let name = self.bytes().get(start + 1..self.at - 1);
        name.map(Cow::Borrowed).ok_or(Invalid { rule: Rule::Syntax, at: 0 })
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
            let at = self.at;
            match (self.next(), self.next()) {
                (Some(b'"'), _) => {
                    self.at = at + 1;
                    break;
                }
                (Some(b'\\'), Some(_)) => {}
                (None, _) | (Some(b'\\'), None) => return Invalid::err(Rule::Truncated, self.document.len()),
                _ => return Invalid::err(Rule::ControlCharacter, at),
            }
            self.skip_plain();
        }
        // Escapes are rare and hold every subtlety of a JSON string (surrogates above all), so
        // serde_json judges them.
        let text = self.document.get(start..self.at).unwrap_or_default();
        match serde_json::from_str::<String>(text) {
            Ok(_) => Ok(self.at),
            Err(_) => Err(wrong_in_string(text, start)),
        }
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

/// What is wrong with `text`, a string with escapes that begins at the byte `start` of the document.
#[cold]
fn wrong_in_string(text: &str, start: usize) -> Invalid {
    let bytes = text.as_bytes();
    let unit_at = |at: usize| match bytes.get(at..at + 6)? {
        [b'\\', b'u', digits @ ..] if digits.iter().all(u8::is_ascii_hexdigit) => {
            u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
        }
        _ => None,
    };
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at += match (byte, bytes.get(at + 1)) {
            (b'\\', Some(b'u')) => match (unit_at(at), unit_at(at + 6)) {
                (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
                (Some(0xd800..=0xdfff), _) => return Invalid::new(Rule::LoneSurrogate, start + at),
                (Some(_), _) => 6,
                (None, _) => return Invalid::new(Rule::BadEscape, start + at),
            },
            (b'\\', Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't')) => 2,
            (b'\\', _) => return Invalid::new(Rule::BadEscape, start + at),
            (0..0x20, _) => return Invalid::new(Rule::ControlCharacter, start + at),
            _ => 1,
        };
    }
    Invalid::new(Rule::BadEscape, start)
}

/// The end of the number from `start`.
fn number_end(document: &str, start: usize) -> Result<usize, Invalid> {
    let byte_at = |at: usize| document.as_bytes().get(at).copied();
    // One digit or more.
    let past_digits = |from: usize| {
        let rest = document.as_bytes().get(from..).unwrap_or_default();
        match rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len()) {
            0 => Err(match Invalid::unexpected(document, from) {
                cause @ Invalid { rule: Rule::NotFinite | Rule::Truncated, .. } => cause,
                _ => Invalid::new(Rule::BadNumber, start),
            }),
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
    let text = document.get(start..end).unwrap_or_default();
    if Decimal::of(text).is_within_a_double() { Ok(end) } else { Invalid::err(Rule::NumberRange, start) }
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
    /// With where they begin.
    many: Vec<(Cow<'a, [u8]>, usize)>,
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

    /// Takes note of the name that begins at `start`; false if it is one of the few there are already.
    #[inline(always)]
    #[expect(clippy::ptr_arg, reason = "what is borrowed is kept elsewhere than what is not")]
    fn add(&mut self, name: &Cow<'a, [u8]>, start: usize) -> bool {
        let bit = Self::bit(name);
        let mask = 1 << (bit % 64);
        let Some(seen) = self.seen.get_mut(usize::from(bit / 64)) else { return false };
        if *seen & mask != 0 && self.few.get(..self.len).unwrap_or_default().contains(&&**name) {
            return false;
        }
        match (name, self.few.get_mut(self.len)) {
            (Cow::Borrowed(name), Some(free)) if self.many.is_empty() => {
                *seen |= mask;
                *free = name;
                self.len += 1;
            }
            _ => self.many.push((name.clone(), start)),
        }
        true
    }

    fn all_differ(&mut self) -> Result<(), Invalid> {
        self.many.sort_unstable();
        let twice = self.many.windows(2).find_map(|pair| match pair {
            [(a, _), (b, start)] if a == b => Some(*start),
            _ => None,
        });
        twice.map_or(Ok(()), |start| Invalid::err(Rule::DuplicateName, start))
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

    fn rule(document: &str) -> Option<Rule> {
        read(document).err().map(|invalid| invalid.rule)
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
            assert!(read(text).is_err(), "{text:?}");
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
            assert_eq!(rule(text), Some(Rule::DuplicateName), "{text}");
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
                    let text = format!("{{{}}}", names.join(","));
                    let before: usize = names[..second].iter().map(|name| name.len() + 1).sum();
                    let twice = Invalid::new(Rule::DuplicateName, 1 + before);
                    assert_eq!(read(&text), Err(twice), "{count} {first} {second}");
                }
            }
        }
    }

    #[test]
    fn depth_is_bounded() {
        let nested =
            |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
        assert!(read(&nested(MAX_DEPTH)).is_ok());
        assert_eq!(rule(&nested(MAX_DEPTH + 1)), Some(Rule::TooDeep));
        assert_eq!(rule(&nested(100_000)), Some(Rule::TooDeep));
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
            assert!(read(&format!("{{\"a\":{text}}}")).is_err(), "{text}");
        }
    }

    #[test]
    fn an_error_names_the_rule_and_the_byte() {
        let deep = format!("{{\"a\":{}", "[".repeat(16));
        let many = (0..40).map(|i| format!("\"n{i}\":0")).collect::<Vec<_>>().join(",");
        for (text, expected) in [
            ("", "the text ends too early, at byte 0"),
            (r#"{"a":1"#, "the text ends too early, at byte 6"),
            (r#"{"a":"b"#, "the text ends too early, at byte 7"),
            (r#"{"a":"b\"#, "the text ends too early, at byte 8"),
            ("[]", "not an object"),
            ("{}\0", "a NUL byte at the end: is the length one too long?"),
            ("\0", "a NUL byte at the end: is the length one too long?"),
            ("{}{}", "more text after the object, at byte 2"),
            (r#"{"a":1,"a":2}"#, "a member name that comes twice, at byte 7"),
            (r#"{"a":{"b":1,"\u0062":2}}"#, "a member name that comes twice, at byte 12"),
            (&format!("{{{many},\"n39\":1}}"), "a member name that comes twice, at byte 311"),
            (&deep, "over 16 levels, at byte 20"),
            (r#"{"a":NaN}"#, "NaN or Infinity, which is not a JSON number, at byte 5"),
            (r#"{"a":-Infinity}"#, "NaN or Infinity, which is not a JSON number, at byte 6"),
            (r#"{"a":01}"#, "a number that JSON does not allow, at byte 6"),
            (r#"{"a":+1}"#, "a number that JSON does not allow, at byte 5"),
            (r#"{"a":1.}"#, "a number that JSON does not allow, at byte 5"),
            (r#"{"a":1e999}"#, "a number beyond the range of a double, at byte 5"),
            ("{\"a\":\"b\n\"}", "a control character in a string, at byte 7"),
            ("{\"a\":\"\\t\n\"}", "a control character in a string, at byte 8"),
            (r#"{"a":"\x41"}"#, "an escape that JSON does not have, at byte 6"),
            (r#"{"a":"\u00g0"}"#, "an escape that JSON does not have, at byte 6"),
            (r#"{"a":"x\ud83d"}"#, "a lone surrogate, at byte 7"),
            (r#"{"a":"\ud83d\ude00\ude00"}"#, "a lone surrogate, at byte 18"),
            (r#"{"a":nul}"#, "a character that may not stand there, at byte 5"),
            (r#"{'a':1}"#, "a character that may not stand there, at byte 1"),
            (r#"{"a":1,}"#, "a character that may not stand there, at byte 7"),
            (r#"{"a" 1}"#, "a character that may not stand there, at byte 5"),
            (r#"{"a":[1}}"#, "a character that may not stand there, at byte 7"),
        ] {
            assert_eq!(read(text).unwrap_err().to_string(), expected, "{text:?}");
        }
        assert_eq!(utf8(b"{\"\xff\"}").unwrap_err().to_string(), "not UTF-8, at byte 2");
    }

    #[test]
    fn elements_are_delimited_and_not_judged() {
        let read = |document: &str| {
            let (mut elements, mut others) = (Vec::new(), Vec::new());
            members_and_elements(
                document,
                "keys",
                |element| elements.push(element.to_owned()),
                |name, value| {
                    others.push((String::from_utf8(name.to_vec()).unwrap(), value.text().to_owned()))
                },
            )?;
            Ok::<_, Invalid>((elements, others))
        };
        let deep = "[".repeat(5000) + &"]".repeat(5000);
        for element in [
            "{}",
            "null",
            "1e999",
            "NaN",
            r#""\ud800""#,
            r#""a,b]}""#,
            r#"{"a":1,"a":{"b":[1,2,"]"]}}"#,
            r#"{"a":"\"}"}"#,
            r#"{"a":"\\"}"#,
            r#"{"a" 1}"#,
            "{\"é\":\"\u{1}\"}",
            &deep,
        ] {
            let document = format!("{{\"x\":[1], \"keys\" : [ {element} , {element}\n] }} ");
            let expected = vec![element.to_owned(), element.to_owned()];
            assert_eq!(
                read(&document),
                Ok((expected, vec![("x".to_owned(), "[1]".to_owned())])),
                "{element}"
            );
        }
        assert_eq!(read(r#"{"\u006beys":[1,2]}"#).unwrap().0, ["1", "2"]);
        assert_eq!(read(r#"{"keys":[]}"#), Ok((vec![], vec![])));
        assert_eq!(read("{}"), Ok((vec![], vec![])));
        assert_eq!(read(r#"{"keys":{"a":1}}"#).unwrap().1, [("keys".to_owned(), r#"{"a":1}"#.to_owned())]);
        for document in [
            r#"{"keys":[1,]}"#,
            r#"{"keys":[,1]}"#,
            r#"{"keys":[1 2]}"#,
            r#"{"keys":[{]}"#,
            r#"{"keys":[{]}]}"#,
            r#"{"keys":[[}]]}"#,
            r#"{"keys":[1}"#,
            r#"{"keys":["a]}"#,
            r#"{"keys":["a\"]}"#,
            r#"{"keys":[1]"#,
            r#"{"keys":[1]}}"#,
            r#"{"keys":[1],"keys":[2]}"#,
            r#"{"keys":[1],"\u006beys":2}"#,
            r#"{"keys":[1],"x":1e999}"#,
            r#"{"keys":[1],"x":{"a":1,"a":2}}"#,
            r#"{"keys":[1],"x":"\ud800"}"#,
            "[]",
            "",
        ] {
            assert!(read(document).is_err(), "{document}");
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

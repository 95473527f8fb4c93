//! The forms of a token in a text: plain, or written by one or several encoders.

/// Which characters match a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// The same characters.
    Exact,
    /// The same letters in upper or lower case; the pattern is in lower case.
    AnyCase,
    /// Hexadecimal digits in upper or lower case, perhaps separated: `71 6f`, `71:6F`.
    Dump,
    /// A list of numbers, perhaps with spaces between them.
    List,
}

impl Form {
    fn fits(self, character: u32, wanted: u8) -> bool {
        let wanted = u32::from(wanted);
        if self == Self::Exact || !(0x41..=0x5a).contains(&character) {
            return character == wanted;
        }
        character + 0x20 == wanted
    }

    /// Whether a character may occur between two of the pattern.
    fn skips(self, character: u32) -> bool {
        let Ok(character) = u8::try_from(character) else {
            return false;
        };
        match self {
            Self::Exact | Self::AnyCase => false,
            Self::Dump => matches!(character, b' ' | b':' | b'-'),
            Self::List => character == b' ',
        }
    }
}

/// How many encodings may be nested, such as JSON inside a URL inside HTML.
const LAYERS: u8 = 3;

/// How many characters are skipped between two characters of the token: enough for the end of a line and an
/// indentation.
const SKIPPED: usize = 256;

/// Characters that begin an escape.
pub(super) const INTRODUCERS: [u8; 4] = [b'%', b'\\', b'&', b'='];

/// Entities of HTML for the characters that a token may hold.
const ENTITIES: [(&str, char); 48] = [
    ("quot", '"'),
    ("QUOT", '"'),
    ("amp", '&'),
    ("AMP", '&'),
    ("apos", '\''),
    ("lt", '<'),
    ("LT", '<'),
    ("gt", '>'),
    ("GT", '>'),
    ("excl", '!'),
    ("num", '#'),
    ("dollar", '$'),
    ("percnt", '%'),
    ("lpar", '('),
    ("rpar", ')'),
    ("ast", '*'),
    ("midast", '*'),
    ("plus", '+'),
    ("comma", ','),
    ("period", '.'),
    ("sol", '/'),
    ("colon", ':'),
    ("semi", ';'),
    ("equals", '='),
    ("quest", '?'),
    ("commat", '@'),
    ("lsqb", '['),
    ("lbrack", '['),
    ("bsol", '\\'),
    ("rsqb", ']'),
    ("rbrack", ']'),
    ("Hat", '^'),
    ("lowbar", '_'),
    ("UnderBar", '_'),
    ("grave", '`'),
    ("DiacriticalGrave", '`'),
    ("lcub", '{'),
    ("lbrace", '{'),
    ("verbar", '|'),
    ("vert", '|'),
    ("rcub", '}'),
    ("rbrace", '}'),
    // An invisible character.
    ("Tab", '\t'),
    ("NewLine", '\n'),
    ("shy", '\u{ad}'),
    ("ZeroWidthSpace", '\u{200b}'),
    ("zwnj", '\u{200c}'),
    ("zwj", '\u{200d}'),
];

/// A decoded character, and the position after it.
type Reading = (u32, usize);

/// All characters that the text at `at` may represent.
pub(super) fn characters(text: &[u8], at: usize) -> impl Iterator<Item = u32> {
    let mut found = Vec::new();
    read(text, at, LAYERS, &mut found);
    found.into_iter().map(|(character, _)| character)
}

/// Whether a match at `at` is possible: the text continues like the pattern, at least up to a possible escape
/// or a skipped character.
fn may_match(text: &[u8], at: usize, pattern: &[u8], needed: usize, form: Form) -> bool {
    let rest = text.get(at..).unwrap_or_default();
    for (index, (byte, wanted)) in rest.iter().zip(pattern).enumerate() {
        if may_be_escape(*byte, rest.get(index + 1)) {
            return true;
        }
        if !form.fits(u32::from(*byte), *wanted) {
            let is_skipped = !byte.is_ascii()
                || byte.is_ascii_control()
                || form.skips(u32::from(*byte))
                || *byte == b'<';
            return index > 0 && is_skipped;
        }
        if index + 1 >= needed {
            return true;
        }
    }
    false
}

fn may_be_escape(byte: u8, next: Option<&u8>) -> bool {
    let Some(next) = next else {
        return false;
    };
    let is_nested = INTRODUCERS.contains(next);
    match byte {
        b'%' => is_nested || next.is_ascii_hexdigit() || matches!(next, b'u' | b'U'),
        b'=' => is_nested || next.is_ascii_hexdigit() || matches!(next, b'\r' | b'\n'),
        b'&' => is_nested || next.is_ascii_alphabetic() || *next == b'#',
        b'\\' => true,
        _ => false,
    }
}

/// The end of a match of the beginning of `pattern` at `at`, if at least `needed` of its characters
/// match. The match is as long as possible.
pub(super) fn matched(
    text: &[u8],
    at: usize,
    pattern: &[u8],
    needed: usize,
    form: Form,
) -> Option<usize> {
    if !may_match(text, at, pattern, needed, form) {
        return None;
    }
    let mut places = vec![at];
    let mut end = None;
    for (index, wanted) in pattern.iter().enumerate() {
        let mut next = Vec::new();
        let mut looked_at = 0;
        // Skipped characters add positions to examine.
        while let Some(place) = places.get(looked_at).copied()
            && looked_at < SKIPPED
        {
            looked_at += 1;
            let mut found = Vec::new();
            read(text, place, LAYERS, &mut found);
            for (character, behind) in found {
                if form.fits(character, *wanted) {
                    push(&mut next, behind);
                } else if index > 0 && (is_skipped(character) || form.skips(character)) {
                    push(&mut places, behind);
                    if is_line_end(character) {
                        push(&mut places, behind_indent(text, behind));
                    }
                }
            }
            if index > 0
                && let Some(behind) = soft_break(text, place)
            {
                push(&mut places, behind);
            }
        }
        let Some(furthest) = next.iter().max().copied() else {
            break;
        };
        if index + 1 >= needed {
            end = Some(furthest);
        }
        places = next;
    }
    end
}

fn push(places: &mut Vec<usize>, place: usize) {
    if !places.contains(&place) {
        places.push(place);
    }
}

/// Whether a character may occur invisibly inside of a token that was wrapped.
fn is_skipped(character: u32) -> bool {
    matches!(character, 0..=0x1f | 0x7f..=0x9f | 0xad | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060 | 0xfeff)
}

/// The line ends that quoted-printable and HTML ignore, in lower case.
const SOFT_BREAKS: [&[u8]; 6] = [b"=\r\n", b"=\n", b"<wbr>", b"<br>", b"<br/>", b"<br />"];

fn soft_break(text: &[u8], at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let first = SOFT_BREAKS.iter().find(|soft| {
        let begins = rest.get(..soft.len());
        begins.is_some_and(|begins| begins.eq_ignore_ascii_case(soft))
    })?;
    Some(at + first.len())
}

fn is_line_end(character: u32) -> bool {
    matches!(character, 0xa | 0xd | 0x85 | 0x2028 | 0x2029)
}

/// The position after the spaces that begin a line, as headers and YAML continue a value.
fn behind_indent(text: &[u8], at: usize) -> usize {
    let blanks = text.iter().skip(at).take_while(|byte| **byte == b' ');
    at + blanks.count()
}

/// Every decoding of the character at `at`, after up to this many encoders.
fn read(text: &[u8], at: usize, layers: u8, found: &mut Vec<Reading>) {
    let Some(first) = text.get(at).copied() else {
        return;
    };
    if !first.is_ascii() {
        if let Some(character) = utf8(text, at) {
            found.push((u32::from(character), at + character.len_utf8()));
        }
        return;
    }
    found.push((u32::from(first), at + 1));
    if layers == 0 || !INTRODUCERS.contains(&first) {
        return;
    }
    let mut introducers = Vec::new();
    read(text, at, layers - 1, &mut introducers);
    for (introducer, behind) in introducers {
        let escape = Escape {
            text,
            layers: layers - 1,
        };
        match u8::try_from(introducer) {
            Ok(b'%') => escape.percent(behind, found),
            Ok(b'\\') => escape.backslash(behind, found),
            Ok(b'&') => escape.entity(behind, found),
            Ok(b'=') => escape.number(behind, 16, 2..=2, found),
            _ => {}
        }
        if behind > at + 1 && !found.contains(&(introducer, behind)) {
            found.push((introducer, behind));
        }
    }
}

fn utf8(text: &[u8], at: usize) -> Option<char> {
    let bytes = text.get(at..)?;
    let bytes = bytes.get(..4).unwrap_or(bytes);
    let valid = match std::str::from_utf8(bytes) {
        Ok(valid) => valid,
        Err(error) => std::str::from_utf8(bytes.get(..error.valid_up_to())?).ok()?,
    };
    valid.chars().next()
}

/// The rest of an escape, whose characters can also be escaped.
struct Escape<'a> {
    text: &'a [u8],
    layers: u8,
}

impl Escape<'_> {
    /// The shortest decoding of a character, as used inside of escapes.
    fn next(&self, at: usize) -> Option<(u8, usize)> {
        let mut found = Vec::new();
        read(self.text, at, self.layers, &mut found);
        // The decoding with more escapes is the intended one.
        let (character, behind) = found.into_iter().max_by_key(|(_, behind)| *behind)?;
        Some((u8::try_from(character).ok()?, behind))
    }

    /// The character of a number whose count of digits is within these limits.
    fn number(
        &self,
        mut at: usize,
        base: u32,
        digits: std::ops::RangeInclusive<usize>,
        found: &mut Vec<Reading>,
    ) {
        let (mut value, mut count) = (0_u32, 0);
        while count < *digits.end() {
            let Some((digit, behind)) = self.next(at) else {
                break;
            };
            let Some(digit) = char::from(digit).to_digit(base) else {
                break;
            };
            value = value.saturating_mul(base).saturating_add(digit);
            count += 1;
            at = behind;
            if digits.contains(&count) {
                found.push((value, at));
            }
        }
    }

    fn percent(&self, at: usize, found: &mut Vec<Reading>) {
        match self.next(at) {
            Some((b'u' | b'U', behind)) => self.number(behind, 16, 4..=4, found),
            _ => self.number(at, 16, 2..=2, found),
        }
    }

    fn backslash(&self, at: usize, found: &mut Vec<Reading>) {
        let Some((kind, behind)) = self.next(at) else {
            return;
        };
        match kind {
            b'u' => match self.next(behind) {
                Some((b'{', behind)) => self.terminated(behind, 16, b'}', found),
                _ => self.number(behind, 16, 4..=4, found),
            },
            b'U' => self.number(behind, 16, 8..=8, found),
            b'x' => self.number(behind, 16, 2..=2, found),
            b'n' => found.push((u32::from(b'\n'), behind)),
            b'r' => found.push((u32::from(b'\r'), behind)),
            b't' => found.push((u32::from(b'\t'), behind)),
            b'0'..=b'7' => self.number(at, 8, 1..=3, found),
            kind if !kind.is_ascii_alphanumeric() => found.push((u32::from(kind), behind)),
            _ => {}
        }
    }

    fn entity(&self, at: usize, found: &mut Vec<Reading>) {
        if let Some((b'#', behind)) = self.next(at) {
            match self.next(behind) {
                Some((b'x' | b'X', behind)) => self.terminated(behind, 16, b';', found),
                _ => self.terminated(behind, 10, b';', found),
            }
            return;
        }
        let mut name = String::new();
        let mut place = at;
        while let Some((letter, behind)) = self.next(place) {
            place = behind;
            if letter == b';' {
                let known = ENTITIES.iter().find(|(known, _)| *known == name);
                found.extend(known.map(|(_, character)| (u32::from(*character), place)));
                return;
            }
            if !letter.is_ascii_alphabetic() || name.len() > 16 {
                return;
            }
            name.push(char::from(letter));
        }
    }

    /// A number and the mark that ends it. Browsers accept a number without the mark.
    fn terminated(&self, at: usize, base: u32, end: u8, found: &mut Vec<Reading>) {
        let mut numbers = Vec::new();
        self.number(at, base, 1..=8, &mut numbers);
        for (value, behind) in numbers {
            match self.next(behind) {
                Some((mark, behind)) if mark == end => found.push((value, behind)),
                _ => found.push((value, behind)),
            }
        }
    }
}

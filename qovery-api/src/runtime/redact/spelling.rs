//! The forms of a token in a text: plain, or written by one or several encoders.

/// How many encoders may have written the text one after the other, such as JSON within a URL within
/// HTML.
const LAYERS: u8 = 3;

/// Characters that begin an escape.
pub(super) const INTRODUCERS: [u8; 4] = [b'%', b'\\', b'&', b'='];

/// Entities of HTML for the characters that a token may hold.
const ENTITIES: [(&str, u8); 42] = [
    ("quot", b'"'),
    ("QUOT", b'"'),
    ("amp", b'&'),
    ("AMP", b'&'),
    ("apos", b'\''),
    ("lt", b'<'),
    ("LT", b'<'),
    ("gt", b'>'),
    ("GT", b'>'),
    ("excl", b'!'),
    ("num", b'#'),
    ("dollar", b'$'),
    ("percnt", b'%'),
    ("lpar", b'('),
    ("rpar", b')'),
    ("ast", b'*'),
    ("midast", b'*'),
    ("plus", b'+'),
    ("comma", b','),
    ("period", b'.'),
    ("sol", b'/'),
    ("colon", b':'),
    ("semi", b';'),
    ("equals", b'='),
    ("quest", b'?'),
    ("commat", b'@'),
    ("lsqb", b'['),
    ("lbrack", b'['),
    ("bsol", b'\\'),
    ("rsqb", b']'),
    ("rbrack", b']'),
    ("Hat", b'^'),
    ("lowbar", b'_'),
    ("UnderBar", b'_'),
    ("grave", b'`'),
    ("DiacriticalGrave", b'`'),
    ("lcub", b'{'),
    ("lbrace", b'{'),
    ("verbar", b'|'),
    ("vert", b'|'),
    ("rcub", b'}'),
    ("rbrace", b'}'),
];

/// A character that was read, and where the text goes on behind it.
type Reading = (u32, usize);

/// Whether a match at `at` is worth a closer look: the text goes on as the pattern does, at least to
/// something that may be an escape or may be skipped.
fn may_match(text: &[u8], at: usize, pattern: &[u8], needed: usize) -> bool {
    let rest = text.get(at..).unwrap_or_default();
    for (index, (byte, wanted)) in rest.iter().zip(pattern).enumerate() {
        if may_be_escape(*byte, rest.get(index + 1)) {
            return true;
        }
        if byte != wanted {
            return index > 0 && (!byte.is_ascii() || byte.is_ascii_control());
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
pub(super) fn matched(text: &[u8], at: usize, pattern: &[u8], needed: usize) -> Option<usize> {
    if !may_match(text, at, pattern, needed) {
        return None;
    }
    let mut places = vec![at];
    let mut end = None;
    for (index, wanted) in pattern.iter().enumerate() {
        let mut next = Vec::new();
        let mut looked_at = 0;
        // Skipped characters add positions to examine.
        while let Some(place) = places.get(looked_at).copied() {
            looked_at += 1;
            let mut found = Vec::new();
            read(text, place, LAYERS, &mut found);
            for (character, behind) in found {
                if character == u32::from(*wanted) {
                    push(&mut next, behind);
                } else if index > 0 && is_skipped(character) {
                    push(&mut places, behind);
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

/// Whether a character may stand within a token that was wrapped, without being seen.
fn is_skipped(character: u32) -> bool {
    matches!(character, 0..=0x1f | 0x7f..=0x9f | 0xad | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060 | 0xfeff)
}

/// The end of a line that quoted-printable does not count.
fn soft_break(text: &[u8], at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let length = if rest.starts_with(b"=\r\n") {
        3
    } else if rest.starts_with(b"=\n") {
        2
    } else {
        return None;
    };
    Some(at + length)
}

/// Every way to read the character at `at`, if up to this many encoders have written it.
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

/// The rest of an escape, whose characters may themselves be escaped.
struct Escape<'a> {
    text: &'a [u8],
    layers: u8,
}

impl Escape<'_> {
    /// The shortest reading of a character, as escapes are written in.
    fn next(&self, at: usize) -> Option<(u8, usize)> {
        let mut found = Vec::new();
        read(self.text, at, self.layers, &mut found);
        // The spelling with more escapes is the intended one.
        let (character, behind) = found.into_iter().max_by_key(|(_, behind)| *behind)?;
        Some((u8::try_from(character).ok()?, behind))
    }

    /// The character that a number names, in as many digits as it has within these bounds.
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

    /// A number with its end, which browsers do without.
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

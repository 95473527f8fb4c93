//! Values of path parameters, as servers of every kind would read them.

use percent_encoding::percent_decode_str;
use qovery_api::{Call, QueryValue};

use crate::stub::{GetNote, Stub};

/// The parts of the values.
const ATOMS: [&str; 34] = [
    "a",
    ".",
    "..",
    "/",
    "\\",
    ";",
    ";a=b",
    " ",
    "%2e",
    "%2E",
    "%252e",
    "%2f",
    "%5c",
    "%3b",
    "%20",
    "%u002e",
    "%u2215",
    "%c0%ae",
    "?",
    "#",
    "\u{ff0e}",
    "\u{2025}",
    "\u{ff0f}",
    "\u{ff05}2e",
    "\u{a0}",
    "\u{200b}",
    "%00",
    "%25",
    "2e",
    "\u{2215}",
    "%U002e",
    "\u{a5}",
    "\u{fe68}",
    "\u{2024}",
];

/// How servers read the segments of a path. At least one server reads in each of these ways.
fn readings(segments: &[String]) -> Vec<Vec<String>> {
    let each = |read: &dyn Fn(&str) -> String| -> Vec<String> {
        segments.iter().map(|segment| read(segment)).collect()
    };
    let split = |separators: &[char]| -> Vec<String> {
        let parts = segments
            .iter()
            .flat_map(|segment| segment.split(separators));
        parts.map(str::to_owned).collect()
    };
    vec![
        each(&|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned()),
        each(&|segment| {
            let segment = segment.replace("%U", "%u").replace("%u002e", ".");
            segment.replace("%u2215", "\u{2215}")
        }),
        each(&|segment| segment.replace("%c0%ae", ".")),
        each(&|segment| {
            let ascii = |c: char| match c {
                '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap(),
                '\u{2024}' => '.',
                '\u{fe68}' => '\\',
                other => other,
            };
            segment
                .chars()
                .map(ascii)
                .collect::<String>()
                .replace('\u{2025}', "..")
        }),
        each(&|segment| segment.split(';').next().unwrap().to_owned()),
        each(&|segment| segment.split(['?', '#']).next().unwrap().to_owned()),
        each(&|segment| segment.trim_end_matches(['.', ' ', '\u{a0}']).to_owned()),
        each(&|segment| segment.replace('\u{200b}', "")),
        each(&|segment| segment.replace('\u{a0}', " ").trim().to_owned()),
        split(&['/']),
        split(&['/', '\\', '\u{2215}']),
        // In encodings that have this character in place of the backslash.
        split(&['\u{a5}']),
    ]
}

/// Whether a reading leaves the segment: it is empty, the same directory or the parent.
fn leads_out(segment: &str) -> bool {
    matches!(segment, "" | "." | "..")
}

/// The first reading that leaves the segment, if up to `depth` servers in a row decode it.
fn way_out(segments: &[String], depth: usize) -> Option<Vec<String>> {
    if segments.iter().any(|segment| leads_out(segment)) {
        return Some(segments.to_vec());
    }
    if depth == 0 {
        return None;
    }
    readings(segments)
        .into_iter()
        .filter(|reading| reading != segments)
        .find_map(|reading| way_out(&reading, depth - 1))
}

async fn sent(stub: &Stub, value: &dyn QueryValue) -> Option<String> {
    let outcome = Call::<GetNote>::new(&stub.client(), &[value]).await;
    let mut urls = stub.take_urls();
    match urls.pop() {
        Some(url) => Some(url),
        None => {
            let error = outcome.unwrap_err();
            assert!(error.is_invalid_request(), "{error}");
            assert_eq!(
                integration_tests::hostile::faults(&error.to_string()),
                [""; 0]
            );
            None
        }
    }
}

#[tokio::test]
async fn no_value_of_a_path_parameter_leaves_its_segment_on_any_server() {
    let stub = Stub::responding(200, "{}");
    let mut values: Vec<String> = ATOMS.map(str::to_owned).to_vec();
    for first in ATOMS {
        for second in ATOMS {
            values.push(format!("{first}{second}"));
            for third in ATOMS {
                values.push(format!("{first}{second}{third}"));
            }
        }
    }
    let mut passed = 0;
    for value in values {
        let Some(url) = sent(&stub, &value).await else {
            continue;
        };
        let path = url.strip_prefix("https://h.test").unwrap();
        let segments: Vec<&str> = path.split('/').collect();
        assert_eq!(segments.len(), 5, "{value:?}: {url}");
        assert_eq!((segments[1], segments[2], segments[4]), ("p", "a", "b"));
        let segment = vec![segments[3].to_owned()];
        let way = way_out(&segment, 4);
        assert_eq!(way, None, "{value:?} as {url}");
        passed += 1;
    }
    assert!(passed > 500, "{passed}");
}

#[tokio::test]
async fn dots_in_any_number_of_encodings_are_refused() {
    let stub = Stub::responding(200, "{}");
    for dots in [".", "..", "..;", "..;a=b", ".. ", "a/..", "..\\"] {
        let mut value = dots.to_owned();
        for _ in 0..12 {
            assert_eq!(sent(&stub, &value).await, None, "{value}");
            value = value
                .bytes()
                .map(|byte| match byte {
                    b'%' => "%25".to_owned(),
                    b'.' | b';' | b' ' | b'/' | b'\\' => format!("%{byte:02x}"),
                    other => char::from(other).to_string(),
                })
                .collect();
        }
    }
}

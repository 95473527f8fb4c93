//! Links to other pages.

use super::super::{error::Kind, link};

fn read(link: Option<&str>) -> Result<Option<String>, Kind> {
    link::token(link, "continueToken")
}

fn token(link: &str) -> Option<String> {
    read(Some(link)).unwrap()
}

#[test]
fn the_token_is_found_in_relative_and_absolute_links() {
    let expected = Some("168".to_owned());
    assert_eq!(token("/organization/0/events?continueToken=168"), expected);
    assert_eq!(
        token("https://elsewhere.test/x?pageSize=3&continueToken=168#end"),
        expected
    );
    assert_eq!(token("?continueToken=168"), expected);
}

#[test]
fn the_token_is_decoded() {
    assert_eq!(
        token("?continueToken=a%2Bb%3D+c"),
        Some("a+b= c".to_owned())
    );
}

#[test]
fn a_missing_link_differs_from_a_link_without_a_token() {
    assert_eq!(read(None).unwrap(), None);
    assert_eq!(token(" "), None);
    for link in [
        "/events",
        "/events?",
        "/events?continueToken=",
        "/events?stepBackToken=1",
        "/continueToken=1",
        "/e#?continueToken=1",
    ] {
        let read = read(Some(link));
        assert!(matches!(read, Err(Kind::LinkWithoutToken)), "{link}");
    }
}

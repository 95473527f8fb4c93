//! Links to other pages.

use super::super::link::{Link, read};

fn token(link: &str) -> Link {
    read(Some(link), "continueToken")
}

#[test]
fn the_token_is_found_in_relative_and_absolute_links() {
    let expected = Link::Token("168".to_owned());
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
        Link::Token("a+b= c".to_owned())
    );
}

#[test]
fn no_link_differs_from_a_link_without_a_token() {
    assert_eq!(read(None, "continueToken"), Link::Absent);
    assert_eq!(token(" "), Link::Absent);
    for link in [
        "/events",
        "/events?",
        "/events?continueToken=",
        "/events?stepBackToken=1",
        "/continueToken=1",
        "/e#?continueToken=1",
    ] {
        assert_eq!(token(link), Link::WithoutToken, "{link}");
    }
}

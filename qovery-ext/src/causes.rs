//! The texts of errors: `{}` prints the message, `{:#}` adds the causes, and `Debug` prints the same as `{:#}`.

use std::{error::Error, fmt};

use qovery_api::Printable;

/// Returns the message of an error and of its causes in one line, escaped for printing. A cause that the text already
/// contains is left out.
///
/// The errors of this crate print the same with `{:#}`. Use this function for errors of other crates, such as
/// [`qovery_api::Error`].
///
/// ```
/// let error = "a b".parse::<qovery_ext::wait::OperationToken>().unwrap_err();
/// assert_eq!(qovery_ext::with_causes(&error), format!("{error:#}"));
/// ```
pub fn with_causes(error: &(dyn Error + 'static)) -> String {
    joined(Printable::new(&error.to_string()).to_string(), error)
}

/// Adds the causes of an error to its message.
fn joined(mut text: String, error: &(dyn Error + 'static)) -> String {
    let mut cause = error.source();
    while let Some(error) = cause {
        let own = Printable::new(&error.to_string()).to_string();
        if !text.contains(&own) {
            text = format!("{text}: {own}");
        }
        cause = error.source();
    }
    text
}

/// Writes the printable message of an error, and with `{:#}` also its causes.
pub(crate) fn write(
    f: &mut fmt::Formatter<'_>,
    error: &(dyn Error + 'static),
    message: impl fmt::Display,
) -> fmt::Result {
    let message = message.to_string();
    match f.alternate() {
        true => f.write_str(&joined(message, error)),
        false => f.write_str(&message),
    }
}

/// Implements `Debug` of errors: the name of the type and the text of `{:#}`, because a `main` that returns an
/// error prints its `Debug`.
macro_rules! debug_as_text {
    ($($error:ident)+) => {
        $(
            impl std::fmt::Debug for $error {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    write!(f, concat!(stringify!($error), ": {:#}"), self)
                }
            }
        )+
    };
}
pub(crate) use debug_as_text;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Outer(&'static str, Option<Box<Outer>>);

    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Outer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            let cause: &Outer = self.1.as_deref()?;
            Some(cause)
        }
    }

    #[test]
    fn every_cause_is_added_once_in_one_printable_line() {
        let root = Outer("reset\n::error::by\u{1b}[2J peer", None);
        let middle = Outer("no connection", Some(Box::new(root)));
        let outer = Outer("not read: no connection", Some(Box::new(middle)));
        assert_eq!(
            with_causes(&outer),
            "not read: no connection: reset\\n::error::by\\u{1b}[2J peer"
        );
        let message = format_args!("another text").to_string();
        assert!(joined(message, &outer).starts_with("another text: no connection: reset"));
    }
}

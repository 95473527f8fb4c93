//! The cursors of pages: the query parameters that send them, and the links that contain them.
//!
//! The API links to pages by relative URLs whose path is not always right, and a link must not lead
//! a client with a token to another host. So a link is never followed: its page token is extracted and
//! sent with the original call.

use qovery_api::{Call, PageParts, PagedOperation, Paging};
use url::form_urlencoded;

use super::{ResumeCursor, cursor::Direction, error::Kind};

/// The direction of a walk, and the parameters that carry its cursors.
pub(super) struct Links {
    direction: Direction,
    /// The parameter of the cursor of the next page.
    parameter: &'static str,
    /// The parameter of the other direction, if the operation has one.
    opposite: Option<&'static str>,
}

impl Links {
    /// Returns an error if a walk of this operation cannot resume from the cursor.
    pub(super) fn new<O: PagedOperation>(
        direction: Direction,
        resume: Option<&ResumeCursor>,
    ) -> Result<Self, String> {
        let operation = resume.map_or(O::INFO.id, ResumeCursor::operation);
        if operation != O::INFO.id {
            return Err(format!(
                "the resume cursor belongs to {operation}: resume with the call that it came from"
            ));
        }
        let (forward, backward) = match O::PAGING {
            Paging::StartId { parameter } => (parameter, None),
            Paging::ContinueToken { forward, backward } => (forward, backward),
        };
        let (parameter, opposite) = match (direction, backward) {
            (Direction::Forward, backward) => (forward, backward),
            (Direction::Backward, Some(backward)) => (backward, Some(forward)),
            (Direction::Backward, None) => {
                let problem = "the resume cursor goes backward, and this operation pages only forward: start without the cursor";
                return Err(problem.to_owned());
            }
        };
        Ok(Self {
            direction,
            parameter,
            opposite,
        })
    }

    /// Sets the cursor of the page that a call requests.
    pub(super) fn send<O: PagedOperation>(&self, call: Call<O>, cursor: &str) -> Call<O> {
        // The call may select its first page with a parameter of the other direction.
        let call = match self.opposite {
            Some(opposite) => call.without_query(opposite),
            None => call,
        };
        call.query(self.parameter, cursor)
    }

    /// Returns the token of the next page, and that of the next page in the other direction.
    pub(super) fn read<I>(
        &self,
        page: &PageParts<I>,
    ) -> (Result<Option<String>, Kind>, Option<String>) {
        let (next, other) = match self.direction {
            Direction::Forward => (&page.next, &page.previous),
            Direction::Backward => (&page.previous, &page.next),
        };
        let turned = self
            .opposite
            .and_then(|opposite| token(other.as_deref(), opposite).ok()?);
        (token(next.as_deref(), self.parameter), turned)
    }
}

/// Extracts the token from a link; `None` if there is no page in this direction.
pub(super) fn token(link: Option<&str>, parameter: &str) -> Result<Option<String>, Kind> {
    let Some(link) = link.map(str::trim).filter(|link| !link.is_empty()) else {
        return Ok(None);
    };
    let without_fragment = link.split('#').next().unwrap_or_default();
    let query = without_fragment
        .split_once('?')
        .map_or("", |(_, query)| query);
    form_urlencoded::parse(query.as_bytes())
        .find(|(name, value)| name == parameter && !value.is_empty())
        .map(|(_, value)| Some(value.into_owned()))
        .ok_or(Kind::LinkWithoutToken)
}

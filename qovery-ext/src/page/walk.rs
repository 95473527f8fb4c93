//! From page to page: what to ask for, what of the answer is new, and where it leads.
//!
//! Shared by the stream of items and the stream of pages; not for handing out single items. All
//! state is kept here and nothing in a future that is awaited, so that dropping such a future loses
//! nothing: the request goes on when the walk is polled again. Dropping the walk ends the request.

use std::{
    collections::HashSet,
    task::{Context, Poll, ready},
};

use qovery_api::{Call, PageParts, PagedOperation, Paging};

use super::{
    Ending, PageError, ResumeCursor,
    cursor::Direction,
    error::Kind,
    flight::Flight,
    link::{self, Link},
    trail::{SortedOut, Trail},
};

type Fetched<O> = Result<PageParts<<O as PagedOperation>::Item>, qovery_api::Error>;

/// How to page.
pub(super) struct Settings<O: PagedOperation> {
    pub(super) call: Call<O>,
    pub(super) direction: Direction,
    pub(super) resume: Option<ResumeCursor>,
    pub(super) page_limit: Option<u64>,
    pub(super) read_ahead: bool,
}

/// A page without what was delivered before.
pub(super) struct NewPage<I> {
    /// What the page was fetched with.
    pub(super) at: Option<String>,
    /// Never empty. Each item with its id.
    pub(super) items: Vec<(Option<String>, I)>,
    /// The ids of what was delivered before and belongs to this page, as far as is known.
    pub(super) delivered: Vec<String>,
    /// Where it leads.
    pub(super) onward: Option<String>,
    /// Where it leads in the other direction.
    pub(super) turned: Option<String>,
    pub(super) declared_size: Option<u64>,
}

enum State {
    Reading,
    /// Everything of the last page is delivered, and this is why there is no next one.
    Blocked(Kind),
    /// The error was reported.
    Stopped,
    Ended(Ending),
}

pub(super) struct Walk<O: PagedOperation> {
    call: Call<O>,
    direction: Direction,
    /// What the next page is fetched with.
    at: Option<String>,
    /// The ids of items that belong to the page at `at` or a later one and were delivered.
    delivered: Vec<String>,
    trail: Trail,
    state: State,
    flight: Option<Flight<Fetched<O>>>,
    pages_read: u64,
    page_limit: Option<u64>,
    read_ahead: bool,
    wrong_cursor: Option<String>,
}

impl<O: PagedOperation> Walk<O> {
    pub(super) fn new(settings: Settings<O>) -> Self {
        let mut walk = Self {
            call: settings.call,
            direction: settings.direction,
            at: None,
            delivered: Vec::new(),
            trail: Trail::new(matches!(O::PAGING, Paging::StartId { .. })),
            state: State::Reading,
            flight: None,
            pages_read: 0,
            page_limit: settings.page_limit,
            read_ahead: settings.read_ahead,
            wrong_cursor: None,
        };
        if let Some(cursor) = settings.resume {
            walk.start_at(cursor);
        }
        walk
    }

    fn start_at(&mut self, cursor: ResumeCursor) {
        self.wrong_cursor = problem_with::<O>(&cursor);
        self.direction = cursor.direction;
        for id in &cursor.delivered {
            self.trail.delivered_before(id);
        }
        if let Some(at) = &cursor.at {
            if matches!(O::PAGING, Paging::StartId { .. }) {
                self.trail.delivered_before(at);
            }
            // The first cursor of a walk is new.
            let _ = self.trail.go_to(at);
        }
        self.at = cursor.at;
        self.delivered = cursor.delivered;
    }

    /// The next page that brings something new.
    pub(super) fn poll_page(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<NewPage<O::Item>, PageError>>> {
        loop {
            if self.is_over() {
                return Poll::Ready(None);
            }
            if !self.may_read_on() {
                self.end(Ending::PageLimit);
                return Poll::Ready(None);
            }
            if let Some(kind) = self.take_block() {
                return Poll::Ready(Some(Err(self.error(kind))));
            }
            if let Some(problem) = &self.wrong_cursor {
                let kind = Kind::WrongCursor(problem.clone());
                return Poll::Ready(Some(Err(self.stop(kind))));
            }
            let flight = self.flight.get_or_insert_with(|| {
                Flight::in_place(fetch(&self.call, self.direction, &self.at))
            });
            let fetched = ready!(flight.poll(context));
            self.flight = None;
            match fetched {
                // Its runtime is gone: fetch in place.
                None => {}
                Some(Err(error)) => return Poll::Ready(Some(Err(self.stop(Kind::Call(error))))),
                Some(Ok(parts)) => match self.take(parts) {
                    Ok(page) if page.items.is_empty() => {}
                    Ok(page) => return Poll::Ready(Some(Ok(page))),
                    Err(error) => return Poll::Ready(Some(Err(error))),
                },
            }
        }
    }

    fn take(&mut self, parts: PageParts<O::Item>) -> Result<NewPage<O::Item>, PageError> {
        let lead = self.lead_on(&parts);
        let items = parts
            .items
            .into_iter()
            .map(|item| (O::item_id(&item), item))
            .collect();
        let Ok(SortedOut { new, known }) = self.trail.sort_out(items) else {
            return Err(self.stop(Kind::WentBack));
        };
        self.pages_read = self.pages_read.saturating_add(1);
        let at = self.at.clone();
        let mut unmet = std::mem::take(&mut self.delivered);
        let met: HashSet<&String> = known.iter().collect();
        unmet.retain(|id| !met.contains(id));
        let mut delivered = unmet.clone();
        delivered.extend(known.into_iter().filter(|id| Some(id) != at.as_ref()));
        let onward = match lead {
            Lead::To(cursor) if self.trail.go_to(&cursor) => {
                self.at = Some(cursor.clone());
                self.delivered = unmet;
                Some(cursor)
            }
            Lead::To(_) => {
                self.block(Kind::CursorRepeated, &delivered, &new);
                None
            }
            Lead::Nowhere(kind) => {
                self.block(kind, &delivered, &new);
                None
            }
            Lead::End => {
                self.end(if parts.items_held_back {
                    Ending::HeldBack
                } else {
                    Ending::Complete
                });
                None
            }
        };
        let turned = match self.direction {
            Direction::Forward => token(parts.previous.as_deref(), backward_parameter::<O>()),
            Direction::Backward => token(parts.next.as_deref(), forward_parameter::<O>()),
        };
        Ok(NewPage {
            at,
            items: new,
            delivered,
            onward,
            turned,
            declared_size: parts.declared_size,
        })
    }

    /// Where a page leads.
    fn lead_on(&self, parts: &PageParts<O::Item>) -> Lead {
        match O::PAGING {
            Paging::StartId {
                short_page_ends, ..
            } => self.lead_by_item(parts, short_page_ends),
            Paging::ContinueToken { forward, backward } => {
                let link = match self.direction {
                    Direction::Forward => link::read(parts.next.as_deref(), forward),
                    Direction::Backward => {
                        link::read(parts.previous.as_deref(), backward.unwrap_or_default())
                    }
                };
                match link {
                    Link::Absent => Lead::End,
                    Link::Token(token) => Lead::To(token),
                    Link::WithoutToken => Lead::Nowhere(Kind::LinkWithoutToken),
                }
            }
        }
    }

    fn lead_by_item(&self, parts: &PageParts<O::Item>, short_page_ends: bool) -> Lead {
        let Some(last) = parts.items.last() else {
            return Lead::End;
        };
        let count = u64::try_from(parts.items.len()).unwrap_or(u64::MAX);
        if short_page_ends && parts.declared_size.is_some_and(|size| count < size) {
            return Lead::End;
        }
        match O::item_id(last) {
            // A page that starts at the cursor and holds nothing after it, though it had room.
            Some(id)
                if count == 1
                    && Some(&id) == self.at.as_ref()
                    && parts.declared_size != Some(1) =>
            {
                Lead::End
            }
            Some(id) => Lead::To(id),
            None => Lead::Nowhere(Kind::ItemWithoutId),
        }
    }

    /// Fetches the next page in the background, where that is asked for.
    pub(super) fn start_ahead(&mut self) {
        if self.read_ahead
            && self.flight.is_none()
            && matches!(self.state, State::Reading)
            && self.may_read_on()
        {
            let fetch = fetch(&self.call, self.direction, &self.at);
            self.flight = Some(Flight::in_background(fetch));
        }
    }

    fn may_read_on(&self) -> bool {
        self.page_limit.is_none_or(|limit| self.pages_read < limit)
    }

    /// Goes on after an error, from the same place.
    pub(super) fn retry(&mut self) {
        if let State::Stopped = self.state {
            self.state = State::Reading;
        }
    }

    /// Ends the request under way: no more pages are wanted. The place stays.
    pub(super) fn end_request(&mut self) {
        self.flight = None;
    }

    fn end(&mut self, ending: Ending) {
        self.end_request();
        self.state = State::Ended(ending);
    }

    fn take_block(&mut self) -> Option<Kind> {
        match std::mem::replace(&mut self.state, State::Stopped) {
            State::Blocked(kind) => Some(kind),
            other => {
                self.state = other;
                None
            }
        }
    }

    pub(super) fn ending(&self) -> Option<Ending> {
        match self.state {
            State::Ended(ending) => Some(ending),
            _ => None,
        }
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.state, State::Ended(_) | State::Stopped)
    }

    /// Where to go on when everything that was handed out so far is delivered; `None` at the end.
    pub(super) fn resume_cursor(&self) -> Option<ResumeCursor> {
        match self.ending() {
            Some(Ending::Complete | Ending::HeldBack) => None,
            _ => Some(self.place()),
        }
    }

    /// The ids of delivered items that belong to later pages.
    pub(super) fn delivered_later(&self) -> &[String] {
        &self.delivered
    }

    pub(super) fn cursor(&self, at: Option<String>, delivered: Vec<String>) -> ResumeCursor {
        ResumeCursor::new(O::INFO, self.direction, at, delivered)
    }

    fn place(&self) -> ResumeCursor {
        self.cursor(self.at.clone(), self.delivered.clone())
    }

    fn stop(&mut self, kind: Kind) -> PageError {
        self.state = State::Stopped;
        self.error(kind)
    }

    fn error(&self, kind: Kind) -> PageError {
        PageError::new(O::INFO, kind, self.pages_read, self.place())
    }

    // The place to go on from is the page itself: it may lead on the next time.
    fn block(&mut self, kind: Kind, delivered: &[String], new: &[(Option<String>, O::Item)]) {
        self.state = State::Blocked(kind);
        self.delivered = delivered
            .iter()
            .chain(new.iter().filter_map(|(id, _)| id.as_ref()))
            .cloned()
            .collect();
    }
}

enum Lead {
    To(String),
    Nowhere(Kind),
    End,
}

fn fetch<O: PagedOperation>(
    call: &Call<O>,
    direction: Direction,
    at: &Option<String>,
) -> qovery_api::BoxFuture<'static, Fetched<O>> {
    let mut call = call.clone();
    if let Some(at) = at {
        call = match (O::PAGING, direction) {
            (Paging::StartId { parameter, .. }, _) => call.query(parameter, at),
            (Paging::ContinueToken { forward, backward }, Direction::Forward) => call
                .without_query(backward.unwrap_or_default())
                .query(forward, at),
            (Paging::ContinueToken { forward, backward }, Direction::Backward) => call
                .without_query(forward)
                .query(backward.unwrap_or_default(), at),
        };
    }
    Box::pin(async move { call.await.map(O::split) })
}

fn forward_parameter<O: PagedOperation>() -> Option<&'static str> {
    match O::PAGING {
        Paging::ContinueToken { forward, .. } => Some(forward),
        Paging::StartId { .. } => None,
    }
}

fn backward_parameter<O: PagedOperation>() -> Option<&'static str> {
    match O::PAGING {
        Paging::ContinueToken { backward, .. } => backward,
        Paging::StartId { .. } => None,
    }
}

fn token(link: Option<&str>, parameter: Option<&str>) -> Option<String> {
    match link::read(link, parameter?) {
        Link::Token(token) => Some(token),
        Link::Absent | Link::WithoutToken => None,
    }
}

fn problem_with<O: PagedOperation>(cursor: &ResumeCursor) -> Option<String> {
    if cursor.operation != O::INFO.id {
        return Some(format!(
            "the resume cursor belongs to {}: resume with the call that it came from",
            cursor.operation
        ));
    }
    if cursor.direction == Direction::Backward && backward_parameter::<O>().is_none() {
        return Some("the resume cursor goes backward, and this operation does not".to_owned());
    }
    None
}

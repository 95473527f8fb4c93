//! From page to page: the next request, and the new items of its response.
//!
//! Shared by the stream of items and the stream of pages. All
//! state is kept here and nothing in a future that is awaited, so that dropping such a future loses
//! nothing: the request continues when the walk is polled again. Dropping the walk ends the request.

use std::{
    collections::BTreeSet,
    sync::Arc,
    task::{Context, Poll},
};

use qovery_api::{Call, PageParts, PagedOperation, Paging};

use super::{
    Ending, PageError, ResumeCursor,
    cursor::Direction,
    error::Kind,
    link::{self, Link},
    navigator::{Last, Led, Navigator, Next},
    page_request::PageRequest,
    seen::Delivered,
    settings::Settings,
};

type Fetched<O> = Result<PageParts<<O as PagedOperation>::Item>, qovery_api::Error>;
/// An item with its id, if it has one.
pub(super) type Identified<I> = (Option<Arc<str>>, I);

/// The new items of a page.
pub(super) struct NewPage<I> {
    /// The cursor that the page was fetched with.
    pub(super) at: Option<String>,
    /// Never empty.
    pub(super) items: Vec<Identified<I>>,
    pub(super) declared_size: Option<u64>,
    /// The cursor of the page in the other direction.
    pub(super) turned: Option<String>,
}

enum State {
    Reading,
    /// All items of the last page were delivered; the error says why there is no next page.
    Blocked(Kind),
    /// The error was reported.
    Stopped,
    Ended(Ending),
}

/// The successor of a page.
enum NextLink {
    To(String),
    Unusable(Kind),
    End,
}

pub(super) struct Walk<O: PagedOperation> {
    call: Call<O>,
    settings: Settings,
    /// The cursor of the next page.
    at: Option<String>,
    navigator: Navigator,
    /// How many different items the largest page had.
    largest: usize,
    held_back: bool,
    wrong_cursor: Option<String>,
    state: State,
    request: Option<PageRequest<Fetched<O>>>,
    pages_read: u64,
    items_read: u64,
}

impl<O: PagedOperation> Walk<O> {
    pub(super) fn new(call: Call<O>, mut settings: Settings) -> Self {
        let mut navigator = Navigator::new(matches!(O::PAGING, Paging::StartId { .. }));
        let (mut at, mut wrong_cursor) = (None, None);
        if let Some(cursor) = settings.resume.take() {
            wrong_cursor = problem_with::<O>(&cursor);
            settings.direction = cursor.direction;
            navigator.resume(cursor.at.as_deref(), Delivered::from_known(&cursor.known));
            at = cursor.at;
        }
        Self {
            call,
            settings,
            at,
            navigator,
            largest: 0,
            held_back: false,
            wrong_cursor,
            state: State::Reading,
            request: None,
            pages_read: 0,
            items_read: 0,
        }
    }

    /// Polls for the next page with new items.
    pub(super) fn poll_page(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<NewPage<O::Item>, PageError>>> {
        loop {
            if self.is_over() {
                return Poll::Ready(None);
            }
            if let Some(limit) = self.limit() {
                self.end(limit);
                return Poll::Ready(None);
            }
            if let Some(kind) = self.take_block() {
                return Poll::Ready(Some(Err(self.stop(kind))));
            }
            let request = self.request.take();
            let mut request = request.unwrap_or_else(|| PageRequest::in_place(self.fetch()));
            let Poll::Ready(fetched) = request.poll(context) else {
                self.request = Some(request);
                return Poll::Pending;
            };
            let taken = match fetched {
                // The task's runtime has shut down: fetch in place.
                None => continue,
                Some(fetched) => fetched
                    .map_err(Kind::Call)
                    .and_then(|parts| self.take(parts)),
            };
            match taken {
                Ok(page) if page.items.is_empty() => {}
                Ok(page) => {
                    self.start_ahead();
                    return Poll::Ready(Some(Ok(page)));
                }
                Err(kind) => return Poll::Ready(Some(Err(self.stop(kind)))),
            }
        }
    }

    fn fetch(&self) -> qovery_api::BoxFuture<'static, Fetched<O>> {
        let mut call = self.call.clone();
        if let Some(at) = &self.at {
            call = match (O::PAGING, self.settings.direction) {
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

    /// Fetches the next page in the background, if the settings ask for it.
    fn start_ahead(&mut self) {
        let is_wanted = self.settings.read_ahead && matches!(self.state, State::Reading);
        if is_wanted && self.limit().is_none() {
            self.request = Some(PageRequest::in_background(self.fetch()));
        }
    }

    fn take(&mut self, parts: PageParts<O::Item>) -> Result<NewPage<O::Item>, Kind> {
        let (next_link, turned) = (self.next_link(&parts), self.turned(&parts));
        let is_empty = parts.items.is_empty();
        let ids = parts.items.iter().map(O::item_id);
        let ids: Vec<Option<Arc<str>>> = ids.map(|id| id.map(Arc::from)).collect();
        let delivered = &self.navigator.delivered;
        let places = ids.iter().map(|id| delivered.position(id.as_deref()?));
        let places: Vec<Option<u64>> = places.collect();
        let last = match (ids.last(), places.last()) {
            (Some(Some(_)), Some(Some(place))) => Last::Known(*place),
            (Some(Some(_)), _) => Last::New,
            _ => Last::WithoutId,
        };
        let until = delivered.count();
        self.navigator.check(&places)?;
        self.pages_read = self.pages_read.saturating_add(1);
        // A server may put an item on a page more than once.
        let distinct = ids.iter().collect::<BTreeSet<_>>().len();
        self.largest = self.largest.max(distinct);
        let size = parts.declared_size.filter(|size| *size > 0);
        let has_room =
            self.navigator.by_item && (distinct as u64) < size.unwrap_or(self.largest as u64);
        self.held_back |= parts.items_held_back;
        let mut page = NewPage {
            at: self.at.clone(),
            items: Vec::with_capacity(ids.len()),
            declared_size: parts.declared_size,
            turned,
        };
        for (id, item) in ids.into_iter().zip(parts.items) {
            let delivered = &mut self.navigator.delivered;
            if id
                .as_ref()
                .is_some_and(|id| delivered.position(id).is_some())
            {
                continue;
            }
            if self.limit() == Some(Ending::ItemLimit) {
                if let (true, Some((Some(last), _))) = (self.navigator.by_item, page.items.last()) {
                    self.at = Some(last.to_string());
                }
                self.end(Ending::ItemLimit);
                return Ok(page);
            }
            if let Some(id) = &id {
                self.navigator.delivered.insert(id);
            }
            page.items.push((id, item));
            self.items_read = self.items_read.saturating_add(1);
        }
        let next = match (next_link, self.at.clone()) {
            (NextLink::To(cursor), at) => {
                let pages_read = self.pages_read;
                let page = Led {
                    at,
                    last,
                    has_room,
                    until,
                    pages_read,
                };
                self.navigator.advance(page, cursor)
            }
            (NextLink::Unusable(kind), _) => Err(kind),
            (NextLink::End, at) if is_empty => self.navigator.look_for_the_end(at),
            (NextLink::End, _) => Ok(Next::End),
        };
        match next {
            Ok(Next::At(at)) => self.at = at,
            Ok(Next::End) if self.held_back => self.end(Ending::HeldBack),
            Ok(Next::End) if self.navigator.delivered.is_reordered => self.end(Ending::Reordered),
            Ok(Next::End) => self.end(Ending::Complete),
            // The walk resumes from this page: its successor may be available the next time.
            Err(kind) => self.state = State::Blocked(kind),
        }
        Ok(page)
    }

    /// Returns the successor of a page.
    fn next_link(&self, parts: &PageParts<O::Item>) -> NextLink {
        let link = match (O::PAGING, self.settings.direction) {
            (
                Paging::StartId {
                    short_page_ends, ..
                },
                _,
            ) => {
                return self.next_link_by_item(parts, short_page_ends);
            }
            (Paging::ContinueToken { forward, .. }, Direction::Forward) => {
                link::read(parts.next.as_deref(), forward)
            }
            (Paging::ContinueToken { backward, .. }, Direction::Backward) => {
                link::read(parts.previous.as_deref(), backward.unwrap_or_default())
            }
        };
        match link {
            Link::Absent => NextLink::End,
            Link::Token(token) => NextLink::To(token),
            Link::WithoutToken => NextLink::Unusable(Kind::LinkWithoutToken),
        }
    }

    fn next_link_by_item(&self, parts: &PageParts<O::Item>, short_page_ends: bool) -> NextLink {
        let Some(last) = parts.items.last() else {
            return NextLink::End;
        };
        let count = parts.items.len();
        let is_short = |size: u64| u64::try_from(count).is_ok_and(|count| count < size);
        if short_page_ends && parts.declared_size.is_some_and(is_short) {
            return NextLink::End;
        }
        let Some(id) = O::item_id(last) else {
            return NextLink::Unusable(Kind::ItemWithoutId);
        };
        // The page ends with its own cursor, although it had room for more items.
        let had_room = match parts.declared_size {
            Some(size) if size > 0 => is_short(size),
            _ => count == 1 || count < self.largest,
        };
        if had_room && Some(&id) == self.at.as_ref() {
            return NextLink::End;
        }
        NextLink::To(id)
    }

    fn turned(&self, parts: &PageParts<O::Item>) -> Option<String> {
        let Paging::ContinueToken { forward, backward } = O::PAGING else {
            return None;
        };
        let link = match self.settings.direction {
            Direction::Forward => link::read(parts.previous.as_deref(), backward?),
            Direction::Backward => link::read(parts.next.as_deref(), forward),
        };
        match link {
            Link::Token(token) => Some(token),
            Link::Absent | Link::WithoutToken => None,
        }
    }

    /// Returns the limit that was reached.
    fn limit(&self) -> Option<Ending> {
        let reached = |limit: Option<u64>, count| limit.is_some_and(|limit| count >= limit);
        if reached(self.settings.item_limit, self.items_read) {
            return Some(Ending::ItemLimit);
        }
        reached(self.settings.page_limit, self.pages_read).then_some(Ending::PageLimit)
    }

    /// Continues after an error, from the same position.
    pub(super) fn retry(&mut self) {
        if let State::Stopped = self.state {
            self.state = State::Reading;
        }
    }

    /// Ends the walk and its request under way. Keeps the position.
    fn end(&mut self, ending: Ending) {
        self.request = None;
        self.state = State::Ended(ending);
    }

    fn take_block(&mut self) -> Option<Kind> {
        if let Some(problem) = &self.wrong_cursor {
            return Some(Kind::WrongCursor(problem.clone()));
        }
        match std::mem::replace(&mut self.state, State::Reading) {
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

    pub(super) fn can_continue(&self) -> bool {
        !matches!(self.state, State::Blocked(_))
    }

    /// Returns the cursor to resume from when all pages read so far are delivered; `None` at the end.
    pub(super) fn resume_cursor(&self) -> Option<ResumeCursor> {
        match self.ending() {
            Some(Ending::Complete | Ending::HeldBack | Ending::Reordered) => None,
            _ => Some(self.cursor(self.at.clone(), 0)),
        }
    }

    /// Returns a cursor with the delivered ids, without the last `undelivered` ones.
    pub(super) fn cursor(&self, at: Option<String>, undelivered: usize) -> ResumeCursor {
        ResumeCursor {
            operation: O::INFO.id.to_owned(),
            direction: self.settings.direction,
            at,
            known: self.navigator.delivered.known(undelivered),
        }
    }

    fn stop(&mut self, kind: Kind) -> PageError {
        self.state = State::Stopped;
        if !matches!(kind, Kind::Call(_)) {
            self.navigator.reset_errors();
        }
        let cursor = self.cursor(self.at.clone(), 0);
        PageError::new(O::INFO, kind, self.pages_read, cursor)
    }
}

fn problem_with<O: PagedOperation>(cursor: &ResumeCursor) -> Option<String> {
    if cursor.operation != O::INFO.id {
        return Some(format!(
            "the resume cursor belongs to {}: resume with the call that it came from",
            cursor.operation
        ));
    }
    let backward = match O::PAGING {
        Paging::ContinueToken { backward, .. } => backward,
        Paging::StartId { .. } => None,
    };
    (cursor.direction == Direction::Backward && backward.is_none())
        .then(|| "the resume cursor goes backward, and this operation does not".to_owned())
}

//! Walks from page to page: sends the next request, and takes the new items of its response.
//!
//! Used by the stream of items and the stream of pages. All state is kept here and nothing in a future that is
//! awaited, so that dropping such a future loses nothing: the request continues when the walk is polled again.
//! Dropping the walk ends the request.

use std::{
    collections::BTreeSet,
    future::Future,
    sync::Arc,
    task::{Context, Poll},
    vec,
};

use qovery_api::{Call, PageParts, PagedOperation, Paging};

use super::{
    Ending, PageError, ResumeCursor,
    cursor::Direction,
    error::{Inner, Kind},
    link::Links,
    navigator::{LeadingPage, Navigator, Next},
    page_request::{PageRequest, in_background, in_place},
};

/// The paging settings.
#[derive(Debug, Clone, Default)]
pub(super) struct Settings {
    pub(super) direction: Direction,
    pub(super) resume: Option<ResumeCursor>,
    pub(super) item_limit: Option<u64>,
    pub(super) page_limit: Option<u64>,
    pub(super) read_ahead: bool,
}

type Fetched<O> = Result<PageParts<<O as PagedOperation>::Item>, qovery_api::Error>;

enum State {
    Reading,
    /// All items of the last page were read; the error says why there is no next page.
    Blocked(Kind),
    /// The error was reported.
    Stopped,
    Ended(Ending),
}

/// The page that was read last.
pub(super) struct CurrentPage<I> {
    /// The cursor that it was fetched with.
    at: Option<String>,
    /// How many ids were delivered before it.
    start: u64,
    pub(super) declared_size: Option<u64>,
    /// The cursor of the next page in the other direction.
    pub(super) turned: Option<String>,
    /// Its new items that the stream has not delivered yet.
    pub(super) items: vec::IntoIter<I>,
}

pub(super) struct Walk<O: PagedOperation> {
    call: Call<O>,
    settings: Settings,
    /// An error if the walk cannot resume from its cursor.
    links: Result<Links, String>,
    /// The cursor of the next page.
    at: Option<String>,
    pub(super) page: CurrentPage<O::Item>,
    navigator: Navigator,
    /// How many different items the largest page had.
    largest: usize,
    held_back: bool,
    state: State,
    request: Option<PageRequest<Fetched<O>>>,
    items_read: u64,
}

impl<O: PagedOperation> Walk<O> {
    pub(super) fn new(call: Call<O>, mut settings: Settings) -> Self {
        let resume = settings.resume.take();
        if let Some(cursor) = &resume {
            settings.direction = cursor.direction();
        }
        let by_item = matches!(O::PAGING, Paging::StartId { .. });
        Self {
            call,
            links: Links::new::<O>(settings.direction, resume.as_ref()),
            at: resume
                .as_ref()
                .and_then(ResumeCursor::at)
                .map(str::to_owned),
            page: CurrentPage {
                at: None,
                start: 0,
                declared_size: None,
                turned: None,
                items: Vec::new().into_iter(),
            },
            navigator: Navigator::new(by_item, resume.as_ref()),
            settings,
            largest: 0,
            held_back: false,
            state: State::Reading,
            request: None,
            items_read: 0,
        }
    }

    /// Polls until the current page has items that are not delivered; `None` if the walk is over.
    pub(super) fn poll_page(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<(), PageError>>> {
        loop {
            if self.has_items() {
                return Poll::Ready(Some(Ok(())));
            }
            if self.is_over() {
                return Poll::Ready(None);
            }
            if let Some(limit) = self.limit() {
                self.end(limit);
                return Poll::Ready(None);
            }
            if let State::Blocked(kind) = std::mem::replace(&mut self.state, State::Reading) {
                return Poll::Ready(Some(Err(self.stop(kind))));
            }
            let request = self.request.take();
            let request = request.map_or_else(|| self.fetch().map(in_place), Ok);
            let mut request = match request {
                Ok(request) => request,
                Err(kind) => return Poll::Ready(Some(Err(self.stop(kind)))),
            };
            let Poll::Ready(fetched) = request.as_mut().poll(context) else {
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
            if let Err(kind) = taken {
                return Poll::Ready(Some(Err(self.stop(kind))));
            }
            self.start_ahead();
        }
    }

    fn links(&self) -> Result<&Links, Kind> {
        let links = self.links.as_ref();
        links.map_err(|problem| Kind::WrongCursor(problem.clone()))
    }

    fn fetch(&self) -> Result<impl Future<Output = Fetched<O>> + Send + use<O>, Kind> {
        let links = self.links()?;
        let call = match &self.at {
            Some(at) => links.send(self.call.clone(), at),
            None => self.call.clone(),
        };
        Ok(async move { call.await.map(O::split) })
    }

    /// Fetches the next page in the background, if the settings ask for it.
    fn start_ahead(&mut self) {
        let is_wanted = self.settings.read_ahead && matches!(self.state, State::Reading);
        if is_wanted && self.limit().is_none() {
            self.request = self.fetch().map(in_background).ok();
        }
    }

    /// Takes the new items of a page, and decides which page is next.
    fn take(&mut self, parts: PageParts<O::Item>) -> Result<(), Kind> {
        let ids = parts.items.iter().map(O::item_id);
        let ids: Vec<Option<Arc<str>>> = ids.map(|id| id.map(Arc::from)).collect();
        self.navigator.check(&ids)?;
        self.held_back |= parts.items_held_back;
        // A server may put an item on a page more than once.
        let distinct = ids.iter().collect::<BTreeSet<_>>().len();
        self.largest = self.largest.max(distinct);
        let size = parts.declared_size.filter(|size| *size > 0);
        // Some servers declare the number of items on the page as its size.
        let is_below_its_size = size.is_some_and(|size| (ids.len() as u64) < size);
        let has_room = is_below_its_size || distinct < self.largest;
        let (link, turned) = self.links()?.read(&parts);
        let next = match O::PAGING {
            Paging::StartId { .. } => {
                // A page of one item has room for more, unless the server says that this is its size.
                let ends_with_its_cursor = has_room || (distinct == 1 && size.is_none());
                match ids.last() {
                    None => Ok(None),
                    Some(None) => Err(Kind::ItemWithoutId),
                    Some(id) if ends_with_its_cursor && id.as_deref() == self.at.as_deref() => {
                        Ok(None)
                    }
                    Some(Some(id)) => Ok(Some(id.to_string())),
                }
            }
            Paging::ContinueToken { .. } => link,
        };
        let (start, is_empty) = (self.navigator.delivered.count(), ids.is_empty());
        let last = ids.last().cloned().flatten();
        let mut items = Vec::with_capacity(ids.len());
        let mut is_cut = false;
        for (id, item) in ids.into_iter().zip(parts.items) {
            let delivered = &self.navigator.delivered;
            let id = id.as_ref();
            if id.is_some_and(|id| delivered.position(id).is_some()) {
                continue;
            }
            is_cut = self.limit() == Some(Ending::ItemLimit);
            if is_cut {
                break;
            }
            if let Some(id) = id {
                self.navigator.delivered.insert(id);
            }
            items.push(item);
            self.items_read = self.items_read.saturating_add(1);
        }
        self.page = CurrentPage {
            at: self.at.clone(),
            start,
            declared_size: parts.declared_size,
            turned,
            items: items.into_iter(),
        };
        if is_cut {
            self.at = self.cursor_at(self.navigator.delivered.count());
            self.end(Ending::ItemLimit);
            return Ok(());
        }
        let next = match next {
            Ok(Some(cursor)) => {
                let last = last.and_then(|id| self.navigator.delivered.position(&id));
                let page = LeadingPage {
                    at: self.at.clone(),
                    start,
                    last,
                    has_room,
                };
                self.navigator.advance(page, cursor)
            }
            Ok(None) if is_empty => self.navigator.look_for_the_end(self.at.clone()),
            Ok(None) => Ok(Next::End),
            Err(kind) => Err(kind),
        };
        match next {
            Ok(Next::At(at)) => self.at = at,
            Ok(Next::End) if self.held_back => self.end(Ending::HeldBack),
            Ok(Next::End) if self.navigator.delivered.is_reordered => self.end(Ending::Reordered),
            Ok(Next::End) => self.end(Ending::Complete),
            // The walk resumes from this page: its successor may be available the next time.
            Err(kind) => self.state = State::Blocked(kind),
        }
        Ok(())
    }

    /// Returns the limit that was reached.
    fn limit(&self) -> Option<Ending> {
        let reached = |limit: Option<u64>, count| limit.is_some_and(|limit| count >= limit);
        if reached(self.settings.item_limit, self.items_read) {
            return Some(Ending::ItemLimit);
        }
        let pages = reached(self.settings.page_limit, self.navigator.pages_read);
        pages.then_some(Ending::PageLimit)
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

    fn stop(&mut self, kind: Kind) -> PageError {
        self.state = State::Stopped;
        let at = self.navigator.resume_at(&self.at);
        let cursor = self.cursor(at, self.navigator.delivered.count());
        if !matches!(kind, Kind::Call(_)) {
            self.navigator.reset_errors();
        }
        PageError(Box::new(Inner {
            operation: O::INFO,
            kind,
            pages_read: self.navigator.pages_read,
            cursor,
        }))
    }

    fn has_items(&self) -> bool {
        !self.page.items.as_slice().is_empty()
    }

    pub(super) fn is_over(&self) -> bool {
        !self.has_items() && matches!(self.state, State::Ended(_) | State::Stopped)
    }

    /// Returns whether the next page is known.
    pub(super) fn leads_on(&self) -> bool {
        !matches!(self.state, State::Blocked(_))
    }

    pub(super) fn ending(&self) -> Option<Ending> {
        match self.state {
            State::Ended(ending) if !self.has_items() => Some(ending),
            _ => None,
        }
    }

    pub(super) fn items_delivered(&self) -> u64 {
        self.items_read
            .saturating_sub(self.page.items.as_slice().len() as u64)
    }

    /// Returns the cursor after the delivered items; `None` at the end.
    pub(super) fn resume_cursor(&self) -> Option<ResumeCursor> {
        let count = self.navigator.delivered.count();
        if self.has_items() {
            let rest = self.page.items.as_slice().iter();
            let ids = rest.filter(|item| O::item_id(item).is_some()).count() as u64;
            let count = count.saturating_sub(ids);
            return Some(self.cursor(self.cursor_at(count), count));
        }
        match self.ending() {
            Some(Ending::Complete | Ending::HeldBack | Ending::Reordered) => None,
            _ => Some(self.cursor(self.navigator.resume_at(&self.at), count)),
        }
    }

    /// Returns the cursor of the current page, if it has items that are not delivered.
    pub(super) fn page_cursor(&self) -> Option<ResumeCursor> {
        self.has_items()
            .then(|| self.cursor(self.page.at.clone(), self.page.start))
    }

    /// Returns where to continue after this many delivered ids, within the current page.
    fn cursor_at(&self, count: u64) -> Option<String> {
        let delivered = &self.navigator.delivered;
        let last = count
            .checked_sub(1)
            .filter(|last| self.navigator.by_item && *last >= self.page.start)
            .and_then(|last| delivered.at(last));
        last.map_or_else(|| self.page.at.clone(), |id| Some(id.to_string()))
    }

    /// Returns a cursor with the first `count` delivered ids.
    fn cursor(&self, at: Option<String>, count: u64) -> ResumeCursor {
        let known = self.navigator.delivered.known(count);
        ResumeCursor::new(O::INFO.id, self.settings.direction, at, known)
    }
}

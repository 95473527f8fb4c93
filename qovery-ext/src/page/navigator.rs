//! The progress of a walk through a list: whether a page advances it, and which page to request next.
//!
//! Servers return an empty page because an item was deleted, ignore their cursor, repeat pages
//! or start over. These rules make every walk end, and none end early. This module sends no request.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    ResumeCursor,
    error::Kind,
    seen::{Cursors, Delivered, Known},
};

/// The maximum number of pages in a row without a new item.
const MAX_PAGES_WITHOUT_NEWS: u32 = 1_000;
/// The maximum number of returns to delivered items.
const MAX_RETURNS: u32 = 8;
/// The maximum number of requests from an earlier item in a row that find no new item.
const MAX_SEARCHES: u32 = 16;

/// The next page of the walk.
pub(super) enum Next {
    /// To the page of this cursor; without one, to the first page.
    At(Option<String>),
    End,
}

/// A page that names a next page.
pub(super) struct LeadingPage {
    /// The cursor that it was fetched with.
    pub(super) at: Option<String>,
    /// How many ids were delivered before it.
    pub(super) start: u64,
    /// The position of its last item; `None` if that item has no id.
    pub(super) last: Option<u64>,
    /// Whether the page has room for more items: it has fewer than its declared size, or than the largest page.
    pub(super) has_room: bool,
}

/// The walk reads delivered items again, until it gets to new ones. Each page has to get further than
/// the one before.
struct Rereading {
    /// How far it got.
    place: Option<u64>,
    /// How many ids were delivered when it began: a page that ends beyond has gone back once more.
    until: u64,
}

/// A response without items. It is the end of the list, unless the item that its cursor names was deleted. To
/// find out, the walk asks again from an earlier item: if a page leads to the same cursor, the item is still
/// there.
struct Lost {
    /// `None` for the first page.
    cursor: Option<String>,
    /// How far back the walk asked from.
    steps: u64,
    /// The cursor that it asked from.
    asked: Option<String>,
}

/// The signs that a server makes no progress. An error resets them, because the server may respond correctly to
/// a retry.
#[derive(Default)]
struct Doubts {
    rereading: Option<Rereading>,
    lost: Option<Lost>,
    /// Whether the last items of the page before were requested again, to see whether the server respects
    /// its cursor.
    checks_cursor: bool,
    /// How many such pages in a row did not begin with a known item.
    unconfirmed: u32,
    returns: u32,
    searches: u32,
    pages_without_news: u32,
}

pub(super) struct Navigator {
    /// Whether a cursor is the id of an item.
    pub(super) by_item: bool,
    pub(super) delivered: Delivered,
    pub(super) pages_read: u64,
    /// Whether the walk began in the middle of the list and knows no item before that.
    begins_in_the_middle: bool,
    cursors: Cursors,
    /// The cursor of the page that led to the next one, if this walk has read it.
    before: Option<Option<String>>,
    /// Whether the page has a known item after a new one: it begins closer to the head than the position of the
    /// walk.
    begins_ahead: bool,
    /// Whether the head had new items when the walk went back to it. They come before items that were delivered
    /// earlier.
    head_has_grown: bool,
    doubts: Doubts,
}

impl Navigator {
    pub(super) fn new(by_item: bool, resume: Option<&ResumeCursor>) -> Self {
        let mut delivered =
            Delivered::from_known(resume.map_or(&Known::default(), ResumeCursor::known));
        let mut cursors = Cursors::default();
        let at = resume.and_then(ResumeCursor::at);
        let begins_in_the_middle = at.is_some() && delivered.count() == 0;
        if let Some(at) = at {
            if by_item {
                delivered.insert(&Arc::from(at));
            }
            // The first cursor of a walk is new.
            let _ = cursors.go_to(at);
        }
        Self {
            by_item,
            delivered,
            pages_read: 0,
            begins_in_the_middle,
            cursors,
            before: None,
            begins_ahead: false,
            head_has_grown: false,
            doubts: Doubts::default(),
        }
    }

    /// Returns where another walk continues. If this one went back to look for the end of the list, that is
    /// the cursor that it started the search from: a resume cursor may lack the ids before it.
    pub(super) fn resume_at(&self, next: &Option<String>) -> Option<String> {
        let lost = self.doubts.lost.as_ref().filter(|_| self.by_item);
        let cursor = lost.and_then(|lost| lost.cursor.as_ref());
        cursor.or(next.as_ref()).cloned()
    }

    pub(super) fn reset_errors(&mut self) {
        self.doubts = Doubts::default();
    }

    /// Checks the ids of a page before any of its items is delivered.
    ///
    /// Refuses a page that returns to before forgotten items, and a page from a server that
    /// ignores its cursor while the head of the list grows faster than it is read.
    pub(super) fn check(&mut self, ids: &[Option<Arc<str>>]) -> Result<(), Kind> {
        let place = |id: &Option<Arc<str>>| self.delivered.position(id.as_deref()?);
        let places: Vec<Option<u64>> = ids.iter().map(place).collect();
        let known = places.iter().flatten();
        let doubts = &mut self.doubts;
        if known
            .clone()
            .any(|place| self.delivered.is_before_gap(*place))
        {
            let is_lost = doubts.lost.is_some();
            return Err(if is_lost {
                Kind::PlaceLost
            } else {
                Kind::WentBack
            });
        }
        if std::mem::take(&mut doubts.checks_cursor)
            && let Some(first) = places.first()
        {
            // A concurrent deletion can explain missing items once, but not repeatedly.
            doubts.unconfirmed = first.map_or(doubts.unconfirmed + 1, |_| 0);
            if doubts.unconfirmed > 1 {
                return Err(Kind::WentBack);
            }
        }
        // A server may put an item on a page more than once.
        let mut met = BTreeSet::new();
        self.delivered.is_reordered |= !known.filter(|place| met.insert(**place)).is_sorted();
        let mut from_first_new = places.iter().skip_while(|place| place.is_some());
        doubts.pages_without_news = match from_first_new.next() {
            Some(_) => 0,
            None => doubts.pages_without_news + 1,
        };
        self.begins_ahead = self.by_item && from_first_new.any(Option::is_some);
        self.pages_read = self.pages_read.saturating_add(1);
        Ok(())
    }

    /// Continues from a page to a cursor. Refuses a cursor that the walk has visited, if the walk would not
    /// end.
    pub(super) fn advance(&mut self, page: LeadingPage, cursor: String) -> Result<Next, Kind> {
        if page.at.as_ref() == Some(&cursor) {
            return Err(Kind::CursorRepeated);
        }
        let doubts = &mut self.doubts;
        let lost = doubts.lost.as_ref().and_then(|lost| lost.cursor.as_ref());
        if lost == Some(&cursor) {
            // Its item is there, so the response without items was the end, or a failure that passes.
            let is_end = self.by_item && page.has_room;
            return Ok(if is_end {
                Next::End
            } else {
                Next::At(Some(cursor))
            });
        }
        let is_new = page.last.is_some_and(|place| place >= page.start);
        let mut goes_back = false;
        match (page.last, &mut doubts.rereading) {
            (None, _) => {}
            // A page that begins ahead and ends with one of the new items leads toward a head that grows.
            (Some(_), rereading) if is_new => {
                goes_back = self.begins_ahead;
                self.head_has_grown |= rereading.is_some();
                (doubts.rereading, doubts.lost, doubts.searches) = (None, None, 0);
            }
            (Some(place), Some(again)) => {
                if place >= again.until {
                    return Err(Kind::WentBack);
                }
                goes_back = again.place.is_some_and(|before| place <= before);
                if goes_back && !self.head_has_grown {
                    return Err(Kind::WentBack);
                }
                again.place = Some(place);
            }
            (Some(place), None) if place + 1 == page.start => {}
            (Some(place), rereading @ None) => {
                goes_back = true;
                *rereading = Some(Rereading {
                    place: Some(place),
                    until: page.start,
                });
            }
        }
        doubts.returns += u32::from(goes_back);
        if doubts.returns > MAX_RETURNS {
            return Err(Kind::WentBack);
        }
        let gets_on = page.last.is_some() && doubts.rereading.is_some();
        if doubts.pages_without_news >= MAX_PAGES_WITHOUT_NEWS && !gets_on {
            return Err(Kind::NothingNew);
        }
        if !self.cursors.go_to(&cursor) && !gets_on {
            return Err(Kind::CursorRepeated);
        }
        let first = if self.by_item { 16 } else { 1_024 };
        let is_due = self.pages_read >= first && self.pages_read.is_power_of_two();
        if is_new && (is_due || doubts.unconfirmed > 0) {
            doubts.checks_cursor = true;
            // Close to the end of the page, so that a resume cursor contains the ids from there on.
            let place = self.delivered.count().saturating_sub(3);
            let earlier = self.delivered.at(place).filter(|_| self.by_item);
            let at = earlier.map_or(page.at, |id| Some(id.to_string()));
            return Ok(self.reread(at));
        }
        self.before = Some(page.at);
        Ok(Next::At(Some(cursor)))
    }

    /// Returns to a page among the delivered items.
    fn reread(&mut self, at: Option<String>) -> Next {
        self.doubts.rereading = Some(Rereading {
            place: None,
            until: self.delivered.count(),
        });
        Next::At(at)
    }

    /// Handles a response without items at a cursor: asks again from before it. If the item of the cursor
    /// is still there, the list ends here; otherwise the item was deleted, and the list continues.
    pub(super) fn look_for_the_end(&mut self, at: Option<String>) -> Result<Next, Kind> {
        let (cursor, steps) = match self.doubts.lost.take() {
            Some(lost) if lost.cursor == at => return Ok(Next::End),
            // The item that the walk asked from was deleted too.
            Some(lost) if at.is_some() && lost.asked == at => (lost.cursor, lost.steps * 8),
            None if at.is_none() && self.delivered.count() == 0 => return Ok(Next::End),
            _ => (at, 1),
        };
        self.doubts.searches += 1;
        if self.doubts.searches > MAX_SEARCHES {
            return Err(Kind::PlaceLost);
        }
        let asked = match &cursor {
            None => None,
            Some(cursor) if self.by_item => {
                let place = self.delivered.position(cursor).ok_or(Kind::PlaceLost)?;
                match place.checked_sub(steps) {
                    Some(place) => {
                        Some(self.delivered.at(place).ok_or(Kind::PlaceLost)?.to_string())
                    }
                    None if self.begins_in_the_middle => return Err(Kind::PlaceLost),
                    None => None,
                }
            }
            Some(_) => match self.before.take() {
                Some(before) => before,
                None if steps > 1 => return Err(Kind::PlaceLost),
                // Another run of the program has read the page before.
                None if self.begins_in_the_middle => return Ok(Next::End),
                None => None,
            },
        };
        self.doubts.lost = Some(Lost {
            cursor,
            steps,
            asked: asked.clone(),
        });
        Ok(self.reread(asked))
    }
}

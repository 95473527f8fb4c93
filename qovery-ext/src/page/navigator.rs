//! The progress of a walk through a list: whether a page advances it, and which page to request next.
//!
//! Servers return an empty page because an item was deleted, ignore their cursor, repeat pages
//! or start over. These rules make every walk end, and none end early. This module sends no request.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    error::Kind,
    seen::{Cursors, Delivered},
};

/// How many pages in a row may contain nothing new.
const PAGES_WITHOUT_NEWS: u32 = 1_000;
/// How often a server may return to delivered items.
const LED_BACK: u32 = 8;
/// How often to ask from an earlier item without a new item.
const ASKED_AGAIN: u32 = 16;

/// The next page of the walk.
pub(super) enum Next {
    /// To the page of this cursor; without one, to the first page.
    At(Option<String>),
    End,
}

/// The last item of a page.
pub(super) enum Last {
    New,
    /// Delivered before, at this place.
    Known(u64),
    WithoutId,
}

/// A page that leads on.
pub(super) struct Led {
    /// The cursor that it was fetched with.
    pub(super) at: Option<String>,
    pub(super) last: Last,
    /// Whether the server would have put more items on it.
    pub(super) has_room: bool,
    /// How many ids were delivered before it.
    pub(super) until: u64,
    /// How many pages were read, this one included.
    pub(super) pages_read: u64,
}

/// The walk reads delivered items again, until it gets to new ones. Each page has to get further than
/// the one before.
struct Rereading {
    /// How far it got.
    place: Option<u64>,
    /// How many ids were delivered when it began: a page that ends beyond has gone back once more.
    until: u64,
}

/// An answer without items: the end, unless the item that the cursor names was deleted.
struct Lost {
    /// `None` for the first page.
    cursor: Option<String>,
    /// How far back the walk asked from.
    steps: u64,
    stage: Stage,
}

/// How far the look for the end of the list is.
#[derive(Clone, Copy, PartialEq)]
enum Stage {
    /// The walk asks from an earlier item.
    Asks,
    /// It reads from there.
    Reads,
    /// It has met the item of the cursor, and asks for the answer without items again.
    Confirms,
}

#[derive(Default)]
pub(super) struct Navigator {
    /// Whether a cursor is the id of an item.
    pub(super) by_item: bool,
    pub(super) delivered: Delivered,
    /// Whether the walk began in the middle of the list and knows no item before that.
    begins_in_the_middle: bool,
    cursors: Cursors,
    /// The cursor of the page that led to the next one, if this walk has read it.
    before: Option<Option<String>>,
    rereading: Option<Rereading>,
    lost: Option<Lost>,
    /// Whether the request for the next page started before the last items, so that it should include them.
    checks_cursor: bool,
    /// How many such pages in a row did not begin with one of them.
    unconfirmed: u32,
    /// Whether the page has a known item behind a new one: it begins closer to the head than the walk is.
    begins_ahead: bool,
    led_back: u32,
    asked_again: u32,
    pages_without_news: u32,
}

impl Navigator {
    pub(super) fn new(by_item: bool) -> Self {
        Self {
            by_item,
            ..Self::default()
        }
    }

    pub(super) fn resume(&mut self, at: Option<&str>, delivered: Delivered) {
        self.begins_in_the_middle = at.is_some() && delivered.count() == 0;
        self.delivered = delivered;
        let Some(at) = at else { return };
        if self.by_item {
            self.delivered.insert(&Arc::from(at));
        }
        // The first cursor of a walk is new.
        let _ = self.cursors.go_to(at);
    }

    /// Resets the error state: the server may answer correctly when asked again.
    pub(super) fn reset_errors(&mut self) {
        (self.rereading, self.lost, self.checks_cursor) = (None, None, false);
        (self.unconfirmed, self.led_back, self.asked_again) = (0, 0, 0);
        self.pages_without_news = 0;
    }

    /// Checks the positions of a page's items before any of them is delivered.
    ///
    /// Refuses a page that returns to before forgotten items, and a page from a server that
    /// ignores its cursor while the head of the list grows faster than it is read.
    pub(super) fn check(&mut self, places: &[Option<u64>]) -> Result<(), Kind> {
        let mut known = places.iter().flatten();
        if known.any(|place| self.delivered.is_before_gap(*place)) {
            return Err(self.lost.take().map_or(Kind::WentBack, |_| Kind::PlaceLost));
        }
        if std::mem::take(&mut self.checks_cursor)
            && let Some(first) = places.first()
        {
            // A concurrent deletion can explain missing items once, but not repeatedly.
            self.unconfirmed = first.map_or(self.unconfirmed + 1, |_| 0);
            if self.unconfirmed > 1 {
                return Err(Kind::WentBack);
            }
        }
        let mut met = BTreeSet::new();
        let known = places.iter().flatten();
        let is_in_order = known.filter(|place| met.insert(**place)).is_sorted();
        self.delivered.is_reordered |= !is_in_order;
        let mut from_first_new = places.iter().skip_while(|place| place.is_some());
        self.begins_ahead = self.by_item && from_first_new.any(Option::is_some);
        let brings_something = places.iter().any(Option::is_none);
        self.pages_without_news = if brings_something {
            0
        } else {
            self.pages_without_news + 1
        };
        Ok(())
    }

    /// Continues from a page to a cursor, unless the walk has been there and would not end.
    pub(super) fn advance(&mut self, page: Led, cursor: String) -> Result<Next, Kind> {
        let (at, last, until) = (page.at, &page.last, page.until);
        let lost = self.lost.as_mut();
        let lost = lost.filter(|lost| lost.cursor.as_ref() == Some(&cursor));
        if let Some(lost) = lost.filter(|lost| page.has_room || lost.stage != Stage::Confirms) {
            // Its item is there, so the answer without items was the end, or a failure that passes.
            if page.has_room {
                return Ok(Next::End);
            }
            lost.stage = Stage::Confirms;
            return Ok(Next::At(Some(cursor)));
        }
        if at.as_ref() == Some(&cursor) {
            return Err(Kind::CursorRepeated);
        }
        match (last, &mut self.rereading) {
            // A page that begins ahead and ends with one of the new items leads toward a head that grows.
            (Last::New, _) if self.begins_ahead && self.led_back >= LED_BACK => {
                return Err(Kind::WentBack);
            }
            (Last::New, _) => {
                self.led_back += u32::from(self.begins_ahead);
                (self.rereading, self.lost, self.asked_again) = (None, None, 0);
            }
            (Last::WithoutId, _) => {}
            (Last::Known(place), Some(again)) => {
                if again.place.is_some_and(|before| *place <= before) || *place >= again.until {
                    return Err(Kind::WentBack);
                }
                again.place = Some(*place);
            }
            (Last::Known(place), None) if place + 1 == until => {}
            (Last::Known(place), None) => {
                self.led_back += 1;
                if self.led_back > LED_BACK {
                    return Err(Kind::WentBack);
                }
                let place = Some(*place);
                self.rereading = Some(Rereading { place, until });
            }
        }
        let gets_on = matches!(last, Last::Known(_)) && self.rereading.is_some();
        if self.pages_without_news >= PAGES_WITHOUT_NEWS && !gets_on {
            return Err(Kind::NothingNew);
        }
        if !self.cursors.go_to(&cursor) && !gets_on {
            return Err(Kind::CursorRepeated);
        }
        if let Some(lost) = &mut self.lost {
            lost.stage = Stage::Reads;
        }
        let first = if self.by_item { 16 } else { 1_024 };
        let is_due = page.pages_read >= first && page.pages_read.is_power_of_two();
        if matches!(last, Last::New) && (is_due || self.unconfirmed > 0) {
            return Ok(self.ask_from_before(at, cursor));
        }
        self.before = Some(at);
        Ok(Next::At(Some(cursor)))
    }

    /// Asks for the next page from two items before the last one, or for the last page again, to see
    /// whether the server respects its cursor.
    fn ask_from_before(&mut self, at: Option<String>, cursor: String) -> Next {
        let until = self.delivered.count();
        let place = until.checked_sub(3).filter(|_| self.by_item);
        let earlier = match place.and_then(|place| self.delivered.at(place)) {
            Some(id) => Some(id.to_string()),
            None if self.by_item => return Next::At(Some(cursor)),
            None => at,
        };
        self.checks_cursor = true;
        self.rereading = Some(Rereading { place, until });
        Next::At(earlier)
    }

    /// Handles an answer without items at a cursor: asks again from before it. If the item of the cursor
    /// is still there, the list ends here; otherwise the item was deleted, and the list continues.
    pub(super) fn look_for_the_end(&mut self, at: Option<String>) -> Result<Next, Kind> {
        let Some(at) = at else {
            return Ok(self.confirm_emptiness());
        };
        match self.lost.as_ref().map(|lost| lost.stage) {
            Some(Stage::Confirms) => return Ok(Next::End),
            Some(Stage::Asks) => {}
            None | Some(Stage::Reads) => {
                self.lost = Some(Lost {
                    cursor: Some(at),
                    steps: 0,
                    stage: Stage::Asks,
                });
            }
        }
        self.asked_again += 1;
        let is_bounded = self.asked_again <= ASKED_AGAIN;
        let lost = self
            .lost
            .as_mut()
            .filter(|_| is_bounded)
            .ok_or(Kind::PlaceLost)?;
        lost.steps = if lost.steps == 0 { 1 } else { lost.steps * 8 };
        let head = if self.begins_in_the_middle {
            Err(Kind::PlaceLost)
        } else {
            Ok(None)
        };
        let earlier = if self.by_item {
            let cursor = lost.cursor.as_deref();
            let place = cursor.and_then(|cursor| self.delivered.position(cursor));
            let place = place.ok_or(Kind::PlaceLost)?;
            match place.checked_sub(lost.steps) {
                Some(place) => {
                    let earlier = self.delivered.at(place).ok_or(Kind::PlaceLost)?;
                    Some(earlier.to_string())
                }
                None => head?,
            }
        } else {
            match self.before.take() {
                Some(before) => before,
                None if lost.steps > 1 => return Err(Kind::PlaceLost),
                // Another run of the program has read the page before.
                None if self.begins_in_the_middle => return Ok(Next::End),
                None => None,
            }
        };
        let until = self.delivered.count();
        self.rereading = Some(Rereading { place: None, until });
        Ok(Next::At(earlier))
    }

    /// Handles a first page without items: requests it once more if the list had items before.
    fn confirm_emptiness(&mut self) -> Next {
        let is_confirmed = match &self.lost {
            Some(lost) => lost.stage == Stage::Confirms,
            None => self.delivered.count() == 0,
        };
        if is_confirmed {
            return Next::End;
        }
        let lost = self.lost.get_or_insert(Lost {
            cursor: None,
            steps: 0,
            stage: Stage::Confirms,
        });
        lost.stage = Stage::Confirms;
        Next::At(None)
    }
}

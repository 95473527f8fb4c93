//! The search for the request that an action has made, where the server's answer does not name it.
//!
//! Pure, like its parent.

use super::{
    super::{
        Goal,
        mark::Mark,
        source::{Past, Waiting},
        track::{Ask, Facts},
    },
    Tracker,
};

impl Tracker {
    /// Looks for the request of an action in what waits soon after it. What is read just after the
    /// action may be from before it, so one look is not enough: `enough` says that time is up.
    pub(super) fn search(
        &mut self,
        marks: &[Option<Mark>],
        facts: &Facts,
        enough: bool,
    ) -> Option<Ask> {
        if self.looked || !self.is_request_in_doubt() {
            return None;
        }
        let queue = match &facts.queue {
            None => return Some(Ask::Queue),
            Some(None) => return None,
            Some(Some(queue)) => queue,
        };
        if self.calm && self.has_another_deployment(marks) {
            // Where nothing waited, what begins is the request itself. But somebody else's may have
            // come between the baseline and the action, and then it is ours that waits now.
            if !self.has_rival(queue) {
                self.looked = true;
                return None;
            }
            let Some(history) = &facts.history else {
                return Some(Ask::History);
            };
            self.calm = false;
            self.doubtful = self.may_be_shown(marks, history.as_deref().unwrap_or_default());
        }
        if self.alike(queue).count() > 1 {
            // Two of them cannot be told apart: rather none than the wrong one.
            self.doubtful = true;
            self.calm = false;
        }
        let found = self.alike(queue).next().map(|own| own.request);
        let found = found.filter(|_| self.adopts && !self.doubtful);
        if found.is_some() && self.calm && facts.history.is_none() {
            // What waits may be another's that came after ours, which runs already.
            return Some(Ask::History);
        }
        self.request = found.filter(|_| !self.has_begun(facts));
        // One that was not there at first may be another's that came later.
        self.is_apart =
            self.request.is_some() && !self.missed && self.new_in(queue).count() < queue.len();
        self.missed |= self.request.is_none();
        self.remember(queue);
        self.looked = enough;
        None
    }

    /// Whether an action gave no request id, so that the queue is where to look for it.
    fn is_request_in_doubt(&self) -> bool {
        self.acted
            && self.request.is_none()
            && self.goal != Goal::Canceled
            && self.waited_before.is_some()
            && !(self.calm && self.deployment().is_some())
    }

    /// Whether one of the requests that waited before the action may have taken in the one that it made,
    /// so that what was found is another's.
    pub(super) fn may_be_taken_in(&self) -> bool {
        self.acted && !self.is_named && !self.calm && !self.is_apart
    }

    fn has_another_deployment(&self, marks: &[Option<Mark>]) -> bool {
        self.tracks.iter().zip(marks).any(|(entry, mark)| {
            mark.as_ref()
                .is_some_and(|mark| entry.track.has_another_deployment(mark))
        })
    }

    /// Whether what is shown can be what was asked for, as far as the history tells.
    fn may_be_shown(&self, marks: &[Option<Mark>], history: &[Past]) -> bool {
        let shown = |past: &Past| {
            let mut marks = marks.iter().flatten();
            marks.any(|mark| mark.deployment.as_ref() == Some(&past.deployment))
        };
        let mut past = history.iter().filter(|past| shown(past));
        !past.any(|past| self.goal.is_not_of(&past.action))
    }

    /// Whether something waits that came with the action or after it and can be what it asked for.
    fn has_rival(&self, queue: &[Waiting]) -> bool {
        let mut new = self.new_in(queue);
        new.any(|waiting| !self.goal.is_not_of(&waiting.action))
    }

    fn remember(&mut self, queue: &[Waiting]) {
        for waiting in queue {
            if !self.candidates.contains(&waiting.request) {
                self.candidates.push(waiting.request);
            }
        }
    }

    /// Whether the history has something since the action that can be what was asked for.
    fn has_begun(&self, facts: &Facts) -> bool {
        let (Some(Some(history)), Some(before)) = (&facts.history, &self.whole_before) else {
            return false;
        };
        let listed = history.iter().any(|past| past.deployment == *before);
        let mut since = history.iter().take_while(|past| past.deployment != *before);
        self.calm && listed && since.any(|past| !self.goal.is_not_of(&past.action))
    }

    /// What waits now, did not wait before and does what was asked.
    fn alike<'a>(&'a self, queue: &'a [Waiting]) -> impl Iterator<Item = &'a Waiting> {
        let new = self.new_in(queue);
        new.filter(|waiting| self.goal.is_of(&waiting.action))
    }

    fn new_in<'a>(&'a self, queue: &'a [Waiting]) -> impl Iterator<Item = &'a Waiting> {
        let before = self.waited_before.as_deref().unwrap_or_default();
        queue
            .iter()
            .filter(|waiting| !before.contains(&waiting.request))
    }
}

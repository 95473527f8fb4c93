//! A list on a server in memory, behind the transport hook, paged in each way of the API.
//!
//! Its items are numbers, the newest (largest) first; their ids look like commits. The benchmarks read
//! from it too.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::{HeaderMap, Method, StatusCode};
use qovery_api::{
    BoxFuture, Call, Client, Json, Operation, OperationInfo, PageParts, PagedBackward,
    PagedOperation, Paging, RawResponse, Request, Transport, TransportError, WindowOperation,
};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Note {
    pub(crate) id: Option<String>,
    pub(crate) number: u64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct NotePage {
    page_size: Option<u64>,
    results: Vec<Note>,
    next: Option<String>,
    previous: Option<String>,
    held_back: bool,
}

impl NotePage {
    fn into_parts(self) -> PageParts<Note> {
        let mut parts = PageParts::new(self.results);
        parts.declared_size = self.page_size;
        parts.next = self.next;
        parts.previous = self.previous;
        parts.items_held_back = self.held_back;
        parts
    }
}

macro_rules! operation {
    ($name:ident, $id:literal, $path:literal) => {
        #[derive(Debug)]
        pub(crate) struct $name;

        impl Operation for $name {
            type Output = NotePage;
            type Format = Json;
            const INFO: &'static OperationInfo = &OperationInfo::new($id, Method::GET, $path);
        }
    };
    ($name:ident, $id:literal, $path:literal, $paging:expr) => {
        operation!($name, $id, $path);

        impl PagedOperation for $name {
            type Item = Note;
            const PAGING: Paging = $paging;

            fn split(page: NotePage) -> PageParts<Note> {
                page.into_parts()
            }

            fn item_id(note: &Note) -> Option<String> {
                note.id.clone()
            }
        }
    };
}

operation!(
    ListNotes,
    "listNotes",
    "/list/notes",
    Paging::StartId {
        parameter: "startId"
    }
);
operation!(
    ListEvents,
    "listEvents",
    "/list/events",
    Paging::ContinueToken {
        forward: "continueToken",
        backward: Some("stepBackToken")
    }
);
operation!(ListRecent, "listRecent", "/list/recent");

impl PagedBackward for ListEvents {}

impl WindowOperation for ListRecent {
    type Item = Note;
    const SIZE_PARAMETER: &'static str = "pageSize";
    const DEFAULT_SIZE: u32 = 20;

    fn split(page: NotePage) -> PageParts<Note> {
        page.into_parts()
    }
}

pub(crate) fn id_of(number: u64) -> String {
    format!("{number:040x}")
}

fn number_of(id: &str) -> Option<u64> {
    u64::from_str_radix(id, 16).ok()
}

/// The server's reaction to a `startId` that does not exist (any more).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) enum Missing {
    /// Continues at the former position of the item.
    #[default]
    InPlace,
    /// Starts from the head.
    FromHead,
    /// 404.
    Refused,
    /// Answers with an empty page, as at the end.
    Empty,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fault {
    Status(u16),
    Disconnected,
    Unreadable,
    /// A page without items and without a link, although there are items.
    Blank,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Change {
    InsertAtHead(u64),
    Delete(u64),
}

/// Which items come more than once on a page.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) enum Repeats {
    #[default]
    None,
    /// Each item comes twice in a row.
    Each,
    /// The first item comes again at the end.
    First,
}

/// How the server behaves.
#[derive(Debug, Clone)]
pub(crate) struct Behavior {
    pub(crate) page_size: u64,
    /// Whether a page starts at its cursor, and not after it.
    pub(crate) inclusive: bool,
    pub(crate) missing: Missing,
    pub(crate) declares_size: bool,
    /// Sends every other page half full.
    pub(crate) short_pages: bool,
    /// Sends an empty page before each page that is not the first.
    pub(crate) empty_pages: bool,
    /// Replaces the target of a cursor: from the number in the cursor to another number.
    pub(crate) detours: BTreeMap<u64, u64>,
    /// Ignores the cursor: every response is the head of the list.
    pub(crate) ignores_cursor: bool,
    /// How many items before its place a page begins.
    pub(crate) overlap: usize,
    /// How many items appear at the head before each request.
    pub(crate) grows: u64,
    pub(crate) repeats: Repeats,
    /// Whether the list has another order in each response.
    pub(crate) shuffles: bool,
    /// Whether the items of a page have another order in each response.
    pub(crate) shuffles_pages: bool,
    pub(crate) without_ids: bool,
    pub(crate) without_tokens: bool,
    pub(crate) held_back: bool,
    pub(crate) latency: Duration,
    pub(crate) keeps_urls: bool,
    /// Faults of requests, by the position of the request.
    pub(crate) faults: BTreeMap<usize, Fault>,
    /// Changes of the list just before a request, by the position of the request.
    pub(crate) changes: BTreeMap<usize, Vec<Change>>,
}

impl Default for Behavior {
    fn default() -> Self {
        Self {
            page_size: 20,
            inclusive: false,
            missing: Missing::default(),
            declares_size: true,
            short_pages: false,
            empty_pages: false,
            detours: BTreeMap::new(),
            ignores_cursor: false,
            overlap: 0,
            grows: 0,
            repeats: Repeats::None,
            shuffles: false,
            shuffles_pages: false,
            without_ids: false,
            without_tokens: false,
            held_back: false,
            latency: Duration::ZERO,
            keeps_urls: true,
            faults: BTreeMap::new(),
            changes: BTreeMap::new(),
        }
    }
}

impl Behavior {
    /// Lets a request fail.
    pub(crate) fn fail(&mut self, request: usize, fault: Fault) {
        self.faults.insert(request, fault);
    }

    /// Redirects a cursor to another page.
    pub(crate) fn detour(&mut self, from: u64, to: u64) {
        self.detours.insert(from, to);
    }
}

#[derive(Clone)]
pub(crate) struct Model(Arc<Mutex<State>>);

struct State {
    /// The numbers of the list, the oldest first, so that the head grows cheaply.
    numbers: Vec<u64>,
    behavior: Behavior,
    sent: usize,
    urls: Vec<String>,
    open: usize,
}

impl Model {
    /// A list of the numbers from `count` down to 1.
    pub(crate) fn new(count: u64, behavior: Behavior) -> Self {
        Self(Arc::new(Mutex::new(State {
            numbers: (1..=count).collect(),
            behavior,
            sent: 0,
            urls: Vec::new(),
            open: 0,
        })))
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn call<O: Operation>(&self) -> Call<O> {
        match Client::with_transport("https://api.test/v1", self.clone()) {
            Ok(client) => Call::new(&client, &[]),
            Err(error) => unreachable!("{error}"),
        }
    }

    /// The numbers of the list, the newest first.
    pub(crate) fn numbers(&self) -> Vec<u64> {
        self.with(|state| state.numbers.iter().rev().copied().collect())
    }

    pub(crate) fn change(&self, change: &Change) {
        self.with(|state| state.apply(change));
    }

    pub(crate) fn behave(&self, change: impl FnOnce(&mut Behavior)) {
        self.with(|state| change(&mut state.behavior));
    }

    /// How many requests were sent.
    pub(crate) fn sent(&self) -> usize {
        self.with(|state| state.sent)
    }

    pub(crate) fn urls(&self) -> Vec<String> {
        self.with(|state| state.urls.clone())
    }

    /// How many requests are in flight.
    pub(crate) fn open(&self) -> usize {
        self.with(|state| state.open)
    }
}

struct Open(Model);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.with(|state| state.open -= 1);
    }
}

impl Transport for Model {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<RawResponse, TransportError>> {
        let open = Open(self.clone());
        let (response, latency) = self.with(|state| {
            state.open += 1;
            (state.respond(&request), state.behavior.latency)
        });
        Box::pin(async move {
            // One turn at least, so that each request can be dropped on its way.
            tokio::task::yield_now().await;
            if latency > Duration::ZERO {
                tokio::time::sleep(latency).await;
            }
            drop(open);
            response
        })
    }
}

impl State {
    fn apply(&mut self, change: &Change) {
        match change {
            Change::InsertAtHead(count) => {
                let head = self.numbers.last().copied().unwrap_or_default();
                // Above all numbers that the list ever had, deleted or not.
                let head = head.max(1_000_000_000);
                self.numbers.extend((1..=*count).map(|step| head + step));
            }
            Change::Delete(number) => self.numbers.retain(|known| known != number),
        }
    }

    fn respond(&mut self, request: &Request) -> Result<RawResponse, TransportError> {
        let index = self.sent;
        self.sent += 1;
        if self.behavior.keeps_urls {
            self.urls.push(request.url.to_string());
        }
        for change in self.behavior.changes.remove(&index).unwrap_or_default() {
            self.apply(&change);
        }
        if self.behavior.grows > 0 {
            self.apply(&Change::InsertAtHead(self.behavior.grows));
        }
        match self.behavior.faults.get(&index) {
            Some(Fault::Status(status)) => return Ok(response(*status, "{}".to_owned())),
            Some(Fault::Disconnected) => return Err(TransportError::interrupted("line cut")),
            Some(Fault::Unreadable) => return Ok(response(200, "<html>".to_owned())),
            Some(Fault::Blank) => return Ok(response(200, self.shown(&[], None).to_string())),
            None => {}
        }
        let value = |name: &str| {
            let mut pairs = request.url.query_pairs();
            pairs
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
        };
        let page = if let Some(token) = value("continueToken") {
            self.page_by_token(&token)
        } else if let Some(token) = value("stepBackToken") {
            self.page_before_token(&token)
        } else if let Some(id) = value("startId") {
            match self.page_by_id(&id, index) {
                Some(page) => page,
                None => return Ok(response(404, "{}".to_owned())),
            }
        } else {
            let size = value("pageSize").and_then(|size| size.parse().ok());
            let size = size
                .unwrap_or(self.behavior.page_size)
                .min(self.behavior.page_size.max(100));
            match self.behavior.shuffles {
                true => self.page_of_shuffled(None),
                false => self.page(self.numbers.len(), size),
            }
        };
        Ok(response(200, page.to_string()))
    }

    /// The page whose first item is just below `end`, counted from the oldest.
    fn page(&self, end: usize, size: u64) -> Value {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let start = end.saturating_sub(size);
        let numbers = self.numbers.get(start..end).unwrap_or_default();
        let numbers: Vec<u64> = numbers.iter().rev().copied().collect();
        self.shown(&numbers, Some((start > 0, end < self.numbers.len())))
    }

    /// The page behind a number, or the first one, of the list in an order that it had never before.
    fn page_of_shuffled(&self, after: Option<u64>) -> Value {
        let mut numbers = self.numbers.clone();
        fastrand::Rng::with_seed(self.sent as u64).shuffle(&mut numbers);
        let place = after.and_then(|after| numbers.iter().position(|number| *number == after));
        let start = place.map_or(0, |place| place + usize::from(!self.behavior.inclusive));
        let size = usize::try_from(self.behavior.page_size).unwrap_or(usize::MAX);
        let end = start.saturating_add(size).min(numbers.len());
        let shown = numbers.get(start..end).unwrap_or_default();
        self.shown(shown, Some((end < numbers.len(), start > 0)))
    }

    /// The response with these items, and with links if it leads to a next and a previous page.
    fn shown(&self, numbers: &[u64], leads: Option<(bool, bool)>) -> Value {
        let mut numbers = numbers.to_vec();
        if self.behavior.shuffles_pages {
            fastrand::Rng::with_seed(self.sent as u64).shuffle(&mut numbers);
        }
        match self.behavior.repeats {
            Repeats::None => {}
            Repeats::Each => numbers = numbers.iter().flat_map(|one| [*one, *one]).collect(),
            Repeats::First => numbers.extend(numbers.first().copied()),
        }
        let (leads_on, leads_back) = leads.unwrap_or_default();
        let oldest = numbers.iter().min().copied().unwrap_or_default();
        let newest = numbers.iter().max().copied().unwrap_or(u64::MAX);
        let (next, previous) = if self.behavior.without_tokens {
            (
                "/organization/0/events".to_owned(),
                "/organization/0/events".to_owned(),
            )
        } else {
            // A client must not follow these parts of a link: another host, another path.
            let mark = if self.behavior.empty_pages {
                "empty%2B"
            } else {
                ""
            };
            (
                format!(
                    "https://elsewhere.test/organization/0/events?a=b&continueToken={mark}t%3D{oldest}"
                ),
                format!("/organization/0/events?stepBackToken=s%3D{newest}"),
            )
        };
        let results: Vec<_> = numbers
            .iter()
            .map(|number| match self.behavior.without_ids {
                true => json!({"number": number}),
                false => json!({"id": id_of(*number), "number": number}),
            })
            .collect();
        json!({
            "page_size": self.behavior.declares_size.then_some(self.behavior.page_size),
            "results": results,
            "next": leads_on.then_some(next),
            "previous": leads_back.then_some(previous),
            "held_back": self.behavior.held_back,
        })
    }

    /// How many items are older than this number.
    fn older_than(&self, number: u64) -> usize {
        self.numbers.partition_point(|known| *known < number)
    }

    fn page_by_id(&self, id: &str, index: usize) -> Option<Value> {
        let number = number_of(id)?;
        let number = *self.behavior.detours.get(&number).unwrap_or(&number);
        if self.behavior.shuffles {
            return Some(self.page_of_shuffled(Some(number)));
        }
        let older = self.older_than(number);
        let exists = self.numbers.get(older) == Some(&number);
        let end = match (exists, self.behavior.missing) {
            _ if self.behavior.ignores_cursor => self.numbers.len(),
            (true, _) => self.with_overlap(older + usize::from(self.behavior.inclusive)),
            (false, Missing::InPlace) => older,
            (false, Missing::FromHead) => self.numbers.len(),
            (false, Missing::Refused) => return None,
            (false, Missing::Empty) => 0,
        };
        let half = self.behavior.short_pages && index % 2 == 1;
        let size = self.behavior.page_size;
        Some(self.page(end, if half { size.div_ceil(2).max(2) } else { size }))
    }

    fn page_by_token(&self, token: &str) -> Value {
        let (is_empty, token) = match token.strip_prefix("empty+") {
            Some(rest) => (true, rest),
            None => (false, token),
        };
        let number = token
            .strip_prefix("t=")
            .and_then(|n| n.parse().ok())
            .unwrap_or_default();
        if is_empty {
            let next = format!("?continueToken=t%3D{number}");
            return json!({"page_size": 20, "results": [], "next": next, "held_back": false});
        }
        let number = *self.behavior.detours.get(&number).unwrap_or(&number);
        if self.behavior.shuffles {
            return self.page_of_shuffled(Some(number));
        }
        let older = self.older_than(number);
        let exists = self.numbers.get(older) == Some(&number);
        let end = match (exists, self.behavior.missing) {
            _ if self.behavior.ignores_cursor => self.numbers.len(),
            (false, Missing::Empty) => 0,
            _ => self.with_overlap(older + usize::from(self.behavior.inclusive)),
        };
        self.page(end, self.behavior.page_size)
    }

    /// The end of a page that begins before its place.
    fn with_overlap(&self, end: usize) -> usize {
        (end + self.behavior.overlap).min(self.numbers.len())
    }

    fn page_before_token(&self, token: &str) -> Value {
        let number: u64 = token
            .strip_prefix("s=")
            .and_then(|n| n.parse().ok())
            .unwrap_or_default();
        let newer_from = self.older_than(number.saturating_add(1));
        let size = usize::try_from(self.behavior.page_size).unwrap_or(usize::MAX);
        let end = self.numbers.len().min(newer_from.saturating_add(size));
        let size = u64::try_from(end - newer_from).unwrap_or(u64::MAX);
        self.page(end, size)
    }
}

fn response(status: u16, body: String) -> RawResponse {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    RawResponse::new(status, HeaderMap::new(), body)
}

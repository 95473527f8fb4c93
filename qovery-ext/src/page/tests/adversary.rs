//! A second server in memory, which varies each response: the place at which a page begins, how long it is,
//! whether it respects the cursor. Its list changes between two responses.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use proptest::prelude::*;
use qovery_api::{
    BoxFuture, Call, Client, RawResponse, Request, Transport, TransportError,
    http::{HeaderMap, StatusCode},
};
use serde_json::json;

use super::{model::id_of, *};

/// The length of the longest page.
const CAPACITY: usize = 20;

/// The behavior of the server for one request.
#[derive(Debug, Clone)]
struct Turn {
    /// Changes of the list before the response.
    changes: Vec<Edit>,
    size: usize,
    inclusive: bool,
    overlap: usize,
    ignores_cursor: bool,
    /// How often the page has each of its items.
    copies: usize,
    /// The declared size of the page; with 0, the number of items on it.
    declares: Option<usize>,
    fails: bool,
}

#[derive(Debug, Clone)]
enum Edit {
    /// Inserts a new item at a place, counted from the head.
    Insert(usize),
    Delete(usize),
    /// Moves the item at a place to the head.
    ToHead(usize),
}

#[derive(Debug, Clone, Copy)]
enum Gone {
    Empty,
    FromHead,
    InPlace,
}

#[derive(Debug, Clone)]
struct Plan {
    count: u64,
    turns: Vec<Turn>,
    gone: Gone,
    by_token: bool,
    read_ahead: bool,
    resumed_after: Vec<usize>,
}

#[derive(Clone)]
struct Server(Arc<Mutex<State>>);

struct State {
    /// The list, the newest first, with the items that were deleted as `false`.
    list: Vec<(u64, bool)>,
    next: u64,
    /// Items that were moved or deleted.
    touched: BTreeSet<u64>,
    turns: Vec<Turn>,
    gone: Gone,
    sent: usize,
}

impl Server {
    fn new(plan: &Plan) -> Self {
        Self(Arc::new(Mutex::new(State {
            list: (1..=plan.count)
                .rev()
                .map(|number| (number, true))
                .collect(),
            next: 1_000_000,
            touched: BTreeSet::new(),
            turns: plan.turns.clone(),
            gone: plan.gone,
            sent: 0,
        })))
    }

    fn call<O: qovery_api::Operation>(&self) -> Call<O> {
        Call::new(
            &Client::with_transport("https://api.test/v1", self.clone()).unwrap(),
            &[],
        )
    }
}

impl Transport for Server {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<RawResponse, TransportError>> {
        let response = self.0.lock().unwrap().respond(&request);
        Box::pin(async move {
            tokio::task::yield_now().await;
            response
        })
    }
}

impl State {
    fn apply(&mut self, edit: &Edit) {
        let place = |at: usize, list: &Vec<(u64, bool)>| {
            let present: Vec<_> = (0..list.len()).filter(|at| list[*at].1).collect();
            present.get(at % present.len().max(1)).copied()
        };
        match *edit {
            Edit::Insert(at) => {
                let at = at.min(self.list.len());
                self.list.insert(at, (self.next, true));
                self.next += 1;
            }
            Edit::Delete(at) => {
                if let Some(at) = place(at, &self.list) {
                    self.list[at].1 = false;
                    self.touched.insert(self.list[at].0);
                }
            }
            Edit::ToHead(at) => {
                if let Some(at) = place(at, &self.list) {
                    let item = self.list.remove(at);
                    self.touched.insert(item.0);
                    self.list.insert(0, item);
                }
            }
        }
    }

    fn respond(&mut self, request: &Request) -> Result<RawResponse, TransportError> {
        let turn = self.turns[self.sent % self.turns.len()].clone();
        // The changes end, so that the list does.
        if self.sent < self.turns.len() {
            for edit in &turn.changes {
                self.apply(edit);
            }
        }
        self.sent += 1;
        if turn.fails && self.sent < self.turns.len() {
            return Err(TransportError::interrupted("cut"));
        }
        let pairs: BTreeMap<_, _> = request.url.query_pairs().into_owned().collect();
        let cursor = pairs.get("startId").or(pairs.get("continueToken"));
        let cursor = cursor.and_then(|id| u64::from_str_radix(id, 16).ok());
        let cursor = cursor.filter(|_| !turn.ignores_cursor);
        let present = |number: &u64| self.list.contains(&(*number, true));
        let from = match (cursor, self.gone) {
            (None, _) => 0,
            (Some(number), Gone::Empty) if !present(&number) => self.list.len(),
            (Some(number), Gone::FromHead) if !present(&number) => 0,
            (Some(number), _) => {
                let at = self
                    .list
                    .iter()
                    .position(|(known, _)| *known == number)
                    .unwrap();
                let at = at + usize::from(!(turn.inclusive && present(&number)));
                at.saturating_sub(turn.overlap)
            }
        };
        let rest: Vec<u64> = self.list[from..]
            .iter()
            .filter(|(_, is)| *is)
            .map(|(number, _)| *number)
            .collect();
        // A page that consists of its overlap leads to no new item.
        let least = 1 + usize::from(turn.inclusive) + turn.overlap;
        // A page from the head that is shorter than it could be is the whole list, because a client cannot
        // distinguish the two.
        let size = match turn.ignores_cursor {
            true => CAPACITY,
            false => turn.size + least,
        };
        let page: Vec<u64> = rest.iter().copied().take(size).collect();
        let declared = turn.declares.map(|declared| match declared {
            _ if turn.ignores_cursor => CAPACITY,
            0 => page.len() * turn.copies,
            declared => declared,
        });
        let next = (page.len() < rest.len()).then(|| id_of(*page.last().unwrap()));
        let items = page
            .iter()
            .flat_map(|number| std::iter::repeat_n(*number, turn.copies));
        let body = json!({
            "page_size": declared,
            "results": items.map(|number| json!({"id": id_of(number), "number": number})).collect::<Vec<_>>(),
            "next": next.map(|token| format!("/x?continueToken={token}")),
            "held_back": false,
        });
        Ok(RawResponse::new(
            StatusCode::OK,
            HeaderMap::new(),
            body.to_string(),
        ))
    }
}

fn plans() -> impl Strategy<Value = Plan> {
    let edit = prop_oneof![
        3 => (0..3_usize).prop_map(|_| Edit::Insert(0)),
        1 => (0..60_usize).prop_map(Edit::Insert),
        3 => (0..60_usize).prop_map(Edit::Delete),
        2 => (0..60_usize).prop_map(Edit::ToHead),
    ];
    let turn = (
        prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(edit, 1..4)],
        0..12_usize,
        any::<bool>(),
        prop_oneof![3 => Just(0_usize), 1 => 0..4_usize],
        prop::bool::weighted(0.07),
        prop_oneof![5 => Just(1_usize), 1 => Just(2)],
        prop_oneof![2 => Just(None), 1 => (0..25_usize).prop_map(Some)],
        prop::bool::weighted(0.05),
    )
        .prop_map(
            |(changes, size, inclusive, overlap, ignores_cursor, copies, declares, fails)| Turn {
                changes,
                size,
                inclusive,
                overlap,
                ignores_cursor,
                copies,
                declares,
                fails,
            },
        );
    (
        0..70_u64,
        prop_oneof![
            1 => prop::collection::vec(turn.clone(), 1),
            2 => prop::collection::vec(turn, 2..30),
        ],
        prop_oneof![Just(Gone::Empty), Just(Gone::FromHead), Just(Gone::InPlace)],
        any::<bool>(),
        any::<bool>(),
        prop::collection::vec(0..30_usize, 0..4),
    )
        .prop_map(
            |(count, turns, gone, by_token, read_ahead, resumed_after)| Plan {
                count,
                turns,
                gone,
                by_token,
                read_ahead,
                resumed_after,
            },
        )
}

async fn read_plan<O: PagedOperation<Item = Note>>(server: &Server, plan: &Plan) -> Played {
    let mut numbers = Vec::new();
    let mut cursor: Option<String> = None;
    for count in plan.resumed_after.iter().copied().map(Some).chain([None]) {
        let mut pager = server.call::<O>().paged();
        if plan.read_ahead {
            pager = pager.read_ahead();
        }
        if let Some(cursor) = &cursor {
            pager = pager.resume(serde_json::from_str(cursor).unwrap());
        }
        let mut items = pager.items();
        let mut left = count.unwrap_or(usize::MAX);
        while left > 0 {
            left -= 1;
            match items.next().await {
                Some(Ok(note)) => numbers.push(note.number),
                Some(Err(error)) if error.api_error().is_some() => items.retry(),
                Some(Err(error)) => return (numbers, None, Some(error)),
                None => return (numbers, items.ending(), None),
            }
        }
        match items.resume_cursor() {
            Some(next) => cursor = Some(serde_json::to_string(&next).unwrap()),
            None => return (numbers, items.ending(), None),
        }
    }
    unreachable!("the last run reads to the end")
}

type Played = (Vec<u64>, Option<Ending>, Option<PageError>);

fn play(plan: &Plan) -> (Server, Played) {
    let server = Server::new(plan);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let played = runtime.block_on(async {
        match plan.by_token {
            true => read_plan::<ListEvents>(&server, plan).await,
            false => read_plan::<ListNotes>(&server, plan).await,
        }
    });
    (server, played)
}

#[test]
fn a_server_that_declares_the_number_of_items_on_a_page_as_its_size_is_read_to_the_end() {
    for (inclusive, overlap) in [(true, 0), (true, 2), (false, 0), (false, 2)] {
        let turn = Turn {
            changes: Vec::new(),
            size: 7,
            inclusive,
            overlap,
            ignores_cursor: false,
            copies: 1,
            declares: Some(0),
            fails: false,
        };
        let plan = Plan {
            count: 40,
            turns: vec![turn],
            gone: Gone::Empty,
            by_token: false,
            read_ahead: false,
            resumed_after: Vec::new(),
        };
        let (numbers, ending, error) = play(&plan).1;
        assert!(error.is_none(), "{inclusive} {overlap}: {error:?}");
        assert_eq!((numbers, ending), (down_from(40), Some(Ending::Complete)));
    }
}

proptest! {
    #![proptest_config(property_tests(256))]

    #[test]
    fn a_server_that_decides_anew_about_each_page_repeats_no_item_and_hides_none(plan in plans()) {
        let (server, (numbers, ending, error)) = play(&plan);
        let mut once = BTreeSet::new();
        prop_assert!(numbers.iter().all(|number| once.insert(*number)), "an item came twice: {:?}", numbers);
        let state = server.0.lock().unwrap();
        prop_assert!(state.sent < 1_200, "{} requests", state.sent);
        if let Some(error) = &error {
            prop_assert!(error.is_repetition() || error.is_place_lost() || error.is_dead_end(), "{}", error);
        }
        if ending == Some(Ending::Complete) {
            let kept = |number: &u64| *number <= plan.count && !state.touched.contains(number);
            let read: Vec<_> = numbers.iter().copied().filter(kept).collect();
            let all: Vec<_> = down_from(plan.count).into_iter().filter(kept).collect();
            prop_assert_eq!(read, all, "complete, but an item is missing or out of order");
        }
        // On a server that respects the cursor and always behaves the same, a list that does not change is read
        // to the end.
        let is_calm = match plan.turns.as_slice() {
            [turn] => {
                // Without a page that is known to have room, the end looks as if the cursor was ignored.
                let has_room = plan.count > CAPACITY as u64 && plan.resumed_after.is_empty();
                let is_plain = turn.overlap == 0 && turn.declares.is_none();
                turn.changes.is_empty() && !turn.ignores_cursor && (has_room || is_plain)
            }
            _ => false,
        };
        if is_calm {
            prop_assert_eq!((ending, error.map(|error| error.to_string())), (Some(Ending::Complete), None));
        }
    }
}

//! Tests of the engine on a timeline. The stories with a whole fake of the API are in `tests/`.

mod attribution;
mod cancels;
mod dropping;
mod endings;
mod group;
mod known_defects;
mod server;

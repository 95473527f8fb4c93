//! The program as its users run it: what it prints, and how it ends.

mod api;
mod program;
mod tour;

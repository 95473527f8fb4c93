//! The figures: the operation measured on the client, its counterpart on the peer, and the target.

use std::fmt;

use anyhow::Result;

use crate::generating;
use crate::meter::{self, Taken};
use crate::runtime;
use crate::subject::{Places, Subject, remove};
use crate::table::{Pair, Table};

/// One comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Figure {
    /// Generation from the contract to written files, against openapi-generator.
    Generate,
    /// `cargo check` of the crate alone, with all areas.
    Check,
    /// `cargo build --release` of the crate alone, with all areas.
    Release,
    /// `cargo check` of the crate alone, with one area, against all of the peer.
    Environments,
    /// A build from nothing: a first program against the crate of the peer.
    Cold,
    /// Decoding and calling.
    Runtime,
}

#[derive(Debug, Clone, Copy)]
enum Side {
    Ours,
    Peers,
}

/// The maximum ratio to the peer's figures.
struct Targets {
    cpu: Option<f64>,
    wall: Option<f64>,
    memory: Option<f64>,
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Generate => "generating",
            Self::Check => "cargo check, all areas",
            Self::Release => "cargo build --release, all areas",
            Self::Environments => "cargo check, area environments",
            Self::Cold => "first program, cold build",
            Self::Runtime => "decoding and calling",
        })
    }
}

impl Figure {
    /// All figures, in measuring order.
    pub(crate) const ALL: &[Self] = &[
        Self::Generate,
        Self::Check,
        Self::Release,
        Self::Environments,
        Self::Cold,
        Self::Runtime,
    ];

    /// Returns the subject built on this side and the cargo arguments; `None` for `Generate`.
    fn built(self, side: Side) -> Option<(Subject, &'static [&'static str])> {
        let (ours, peers, how): (_, _, &[&str]) = match self {
            Self::Generate => return None,
            Self::Check => (Subject::Client, Subject::Peer, &["check"]),
            Self::Release => (Subject::Client, Subject::Peer, &["build", "--release"]),
            Self::Environments => (Subject::Environments, Subject::Peer, &["check"]),
            Self::Cold => (Subject::FirstProgram, Subject::Peer, &["build"]),
            Self::Runtime => (Subject::Runtime, Subject::Runtime, &["build", "--release"]),
        };
        match side {
            Side::Ours => Some((ours, how)),
            Side::Peers => Some((peers, how)),
        }
    }

    fn targets(self) -> Targets {
        let (cpu, wall, memory) = match self {
            Self::Generate => (Some(0.3), Some(0.3), None),
            Self::Check => (Some(0.5), None, Some(0.6)),
            Self::Release => (Some(0.5), None, None),
            Self::Environments => (Some(0.12), None, None),
            Self::Cold | Self::Runtime => (Some(1.0), None, None),
        };
        Targets { cpu, wall, memory }
    }

    /// Runs the unmeasured preparation: builds the dependencies (a cold build only fetches them), or runs
    /// both generators once.
    pub(crate) fn warm_up(self, places: &Places) -> Result<()> {
        for side in [Side::Ours, Side::Peers] {
            match self.built(side) {
                Some((subject, _)) if self == Self::Cold => {
                    meter::measure(&mut places.cargo("fetch", subject))?;
                }
                Some((subject, how)) => {
                    self.build(places, subject, how)?;
                }
                None => {
                    self.once(places, side)?;
                }
            }
        }
        Ok(())
    }

    /// Measures both sides once, the peer first if `peer_first` is set.
    pub(crate) fn measure(
        self,
        places: &Places,
        peer_first: bool,
        table: &mut Table,
    ) -> Result<()> {
        if self == Self::Runtime {
            return runtime::measure(places, table);
        }
        let once = |side| self.once(places, side);
        let (our, peer) = if peer_first {
            let peer = once(Side::Peers)?;
            (once(Side::Ours)?, peer)
        } else {
            (once(Side::Ours)?, once(Side::Peers)?)
        };
        let targets = self.targets();
        let mut add = |what, target, unit, of: fn(Taken) -> f64| {
            let (ours, peers) = (of(our), of(peer));
            let pair = Pair { ours, peers, unit };
            table.add(&format!("{self}: {what}"), target, pair);
        };
        add("CPU time", targets.cpu, "s", |taken| {
            taken.cpu.as_secs_f64()
        });
        add("elapsed", targets.wall, "s", |taken| {
            taken.wall.as_secs_f64()
        });
        add("peak memory", targets.memory, "MB", |taken| {
            taken.memory as f64 / 1e6
        });
        Ok(())
    }

    /// Measures one side once.
    fn once(self, places: &Places, side: Side) -> Result<Taken> {
        match (self.built(side), side) {
            (Some((subject, how)), _) => {
                self.forget(places, subject, how)?;
                self.build(places, subject, how)
            }
            (None, Side::Ours) => generating::ours(places),
            (None, Side::Peers) => generating::peers(places),
        }
    }

    /// Removes the build output that is rebuilt: one crate, or everything for a cold build.
    fn forget(self, places: &Places, subject: Subject, how: &[&str]) -> Result<()> {
        if self == Self::Cold {
            return remove(&places.cold_target(subject));
        }
        let mut clean = places.cargo("clean", subject);
        clean.args(["--package", Places::package(subject)]);
        clean.args(how.iter().filter(|option| **option == "--release"));
        meter::measure(&mut clean).map(drop)
    }

    fn build(self, places: &Places, subject: Subject, how: &[&str]) -> Result<Taken> {
        let (command, options) = how.split_first().unwrap_or((&"check", &[]));
        let mut cargo = places.cargo(command, subject);
        cargo.args(options).args(Places::features(subject));
        if self == Self::Cold {
            cargo.env("CARGO_TARGET_DIR", places.cold_target(subject));
        }
        meter::measure(&mut cargo)
    }
}

//! The figures: what is done with the client, with what of the peer it is compared, and the target.

use std::fmt;
use std::fs;

use crate::problem::Problem;

use super::meter::{self, Taken};
use super::runtime;
use super::subject::{Places, Subject};
use super::table::{Pair, Table};

/// One comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Figure {
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

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Check => "cargo check, all areas",
            Self::Release => "cargo build --release, all areas",
            Self::Environments => "cargo check, area environments",
            Self::Cold => "first program, cold build",
            Self::Runtime => "decoding and calling",
        })
    }
}

impl Figure {
    /// In the order in which they are measured.
    pub(super) const ALL: &[Self] = &[
        Self::Check,
        Self::Release,
        Self::Environments,
        Self::Cold,
        Self::Runtime,
    ];

    /// Ours, the peer's, and what cargo is told.
    fn sides(self) -> (Subject, Subject, &'static [&'static str]) {
        match self {
            Self::Check => (Subject::Client, Subject::Peer, &["check"]),
            Self::Release => (Subject::Client, Subject::Peer, &["build", "--release"]),
            Self::Environments => (Subject::Environments, Subject::Peer, &["check"]),
            Self::Cold => (Subject::FirstProgram, Subject::Peer, &["build"]),
            Self::Runtime => (Subject::Runtime, Subject::Runtime, &["build", "--release"]),
        }
    }

    /// The most that time and memory may be of the peer's.
    fn targets(self) -> (f64, Option<f64>) {
        match self {
            Self::Check => (0.5, Some(0.6)),
            Self::Release => (0.5, None),
            Self::Environments => (0.12, None),
            Self::Cold | Self::Runtime => (1.0, None),
        }
    }

    /// Builds what is not measured: the dependencies, and for a cold build only fetches them.
    pub(super) fn warm_up(self, places: &Places) -> Result<(), Problem> {
        let (ours, peers, how) = self.sides();
        for subject in [ours, peers] {
            if self == Self::Cold {
                meter::measure(&mut places.cargo("fetch", subject))?;
            } else {
                self.build(places, subject, how)?;
            }
        }
        Ok(())
    }

    /// Measures both sides once, the peer first where told so.
    pub(super) fn measure(
        self,
        places: &Places,
        peer_first: bool,
        table: &mut Table,
    ) -> Result<(), Problem> {
        if self == Self::Runtime {
            return runtime::measure(places, table);
        }
        let (ours, peers, how) = self.sides();
        let once = |subject| {
            self.forget(places, subject, how)?;
            self.build(places, subject, how)
        };
        let (our, peer) = if peer_first {
            let peer = once(peers)?;
            (once(ours)?, peer)
        } else {
            (once(ours)?, once(peers)?)
        };
        let (time, memory) = self.targets();
        let seconds = |ours, peers| Pair {
            ours,
            peers,
            unit: "s",
        };
        table.add(
            &format!("{self}: CPU time"),
            Some(time),
            seconds(our.cpu.as_secs_f64(), peer.cpu.as_secs_f64()),
        );
        table.add(
            &format!("{self}: elapsed"),
            None,
            seconds(our.wall.as_secs_f64(), peer.wall.as_secs_f64()),
        );
        let megabytes = |taken: Taken| taken.memory as f64 / 1e6;
        table.add(
            &format!("{self}: peak memory"),
            memory,
            Pair {
                ours: megabytes(our),
                peers: megabytes(peer),
                unit: "MB",
            },
        );
        Ok(())
    }

    /// Takes away what is to be built again: one crate, or everything.
    fn forget(self, places: &Places, subject: Subject, how: &[&str]) -> Result<(), Problem> {
        if self == Self::Cold {
            let target = places.cold_target(subject);
            return match fs::remove_dir_all(&target) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    Err(Problem::in_file(&target, error.to_string()))
                }
                _ => Ok(()),
            };
        }
        let mut clean = places.cargo("clean", subject);
        clean.args(["--package", Places::package(subject)]);
        clean.args(how.iter().filter(|option| **option == "--release"));
        meter::measure(&mut clean).map(drop)
    }

    fn build(self, places: &Places, subject: Subject, how: &[&str]) -> Result<Taken, Problem> {
        let (command, options) = how.split_first().unwrap_or((&"check", &[]));
        let mut cargo = places.cargo(command, subject);
        cargo.args(options).args(Places::features(subject));
        if self == Self::Cold {
            cargo.env("CARGO_TARGET_DIR", places.cold_target(subject));
        }
        meter::measure(&mut cargo)
    }
}

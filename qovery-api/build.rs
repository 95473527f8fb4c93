//! Detects an edit of the contract and regenerates the client.
//!
//! In this workspace, "edit the contract, build" gives a client for the new contract. Everywhere else (a packaged
//! crate, a dependency by path or git, a vendored crate) this script does nothing, and the checked-in code is built. It
//! has no dependencies, and a dependent build never compiles the generator. If the generated code is current, the
//! script reads a few files and ends.

#![forbid(unsafe_code)]

#[path = "build/fingerprint.rs"]
mod fingerprint;
#[path = "build/recorded.rs"]
mod recorded;
#[path = "build/regenerate.rs"]
mod regenerate;
#[path = "build/workspace.rs"]
mod workspace;

use std::env;
use std::process::ExitCode;

use recorded::Recorded;
use workspace::Workspace;

/// The command that regenerates the client.
const COMMAND: &str = "cargo xtask generate";
/// The name of the generator's input files, for messages.
const SOURCES: &str = "openapi.yaml, openapi-ws.yaml and their overlays";
/// The variable that forbids this script to write anything, with the value `never`.
const SWITCH: &str = "QOVERY_REGENERATE";

fn main() -> ExitCode {
    // No variable is watched. Their values matter only if the client is not current. The script then fails, and cargo
    // runs it again in the next build, or it regenerates the client. Watching `CI` would compile the whole client again
    // whenever builds inside and outside of CI alternate.
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    let Some(workspace) = Workspace::around() else {
        return ExitCode::SUCCESS;
    };
    for watched in workspace.watched() {
        println!("cargo::rerun-if-changed={}", watched.display());
    }
    match keep_current(&workspace) {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(news)) => {
            println!("cargo::warning={news}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            for line in problem.lines() {
                println!("cargo::error={line}");
            }
            ExitCode::FAILURE
        }
    }
}

/// Regenerates the code if it differs from the contract, and reports that.
fn keep_current(workspace: &Workspace) -> Result<Option<String>, String> {
    let wanted = workspace.fingerprint()?;
    match workspace.recorded() {
        Recorded::Of(found) if found == wanted => return Ok(None),
        Recorded::OfOtherFiles => {
            return Ok(Some(format!(
                "the client was not generated from {SOURCES}: run `{COMMAND}` to generate it from them"
            )));
        }
        Recorded::Of(_) | Recorded::Nothing => {}
    }
    let stale = format!("the generated client does not match {SOURCES}");
    let forbidden = match env::var(SWITCH).as_deref() {
        Ok("never") => Some(format!("{SWITCH}=never")),
        Ok("") | Err(_) => in_ci().then(|| "CI is set".to_owned()),
        Ok(other) => {
            return Err(format!(
                "{SWITCH} is `{other}`: its only valid value is `never`"
            ));
        }
    };
    if let Some(reason) = forbidden {
        return Err(format!(
            "{stale}, and a build must not change it here ({reason})\nrun `{COMMAND}`, and commit the written files"
        ));
    }
    let summary = regenerate::run(workspace, &wanted)
        .map_err(|problem| format!("{stale}, and generating it failed\n{problem}"))?;
    Ok(Some(format!(
        "the contract or its overlay changed: {summary}"
    )))
}

/// Whether `CI` is set, and neither empty nor `0` nor `false`.
fn in_ci() -> bool {
    env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false" && value != "0")
}

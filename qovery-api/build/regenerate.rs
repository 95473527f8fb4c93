//! Runs the regenerator, a separate program that dependent builds do not contain.
//!
//! When the build is aborted, the regenerator ends with it or continues alone. In both cases it changes all of
//! its files or none.

use std::env;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use super::recorded::Recorded;
use super::workspace::Workspace;

/// The beginnings of the variables that cargo and its subcommands set for a build script. None of them applies
/// to the build of the regenerator.
const OF_THIS_BUILD: [&str; 9] = [
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_CFG_",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_FEATURE_",
    "CLIPPY_",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTDOC",
    "RUSTFLAGS",
];

/// Generates the client, and emits a warning.
pub(crate) fn run(workspace: &Workspace, wanted: &str) -> Result<String, String> {
    // A separate directory, because the cargo that runs this script holds the lock of its own directory.
    let target = workspace.root.join("target").join("regenerate");
    fs::create_dir_all(&target)
        .map_err(|error| format!("{} cannot be created: {error}", target.display()))?;
    let _turn = take_turns(&target)?;
    if workspace.recorded() == Recorded::Of(wanted.to_owned()) {
        return Ok("another build has generated the client again".to_owned());
    }
    let (status, said) = finish(&mut regenerator(&workspace.root, &target))
        .map_err(|error| format!("the regenerator cannot be run: {error}"))?;
    if !status.success() {
        return Err(format!(
            "{said}the regenerator ended with {status}; run `cargo xtask generate` to see it alone"
        ));
    }
    if workspace.recorded() != Recorded::Of(wanted.to_owned()) {
        return Err("the regenerator ran, but its output does not match the contract: was the contract edited in the meantime?".to_owned());
    }
    workspace.settle();
    Ok("the client was generated again".to_owned())
}

/// Lets simultaneous builds, such as that of an editor, regenerate one after the other.
fn take_turns(target: &Path) -> Result<File, String> {
    let path = target.join("turn");
    let problem = |error| format!("{} cannot be locked: {error}", path.display());
    let file = File::create(&path).map_err(problem)?;
    file.lock().map_err(problem)?;
    Ok(file)
}

/// Runs a command to its end. Returns its status and its messages.
///
/// Cargo shows nothing of a build script before it ends, and building the regenerator takes minutes: each
/// message goes to the terminal as well, if there is one.
fn finish(command: &mut Command) -> io::Result<(ExitStatus, String)> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut terminal = terminal();
    let mut said = String::new();
    let mut lines = child.stderr.take().map(BufReader::new);
    let mut line = Vec::new();
    while let Some(lines) = &mut lines {
        line.clear();
        if lines.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let message = String::from_utf8_lossy(&line);
        if let Some(shown) = &mut terminal
            && write!(shown, "{message}").is_err()
        {
            terminal = None;
        }
        if message.trim_start().starts_with("Running `") {
            // The messages of the regenerator itself are below.
            said.clear();
        } else {
            said.push_str(&message);
        }
    }
    Ok((child.wait()?, said))
}

/// The terminal of this process.
fn terminal() -> Option<File> {
    let name = if cfg!(windows) { "CONOUT$" } else { "/dev/tty" };
    File::options().write(true).open(name).ok()
}

fn regenerator(root: &Path, target: &Path) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in env::vars_os() {
        let told = name.to_string_lossy();
        if OF_THIS_BUILD.iter().any(|known| told.starts_with(known)) {
            command.env_remove(&name);
        }
    }
    command
        .current_dir(root)
        .args(["run", "--locked"])
        .args(["--package", "xtask", "--profile", "xtask"])
        .arg("--target-dir")
        .arg(target)
        // In newer versions of cargo, another setting names the directory of intermediate artifacts.
        .env("CARGO_BUILD_BUILD_DIR", target);
    // It runs on this machine, whichever target this build has.
    if let Some(host) = env::var_os("HOST") {
        command.arg("--target").arg(host);
    }
    command.args(["--", "generate"]);
    command
}

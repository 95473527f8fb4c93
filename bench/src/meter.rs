//! Runs a command to its end and measures its resources.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use wait4::Wait4;

/// The resources that a command used, including its children.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Taken {
    /// Elapsed time.
    pub(crate) wall: Duration,
    /// User and system time, on all processors together.
    pub(crate) cpu: Duration,
    /// The peak memory of the largest process, in bytes.
    pub(crate) memory: u64,
}

/// Runs a command.
///
/// # Errors
/// Returns an error if the command cannot be started or fails, with the end of its output.
pub(crate) fn measure(command: &mut Command) -> Result<Taken> {
    let shown = format!("{command:?}");
    let log = tempfile::NamedTempFile::new()?;
    let to_log = log.reopen()?;
    let begin = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(to_log)
        .spawn()
        .with_context(|| format!("{shown} cannot be started"))?;
    let used = child
        .wait4()
        .with_context(|| format!("{shown} cannot be waited for"))?;
    let wall = begin.elapsed();
    if !used.status.success() {
        let printed = std::fs::read_to_string(log.path()).unwrap_or_default();
        let lines: Vec<&str> = printed.lines().collect();
        let end = lines
            .get(lines.len().saturating_sub(20)..)
            .unwrap_or_default();
        bail!("{shown}: {}: {}", used.status, end.join(" / "));
    }
    Ok(Taken {
        wall,
        cpu: used.rusage.utime + used.rusage.stime,
        memory: used.rusage.maxrss,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_a_failed_command_contains_its_output() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo no such thing >&2; exit 3"]);
        let problem = measure(&mut command).unwrap_err().to_string();
        assert!(problem.contains("no such thing"), "{problem}");
        let mut command = Command::new("/no/such/command");
        assert!(measure(&mut command).is_err());
    }

    #[test]
    fn time_and_memory_of_child_processes_are_included() {
        let mut command = Command::new("sh");
        command.args(["-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; :"]);
        let taken = measure(&mut command).unwrap();
        assert!(taken.cpu > Duration::ZERO && taken.wall >= Duration::from_millis(1));
        assert!(taken.memory > 100_000, "{}", taken.memory);
    }
}

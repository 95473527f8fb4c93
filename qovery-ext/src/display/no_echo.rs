//! Prevents the terminal from printing `^C` between the bars. The bars are redrawn from the position of the
//! cursor, so the text would leave a line behind.
//!
//! Dropping it restores the terminal. If the program is killed, the terminal stays in this mode. The only
//! effect is that it does not print `^C`.

#[cfg(unix)]
use rustix::{
    stdio::stdin,
    termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr},
};

/// Hides control keys on the terminal until it is dropped.
#[derive(Debug)]
pub(super) struct NoEcho {
    /// The modes to restore; `None` if there is no terminal.
    #[cfg(unix)]
    before: Option<Termios>,
}

impl NoEcho {
    #[cfg(unix)]
    pub(super) fn new() -> Self {
        let quieted = tcgetattr(stdin()).and_then(|before| {
            let mut quiet = before.clone();
            quiet.local_modes.remove(LocalModes::ECHOCTL);
            tcsetattr(stdin(), OptionalActions::Now, &quiet)?;
            Ok(before)
        });
        Self {
            before: quieted.ok(),
        }
    }

    #[cfg(not(unix))]
    pub(super) fn new() -> Self {
        Self {}
    }
}

#[cfg(unix)]
impl Drop for NoEcho {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            // If the terminal is gone, there is nothing to restore.
            let _gone = tcsetattr(stdin(), OptionalActions::Now, before);
        }
    }
}

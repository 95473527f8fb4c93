//! Opens a file that a user or a program has named, if it is a regular file.
//!
//! Opening a FIFO waits for a writer, and opening a device may have any effect.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::Path,
};

/// Opens a file, or creates it if the options say so; it never waits.
///
/// # Errors
/// Returns an error if the path leads to anything but a regular file.
pub(crate) fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    // Before the file is opened. The options decide about a missing file.
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return Err(not_regular());
    }
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, libc::O_NONBLOCK);
    let file = options.open(path)?;
    // Once more, because the file may have been replaced.
    if !file.metadata()?.is_file() {
        return Err(not_regular());
    }
    Ok(file)
}

fn not_regular() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_created_if_the_options_say_so_and_a_fifo_is_not_waited_for() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        let missing = open(&file, OpenOptions::new().read(true)).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
        open(&file, OpenOptions::new().append(true).create(true)).unwrap();
        open(&file, OpenOptions::new().read(true)).unwrap();
        let fifo = directory.path().join("fifo");
        let made = std::process::Command::new("mkfifo").arg(&fifo).status();
        assert!(made.unwrap().success());
        for path in [&fifo, directory.path(), Path::new("/dev/zero")] {
            for options in [
                OpenOptions::new().read(true),
                OpenOptions::new().append(true),
            ] {
                let error = open(path, options).unwrap_err();
                assert_eq!(error.to_string(), "it is not a regular file");
            }
        }
    }
}

//! Special files in place of the context file of the command-line tool, and names of this machine.

#![cfg(unix)]

use std::{
    fs,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use qovery_api::{Call, Client};
use qovery_ext::{
    connect::{Connect, ConnectError, RetryPolicy},
    recipes::Bulk,
};
use qovery_fake::FakeQovery;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::stub::{GetNote, Stub, response};

const CONTEXT: &str = r#"{"access_token": "eyJ.s3cret.x"}"#;

/// Builds a client with this context file, in a separate thread: if the build hangs, the test fails.
fn build(path: &Path) -> Result<Client, ConnectError> {
    let path = path.to_owned();
    let (done, outcome) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let stub = Stub::responding(200, "{}");
        let built = Connect::new()
            .cli_context_file(path)
            .transport(stub)
            .build();
        let _ = done.send(built);
    });
    outcome
        .recv_timeout(Duration::from_secs(20))
        .expect("building does not wait for a file")
}

fn mkfifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn only_a_regular_file_is_opened() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    mkfifo(&at("fifo"));
    let _listener = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    std::os::unix::fs::symlink(at("fifo"), at("link")).unwrap();
    fs::create_dir(at("directory")).unwrap();
    let devices = ["/dev/zero", "/dev/full", "/dev/ptmx"].map(PathBuf::from);
    let files = ["fifo", "socket", "link", "directory"].map(at);
    for path in files.into_iter().chain(devices) {
        if !path.exists() {
            continue;
        }
        let error = build(&path).unwrap_err();
        assert!(error.is_cli_context(), "{}: {error}", path.display());
        assert!(error.to_string().contains("not a regular file"), "{error}");
    }
}

#[test]
fn a_file_without_an_end_is_read_up_to_the_limit() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("context.json");
    let file = fs::File::create(&path).unwrap();
    // A sparse file: it takes no disk space and is too large to read.
    file.set_len(1 << 40).unwrap();
    let begun = Instant::now();
    let error = build(&path).unwrap_err();
    assert!(error.to_string().contains("too large"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_fifo_in_place_of_the_file_does_not_hold_up_a_renewal() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("context.json");
    fs::write(&path, CONTEXT).unwrap();
    let refusing = Stub::new(|_| Ok(response(401, "{}")));
    let client = Connect::new()
        .cli_context_file(&path)
        .transport(refusing)
        .retry(RetryPolicy::never())
        .build()
        .unwrap();
    fs::remove_file(&path).unwrap();
    mkfifo(&path);
    let call = Call::<GetNote>::new(&client, &[&"x"]);
    let outcome = tokio::time::timeout(Duration::from_secs(20), call.into_future()).await;
    let error = outcome
        .expect("the call does not wait for the file")
        .unwrap_err();
    assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
}

/// Runs a bulk action with this journal, in a separate thread: if it hangs, the test fails.
fn run_bulk(journal: &Path) -> Result<(), String> {
    let journal = journal.to_owned();
    let (done, outcome) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let ran = runtime.block_on(async {
            let fake = FakeQovery::new();
            fake.environment("one");
            let bulk = Bulk::new(&fake.client()).journal(journal);
            bulk.run(|environment| environment.stop()).await
        });
        let ran = ran.map(|summary| assert!(summary.all_reached(), "{summary}"));
        let _ = done.send(ran.map_err(|error| format!("{error} {error:?}")));
    });
    outcome
        .recv_timeout(Duration::from_secs(60))
        .expect("it does not wait for a file")
}

#[test]
fn a_journal_is_a_regular_file_and_no_other_file_is_changed() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    mkfifo(&at("fifo"));
    let _listener = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    std::os::unix::fs::symlink(at("fifo"), at("link")).unwrap();
    std::os::unix::fs::symlink(at("loop"), at("loop")).unwrap();
    fs::create_dir(at("directory")).unwrap();
    let files = [
        "fifo",
        "socket",
        "link",
        "loop",
        "directory",
        "no/such/file",
    ]
    .map(at);
    let devices = ["/dev/zero", "/dev/full", "/dev/null"].map(PathBuf::from);
    for path in files.into_iter().chain(devices) {
        let error = run_bulk(&path).expect_err(&path.to_string_lossy());
        assert!(error.contains("cannot be used"), "{error}");
    }
    // Files of a user that were named by mistake.
    for text in [
        &b"qov_0123456789abcdef"[..],
        b"A=1\nB=2",
        b"{\"a\": 1}",
        b"{\"a\": 1}\n{\"b\"",
        b"{\"environment\": 1}",
        b"[]\n",
        b"\xff\xfe\n",
        b"\xff\xfe",
        b"\0\0\0\0",
        b"{\"environment\":\"\x1b]0;owned\x07\",\"name\":\"\",\"event\":\"::error::\"}\n",
    ] {
        let path = at("file");
        fs::write(&path, text).unwrap();
        let error = run_bulk(&path).expect_err(&String::from_utf8_lossy(text));
        assert!(error.contains("is not an entry of a journal"), "{error}");
        assert_eq!(integration_tests::hostile::faults(&error), [""; 0]);
        assert!(!error.contains("0123456789"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), text, "the file stays as it is");
    }
    for (length, wanted) in [(1 << 40, "larger than 256 MiB"), (1 << 27, "too long")] {
        let sparse = at("sparse");
        fs::File::create(&sparse).unwrap().set_len(length).unwrap();
        let begun = Instant::now();
        let error = run_bulk(&sparse).unwrap_err();
        assert!(error.contains(wanted), "{error}");
        assert!(begun.elapsed() < Duration::from_secs(30));
    }

    // A journal can be continued, also behind a link, and other users cannot read it.
    let journal = at("journal");
    std::os::unix::fs::symlink(&journal, at("to-journal")).unwrap();
    run_bulk(&journal).unwrap();
    run_bulk(&at("to-journal")).unwrap();
    let mode = fs::metadata(&journal).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "{mode:o}");
}

/// All events and spans that were traced.
#[derive(Clone, Default)]
struct Traced(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Traced {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        std::io::Write::write(&mut *self.0.lock().unwrap(), bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_file_that_others_may_read_is_warned_about_once() {
    let traced = Traced::default();
    let writer = traced.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || writer.clone());
    // With one subscriber only, nothing is traced at a place that another test was the first to reach.
    let _other = tracing::Dispatch::new(tracing_subscriber::registry());
    let _guard = subscriber.finish().set_default();
    let warnings = || {
        let text = String::from_utf8(traced.0.lock().unwrap().clone()).unwrap();
        assert!(!text.contains("s3cret"), "{text}");
        text.matches("chmod 600").count()
    };
    let directory = tempfile::tempdir().unwrap();
    let mut expected = 0;
    for (mode, is_open) in [(0o600, 0), (0o400, 0), (0o640, 1), (0o604, 1), (0o620, 1)] {
        let path = directory.path().join(format!("{mode:o}.json"));
        fs::File::create(&path)
            .unwrap()
            .write_all(CONTEXT.as_bytes())
            .unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        for _ in 0..3 {
            let stub = Stub::responding(200, "{}");
            let built = Connect::new()
                .cli_context_file(&path)
                .transport(stub)
                .build();
            built.expect("a warning is not a refusal");
        }
        expected += is_open;
        assert_eq!(warnings(), expected, "{mode:o}");
    }
}

#[tokio::test]
async fn names_of_this_machine_resolve_to_it_without_a_name_server() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        loop {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let length = connection.read(&mut request).await.unwrap();
            let request = String::from_utf8_lossy(&request[..length]).to_lowercase();
            assert!(request.contains("authorization: token qov_"), "{request}");
            let response = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
            connection.write_all(response.as_bytes()).await.unwrap();
        }
    });
    // No name server knows these names. A name server that did could resolve them to any machine.
    for host in ["localhost", "api.localhost", "a.b-c.localhost", "LOCALHOST"] {
        let client = Connect::new()
            .token("qov_0123456789")
            .base_url(format!("http://{host}:{port}"))
            .retry(RetryPolicy::never())
            .build()
            .unwrap();
        Call::<GetNote>::new(&client, &[&"x"]).await.unwrap();
    }
    server.abort();
    for host in [
        "localhost.",
        "api.localhost.",
        "localhost.evil.test",
        "xlocalhost",
    ] {
        let client = Connect::new()
            .token("qov_0123456789")
            .base_url(format!("http://{host}:{port}"))
            .build();
        assert!(client.unwrap_err().is_insecure_url(), "{host}");
    }
}

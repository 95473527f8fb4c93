//! Commands and forwarded ports.

use qovery_ext::{
    connect::Connect,
    stream::{LiveExt, StreamErrorKind},
};
use qovery_fake::SocketFault;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::world;

#[tokio::test(start_paused = true)]
async fn a_command_gets_its_input_and_gives_its_output_until_the_end() {
    let (fake, _, service) = world();
    let exec = fake.client().exec(service.id(), ["sh", "-c", "cat a&b"]);
    let mut exec = exec
        .pod("api-0")
        .container("main")
        .terminal(120, 40)
        .start()
        .await
        .unwrap();
    exec.write("hello").await.unwrap();
    assert_eq!(exec.read().await.unwrap().unwrap(), "hello");
    exec.write(vec![0, 255, 10]).await.unwrap();
    assert_eq!(exec.read().await.unwrap().unwrap(), &[0, 255, 10][..]);
    exec.end_input().await.unwrap();
    assert_eq!(exec.read().await.unwrap(), None);
    assert_eq!(exec.read().await.unwrap(), None);
    let error = exec.write("more").await.unwrap_err().to_string();
    assert!(
        error.starts_with("the connection to the command has ended: "),
        "{error}"
    );
    let query = fake.socket_requests().remove(0).query;
    let value = |name: &str| {
        let mut query = query.iter();
        query
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    };
    assert_eq!(value("command[2]"), Some("cat a&b"));
    assert_eq!(value("tty_width"), Some("120"));
    assert_eq!(value("tty_height"), Some("40"));
    assert_eq!(value("container_name"), Some("main"));
}

#[tokio::test(start_paused = true)]
async fn input_that_is_larger_than_all_buffers_does_not_wait_for_its_own_output() {
    let (fake, _, service) = world();
    let exec = fake.client().exec(service.id(), ["cat"]).start().await;
    let mut exec = exec.unwrap();
    let mut received = 0;
    for _ in 0..3 {
        let sent = exec.write(vec![7; 1 << 20]);
        tokio::time::timeout(std::time::Duration::from_secs(60), sent)
            .await
            .expect("it is sent")
            .unwrap();
    }
    exec.end_input().await.unwrap();
    while let Some(bytes) = exec.read().await.unwrap() {
        received += bytes.len();
    }
    assert_eq!(received, 3 << 20);
}

#[tokio::test(start_paused = true)]
async fn an_end_that_arrives_while_input_is_sent_is_returned_by_the_next_read() {
    for (code, is_error) in [(1000, false), (1011, true)] {
        let (fake, _, service) = world();
        fake.inject_socket(SocketFault::close(code, "").after_frames(1));
        let exec = fake.client().exec(service.id(), ["cat"]).start().await;
        let mut exec = exec.unwrap();
        exec.write("first").await.unwrap();
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        while exec.write(vec![7; 1 << 16]).await.is_ok() {}
        assert_eq!(exec.read().await.unwrap().unwrap(), "first");
        assert_eq!(exec.read().await.is_err(), is_error);
        assert_eq!(exec.read().await.unwrap(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn every_close_code_of_a_command_is_distinguished_and_no_command_runs_twice() {
    for (code, reason, kind) in [
        (1007, "permission denied", StreamErrorKind::Permanent),
        (1008, "token expired", StreamErrorKind::Permanent),
        (
            1011,
            "Timeout while connecting to pod",
            StreamErrorKind::Exhausted,
        ),
        (1011, "status: NotFound", StreamErrorKind::NoAgent),
        (1001, "", StreamErrorKind::Exhausted),
    ] {
        let (fake, _, service) = world();
        fake.inject_socket(SocketFault::close(code, reason));
        let mut exec = fake
            .client()
            .exec(service.id(), ["true"])
            .start()
            .await
            .unwrap();
        let error = exec.read().await.unwrap_err();
        assert_eq!(
            (error.kind(), error.close_code()),
            (kind, Some(code)),
            "{reason}"
        );
        assert_eq!(exec.read().await.unwrap(), None);
        tokio::time::sleep(std::time::Duration::from_secs(300)).await;
        assert_eq!(fake.socket_requests().len(), 1);
    }
    let (fake, _, service) = world();
    fake.inject_socket(SocketFault::close(1000, ""));
    let mut exec = fake
        .client()
        .exec(service.id(), ["true"])
        .start()
        .await
        .unwrap();
    assert_eq!(exec.read().await.unwrap(), None);
    fake.inject_socket(SocketFault::refused(403));
    let error = fake
        .client()
        .exec(service.id(), ["true"])
        .start()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), StreamErrorKind::Unauthorized);
}

#[tokio::test]
async fn a_port_of_a_service_is_reached_on_loopback_by_several_connections() {
    let (fake, _, service) = world();
    let server = fake.serve().await.unwrap();
    let client = Connect::new()
        .base_url(server.url())
        .stream_url(server.stream_url())
        .token(fake.token())
        .build()
        .unwrap();
    let forward = client
        .port_forward(service.id(), 0, 5432)
        .start()
        .await
        .unwrap();
    assert!(forward.address().ip().is_loopback());
    let mut connections = Vec::new();
    for n in 0..3_u8 {
        let mut connection = TcpStream::connect(forward.address()).await.unwrap();
        connection.write_all(&[n; 50_000]).await.unwrap();
        connections.push((n, connection));
    }
    for (n, mut connection) in connections {
        let mut echoed = vec![0; 50_000];
        connection.read_exact(&mut echoed).await.unwrap();
        assert!(echoed.iter().all(|byte| *byte == n));
    }
    // Both directions at the same time, with more data than all buffers hold.
    let connection = TcpStream::connect(forward.address()).await.unwrap();
    let (mut reader, mut writer) = connection.into_split();
    let sending = tokio::spawn(async move {
        writer.write_all(&vec![5; 8 << 20]).await.unwrap();
        writer
    });
    let mut echoed = vec![0; 8 << 20];
    let reading = reader.read_exact(&mut echoed);
    tokio::time::timeout(std::time::Duration::from_secs(120), reading)
        .await
        .expect("both sides read")
        .unwrap();
    drop(sending.await.unwrap());
    // A program that ends its input at once still receives the whole response.
    for size in [1, 100_000] {
        let mut connection = TcpStream::connect(forward.address()).await.unwrap();
        connection.write_all(&vec![6; size]).await.unwrap();
        connection.shutdown().await.unwrap();
        let mut echoed = vec![0; size];
        let reading = connection.read_exact(&mut echoed);
        let read = tokio::time::timeout(std::time::Duration::from_secs(60), reading).await;
        read.expect("the response comes").unwrap();
        assert!(echoed.iter().all(|byte| *byte == 6), "{size}");
    }
    assert!(forward.last_error().is_none());
    fake.inject_socket(SocketFault::close(1011, "status: NotFound"));
    let mut connection = TcpStream::connect(forward.address()).await.unwrap();
    let mut rest = Vec::new();
    connection.read_to_end(&mut rest).await.unwrap_or_default();
    assert_eq!(rest.len(), 0);
    let error = forward.last_error().unwrap();
    assert_eq!(error.kind(), StreamErrorKind::NoAgent);
    let request = fake.socket_requests().remove(0);
    assert_eq!(request.path, "/shell/portforward");
    assert!(
        request
            .query
            .contains(&("port".to_owned(), "5432".to_owned()))
    );
    let address = forward.address();
    drop(forward);
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert!(TcpStream::connect(address).await.is_err());
}

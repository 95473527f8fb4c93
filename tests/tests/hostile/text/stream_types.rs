//! The types of live streams, and the names of the subjects of waits.

use std::time::Duration;

use qovery_api::uuid::Uuid;
use qovery_ext::{
    stream::{LiveExt, Reconnect},
    wait::{Names, NotRunning, ServiceKind, ServiceRef, Subject, WaitExt},
};
use qovery_fake::{FakeQovery, SocketFault, Step, Workload};

use super::Printed;

/// The maximum length of the reason in a close frame, in bytes, minus the longest character.
const REASON: usize = 115;

/// The beginning of a text, at most as long as the reason of a close frame.
fn reason(text: &str) -> String {
    let mut reason = String::new();
    for c in text.chars() {
        if reason.len() + c.len_utf8() > REASON {
            break;
        }
        reason.push(c);
    }
    reason
}

pub(super) async fn all(text: &str, printed: &mut Printed) {
    named(text, printed);
    lines(text, printed).await;
    errors(text, printed).await;
    running(text, printed).await;
}

fn named(text: &str, printed: &mut Printed) {
    let [environment, first, second] = [1, 2, 3].map(Uuid::from_u128);
    let names = [environment, first, second].map(|id| (id, text.to_owned()));
    let names: Names = names.into_iter().collect();
    let service = |id| ServiceRef::new(ServiceKind::Container, id);
    printed.display("ext Named Display", &names.service(service(first)));
    for subject in [
        Subject::environment(environment),
        Subject::service(service(first)),
        Subject::cluster(second, environment),
        Subject::services(environment, vec![service(first)]),
        Subject::services(environment, vec![service(first), service(second)]),
    ] {
        printed.display("ext NamedSubject Display", &subject.named(&names));
    }
}

async fn lines(text: &str, printed: &mut Printed) {
    let fake = FakeQovery::new();
    let environment = fake.environment(text);
    let service = environment.service(Workload::Application, text);
    let service = service.prints(&format!("1{text}"));
    let client = fake.client();
    let mut lines = client.service_logs(service.id());
    printed.debug("ext Live Debug", &lines);
    let mut line = loop {
        let event = lines.next().await.unwrap().unwrap();
        if let qovery_ext::stream::Event::Item(line) = event {
            break line;
        }
    };
    printed.debug("ext Live Debug", &lines);
    printed.display("ext ServiceLine Display", &line);
    text.clone_into(&mut line.line.message);
    text.clone_into(&mut line.line.pod_name);
    printed.display("ext ServiceLine Display", &line);

    let script = environment.next_deployment().logs(&service, [text]);
    script
        .fails_at(&service, Step::Build)
        .because(text)
        .after_logging([text]);
    let mut lines = client.deployment_logs(environment.id()).items();
    let handle = client.environment(environment.id());
    let deploying = async {
        handle.deploy().await.unwrap_err();
    };
    let reading = async {
        let mut read = Vec::new();
        while let Ok(Some(Ok(line))) =
            tokio::time::timeout(Duration::from_secs(60), lines.next()).await
        {
            read.push(line);
        }
        read
    };
    let (read, ()) = tokio::join!(reading, deploying);
    assert!(!read.is_empty());
    for mut line in read {
        printed.display("ext DeploymentLine Display", &line);
        if let Some(about) = &mut line.entry.details.transmitter {
            about.name = Some(text.to_owned());
        }
        if let Some(message) = &mut line.entry.message {
            message.safe_message = Some(text.to_owned());
        }
        printed.display("ext DeploymentLine Display", &line);
    }
}

async fn errors(text: &str, printed: &mut Printed) {
    let fake = FakeQovery::new();
    let environment = fake.environment(text);
    let service = environment.service(Workload::Application, text);
    let client = fake.client();
    let exec = client.exec(service.id(), ["sh", text]);
    match exec.pod(text).container(text).start().await {
        Ok(exec) => {
            printed.debug("ext Exec Debug", &exec);
            exec.close().await;
        }
        // A value that cannot be sent is refused.
        Err(error) => printed.causes("ext StreamError Display", &error),
    }
    for fault in [
        SocketFault::close(1008, reason(text)),
        SocketFault::close(1011, format!("NotFound{}", reason(text))),
        SocketFault::close(1012, reason(text)),
        SocketFault::refused(403),
        SocketFault::lost(),
        SocketFault::compressed(),
    ] {
        fake.inject_socket(fault.on("/service/logs"));
        let lines = client.service_logs(service.id());
        let mut lines = lines.reconnect(Reconnect::never());
        let mut error = None;
        while let Ok(Some(event)) =
            tokio::time::timeout(Duration::from_secs(60), lines.next()).await
        {
            error = event.err().or(error);
        }
        printed.causes("ext StreamError Display", &error.unwrap());
    }
}

async fn running(text: &str, printed: &mut Printed) {
    const WINDOW: Duration = Duration::from_secs(30);
    let fake = FakeQovery::new();
    let environment = fake.environment(text);
    let service = environment.service(Workload::Application, text);
    let service = service
        .prints("1")
        .prints(&format!("2{text}"))
        .pod_fails(&format!("3{text}"), Some(1));
    let client = fake.client();
    let deploy = || {
        let deploy = client.environment(environment.id()).deploy();
        deploy
            .until_running(WINDOW)
            .running_within(Duration::from_secs(300))
    };
    let mut error = deploy().await.unwrap_err();
    printed.causes("ext NotRunning Display", &error);
    let NotRunning::Pod(problem) = &mut error else {
        panic!("{error:?}");
    };
    assert_eq!(problem.reason, format!("3{text}"), "the raw text stays");
    printed.display("ext PodProblem Display", problem);
    for field in [
        &mut problem.pod,
        &mut problem.reason,
        &mut problem.message,
        problem.container.get_or_insert_default(),
    ] {
        text.clone_into(field);
    }
    problem.last_lines.push(text.to_owned());
    printed.display("ext PodProblem Display", problem);

    let fault = SocketFault::close(1008, reason(text));
    fake.inject_socket(fault.on("/service/status"));
    let error = deploy().await.unwrap_err();
    printed.causes("ext NotRunning Display", &error);
    let script = environment.next_deployment();
    script
        .fails_at(&service, Step::Build)
        .because(text)
        .after_logging([text]);
    let error = deploy().await.unwrap_err();
    assert!(matches!(error, NotRunning::NotDeployed(_)), "{error:?}");
    printed.causes("ext NotRunning Display", &error);
}

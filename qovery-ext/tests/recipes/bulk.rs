//! One action on many environments.

use std::{path::PathBuf, time::Duration};

use qovery_ext::{
    exit_code,
    qovery_api::Client,
    recipes::{Bulk, BulkOutcome},
    wait::WaitExt as _,
};
use qovery_fake::{
    ApiTraits, FakeEnvironment, FakeQovery, Fault, QueueRows, ResponseId, Step, Workload as Kind,
};
use serde_json::json;
use tempfile::TempDir;

struct Scene {
    fake: FakeQovery,
    client: Client,
    environments: Vec<FakeEnvironment>,
    folder: TempDir,
}

/// Six environments that run, two of them in production.
fn scene() -> Scene {
    let fake = FakeQovery::new();
    let mut environments = Vec::new();
    for (organization, project, name, mode) in [
        ("acme", "shop", "production", "PRODUCTION"),
        ("acme", "shop", "staging", "STAGING"),
        ("acme", "shop", "pr-1", "PREVIEW"),
        ("acme", "blog", "production", "PRODUCTION"),
        ("acme", "blog", "pr-2", "PREVIEW"),
        ("other", "shop", "dev", "DEVELOPMENT"),
    ] {
        let environment = fake
            .organization(organization)
            .project(project)
            .environment(name);
        let environment = environment.in_mode(mode);
        environment.service(Kind::Container, "web");
        environments.push(environment.in_state("DEPLOYED"));
    }
    Scene {
        client: fake.client(),
        fake,
        environments,
        folder: tempfile::tempdir().unwrap(),
    }
}

impl Scene {
    fn journal(&self) -> PathBuf {
        self.folder.path().join("journal.ndjson")
    }

    fn stops(&self) -> usize {
        let executions = self.fake.executions();
        executions
            .iter()
            .filter(|one| one.operation.as_deref() == Some("stopEnvironment"))
            .count()
    }
}

async fn names(bulk: &Bulk) -> Vec<String> {
    let selected = bulk.select().await.unwrap();
    selected
        .iter()
        .map(|one| format!("{}/{}", one.project.name, one.name()))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn environments_are_selected_by_organization_project_mode_name_and_closure() {
    let scene = scene();
    let all = || Bulk::new(&scene.client);
    assert_eq!(names(&all()).await.len(), 6);
    let non_production = all().organization("acme").except_mode("production");
    assert_eq!(
        names(&non_production).await,
        ["blog/pr-2", "shop/pr-1", "shop/staging"]
    );
    assert_eq!(
        names(&all().project("shop").mode("PREVIEW")).await,
        ["shop/pr-1"]
    );
    assert_eq!(
        names(&all().named("PR-*")).await,
        ["blog/pr-2", "shop/pr-1"]
    );
    let closure = all().filter(|one| one.name().len() == 3);
    assert_eq!(names(&closure).await, ["shop/dev"]);
    let missing = all().project("nowhere").select().await.unwrap_err();
    assert!(missing.find_error().unwrap().is_not_found(), "{missing}");
    assert!(all().organization("nowhere").select().await.is_err());
    let none = all().named("pr-1").mode("STAGING");
    let none = none.run(|one| one.stop()).await.unwrap();
    assert_eq!(
        (none.exit_code(), none.to_string().as_str()),
        (0, "0 of 0 environments done")
    );
}

#[tokio::test(start_paused = true)]
async fn a_name_that_no_environment_has_is_refused_and_a_pattern_is_reported() {
    let scene = scene();
    let all = || Bulk::new(&scene.client);
    for (name, closest) in [
        ("stagin", Some("staging")),
        (" PR-11 ", Some("pr-1")),
        ("zzz", None),
        ("", None),
        ("\u{1b}[2J", None),
    ] {
        let bulk = all().named("pr-*").named(name);
        let error = bulk.run(|one| one.delete()).await.unwrap_err();
        let text = format!("{error} {bulk:?}");
        let find = error.find_error().unwrap();
        assert!(find.is_not_found() && !error.is_journal(), "{text}");
        assert_eq!(
            find.closest().map(|one| one.name.as_str()),
            closest,
            "{text}"
        );
        assert!(!text.contains('\u{1b}'), "{text}");
        assert_eq!(text.contains("did you mean"), closest.is_some(), "{text}");
    }
    // A name of an environment outside of the selected project is a mistake too.
    let elsewhere = all().project("blog").named("staging").select().await;
    assert!(elsewhere.unwrap_err().find_error().unwrap().is_not_found());
    assert!(scene.fake.executions().is_empty());

    assert_eq!(names(&all().named(" Pr-1\u{200b}")).await, ["shop/pr-1"]);
    let bulk = all().named("pull-*\u{1b}").named("*").named("p?");
    let summary = bulk.run(|one| one.delete()).await.unwrap();
    assert_eq!(summary.unmatched, ["pull-*\u{1b}", "p?"]);
    assert_eq!(
        summary.to_string(),
        "0 of 0 environments done, no environment matches \"pull-*\\u{1b}\", no environment \
         matches \"p?\""
    );
    assert_eq!(summary.exit_code(), 0);
    assert!(scene.fake.executions().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_deletion_of_an_environment_that_is_gone_is_done_and_another_action_is_not() {
    for has_journal in [false, true] {
        let scene = scene();
        let bulk = || {
            let bulk = Bulk::new(&scene.client).named("pr-*");
            match has_journal {
                true => bulk.journal(scene.journal()),
                false => bulk,
            }
        };
        // The names are cached before another program deletes one of them.
        assert_eq!(bulk().select().await.unwrap().len(), 2);
        let other = scene.fake.client();
        let gone = &scene.environments[2];
        other.environment(gone.id()).delete().await.unwrap();

        let summary = bulk().run(|one| one.stop()).await.unwrap();
        let missing = &summary.results[1].outcome;
        assert!(matches!(missing, BulkOutcome::Missing(_)), "{summary}");
        assert_eq!(summary.exit_code(), 3);
        let text = summary.to_string();
        assert!(
            text.starts_with(&format!("✘ environment pr-1 ({}) of project", gone.id()))
                && text.contains("no longer exists: nothing was done with it\n1 of 2"),
            "{text}"
        );
        // The stale list is forgotten.
        assert_eq!(bulk().select().await.unwrap().len(), 1);
        std::fs::remove_file(scene.journal()).ok();

        let staging = &scene.environments[1];
        let staging_is_listed = || Bulk::new(&scene.client).named("staging");
        let deletion = async || {
            let bulk = match has_journal {
                true => staging_is_listed().journal(scene.journal()),
                false => staging_is_listed(),
            };
            bulk.run(|one| one.delete()).await.unwrap()
        };
        assert_eq!(staging_is_listed().select().await.unwrap().len(), 1);
        other.environment(staging.id()).delete().await.unwrap();
        // Neither the page of a firewall nor another refusal shows that it is gone.
        let page = Fault::response(404, "text/html", "<html>Not found</html>");
        let refusals = [(page, 2), (Fault::status(403), 3), (Fault::status(401), 3)];
        for (fault, code) in refusals {
            let read = "getEnvironmentStatusesWithStages";
            scene.fake.inject(fault.on(read).times(20));
            let summary = deletion().await;
            let outcome = &summary.results[0].outcome;
            assert!(matches!(outcome, BulkOutcome::Failed(_)), "{summary}");
            assert_eq!(summary.exit_code(), code, "{summary}");
            scene.fake.clear_faults();
        }
        let summary = deletion().await;
        let outcome = &summary.results[0].outcome;
        assert!(matches!(outcome, BulkOutcome::AlreadyGone), "{summary}");
        assert_eq!((summary.all_reached(), summary.exit_code()), (true, 0));
        assert_eq!(
            summary.to_string(),
            "1 of 1 environment done, 1 of them was already gone"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_404_for_an_environment_that_is_listed_or_for_its_services_is_a_failure() {
    let scene = scene();
    let pr = || Bulk::new(&scene.client).named("pr-1");
    for operation in ["getEnvironmentStatusesWithStages", "deleteEnvironment"] {
        scene.fake.inject(Fault::status(404).on(operation));
        let summary = pr().run(|one| one.delete()).await.unwrap();
        let outcome = &summary.results[0].outcome;
        assert!(matches!(outcome, BulkOutcome::Failed(_)), "{summary}");
    }
    // The list that would confirm it cannot be read.
    assert_eq!(pr().select().await.unwrap().len(), 1);
    let other = scene.fake.client();
    other
        .environment(scene.environments[2].id())
        .delete()
        .await
        .unwrap();
    scene.fake.inject(Fault::status(500).on("listEnvironment"));
    let summary = pr().run(|one| one.delete()).await.unwrap();
    let outcome = &summary.results[0].outcome;
    assert!(matches!(outcome, BulkOutcome::Failed(_)), "{summary}");
    // An action on a service and not on the environment.
    let web = scene.environments[1].services().remove(0).id();
    let other = other.container(web).delete();
    other.await.unwrap();
    let staging = Bulk::new(&scene.client).named("staging");
    let summary = staging
        .run(|_| scene.client.container(web).delete())
        .await
        .unwrap();
    let outcome = &summary.results[0].outcome;
    assert!(matches!(outcome, BulkOutcome::Failed(_)), "{summary}");
}

/// The largest file that this process can write.
#[cfg(unix)]
fn longest_file(folder: &std::path::Path) -> usize {
    let file = folder.join("probe");
    let written = std::fs::write(&file, vec![b'x'; 1024 * 1024]);
    assert!(
        written.is_err(),
        "the files of this process are not limited"
    );
    std::fs::read(&file).unwrap().len()
}

#[cfg(unix)]
#[test]
fn a_journal_line_that_cannot_be_written_is_an_error_of_the_run_after_its_end() {
    // In a process of its own, whose files have a limit.
    let output = std::process::Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$@\"", "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "bulk::with_limited_files", "--ignored"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("1 passed"), "{text}");
}

#[cfg(unix)]
#[ignore = "runs in the process of another test, whose files have a limit"]
#[tokio::test(start_paused = true)]
async fn with_limited_files() {
    let bulk = |scene: &Scene| {
        Bulk::new(&scene.client)
            .named("pr-1")
            .journal(scene.journal())
    };
    let complete = scene();
    let summary = bulk(&complete).run(|one| one.deploy()).await.unwrap();
    assert!(summary.all_reached(), "{summary}");
    let whole = std::fs::read_to_string(complete.journal()).unwrap();
    let lines: Vec<usize> = whole.lines().map(|line| line.len() + 1).collect();
    let limit = longest_file(complete.folder.path());
    let mut seen = std::collections::BTreeSet::new();
    for room in (0..whole.len() + 20).step_by(11) {
        let scene = scene();
        std::fs::write(scene.journal(), "\n".repeat(limit - room)).unwrap();
        let ended = bulk(&scene).run(|environment| environment.deploy()).await;
        let sent = scene.fake.executions().len();
        assert_eq!(sent, usize::from(room >= lines[0]), "{room}");
        let (is_written, is_done) = match &ended {
            Ok(summary) => (true, summary.all_reached()),
            Err(error) => {
                assert!(error.is_journal(), "{error}");
                let summary = error.summary().unwrap();
                let text = error.to_string();
                assert!(text.contains("lacks lines: "), "{text}");
                let is_done = summary.all_reached();
                assert_eq!(text.contains("remove the journal"), is_done, "{text}");
                assert!(text.starts_with(if is_done { "1 of 1" } else { "0 of 1" }));
                (false, is_done)
            }
        };
        assert_eq!(is_done, sent == 1, "{room}");
        // The tokens differ by some bytes from run to run.
        if room + 40 < whole.len() || room > whole.len() + 40 {
            assert_eq!(is_written, room > whole.len(), "{room}");
        }
        seen.insert((is_written, is_done));
        // The next run can read the journal, and deploys nothing twice that it does not know to be over.
        let kept = std::fs::read_to_string(scene.journal()).unwrap();
        std::fs::write(scene.journal(), kept.trim_start()).unwrap();
        let is_new = kept.contains("\"job\"");
        bulk(&scene).run(|one| one.deploy()).await.unwrap();
        let again = scene.fake.executions().len() - sent;
        assert_eq!(again, usize::from(is_new || sent == 0), "{room}: {kept}");
    }
    assert_eq!(seen.len(), 3, "{seen:?}");
    // The exit code is that of the actions. Only the first line fits.
    let scene = scene();
    std::fs::write(scene.journal(), "\n".repeat(limit - lines[0])).unwrap();
    let error = bulk(&scene)
        .run(|one| one.deploy().within(Duration::from_secs(1)))
        .await
        .unwrap_err();
    assert_eq!(error.summary().unwrap().exit_code(), 2, "{error}");
    assert_eq!((error.exit_code(), exit_code(&error)), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_misspelled_mode_is_refused_before_anything_is_sent() {
    let scene = scene();
    let all = || Bulk::new(&scene.client);
    for bulk in [
        all().except_mode("PRODUCTON"),
        all().mode("PRODUCTON"),
        all().except_mode("producton "),
        all()
            .organization("acme")
            .mode("PREVIEW")
            .except_mode("PRODUCTON"),
    ] {
        let error = bulk.run(|one| one.stop()).await.unwrap_err();
        let text = error.to_string();
        assert!(error.is_unknown_mode() && !error.is_journal(), "{text}");
        assert!(
            text.to_uppercase().contains("DID YOU MEAN PRODUCTION?"),
            "{text}"
        );
        assert!(
            text.contains("DEVELOPMENT, PREVIEW, PRODUCTION, STAGING"),
            "{text}"
        );
    }
    for unlike in ["", "  ", "*", "\u{1b}[2J"] {
        let error = all().except_mode(unlike).select().await.unwrap_err();
        let text = error.to_string();
        assert!(error.is_unknown_mode(), "{text}");
        assert!(
            !text.contains("did you mean") && !text.contains('\u{1b}'),
            "{text}"
        );
    }
    assert!(scene.fake.executions().is_empty());
    // A mode that the client knows is accepted, whether any environment has it or not.
    assert!(
        names(&all().organization("acme").mode("development"))
            .await
            .is_empty()
    );
}

#[tokio::test(start_paused = true)]
async fn a_mode_that_only_the_server_knows_selects_the_environments_that_have_it() {
    let fake = FakeQovery::new();
    let sandbox = fake.organization("acme").project("shop");
    let _sandbox = sandbox.environment("sandbox").in_mode("SANDBOX");
    let client = fake.client();
    let all = || Bulk::new(&client);
    assert_eq!(names(&all().mode("sandbox")).await, ["shop/sandbox"]);
    assert!(names(&all().except_mode("SANDBOX")).await.is_empty());
    let error = all().mode("SANDBX").select().await.unwrap_err().to_string();
    assert!(error.contains("did you mean SANDBOX?"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_journal_of_a_job_that_is_done_begins_a_new_job() {
    let scene = scene();
    let run = async || {
        let bulk = Bulk::new(&scene.client).organization("acme");
        let bulk = bulk.except_mode("PRODUCTION").journal(scene.journal());
        bulk.run(|environment| environment.stop()).await.unwrap()
    };
    // The next run continues, and names the actions that were done before.
    let fault = Fault::status(403).on("stopEnvironment");
    scene.fake.inject(fault);
    assert!(
        run()
            .await
            .to_string()
            .ends_with("2 of 3 environments done")
    );
    let continued = run().await.to_string();
    assert_eq!(
        continued,
        "3 of 3 environments done, 2 of them by an earlier run"
    );
    let stops = scene.stops();
    // Another user deploys between two runs.
    let staging = &scene.environments[1];
    let deployed = scene.client.environment(staging.id()).deploy().await;
    deployed.unwrap();
    assert_eq!(staging.state().as_deref(), Some("DEPLOYED"));
    for night in 1..=3 {
        let summary = run().await;
        assert_eq!(summary.to_string(), "3 of 3 environments done", "{night}");
        assert_eq!(staging.state().as_deref(), Some("STOPPED"), "{night}");
        assert_eq!(scene.stops(), stops + 3 * night);
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_job_forgets_no_action_of_an_environment_that_it_did_not_select() {
    let scene = scene();
    let (pr, staging) = (&scene.environments[2], &scene.environments[1]);
    let line = json!({
        "environment": pr.id(), "name": "pr-1", "event": "starting", "goal": "deployed",
    });
    std::fs::write(scene.journal(), format!("{line}\n")).unwrap();
    let bulk = |name: &str| {
        let bulk = Bulk::new(&scene.client).named(name);
        bulk.journal(scene.journal())
    };
    let summary = bulk("staging").run(|one| one.deploy()).await.unwrap();
    assert!(summary.all_reached(), "{summary}");
    assert_eq!(staging.deployments().len(), 1);
    let summary = bulk("pr-1").run(|one| one.deploy()).await.unwrap();
    let outcome = &summary.results[0].outcome;
    assert!(matches!(outcome, BulkOutcome::Uncertain), "{summary}");
}

#[tokio::test(start_paused = true)]
async fn an_action_runs_on_all_and_a_failure_stops_no_other() {
    let scene = scene();
    let staging = &scene.environments[1];
    let web = staging.services().remove(0);
    staging.next_deployment().fails_at(&web, Step::Deployment);
    let summary = Bulk::new(&scene.client)
        .organization("acme")
        .except_mode("PRODUCTION")
        .at_once(2)
        .run(|environment| environment.stop())
        .await
        .unwrap();
    assert_eq!(scene.stops(), 3);
    assert_eq!(summary.exit_code(), 1);
    let text = summary.to_string();
    assert!(
        text.contains("environment staging (") && text.ends_with("2 of 3 environments done"),
        "{text}"
    );
    assert_eq!(
        scene.environments[0].state().as_deref(),
        Some("DEPLOYED"),
        "production"
    );
    assert_eq!(scene.environments[2].state().as_deref(), Some("STOPPED"));
}

#[tokio::test(start_paused = true)]
async fn no_more_actions_run_at_a_time_than_allowed() {
    let scene = scene();
    for environment in &scene.environments {
        for web in environment.services() {
            web.takes(Step::Deployment, Duration::from_secs(100));
        }
    }
    let begin = tokio::time::Instant::now();
    Bulk::new(&scene.client)
        .at_once(2)
        .run(|one| one.deploy())
        .await
        .unwrap();
    let took = begin.elapsed().as_secs();
    assert!(
        (300..400).contains(&took),
        "six actions of 100 s, two at a time: {took} s"
    );
}

#[tokio::test(start_paused = true)]
async fn a_dropped_run_continues_with_its_journal() {
    for seconds in [0, 1, 2, 4, 8, 20, 60] {
        let scene = scene();
        scene.fake.latency(Duration::from_millis(300));
        let bulk = Bulk::new(&scene.client)
            .except_mode("PRODUCTION")
            .journal(scene.journal());
        let deploy = bulk.run(|environment| environment.deploy());
        let ended = tokio::time::timeout(Duration::from_secs(seconds), deploy).await;
        if ended.is_ok() {
            continue;
        }
        let before = scene.fake.executions().len();
        let summary = bulk.run(|environment| environment.deploy()).await.unwrap();
        assert_eq!(summary.results.len(), 4);
        for result in &summary.results {
            let is_certain = !matches!(result.outcome, BulkOutcome::Uncertain);
            assert!(
                result.outcome.is_reached() || !is_certain,
                "{seconds} s: {summary}"
            );
        }
        let after = scene.fake.executions().len();
        assert!(
            after <= 4,
            "{seconds} s: {before} then {after}: nothing is deployed twice"
        );

        let again = bulk.run(|environment| environment.deploy()).await.unwrap();
        if summary.all_reached() {
            // The job is done: the third run is a new one.
            assert_eq!(scene.fake.executions().len(), after + 4, "{seconds} s");
            continue;
        }
        // The third run has nothing to do.
        assert_eq!(scene.fake.executions().len(), after);
        let done = again
            .results
            .iter()
            .filter(|one| matches!(one.outcome, BulkOutcome::DoneBefore));
        let reached = summary
            .results
            .iter()
            .filter(|one| one.outcome.is_reached());
        assert_eq!(done.count(), reached.count());
    }
}

#[tokio::test(start_paused = true)]
async fn a_journal_that_is_torn_at_any_byte_can_be_read_again_and_again() {
    let id = scene().environments[2].id();
    let line = |event: serde_json::Value| {
        // A name with a letter of several bytes.
        let mut line = json!({"environment": id, "name": "pr-é"});
        line.as_object_mut()
            .unwrap()
            .extend(event.as_object().unwrap().clone());
        format!("{line}\n")
    };
    let whole = line(json!({"event": "starting", "goal": "stopped"}))
        + &line(json!({"event": "ended", "is_reached": true}));
    let whole = whole.into_bytes();
    for length in (0..whole.len()).step_by(3).chain([whole.len()]) {
        let scene = scene();
        std::fs::write(scene.journal(), &whole[..length]).unwrap();
        for run in 0..2 {
            let bulk = Bulk::new(&scene.client).named("pr-1");
            let bulk = bulk.journal(scene.journal());
            let summary = bulk.run(|environment| environment.stop()).await;
            let summary = summary.unwrap_or_else(|error| panic!("{length}, run {run}: {error}"));
            assert!(summary.all_reached(), "{length}, run {run}: {summary}");
            // The second run is a new job.
            assert!(scene.stops() <= run + 1, "{length}, run {run}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_uncertain_stop_is_sent_again_and_an_uncertain_deployment_is_not() {
    let scene = scene();
    let pr = &scene.environments[2];
    let line = |goal: &str| {
        let event =
            json!({"environment": pr.id(), "name": "pr-1", "event": "starting", "goal": goal});
        format!("{event}\n{{\"environment\": \"torn")
    };
    let bulk = Bulk::new(&scene.client)
        .named("pr-1")
        .journal(scene.journal());
    std::fs::write(scene.journal(), line("deployed")).unwrap();
    let summary = bulk.run(|environment| environment.deploy()).await.unwrap();
    assert!(
        matches!(summary.results[0].outcome, BulkOutcome::Uncertain),
        "{summary}"
    );
    let next_step = "remove its lines from the journal";
    assert!(summary.to_string().contains(next_step), "{summary}");
    assert_eq!(summary.exit_code(), 2);
    assert!(scene.fake.executions().is_empty());
    std::fs::write(scene.journal(), line("stopped")).unwrap();
    let summary = bulk.run(|environment| environment.stop()).await.unwrap();
    assert!(summary.all_reached(), "{summary}");
    assert_eq!(scene.stops(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_uncertain_cancel_is_not_sent_again_because_it_can_hit_a_later_deployment() {
    let scene = scene();
    let pr = &scene.environments[2];
    let event = json!({
        "environment": pr.id(), "name": "pr-1", "event": "starting", "goal": "canceled",
    });
    std::fs::write(scene.journal(), format!("{event}\n")).unwrap();
    let bulk = Bulk::new(&scene.client).named("pr-1");
    let bulk = bulk.journal(scene.journal());
    let summary = bulk.run(|environment| environment.cancel()).await.unwrap();
    assert!(
        matches!(summary.results[0].outcome, BulkOutcome::Uncertain),
        "{summary}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_stop_that_was_accepted_without_an_id_is_resumed_and_not_sent_again() {
    let scene = scene();
    let traits = ApiTraits::new().response_id(ResponseId::Never);
    scene.fake.api(traits.queue_rows(QueueRows::IfItHasToWait));
    for web in scene.environments[2].services() {
        web.takes(Step::Deployment, Duration::from_secs(100));
    }
    let bulk = || {
        let bulk = Bulk::new(&scene.client).named("pr-1");
        bulk.journal(scene.journal())
    };
    let limit = Duration::from_secs(20);
    let first = bulk();
    let run = first.run(|environment| environment.stop().within(limit));
    let summary = run.await.unwrap();
    let BulkOutcome::Failed(error) = &summary.results[0].outcome else {
        panic!("{summary}");
    };
    assert!(error.is_deadline_passed(), "{error}");
    assert_eq!(error.token().deployment_request_id(), None);
    let summary = bulk().run(|environment| environment.stop()).await.unwrap();
    assert!(summary.all_reached(), "{summary}");
    assert_eq!(scene.stops(), 1, "sent once");
}

#[tokio::test(start_paused = true)]
async fn failed_actions_are_retried_and_a_journal_of_another_job_is_refused() {
    let scene = scene();
    let bulk = Bulk::new(&scene.client)
        .named("pr-*")
        .journal(scene.journal());
    scene.fake.inject(Fault::status(403).on("stopEnvironment"));
    let summary = bulk.run(|environment| environment.stop()).await.unwrap();
    assert_eq!(summary.exit_code(), 3);
    let summary = bulk.run(|environment| environment.stop()).await.unwrap();
    assert!(summary.all_reached(), "{summary}");
    assert_eq!(scene.stops(), 2);
    let text = std::fs::read_to_string(scene.journal()).unwrap();
    assert!(!text.contains(&scene.fake.token()), "no secrets");

    let other = bulk
        .run(|environment| environment.delete())
        .await
        .unwrap_err();
    assert!(
        other.is_journal() && other.to_string().contains("another job"),
        "{other}"
    );
    std::fs::write(scene.journal(), "no json\n").unwrap();
    let broken = bulk
        .run(|environment| environment.stop())
        .await
        .unwrap_err();
    assert!(
        broken.is_journal() && broken.to_string().contains("line 1"),
        "{broken}"
    );
    let nowhere = Bulk::new(&scene.client).journal(scene.folder.path().join("no/such/file"));
    let nowhere = nowhere.run(|environment| environment.stop()).await;
    let nowhere = nowhere.unwrap_err();
    assert!(
        nowhere.is_journal() && nowhere.exit_code() == 3,
        "{nowhere}"
    );
    let step = "; check the path and its permissions, or use another journal";
    assert!(nowhere.to_string().ends_with(step), "{nowhere}");
    scene.fake.inject(Fault::status(403).on("listProject"));
    let unlisted = Bulk::new(&scene.fake.client())
        .run(|one| one.stop())
        .await
        .unwrap_err();
    assert!(unlisted.find_error().is_some());
    assert_eq!(scene.stops(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_second_run_with_the_journal_of_the_first_is_refused_while_that_runs() {
    let scene = scene();
    let bulk = Bulk::new(&scene.client)
        .named("pr-1")
        .journal(scene.journal());
    let (first, second) = tokio::join!(
        bulk.run(|environment| environment.stop()),
        bulk.run(|environment| environment.stop())
    );
    let (ended, refused) = match first {
        Ok(ended) => (ended, second.unwrap_err()),
        Err(refused) => (second.unwrap(), refused),
    };
    assert!(ended.all_reached(), "{ended}");
    assert!(refused.is_journal(), "{refused}");
    assert!(refused.to_string().contains("another run"), "{refused}");
    assert_eq!(scene.stops(), 1);
    let again = bulk.run(|environment| environment.stop()).await.unwrap();
    assert!(
        again.all_reached() && scene.stops() == 2,
        "a new job, and the lock is free"
    );
}

#[tokio::test(start_paused = true)]
async fn an_action_whose_wait_was_refused_is_waited_for_and_not_sent_again() {
    let scene = scene();
    let bulk = || {
        let bulk = Bulk::new(&scene.client).named("pr-1");
        bulk.journal(scene.journal())
    };
    for web in scene.environments[2].services() {
        web.takes(Step::Deployment, Duration::from_secs(100));
    }
    // The role of the token is removed during the deployment, and restored.
    let reads = |operation: &str| !operation.starts_with("deploy");
    let environment = scene.environments[2].id();
    let requests = {
        let probe = scene.client.environment(environment).deploy().start().await;
        probe.unwrap().await.unwrap();
        scene.fake.requests()
    };
    let names: std::collections::BTreeSet<String> = requests
        .into_iter()
        .filter_map(|one| one.operation)
        .filter(|name| reads(name) && name != "listOrganization")
        .collect();
    let before = scene.fake.executions().len();
    let run = bulk();
    let run = run.run(|environment| environment.deploy());
    let refuse = async {
        tokio::time::sleep(Duration::from_secs(20)).await;
        for name in &names {
            scene.fake.inject(Fault::status(401).on(name).times(50));
        }
    };
    let (summary, ()) = tokio::join!(run, refuse);
    let summary = summary.unwrap();
    assert!(
        matches!(&summary.results[0].outcome, BulkOutcome::Failed(error) if error.is_refused()),
        "{summary}"
    );
    assert_eq!(scene.fake.executions().len(), before + 1);
    scene.fake.clear_faults();
    let summary = bulk().run(|environment| environment.deploy()).await;
    let summary = summary.unwrap();
    assert!(summary.all_reached(), "{summary}");
    assert_eq!(scene.fake.executions().len(), before + 1, "sent once");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_crashed_at_any_byte_of_its_journal_deploys_nothing_twice() {
    let scene = scene();
    let bulk = || {
        let bulk = Bulk::new(&scene.client).named("pr-1");
        bulk.journal(scene.journal())
    };
    let run = async || bulk().run(|environment| environment.deploy()).await;
    assert!(run().await.unwrap().all_reached());
    let whole = std::fs::read(scene.journal()).unwrap();
    let ends: Vec<usize> = (0..whole.len()).filter(|at| whole[*at] == b'\n').collect();
    let [starting, started, _ended, done] = ends[..] else {
        panic!("{ends:?}");
    };
    for length in 0..=whole.len() {
        std::fs::write(scene.journal(), &whole[..length]).unwrap();
        let before = scene.fake.executions().len();
        let summary = run()
            .await
            .unwrap_or_else(|error| panic!("{length}: {error}"));
        let sent = scene.fake.executions().len() - before;
        let outcome = &summary.results[0].outcome;
        if length < starting {
            assert!(sent == 1 && outcome.is_reached(), "{length}: {summary}");
        } else if length < started {
            let is_uncertain = matches!(outcome, BulkOutcome::Uncertain);
            assert!(sent == 0 && is_uncertain, "{length}: {summary}");
        } else if length < done {
            assert!(sent == 0 && outcome.is_reached(), "{length}: {summary}");
        } else {
            let is_new = matches!(outcome, BulkOutcome::Reached(_));
            assert!(sent == 1 && is_new, "{length}, a new job: {summary}");
        }
        // The rest can be read again.
        run()
            .await
            .unwrap_or_else(|error| panic!("{length}, again: {error}"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_journal_whose_tokens_were_moved_to_other_environments_is_refused() {
    let scene = scene();
    let bulk = || {
        Bulk::new(&scene.client)
            .organization("acme")
            .journal(scene.journal())
    };
    let run = || async { bulk().run(|one| one.stop()).await };
    run().await.unwrap();
    let text = std::fs::read_to_string(scene.journal()).unwrap();
    let mut started: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|entry: &serde_json::Value| entry["event"] == "started")
        .collect();
    assert_eq!(started.len(), 5);
    let token = started[0]["token"].take();
    started[0]["token"] = started[1]["token"].take();
    started[1]["token"] = token;
    let lines: Vec<String> = started.iter().take(2).map(ToString::to_string).collect();
    std::fs::write(scene.journal(), lines.join("\n")).unwrap();
    let stops = scene.stops();
    let error = run().await.unwrap_err().to_string();
    assert!(error.contains("belongs to another job"), "{error}");
    assert_eq!(scene.stops(), stops);
}

#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn a_journal_that_is_no_file_of_a_run_is_refused_and_stays_as_it_is() {
    let scene = scene();
    let path = |name: &str| scene.folder.path().join(name);
    let fifo = std::process::Command::new("mkfifo")
        .arg(path("fifo"))
        .status();
    assert!(fifo.unwrap().success());
    std::fs::create_dir(path("folder")).unwrap();
    let long = format!("{{\"environment\": \"{}\n", "x".repeat(3_000_000));
    let files = [
        ("notes", "buy milk"),
        ("json", "{\"a\": 1}\n"),
        ("control", "\u{1b}[2J::error::x\n"),
        ("long", long.as_str()),
    ];
    for (name, text) in files {
        std::fs::write(path(name), text).unwrap();
    }
    // It takes no room on the disk.
    let large = std::fs::File::create(path("large")).unwrap();
    large.set_len(300 * 1024 * 1024).unwrap();
    let links = [("to-fifo", "fifo"), ("to-notes", "notes"), ("loop", "loop")];
    for (name, target) in links {
        std::os::unix::fs::symlink(path(target), path(name)).unwrap();
    }
    let other = [
        "large",
        "fifo",
        "folder",
        "to-fifo",
        "to-notes",
        "loop",
        "::error::\u{1b}[2J/x",
    ];
    for name in files.iter().map(|(name, _)| *name).chain(other) {
        let bulk = Bulk::new(&scene.client).journal(path(name));
        let error = bulk
            .run(|environment| environment.stop())
            .await
            .unwrap_err();
        assert!(error.is_journal(), "{name}: {error}");
        let text = format!("{error} {error:?} {bulk:?}");
        assert!(
            text.len() < 2000 && !text.contains('\u{1b}'),
            "{name}: {text}"
        );
        assert_eq!(error.to_string().lines().count(), 1, "{name}: {error}");
        let causes = format!("{error:#}");
        assert_eq!(causes.contains("256 MiB"), name == "large", "{causes}");
    }
    for (name, text) in files {
        assert!(
            std::fs::read_to_string(path(name)).unwrap() == text,
            "{name}"
        );
    }
    assert_eq!(scene.stops(), 0);
}

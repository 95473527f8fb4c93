//! The tour on the fake: a deployment, its history, a failure.

use std::time::Duration;

use qovery_ext::{
    display::{Display, ShowError, ShowExt as _},
    wait::{PollSchedule, WaitError, WaitExt},
};
use serde_json::json;

use crate::{commands::within, ending::Problem, history, world::World};

/// The interval of the polls. It is short, because the fake has no rate limit and its clock is fast.
const INTERVAL: Duration = Duration::from_millis(200);

/// How many past deployments the tour prints.
const PRINTED: u64 = 6;

/// Runs the tour. Returns the exit code: 0 if everything went as expected, including the failure.
pub(crate) async fn play(
    speed: f64,
    limit: Option<Duration>,
    logs: bool,
    display: &Display,
) -> Result<u8, Problem> {
    let world = World::start(speed).await?;
    let client = world.client()?;
    let environment = world.environment();
    let display = display.clone().time_factor(speed);
    let url = world.url();
    display.heading("A fake of the Qovery API: no account, no network");
    display.say(format!(
        "It listens on {url}. Its clock runs {speed} times as fast."
    ));
    display.event("welcome", &json!({"url": url, "speed": speed}));

    let deploy = || {
        let action = client.environment(environment).deploy();
        let action = within(action.schedule(PollSchedule::every(INTERVAL)), limit);
        let shown = action.show_on(display.clone());
        shown.title("Deploying environment production").logs(logs)
    };

    chapter(
        &display,
        1,
        "A deployment",
        "One call deploys seven services in three stages.",
    );
    if let Err(error) = deploy().await {
        print_end_of_fake(&display, &error);
        return Ok(error.exit_code());
    }

    chapter(
        &display,
        2,
        "Its history",
        "The pages of the list are read as one stream.",
    );
    let code = history::show(&client, environment, None, Some(PRINTED), &display).await?;
    if code != 0 {
        return Ok(code);
    }

    let text = "The next build fails. The error has the service, the step and the log.";
    chapter(&display, 3, "A failure", text);
    world.break_next_build();
    match deploy().await {
        Err(ShowError::Missed(error)) if error.is_failed() => {
            print_next_steps(&display);
            Ok(0)
        }
        // The tour has failed if the deployment that it shows has not failed.
        Ok(_) => {
            display.say("The deployment succeeded, although its build was to fail: report it.");
            Ok(1)
        }
        Err(other) => {
            print_end_of_fake(&display, &other);
            Ok(other.exit_code())
        }
    }
}

/// The display says that the server continues, which the fake does not.
fn print_end_of_fake(display: &Display, error: &ShowError) {
    const ENDED: &str = "The fake has ended with this program, so that this wait cannot be resumed: run the tour again";
    let is_late = |error: &WaitError| error.is_deadline_passed();
    if error.wait_error().is_some_and(is_late) {
        display.say(format!(
            "{ENDED} with a longer --timeout or a higher --speed."
        ));
    } else if matches!(error, ShowError::Interrupted(Some(_))) {
        display.say(format!("{ENDED}."));
    }
}

fn chapter(display: &Display, number: u32, title: &str, text: &str) {
    display.say("");
    display.heading(format!("{number}. {title}"));
    display.say(text);
    display.event("chapter", &json!({"number": number, "title": title}));
}

fn print_next_steps(display: &Display) {
    display.say("");
    display.heading("To deploy your own environment");
    display.say("  export QOVERY_API_TOKEN=…");
    display.say("  cargo demo --environment ID deploy");
    display.say("  or redeploy, stop, cancel, wait, history: see cargo demo --help");
}

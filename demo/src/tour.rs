//! The tour on the fake: a deployment, its history, a failure.

use std::time::Duration;

use qovery_ext::wait::{PollSchedule, WaitExt};

use crate::{
    commands::within,
    ending::Problem,
    follow::{Ending, Task, follow},
    history,
    interrupt::Interrupt,
    view::View,
    world::World,
};

/// How often the fake is asked: it costs nothing, and its time flies.
const INTERVAL: Duration = Duration::from_millis(200);

/// Plays the tour. Returns the exit code: 0 where all went as it should, the failure included.
pub(crate) async fn play(
    speed: f64,
    limit: Option<Duration>,
    view: &mut dyn View,
    interrupt: &mut Interrupt,
) -> Result<u8, Problem> {
    let world = World::start(speed).await?;
    let client = world.client()?;
    let environment = world.environment();
    view.welcome(&world.url(), speed);

    let deploy = || {
        let action = client.environment(environment).deploy();
        within(action.schedule(PollSchedule::every(INTERVAL)), limit)
    };
    let task = || Task::new(&client, Some(environment), "Deploying");

    view.chapter(
        1,
        "A deployment",
        "Seven services in three stages, one call.",
    );
    let ending = follow(deploy(), task().await?.at_speed(speed), view, interrupt).await;
    if !matches!(ending, Ending::Reached) {
        return Ok(ending.exit_code());
    }

    view.chapter(2, "Its history", "A paged list, read as one stream.");
    let code = history::show(&client, environment, None, view, interrupt).await?;
    if code != 0 {
        return Ok(code);
    }

    view.chapter(
        3,
        "A failure",
        "The next build is broken: see what the error tells.",
    );
    world.break_next_build();
    let ending = follow(deploy(), task().await?.at_speed(speed), view, interrupt).await;
    match ending {
        Ending::Missed(error) if error.is_failed() => {
            view.farewell();
            Ok(0)
        }
        // Without the failure that was to be shown, there was nothing to see.
        Ending::Reached => Ok(1),
        other => Ok(other.exit_code()),
    }
}

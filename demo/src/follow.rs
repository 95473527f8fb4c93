//! Starting an action, showing how it goes, and leaving it to the API where the user wants to go.

use qovery_api::{Client, Printable, uuid::Uuid};
use qovery_ext::{
    recipes::{self, EnvironmentService},
    wait::{Action, WaitError},
};

use crate::{
    ending::{INTERRUPTED, Problem},
    interrupt::Interrupt,
    view::View,
};

/// What is followed, in words.
#[derive(Debug)]
pub(crate) struct Task {
    /// What is going on: the beginning of a title, such as `Deploying`.
    pub(crate) title: String,
    /// The environment's name, where it is known.
    pub(crate) environment: Option<String>,
    /// Its services: a status has only their ids.
    pub(crate) services: Vec<EnvironmentService>,
    /// How many times as fast as here time passes on the server.
    pub(crate) speed: f64,
}

impl Task {
    /// Looks up the names of an environment and of its services.
    pub(crate) async fn new(
        client: &Client,
        environment: Option<Uuid>,
        title: &str,
    ) -> Result<Self, Problem> {
        let (environment, services) = match environment {
            Some(id) => {
                let environment = client.get_environment(id).await?;
                let services = recipes::services(client, id).await?;
                (Some(environment.name), services)
            }
            None => (None, Vec::new()),
        };
        Ok(Self {
            title: title.to_owned(),
            environment,
            services,
            speed: 1.0,
        })
    }

    /// On a server whose time passes faster.
    pub(crate) fn at_speed(mut self, speed: f64) -> Self {
        self.speed = speed;
        self
    }

    /// What is going on, in one line that can be printed.
    pub(crate) fn headline(&self) -> String {
        match &self.environment {
            Some(name) => format!("{} environment {}", self.title, Printable::new(name)),
            None => self.title.clone(),
        }
    }

    pub(crate) fn service(&self, id: Uuid) -> Option<&EnvironmentService> {
        self.services.iter().find(|service| service.id == id)
    }
}

/// How following ended.
#[derive(Debug)]
pub(crate) enum Ending {
    Reached,
    Missed(WaitError),
    Interrupted,
}

impl Ending {
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Reached => 0,
            Self::Missed(error) => error.exit_code(),
            Self::Interrupted => INTERRUPTED,
        }
    }
}

/// Starts an action and shows how it goes, to its end or to an interrupt.
pub(crate) async fn follow(
    action: Action,
    task: Task,
    view: &mut dyn View,
    interrupt: &mut Interrupt,
) -> Ending {
    view.begin(task);
    let started = tokio::select! {
        started = action.start() => started,
        () = interrupt.comes() => {
            view.interrupted(None);
            return Ending::Interrupted;
        }
    };
    let mut operation = match started {
        Ok(operation) => operation,
        Err(error) => return missed(error, view),
    };
    loop {
        let next = tokio::select! {
            next = operation.next_progress() => next,
            () = interrupt.comes() => {
                view.interrupted(Some(&operation.token()));
                return Ending::Interrupted;
            }
        };
        match next {
            Some(Ok(progress)) => view.progress(&progress),
            Some(Err(error)) => return missed(error, view),
            None => break,
        }
    }
    match operation.wait().await {
        Ok(reached) => {
            view.reached(&reached);
            Ending::Reached
        }
        Err(error) => missed(error, view),
    }
}

fn missed(error: WaitError, view: &mut dyn View) -> Ending {
    view.missed(&error);
    Ending::Missed(error)
}

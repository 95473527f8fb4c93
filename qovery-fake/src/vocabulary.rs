//! The API's vocabulary for kinds of service, actions and steps.

use std::time::Duration;

/// The kind of a service: the service kinds of the API, with cron jobs and lifecycle jobs separate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Workload {
    /// Built from a Git repository.
    Application,
    /// Runs a ready-made image.
    Container,
    /// A database.
    Database,
    /// A job that runs on a schedule.
    CronJob,
    /// A job that runs when its environment is deployed, stopped or deleted.
    LifecycleJob,
    /// A Helm chart.
    Helm,
    /// A Terraform or OpenTofu manifest.
    Terraform,
    /// An agentic workflow.
    AgenticWorkflow,
}

impl Workload {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Application,
        Self::Container,
        Self::Database,
        Self::CronJob,
        Self::LifecycleJob,
        Self::Helm,
        Self::Terraform,
        Self::AgenticWorkflow,
    ];

    /// The path segment of this kind, such as `application`. Both kinds of job have the same.
    pub fn segment(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Container => "container",
            Self::Database => "database",
            Self::CronJob | Self::LifecycleJob => "job",
            Self::Helm => "helm",
            Self::Terraform => "terraform",
            Self::AgenticWorkflow => "agenticWorkflow",
        }
    }

    /// The value of `service_type`.
    pub(crate) fn service_type(self) -> &'static str {
        match self {
            Self::Application => "APPLICATION",
            Self::Container => "CONTAINER",
            Self::Database => "DATABASE",
            Self::CronJob | Self::LifecycleJob => "JOB",
            Self::Helm => "HELM",
            Self::Terraform => "TERRAFORM",
            Self::AgenticWorkflow => "AGENTIC_WORKFLOW",
        }
    }

    /// The property that lists services of this kind.
    pub(crate) fn list(self) -> &'static str {
        match self {
            Self::Application => "applications",
            Self::Container => "containers",
            Self::Database => "databases",
            Self::CronJob | Self::LifecycleJob => "jobs",
            Self::Helm => "helms",
            Self::Terraform => "terraforms",
            Self::AgenticWorkflow => "agentic_workflows",
        }
    }

    /// Returns the kind of a path segment; a job counts as a cron job.
    pub(crate) fn from_segment(segment: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.segment() == segment)
    }

    /// Returns the steps of a deployment of this kind.
    pub(crate) fn deploy_steps(self) -> &'static [Step] {
        match self {
            Self::Application => &[Step::GitClone, Step::Build, Step::Deployment],
            Self::CronJob => &[Step::GitClone, Step::Build, Step::Deployment],
            Self::LifecycleJob => &[Step::Deployment, Step::Execution],
            Self::Container => &[Step::MirrorImage, Step::Deployment],
            Self::Terraform => &[Step::GitClone, Step::Deployment],
            Self::Database | Self::Helm | Self::AgenticWorkflow => &[Step::Deployment],
        }
    }
}

/// One step of a service's deployment, with the time that it takes by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Step {
    /// Fetching the source: 1 s.
    GitClone,
    /// Building the image: 10 s.
    Build,
    /// Copying a ready-made image into the cluster's registry: 1 s.
    MirrorImage,
    /// Rolling out, stopping, restarting or deleting: 5 s.
    Deployment,
    /// Running a lifecycle job: 3 s.
    Execution,
}

impl Step {
    /// The value of `step_name`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::GitClone => "GIT_CLONE",
            Self::Build => "BUILD",
            Self::MirrorImage => "MIRROR_IMAGE",
            Self::Deployment => "DEPLOYMENT",
            Self::Execution => "EXECUTING",
        }
    }

    pub(crate) fn usual_duration(self) -> Duration {
        Duration::from_secs(match self {
            Self::GitClone | Self::MirrorImage => 1,
            Self::Build => 10,
            Self::Deployment => 5,
            Self::Execution => 3,
        })
    }

    /// Whether a failure of this step is a build failure.
    pub(crate) fn builds(self) -> bool {
        matches!(self, Self::GitClone | Self::Build | Self::MirrorImage)
    }
}

/// The origin of an action, which the API derives from the `User-Agent` of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// A direct call of the API, such as from a program that uses this library.
    Api,
    /// The command-line tool.
    Cli,
    /// The web console.
    Console,
    /// A change in a Git repository.
    Git,
    /// The platform itself.
    QoveryInternal,
    /// A skill of a coding agent.
    Skill,
    /// The Terraform provider.
    TerraformProvider,
}

impl Origin {
    /// The value of `origin`, such as `TERRAFORM_PROVIDER`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Api => "API",
            Self::Cli => "CLI",
            Self::Console => "CONSOLE",
            Self::Git => "GIT",
            Self::QoveryInternal => "QOVERY_INTERNAL",
            Self::Skill => "SKILL",
            Self::TerraformProvider => "TERRAFORM_PROVIDER",
        }
    }

    pub(crate) fn of_user_agent(user_agent: &str) -> Self {
        let starts = [
            ("CLI ", Self::Cli),
            ("Terraform provider", Self::TerraformProvider),
            ("QoverySkill", Self::Skill),
            ("Mozilla", Self::Console),
        ];
        let known = starts
            .into_iter()
            .find(|(start, _)| user_agent.starts_with(start));
        known.map_or(Self::Api, |(_, origin)| origin)
    }
}

/// The action that a deployment of an environment, of some of its services or of a cluster performs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Trigger {
    /// Deploy, or deploy again.
    Deploy,
    /// Restart without a new version.
    Restart,
    /// Stop.
    Stop,
    /// Delete, with the configuration.
    Delete,
    /// Delete the running resources and keep the configuration.
    Uninstall,
}

impl Trigger {
    pub(crate) fn queued(self) -> &'static str {
        match self {
            Self::Deploy => "DEPLOYMENT_QUEUED",
            Self::Restart => "RESTART_QUEUED",
            Self::Stop => "STOP_QUEUED",
            Self::Delete | Self::Uninstall => "DELETE_QUEUED",
        }
    }

    /// The state during a step; without one, of an environment or a cluster as a whole.
    pub(crate) fn running(self, step: Option<Step>) -> &'static str {
        match (self, step) {
            (Self::Deploy, Some(step)) if step.builds() => "BUILDING",
            (Self::Deploy, Some(Step::Execution)) => "EXECUTING",
            (Self::Deploy, _) => "DEPLOYING",
            (Self::Restart, _) => "RESTARTING",
            (Self::Stop, _) => "STOPPING",
            (Self::Delete | Self::Uninstall, _) => "DELETING",
        }
    }

    pub(crate) fn done(self) -> &'static str {
        match self {
            Self::Deploy => "DEPLOYED",
            Self::Restart => "RESTARTED",
            Self::Stop => "STOPPED",
            Self::Delete | Self::Uninstall => "DELETED",
        }
    }

    pub(crate) fn failed(self, step: Option<Step>) -> &'static str {
        match (self, step) {
            (Self::Deploy, Some(step)) if step.builds() => "BUILD_ERROR",
            (Self::Deploy, _) => "DEPLOYMENT_ERROR",
            (Self::Restart, _) => "RESTART_ERROR",
            (Self::Stop, _) => "STOP_ERROR",
            (Self::Delete | Self::Uninstall, _) => "DELETE_ERROR",
        }
    }

    /// The action in `status_details`.
    pub(crate) fn of_service(self) -> &'static str {
        match self {
            Self::Deploy => "DEPLOY",
            Self::Restart => "RESTART",
            Self::Stop => "STOP",
            Self::Delete | Self::Uninstall => "DELETE",
        }
    }

    /// The action in queues and histories.
    pub(crate) fn trigger(self) -> &'static str {
        match self {
            Self::Uninstall => "UNINSTALL",
            other => other.of_service(),
        }
    }

    /// Returns the types of the audit events of this action.
    pub(crate) fn events(self) -> Events {
        let (asked, done, failed) = match self {
            Self::Deploy => ("TRIGGER_DEPLOY", "DEPLOYED", "DEPLOY_FAILED"),
            Self::Restart => ("TRIGGER_RESTART", "RESTARTED", "RESTART_FAILED"),
            Self::Stop => ("TRIGGER_STOP", "STOPPED", "STOP_FAILED"),
            Self::Delete => ("TRIGGER_DELETE", "DELETED", "DELETE_FAILED"),
            Self::Uninstall => ("TRIGGER_UNINSTALL", "UNINSTALLED", "UNINSTALL_FAILED"),
        };
        Events {
            asked,
            done,
            failed,
        }
    }
}

/// Types of audit events.
pub(crate) struct Events {
    pub(crate) asked: &'static str,
    pub(crate) done: &'static str,
    pub(crate) failed: &'static str,
}

/// Returns whether a state is final: it does not change until the next action.
pub(crate) fn is_terminal(state: &str) -> bool {
    let resting = [
        "READY",
        "DEPLOYED",
        "RESTARTED",
        "STOPPED",
        "DELETED",
        "CANCELED",
        "INVALID_CREDENTIALS",
    ];
    state.ends_with("_ERROR") || resting.contains(&state)
}

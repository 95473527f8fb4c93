//! The fake of the tour: a shop with seven services in three stages, served over HTTP on a port of this machine.

use std::{io, time::Duration};

use qovery_api::{Client, uuid::Uuid};
use qovery_ext::connect::{Connect, ConnectError};
use qovery_fake::{Clock, FakeEnvironment, FakeQovery, FakeServer, FakeService, Step, Workload};

/// How many deployments the shop has seen before.
const PAST: u32 = 46;
/// The time between two past deployments.
const BETWEEN: Duration = Duration::from_secs(5 * 3600 + 17 * 60);

/// A shop on a fake.
pub(crate) struct World {
    environment: FakeEnvironment,
    api: FakeService,
    token: String,
    server: FakeServer,
}

impl World {
    /// Builds the shop on a clock that runs `speed` times as fast as real time, and serves it.
    pub(crate) async fn start(speed: f64) -> io::Result<Self> {
        let fake = FakeQovery::with_clock(Clock::fast(speed));
        let organization = fake.organization("acme");
        let environment = organization.project("shop").environment("production");
        let takes = Duration::from_secs;
        let add = |kind, name, stage, times: &[(Step, u64)]| {
            let service = environment.service(kind, name).in_stage(stage);
            times.iter().fold(service, |service, (step, seconds)| {
                service.takes(*step, takes(*seconds))
            })
        };
        use Step::{Build, Deployment, Execution, GitClone, MirrorImage};
        use Workload::{Application, Container, Database, Helm, LifecycleJob};

        add(Database, "orders", "data", &[(Deployment, 48)]);
        add(
            Container,
            "cache",
            "data",
            &[(MirrorImage, 6), (Deployment, 18)],
        );
        add(
            LifecycleJob,
            "migrate",
            "services",
            &[(Deployment, 9), (Execution, 21)],
        );
        let api = add(
            Application,
            "api",
            "services",
            &[(GitClone, 4), (Build, 62), (Deployment, 24)],
        );
        add(
            Container,
            "worker",
            "services",
            &[(MirrorImage, 8), (Deployment, 30)],
        );
        add(
            Application,
            "web",
            "edge",
            &[(GitClone, 3), (Build, 38), (Deployment, 20)],
        )
        .url("https://shop.example.com");
        add(Helm, "gateway", "edge", &[(Deployment, 33)]);

        add_history(&fake, &environment, &api);
        Ok(Self {
            environment,
            api,
            token: fake.token(),
            server: fake.serve().await?,
        })
    }

    /// Lets the next deployment fail while it builds the API.
    pub(crate) fn break_next_build(&self) {
        self.environment
            .next_deployment()
            .fails_at(&self.api, Step::Build)
            .because("the build failed: cargo build --release ended with exit code 101")
            .after_logging([
                "   Compiling shop-api v2.3.0 (/app)",
                "error[E0425]: cannot find value `total` in this scope",
                "  --> src/checkout.rs:42:17",
                "error: could not compile `shop-api` (bin \"shop-api\")",
            ]);
    }

    /// The environment's id.
    pub(crate) fn environment(&self) -> Uuid {
        self.environment.id()
    }

    /// Returns the URL that the fake listens on.
    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    /// A client of the fake, over HTTP.
    pub(crate) fn client(&self) -> Result<Client, ConnectError> {
        Connect::new()
            .base_url(self.url())
            .stream_url(self.server.stream_url())
            .token(self.token.clone())
            .user_agent(crate::commands::USER_AGENT)
            .build()
    }
}

/// Creates a history of deployments that others have requested, most of them successful.
fn add_history(fake: &FakeQovery, environment: &FakeEnvironment, api: &FakeService) {
    for number in 1..=PAST {
        let somebody = environment.external_actor();
        match number % 11 {
            5 => somebody.fails_at(api, Step::Build).deploys(),
            10 => {
                somebody.deploys();
                let minute = Duration::from_secs(60);
                environment.external_actor().after(minute).cancels();
            }
            _ => somebody.deploys(),
        }
        fake.advance(BETWEEN);
    }
}

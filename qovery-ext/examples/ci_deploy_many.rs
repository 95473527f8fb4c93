//! Deploys some services of an environment, each with its version, in one deployment. The version is an image tag, a
//! commit or the version of a chart, depending on the source of the service.
//!
//! ```sh
//! ci_deploy_many my-org/shop/staging api=4f1c2d9 web=1.8.2 redis=7.1
//! ```

use std::process::ExitCode;

use qovery_ext::{
    connect,
    display::ShowExt,
    exit_with,
    recipes::{FindExt, version_for},
    wait::ServiceSelection,
};

#[tokio::main]
async fn main() -> ExitCode {
    exit_with(async {
        let mut arguments = std::env::args().skip(1);
        let client = connect::from_env()?;
        let usage = "usage: ORGANIZATION/PROJECT/ENVIRONMENT SERVICE=VERSION…";
        let path = arguments.next().ok_or(usage)?;
        let mut selection = ServiceSelection::new();
        for argument in arguments {
            let (name, version) = argument.split_once('=').ok_or(usage)?;
            let service = client.find(format!("{path}/{name}")).service().await?;
            let version = version_for(&client, service.service_ref(), version).await?;
            selection = selection.with_version(service.kind, service.id(), version);
        }
        let environment = client.find(&path).environment().await?;
        Ok(match environment.deploy_services(selection).show().await {
            Ok(reached) => reached.exit_code().into(),
            Err(shown) => shown.exit_code().into(), // it was printed
        })
    })
    .await
}

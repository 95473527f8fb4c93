//! Deploys some services of an environment, each with its version, in one deployment. The version is an image tag, a
//! commit or the version of a chart, depending on the source of the service.
//!
//! ```sh
//! ci_deploy_many my-org/shop/staging api=4f1c2d9 web=1.8.2 redis=7.1
//! ```

use std::{error::Error, process::ExitCode};

use qovery_ext::{
    connect,
    display::ShowExt,
    exit_code,
    recipes::{FindExt, version_for},
    wait::ServiceSelection,
};

#[tokio::main]
async fn main() -> ExitCode {
    run().await.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        exit_code(&*error).into()
    })
}

async fn run() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let client = connect::from_env()?;
    let path = arguments
        .next()
        .ok_or("usage: ORGANIZATION/PROJECT/ENVIRONMENT")?;
    let mut selection = ServiceSelection::new();
    for argument in arguments {
        let (name, version) = argument
            .split_once('=')
            .ok_or("usage: ENVIRONMENT SERVICE=VERSION…")?;
        let service = client.find(format!("{path}/{name}")).service().await?;
        let version = version_for(&client, service.service_ref(), version).await?;
        selection = selection.with_version(service.kind, service.id(), version);
    }
    let environment = client.find(&path).environment().await?;
    Ok(match environment.deploy_services(selection).show().await {
        Ok(reached) => reached.exit_code().into(),
        Err(shown) => shown.exit_code().into(), // it was printed
    })
}

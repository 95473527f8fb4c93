//! Deploys an environment, and exits with the code of the outcome.
//!
//! ```sh
//! ci_deploy my-org/shop/staging
//! ```
//!
//! Ctrl-C and SIGTERM stop the wait, not the deployment, and print a token to continue with.

use std::{error::Error, process::ExitCode};

use qovery_ext::{connect, display::ShowExt, recipes::FindExt};

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let path = std::env::args()
        .nth(1)
        .ok_or("usage: ORGANIZATION/PROJECT/ENVIRONMENT")?;
    let environment = connect::from_env()?.find(&path).environment().await?;
    println!("{}", environment.console_url());
    Ok(match environment.deploy().show().await {
        Ok(reached) => reached.exit_code().into(),
        Err(shown) => shown.exit_code().into(), // it was printed
    })
}

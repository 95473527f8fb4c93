//! Deploys an environment, and exits with the code of the outcome.
//!
//! ```sh
//! ci_deploy my-org/shop/staging
//! ```
//!
//! Ctrl-C and SIGTERM stop the wait, not the deployment. After the exit codes 2 and 130 the server may continue: if the
//! program has written the file `deploy.token`, or printed a token, another job can resume the wait with this token.

use std::process::ExitCode;

use qovery_ext::{
    connect,
    display::{Display, ShowExt},
    exit_with,
    recipes::FindExt,
};

#[tokio::main]
async fn main() -> ExitCode {
    exit_with(async {
        let path = std::env::args()
            .nth(1)
            .ok_or("usage: ORGANIZATION/PROJECT/ENVIRONMENT")?;
        let _ = std::fs::remove_file("deploy.token"); // of an earlier run
        let environment = connect::from_env()?.find(&path).environment().await?;
        println!("{}", environment.console_url());
        let display = Display::detect().resume_hint(|token| {
            match std::fs::write("deploy.token", token.to_string()) {
                Ok(()) => "the token is in the file deploy.token".to_owned(),
                Err(_) => format!("the token is {token}"),
            }
        });
        Ok(match environment.deploy().show_on(display).await {
            Ok(reached) => reached.exit_code().into(),
            Err(shown) => shown.exit_code().into(), // it was printed
        })
    })
    .await
}

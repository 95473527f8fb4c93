//! Deploys the versions of one environment in another one. Prints the plan first.
//!
//! ```sh
//! ci_promote my-org/shop/staging my-org/shop/production
//! ```

use std::process::ExitCode;

use qovery_ext::{
    connect,
    display::ShowExt,
    exit_with,
    recipes::{FindExt, promote},
};

#[tokio::main]
async fn main() -> ExitCode {
    exit_with(async {
        let mut arguments = std::env::args().skip(1);
        let mut next = || arguments.next().ok_or("usage: FROM TO");
        let (from, to) = (next()?, next()?);
        let client = connect::from_env()?;
        let from = client.find(&from).environment().await?;
        let to = client.find(&to).environment().await?;
        let plan = promote(&client, from.id(), to.id()).await?;
        println!("{plan}");
        if plan.is_incomplete() {
            return Err("some services cannot be promoted".into());
        }
        let Some(deploy) = plan.deploy() else {
            println!("there is nothing to do");
            return Ok(ExitCode::SUCCESS);
        };
        Ok(deploy
            .show()
            .await
            .map_or_else(|shown| shown.exit_code().into(), |_| ExitCode::SUCCESS))
    })
    .await
}

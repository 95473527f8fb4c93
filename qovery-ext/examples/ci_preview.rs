//! Creates or updates the preview environment of a pull request, and prints its URLs.
//!
//! ```sh
//! ci_preview my-org/shop/staging pr-17 api feature/cart
//! ```

use std::{process::ExitCode, time::Duration};

use qovery_ext::{
    connect,
    display::ShowExt,
    exit_with,
    qovery_api::Printable,
    recipes::{PreviewEnvironment, urls},
};

#[tokio::main]
async fn main() -> ExitCode {
    exit_with(async {
        let mut arguments = std::env::args().skip(1);
        let usage = "usage: ENVIRONMENT NAME SERVICE BRANCH";
        let mut next = || arguments.next().ok_or(usage);
        let (origin, name, service, branch) = (next()?, next()?, next()?, next()?);
        let client = connect::from_env()?;
        let wanted = PreviewEnvironment::named(name)
            .from(origin)
            .branch(service, branch)
            .time_to_live(Duration::from_secs(3 * 86_400));
        let preview = wanted.ensure(&client).await?;
        // After an interruption, the next run and `ci_preview_delete` find it by its name.
        if let Err(shown) = wanted.deployment(&client, &preview)?.show().await {
            return Ok(shown.exit_code().into());
        }
        for link in urls(&client, preview.environment.id()).await? {
            println!("{}: {}", link.service, Printable::new(&link.url));
        }
        Ok(ExitCode::SUCCESS)
    })
    .await
}

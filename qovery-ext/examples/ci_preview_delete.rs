//! Deletes the preview environment of a closed pull request. Does nothing if there is none.
//!
//! ```sh
//! ci_preview_delete my-org/shop/staging pr-17
//! ```

use std::process::ExitCode;

use qovery_ext::{connect, exit_with, recipes::PreviewEnvironment};

#[tokio::main]
async fn main() -> ExitCode {
    exit_with(async {
        let mut arguments = std::env::args().skip(1);
        let mut next = || arguments.next().ok_or("usage: ENVIRONMENT NAME");
        let (origin, name) = (next()?, next()?);
        let client = connect::from_env()?;
        let preview = PreviewEnvironment::named(name).from(origin);
        match preview.delete(&client).await? {
            true => println!("the preview environment is gone"),
            false => println!("there is no preview environment of this name"),
        }
        Ok(ExitCode::SUCCESS)
    })
    .await
}

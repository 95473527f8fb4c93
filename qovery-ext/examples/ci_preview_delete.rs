//! Deletes the preview environment of a closed pull request. Does nothing if there is none.
//!
//! ```sh
//! ci_preview_delete my-org/shop/staging pr-17
//! ```

use std::{error::Error, process::ExitCode};

use qovery_ext::{connect, recipes::PreviewEnvironment};

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("usage: ENVIRONMENT NAME");
    let (origin, name) = (next()?, next()?);
    let client = connect::from_env()?;
    match PreviewEnvironment::named(name)
        .from(origin)
        .delete(&client)
        .await
    {
        Ok(true) => println!("the preview environment is gone"),
        Ok(false) => println!("there is no preview environment of this name"),
        Err(error) => {
            eprintln!("{error}");
            return Ok(error.exit_code().into());
        }
    }
    Ok(ExitCode::SUCCESS)
}

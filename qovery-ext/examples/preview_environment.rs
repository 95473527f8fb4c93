//! Creates and deploys a preview environment, passes its URLs to a command, and deletes it, also if the
//! command fails.
//!
//! ```sh
//! export QOVERY_API_TOKEN=…
//! cargo run --features preview --example preview_environment -- my-org/shop/staging pr-17 ./test.sh
//! ```
//!
//! The exit code is that of the command, or of the error if the example fails: 130 after Ctrl-C or SIGTERM.

use std::{io, process::ExitCode};

use qovery_ext::{
    connect, exit_with,
    qovery_api::Printable,
    recipes::{Preview, PreviewEnvironment, Variable},
};
use tokio::process::Command;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    exit_with(async {
        let mut arguments = std::env::args().skip(1);
        let mut next = || arguments.next().ok_or("usage: ENVIRONMENT NAME COMMAND");
        let (origin, name, command) = (next()?, next()?, next()?);
        let client = connect::from_env()?;

        let preview = PreviewEnvironment::named(&name)
            .from(origin)
            .variable(Variable::new("PREVIEW_NAME", name))
            .variable(Variable::new("LOG_LEVEL", "debug"))
            .variable(Variable::new("PAYMENT_TOKEN", "sandbox").secret());
        let tested = preview.run(&client, async |preview| test(preview, &command).await);
        match tested.await {
            Ok(code) => Ok(code.into()),
            Err(error) => {
                eprintln!("error: {error:#}");
                Ok(error.exit_code().into())
            }
        }
    })
    .await
}

async fn test(preview: Preview, command: &str) -> io::Result<u8> {
    println!(
        "{}: {}",
        preview.environment,
        preview.environment.console_url()
    );
    let mut tests = Command::new(command);
    tests.kill_on_drop(true); // on Ctrl-C
    for link in &preview.urls {
        // Text from the server must not control the terminal.
        let (name, url) = (
            Printable::new(&link.service.name),
            Printable::new(&link.url),
        );
        println!("{name}: {url}");
        // The command would take a text that begins with a dash for an option.
        if !link.url.starts_with("http") {
            return Err(io::Error::other(format!("the link of {name} is not a URL")));
        }
        tests.arg(&link.url);
    }
    let code = tests.status().await?.code();
    Ok(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

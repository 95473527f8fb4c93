//! The original of a preview, and the environments that have its name.

use qovery_api::{Client, types::EnvironmentModeEnum as Mode};

use super::{
    super::{FindExt as _, FoundEnvironment, naming},
    PreviewEnvironment, PreviewError,
    error::Reason,
    mark::{self, Namesakes},
};

impl PreviewEnvironment {
    /// Marks the environment of this name and mode as a preview of the original, and changes
    /// nothing else. From then on it can be updated and [deleted](Self::delete) as a preview.
    ///
    /// Call it once for an environment that was made by hand, or by a version of this crate that
    /// set no mark. Does nothing if the environment is already a preview of the original.
    ///
    /// ```no_run
    /// # async fn example(client: qovery_api::Client) -> Result<(), qovery_ext::recipes::PreviewError> {
    /// use qovery_ext::recipes::PreviewEnvironment;
    ///
    /// let preview = PreviewEnvironment::named("pr-17").from("my-org/shop/staging");
    /// match preview.deploy(&client).await {
    ///     Err(error) if error.unmarked().is_some() => {
    ///         eprintln!("{error}");
    ///         preview.adopt(&client).await?; // after a check by a person
    ///     }
    ///     other => drop(other?),
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Returns an error if no environment or several environments have this name, if its mode is
    /// another one, or if a call fails.
    pub async fn adopt(&self, client: &Client) -> Result<FoundEnvironment, PreviewError> {
        let origin = self.find_origin(client).await?;
        let namesakes = self.namesakes(client, &origin).await?;
        if let Some(preview) = namesakes.previews.into_iter().next() {
            return Ok(preview);
        }
        let Some((other, why)) = namesakes.other else {
            return Err(PreviewError::refused(format!(
                "{} has no environment \"{}\" to adopt",
                origin.project, self.name
            )));
        };
        if other.mode.as_ref() != Some(&self.mode) {
            return Err(why);
        }
        mark::set(client, other.id(), origin.id()).await?;
        Ok(other)
    }

    pub(super) async fn find_origin(
        &self,
        client: &Client,
    ) -> Result<FoundEnvironment, PreviewError> {
        if self.name.trim().is_empty() {
            return Err(PreviewError::refused("a preview needs a name".to_owned()));
        }
        if mark::is_unfinished(&self.name) {
            return Err(PreviewError::refused(format!(
                "a preview cannot be named \"{}\": the name is that of a copy in the making",
                self.name
            )));
        }
        if self.mode == Mode::Production {
            let text = "a preview cannot have the mode PRODUCTION".to_owned();
            return Err(PreviewError::refused(text));
        }
        let Some(origin) = &self.origin else {
            let text = "set the environment to copy: .from(\"my-org/shop/staging\")";
            return Err(PreviewError::refused(text.to_owned()));
        };
        let origin = client.find(origin).environment().await;
        let origin = origin.map_err(|error| PreviewError::new(Reason::Find(error)))?;
        if naming::comparable(origin.name()) == naming::comparable(&self.name) {
            return Err(PreviewError::refused(format!(
                "a preview cannot have the name of its original, {origin}"
            )));
        }
        Ok(origin)
    }

    pub(super) async fn namesakes(
        &self,
        client: &Client,
        origin: &FoundEnvironment,
    ) -> Result<Namesakes, PreviewError> {
        Namesakes::find(client, origin, &self.name, &self.mode).await
    }
}

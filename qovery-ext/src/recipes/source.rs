//! The source of a service, and edits of it that keep all other settings.
//!
//! Each edit reads the service, changes one field, writes all settings back, and compares the response with
//! the request.

use std::fmt;

use qovery_api::{
    Client, ConversionError, Error, Patch, Printable,
    types::{
        ApplicationEditRequest, ContainerRequest, HelmRequest, HelmRequestSource, JobRequest,
        TerraformRequest, TerraformResponse,
    },
};

use serde_json::Value;

use crate::{
    causes::{self, debug_as_text},
    codes,
    wait::{KnownNames, ServiceKind, ServiceRef},
};

/// One setting to change, with its new value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    ImageTag(String),
    Branch(String),
    ChartVersion(String),
}

impl Change {
    fn noun(&self) -> &'static str {
        match self {
            Self::ImageTag(_) => "image tag",
            Self::Branch(_) => "Git branch",
            Self::ChartVersion(_) => "chart version",
        }
    }

    fn value(&self) -> &str {
        match self {
            Self::ImageTag(value) | Self::Branch(value) | Self::ChartVersion(value) => value,
        }
    }
}

/// The effect of setting a version in the configuration of a service.
///
/// Available on crate feature `versions` only.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct VersionChange {
    /// The version before, if the API has one.
    pub before: Option<String>,
    /// The version now.
    pub after: String,
}

impl VersionChange {
    /// Returns whether the version was already set, so that nothing was changed.
    pub fn is_unchanged(&self) -> bool {
        self.before.as_deref() == Some(&self.after)
    }
}

impl fmt::Display for VersionChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = self.before.as_deref().unwrap_or("(none)");
        let (before, after) = (Printable::new(before), Printable::new(&self.after));
        match self.is_unchanged() {
            true => write!(f, "{after} (unchanged)"),
            false => write!(f, "{before} -> {after}"),
        }
    }
}

/// The version of a service was not changed or not found.
///
/// Available on crate feature `versions` only.
pub struct VersionError(Box<Reason>);

#[derive(Debug)]
enum Reason {
    /// The message, and the error.
    Call(String, Error),
    /// The service has no such version, or the value is blank.
    Unsupported(String),
    /// The settings cannot be converted into a request.
    Unwritable(String),
    Edited(String),
    NoSuccess(String),
}

impl VersionError {
    /// A call that only reads has failed.
    pub(super) fn call(what: impl fmt::Display, error: Error) -> Self {
        Self(Box::new(Reason::Call(format!("{what} failed"), error)))
    }

    /// A call that changes something has failed. If the server may have executed it, the message says so.
    fn write(what: impl fmt::Display, error: Error) -> Self {
        let what = match error.may_have_been_executed() {
            true => format!(
                "{what} failed, but the server may have executed it: check the service, then run this again"
            ),
            false => format!("{what} failed"),
        };
        Self(Box::new(Reason::Call(what, error)))
    }

    /// The error for a service that is deployed without a version of its own.
    pub(super) fn without_version(shown: &impl fmt::Display, kind: ServiceKind) -> Self {
        let step = match kind {
            ServiceKind::AgenticWorkflow => "it is deployed with its environment",
            _ => "deploy it with its configured version",
        };
        Self::unsupported(format!("{shown} has no version of its own: {step}"))
    }

    pub(super) fn unsupported(text: String) -> Self {
        Self(Box::new(Reason::Unsupported(text)))
    }

    pub(super) fn no_success(text: String) -> Self {
        Self(Box::new(Reason::NoSuccess(text)))
    }

    /// Returns whether nothing was changed because the service has no such version (for example, a database has no
    /// branch), because the new value is blank, or because the settings cannot be written back.
    pub fn is_unsupported(&self) -> bool {
        matches!(*self.0, Reason::Unsupported(_) | Reason::Unwritable(_))
    }

    /// Whether the service has no such version. Its settings are known.
    pub(super) fn lacks_version(&self) -> bool {
        matches!(*self.0, Reason::Unsupported(_))
    }

    /// Returns whether the settings of the service after the edit are not those that were sent, because another user
    /// edited it at the same time, or are not known, because the response to the edit cannot be read. Check the
    /// service before you deploy it.
    pub fn is_conflict(&self) -> bool {
        matches!(*self.0, Reason::Edited(_))
    }

    /// Returns whether the history has no earlier successful deployment with a known version.
    pub fn is_without_success(&self) -> bool {
        matches!(*self.0, Reason::NoSuccess(_))
    }

    /// Returns the error of the call that failed.
    pub fn api_error(&self) -> Option<&Error> {
        match &*self.0 {
            Reason::Call(_, error) => Some(error),
            _ => None,
        }
    }

    /// Returns the exit code: see [the table](crate::exit_code#codes). It is 2 if the settings after the edit are not
    /// known, or are not those that were sent ([`is_conflict`](Self::is_conflict)).
    pub fn exit_code(&self) -> u8 {
        match self.is_conflict() {
            true => codes::UNKNOWN,
            false => self.api_error().map_or(codes::REFUSED, codes::of_call),
        }
    }
}

impl fmt::Display for VersionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Reason::Call(what, error) => {
                causes::write(f, self, Printable::new(&format!("{what}: {error}")))
            }
            Reason::Unsupported(text)
            | Reason::Unwritable(text)
            | Reason::Edited(text)
            | Reason::NoSuccess(text) => Printable::new(text).fmt(f),
        }
    }
}

debug_as_text!(VersionError);

impl std::error::Error for VersionError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.api_error().map(|error| error as _)
    }
}

/// The settings of a service, as a request.
#[derive(Debug, Clone, PartialEq)]
enum Config {
    Application(Box<ApplicationEditRequest>),
    Container(Box<ContainerRequest>),
    Job(Box<JobRequest>),
    Helm(Box<HelmRequest>),
    Terraform(Box<TerraformRequest>),
}

/// Checks that a service has the setting to change. Only reads.
pub(super) async fn check(
    client: &Client,
    service: ServiceRef,
    change: &Change,
) -> Result<(), VersionError> {
    let value = change.value().trim();
    let mut config = read(client, service, change, value).await?;
    config.place_of(&named(client, service), change).map(drop)
}

/// Changes one setting of a service.
pub(super) async fn change(
    client: &Client,
    service: ServiceRef,
    change: &Change,
) -> Result<VersionChange, VersionError> {
    let value = change.value().trim();
    let mut config = read(client, service, change, value).await?;
    let shown = named(client, service);
    let place = config.place_of(&shown, change)?;
    let done = VersionChange {
        before: place.get(),
        after: value.to_owned(),
    };
    if done.is_unchanged() {
        return Ok(done);
    }
    place.set(value);
    let kept = config.write(client, service).await?;
    let lost = lost(&config.document(), &kept.document(), "");
    if !lost.is_empty() {
        let what = format!(
            "{shown} differs from the edit that was sent, another user may have edited it at the same \
             time: check {} before you deploy it",
            lost.join(", ")
        );
        return Err(VersionError(Box::new(Reason::Edited(what))));
    }
    Ok(done)
}

async fn read(
    client: &Client,
    service: ServiceRef,
    change: &Change,
    value: &str,
) -> Result<Config, VersionError> {
    if value.is_empty() {
        let (noun, service) = (change.noun(), named(client, service));
        return Err(VersionError::unsupported(format!(
            "the {noun} for {service} is blank: pass a value"
        )));
    }
    Config::read(client, service).await
}

/// A service with its name, if the client knows it.
pub(super) fn named(client: &Client, service: ServiceRef) -> String {
    KnownNames::of(client).service(service)
}

/// The settings that were sent and that the server has with another value, or not at all. It may have more,
/// such as its own values for fields that were sent as null.
fn lost(sent: &Value, kept: &Value, path: &str) -> Vec<String> {
    match (sent, kept) {
        (Value::Null, _) => Vec::new(),
        (Value::Object(sent), Value::Object(kept)) => {
            let fields = sent.iter();
            let lost = fields.map(|(name, value)| {
                let kept = kept.get(name).unwrap_or(&Value::Null);
                lost(value, kept, &format!("{path}/{name}"))
            });
            lost.flatten().collect()
        }
        (Value::Array(sent), Value::Array(kept)) if sent.len() == kept.len() => {
            let kept = in_order_of(sent, kept);
            let pairs = sent.iter().zip(kept).enumerate();
            let lost = pairs.map(|(at, (sent, kept))| lost(sent, kept, &format!("{path}/{at}")));
            lost.flatten().collect()
        }
        (Value::Number(sent), Value::Number(kept)) if sent.as_f64() == kept.as_f64() => Vec::new(),
        // An empty value is the same as an absent one.
        (Value::Object(sent), Value::Null) if sent.is_empty() => Vec::new(),
        (Value::Array(sent), Value::Null) if sent.is_empty() => Vec::new(),
        (Value::String(sent), Value::Null) if sent.is_empty() => Vec::new(),
        (sent, kept) if sent == kept => Vec::new(),
        _ => vec![path.to_owned()],
    }
}

/// The items in the order of others, if all have an id: a server may list them in another order.
fn in_order_of<'a>(sent: &[Value], kept: &'a [Value]) -> Vec<&'a Value> {
    let with_id = |sent: &Value| {
        let id = sent.get("id")?;
        kept.iter().find(|one| one.get("id") == Some(id))
    };
    let ordered: Option<Vec<&Value>> = sent.iter().map(with_id).collect();
    ordered.unwrap_or_else(|| kept.iter().collect())
}

/// The request that replaces a Terraform service. It requires a description, which a Terraform service does not
/// need to have.
fn terraform(mut read: TerraformResponse) -> Result<TerraformRequest, ConversionError> {
    read.description.get_or_insert_default();
    TerraformRequest::try_from(read)
}

/// The location of a version in the settings.
enum Place<'a> {
    Required(&'a mut String),
    Optional(&'a mut Option<String>),
}

impl Place<'_> {
    fn get(&self) -> Option<String> {
        match self {
            Self::Required(text) => Some((**text).clone()),
            Self::Optional(text) => (**text).clone(),
        }
    }

    fn set(self, value: &str) {
        match self {
            Self::Required(text) => value.clone_into(text),
            Self::Optional(text) => *text = Some(value.to_owned()),
        }
    }
}

impl Config {
    fn document(&self) -> Value {
        let document = match self {
            Self::Application(request) => serde_json::to_value(request),
            Self::Container(request) => serde_json::to_value(request),
            Self::Job(request) => serde_json::to_value(request),
            Self::Helm(request) => serde_json::to_value(request),
            Self::Terraform(request) => serde_json::to_value(request),
        };
        document.unwrap_or_default()
    }

    async fn read(client: &Client, service: ServiceRef) -> Result<Self, VersionError> {
        let (id, shown) = (service.id, named(client, service));
        let failed = |error| VersionError::call(format!("reading {shown}"), error);
        let unreadable = |what: &dyn fmt::Display| {
            VersionError(Box::new(Reason::Unwritable(format!(
                "the settings of {shown} cannot be written back: {what}; edit it with the operation of its kind, or \
                 in the web console"
            ))))
        };
        Ok(match service.kind {
            ServiceKind::Application => {
                let read = client.get_application(id).await.map_err(failed)?;
                Self::Application(Box::new(read.into()))
            }
            ServiceKind::Container => {
                let read = client.get_container(id).await.map_err(failed)?;
                Self::Container(Box::new(read.into()))
            }
            ServiceKind::Job => {
                let read = client.get_job(id).await.map_err(failed)?;
                let request = JobRequest::try_from(read).map_err(|error| unreadable(&error))?;
                Self::Job(Box::new(request))
            }
            ServiceKind::Helm => {
                let read = client.get_helm(id).await.map_err(failed)?;
                Self::Helm(Box::new(read.into()))
            }
            ServiceKind::Terraform => {
                let read = client.get_terraform(id).await.map_err(failed)?;
                let request = terraform(read).map_err(|error| unreadable(&error))?;
                Self::Terraform(Box::new(request))
            }
            ServiceKind::Database | ServiceKind::AgenticWorkflow => {
                return Err(VersionError::without_version(&shown, service.kind));
            }
        })
    }

    /// Writes all settings. Returns those that the server has then.
    async fn write(&self, client: &Client, service: ServiceRef) -> Result<Self, VersionError> {
        let (id, shown) = (service.id, named(client, service));
        let failed = |error| VersionError::write(format!("editing {shown}"), error);
        let unreadable = |_| {
            let what = format!(
                "{shown} was edited, but the response of the server cannot be read: check the service before you \
                 deploy it"
            );
            VersionError(Box::new(Reason::Edited(what)))
        };
        Ok(match self {
            Self::Application(request) => {
                let kept = client.edit_application(id, request).await.map_err(failed)?;
                Self::Application(Box::new(kept.into()))
            }
            Self::Container(request) => {
                let kept = client.edit_container(id, request).await.map_err(failed)?;
                Self::Container(Box::new(kept.into()))
            }
            Self::Job(request) => {
                let kept = client.edit_job(id, request).await.map_err(failed)?;
                let kept =
                    JobRequest::try_from(kept).map_err(|error| unreadable(error.to_string()));
                Self::Job(Box::new(kept?))
            }
            Self::Helm(request) => {
                let kept = client.edit_helm(id, request).await.map_err(failed)?;
                Self::Helm(Box::new(kept.into()))
            }
            Self::Terraform(request) => {
                let kept = client.edit_terraform(id, request).await.map_err(failed)?;
                let kept = terraform(kept).map_err(|error| unreadable(error.to_string()));
                Self::Terraform(Box::new(kept?))
            }
        })
    }

    /// The field to change.
    ///
    /// # Errors
    /// Returns an error if the source of the service has none.
    fn place_of(&mut self, service: &str, change: &Change) -> Result<Place<'_>, VersionError> {
        self.place(change).ok_or_else(|| {
            let noun = change.noun();
            VersionError::unsupported(format!(
                "{service} has no {noun}: its source is of another kind; use the function for its source \
                 (`set_image`, `set_branch`, `set_chart_version`)"
            ))
        })
    }

    /// The field to change; `None` if the source has none.
    fn place(&mut self, change: &Change) -> Option<Place<'_>> {
        match (self, change) {
            (Self::Application(request), Change::Branch(_)) => {
                let git = request.git_repository.as_mut()?;
                Some(Place::Optional(&mut git.branch))
            }
            (Self::Container(request), Change::ImageTag(_)) => {
                Some(Place::Required(&mut request.tag))
            }
            (Self::Job(request), change) => {
                let source = request.source.as_mut()?;
                match (change, &mut source.image, &mut source.docker) {
                    (Change::ImageTag(_), Patch::Value(image), _) => {
                        Some(Place::Optional(&mut image.tag))
                    }
                    (Change::Branch(_), _, Patch::Value(docker)) => {
                        let git = docker.git_repository.as_mut()?;
                        Some(Place::Optional(&mut git.branch))
                    }
                    _ => None,
                }
            }
            (Self::Helm(request), change) => match (&mut request.source, change) {
                (HelmRequestSource::Git(source), Change::Branch(_)) => {
                    let git = source.git_repository.as_mut()?;
                    Some(Place::Optional(&mut git.branch))
                }
                (HelmRequestSource::Helm(source), Change::ChartVersion(_)) => {
                    let chart = source.helm_repository.as_mut()?;
                    Some(Place::Optional(&mut chart.chart_version))
                }
                _ => None,
            },
            (Self::Terraform(request), Change::Branch(_)) => {
                let git = request.terraform_files_source.git_repository.as_mut()?;
                Some(Place::Optional(&mut git.branch))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_setting_is_lost_if_the_server_has_another_value_and_not_if_it_has_more() {
        let sent = json!({"a": 1, "b": {"c": [1, {"d": "x"}]}, "e": null, "f": "", "g": []});
        for (kept, expected) in [
            (sent.clone(), vec![]),
            (
                json!({"a": 1.0, "b": {"c": [1, {"d": "x", "z": 1}]}, "e": 5, "y": 1}),
                vec![],
            ),
            (json!({"b": {"c": [1, {"d": "x"}]}}), vec!["/a"]),
            (
                json!({"a": 1, "b": {"c": [1, {"d": "y"}]}}),
                vec!["/b/c/1/d"],
            ),
            (json!({"a": 1, "b": {"c": [1]}}), vec!["/b/c"]),
            (json!({"a": 2, "b": null, "f": "x"}), vec!["/a", "/b", "/f"]),
        ] {
            assert_eq!(lost(&sent, &kept, ""), expected, "{kept}");
        }
        let ports = json!([{"id": 1, "port": 80}, {"id": 2, "port": 443}]);
        let turned = json!([{"id": 2, "port": 443}, {"id": 1, "port": 80}]);
        assert_eq!(lost(&ports, &turned, ""), [""; 0], "another order");
        let other = json!([{"id": 2, "port": 443}, {"id": 1, "port": 81}]);
        assert_eq!(lost(&ports, &other, ""), ["/0/port"]);
        let words = [json!(["a", "b"]), json!(["b", "a"])];
        assert_eq!(lost(&words[0], &words[1], ""), ["/0", "/1"], "arguments");
    }
}

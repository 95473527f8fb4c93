//! The version of a service to deploy, and the versions that each kind of service accepts.

use std::fmt;

use qovery_api::Printable;
use serde::Serialize;

use super::{ServiceKind, ServiceRef};

/// The version of a service to deploy. If no part is set, it is the configured version.
///
/// | kind | accepts |
/// |---|---|
/// | application, Terraform | a Git commit |
/// | container | an image tag |
/// | job | an image tag or a Git commit |
/// | Helm | a chart version or a Git commit; a Git commit of the overriding values |
/// | database, agentic workflow | none |
///
/// If the kind does not accept the version, the action is refused before anything is sent: see
/// [`UnsupportedVersion`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct ServiceVersion {
    /// The commit to build.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub git_commit_id: Option<String>,
    /// The tag of the image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_tag: Option<String>,
    /// The version of the chart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chart_version: Option<String>,
    /// The commit of the overriding values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values_override_git_commit_id: Option<String>,
}

/// One part of a [`ServiceVersion`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum VersionField {
    /// [`ServiceVersion::git_commit_id`].
    GitCommit,
    /// [`ServiceVersion::image_tag`].
    ImageTag,
    /// [`ServiceVersion::chart_version`].
    ChartVersion,
    /// [`ServiceVersion::values_override_git_commit_id`].
    ValuesCommit,
}

impl fmt::Display for VersionField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::GitCommit => "git_commit_id",
            Self::ImageTag => "image_tag",
            Self::ChartVersion => "chart_version",
            Self::ValuesCommit => "values_override_git_commit_id",
        })
    }
}

impl ServiceKind {
    /// Returns the parts of a version that a service of this kind accepts; empty for kinds that are always
    /// deployed as configured.
    ///
    /// ```
    /// use qovery_ext::wait::{ServiceKind, VersionField};
    ///
    /// assert_eq!(ServiceKind::Container.versions(), [VersionField::ImageTag]);
    /// assert!(ServiceKind::Database.versions().is_empty());
    /// ```
    pub fn versions(self) -> &'static [VersionField] {
        use VersionField::{ChartVersion, GitCommit, ImageTag, ValuesCommit};
        match self {
            Self::Application | Self::Terraform => &[GitCommit],
            Self::Container => &[ImageTag],
            Self::Job => &[ImageTag, GitCommit],
            Self::Helm => &[ChartVersion, GitCommit, ValuesCommit],
            Self::Database | Self::AgenticWorkflow => &[],
        }
    }
}

/// Parts that exclude each other: a service has one source, which takes one of them.
const ALTERNATIVES: [[VersionField; 2]; 2] = [
    [VersionField::ImageTag, VersionField::GitCommit],
    [VersionField::ChartVersion, VersionField::GitCommit],
];

impl ServiceVersion {
    /// Returns the configured version.
    pub fn configured() -> Self {
        Self::default()
    }

    /// Returns the version of this commit.
    pub fn commit(id: impl Into<String>) -> Self {
        Self {
            git_commit_id: Some(id.into()),
            ..Self::default()
        }
    }

    /// Returns the version of this image tag.
    pub fn image_tag(tag: impl Into<String>) -> Self {
        Self {
            image_tag: Some(tag.into()),
            ..Self::default()
        }
    }

    /// Returns this version of the chart.
    pub fn chart(version: impl Into<String>) -> Self {
        Self {
            chart_version: Some(version.into()),
            ..Self::default()
        }
    }

    /// Adds the commit of the overriding values.
    #[must_use]
    pub fn values_commit(mut self, id: impl Into<String>) -> Self {
        self.values_override_git_commit_id = Some(id.into());
        self
    }

    /// The parts of the version.
    fn given(&self) -> impl Iterator<Item = (VersionField, &str)> {
        let fields = [
            (VersionField::GitCommit, &self.git_commit_id),
            (VersionField::ImageTag, &self.image_tag),
            (VersionField::ChartVersion, &self.chart_version),
            (
                VersionField::ValuesCommit,
                &self.values_override_git_commit_id,
            ),
        ];
        let fields = fields.into_iter();
        fields.filter_map(|(field, value)| Some((field, value.as_deref()?)))
    }

    /// Checks that a service accepts this version.
    ///
    /// # Errors
    /// Returns an error if the kind of the service does not accept a part that is set, if a part is
    /// blank, or if two parts are set that exclude each other.
    pub fn check(&self, service: ServiceRef) -> Result<(), UnsupportedVersion> {
        let refuse = |reason, field, value: &str| {
            Err(UnsupportedVersion {
                service,
                field,
                value: value.to_owned(),
                reason,
            })
        };
        let takes = service.kind.versions();
        if let Some((field, value)) = self.given().find(|(field, _)| !takes.contains(field)) {
            return refuse(Reason::NotTaken, field, value);
        }
        for (field, value) in self.given() {
            if value.trim().is_empty() {
                return refuse(Reason::Blank, field, value);
            }
            let other = self.given().find(|(other, _)| {
                *other > field
                    && ALTERNATIVES
                        .iter()
                        .any(|both| both.contains(&field) && both.contains(other))
            });
            if let Some((other, _)) = other {
                return refuse(Reason::BesideAnother(other), field, value);
            }
        }
        Ok(())
    }
}

impl fmt::Display for ServiceVersion {
    /// The parts of the version, such as `image tag 1.8.2` or `commit 4f1c2d9`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let given = self.given().map(|(field, value)| {
            let noun = match field {
                VersionField::GitCommit => "commit",
                VersionField::ImageTag => "image tag",
                VersionField::ChartVersion => "chart version",
                VersionField::ValuesCommit => "values of commit",
            };
            format!("{noun} {}", Printable::new(value))
        });
        let given: Vec<_> = given.collect();
        if given.is_empty() {
            return f.write_str("the configured version");
        }
        f.write_str(&given.join(", "))
    }
}

/// A version that the service does not accept. Nothing was sent.
///
/// ```
/// use qovery_ext::wait::{ServiceKind, ServiceRef, ServiceVersion};
///
/// # let id = uuid::Uuid::nil();
/// let database = ServiceRef::new(ServiceKind::Database, id);
/// let refused = ServiceVersion::image_tag("15.4").check(database).unwrap_err();
/// assert!(refused.to_string().contains("a database takes no version"));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct UnsupportedVersion {
    service: ServiceRef,
    field: VersionField,
    value: String,
    reason: Reason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    NotTaken,
    Blank,
    BesideAnother(VersionField),
}

impl UnsupportedVersion {
    /// Returns the service.
    pub fn service(&self) -> ServiceRef {
        self.service
    }

    /// Returns the part of the version that the service does not accept.
    pub fn field(&self) -> VersionField {
        self.field
    }

    /// Returns the value of this part.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Returns the parts of a version that the kind of the service accepts.
    pub fn accepted(&self) -> &'static [VersionField] {
        self.service.kind.versions()
    }
}

impl UnsupportedVersion {
    /// Prints the error with the service as it is shown, for example with its name.
    pub(crate) fn shown_for(&self, service: impl fmt::Display) -> String {
        let (field, value) = (self.field, Printable::new(&self.value));
        let kind = self.service.kind;
        let takes = || match (self.accepted(), kind) {
            ([], ServiceKind::AgenticWorkflow) => {
                "no version; it is deployed with its environment".to_owned()
            }
            ([], _) => "no version; deploy it with its configured version".to_owned(),
            (takes, _) => {
                let takes: Vec<_> = takes.iter().map(VersionField::to_string).collect();
                takes.join(", ")
            }
        };
        let why = match (self.reason, kind) {
            (Reason::Blank, _) => {
                "it is blank: set it, or use `ServiceVersion::configured`".to_owned()
            }
            (Reason::BesideAnother(other), _) => {
                format!("{other} is also set, and a deployment uses only one of them")
            }
            (Reason::NotTaken, ServiceKind::Application | ServiceKind::AgenticWorkflow) => {
                format!("an {kind} takes {}", takes())
            }
            (Reason::NotTaken, _) => format!("a {kind} takes {}", takes()),
        };
        format!("{service} cannot be deployed with {field} {value:?}: {why}")
    }
}

impl fmt::Display for UnsupportedVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown_for(self.service))
    }
}

crate::causes::debug_as_text!(UnsupportedVersion);

impl std::error::Error for UnsupportedVersion {}

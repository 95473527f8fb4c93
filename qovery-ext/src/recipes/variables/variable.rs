//! A variable, the resource that it belongs to, and the variable that applies to a resource.

use qovery_api::{
    Client, SecretText,
    types::{ApiVariableScopeEnum as Scope, VariableResponse},
};
use uuid::Uuid;

use super::{super::known::named, SetVariableError};
use crate::wait::{ServiceKind, ServiceRef};

/// The desired state of a variable. `Debug` does not show its value, secret or not.
///
/// Available on crate feature `variables` only.
///
/// ```
/// use qovery_ext::recipes::Variable;
///
/// let plain = Variable::new("LOG_LEVEL", "debug");
/// let secret = Variable::new("DATABASE_PASSWORD", "hunter2").secret();
/// let file = Variable::new("LICENSE", "…").mounted_at("/etc/license");
/// # let _ = (plain, secret, file);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    pub(super) key: String,
    pub(super) value: SecretText,
    pub(super) is_secret: bool,
    pub(super) mount_path: Option<String>,
    pub(super) description: Option<String>,
}

/// Creates a plain variable with this key and value.
impl<K: Into<String>, V: Into<SecretText>> From<(K, V)> for Variable {
    fn from((key, value): (K, V)) -> Self {
        Self::new(key, value)
    }
}

impl Variable {
    /// Creates a plain variable.
    pub fn new(key: impl Into<String>, value: impl Into<SecretText>) -> Self {
        Self {
            key: key.into(),
            value: value.into(),
            is_secret: false,
            mount_path: None,
            description: None,
        }
    }

    /// Returns the key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Makes the variable a secret: the API does not return its value.
    #[must_use]
    pub fn secret(mut self) -> Self {
        self.is_secret = true;
        self
    }

    /// Mounts the value as a file at this path.
    #[must_use]
    pub fn mounted_at(mut self, path: impl Into<String>) -> Self {
        self.mount_path = Some(path.into());
        self
    }

    /// Sets the description, at most 255 characters. If it is not set, an existing description does
    /// not change.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// The value, if the variable is a secret.
    pub(super) fn secret_value(&self) -> Option<&str> {
        self.is_secret.then(|| self.value.expose())
    }
}

/// The resource that a variable belongs to.
///
/// Available on crate feature `variables` only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VariableOwner {
    /// A project: its variables apply to all its environments.
    Project(Uuid),
    /// An environment: its variables apply to all its services.
    Environment(Uuid),
    /// A service of any kind except a database.
    Service(ServiceRef),
}

impl VariableOwner {
    fn id(self) -> Uuid {
        match self {
            Self::Project(id) | Self::Environment(id) => id,
            Self::Service(service) => service.id,
        }
    }

    /// Names the owner in the message of an error.
    pub(super) fn blame(
        self,
        client: &Client,
    ) -> impl FnOnce(SetVariableError) -> SetVariableError {
        move |error| error.with_owner(self.named(client))
    }

    /// Its kind, its name, if the client knows it, and its id.
    fn named(self, client: &Client) -> String {
        let kind = match self {
            Self::Project(_) => "project".to_owned(),
            Self::Environment(_) => "environment".to_owned(),
            Self::Service(service) => service.kind.to_string(),
        };
        named(client, &kind, self.id())
    }

    /// Its scope and its id.
    pub(super) fn place(self) -> Result<(Scope, Uuid), SetVariableError> {
        let scope = self.scope().ok_or_else(|| {
            let why = "databases have no variables: set them on the services that read them";
            SetVariableError::refused(why.to_owned())
        })?;
        Ok((scope, self.id()))
    }

    fn scope(self) -> Option<Scope> {
        Some(match self {
            Self::Project(_) => Scope::Project,
            Self::Environment(_) => Scope::Environment,
            Self::Service(service) => match service.kind {
                ServiceKind::Application => Scope::Application,
                ServiceKind::Container => Scope::Container,
                ServiceKind::Job => Scope::Job,
                ServiceKind::Helm => Scope::Helm,
                ServiceKind::Terraform => Scope::Terraform,
                ServiceKind::AgenticWorkflow => Scope::AgenticWorkflow,
                ServiceKind::Database => return None,
            },
        })
    }
}

/// Returns how wide a scope is for an owner. The value of the narrowest scope applies to the owner.
pub(super) fn width(of: &Scope, own: &Scope) -> u8 {
    match of {
        of if of == own => 0,
        Scope::Environment => 2,
        Scope::Project => 3,
        Scope::BuiltIn => 4,
        // A service.
        _ => 1,
    }
}

/// The scope of a variable in a message; `None` if the variable belongs to the owner, which can remove it.
pub(super) fn wider_scope(variable: &VariableResponse, own: &Scope) -> Option<String> {
    let is_wider = variable.scope != *own;
    is_wider.then(|| match &variable.scope {
        Scope::BuiltIn => "set by Qovery".to_owned(),
        other => format!("of the {}", other.as_str().to_ascii_lowercase()),
    })
}

/// The variable with a key that applies to the owner: its own before those of wider scopes.
pub(super) fn own_first<'a>(
    seen: &'a [VariableResponse],
    scope: &Scope,
    key: &str,
) -> Option<&'a VariableResponse> {
    let alike = seen.iter().filter(|other| other.key == key);
    alike.min_by_key(|other| width(&other.scope, scope))
}

//! Sets a variable, whether it exists or not.
//!
//! Values of an external secret manager have their own operation. Dropping the future of [`set_variable`]
//! abandons the request in flight: the variable then has its old or its new value. Call the function again.

mod dotenv;
mod plan;

use std::fmt;

use qovery_api::{
    Client, Error, Patch, Printable, SecretText,
    types::{
        ApiVariableScopeEnum as Scope, ApiVariableTypeEnum as Nature, VariableAliasRequest,
        VariableEditRequest, VariableOverrideRequest, VariableRequest, VariableResponse,
    },
};
use uuid::Uuid;

use crate::wait::{ServiceKind, ServiceRef};

pub use dotenv::{DotenvError, DotenvExport, export_dotenv, parse_dotenv};
pub use plan::{
    ApplyVariablesError, PlannedChange, PlannedVariable, VariablesPlan, plan_variables,
};

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
    key: String,
    value: SecretText,
    is_secret: bool,
    mount_path: Option<String>,
    description: Option<String>,
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

    /// Returns its key.
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

    /// Its scope and its id.
    fn place(self) -> Result<(Scope, Uuid), SetVariableError> {
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

/// The effect of setting a variable.
///
/// Available on crate feature `variables` only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VariableChange {
    /// There was no variable with this key.
    Created,
    /// The variable had another value, or was a secret, whose value cannot be compared.
    Edited,
    /// A variable of a wider scope was overridden. That variable did not change.
    Overridden,
    /// The variable already had the desired state, and nothing was sent.
    Unchanged,
}

/// Sets a variable: creates it, edits the existing one, or overrides one of a wider scope.
///
/// Available on crate feature `variables` only.
///
/// The change takes effect with the next deployment. Properties that are not set (for example the
/// description) do not change. If two callers set the same variable at the same time, the last one wins.
///
/// ```no_run
/// # async fn example(client: qovery_api::Client, environment: uuid::Uuid) -> Result<(), qovery_ext::recipes::SetVariableError> {
/// use qovery_ext::recipes::{Variable, VariableOwner, set_variable};
///
/// let owner = VariableOwner::Environment(environment);
/// set_variable(&client, owner, &Variable::new("LOG_LEVEL", "debug")).await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// Returns an error if the existing variable cannot take the desired state: a secret cannot become plain, a
/// plain variable cannot become secret, a mount path cannot change, and Qovery's own variables are read-only.
/// Also returns an error if a call fails; [`Error::may_have_been_executed`] returns whether the variable may
/// have been set.
pub async fn set_variable(
    client: &Client,
    owner: VariableOwner,
    variable: &Variable,
) -> Result<VariableChange, SetVariableError> {
    let (scope, parent) = owner.place()?;
    let seen = client.list_variables(parent, scope).await;
    let seen = seen.map_err(SetVariableError::listing)?.results;
    carry_out(client, owner, &seen, variable).await
}

/// Sets a variable of something that sees these.
async fn carry_out(
    client: &Client,
    owner: VariableOwner,
    seen: &[VariableResponse],
    variable: &Variable,
) -> Result<VariableChange, SetVariableError> {
    let (scope, parent) = owner.place()?;
    let change = match decide(seen, &scope, variable)? {
        Decision::Keep => VariableChange::Unchanged,
        Decision::Create => {
            let (key, value) = (variable.key.clone(), variable.value.clone());
            let mut request = VariableRequest::new(key, value, variable.is_secret, scope, parent);
            request.mount_path = Patch::value_or_absent(variable.mount_path.clone());
            request.description = Patch::value_or_absent(variable.description.clone());
            let created = client.create_variable(&request).await;
            created.map_err(SetVariableError::call)?;
            VariableChange::Created
        }
        Decision::Edit(existing) => {
            let mut request = VariableEditRequest::new(variable.key.clone());
            request.value = Patch::Value(variable.value.clone());
            request.description = Patch::value_or_null(description(variable, existing));
            request.enable_interpolation_in_file =
                Patch::value_or_absent(existing.enable_interpolation_in_file);
            let edited = client.edit_variable(existing.id, &request).await;
            edited.map_err(SetVariableError::call)?;
            VariableChange::Edited
        }
        Decision::Override(wider) => {
            let value = variable.value.clone();
            let mut request = VariableOverrideRequest::new(value, scope, parent);
            request.description = Patch::value_or_absent(description(variable, wider));
            let created = client.create_variable_override(wider.id, &request).await;
            created.map_err(SetVariableError::call)?;
            VariableChange::Overridden
        }
    };
    Ok(change)
}

fn description(variable: &Variable, existing: &VariableResponse) -> Option<String> {
    let given = variable.description.as_ref();
    given.or(existing.description.as_ref()).cloned()
}

/// The required change.
#[derive(Debug, PartialEq)]
enum Decision<'a> {
    Create,
    Edit(&'a VariableResponse),
    Override(&'a VariableResponse),
    Keep,
}

/// Decides on the change, given the variables that are visible in the scope.
fn decide<'a>(
    seen: &'a [VariableResponse],
    scope: &Scope,
    variable: &Variable,
) -> Result<Decision<'a>, SetVariableError> {
    // Its own before those of wider scopes.
    let Some(existing) = own_first(seen, scope, &variable.key) else {
        return Ok(Decision::Create);
    };
    let refuse = |why: &str| Err(SetVariableError::conflict(variable, why));
    match existing.variable_type {
        Some(Nature::Alias) => {
            return refuse("it is an alias: set the variable that it refers to");
        }
        Some(Nature::BuiltIn) => return refuse("it is set by Qovery"),
        Some(Nature::ExternalSecret | Nature::FileExternalSecret) => {
            return refuse("its value comes from an external secret manager");
        }
        _ => {}
    }
    if existing.is_secret != variable.is_secret {
        return refuse(if existing.is_secret {
            "it is a secret: delete it first, or keep it a secret"
        } else {
            "it is not a secret: delete it first, or leave it plain"
        });
    }
    if existing.mount_path != variable.mount_path {
        return refuse("it is mounted at another path, or is not a file: delete it first");
    }
    if existing.scope != *scope {
        return Ok(Decision::Override(existing));
    }
    let same_value = existing.value.as_deref() == Some(variable.value.expose());
    if same_value && description(variable, existing) == existing.description {
        return Ok(Decision::Keep);
    }
    Ok(Decision::Edit(existing))
}

/// Creates an alias of a variable, for example `DATABASE_URL` for a variable that Qovery sets.
/// Nothing is sent if the alias already exists.
///
/// Available on crate feature `variables` only.
///
/// ```no_run
/// # async fn example(client: qovery_api::Client, environment: uuid::Uuid) -> Result<(), qovery_ext::recipes::SetVariableError> {
/// use qovery_ext::recipes::{VariableOwner, set_alias};
///
/// let owner = VariableOwner::Environment(environment);
/// set_alias(&client, owner, "DATABASE_URL", "QOVERY_POSTGRESQL_Z1234_DATABASE_URL").await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// Returns an error if no variable with that key applies to the owner, if another variable has the name of
/// the alias, or if a call fails.
pub async fn set_alias(
    client: &Client,
    owner: VariableOwner,
    alias: &str,
    of: &str,
) -> Result<VariableChange, SetVariableError> {
    let (scope, parent) = owner.place()?;
    let refuse = |why: &str| {
        Err(SetVariableError::refused(format!(
            "alias {alias} was not set: {why}"
        )))
    };
    let seen = client.list_variables(parent, scope.clone()).await;
    let seen = seen.map_err(SetVariableError::listing)?.results;
    if let Some(existing) = own_first(&seen, &scope, alias) {
        let stands_for = existing
            .aliased_variable
            .as_ref()
            .map(|one| one.key.as_str());
        return match stands_for {
            Some(key) if key == of => Ok(VariableChange::Unchanged),
            Some(_) => refuse("it refers to another variable: remove it first"),
            None => refuse("a variable has this name: remove it first"),
        };
    }
    let Some(original) = own_first(&seen, &scope, of) else {
        return refuse("no variable has the key that the alias refers to");
    };
    let request = VariableAliasRequest::new(alias, scope, parent);
    let created = client.create_variable_alias(original.id, &request).await;
    created.map_err(SetVariableError::call)?;
    Ok(VariableChange::Created)
}

/// Removes a variable of this owner, with its aliases and overrides. Variables of wider scopes remain.
/// Returns whether there was one.
///
/// Available on crate feature `variables` only.
///
/// # Errors
/// Returns an error if a call fails, or for a database, which has no variables.
pub async fn remove_variable(
    client: &Client,
    owner: VariableOwner,
    key: &str,
) -> Result<bool, SetVariableError> {
    let (scope, parent) = owner.place()?;
    let seen = client.list_variables(parent, scope.clone()).await;
    let seen = seen.map_err(SetVariableError::listing)?.results;
    let own = own_first(&seen, &scope, key).filter(|variable| variable.scope == scope);
    let Some(own) = own else { return Ok(false) };
    let removed = client.delete_variable(own.id).await;
    removed.map_err(SetVariableError::call)?;
    Ok(true)
}

/// The variable with a key, that of the owner before those of wider scopes.
fn own_first<'a>(
    seen: &'a [VariableResponse],
    scope: &Scope,
    key: &str,
) -> Option<&'a VariableResponse> {
    let alike = seen.iter().filter(|other| other.key == key);
    alike.min_by_key(|other| other.scope != *scope)
}

/// A variable was not set. The error never shows its value.
///
/// Available on crate feature `variables` only.
#[derive(Debug)]
pub struct SetVariableError(Reason);

#[derive(Debug)]
enum Reason {
    Listing(Error),
    Call(Error),
    Conflict(String),
}

impl SetVariableError {
    fn call(error: Error) -> Self {
        Self(Reason::Call(error))
    }

    fn listing(error: Error) -> Self {
        Self(Reason::Listing(error))
    }

    fn refused(message: String) -> Self {
        Self(Reason::Conflict(message))
    }

    fn source_of_call(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.api_error().map(|error| error as _)
    }

    fn conflict(variable: &Variable, why: &str) -> Self {
        let key = &variable.key;
        Self(Reason::Conflict(format!(
            "variable {key} was not set: {why}"
        )))
    }

    /// Returns whether the existing variable cannot take the desired state. The message names the
    /// next step.
    pub fn is_conflict(&self) -> bool {
        matches!(self.0, Reason::Conflict(_))
    }

    /// Returns the error of the call that failed.
    pub fn api_error(&self) -> Option<&Error> {
        match &self.0 {
            Reason::Listing(error) | Reason::Call(error) => Some(error),
            Reason::Conflict(_) => None,
        }
    }
}

impl fmt::Display for SetVariableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Reason::Listing(_) => f.write_str("the variables could not be listed"),
            Reason::Call(_) => f.write_str("the variable was not set"),
            Reason::Conflict(message) => Printable::new(message).fmt(f),
        }
    }
}

impl std::error::Error for SetVariableError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source_of_call()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn seen(scope: &str, nature: &str, value: Option<&str>) -> VariableResponse {
        serde_json::from_value(json!({
            "id": Uuid::from_u128(7),
            "created_at": "2026-01-01T00:00:00Z",
            "key": "LOG_LEVEL",
            "value": value,
            "scope": scope,
            "variable_type": nature,
            "is_secret": value.is_none(),
            "description": "how much is logged",
        }))
        .unwrap()
    }

    fn plain(value: &str) -> Variable {
        Variable::new("LOG_LEVEL", value)
    }

    #[test]
    fn a_variable_that_is_not_there_is_created() {
        let others = [seen("ENVIRONMENT", "VALUE", Some("info"))];
        let variable = Variable::new("OTHER", "1");
        let decision = decide(&others, &Scope::Environment, &variable).unwrap();
        assert_eq!(decision, Decision::Create);
    }

    #[test]
    fn one_that_is_as_it_should_be_is_left_alone() {
        let existing = [seen("ENVIRONMENT", "VALUE", Some("debug"))];
        let decide = |variable: &Variable| decide(&existing, &Scope::Environment, variable);
        assert_eq!(decide(&plain("debug")).unwrap(), Decision::Keep);
        let edit = Decision::Edit(&existing[0]);
        assert_eq!(decide(&plain("info")).unwrap(), edit);
        assert_eq!(decide(&plain("debug").description("new")).unwrap(), edit);
    }

    #[test]
    fn a_secret_is_always_edited_because_it_cannot_be_compared() {
        let existing = [seen("ENVIRONMENT", "VALUE", None)];
        let decision = decide(&existing, &Scope::Environment, &plain("debug").secret());
        assert_eq!(decision.unwrap(), Decision::Edit(&existing[0]));
    }

    #[test]
    fn one_of_a_wider_scope_is_overridden_unless_it_was_before() {
        let wider = seen("PROJECT", "VALUE", Some("info"));
        let own = seen("ENVIRONMENT", "OVERRIDE", Some("warn"));
        let only_wider = [wider.clone()];
        let decision = decide(&only_wider, &Scope::Environment, &plain("debug"));
        assert_eq!(decision.unwrap(), Decision::Override(&only_wider[0]));
        let both = [wider, own];
        let decision = decide(&both, &Scope::Environment, &plain("debug"));
        assert_eq!(decision.unwrap(), Decision::Edit(&both[1]));
    }

    #[test]
    fn what_cannot_become_what_is_asked_for_is_refused_with_the_reason() {
        for (existing, variable, why) in [
            (seen("ENVIRONMENT", "ALIAS", Some("x")), plain("y"), "alias"),
            (
                seen("BUILT_IN", "BUILT_IN", Some("x")),
                plain("y"),
                "it is set by Qovery",
            ),
            (
                seen("ENVIRONMENT", "VALUE", None),
                plain("y"),
                "it is a secret",
            ),
            (
                seen("ENVIRONMENT", "VALUE", Some("x")),
                plain("y").secret(),
                "not a secret",
            ),
            (
                seen("ENVIRONMENT", "VALUE", Some("x")),
                plain("y").mounted_at("/etc/x"),
                "mounted at another path",
            ),
        ] {
            let seen = [existing];
            let error = decide(&seen, &Scope::Environment, &variable).unwrap_err();
            assert!(
                error.is_conflict() && error.to_string().contains(why),
                "{error}"
            );
        }
    }

    #[test]
    fn a_value_does_not_show() {
        let variable = plain("hunter2");
        let error = SetVariableError::conflict(&variable, "because");
        let shown = format!("{variable:?} {error:?} {error}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

//! Aliases, and removing variables.

use qovery_api::{Client, types::VariableAliasRequest};

use super::{
    SetVariableError, VariableChange, VariableOwner,
    variable::{own_first, wider_scope},
};

/// Creates an alias of a variable, for example `DATABASE_URL` for a variable that Qovery sets.
/// Changes nothing if the alias already exists.
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
/// the alias, if the alias exists and refers to another variable, if the owner is a database, which has no variables,
/// or if a call fails. To change the variable that an alias refers to, remove the alias first.
pub async fn set_alias(
    client: &Client,
    owner: VariableOwner,
    alias: &str,
    of: &str,
) -> Result<VariableChange, SetVariableError> {
    let set = set_alias_of(client, owner, alias, of).await;
    set.map_err(owner.blame(client))
}

async fn set_alias_of(
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
        let name = match stands_for {
            Some(key) if key == of => return Ok(VariableChange::Unchanged),
            Some(key) => format!("this name is an alias of variable {key}"),
            None => "a variable has this name".to_owned(),
        };
        return refuse(&match wider_scope(existing, &scope) {
            None => format!("{name}: remove it first"),
            Some(wider) => format!("{name} ({wider}): choose another alias"),
        });
    }
    let Some(original) = own_first(&seen, &scope, of) else {
        return refuse(&format!(
            "no variable {of} applies to this owner: check its key"
        ));
    };
    let request = VariableAliasRequest::new(alias, scope, parent);
    let created = client.create_variable_alias(original.id, &request).await;
    created.map_err(SetVariableError::call(alias, "set"))?;
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
    let removed = remove(client, owner, key).await;
    removed.map_err(owner.blame(client))
}

async fn remove(
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
    removed.map_err(SetVariableError::call(key, "removed"))?;
    Ok(true)
}

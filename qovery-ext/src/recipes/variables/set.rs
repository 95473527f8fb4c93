//! Sets a variable, whether it exists or not.

use qovery_api::{
    Client, Patch,
    types::{
        ApiVariableScopeEnum as Scope, ApiVariableTypeEnum as Nature, VariableEditRequest,
        VariableOverrideRequest, VariableRequest, VariableResponse,
    },
};

use super::{
    SetVariableError, Variable, VariableOwner,
    variable::{own_first, wider_scope},
};

/// The effect of setting a variable.
///
/// Available on crate feature `variables` only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VariableChange {
    /// There was no variable with this key.
    Created,
    /// The variable had another value or description, or was a secret, whose value cannot be compared.
    Edited,
    /// A variable of a wider scope was overridden. That variable did not change.
    Overridden,
    /// The variable already had the desired state, and no change was sent.
    Unchanged,
}

/// Sets a variable: creates it, edits the existing one, or overrides one of a wider scope. A variable of a wider scope
/// is overridden even if it has the same value, so that later changes to it do not apply to the owner.
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
/// plain variable cannot become secret, a mount path cannot change, and aliases, Qovery's own variables and those
/// of an external secret manager are read-only. Also returns an error if the owner is a database, which has no
/// variables, or if a call fails:
/// [`may_have_been_executed`](qovery_api::Error::may_have_been_executed) of [`SetVariableError::api_error`] returns
/// whether the variable may have been set.
pub async fn set_variable(
    client: &Client,
    owner: VariableOwner,
    variable: &Variable,
) -> Result<VariableChange, SetVariableError> {
    let set = async {
        let (scope, parent) = owner.place()?;
        let seen = client.list_variables(parent, scope).await;
        let seen = seen.map_err(SetVariableError::listing)?.results;
        carry_out(client, owner, &seen, variable).await
    };
    set.await.map_err(owner.blame(client))
}

/// Sets a variable of an owner. `seen` has the variables that apply to the owner.
pub(super) async fn carry_out(
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
            created.map_err(SetVariableError::set(
                &variable.key,
                variable.secret_value(),
            ))?;
            VariableChange::Created
        }
        Decision::Edit(existing) => {
            let mut request = VariableEditRequest::new(variable.key.clone());
            request.value = Patch::Value(variable.value.clone());
            request.description = Patch::value_or_null(description(variable, existing));
            request.enable_interpolation_in_file =
                Patch::value_or_absent(existing.enable_interpolation_in_file);
            let edited = client.edit_variable(existing.id, &request).await;
            edited.map_err(SetVariableError::set(
                &variable.key,
                variable.secret_value(),
            ))?;
            VariableChange::Edited
        }
        Decision::Override(wider) => {
            let value = variable.value.clone();
            let mut request = VariableOverrideRequest::new(value, scope, parent);
            request.description = Patch::value_or_absent(description(variable, wider));
            let created = client.create_variable_override(wider.id, &request).await;
            created.map_err(SetVariableError::set(
                &variable.key,
                variable.secret_value(),
            ))?;
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
pub(super) enum Decision<'a> {
    Create,
    Edit(&'a VariableResponse),
    Override(&'a VariableResponse),
    Keep,
}

/// Decides on the change, given the variables that are visible in the scope.
pub(super) fn decide<'a>(
    seen: &'a [VariableResponse],
    scope: &Scope,
    variable: &Variable,
) -> Result<Decision<'a>, SetVariableError> {
    // The owner's own variable takes precedence over those of wider scopes.
    let Some(existing) = own_first(seen, scope, &variable.key) else {
        return Ok(Decision::Create);
    };
    let refuse = |why: &str| Err(SetVariableError::conflict(&variable.key, why));
    let same_value = existing.value.as_deref() == Some(variable.value.expose());
    let is_as_wanted = same_value
        && !existing.is_secret
        && !variable.is_secret
        && existing.mount_path == variable.mount_path
        && description(variable, existing) == existing.description;
    match existing.variable_type {
        // An alias, for example, that has the value already.
        Some(ref nature) if is_as_wanted && is_derived(nature) => return Ok(Decision::Keep),
        Some(Nature::Alias) => {
            return refuse(&match &existing.aliased_variable {
                Some(original) => format!("it is an alias: set variable {}", original.key),
                None => "it is an alias: set the variable that it refers to".to_owned(),
            });
        }
        Some(Nature::BuiltIn) => return refuse("it is set by Qovery: choose another key"),
        Some(Nature::ExternalSecret | Nature::FileExternalSecret) => {
            return refuse("its value comes from an external secret manager: change it there");
        }
        _ => {}
    }
    // The owner cannot remove a variable of a wider scope.
    let (of_scope, remedy) = match wider_scope(existing, scope) {
        None => (String::new(), "delete it first"),
        Some(wider) => (format!(" ({wider})"), "choose another key"),
    };
    if existing.is_secret != variable.is_secret {
        return refuse(&if existing.is_secret {
            format!("it is a secret{of_scope}: {remedy}, or keep it a secret")
        } else {
            format!("it is not a secret{of_scope}: {remedy}, or leave it plain")
        });
    }
    if existing.mount_path != variable.mount_path {
        return refuse(&match &existing.mount_path {
            Some(path) => format!("it is mounted at {path}{of_scope}: {remedy}, or keep the path"),
            None => format!("it is not a file{of_scope}: {remedy}, or do not mount it"),
        });
    }
    if existing.scope != *scope {
        return Ok(Decision::Override(existing));
    }
    if is_as_wanted {
        return Ok(Decision::Keep);
    }
    Ok(Decision::Edit(existing))
}

/// Whether the value of such a variable is set elsewhere.
fn is_derived(nature: &Nature) -> bool {
    matches!(
        nature,
        Nature::Alias | Nature::BuiltIn | Nature::ExternalSecret | Nature::FileExternalSecret
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

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
    fn a_variable_with_the_wanted_state_is_kept() {
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
    fn an_impossible_change_of_a_variable_is_refused_with_the_reason() {
        for (existing, variable, why) in [
            (
                seen("ENVIRONMENT", "ALIAS", Some("x")),
                plain("y"),
                "it is an alias: set the variable that it refers to",
            ),
            (
                seen("BUILT_IN", "BUILT_IN", Some("x")),
                plain("y"),
                "it is set by Qovery: choose another key",
            ),
            (
                seen("ENVIRONMENT", "EXTERNAL_SECRET", Some("x")),
                plain("y"),
                "its value comes from an external secret manager: change it there",
            ),
            (
                seen("ENVIRONMENT", "VALUE", None),
                plain("y"),
                "it is a secret: delete it first, or keep it a secret",
            ),
            (
                seen("PROJECT", "VALUE", None),
                plain("y"),
                "it is a secret (of the project): choose another key, or keep it a secret",
            ),
            (
                seen("ENVIRONMENT", "VALUE", Some("x")),
                plain("y").secret(),
                "it is not a secret: delete it first, or leave it plain",
            ),
            (
                seen("ENVIRONMENT", "VALUE", Some("x")),
                plain("y").mounted_at("/etc/x"),
                "it is not a file: delete it first, or do not mount it",
            ),
        ] {
            let why = format!("variable LOG_LEVEL was not set: {why}");
            let seen = [existing];
            let error = decide(&seen, &Scope::Environment, &variable).unwrap_err();
            assert!(error.is_conflict() && error.to_string() == why, "{error}");
        }
    }

    #[test]
    fn debug_does_not_show_a_value() {
        let variable = plain("hunter2");
        let error = SetVariableError::conflict(&variable.key, "because");
        let shown = format!("{variable:?} {error:?} {error}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

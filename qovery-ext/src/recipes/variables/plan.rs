//! Sets many variables, with a plan first.

use std::fmt;

use qovery_api::{Client, Error, Printable};

use super::{
    SetVariableError, Variable, VariableChange, VariableOwner,
    set::{Decision, carry_out, decide},
};

/// The plan for one variable.
///
/// Available on crate feature `variables` only.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlannedChange {
    /// There is no variable with this key.
    Added,
    /// The variable has another value or description, or is a secret, whose value cannot be compared.
    Changed,
    /// A variable of a wider scope is overridden. That variable does not change.
    Overridden,
    /// The variable already has the desired state.
    Unchanged,
    /// The existing variable cannot take the desired state, for this reason.
    Conflicting(String),
}

/// One variable of a plan. Never shows its value.
///
/// Available on crate feature `variables` only.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PlannedVariable {
    /// The key.
    pub key: String,
    /// Whether it becomes a secret.
    pub is_secret: bool,
    /// The plan for it.
    pub change: PlannedChange,
}

/// The changes of setting many variables. [`VariablesPlan::apply`] makes them.
///
/// Available on crate feature `variables` only.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct VariablesPlan {
    client: Client,
    owner: VariableOwner,
    wanted: Vec<Variable>,
    /// The variables, in the order of the call.
    pub variables: Vec<PlannedVariable>,
}

/// Plans to set many variables of one owner. Takes one request, and changes nothing. If a key is repeated,
/// the last value counts.
///
/// Available on crate feature `variables` only.
///
/// ```no_run
/// # async fn example(client: qovery_api::Client, environment: uuid::Uuid) -> Result<(), Box<dyn std::error::Error>> {
/// use qovery_ext::recipes::{VariableOwner, parse_dotenv, plan_variables};
///
/// let variables = parse_dotenv(&std::fs::read_to_string("staging.env")?)?;
/// let plan = plan_variables(&client, VariableOwner::Environment(environment), variables).await?;
/// println!("{plan}"); // + LOG_LEVEL, ~ PASSWORD (secret), = REGION
/// plan.apply().await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// Returns an error if the variables cannot be listed, or if the owner is a database, which has no variables.
pub async fn plan_variables(
    client: &Client,
    owner: VariableOwner,
    variables: impl IntoIterator<Item = Variable>,
) -> Result<VariablesPlan, SetVariableError> {
    let mut wanted: Vec<Variable> = Vec::new();
    for variable in variables {
        wanted.retain(|earlier| earlier.key != variable.key);
        wanted.push(variable);
    }
    let read = async {
        let (scope, parent) = owner.place()?;
        let seen = client.list_variables(parent, scope.clone()).await;
        Ok((seen.map_err(SetVariableError::listing)?.results, scope))
    };
    let (seen, scope) = read.await.map_err(owner.blame(client))?;
    let planned = wanted.iter().map(|variable| PlannedVariable {
        key: variable.key.clone(),
        is_secret: variable.is_secret,
        change: match decide(&seen, &scope, variable) {
            Ok(Decision::Create) => PlannedChange::Added,
            Ok(Decision::Edit(_)) => PlannedChange::Changed,
            Ok(Decision::Override(_)) => PlannedChange::Overridden,
            Ok(Decision::Keep) => PlannedChange::Unchanged,
            Err(error) => PlannedChange::Conflicting(error.to_string()),
        },
    });
    Ok(VariablesPlan {
        variables: planned.collect(),
        client: client.clone(),
        owner,
        wanted,
    })
}

impl VariablesPlan {
    /// Returns whether each variable is unchanged. A conflict counts as a change.
    pub fn is_empty(&self) -> bool {
        let mut changes = self.variables.iter().map(|one| &one.change);
        changes.all(|change| *change == PlannedChange::Unchanged)
    }

    /// Returns whether a variable cannot be set.
    pub fn has_conflicts(&self) -> bool {
        self.conflicts().next().is_some()
    }

    fn conflicts(&self) -> impl Iterator<Item = &str> {
        self.variables.iter().filter_map(|one| match &one.change {
            PlannedChange::Conflicting(why) => Some(why.as_str()),
            _ => None,
        })
    }

    /// Returns an error if the plan has conflicts.
    pub(in crate::recipes) fn check(&self) -> Result<(), ApplyVariablesError> {
        let conflicts: Vec<_> = self.conflicts().collect();
        if conflicts.is_empty() {
            return Ok(());
        }
        Err(self.failed(Vec::new(), SetVariableError::refused(conflicts.join("; "))))
    }

    fn failed(
        &self,
        done: Vec<(String, VariableChange)>,
        error: SetVariableError,
    ) -> ApplyVariablesError {
        let error = self.owner.blame(&self.client)(error);
        ApplyVariablesError { done, error }
    }

    /// Sets the variables, one after the other, in their order.
    ///
    /// Each variable is compared again with its current state. If a plan is applied twice, the
    /// second time changes nothing, except that secrets are written again.
    ///
    /// # Errors
    /// Returns an error before anything is sent if the plan has conflicts. Otherwise returns the
    /// error of the first variable that could not be set. [`ApplyVariablesError::done`] lists the
    /// variables that were set before it.
    pub async fn apply(&self) -> Result<Vec<VariableChange>, ApplyVariablesError> {
        self.check()?;
        let mut done: Vec<(String, VariableChange)> = Vec::new();
        let read = async {
            let (scope, parent) = self.owner.place()?;
            let seen = self.client.list_variables(parent, scope).await;
            Ok(seen.map_err(SetVariableError::listing)?.results)
        };
        let seen = match read.await {
            Ok(seen) => seen,
            Err(error) => return Err(self.failed(done, error)),
        };
        for variable in &self.wanted {
            match carry_out(&self.client, self.owner, &seen, variable).await {
                Ok(change) => done.push((variable.key.clone(), change)),
                Err(error) => return Err(self.failed(done, error)),
            }
        }
        Ok(done.into_iter().map(|(_, change)| change).collect())
    }
}

impl fmt::Display for VariablesPlan {
    /// A line for each variable: `+` added, `~` changed, `>` overridden, `=` unchanged, `!` conflicting.
    /// No values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, variable) in self.variables.iter().enumerate() {
            if number > 0 {
                writeln!(f)?;
            }
            let sign = match &variable.change {
                PlannedChange::Added => '+',
                PlannedChange::Changed => '~',
                PlannedChange::Overridden => '>',
                PlannedChange::Unchanged => '=',
                PlannedChange::Conflicting(why) => {
                    write!(f, "! {}", Printable::new(why))?;
                    continue;
                }
            };
            write!(f, "{sign} {}", Printable::new(&variable.key))?;
            if variable.is_secret {
                f.write_str(" (secret)")?;
            }
        }
        Ok(())
    }
}

/// A plan was applied only in part, or not at all. The error never shows values.
///
/// Available on crate feature `variables` only.
pub struct ApplyVariablesError {
    done: Vec<(String, VariableChange)>,
    error: SetVariableError,
}

impl ApplyVariablesError {
    /// Returns the variables that were set before the error, with the effect on each.
    pub fn done(&self) -> &[(String, VariableChange)] {
        &self.done
    }

    /// Returns the error: of the variable that was not set, of the list of variables, or of the conflicts of the plan.
    pub fn cause(&self) -> &SetVariableError {
        &self.error
    }

    /// Returns the error of the call that failed.
    pub fn api_error(&self) -> Option<&Error> {
        self.error.api_error()
    }
}

impl fmt::Display for ApplyVariablesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.done.len() {
            0 => write!(f, "no variable was set before the error")?,
            1 => write!(f, "1 variable was set before the error")?,
            many => write!(f, "{many} variables were set before the error")?,
        }
        f.write_str(": ")?;
        self.error.fmt(f)
    }
}

crate::causes::debug_as_text!(ApplyVariablesError);

impl std::error::Error for ApplyVariablesError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.source_of_call()
    }
}

//! The mark of a preview: a variable that names its original and the preview itself.
//!
//! Name and mode are not enough: an environment that was made by hand can have both. A copy that a person
//! makes of a preview has the variable too, but another id.
//!
//! Copying an environment and setting its mark are two requests. In between, the copy has a name that people
//! do not choose by hand. After that it gets its final name.

use qovery_api::{
    Client,
    chrono::{DateTime, Utc},
    types::{
        ApiVariableScopeEnum as Scope, Environment, EnvironmentEditRequest, EnvironmentModeEnum,
        VariableResponse,
    },
};
use uuid::Uuid;

use super::{
    super::{
        FoundEnvironment, Named, Variable, VariableOwner,
        known::named,
        modes,
        naming::{self, Nameable},
        remove_variable, set_variable,
    },
    PreviewError,
    error::Reason,
};
use crate::wait::WaitExt as _;

/// The variable that marks a preview.
pub(super) const PREVIEW_OF: &str = "PREVIEW_OF";
/// The variable that holds the time at which a preview expires.
pub(super) const EXPIRES_AT: &str = "PREVIEW_EXPIRES_AT";

impl Nameable for Environment {
    fn id(&self) -> Uuid {
        self.id
    }

    fn name(&self) -> &str {
        &self.name
    }
}

/// The variables of an environment. This module finds its own among them.
pub(super) struct Mark {
    variables: Vec<VariableResponse>,
}

impl Mark {
    pub(super) async fn read(client: &Client, environment: Uuid) -> Result<Self, PreviewError> {
        let listed = client.list_variables(environment, Scope::Environment).await;
        let shown = named(client, "environment", environment);
        let what = format!("reading the variables of {shown}");
        let listed = listed.map_err(|error| PreviewError::call(what, error))?;
        let own = listed.results.into_iter();
        Ok(Self {
            variables: own.filter(|one| one.scope == Scope::Environment).collect(),
        })
    }

    fn value(&self, key: &str) -> Option<&str> {
        let mut variables = self.variables.iter();
        variables.find(|one| one.key == key)?.value.as_deref()
    }

    /// The original of this environment, if it is a preview.
    pub(super) fn original(&self, environment: Uuid) -> Option<Uuid> {
        let (original, own) = self.value(PREVIEW_OF)?.split_once('/')?;
        let own: Uuid = own.trim().parse().ok()?;
        (own == environment).then(|| original.trim().parse().ok())?
    }

    /// The recorded time at which it expires.
    pub(super) fn expires_at(&self) -> Option<&str> {
        self.value(EXPIRES_AT)
    }
}

/// Marks an environment as a preview of this original.
pub(super) async fn set(
    client: &Client,
    environment: Uuid,
    original: Uuid,
) -> Result<(), PreviewError> {
    let variable = Variable::new(PREVIEW_OF, format!("{original}/{environment}"))
        .description("Marks this environment as a preview: original/preview");
    set_own(client, environment, &variable).await
}

/// Records the time at which a preview expires.
pub(super) async fn set_end(
    client: &Client,
    environment: Uuid,
    end: DateTime<Utc>,
) -> Result<(), PreviewError> {
    let variable = Variable::new(EXPIRES_AT, end.to_rfc3339());
    set_own(client, environment, &variable).await
}

/// Removes the expiry time that an earlier run has recorded, or that a copy has from its original, if the
/// original is a preview too.
pub(super) async fn remove_end(client: &Client, environment: Uuid) -> Result<(), PreviewError> {
    let owner = VariableOwner::Environment(environment);
    let removed = remove_variable(client, owner, EXPIRES_AT).await;
    removed
        .map(drop)
        .map_err(|error| PreviewError::new(Reason::Variable(error)))
}

async fn set_own(
    client: &Client,
    environment: Uuid,
    variable: &Variable,
) -> Result<(), PreviewError> {
    let owner = VariableOwner::Environment(environment);
    let set = set_variable(client, owner, variable).await;
    set.map(|_| ())
        .map_err(|error| PreviewError::new(Reason::Variable(error)))
}

/// The middle of the name of a copy that is not marked yet.
const UNFINISHED: &str = "-new-preview-of-";

/// The name of a copy that is not marked yet.
pub(super) fn unfinished(name: &str, original: Uuid) -> String {
    let original = original.simple().to_string();
    let original = original.get(..12).unwrap_or_default();
    format!("{}{UNFINISHED}{original}", name.trim())
}

/// Whether a name could be that of a copy that is not marked yet. A preview cannot have such a name, because it
/// would be treated as an unmarked copy.
pub(super) fn is_unfinished(name: &str) -> bool {
    naming::comparable(name).contains(UNFINISHED)
}

/// Gives a copy its final name. The mode is sent too: an edit without it may change it, and an interrupted run may
/// have had another one.
pub(super) async fn name(
    client: &Client,
    copy: &FoundEnvironment,
    original: &FoundEnvironment,
    name: &str,
    mode: &EnvironmentModeEnum,
) -> Result<FoundEnvironment, PreviewError> {
    let request = EnvironmentEditRequest::new().name(name.trim());
    let request = request.mode(mode.clone());
    let renamed = client.edit_environment(copy.id(), &request).await;
    let renamed = renamed.map_err(|error| PreviewError::write(format!("naming {copy}"), error))?;
    client.remember_name(renamed.id, &renamed.name);
    let found = FoundEnvironment::of(client, original, &renamed);
    if found.mode.as_ref() != Some(mode) {
        return Err(PreviewError::refused(format!(
            "the mode of {found} has become {}, not {mode}: delete this environment, and run this again",
            renamed.mode
        )));
    }
    Ok(found)
}

/// Another environment that takes precedence over the copy that this run has just made: it has the final name
/// of the preview, or is an older copy.
pub(super) async fn other_first(
    client: &Client,
    original: &FoundEnvironment,
    name: &str,
    made: &Environment,
) -> Result<Option<FoundEnvironment>, PreviewError> {
    let listed = list(client, original).await?;
    let own = listed.iter().find(|one| one.id == made.id).unwrap_or(made);
    let others: Vec<&Environment> = listed.iter().filter(|one| one.id != made.id).collect();
    let copy_name = unfinished(name, original.id());
    let copies = naming::alike(&others, &copy_name).into_iter();
    let copies = copies.filter(|one| one.mode != EnvironmentModeEnum::Production);
    let mut older = copies.filter(|one| (one.created_at, one.id) < (own.created_at, own.id));
    let named = naming::alike(&others, name).into_iter().next();
    let first = named.or_else(|| older.next());
    Ok(first.map(|one| FoundEnvironment::of(client, original, one)))
}

async fn list(
    client: &Client,
    original: &FoundEnvironment,
) -> Result<Vec<Environment>, PreviewError> {
    let listed = client.list_environment(original.project.id).await;
    let what = format!("listing the environments of project {}", original.project);
    let listed = listed.map_err(|error| PreviewError::call(what, error))?;
    Ok(listed.results)
}

/// The environments that have the name of a preview.
pub(super) struct Namesakes {
    /// Copies that are marked.
    pub(super) previews: Vec<FoundEnvironment>,
    /// Copies of an interrupted run that do not have their final name yet.
    pub(super) unfinished: Vec<FoundEnvironment>,
    /// An environment with the name that is not a preview, and the reason.
    pub(super) other: Option<(FoundEnvironment, PreviewError)>,
}

impl Namesakes {
    pub(super) async fn find(
        client: &Client,
        original: &FoundEnvironment,
        name: &str,
        mode: &EnvironmentModeEnum,
    ) -> Result<Self, PreviewError> {
        let listed = list(client, original).await?;
        modes::check(mode, listed.iter().map(|one| &one.mode)).map_err(PreviewError::refused)?;
        let found = |one: &Environment| {
            client.remember_name(one.id, &one.name);
            FoundEnvironment::of(client, original, one)
        };
        let copy_name = unfinished(name, original.id());
        let copies = naming::alike(&listed, &copy_name).into_iter();
        // No run makes a copy in this mode.
        let copies = copies.filter(|one| one.mode != EnvironmentModeEnum::Production);
        let mut namesakes = Self {
            previews: Vec::new(),
            unfinished: copies.map(found).collect(),
            other: None,
        };
        let alike = naming::alike(&listed, name);
        for one in alike.into_iter().map(found) {
            let why = if one.mode.as_ref() != Some(mode) {
                PreviewError::refused(format!(
                    "{one} exists, and its mode is {} and not {mode}: choose another name, or set the mode of the \
                     preview to that of the environment",
                    one.mode.as_ref().map_or("unknown", |mode| mode.as_str())
                ))
            } else {
                match Mark::read(client, one.id()).await?.original(one.id()) {
                    Some(of) if of == original.id() => {
                        namesakes.previews.push(one);
                        continue;
                    }
                    Some(of) => PreviewError::refused(format!(
                        "{one} is a preview of {}, not of {original}: delete it, choose another name, or call \
                         `PreviewEnvironment::adopt` once",
                        named(client, "environment", of)
                    )),
                    None => PreviewError::new(Reason::Unmarked {
                        environment: Named {
                            id: one.id(),
                            name: one.name().to_owned(),
                        },
                        original: Some(original.to_string()),
                    }),
                }
            };
            namesakes.other = Some((one, why));
        }
        Ok(namesakes)
    }
}

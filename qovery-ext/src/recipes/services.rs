//! The services of an environment by name, of all kinds.
//!
//! To read a configuration, use the operation of the service's kind. Dropping a future of this
//! module abandons a request that only reads.

use std::fmt;

use qovery_api::{Call, Client, Error, Printable, operations::ListServicesByEnvironmentId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{FindError, known::named, lookup, naming::Nameable};
use crate::{
    listing::ListOf,
    wait::{ServiceKind, ServiceRef, WaitExt},
};

/// A service of an environment.
///
/// Available on crate feature `services` only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct EnvironmentService {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its kind; `None` if this crate has no actions for the kind.
    pub kind: Option<ServiceKind>,
    /// Its kind as the API spells it, such as `APPLICATION`.
    pub service_type: String,
}

impl EnvironmentService {
    /// Returns the reference for actions and waits; `None` if this crate has no actions for the
    /// kind.
    pub fn service_ref(&self) -> Option<ServiceRef> {
        self.kind.map(|kind| ServiceRef::new(kind, self.id))
    }
}

impl fmt::Display for EnvironmentService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Printable::new(&self.name);
        match self.kind {
            Some(kind) => write!(f, "{name} ({kind})"),
            None => write!(f, "{name} ({})", Printable::new(&self.service_type)),
        }
    }
}

/// Returns all services of an environment, of every kind, in the server's order.
///
/// Available on crate feature `services` only.
///
/// ```no_run
/// # async fn example(client: qovery_api::Client, environment: uuid::Uuid) -> Result<(), qovery_api::Error> {
/// for service in qovery_ext::recipes::services(&client, environment).await? {
///     println!("{service}: {}", service.id);
/// }
/// # Ok(()) }
/// ```
///
/// # Errors
/// Returns an error if the call fails.
pub async fn services(
    client: &Client,
    environment: Uuid,
) -> Result<Vec<EnvironmentService>, Error> {
    // Apart from its arguments, so that the future can go to another thread.
    let call = Call::<ListOf<ListServicesByEnvironmentId, Vec<Item>>>::new(client, &[&environment]);
    let listed = call.await?;
    let services: Vec<_> = listed.results.into_iter().map(Item::into_service).collect();
    for service in &services {
        client.remember_name(service.id, &service.name);
    }
    Ok(services)
}

/// Finds the service of any kind with this name or id in an environment.
///
/// Available on crate feature `services` only.
///
/// Names are compared in Unicode normalization form KC. Surrounding white space and case are ignored. If
/// several names match, the only service with the exact spelling is returned. If none or several have the exact
/// spelling, the name is ambiguous.
///
/// ```no_run
/// # async fn example(client: qovery_api::Client, environment: uuid::Uuid) -> Result<(), Box<dyn std::error::Error>> {
/// use qovery_ext::recipes::find_service;
///
/// let api = find_service(&client, environment, "api").await?;
/// println!("{}", api.id);
/// # Ok(()) }
/// ```
///
/// # Errors
/// Returns an error if no service or several services have the name, or if listing the services fails.
pub async fn find_service(
    client: &Client,
    environment: Uuid,
    name: &str,
) -> Result<EnvironmentService, FindError> {
    let within = format!(" of {}", named(client, "environment", environment));
    let services = services(client, environment)
        .await
        .map_err(|error| FindError::api(&format!("the list of services{within}"), error))?;
    lookup::one("service", &within, &services, name).cloned()
}

impl Nameable for EnvironmentService {
    fn id(&self) -> Uuid {
        self.id
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn listed(&self) -> String {
        format!("{self} {}", self.id)
    }
}

/// As much of a service as its name needs.
#[derive(Deserialize)]
struct Item {
    id: Uuid,
    name: String,
    #[serde(default)]
    service_type: String,
}

/// The kind of a service as the API spells it; `None` if this crate cannot act on it.
pub(super) fn kind_of(service_type: &str) -> Option<ServiceKind> {
    Some(match service_type {
        "APPLICATION" => ServiceKind::Application,
        "CONTAINER" => ServiceKind::Container,
        "DATABASE" => ServiceKind::Database,
        "JOB" => ServiceKind::Job,
        "HELM" => ServiceKind::Helm,
        "TERRAFORM" => ServiceKind::Terraform,
        "AGENTIC_WORKFLOW" => ServiceKind::AgenticWorkflow,
        _ => return None,
    })
}

impl Item {
    fn into_service(self) -> EnvironmentService {
        let kind = kind_of(&self.service_type);
        EnvironmentService {
            id: self.id,
            name: self.name,
            kind,
            service_type: self.service_type,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::Listed;

    fn choose(
        services: Vec<EnvironmentService>,
        name: &str,
    ) -> Result<EnvironmentService, FindError> {
        lookup::one("service", " of environment x", &services, name).cloned()
    }

    fn listed(entries: &[(&str, &str)]) -> Vec<EnvironmentService> {
        let results: Vec<_> = entries
            .iter()
            .map(|(name, service_type)| {
                serde_json::json!({"id": Uuid::nil(), "name": name, "service_type": service_type})
            })
            .collect();
        let names = serde_json::json!({ "results": results });
        let names: Listed<Vec<Item>> = serde_json::from_value(names).unwrap();
        names.results.into_iter().map(Item::into_service).collect()
    }

    #[test]
    fn a_service_is_found_in_any_case() {
        let found = choose(listed(&[("API", "APPLICATION"), ("web", "HELM")]), "api").unwrap();
        assert_eq!(found.name, "API");
        assert_eq!(found.kind, Some(ServiceKind::Application));
    }

    #[test]
    fn a_name_is_found_with_blanks_around_it_and_in_any_form_of_unicode() {
        for (listed_as, asked_for) in [
            ("api", "api\u{a0}"),
            ("api", "\t api\n"),
            (" api", "api"),
            ("café", "cafe\u{301}"),
            ("cafe\u{301}", "CAFÉ"),
            ("straße", "STRASSE"),
            ("ΟΔΟΣ", "οδος"),
            ("ｗｅｂ", "web"),
            ("my\u{a0}api", "my api"),
        ] {
            let found = choose(listed(&[(listed_as, "HELM"), ("x", "HELM")]), asked_for);
            assert_eq!(found.unwrap().name, listed_as, "{asked_for:?}");
        }
        for (listed_as, asked_for) in [("api", "a pi"), ("api", "apі"), ("cafe", "café"), ("x", "")]
        {
            let error = choose(listed(&[(listed_as, "HELM")]), asked_for).unwrap_err();
            assert!(error.is_not_found(), "{listed_as:?} {asked_for:?}");
        }
        let error = choose(listed(&[("É", "HELM"), ("e\u{301}", "HELM")]), "é").unwrap_err();
        assert!(error.is_ambiguous());
    }

    #[test]
    fn the_name_with_the_exact_spelling_is_preferred_to_one_in_another_case() {
        let services = listed(&[("Api", "APPLICATION"), ("api", "CONTAINER")]);
        let found = choose(services, "api").unwrap();
        assert_eq!(found.kind, Some(ServiceKind::Container));
    }

    #[test]
    fn a_name_of_several_services_is_not_guessed() {
        let services = listed(&[("api", "APPLICATION"), ("api", "CONTAINER")]);
        let error = choose(services, "api").unwrap_err();
        assert!(error.is_ambiguous() && !error.is_not_found());
        assert!(error.to_string().contains("container"), "{error}");
    }

    #[test]
    fn a_missing_name_lists_the_existing_ones() {
        let error = choose(listed(&[("web", "HELM"), ("apo", "JOB")]), "api").unwrap_err();
        assert!(error.is_not_found());
        let text = error.to_string();
        assert!(text.contains("did you mean apo (00000000-"), "{text}");
        assert!(text.contains("web (helm) 00000000-"), "{text}");
        let error = choose(Vec::new(), "api").unwrap_err();
        assert!(error.to_string().contains("there are none"), "{error}");
    }

    #[test]
    fn a_kind_that_is_newer_than_this_crate_is_listed_by_its_name() {
        let service = listed(&[("flow", "QUANTUM")]).remove(0);
        assert_eq!(service.service_ref(), None);
        assert_eq!(service.to_string(), "flow (QUANTUM)");
    }
}

//! Decides whether the text of a 400 is about the subject.
//!
//! The API is known to answer 400 in place of 404, with the kind of the resource and "does not exist"
//! (`organization does not exist`). Texts about other missing objects (an upstream, a commit, a variable)
//! have the same status, and are no evidence about the subject.

use uuid::Uuid;

use super::{ServiceKind, Subject};

/// The topic of the text of a 400.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Topic {
    /// A resource that does not exist.
    Missing {
        /// Its kind, in lower case and without spaces: `agenticworkflow`.
        kind: String,
        /// Its id, if the text has it.
        id: Option<Uuid>,
    },
    /// Another topic.
    Other,
}

/// The kinds of resources that a subject is or belongs to.
const KINDS: [&str; 10] = [
    "environment",
    "service",
    "application",
    "container",
    "database",
    "job",
    "helm",
    "terraform",
    "agenticworkflow",
    "cluster",
];

const ENDINGS: [&str; 5] = [
    "does not exist",
    "doesn't exist",
    "does not exist anymore",
    "does not exist any more",
    "no longer exists",
];

/// Words that may occur beside the kind and the id.
const FILLERS: [&str; 7] = ["the", "this", "requested", "with", "id", "uuid", "chart"];

impl Topic {
    /// Reads the text of a 400: `environment 0f2c… does not exist`, `The helm service with id "0f2c…"
    /// doesn't exist.`. The whole text has to be of this form.
    pub(crate) fn of(text: &str) -> Self {
        Self::missing(text).unwrap_or(Self::Other)
    }

    fn missing(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase().replace('\u{2019}', "'");
        let text = text.trim_end_matches(['.', '!']);
        // Some servers repeat the status before the text.
        let text = text
            .strip_prefix("400 bad request")
            .map_or(text, |rest| rest.trim_start_matches([' ', '-', ':']));
        let head = ENDINGS
            .iter()
            .find_map(|ending| text.strip_suffix(ending))?;
        if !head.ends_with(' ') {
            return None;
        }
        let mut kind = String::new();
        let mut id = None;
        for word in head.split_whitespace() {
            let word = word.trim_matches(['\'', '"', '`', '(', ')', '[', ']', ':', ',', '=', '#']);
            if let Ok(found) = Uuid::parse_str(word) {
                if id.replace(found).is_some() {
                    return None;
                }
            } else if !FILLERS.contains(&word) {
                kind.push_str(word);
            }
        }
        let kind = match kind.as_str() {
            "service" => "service",
            "cronjob" | "lifecyclejob" => "job",
            other => other.strip_suffix("service").unwrap_or(other),
        };
        KINDS.contains(&kind).then(|| Self::Missing {
            kind: kind.to_owned(),
            id,
        })
    }

    /// Whether the text says that this subject, or the environment that it belongs to, does not exist.
    pub(crate) fn is_about(&self, subject: &Subject) -> bool {
        let Self::Missing { kind, id } = self else {
            return false;
        };
        let is = |wanted: Uuid| id.is_none_or(|id| id == wanted);
        match (subject, kind.as_str()) {
            (Subject::Cluster { id, .. }, "cluster") => is(*id),
            (Subject::Cluster { .. }, _) => false,
            (_, "environment") => match subject.environment_id() {
                Some(environment) => is(environment),
                None => id.is_none(),
            },
            (Subject::Service { service, .. }, kind) => {
                (kind == "service" || kind == noun(service.kind)) && is(service.id)
            }
            _ => false,
        }
    }
}

/// The name of a kind in an error of the API: one word.
fn noun(kind: ServiceKind) -> String {
    kind.to_string().replace(' ', "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wait::ServiceRef;

    const ID: Uuid = Uuid::from_u128(7);
    const ENVIRONMENT: Uuid = Uuid::from_u128(8);

    fn subjects() -> Vec<(Subject, &'static str)> {
        let mut subjects = vec![
            (Subject::environment(ID), "environment"),
            (Subject::cluster(Uuid::from_u128(9), ID), "cluster"),
        ];
        for (kind, noun) in [
            (ServiceKind::Application, "application"),
            (ServiceKind::Container, "container"),
            (ServiceKind::Database, "database"),
            (ServiceKind::Job, "job"),
            (ServiceKind::Helm, "helm"),
            (ServiceKind::Terraform, "terraform"),
            (ServiceKind::AgenticWorkflow, "agenticWorkflow"),
        ] {
            let service = ServiceRef::new(kind, ID);
            let environment = Some(ENVIRONMENT);
            let subject = Subject::Service {
                service,
                environment,
            };
            subjects.push((subject, noun));
        }
        subjects
    }

    #[test]
    fn a_400_that_names_the_kind_of_the_subject_is_about_it() {
        for (subject, noun) in subjects() {
            for text in [
                format!("{noun} does not exist"),
                format!("{noun} {ID} does not exist"),
                format!("The {noun} with id \"{ID}\" doesn't exist."),
                format!("400 Bad Request - {noun} {ID} does not exist anymore"),
                format!("{} no longer exists", noun.to_uppercase()),
            ] {
                assert!(Topic::of(&text).is_about(&subject), "{text}");
            }
        }
        let job = ServiceRef::new(ServiceKind::Job, ID);
        let job = Subject::service(job);
        assert!(Topic::of("Lifecycle job does not exist").is_about(&job));
        assert!(Topic::of("environment does not exist").is_about(&job));
    }

    #[test]
    fn a_400_about_another_missing_resource_is_not_about_the_subject() {
        for (subject, noun) in subjects() {
            for text in [
                format!("{noun} {ENVIRONMENT}0 does not exist"),
                format!("{noun} {} does not exist", Uuid::from_u128(99)),
                format!("{noun} {ID} not found, try later"),
                format!("{noun} does not exist in load balancer"),
                format!("upstream of {noun} does not exist"),
                format!("{noun} {ID} {ID} does not exist"),
                format!("git token of {noun} {ID} does not exist"),
                "service does not exist in load balancer".to_owned(),
                "upstream not found, try later".to_owned(),
                "organization does not exist".to_owned(),
                "startId 7 does not exist".to_owned(),
                "does not exist".to_owned(),
                String::new(),
            ] {
                assert!(!Topic::of(&text).is_about(&subject), "{text}");
            }
        }
        let other = Topic::of("container does not exist");
        assert!(!other.is_about(&Subject::environment(ID)));
        assert!(!other.is_about(&Subject::service(ServiceRef::new(ServiceKind::Helm, ID))));
    }
}

//! Parses a text: a path of names, a URL of the web console, or an id.

use url::Url;
use uuid::Uuid;

/// A text that names something, taken apart. Nothing was looked up yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// Names or ids from the organization down: one to four.
    Path(Vec<String>),
    /// An id of any kind of thing.
    Id(Uuid),
    /// A cluster, by the names or ids of its organization and of itself.
    Cluster {
        organization: String,
        cluster: String,
    },
}

/// How many levels there are: organization, project, environment, service.
const LEVELS: usize = 4;

impl Place {
    /// Reads a text. An error says why it names nothing.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("it is empty: give a path such as my-org/shop/staging/api".to_owned());
        }
        if let Ok(id) = Uuid::try_parse(text) {
            return Ok(Self::Id(id));
        }
        if has_scheme(text) {
            return Self::of_url(text);
        }
        if is_path_of_console(text) {
            let path = text.trim_start_matches('/');
            let host = if path.starts_with("organization") {
                "console/"
            } else {
                ""
            };
            return Self::of_url(&format!("https://{host}{path}"));
        }
        let path = text.trim_start_matches('/').trim_end_matches('/');
        let steps: Vec<String> = path.split('/').map(|step| step.trim().to_owned()).collect();
        if steps.iter().any(String::is_empty) {
            return Err("a name in it is empty".to_owned());
        }
        if steps.len() > LEVELS {
            return Err(format!(
                "it has {} names for the levels organization/project/environment/service: pass a name \
                 with a slash in a single step, such as .service(\"a/b\")",
                steps.len()
            ));
        }
        Ok(Self::Path(steps))
    }

    /// Reads the ids in a URL of the console, old or new. Sends no request to the host.
    fn of_url(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("it is not a URL: {error}"))?;
        let mut segments = url.path_segments().into_iter().flatten().peekable();
        let mut found: [Option<Uuid>; LEVELS] = [None; LEVELS];
        let mut cluster = None;
        let [organization, project, environment, service] = &mut found;
        while let Some(segment) = segments.next() {
            let level = match segment {
                "organization" | "organizations" => &mut *organization,
                "project" | "projects" => &mut *project,
                "environment" | "environments" => &mut *environment,
                "cluster" | "clusters" | "cluster-logs" => &mut cluster,
                // The word before the id of a service is its kind, `service` or `logs`.
                _ if environment.is_some() && is_before_a_service(segment) => &mut *service,
                _ => continue,
            };
            let id = segments.peek().and_then(|next| Uuid::try_parse(next).ok());
            if level.is_none() {
                *level = id;
            }
        }
        let text_of = |id: Uuid| id.to_string();
        match (found, cluster) {
            ([Some(organization), None, ..], Some(cluster)) => Ok(Self::Cluster {
                organization: text_of(organization),
                cluster: text_of(cluster),
            }),
            ([None, _, Some(id), None], _) => Ok(Self::Id(id)),
            ([None, _, _, Some(id)], _) => Ok(Self::Id(id)),
            ([None, Some(id), None, None], _) => Ok(Self::Id(id)),
            ([Some(_), ..], _) => {
                // The ids up to the first one that is missing.
                let ids = found.into_iter().map_while(|id| id);
                Ok(Self::Path(ids.map(text_of).collect()))
            }
            _ => Err(
                "it is not a URL of the web console: it has no id of an organization, project, \
                 environment or cluster"
                    .to_owned(),
            ),
        }
    }
}

fn has_scheme(text: &str) -> bool {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| {
        scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http")
    })
}

/// Whether a text is a URL of the console without its scheme, or without its host.
fn is_path_of_console(text: &str) -> bool {
    let mut steps = text.split(['/', '?', '#']).peekable();
    // `console.qovery.com`, `localhost:4200`, or nothing before the first slash.
    let is_host = |step: &&str| step.is_empty() || step.contains(['.', ':']);
    if steps.next_if(is_host).is_some() {
        steps.next_if_eq(&"platform");
    }
    let is_first = |step: &&str| ["organization", "organizations"].contains(step);
    steps.next_if(is_first).is_some() && steps.next().is_some_and(|id| Uuid::try_parse(id).is_ok())
}

fn is_before_a_service(segment: &str) -> bool {
    const KINDS: [&str; 12] = [
        "service",
        "application",
        "container",
        "database",
        "job",
        "cronjob",
        "lifecycle",
        "helm",
        "terraform",
        "agentic-workflow",
        "log",
        "service-log",
    ];
    let segment = segment.to_ascii_lowercase();
    KINDS.contains(&segment.strip_suffix('s').unwrap_or(&segment))
}

#[cfg(test)]
mod tests {
    use super::*;

    const O: &str = "00000000-0000-0000-0000-000000000001";
    const P: &str = "00000000-0000-0000-0000-000000000002";
    const E: &str = "00000000-0000-0000-0000-000000000003";
    const S: &str = "00000000-0000-0000-0000-000000000004";

    fn path(steps: &[&str]) -> Result<Place, String> {
        Ok(Place::Path(steps.iter().map(|s| (*s).to_owned()).collect()))
    }

    #[test]
    fn a_path_is_trimmed_and_may_begin_and_end_with_a_slash() {
        for text in [
            "my-org/shop/staging/api",
            "/my-org/shop/staging/api/",
            " my-org / shop /staging/ api \n",
        ] {
            let expected = path(&["my-org", "shop", "staging", "api"]);
            assert_eq!(Place::parse(text), expected, "{text:?}");
        }
        assert_eq!(Place::parse("my org"), path(&["my org"]));
        assert_eq!(Place::parse(&format!("{O}/shop")), path(&[O, "shop"]));
    }

    #[test]
    fn what_names_nothing_is_refused_with_the_reason() {
        for (text, why) in [
            ("", "empty"),
            ("  ", "empty"),
            ("/", "empty"),
            ("a//b", "empty"),
            ("a/b/c/d/e", "5 names"),
            ("https://example.com/", "no id"),
            ("https://console.qovery.com/organization/shop", "no id"),
            ("https://[", "not a URL"),
        ] {
            let error = Place::parse(text).unwrap_err();
            assert!(error.contains(why), "{text:?}: {error}");
        }
    }

    #[test]
    fn a_url_of_the_console_names_what_it_shows() {
        let environment = format!("/organization/{O}/project/{P}/environment/{E}");
        for (end, expected) in [
            (format!("/organization/{O}/overview"), path(&[O])),
            (
                format!("/organization/{O}/project/{P}/overview"),
                path(&[O, P]),
            ),
            (environment.clone(), path(&[O, P, E])),
            (format!("{environment}/overview?tab=x#y"), path(&[O, P, E])),
            (format!("{environment}/deployment/{S}"), path(&[O, P, E])),
            (
                format!("{environment}/service/{S}/overview"),
                path(&[O, P, E, S]),
            ),
            (
                format!("{environment}/application/{S}/general"),
                path(&[O, P, E, S]),
            ),
            (
                format!("{environment}/service/{S}?tab=a/b&id={O}#/service/{E}"),
                path(&[O, P, E, S]),
            ),
            (
                format!("{environment}/logs/service-logs/{S}"),
                path(&[O, P, E, S]),
            ),
            (
                format!("{environment}/logs/{S}/deployment-logs/{O}-7"),
                path(&[O, P, E, S]),
            ),
            (
                format!("{environment}/logs/stages?version={S}"),
                path(&[O, P, E]),
            ),
            (
                format!("/organization/{O}/settings/members?x={P}#{E}"),
                path(&[O]),
            ),
            (
                format!("/organization/{O}/audit-logs/general?targetId={S}"),
                path(&[O]),
            ),
            (
                format!("{environment}/logs/{S}/live-logs"),
                path(&[O, P, E, S]),
            ),
            (
                format!(
                    "/platform/organization/{O}/projects/{P}/environments/{E}/databases/{S}/summary"
                ),
                path(&[O, P, E, S]),
            ),
            (
                format!("/organization/{O}/cluster/{S}/settings/general"),
                Ok(Place::Cluster {
                    organization: O.to_owned(),
                    cluster: S.to_owned(),
                }),
            ),
        ] {
            for host in [
                "",
                "console.qovery.com",
                "https://console.qovery.com",
                "HTTPS://new.console.qovery.com",
            ] {
                let url = format!("{host}{end}");
                assert_eq!(Place::parse(&url), expected, "{url}");
            }
        }
    }

    #[test]
    fn a_url_that_begins_at_an_environment_names_its_id() {
        let url = format!("https://console.qovery.com/environment/{E}");
        assert_eq!(Place::parse(&url), Ok(Place::Id(Uuid::from_u128(3))));
        let names = path(&["organization", "shop", "organizations"]);
        assert_eq!(Place::parse("organization/shop/organizations"), names);
        let below = format!("my-org/organization/{E}");
        assert_eq!(Place::parse(&below), path(&["my-org", "organization", E]));
    }

    #[test]
    fn an_id_alone_may_be_of_anything() {
        let id = Place::Id(Uuid::from_u128(1));
        assert_eq!(Place::parse(&format!(" {O} ")), Ok(id));
    }
}

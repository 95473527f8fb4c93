//! Parses a text: a path of names, a URL of the web console, or an id.

use percent_encoding::percent_decode_str;
use url::Url;
use uuid::Uuid;

use super::super::naming::without_blanks;

/// The parts of a text that names an object. Nothing was looked up yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// Names or ids from the organization down: one to four.
    Path(Vec<String>),
    /// The id of an object of any kind.
    Id(Uuid),
    /// A cluster, by the names or ids of its organization and of itself.
    Cluster {
        organization: String,
        cluster: String,
    },
}

/// The number of levels: organization, project, environment, service.
const LEVELS: usize = 4;

impl Place {
    /// Reads a text. An error says why it names nothing.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = without_blanks(text);
        if text.is_empty() {
            return Err("it is empty: give a path such as my-org/shop/staging/api".to_owned());
        }
        if let Some(id) = id_of(text) {
            return Ok(Self::Id(id));
        }
        if let Some(url) = url_in(text) {
            return Self::of_url(&url?);
        }
        let path = text.trim_start_matches('/').trim_end_matches('/');
        let steps: Vec<String> = path.split('/').map(|step| step.trim().to_owned()).collect();
        if steps.iter().any(String::is_empty) {
            return Err("a name in it is empty: write one slash between two names".to_owned());
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
    ///
    /// An id that cannot be read is an error, because the URL does not show the parent.
    fn of_url(url: &Url) -> Result<Self, String> {
        let path = percent_decode_str(url.path()).decode_utf8_lossy();
        let segments = path.split('/').map(str::trim);
        let segments: Vec<&str> = segments.filter(|segment| !segment.is_empty()).collect();
        let mut found: [Option<Uuid>; LEVELS] = [None; LEVELS];
        let mut cluster = None;
        let mut rest = segments.as_slice();
        let mut before = None;
        while let [segment, after @ ..] = rest {
            rest = after;
            // The pages below this segment create an object, so they contain no id.
            if ["create", "new"].contains(segment) {
                break;
            }
            let unread = before.replace(*segment);
            let Some(word) = Word::of(segment) else {
                continue;
            };
            let [organization, project, environment, service] = &mut found;
            let level = match word {
                Word::Organization => organization,
                Word::Project => project,
                Word::Environment => environment,
                Word::Cluster => &mut cluster,
                Word::Log if environment.is_none() => continue,
                Word::Service | Word::Log => service,
            };
            if level.is_some() {
                continue;
            }
            let next = after.first().copied().unwrap_or_default();
            if let Some(id) = id_of(next) {
                *level = Some(id);
                rest = after.get(1..).unwrap_or_default();
                before = None;
                // `/organization/ID/ID` is a cluster.
                let below = rest.first().copied().and_then(id_of);
                if word == Word::Organization && below.is_some() {
                    cluster = below;
                }
            } else if let (Word::Project, Some(id)) = (word, unread.and_then(id_of)) {
                // `/organization/ID/settings/ID/project`.
                *level = Some(id);
            } else if !is_page(next) {
                let noun = word.noun();
                return Err(format!(
                    "\"{next}\" in it is not the id of {noun}: copy the whole URL"
                ));
            }
        }
        let deepest = found.iter().rposition(Option::is_some);
        let text_of = |id: Uuid| id.to_string();
        match (found, deepest, cluster) {
            ([Some(organization), ..], Some(0), Some(cluster)) => Ok(Self::Cluster {
                organization: text_of(organization),
                cluster: text_of(cluster),
            }),
            (_, None, Some(cluster)) => Ok(Self::Id(cluster)),
            (_, Some(deepest), _) => {
                let ids: Vec<Uuid> = found.into_iter().map_while(|id| id).collect();
                match found.get(deepest) {
                    // An id below a level that the URL does not name is found by itself.
                    Some(Some(id)) if ids.len() <= deepest => Ok(Self::Id(*id)),
                    _ => Ok(Self::Path(ids.into_iter().map(text_of).collect())),
                }
            }
            _ => Err(
                "it is not a URL of the web console: it has no id of an organization, project, \
                 environment, service or cluster: copy the URL from the web console, or give a path such as \
                 my-org/shop/staging"
                    .to_owned(),
            ),
        }
    }
}

/// The printable part of a text: a URL without its user, password, query and fragment, which may hold secrets.
pub(super) fn shown(text: &str) -> String {
    match url_in(without_blanks(text)) {
        None => text.to_owned(),
        Some(Err(_)) => "the URL".to_owned(),
        Some(Ok(url)) => {
            let host = url.host_str().unwrap_or_default();
            let port = url.port().map(|port| format!(":{port}"));
            let port = port.unwrap_or_default();
            format!("{}://{host}{port}{}", url.scheme(), url.path())
        }
    }
}

/// A word of a URL that precedes an id.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    Organization,
    Project,
    Environment,
    Service,
    /// Precedes the id of a service in a URL, after the id of its environment.
    Log,
    Cluster,
}

impl Word {
    pub(super) fn of(segment: &str) -> Option<Self> {
        let segment = segment.to_ascii_lowercase();
        let one = segment.strip_suffix('s').unwrap_or(&segment);
        Some(match one {
            "organization" => Self::Organization,
            "project" => Self::Project,
            "environment" => Self::Environment,
            "cluster" => Self::Cluster,
            "cluster-log" => Self::Cluster,
            "log" | "service-log" => Self::Log,
            "service" | "application" | "container" | "database" | "job" | "cronjob"
            | "lifecycle" | "helm" | "terraform" | "agentic-workflow" | "agenticworkflow" => {
                Self::Service
            }
            _ => return None,
        })
    }

    /// The kind of the objects; `None` for a log.
    pub(super) fn kind(self) -> Option<&'static str> {
        Some(match self {
            Self::Organization => "organization",
            Self::Project => "project",
            Self::Environment => "environment",
            Self::Service => "service",
            Self::Cluster => "cluster",
            Self::Log => return None,
        })
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Organization => "an organization",
            Self::Project => "a project",
            Self::Environment => "an environment",
            Self::Service | Self::Log => "a service",
            Self::Cluster => "a cluster",
        }
    }
}

/// The id that a segment consists of.
fn id_of(segment: &str) -> Option<Uuid> {
    Uuid::try_parse(segment).ok()
}

/// Whether a segment is empty or the name of a page, and not a part of an id that was cut off.
fn is_page(segment: &str) -> bool {
    segment.chars().all(|c| c.is_ascii_alphabetic() || c == '-')
}

/// The URL in a text: with or without its scheme, in brackets or quotes, encoded as a whole. `None` if the text is
/// a path of names.
fn url_in(text: &str) -> Option<Result<Url, String>> {
    let text = text.trim_matches(['<', '>', '"', '\'', '`']).trim();
    if let Some(found) = url_in_sentence(text) {
        return Some(found);
    }
    let decoded = percent_decode_str(text).decode_utf8_lossy();
    let text = match text.contains('/') {
        true => text,
        false => &*decoded,
    };
    let parse = |text: &str| Url::parse(text).map_err(|error| format!("it is not a URL: {error}"));
    let (scheme, rest) = text.split_once(":/").unwrap_or_default();
    if ["http", "https"].contains(&scheme.to_ascii_lowercase().as_str()) {
        return Some(parse(text));
    }
    if rest.starts_with('/') {
        return Some(Err(
            "a URL of the web console begins with https://".to_owned()
        ));
    }
    let path = text.trim_start_matches('/');
    let mut steps = path.split(['/', '?', '#', '\\']).peekable();
    // `console.qovery.com`, `localhost:4200`, or none.
    let is_host = |step: &&str| step.contains(['.', ':']) || *step == "localhost";
    let has_host = steps.next_if(is_host).is_some();
    steps.next_if_eq(&"platform");
    let word = steps.next().and_then(Word::of)?;
    let is_url = steps.next().and_then(id_of).is_some() && (has_host || word == Word::Organization);
    let host = if has_host { "" } else { "console/" };
    is_url.then(|| parse(&format!("https://{host}{path}")))
}

/// The URL in a longer text: a sentence, or a link in Markdown. `None` if the text is itself a URL or has none.
fn url_in_sentence(text: &str) -> Option<Result<Url, String>> {
    let is_scheme = |text: &str| {
        let begin = text.get(..8).or(text.get(..7)).unwrap_or_default();
        let begin = begin.to_ascii_lowercase();
        begin.starts_with("https://") || begin.starts_with("http://")
    };
    let opens = |c: char| c.is_whitespace() || "([<\"'`".contains(c);
    let ends = |c: char| c.is_whitespace() || "()<>\"'`".contains(c);
    let mut found: Vec<&str> = Vec::new();
    for (at, _) in text.match_indices(opens) {
        let rest = text.get(at..)?.trim_start_matches(opens);
        if !is_scheme(rest) || is_scheme(text) {
            continue;
        }
        let url = rest.split(ends).next()?;
        // An address of IPv6 is in brackets.
        let url = match url.contains('[') {
            true => url,
            false => url.split(']').next()?,
        };
        let url = url.trim_end_matches(['.', ',', ';', '!', '?', ':']);
        if !found.contains(&url) {
            found.push(url);
        }
    }
    match found.as_slice() {
        [] => None,
        [url] => Some(Url::parse(url).map_err(|error| format!("it is not a URL: {error}"))),
        several => Some(Err(format!(
            "it contains {} different URLs: give one of them",
            several.len()
        ))),
    }
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
    fn a_text_that_names_no_object_is_refused_with_the_reason() {
        for (text, why) in [
            ("", "empty"),
            ("  ", "empty"),
            ("/", "empty"),
            ("a//b", "empty"),
            ("a/b/c/d/e", "5 names"),
            ("https://example.com/", "no id"),
            ("https://console.qovery.com/organization/shop", "no id"),
            ("ftp://console.qovery.com/organization/x", "https://"),
            ("qovery://organization/x", "https://"),
            (
                "https://console.qovery.com/login?redirect=/organization",
                "no id",
            ),
            ("https://console.qovery.com/onboarding/project", "no id"),
            ("https://[", "not a URL"),
            ("see https://[", "not a URL"),
            ("see https://a.com/x or https://b.com/y", "2 different URLs"),
            ("see ftp://a.com/x", "https://"),
        ] {
            let error = Place::parse(text).unwrap_err();
            assert!(error.contains(why), "{text:?}: {error}");
        }
    }

    #[test]
    fn a_url_of_the_console_names_the_object_of_its_page() {
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
    fn a_url_is_read_in_each_form_in_which_it_is_pasted() {
        let page = format!("/organization/{O}/project/{P}/environment/{E}/service/{S}");
        let all = path(&[O, P, E, S]);
        for url in [
            format!("https://console.qovery.com{page}/"),
            format!("https://console.qovery.com{page}/overview/"),
            format!("https://console.qovery.com{page}?"),
            format!("https://console.qovery.com{page}#"),
            format!("https://console.qovery.com{page}?a=/project/{E}#b"),
            format!("https://console.qovery.com{}", page.to_uppercase()),
            format!("https://CONSOLE.QOVERY.COM/{page}"),
            format!("https://console.qovery.com/{}", page.replace('/', "//")),
            format!("https://ada:hunter2@console.qovery.com{page}"),
            format!("ada@console.qovery.com{page}"),
            format!("https://console.qovery.com:443{page}"),
            format!("https://staging.example.org/platform{page}"),
            format!("http://localhost:4200{page}"),
            format!("localhost{page}/settings/general"),
            format!("[::1]:4200{page}"),
            format!("127.0.0.1{page}"),
            format!("//console.qovery.com{page}"),
            format!("https:/console.qovery.com{page}"),
            format!("https:///console.qovery.com{page}"),
            format!("https://console.qovery.com{}", page.replace('/', "\\")),
            format!(
                "https://console.qovery.com/{}",
                page[1..].replace('/', "%2F")
            ),
            format!("https://console.qovery.com{}", page.replace('-', "%2d")),
            format!("https://console.qovery.com/%20{page}%20/overview"),
            format!(
                "https%3A%2F%2Fconsole.qovery.com{}",
                page.replace('/', "%2f")
            ),
            format!("console.qovery.com{}", page.replace('/', "%2F")),
            format!("<https://console.qovery.com{page}>"),
            format!("\"https://console.qovery.com{page}/overview\""),
            format!("`{page}`"),
            format!("\u{feff}https://console.qovery.com{page}\u{200b}\n"),
            format!(
                "https://console.qovery.com/organization/{O}/x/../project/{P}/environment/\n{E}/service/{S}"
            ),
            format!("\u{a0}console.qovery.com{page}\u{2060}"),
            page.trim_start_matches('/').to_owned(),
            format!("see https://console.qovery.com{page}"),
            format!("see https://console.qovery.com{page}, please."),
            format!("[the api](https://console.qovery.com{page}/overview)"),
            format!("[https://console.qovery.com{page}](https://console.qovery.com{page})"),
            format!("It fails\n(HTTPS://console.qovery.com{page}?x=https://example.com)!"),
            format!("here: http://[::1]:4200{page} of course"),
        ] {
            assert_eq!(Place::parse(&url), all, "{url:?}");
        }
    }

    #[test]
    fn each_page_of_the_console_names_its_object() {
        let cluster = Ok(Place::Cluster {
            organization: O.to_owned(),
            cluster: S.to_owned(),
        });
        let of_environment = path(&[O, P, E]);
        let of_service = path(&[O, P, E, S]);
        for (page, expected) in [
            ("", path(&[O])),
            ("/overview", path(&[O])),
            ("/clusters", path(&[O])),
            ("/clusters/new", path(&[O])),
            ("/cluster/new", path(&[O])),
            ("/cluster/create/aws-2/general", path(&[O])),
            ("/alerts/alert-rules", path(&[O])),
            ("/audit-logs", path(&[O])),
            ("/settings/general", path(&[O])),
            ("/settings/roles/edit/{S}", path(&[O])),
            ("/settings/{P}/project", path(&[O, P])),
            ("/settings/{P}/project/danger-zone", path(&[O, P])),
            ("/{S}", cluster.clone()),
            ("/{S}/", cluster.clone()),
            ("/cluster/{S}", cluster.clone()),
            ("/cluster/{S}/overview", cluster.clone()),
            ("/cluster/{S}/cluster-logs", cluster.clone()),
            ("/cluster/{S}/logs", cluster.clone()),
            ("/cluster/{S}/settings/dns-provider", cluster),
            ("/project/{P}", path(&[O, P])),
            ("/project/{P}/environments/general", path(&[O, P])),
            ("/project/{P}/variables", path(&[O, P])),
            ("/project/{P}/deployment-rules/edit/{S}", path(&[O, P])),
            (
                "/project/{P}/environment/{E}/deployments",
                of_environment.clone(),
            ),
            (
                "/project/{P}/environment/{E}/deployment/{S}-7",
                of_environment.clone(),
            ),
            (
                "/project/{P}/environment/{E}/deployment/{S}/pre-check-logs",
                of_environment.clone(),
            ),
            (
                "/project/{P}/environment/{E}/overview/pipeline",
                of_environment.clone(),
            ),
            (
                "/project/{P}/environment/{E}/services/general",
                of_environment.clone(),
            ),
            (
                "/project/{P}/environment/{E}/services/create/helm/s3-bucket/2",
                of_environment.clone(),
            ),
            (
                "/project/{P}/environment/{E}/service/new",
                of_environment.clone(),
            ),
            (
                "/project/{P}/environment/{E}/service/create/terraform/rds-13",
                of_environment.clone(),
            ),
            (
                "/project/{P}/environment/{E}/service/create/database/general",
                of_environment.clone(),
            ),
            (
                "/project/{P}/environment/{E}/settings/preview-environments",
                of_environment.clone(),
            ),
            ("/project/{P}/environment/{E}/logs", of_environment.clone()),
            (
                "/project/{P}/environment/{E}/logs/stages/{S}-3",
                of_environment.clone(),
            ),
            (
                "/project/{P}/environment/{E}/logs/pre-check-logs/{S}",
                of_environment,
            ),
            (
                "/project/{P}/environment/{E}/service/{S}/deployments/logs/{O}-7",
                of_service.clone(),
            ),
            (
                "/project/{P}/environment/{E}/service/{S}/deployments/logs/{O}",
                of_service.clone(),
            ),
            (
                "/project/{P}/environment/{E}/service/{S}/monitoring/alerts/{O}/edit",
                of_service.clone(),
            ),
            (
                "/project/{P}/environment/{E}/service/{S}/cloud-shell",
                of_service.clone(),
            ),
            (
                "/project/{P}/environment/{E}/service/{S}/update/blueprint/preview",
                of_service.clone(),
            ),
            (
                "/project/{P}/environment/{E}/service/{S}/settings/terraform-variables",
                of_service.clone(),
            ),
            (
                "/project/{P}/environment/{E}/database/{S}/settings",
                of_service.clone(),
            ),
            (
                "/project/{P}/environment/{E}/logs/{S}/service-logs?deploymentId={O}",
                of_service.clone(),
            ),
            (
                "/project/{P}/environment/{E}/logs/{S}/deployment-logs/{O}",
                of_service,
            ),
        ] {
            let page = page.replace("{P}", P).replace("{E}", E).replace("{S}", S);
            let url = format!(
                "https://console.qovery.com/organization/{O}{}",
                page.replace("{O}", O)
            );
            assert_eq!(Place::parse(&url), expected, "{url}");
        }
    }

    #[test]
    fn an_id_that_was_cut_off_does_not_name_the_parent() {
        let environment = format!("/organization/{O}/project/{P}/environment/{E}");
        let cut = &S[..30];
        for (page, noun) in [
            (format!("{environment}/service/{cut}"), "a service"),
            (format!("{environment}/service/{S}."), "a service"),
            (format!("{environment}/service/{S},"), "a service"),
            (format!("{environment}/database/{S}0/overview"), "a service"),
            (
                format!("{environment}/logs/{cut}/service-logs"),
                "a service",
            ),
            (format!("{environment}/service/%7Bid%7D"), "a service"),
            (format!("{environment}/service/:serviceId"), "a service"),
            (format!("{environment}/service/$serviceId"), "a service"),
            (
                format!("/organization/{O}/project/{P}/environment/{cut}"),
                "an environment",
            ),
            (
                format!("/organization/{O}/project/{cut}/environment/{E}"),
                "a project",
            ),
            (format!("/organization/{O}/cluster/{cut}"), "a cluster"),
            (
                format!("/organization/{cut}/project/{P}"),
                "an organization",
            ),
        ] {
            let error = Place::parse(&format!("https://console.qovery.com{page}")).unwrap_err();
            assert!(
                error.ends_with(&format!("is not the id of {noun}: copy the whole URL")),
                "{page}: {error}"
            );
        }
    }

    #[test]
    fn an_id_below_a_level_that_the_url_does_not_name_is_found_by_itself() {
        for (page, id) in [
            (format!("organization/{O}/environment/{E}"), 3),
            (format!("organization/{O}/environment/{E}/service/{S}"), 4),
            (format!("organization/{O}/project/{P}/service/{S}"), 4),
            (format!("organization/{O}/database/{S}"), 4),
            (format!("project/{P}/environment/{E}"), 3),
            (format!("project/{P}"), 2),
            (format!("environment/{E}/status"), 3),
            (format!("application/{S}/status"), 4),
            (format!("cluster/{S}"), 4),
        ] {
            for host in [
                "https://api.qovery.com",
                "console.qovery.com",
                "localhost:4200",
            ] {
                let url = format!("{host}/{page}");
                assert_eq!(
                    Place::parse(&url),
                    Ok(Place::Id(Uuid::from_u128(id))),
                    "{url}"
                );
            }
        }
        let names = path(&["acme", "environment", E]);
        assert_eq!(Place::parse(&format!("acme/environment/{E}")), names);
    }

    #[test]
    fn secrets_in_a_url_are_not_shown() {
        for url in [
            format!("https://ada:hunter2@example.org:8443/organization/{O}x?token=hunter2#hunter2"),
            format!("ada:hunter2@example.org/organization/{O}?token=hunter2"),
            "https://ada:hunter2@[".to_owned(),
            "ftp://ada:hunter2@example.org".to_owned(),
            "https%3A%2F%2Fada%3Ahunter2%40example.org%2Fx%3Ftoken%3Dhunter2".to_owned(),
            "see https://ada:hunter2@example.org/x?token=hunter2".to_owned(),
            "see https://ada:hunter2@example.org/x or https://hunter2@example.org".to_owned(),
        ] {
            let text = shown(&url);
            assert!(
                !text.contains("hunter2") && text.contains("http") | text.contains("URL"),
                "{text}"
            );
        }
        assert_eq!(shown("my-org/shop?x"), "my-org/shop?x");
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

//! Maps the tags of the contract to areas of the client.
//!
//! An area is a part of the API that a user would name: it is a Cargo feature and a module. The operations
//! that reach a model determine the area of the model.
//!
//! The contract tags many operations by the owner of a resource: "Organization Main Calls" has the git tokens
//! of an organization. A part of the path therefore decides before the tag.

use std::collections::BTreeSet;
use std::fmt;

use proc_macro2::TokenStream;
use quote::quote;

use crate::codegen::doc::Line;

/// One area: its feature, its description, and the tags that belong to it.
#[derive(PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Area {
    /// The name of the Cargo feature and of the module.
    pub(crate) name: &'static str,
    /// The content of the area, as the first sentence of its documentation.
    pub(crate) about: &'static str,
    tags: &'static [&'static str],
    /// Parts of paths that belong to the area whatever their tag, without the parameters.
    paths: &'static [&'static str],
    untagged: &'static [&'static str],
}

impl fmt::Debug for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The area of tags of another contract that belong to no other area: a module that needs no feature. It is
/// empty for the contract of this repository.
pub(crate) static OTHER: Area = Area {
    name: "other",
    about: "Operations with tags of no area.",
    tags: &[],
    paths: &[],
    untagged: &[],
};

/// The area of a tag.
pub(crate) fn area_of_tag(tag: &str) -> Option<&'static Area> {
    let is_it = |known: &&str| known.eq_ignore_ascii_case(tag);
    AREAS.iter().find(|area| area.tags.iter().any(is_it))
}

/// The area that a part of the path determines, whatever the tag is.
pub(crate) fn area_of_part(path: &str) -> Option<&'static Area> {
    AREAS.iter().find(|area| area.named_by(path).is_some())
}

/// The area of a path without a tag, by its first segment.
pub(crate) fn area_of_path(path: &str) -> Option<&'static Area> {
    let segment = path.trim_start_matches('/').split('/').next();
    let segment = segment.unwrap_or_default();
    AREAS.iter().find(|area| area.untagged.contains(&segment))
}

impl Area {
    /// The first of [`Area::paths`] that is a part of the path.
    fn named_by(&self, path: &str) -> Option<&'static str> {
        let fixed: Vec<&str> = path
            .split('/')
            .filter(|segment| !segment.is_empty() && !segment.starts_with('{'))
            .collect();
        self.paths.iter().copied().find(|part| {
            let part: Vec<&str> = part.split('/').collect();
            fixed
                .windows(part.len())
                .any(|window| window == part.as_slice())
        })
    }

    /// The predicate in `cfg(..)` for items of the area; `None` if they need no feature.
    pub(crate) fn condition(&self) -> Option<TokenStream> {
        let name = self.name;
        (*self != OTHER).then(|| quote!(feature = #name))
    }
}

/// The sentence that names the features of an item that these areas reach; empty if it needs none.
pub(crate) fn availability(areas: &BTreeSet<&'static Area>) -> Line {
    if areas.is_empty() || areas.iter().any(|area| area.condition().is_none()) {
        return Line::default();
    }
    let ordered = || AREAS.iter().chain([&STREAM]);
    let names: Vec<&str> = ordered()
        .filter(|area| areas.contains(area))
        .map(|area| area.name)
        .collect();
    let kind = if names.len() == 1 {
        "feature"
    } else {
        "features"
    };
    Line::new("Available on crate ")
        .text(kind)
        .text(" ")
        .each(&names, " or ", |line, name| line.code(name))
        .text(" only.")
}

/// Every area, then [`OTHER`].
pub(crate) fn all() -> impl Iterator<Item = &'static Area> {
    AREAS.iter().chain([&OTHER])
}

/// The websocket side of the API, which has a contract of its own. It is not one of [`AREAS`].
pub(crate) static STREAM: Area = Area {
    name: "stream",
    about: "Frames and requests of the websocket API.",
    tags: &[],
    paths: &[],
    untagged: &[],
};

/// Every area, in the order of the documentation.
pub(crate) const AREAS: &[Area] = &[
    Area {
        name: "environments",
        about: "Environments: deploying them, their statuses, history, queue, stages and logs.",
        tags: &[
            "Environments",
            "Environment",
            "Environment Main Calls",
            "Environment Actions",
            "Environment Deployment History",
            "Environment Deployment Rule",
            "Environment Export",
            "Environment Logs",
            "Deployment Queue Actions",
            "Deployment Stage Main Calls",
            "Service Main Calls",
            "service_status",
        ],
        paths: &[
            "cluster/environments",
            "organization/environments",
            "organization/services",
        ],
        untagged: &[
            "environment",
            "service",
            "deploymentQueue",
            "deploymentStage",
            "deploymentStatus",
        ],
    },
    Area {
        name: "projects",
        about: "Projects and their deployment rules.",
        tags: &["Projects", "Project Main Calls", "Project Deployment Rule"],
        paths: &[],
        untagged: &["project"],
    },
    Area {
        name: "organizations",
        about: "Organizations: members, roles, API tokens, webhooks, alerts, audit events, the account that is signed in, and the addresses of Qovery.",
        tags: &[
            "Organization Main Calls",
            "Organization Annotations Group",
            "Organization Api Token",
            "Organization Custom Role",
            "Organization Enterprise Connection",
            "Organization Event",
            "Organization Labels Group",
            "Organization Policy Api Token",
            "Organization Webhook",
            "Members",
            "Alert Receivers",
            "Alert Rules",
            "Account Info",
            "User Sign Up",
            "IPs",
        ],
        paths: &[],
        untagged: &["organization", "account", "admin", "ips"],
    },
    Area {
        name: "applications",
        about: "Applications built from a git repository.",
        tags: &[
            "Applications",
            "Application Actions",
            "Application Configuration",
            "Application Custom Domain",
            "Application Database",
            "Application Deployment History",
            "Application Deployment Restriction",
            "Application Event",
            "Application Logs",
            "Application Main Calls",
            "Application Metrics",
            "Custom Domain",
            "Dependency",
        ],
        paths: &[],
        untagged: &["application"],
    },
    Area {
        name: "containers",
        about: "Containers and the registries that they come from.",
        tags: &[
            "Containers",
            "Container Actions",
            "Container Configuration",
            "Container Custom Domain",
            "Container Database",
            "Container Dependency",
            "Container Deployment History",
            "Container Logs",
            "Container Main Calls",
            "Container Metrics",
            "Container Registries",
        ],
        paths: &["containerRegistry", "checkContainerImage"],
        untagged: &["container"],
    },
    Area {
        name: "databases",
        about: "Databases, their logical databases and backups, and the types of managed databases of each cloud provider.",
        tags: &[
            "Databases",
            "Database",
            "Database Actions",
            "Database Application",
            "Database Deployment History",
            "Database Event",
            "Database Main Calls",
            "Database Metrics",
            "Logical Database",
            "logicalDatabase",
            "Backups",
        ],
        paths: &["managedDatabase"],
        untagged: &["database", "logicalDatabase"],
    },
    Area {
        name: "jobs",
        about: "Cron jobs and lifecycle jobs.",
        tags: &[
            "Jobs",
            "Job Actions",
            "Job Configuration",
            "Job Deployment History",
            "Job Deployment Restriction",
            "Job Main Calls",
            "Job Metrics",
            "Lifecycle Template Main Calls",
        ],
        paths: &["cleanFailedJobs"],
        untagged: &["job"],
    },
    Area {
        name: "helms",
        about: "Helm charts and the repositories that they come from.",
        tags: &[
            "Helms",
            "Helm Actions",
            "Helm Configuration",
            "Helm Custom Domain",
            "Helm Deployment History",
            "Helm Deployment Restriction",
            "Helm Main Calls",
            "Helm Repositories",
        ],
        paths: &["helmRepository", "checkHelmRepository"],
        untagged: &["helm", "helmRepository"],
    },
    Area {
        name: "terraforms",
        about: "Terraform services.",
        tags: &[
            "Terraforms",
            "Terraform Actions",
            "Terraform Configuration",
            "Terraform Deployment History",
            "Terraform Deployment Restriction",
            "Terraform Main Calls",
            "Terraform Resources",
        ],
        paths: &[
            "listTfVarsFilesFromGitRepo",
            "parseTerraformVariablesFromGitRepo",
        ],
        untagged: &["terraform"],
    },
    Area {
        name: "blueprints",
        about: "Blueprints, and the catalog that they come from.",
        tags: &["Blueprint Catalog", "Blueprint Main Calls"],
        paths: &[],
        untagged: &["blueprint"],
    },
    Area {
        name: "agents",
        about: "Agentic workflows and MCP servers.",
        tags: &["Agentic Workflows", "MCP Servers"],
        paths: &[],
        untagged: &["agenticWorkflow", "mcpServer"],
    },
    Area {
        name: "clusters",
        about: "Clusters, the cloud providers that they run on, the credentials for them, and Argo CD on them.",
        tags: &[
            "Clusters",
            "ArgoCD",
            "Cluster Operator",
            "Cloud Provider",
            "Cloud Provider Credentials",
            "Organization Cluster Lock",
            "Platform Configuration",
            "Secret Manager Access",
        ],
        paths: &["organization/credentials"],
        untagged: &["cluster", "argocdApp", "secretManagerAccess"],
    },
    Area {
        name: "variables",
        about: "Variables and secrets of projects, environments and services.",
        tags: &[
            "Variable Main Calls",
            "Project Environment Variable",
            "Project Secret",
            "Environment Variable",
            "Environment Secret",
            "Application Environment Variable",
            "Application Secret",
            "Container Environment Variable",
            "Container Secret",
            "Job Environment Variable",
            "Job Secret",
        ],
        paths: &[],
        untagged: &["variable"],
    },
    Area {
        name: "git",
        about: "Git providers, their repositories, the files in them, the tokens to read them, and their webhooks.",
        tags: &[
            "Git repositories",
            "Github App",
            "Organization Account Git Repositories",
        ],
        paths: &[
            "checkDockerfile",
            "checkGitFile",
            "gitToken",
            "gitWebhook",
            "gitWebhookStatus",
        ],
        untagged: &["git"],
    },
    Area {
        name: "billing",
        about: "Plans, invoices, costs, credit cards and rewards.",
        tags: &["Billing", "Referral & Rewards"],
        paths: &[],
        untagged: &["billing"],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codegen::doc::Doc;

    #[test]
    fn an_item_names_the_features_of_all_its_areas_in_their_order() {
        let available = |names: &[&str]| {
            let areas = all().filter(|area| names.contains(&area.name)).collect();
            Doc::of(availability(&areas)).text()
        };
        let one = "Available on crate feature `billing` only.";
        assert_eq!(available(&["billing"]), one);
        let three = "Available on crate features `projects`, `helms` or `billing` only.";
        assert_eq!(available(&["billing", "helms", "projects"]), three);
        assert_eq!(available(&["billing", "other"]), "");
        assert_eq!(available(&[]), "");
    }

    #[test]
    fn a_tag_is_found_whatever_its_case() {
        assert_eq!(
            area_of_tag("helm actions").map(|area| area.name),
            Some("helms")
        );
    }

    #[test]
    fn a_path_is_found_by_its_first_segment() {
        assert_eq!(
            area_of_path("/cluster/{clusterId}/token").map(|area| area.name),
            Some("clusters")
        );
    }

    #[test]
    fn a_part_of_a_path_names_an_area_whatever_stands_around_it() {
        let named = |path| area_of_part(path).map(|area| area.name);
        let repository = "/organization/{organizationId}/helmRepository/{id}/associatedServices";
        assert_eq!(named(repository), Some("helms"));
        assert_eq!(
            named("/organization/{organizationId}/credentials"),
            Some("clusters")
        );
        // The credentials of another resource, and names that only begin alike.
        assert_eq!(named("/logicalDatabase/{id}/credentials"), None);
        assert_eq!(named("/organization/{id}/aws/credentials"), None);
        assert_eq!(named("/organization/{organizationId}/gitTokens"), None);
        assert_eq!(named("/organization/{gitToken}"), None);
    }

    #[test]
    fn an_unknown_tag_or_path_has_no_area() {
        assert_eq!(area_of_tag("Weather"), None);
        assert_eq!(area_of_tag(OTHER.name), None);
        assert_eq!(area_of_path("/weather"), None);
        assert!(AREAS.iter().all(|area| area.name != OTHER.name));
    }

    #[test]
    fn each_part_of_a_path_names_one_area_and_is_in_the_contract() {
        let contract = crate::contract::load(&crate::repository().join("openapi.yaml"));
        let contract = contract.expect("the contract is there").value;
        let paths = contract["paths"].as_object().expect("paths").keys();
        let mut used = BTreeSet::new();
        for path in paths {
            let naming = AREAS.iter();
            let naming: Vec<&str> = naming.filter_map(|area| area.named_by(path)).collect();
            assert!(naming.len() <= 1, "{path}: {naming:?}");
            used.extend(naming);
        }
        for part in AREAS.iter().flat_map(|area| area.paths) {
            assert!(used.contains(part), "no path of the contract has {part}");
        }
    }

    #[test]
    fn no_tag_belongs_to_two_areas() {
        let mut seen = BTreeSet::new();
        for tag in AREAS.iter().flat_map(|area| area.tags) {
            assert!(seen.insert(tag.to_lowercase()), "{tag} is listed twice");
        }
    }
}

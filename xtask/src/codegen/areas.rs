//! Maps the tags of the contract to areas of the client.
//!
//! An area is a part of the API that a user would name: it is a Cargo feature and a module. The operations
//! that reach a model determine the area of the model.

use std::fmt;

use proc_macro2::TokenStream;
use quote::quote;

/// One area: its feature, its description, and the tags that belong to it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Area {
    /// The name of the Cargo feature and of the module.
    pub(crate) name: &'static str,
    /// The content of the area, as the first sentence of its documentation.
    pub(crate) about: &'static str,
    tags: &'static [&'static str],
    untagged: &'static [&'static str],
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
    untagged: &[],
};

/// The area of a tag.
pub(crate) fn area_of_tag(tag: &str) -> Option<&'static Area> {
    let is_it = |known: &&str| known.eq_ignore_ascii_case(tag);
    AREAS.iter().find(|area| area.tags.iter().any(is_it))
}

/// The area of a path, by its first segment.
pub(crate) fn area_of_path(path: &str) -> Option<&'static Area> {
    let segment = path.trim_start_matches('/').split('/').next();
    let segment = segment.unwrap_or_default();
    AREAS.iter().find(|area| area.untagged.contains(&segment))
}

impl Area {
    /// The predicate in `cfg(..)` for items of the area; `None` if they need no feature.
    pub(crate) fn condition(&self) -> Option<TokenStream> {
        let name = self.name;
        (*self != OTHER).then(|| quote!(feature = #name))
    }
}

/// Every area, then [`OTHER`].
pub(crate) fn all() -> impl Iterator<Item = &'static Area> {
    AREAS.iter().chain([&OTHER])
}

/// The websocket side of the API, which has a contract of its own: none of [`AREAS`].
pub(crate) static STREAM: Area = Area {
    name: "stream",
    about: "Frames and requests of the websocket API.",
    tags: &[],
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
        untagged: &[
            "environment",
            "service",
            "deploymentQueue",
            "deploymentStage",
        ],
    },
    Area {
        name: "projects",
        about: "Projects and their deployment rules.",
        tags: &["Projects", "Project Main Calls", "Project Deployment Rule"],
        untagged: &["project"],
    },
    Area {
        name: "organizations",
        about: "Organizations: members, roles, API tokens, webhooks, alerts, audit events, and the account that is signed in.",
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
        ],
        untagged: &["organization", "account", "admin"],
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
        untagged: &["container"],
    },
    Area {
        name: "databases",
        about: "Databases, their logical databases and backups.",
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
        untagged: &["terraform"],
    },
    Area {
        name: "blueprints",
        about: "Blueprints, the catalog that they come from, and ArgoCD applications.",
        tags: &["Blueprint Catalog", "Blueprint Main Calls", "ArgoCD"],
        untagged: &["blueprint", "argocdApp"],
    },
    Area {
        name: "agents",
        about: "Agentic workflows and MCP servers.",
        tags: &["Agentic Workflows", "MCP Servers"],
        untagged: &["agenticWorkflow", "mcpServer"],
    },
    Area {
        name: "clusters",
        about: "Clusters, the cloud providers that they run on, and the credentials for them.",
        tags: &[
            "Clusters",
            "Cluster Operator",
            "Cloud Provider",
            "Cloud Provider Credentials",
            "Organization Cluster Lock",
            "Platform Configuration",
            "Secret Manager Access",
            "IPs",
        ],
        untagged: &["cluster", "ips", "secretManagerAccess"],
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
        untagged: &["variable"],
    },
    Area {
        name: "git",
        about: "Git providers, their repositories and the tokens to read them.",
        tags: &[
            "Git repositories",
            "Github App",
            "Organization Account Git Repositories",
        ],
        untagged: &["git"],
    },
    Area {
        name: "billing",
        about: "Plans, invoices, costs, credit cards and rewards.",
        tags: &["Billing", "Referral & Rewards"],
        untagged: &["billing"],
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

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
    fn what_is_not_known_has_no_area() {
        assert_eq!(area_of_tag("Weather"), None);
        assert_eq!(area_of_tag(OTHER.name), None);
        assert_eq!(area_of_path("/weather"), None);
        assert!(AREAS.iter().all(|area| area.name != OTHER.name));
    }

    #[test]
    fn no_tag_belongs_to_two_areas() {
        let mut seen = BTreeSet::new();
        for tag in AREAS.iter().flat_map(|area| area.tags) {
            assert!(seen.insert(tag.to_lowercase()), "{tag} is listed twice");
        }
    }
}

//! Writes the documentation of a field if the contract states only its name and type.
//!
//! The name is read as words: `cluster_id` is the identifier of the cluster, `is_expired` whether it is
//! expired, `size_in_gib` a size in GiB. Descriptions in the contract have precedence.

use heck::ToSnakeCase;

use crate::codegen::model::TypeModel;

/// Words that are not written in lower case.
const SPELLED: &[(&str, &str)] = &[
    ("api", "API"),
    ("argocd", "Argo CD"),
    ("aws", "AWS"),
    ("azure", "Azure"),
    ("cpu", "CPU"),
    ("dns", "DNS"),
    ("gcp", "Google Cloud"),
    ("helm", "Helm"),
    ("id", "identifier"),
    ("ids", "identifiers"),
    ("ip", "IP"),
    ("json", "JSON"),
    ("kubernetes", "Kubernetes"),
    ("qovery", "Qovery"),
    ("scaleway", "Scaleway"),
    ("uri", "URI"),
    ("url", "URL"),
    ("vsphere", "vSphere"),
    ("yaml", "YAML"),
];

/// Name endings that state the unit of a number.
const UNITS: &[(&str, &str)] = &[
    ("_in_bytes", "in bytes"),
    ("_in_cents", "in hundredths of the currency"),
    ("_in_days", "in days"),
    ("_in_gb", "in gigabytes"),
    ("_in_gib", "in GiB"),
    ("_in_mb", "in megabytes"),
    ("_in_mib", "in MiB"),
    ("_in_milli_cpu", "in thousandths of a CPU"),
    ("_in_percent", "in percent"),
    ("_in_seconds", "in seconds"),
    ("_sec", "in seconds"),
    ("_seconds", "in seconds"),
];

/// A sentence about the field `name`.
pub(crate) fn of_name(name: &str, ty: &TypeModel) -> String {
    let name = name.to_snake_case();
    let text = match ty {
        TypeModel::Boolean => return capital(&whether(&name)),
        TypeModel::DateTime | TypeModel::Date => time(&name),
        TypeModel::Integer | TypeModel::Number => number(&name),
        TypeModel::List(_) => format!("the {}", words(&name)),
        TypeModel::Map(_) => format!("{}, by name", words(&name)),
        _ => noun(&name),
    };
    capital(&format!("{text}."))
}

fn whether(name: &str) -> String {
    let verb = |prefix: &str, before: &str| {
        let rest = name.strip_prefix(prefix)?;
        Some(format!("whether {before} {}.", words(rest)))
    };
    verb("is_", "it is")
        .or_else(|| verb("has_", "it has"))
        .or_else(|| verb("allow_", "to allow"))
        .or_else(|| verb("enable_", "to enable"))
        .or_else(|| verb("use_", "to use"))
        .unwrap_or_else(|| format!("{}, true or false.", words(name)))
}

fn time(name: &str) -> String {
    match (name, name.strip_suffix("_at")) {
        ("updated_at", _) => "time of the last change".to_owned(),
        (_, Some(what)) => format!("time at which it was {}", words(what)),
        _ => format!("time of the {}", words(name.trim_end_matches("_timestamp"))),
    }
}

fn number(name: &str) -> String {
    let unit = UNITS
        .iter()
        .find_map(|(ending, unit)| Some((name.strip_suffix(ending)?, unit)));
    match unit {
        Some((what, unit)) => format!("{}, {unit}", words(what)),
        None => match name {
            "count" => "how many there are".to_owned(),
            _ => noun(name),
        },
    }
}

/// The noun phrase for a name: `cluster_id` becomes "id of the cluster".
fn noun(name: &str) -> String {
    for ending in ["id", "name", "url", "uri", "type", "kind", "version"] {
        let owner = name
            .strip_suffix(ending)
            .and_then(|rest| rest.strip_suffix('_'));
        // In `desired_chart_version` the first word is about the version, not about the chart.
        let owner = owner.filter(|owner| ending != "version" || !owner.contains('_'));
        if let Some(owner) = owner {
            return format!("{} of the {}", words(ending), words(owner));
        }
    }
    words(name)
}

fn words(name: &str) -> String {
    let spelled = |word: &str| {
        let found = SPELLED.iter().find(|(plain, _)| *plain == word);
        found.map_or_else(|| word.to_owned(), |(_, spelled)| (*spelled).to_owned())
    };
    let words: Vec<String> = name
        .split('_')
        .filter(|word| !word.is_empty())
        .map(spelled)
        .collect();
    words.join(" ")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        // vSphere keeps its small letter.
        Some(first) if !text.starts_with("vSphere") => {
            first.to_uppercase().collect::<String>() + letters.as_str()
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_words() {
        for (name, ty, text) in [
            ("id", TypeModel::Uuid, "Identifier."),
            ("cluster_id", TypeModel::Uuid, "Identifier of the cluster."),
            ("clusterId", TypeModel::Uuid, "Identifier of the cluster."),
            ("logo_url", TypeModel::Text, "URL of the logo."),
            ("name", TypeModel::Text, "Name."),
            ("instance_size", TypeModel::Text, "Instance size."),
            ("chart_version", TypeModel::Text, "Version of the chart."),
            (
                "desired_chart_version",
                TypeModel::Text,
                "Desired chart version.",
            ),
            (
                "service_type",
                TypeModel::Named("X".into()),
                "Type of the service.",
            ),
            ("is_expired", TypeModel::Boolean, "Whether it is expired."),
            (
                "enable_interpolation",
                TypeModel::Boolean,
                "Whether to enable interpolation.",
            ),
            ("value", TypeModel::Boolean, "Value, true or false."),
            (
                "created_at",
                TypeModel::DateTime,
                "Time at which it was created.",
            ),
            (
                "updated_at",
                TypeModel::DateTime,
                "Time of the last change.",
            ),
            (
                "expirationTimestamp",
                TypeModel::DateTime,
                "Time of the expiration.",
            ),
            (
                "alert_threshold_in_percent",
                TypeModel::Number,
                "Alert threshold, in percent.",
            ),
            ("duration_sec", TypeModel::Integer, "Duration, in seconds."),
            ("count", TypeModel::Integer, "How many there are."),
            (
                "job_ids",
                TypeModel::List(Box::new(TypeModel::Uuid)),
                "The job identifiers.",
            ),
            (
                "spec",
                TypeModel::Map(Box::new(TypeModel::Any)),
                "Spec, by name.",
            ),
        ] {
            assert_eq!(of_name(name, &ty), text, "{name}");
        }
    }
}

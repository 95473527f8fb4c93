//! Dependencies between modules with the same parent, and the cycles of these dependencies.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::source::{Module, Sources};

/// Modules of one parent that depend on each other.
#[derive(Debug)]
pub(crate) struct Cycle {
    pub(crate) parent: String,
    pub(crate) modules: Vec<String>,
    /// Each dependency: from, to, and the locations of its paths.
    dependencies: Vec<(String, String, Vec<String>)>,
}

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.parent, self.modules.join(", "))?;
        for (from, to, places) in &self.dependencies {
            writeln!(f, "  {from} uses {to} ({} times)", places.len())?;
            for place in places.iter().take(4) {
                writeln!(f, "    {place}")?;
            }
        }
        Ok(())
    }
}

/// Module to module, with the locations.
type Edges = BTreeMap<usize, BTreeMap<usize, Vec<String>>>;

/// Returns the cycles of a target.
pub(crate) fn cycles(sources: &Sources) -> Vec<Cycle> {
    let mut by_parent: BTreeMap<usize, Edges> = BTreeMap::new();
    for (index, module) in sources.modules.iter().enumerate() {
        for path in &module.paths {
            let Some(target) = sources.resolve(index, path, &mut Vec::new()) else {
                continue;
            };
            let Some((parent, from, to)) = sources.siblings(index, target) else {
                continue;
            };
            let edges = by_parent.entry(parent).or_default();
            let places = edges.entry(from).or_default().entry(to).or_default();
            places.push(place(sources, module, path));
        }
    }
    let mut cycles = Vec::new();
    for (parent, edges) in by_parent {
        for members in components(&edges) {
            cycles.push(cycle(sources, parent, &members, &edges));
        }
    }
    cycles
}

/// File, line and text of a path: the first line with its last two names, otherwise the first line with its
/// last name.
fn place(sources: &Sources, module: &Module, path: &[String]) -> String {
    let text = sources.texts.get(&module.file).map_or("", String::as_str);
    let end = path
        .get(path.len().saturating_sub(2)..)
        .unwrap_or(path)
        .join("::");
    let name = path.last().map_or("", String::as_str);
    let line = |wanted: &str| text.lines().position(|line| has_word(line, wanted));
    let line = line(&end).or_else(|| line(name)).map_or(0, |line| line + 1);
    format!("{}:{line}: {}", module.file.display(), path.join("::"))
}

fn cycle(sources: &Sources, parent: usize, members: &BTreeSet<usize>, edges: &Edges) -> Cycle {
    let name = |index: usize| sources.get(index).name.clone();
    let mut dependencies = Vec::new();
    for from in members {
        for (to, places) in edges.get(from).into_iter().flatten() {
            if members.contains(to) {
                dependencies.push((name(*from), name(*to), places.clone()));
            }
        }
    }
    let lineage: Vec<_> = sources.lineage(parent).into_iter().map(name).collect();
    let mut modules: Vec<_> = members.iter().map(|index| name(*index)).collect();
    modules.sort();
    Cycle {
        parent: lineage.join("::"),
        modules,
        dependencies,
    }
}

/// Whether a line contains a text that is not part of a longer name.
fn has_word(line: &str, wanted: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(wanted).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line
            .get(at + wanted.len()..)
            .and_then(|text| text.chars().next());
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}

/// The sets of modules that all reach each other.
fn components(edges: &Edges) -> Vec<BTreeSet<usize>> {
    let reach: BTreeMap<usize, BTreeSet<usize>> = edges
        .keys()
        .map(|start| {
            let mut reached = BTreeSet::new();
            let mut open = vec![*start];
            while let Some(module) = open.pop() {
                for next in edges.get(&module).into_iter().flat_map(BTreeMap::keys) {
                    if reached.insert(*next) {
                        open.push(*next);
                    }
                }
            }
            (*start, reached)
        })
        .collect();
    let reaches = |from: usize, to: usize| reach.get(&from).is_some_and(|all| all.contains(&to));
    let mut components = BTreeSet::new();
    for start in reach.keys().filter(|start| reaches(**start, **start)) {
        let mutual = reach
            .keys()
            .filter(|other| reaches(*start, **other) && reaches(**other, *start));
        components.insert(mutual.copied().collect::<BTreeSet<usize>>());
    }
    components.into_iter().collect()
}

//! Dependencies between modules with the same parent, and the cycles of these dependencies.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::source::{Module, Sources, Written};

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
            places.push(sources.place(module, path));
        }
    }
    let mut cycles = Vec::new();
    for (parent, edges) in by_parent {
        for members in components(&edges) {
            cycles.push(sources.cycle(parent, &members, &edges));
        }
    }
    cycles
}

impl Sources {
    fn get(&self, index: usize) -> &Module {
        self.modules.get(index).expect("an index of a module")
    }

    /// Returns the module that defines the item of a path, if the target has it.
    fn resolve(
        &self,
        from: usize,
        path: &[String],
        open: &mut Vec<(usize, String)>,
    ) -> Option<usize> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => self.inside(0, rest, open),
            "self" => self.inside(from, rest, open),
            "super" => {
                let parent = self.get(from).parent?;
                match rest.first() {
                    Some(next) if next == "super" => self.resolve(parent, rest, open),
                    _ => self.inside(parent, rest, open),
                }
            }
            _ => self.inside(from, path, open),
        }
    }

    fn inside(
        &self,
        module: usize,
        path: &[String],
        open: &mut Vec<(usize, String)>,
    ) -> Option<usize> {
        let Some((name, rest)) = path.split_first() else {
            return Some(module);
        };
        let step = (module, name.clone());
        if open.contains(&step) {
            return None; // imports that lead back to themselves: the name is not of this target
        }
        open.push(step);
        let here = self.get(module);
        let found = if let Some(child) = here.children.get(name) {
            // An unknown name there is defined by a macro.
            self.inside(*child, rest, open).or(Some(*child))
        } else if here.items.contains(name) {
            Some(module)
        } else if let Some(import) = here.imports.get(name) {
            let path: Written = import.iter().chain(rest).cloned().collect();
            self.resolve(module, &path, open)
        } else {
            here.globs.iter().find_map(|glob| {
                let target = self.resolve(module, glob, open)?;
                self.inside(target, path, open)
            })
        };
        open.pop();
        found
    }

    /// The common parent of two modules, and the two of its children that contain them. Nothing if one
    /// contains the other.
    fn siblings(&self, one: usize, other: usize) -> Option<(usize, usize, usize)> {
        let (ones, others) = (self.lineage(one), self.lineage(other));
        let shared = ones.iter().zip(&others).take_while(|(a, b)| a == b).count();
        let parent = *ones.get(shared.checked_sub(1)?)?;
        Some((parent, *ones.get(shared)?, *others.get(shared)?))
    }

    /// A module and its parents, the root first.
    fn lineage(&self, module: usize) -> Vec<usize> {
        let mut lineage = vec![module];
        while let Some(parent) = lineage.last().and_then(|last| self.get(*last).parent) {
            lineage.push(parent);
        }
        lineage.reverse();
        lineage
    }

    /// File, line and text of a path: the first line with its last two names, otherwise the first line with its
    /// last name.
    fn place(&self, module: &Module, path: &[String]) -> String {
        let text = self.texts.get(&module.file).map_or("", String::as_str);
        let end = path
            .get(path.len().saturating_sub(2)..)
            .unwrap_or(path)
            .join("::");
        let name = path.last().map_or("", String::as_str);
        let line = |wanted: &str| text.lines().position(|line| has_word(line, wanted));
        let line = line(&end).or_else(|| line(name)).map_or(0, |line| line + 1);
        format!("{}:{line}: {}", module.file.display(), path.join("::"))
    }

    fn cycle(&self, parent: usize, members: &BTreeSet<usize>, edges: &Edges) -> Cycle {
        let name = |index: usize| self.get(index).name.clone();
        let mut dependencies = Vec::new();
        for from in members {
            for (to, places) in edges.get(from).into_iter().flatten() {
                if members.contains(to) {
                    dependencies.push((name(*from), name(*to), places.clone()));
                }
            }
        }
        let lineage: Vec<_> = self.lineage(parent).into_iter().map(name).collect();
        let mut modules: Vec<_> = members.iter().map(|index| name(*index)).collect();
        modules.sort();
        Cycle {
            parent: lineage.join("::"),
            modules,
            dependencies,
        }
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

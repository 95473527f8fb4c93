//! The modules of one target, read from its source.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, UseTree};

/// A path as written in the source, without generic arguments.
pub(crate) type Written = Vec<String>;

#[derive(Debug)]
pub(crate) struct Module {
    pub(crate) name: String,
    pub(crate) file: PathBuf,
    pub(crate) parent: Option<usize>,
    pub(crate) children: BTreeMap<String, usize>,
    /// Names of the items that the module defines.
    pub(crate) items: BTreeSet<String>,
    /// Imported names, with the path of each.
    pub(crate) imports: BTreeMap<String, Written>,
    /// Modules whose public items are imported with `*`.
    pub(crate) globs: Vec<Written>,
    /// All paths, including those of imports.
    pub(crate) paths: BTreeSet<Written>,
}

/// The modules of a target. The first one is its root.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    pub(crate) modules: Vec<Module>,
    pub(crate) texts: BTreeMap<PathBuf, String>,
}

impl Sources {
    /// Reads a target from the disk. Paths are relative to the directory of the workspace.
    pub(crate) fn read(workspace: &Path, root: &Path) -> Self {
        Self::load(root, &|path| fs::read_to_string(workspace.join(path)).ok())
    }

    /// Creates a target from texts. The first one is the root.
    pub(crate) fn of(files: &[(&str, String)]) -> Self {
        let (root, _) = files.first().expect("a root");
        Self::load(Path::new(root), &|path| {
            let file = files.iter().find(|(name, _)| Path::new(name) == path);
            file.map(|(_, text)| text.clone())
        })
    }

    fn load(root: &Path, read: &dyn Fn(&Path) -> Option<String>) -> Self {
        let mut sources = Self::default();
        let folder = root.parent().unwrap_or(Path::new("")).to_owned();
        let package = folder.components().next();
        let text = read(root).unwrap_or_else(|| panic!("{} is missing", root.display()));
        let items = parse(root, &text);
        sources.texts.insert(root.to_owned(), text);
        let loader = Loader { read, package };
        loader.module(&mut sources, "crate", None, root, &folder, &items);
        sources
    }

    pub(crate) fn get(&self, index: usize) -> &Module {
        self.modules.get(index).expect("an index of a module")
    }

    /// Returns the module that defines the item of a path, if the target has it.
    pub(crate) fn resolve(
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

    /// The common parent of two modules, and the two of its children that contain them. `None` if one contains the
    /// other.
    pub(crate) fn siblings(&self, one: usize, other: usize) -> Option<(usize, usize, usize)> {
        let (ones, others) = (self.lineage(one), self.lineage(other));
        let shared = ones.iter().zip(&others).take_while(|(a, b)| a == b).count();
        let parent = *ones.get(shared.checked_sub(1)?)?;
        Some((parent, *ones.get(shared)?, *others.get(shared)?))
    }

    /// A module and its parents, the root first.
    pub(crate) fn lineage(&self, module: usize) -> Vec<usize> {
        let mut lineage = vec![module];
        while let Some(parent) = lineage.last().and_then(|last| self.get(*last).parent) {
            lineage.push(parent);
        }
        lineage.reverse();
        lineage
    }
}

fn parse(path: &Path, text: &str) -> Vec<Item> {
    let file = syn::parse_file(text);
    file.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        .items
}

struct Loader<'a> {
    read: &'a dyn Fn(&Path) -> Option<String>,
    /// The first directory of the target's path. Files of other packages are checked with those.
    package: Option<Component<'a>>,
}

impl Loader<'_> {
    /// Adds a module with everything in it. `folder` is the directory of the files of its children.
    fn module(
        &self,
        sources: &mut Sources,
        name: &str,
        parent: Option<usize>,
        file: &Path,
        folder: &Path,
        items: &[Item],
    ) -> usize {
        let index = sources.modules.len();
        sources.modules.push(Module {
            name: name.to_owned(),
            file: file.to_owned(),
            parent,
            children: BTreeMap::new(),
            items: BTreeSet::new(),
            imports: BTreeMap::new(),
            globs: Vec::new(),
            paths: BTreeSet::new(),
        });
        let mut reader = Reader {
            module: sources.modules.pop().expect("it was pushed"),
            modules: Vec::new(),
        };
        for item in items {
            reader.visit_item(item);
        }
        let Reader { module, modules } = reader;
        sources.modules.push(module);
        for module in modules {
            let name = module.ident.to_string();
            let child = if let Some((_, items)) = &module.content {
                let folder = folder.join(&name);
                Some(self.module(sources, &name, Some(index), file, &folder, items))
            } else {
                self.file(sources, index, &name, file, folder, module)
            };
            if let (Some(child), Some(parent)) = (child, sources.modules.get_mut(index)) {
                parent.children.insert(name, child);
            }
        }
        index
    }

    fn file(
        &self,
        sources: &mut Sources,
        parent: usize,
        name: &str,
        declared_in: &Path,
        folder: &Path,
        module: &syn::ItemMod,
    ) -> Option<usize> {
        let beside = declared_in.parent().unwrap_or(Path::new(""));
        let (file, inner) = if let Some(path) = explicit_path(&module.attrs) {
            let file = normal(&beside.join(path));
            let inner = file.parent().unwrap_or(Path::new("")).to_owned();
            (file, inner)
        } else {
            let flat = folder.join(format!("{name}.rs"));
            let nested = folder.join(name).join("mod.rs");
            let file = if (self.read)(&flat).is_some() {
                flat
            } else {
                nested
            };
            (file, folder.join(name))
        };
        if file.components().next() != self.package {
            return None;
        }
        let text = (self.read)(&file)?;
        let items = parse(&file, &text);
        sources.texts.insert(file.clone(), text);
        Some(self.module(sources, name, Some(parent), &file, &inner, &items))
    }
}

/// A path without `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                normal.pop();
            }
            Component::CurDir => {}
            part => normal.push(part),
        }
    }
    normal
}

fn explicit_path(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| {
        let value = &attribute.meta.require_name_value().ok()?;
        let syn::Expr::Lit(literal) = &value.value else {
            return None;
        };
        match &literal.lit {
            syn::Lit::Str(text) if value.path.is_ident("path") => Some(text.value()),
            _ => None,
        }
    })
}

/// Whether an item exists only in tests.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let Ok(list) = attribute.meta.require_list() else {
            return attribute.path().is_ident("test");
        };
        let condition: String = list.tokens.to_string().split_whitespace().collect();
        let tests = condition == "test" || condition.starts_with("all(test");
        list.path.is_ident("cfg") && tests
    })
}

/// Collects the definitions, imports and names of one module. Child modules are collected separately.
struct Reader<'a> {
    module: Module,
    modules: Vec<&'a syn::ItemMod>,
}

impl Reader<'_> {
    fn import(&mut self, before: &[String], tree: &UseTree) {
        let mut path = before.to_vec();
        match tree {
            UseTree::Path(inner) => {
                path.push(inner.ident.to_string());
                self.import(&path, &inner.tree);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(&path, tree);
                }
            }
            UseTree::Glob(_) => {
                self.module.paths.insert(path.clone());
                self.module.globs.push(path);
            }
            UseTree::Name(name) => {
                if name.ident != "self" {
                    path.push(name.ident.to_string());
                }
                let alias = path.last().cloned();
                self.imported(alias, path);
            }
            UseTree::Rename(rename) => {
                if rename.ident != "self" {
                    path.push(rename.ident.to_string());
                }
                self.imported(Some(rename.rename.to_string()), path);
            }
        }
    }

    fn imported(&mut self, alias: Option<String>, path: Written) {
        self.module.paths.insert(path.clone());
        if let Some(alias) = alias {
            self.module.imports.insert(alias, path);
        }
    }

    /// The paths in the arguments of a macro.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path = Written::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.written(std::mem::take(&mut path));
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' && !path.is_empty() => {
                    colons += 1;
                }
                other => {
                    self.written(std::mem::take(&mut path));
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.tokens(group.stream());
                    }
                }
            }
        }
        self.written(path);
    }

    fn written(&mut self, path: Written) {
        // A single lower-case name is usually a variable, and rarely a function that a glob imports.
        let is_name = match path.as_slice() {
            [] => false,
            [name] => name.starts_with(char::is_uppercase),
            _ => true,
        };
        if is_name {
            self.module.paths.insert(path);
        }
    }
}

impl<'a> Visit<'a> for Reader<'a> {
    fn visit_item(&mut self, item: &'a Item) {
        let (name, attributes) = match item {
            Item::Const(item) => (Some(&item.ident), &item.attrs),
            Item::Enum(item) => (Some(&item.ident), &item.attrs),
            Item::Fn(item) => (Some(&item.sig.ident), &item.attrs),
            Item::Static(item) => (Some(&item.ident), &item.attrs),
            Item::Struct(item) => (Some(&item.ident), &item.attrs),
            Item::Trait(item) => (Some(&item.ident), &item.attrs),
            Item::Type(item) => (Some(&item.ident), &item.attrs),
            Item::Union(item) => (Some(&item.ident), &item.attrs),
            Item::Mod(item) => (None, &item.attrs),
            Item::Impl(item) => (None, &item.attrs),
            Item::Use(item) => (None, &item.attrs),
            Item::Macro(item) => (None, &item.attrs),
            _ => return,
        };
        if is_test(attributes) {
            return;
        }
        self.module.items.extend(name.map(ToString::to_string));
        match item {
            Item::Mod(module) => self.modules.push(module),
            Item::Use(import) => self.import(&[], &import.tree),
            // The macro is expanded at another location, so its names do not belong to this module.
            Item::Macro(definition) if definition.ident.is_some() => {}
            item => visit::visit_item(self, item),
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'a syn::ImplItemFn) {
        if !is_test(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        let written = path.segments.iter();
        let written = written.map(|segment| segment.ident.to_string()).collect();
        self.written(written);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &'a syn::Macro) {
        self.tokens(called.tokens.clone());
        visit::visit_macro(self, called);
    }

    fn visit_attribute(&mut self, _: &'a Attribute) {}
}

//! A page of the docs, and its contents.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use integration_tests::document::workspace;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// One file of Markdown.
pub(crate) struct Page {
    /// Its path, from the directory of the workspace.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// Every page of the docs.
pub(crate) fn all() -> Vec<Page> {
    let mut paths: Vec<PathBuf> = [
        "README.md",
        "CHANGELOG.md",
        "SECURITY.md",
        "tests/README.md",
    ]
    .iter()
    .map(PathBuf::from)
    .collect();
    let guide = std::fs::read_dir(workspace().join("docs")).expect("a directory");
    for entry in guide {
        let name = entry.expect("an entry").file_name();
        // The table of contents of the book is compared with the index.
        if name != "SUMMARY.md"
            && Path::new(&name)
                .extension()
                .is_some_and(|kind| kind == "md")
        {
            paths.push(Path::new("docs").join(name));
        }
    }
    paths.sort();
    paths.into_iter().map(|path| Page::read(&path)).collect()
}

impl Page {
    pub(crate) fn read(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref().to_owned();
        let text = std::fs::read_to_string(workspace().join(&path));
        let text = text.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { path, text }
    }

    fn events(&self) -> impl Iterator<Item = Event<'_>> {
        Parser::new_ext(&self.text, Options::ENABLE_TABLES)
    }

    /// The targets of its links and pictures.
    pub(crate) fn links(&self) -> Vec<String> {
        let target = |event| match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                Some(dest_url.into_string())
            }
            _ => None,
        };
        self.events().filter_map(target).collect()
    }

    /// The anchors of the page, as GitHub makes them from the headings.
    pub(crate) fn anchors(&self) -> Vec<String> {
        let mut anchors = Vec::new();
        let mut taken = HashMap::new();
        let mut heading: Option<String> = None;
        for event in self.events() {
            match event {
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::Text(text) | Event::Code(text) => {
                    heading
                        .iter_mut()
                        .for_each(|heading| heading.push_str(&text));
                }
                Event::End(TagEnd::Heading(_)) => {
                    let slug = slug(&heading.take().unwrap_or_default());
                    let count: &mut u32 = taken.entry(slug.clone()).or_default();
                    anchors.push(match *count {
                        0 => slug,
                        number => format!("{slug}-{number}"),
                    });
                    *count += 1;
                }
                _ => {}
            }
        }
        anchors
    }

    /// Its inline code, in sentences and tables.
    pub(crate) fn inline_code(&self) -> Vec<String> {
        let code = |event| match event {
            Event::Code(code) => Some(code.into_string()),
            _ => None,
        };
        self.events().filter_map(code).collect()
    }

    /// Its blocks of code in this language.
    pub(crate) fn blocks(&self, language: &str) -> Vec<String> {
        let mut blocks = Vec::new();
        let mut inside = false;
        for event in self.events() {
            match event {
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                    inside = &*info == language;
                    blocks.extend(inside.then(String::new));
                }
                Event::Text(text) if inside => {
                    blocks
                        .iter_mut()
                        .next_back()
                        .into_iter()
                        .for_each(|block| block.push_str(&text));
                }
                Event::End(TagEnd::CodeBlock) => inside = false,
                _ => {}
            }
        }
        blocks
    }

    /// The lines of the table after the comment that begins with `name`, without the header.
    pub(crate) fn table(&self, name: &str) -> Vec<String> {
        let begin = format!("<!-- {name}: ");
        let mut lines = self.text.lines();
        let found = lines.any(|line| line.starts_with(&begin));
        assert!(found, "{} has no table {name}", self.path.display());
        let table: Vec<_> = lines
            .take_while(|line| *line != "<!-- end -->")
            .map(str::to_owned)
            .collect();
        table.into_iter().skip(2).collect()
    }
}

fn slug(heading: &str) -> String {
    let kept = heading
        .trim()
        .chars()
        .filter_map(|character| match character {
            ' ' => Some('-'),
            '-' | '_' => Some(character),
            other if other.is_alphanumeric() => Some(other),
            _ => None,
        });
    kept.flat_map(char::to_lowercase).collect()
}

#[test]
fn anchors_are_made_as_github_makes_them() {
    let page = Page {
        path: PathBuf::from("page.md"),
        text: "# What `import` does, and why\n## Deadlines, patience\n## Deadlines; patience\n"
            .to_owned(),
    };
    let expected = [
        "what-import-does-and-why",
        "deadlines-patience",
        "deadlines-patience-1",
    ];
    assert_eq!(page.anchors(), expected);
}

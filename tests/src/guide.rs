//! The snippets of the README and of the guide, compiled and run with the tests of the docs.
//!
//! They are compiled here and not in the crates that they describe, because a package does not contain files outside of
//! its directory.

macro_rules! pages {
    ($($name:ident $path:literal)+) => {
        $(
            #[doc = include_str!($path)]
            mod $name {}
        )+
    };
}

pages! {
    readme "../../README.md"
    connecting "../../docs/connecting.md"
    contributing "../../docs/contributing.md"
    cookbook "../../docs/cookbook.md"
    errors "../../docs/errors.md"
    first_program "../../docs/first-program.md"
    index "../../docs/README.md"
    install "../../docs/install.md"
    migrating "../../docs/migrating.md"
    paging "../../docs/paging.md"
    recipes "../../docs/recipes.md"
    readme_of_the_client "../../qovery-api/README.md"
    readme_of_the_fake "../../qovery-fake/README.md"
    readme_of_the_helpers "../../qovery-ext/README.md"
    regenerating "../../docs/regenerating.md"
    scaling "../../docs/scaling.md"
    streaming "../../docs/streaming.md"
    testing "../../docs/testing.md"
    waiting "../../docs/waiting.md"
}

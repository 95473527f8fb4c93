//! The comparison of names.

use icu_normalizer::ComposingNormalizerBorrowed;

/// The form of a name for comparisons: without blanks around it, in Unicode normalisation
/// form KC, without regard to upper and lower case.
pub(super) fn comparable(name: &str) -> String {
    let normalizer = const { ComposingNormalizerBorrowed::new_nfkc() };
    let name = normalizer.normalize(name);
    // By way of upper case, because of letters like ß and ς.
    let name = name.trim().to_uppercase().to_lowercase();
    normalizer.normalize(&name).into_owned()
}

/// Those of the items that have this name. If several names differ in nothing but case, blanks or form,
/// the one that is spelled alike is chosen.
pub(super) fn alike<T>(items: Vec<T>, name: &str, of: impl Fn(&T) -> &str) -> (Vec<T>, Vec<T>) {
    let wanted = comparable(name);
    let (mut alike, others): (Vec<_>, Vec<_>) = items
        .into_iter()
        .partition(|item| comparable(of(item)) == wanted);
    let is_exact = |item: &T| of(item) == name;
    if alike.iter().filter(|item| is_exact(item)).count() == 1 {
        alike.retain(is_exact);
    }
    (alike, others)
}

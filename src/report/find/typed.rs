//! What a person typed against what a resource goes by.

use crate::baton::annotation;
use crate::baton::proto::v2;
use crate::baton::resource;
use crate::report::spelling::folded;
use crate::report::thing::{profile, text};

/// How well a resource fits, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// It has the id.
    Id,
    /// It is called so.
    Exact,
    /// It is called so, but for the marks of letters.
    Folded,
    /// A part of what it is called.
    Part,
    /// The same, but for the marks of letters.
    FoldedPart,
}

impl Fit {
    /// Whether nothing that fits less well counts beside it.
    pub(super) fn is_sure(self) -> bool {
        self <= Fit::Exact
    }

    /// Whether it is spelled otherwise.
    pub(super) fn is_folded(self) -> bool {
        matches!(self, Fit::Folded | Fit::FoldedPart)
    }

    /// Whether a whole name fits.
    pub(super) fn is_whole(self) -> bool {
        self <= Fit::Folded
    }
}

/// What was typed, in lower case, as a whole and parted into a name and an environment.
pub(super) struct Typed<'t> {
    text: &'t str,
    whole: Word,
    placed: Option<(Word, String)>,
}

/// A text in lower case, with and without the marks of its letters.
struct Word {
    lower: String,
    folded: String,
}

impl Word {
    fn of(lower: &str) -> Word {
        Word {
            lower: lower.to_owned(),
            folded: folded(lower),
        }
    }
}

impl<'t> Typed<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let whole = text.to_lowercase();
        let placed = place(&whole).map(|(name, environment)| (Word::of(name), environment.to_owned()));
        let whole = Word::of(&whole);
        Typed { text, whole, placed }
    }

    /// How well a resource fits the whole, and how well it fits the name if it is in the environment.
    pub(super) fn fits(&self, resource: &v2::Resource) -> (Option<Fit>, Option<(Fit, &str)>) {
        let (kind, id) = resource::key(resource);
        let rest = self.text.strip_prefix(kind).and_then(|rest| rest.strip_prefix(':'));
        if id == self.text || rest == Some(id) {
            return (Some(Fit::Id), None);
        }
        let texts = texts(resource);
        let placed = self.placed.as_ref();
        let placed = placed.and_then(|(name, environment)| Some((fit(&texts, name)?, environment.as_str())));
        (fit(&texts, &self.whole), placed)
    }
}

/// `Billing (prod)` and `Billing in prod` as name and environment.
pub fn place(text: &str) -> Option<(&str, &str)> {
    let (name, environment) = match text.trim_end().strip_suffix(')') {
        Some(open) => open.rsplit_once(" (")?,
        None => text.rsplit_once(" in ")?,
    };
    let (name, environment) = (name.trim(), environment.trim());
    (!name.is_empty() && !environment.is_empty()).then_some((name, environment))
}

/// Everything a resource goes by, in lower case.
pub(super) fn texts(resource: &v2::Resource) -> Vec<String> {
    let shown = match resource.display_name.as_str() {
        "" => resource::key(resource).1,
        name => name,
    };
    let mut texts = vec![shown.to_lowercase()];
    texts.extend(own_name(resource).map(|name| name.to_lowercase()));
    if let Some(user) = annotation::find::<v2::UserTrait>(&resource.annotations) {
        let addresses = user.emails.iter().map(|email| &email.address);
        let logins = std::iter::once(&user.login).chain(&user.login_aliases);
        texts.extend(addresses.chain(logins).map(|text| text.to_lowercase()));
    }
    texts
}

/// The name without what is shown with it, such as the environment of a role.
pub(super) fn own_name(resource: &v2::Resource) -> Option<String> {
    let profile = profile(resource)?;
    text(&profile, "name")
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
}

fn fit(texts: &[String], wanted: &Word) -> Option<Fit> {
    if texts.contains(&wanted.lower) {
        return Some(Fit::Exact);
    }
    if wanted.lower.is_empty() {
        return None;
    }
    let marked = |text: &&String| !text.is_ascii() || !wanted.lower.is_ascii();
    let plain: Vec<String> = texts.iter().filter(marked).map(|text| folded(text)).collect();
    if plain.contains(&wanted.folded) {
        return Some(Fit::Folded);
    }
    if texts.iter().any(|text| text.contains(&wanted.lower)) {
        return Some(Fit::Part);
    }
    let is_part = plain.iter().any(|text| text.contains(&wanted.folded));
    is_part.then_some(Fit::FoldedPart)
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn a_name_may_say_its_environment() {
        for (text, expected) in [
            ("billing (prod)", Some(("billing", "prod"))),
            ("billing (eu) (prod) ", Some(("billing (eu)", "prod"))),
            ("sign in in dev", Some(("sign in", "dev"))),
            ("billing", None),
            (" in dev", None),
            ("(prod)", None),
            ("billing()", None),
        ] {
            assert_eq!(place(text), expected, "{text}");
        }
    }
}

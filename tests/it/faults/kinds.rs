//! What can go wrong, and what is sure to come of it.

use std::time::Duration;

use baton_workato::simulator::{Fault, Hits};

use super::sites::{Ends, Target};

/// How long a fault lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasts {
    /// The first request to the endpoint.
    Once,
    /// Every request to it.
    Always,
    /// The first request for a second page.
    SecondPageOnce,
    /// Every request for a second page.
    SecondPage,
    /// Every request after the first: the list moves while it is read.
    Later,
    /// Moves back and forth.
    EveryThird,
}

/// What must come of a fault, beyond the one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Must {
    /// Every row is there.
    Heal,
    /// The sync fails.
    Fail,
    /// The one rule is enough: all rows, a warning, or a failure.
    Tell,
}

/// A fault with a name.
#[derive(Debug, Clone)]
pub struct Kind {
    pub name: String,
    pub fault: Fault,
    pub class: Class,
    /// Faults of one such name are alike: empty for one that is like no other.
    pub like: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Passes by itself.
    Transient,
    /// No answer that could be used, and no reason to ask again.
    Unusable,
    /// 401, 403, 404.
    Refusal,
    /// The rows are not what they should be.
    Rows,
}

/// Longer than a request may take in a cell with a stall.
pub const STALL: Duration = Duration::from_secs(5);

fn kind(name: &str, class: Class, fault: Fault) -> Kind {
    Kind {
        name: name.to_owned(),
        fault,
        class,
        like: "",
    }
}

fn status(status: u16, class: Class, like: &'static str) -> Kind {
    Kind {
        like,
        ..kind(&status.to_string(), class, Fault::status(status))
    }
}

/// Faults of an answer as such.
pub fn of_answers() -> Vec<Kind> {
    let mut kinds = Vec::new();
    kinds.extend([400, 409, 422].map(|number| status(number, Class::Unusable, "4xx")));
    kinds.extend([401, 403, 404].map(|number| status(number, Class::Refusal, "")));
    kinds.extend([500, 502, 503].map(|number| status(number, Class::Transient, "5xx")));
    for header in [
        None,
        Some(("Retry-After", "7")),
        Some(("Retry-After", "0.5")),
        Some(("Retry-After", "Sun, 08 Nov 2026 08:49:37 GMT")),
        Some(("Retry-After", "soon")),
        Some(("X-Rate-Limit-Remaining", "0")),
    ] {
        let headers = header.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let name = format!("429 {}", header.map_or("bare", |(_, value)| value));
        let fault = Fault::Status(429, r#"{"message":"slow down"}"#.into(), headers.into_iter().collect());
        kinds.push(Kind {
            like: "429",
            ..kind(&name, Class::Transient, fault)
        });
    }
    kinds.extend([
        kind("html 200", Class::Transient, Fault::Html(200)),
        kind("html 502", Class::Transient, Fault::Html(502)),
        kind("content type", Class::Transient, Fault::WrongContentType),
        kind("truncated", Class::Transient, Fault::TruncatedJson),
        kind("bomb", Class::Unusable, Fault::GzipBomb(8 << 20)),
        kind("stall", Class::Transient, Fault::Stall(STALL)),
        kind("reset", Class::Transient, Fault::Reset),
        kind("cut", Class::Transient, Fault::Cut),
        kind(
            "redirect here",
            Class::Unusable,
            Fault::Redirect("/api/elsewhere".into()),
        ),
        kind(
            "redirect away",
            Class::Unusable,
            Fault::Redirect("https://login.example.org/".into()),
        ),
    ]);
    kinds
}

/// Faults of rows and totals.
pub fn of_rows() -> Vec<Kind> {
    vec![
        kind("empty page", Class::Rows, Fault::EmptyPage),
        kind("short page", Class::Rows, Fault::ShortPage),
        kind("repeated page", Class::Rows, Fault::RepeatedPage),
        kind("smaller pages", Class::Rows, Fault::SmallerPages(50)),
        kind("total +1", Class::Rows, Fault::Total(1)),
        kind("total +150", Class::Rows, Fault::Total(150)),
        kind("total -1", Class::Rows, Fault::Total(-1)),
        kind("first row gone", Class::Rows, Fault::FirstRowGone),
        kind("first row last", Class::Rows, Fault::FirstRowLast),
    ]
}

impl Kind {
    /// Whether the fault changes what the workspace shows, so that its own rows are as good as those without it.
    pub fn changes_the_list(&self) -> bool {
        matches!(self.fault, Fault::FirstRowGone)
    }

    /// What is sure to come of this fault at this endpoint.
    pub fn must(&self, target: &Target, lasts: Lasts) -> Must {
        let once = matches!(lasts, Lasts::Once | Lasts::SecondPageOnce);
        let counted = target.ends == Ends::Counted;
        match (self.class, &self.fault) {
            (Class::Transient, _) if once => Must::Heal,
            // Settings of roles are words: no access is missing without them.
            (Class::Transient | Class::Unusable, _) if target.says == ["config"] => Must::Tell,
            (Class::Transient | Class::Unusable, _) => Must::Fail,
            (Class::Refusal, _) if target.must_exist => Must::Fail,
            (Class::Refusal, _) if matches!(lasts, Lasts::SecondPage | Lasts::SecondPageOnce) => Must::Fail,
            (Class::Refusal, _) => Must::Tell,
            (_, Fault::ShortPage | Fault::RepeatedPage | Fault::Total(_)) if once && counted => Must::Heal,
            (_, Fault::Total(-1)) => Must::Heal,
            (_, Fault::SmallerPages(_)) if lasts == Lasts::Always => Must::Heal,
            (_, Fault::FirstRowGone | Fault::FirstRowLast) if lasts == Lasts::Later => Must::Heal,
            (_, Fault::EmptyPage) if once && target.ends == Ends::Bare => Must::Heal,
            (_, Fault::EmptyPage | Fault::ShortPage | Fault::RepeatedPage)
                if lasts == Lasts::SecondPageOnce && target.ends == Ends::BareSeveral =>
            {
                Must::Heal
            }
            _ => Must::Tell,
        }
    }

    /// Whether no client could notice: a list that never says how many rows it has answers well-formed with fewer.
    pub fn is_beyond_notice(&self, target: &Target, lasts: Lasts) -> bool {
        let bare = matches!(target.ends, Ends::Bare | Ends::BareSeveral | Ends::Whole);
        match self.fault {
            // One bare answer tells nothing about itself; nested folders, connections and single rows have no
            // counterpart either.
            Fault::ShortPage if bare && target.ends != Ends::BareSeveral => true,
            Fault::EmptyPage if bare && target.path.contains("parent_id=*") => true,
            Fault::EmptyPage if lasts == Lasts::Always && target.path == "/api/connections" => true,
            // Custom roles that nobody holds are named nowhere else.
            Fault::EmptyPage if lasts == Lasts::Always && target.path == "/api/roles" => true,
            // These pages do not tell their size, so a short one with as many rows as the list is said to hold is it.
            Fault::Total(-1) if target.path == "/api/developer_api_clients" => true,
            // The same half of the same page, every time: that is what the list is.
            Fault::ShortPage if bare => !matches!(lasts, Lasts::Once | Lasts::SecondPageOnce),
            Fault::EmptyPage if target.ends == Ends::BareSeveral => lasts == Lasts::SecondPage,
            _ => false,
        }
    }

    /// Whether the fault can be there at all.
    pub fn applies(&self, target: &Target, lasts: Lasts) -> bool {
        let pages = matches!(target.ends, Ends::Counted | Ends::BareSeveral);
        let second = matches!(lasts, Lasts::SecondPage | Lasts::SecondPageOnce);
        if second && !pages {
            return false;
        }
        if self.class != Class::Rows {
            return !matches!(lasts, Lasts::Later | Lasts::EveryThird | Lasts::SecondPageOnce);
        }
        match self.fault {
            _ if target.ends == Ends::Single => false,
            Fault::RepeatedPage => second,
            Fault::SmallerPages(_) => target.ends == Ends::BareSeveral && !second,
            Fault::Total(_) => matches!(target.ends, Ends::Counted | Ends::WholeWithTotal) && lasts != Lasts::Later,
            Fault::FirstRowGone | Fault::FirstRowLast => {
                pages && matches!(lasts, Lasts::Once | Lasts::Later | Lasts::EveryThird)
            }
            _ => !matches!(lasts, Lasts::Later | Lasts::EveryThird),
        }
    }
}

impl Lasts {
    /// Path and hits of the script.
    pub fn script(self, target: &Target) -> (String, Hits) {
        let name = if target.ends == Ends::Counted && !target.path.contains("developer_api") {
            "page[number]"
        } else {
            "page"
        };
        let mark = if target.path.contains('?') { '&' } else { '?' };
        let second = format!("{}{mark}{name}=2", target.path);
        let path = target.path.to_owned();
        match self {
            Lasts::Once => (path, Hits::First(1)),
            Lasts::Always => (path, Hits::Every),
            Lasts::SecondPageOnce => (second, Hits::First(1)),
            Lasts::SecondPage => (second, Hits::Every),
            Lasts::Later => (path, Hits::From(2)),
            Lasts::EveryThird => (path, Hits::Each { of: 3, rest: 2 }),
        }
    }
}

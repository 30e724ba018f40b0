//! One resource as it stays in memory.

use std::num::{NonZeroI64, NonZeroU32};

use jiff::Timestamp;

use super::machine::{self, Works};
use super::{At, Class, last_login};
use crate::baton::conventions::Conventions;
use crate::baton::proto::v2;
use crate::baton::resource;
use crate::report::apart::Apart;
use crate::report::reach::Scope;
use crate::report::thing::{self, ACCOUNT_TYPES, Account, STATUSES, Thing};

/// A resource, in few bytes: a million of them stay in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    texts: Texts,
    kind: u32,
    /// The number of the resource it lies in, and that of its environment, both from 1.
    parent: Option<NonZeroU32>,
    environment: Option<NonZeroU32>,
    apart: Option<Box<Apart>>,
    facts: Facts,
    /// What is known of software and what it works with.
    pub works: Option<Box<Works>>,
}

/// What is known of a resource, by what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Facts {
    /// A person or a client.
    Account(AccountFacts),
    /// A role.
    Role {
        /// Its name without the environment; nothing where that is its name.
        role: Option<Box<str>>,
        /// Whether it may do everything.
        admin: bool,
    },
    /// A group.
    Group {
        /// Whether it holds everybody.
        everyone: bool,
    },
    /// Anything else.
    Nothing,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct AccountFacts {
    account_type: Word,
    status: Word,
    active_at: Option<Seconds>,
    credential_at: Option<Seconds>,
    /// Somebody from a managing organization.
    moderator: bool,
    /// A client that reaches all projects.
    all_scope: bool,
    /// A client of which neither is said: whether it reaches all of them, or which.
    silent_scope: bool,
}

/// Texts of a resource, one behind the other: the bare id, the display name, the e-mail address, when an account came to be,
/// the domain of the address where that is not its end, and the domains of its other addresses, each behind a line break.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Texts {
    all: Box<str>,
    /// Where each ends but the last.
    ends: [u32; 4],
}

impl Texts {
    fn of(id: &str, name: &str, email: &str, created_at: &str, more_emails: &[String]) -> Texts {
        let domain = domain_of(email);
        let small = domain.to_lowercase();
        let mut domains = if small == domain { "" } else { &small }.to_owned();
        for more in more_emails.iter().map(|email| domain_of(email).to_lowercase()) {
            if !more.is_empty() && more != small && !domains.split('\n').skip(1).any(|known| known == more) {
                domains.push('\n');
                domains.push_str(&more);
            }
        }
        let mut end = 0;
        let ends = [id, name, email, created_at].map(|text| {
            end += text.len();
            short(end)
        });
        Texts {
            all: [id, name, email, created_at, &domains].concat().into(),
            ends,
        }
    }

    fn between(&self, from: u32, to: usize) -> &str {
        self.all.get(from as usize..to).unwrap_or_default()
    }

    fn id(&self) -> &str {
        self.between(0, self.ends[0] as usize)
    }

    fn name(&self) -> &str {
        self.between(self.ends[0], self.ends[1] as usize)
    }

    fn email(&self) -> &str {
        self.between(self.ends[1], self.ends[2] as usize)
    }

    fn created_at(&self) -> &str {
        self.between(self.ends[2], self.ends[3] as usize)
    }

    /// The domain of the address, in lower case.
    fn domain(&self) -> &str {
        match self.domains().next() {
            Some("") | None => domain_of(self.email()),
            Some(own) => own,
        }
    }

    /// The domains of the other addresses that are not the same, in lower case.
    fn more_domains(&self) -> impl Iterator<Item = &str> {
        self.domains().skip(1)
    }

    fn domains(&self) -> std::str::Split<'_, char> {
        self.between(self.ends[3], self.all.len()).split('\n')
    }
}

/// What stands behind the `@`, without blanks around it.
fn domain_of(email: &str) -> &str {
    email.rsplit_once('@').map_or("", |(_, domain)| domain).trim()
}

/// One of a few words, as its number among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Word(u8);

impl Word {
    fn of(word: &str, words: &[&str]) -> Word {
        let number = words.iter().position(|known| *known == word);
        debug_assert!(number.is_some(), "{word} is none of {words:?}");
        Word(number.and_then(|number| u8::try_from(number).ok()).unwrap_or_default())
    }

    fn among(self, words: &[&'static str]) -> &'static str {
        words.get(usize::from(self.0)).copied().unwrap_or_default()
    }
}

/// A time in seconds since 1970, in 8 bytes whether it is there or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seconds(NonZeroI64);

impl Seconds {
    /// The bits of no time in reach are all set.
    fn of(at: i64) -> Option<Seconds> {
        NonZeroI64::new(!at).map(Seconds)
    }

    fn get(self) -> i64 {
        !self.0.get()
    }
}

/// What an entry is made of beside its resource.
pub(super) struct About<'a> {
    pub(super) kind: At,
    pub(super) class: Class,
    pub(super) environment: Option<usize>,
    pub(super) apart: Option<Apart>,
    pub(super) conventions: &'a Conventions,
}

impl Entry {
    pub(super) fn of(resource: &v2::Resource, about: About<'_>) -> Entry {
        let conventions = about.conventions;
        let (type_id, id) = resource::key(resource);
        let name = match resource.display_name.as_str() {
            "" => id,
            name => name,
        };
        let profile = thing::profile(resource).unwrap_or_default();
        let text = |key: Option<&str>| key.and_then(|key| thing::text(&profile, key));
        let seconds = |key| {
            text(key)
                .and_then(|at| at.parse::<Timestamp>().ok())
                .map(Timestamp::as_second)
        };
        let (mut email, mut created_at, mut more_emails) = (String::new(), String::new(), Vec::new());
        let facts = match about.class {
            Class::Account => {
                let account = Account::of(resource, Thing::default());
                // Of one without a row there is only the type to go by.
                let by_type = if conventions.machine(type_id).is_some() {
                    "service"
                } else {
                    ""
                };
                let active_at = seconds(conventions.last_activity).or_else(|| last_login(resource));
                let facts = AccountFacts {
                    account_type: Word::of(account.as_ref().map_or(by_type, |a| a.account_type), &ACCOUNT_TYPES),
                    status: Word::of(account.as_ref().map_or("", |a| a.status), &STATUSES),
                    active_at: active_at.and_then(Seconds::of),
                    credential_at: seconds(conventions.credential).and_then(Seconds::of),
                    moderator: conventions.moderator.is_some_and(|mark| mark.is_on(&profile)),
                    all_scope: conventions.all_scope.is_some_and(|mark| mark.is_on(&profile)),
                    silent_scope: conventions.scopes.is_some_and(|scopes| {
                        scopes.types.contains(&type_id) && Scope::of(&profile, &scopes) == Scope::Unknown
                    }),
                };
                if let Some(account) = account {
                    (email, created_at) = (account.email, account.created_at.unwrap_or_default());
                    more_emails = account.more_emails;
                }
                Facts::Account(facts)
            }
            Class::Role => {
                let role = text(conventions.role_name).filter(|role| !role.is_empty());
                Facts::Role {
                    admin: conventions.is_admin_role(role.unwrap_or(name)),
                    role: role.map(Box::from),
                }
            }
            Class::Group => Facts::Group {
                everyone: conventions.everyone.is_some_and(|group| group.is(&profile, name)),
            },
            Class::Project | Class::Inside | Class::Other => Facts::Nothing,
        };
        Entry {
            texts: Texts::of(id, name, &email, &created_at, &more_emails),
            kind: short(about.kind),
            parent: None,
            environment: about.environment.and_then(from_one),
            apart: about.apart.map(Box::new),
            facts,
            works: machine::works(resource, type_id, &profile, conventions).map(Box::new),
        }
    }

    fn account(&self) -> Option<&AccountFacts> {
        match &self.facts {
            Facts::Account(account) => Some(account),
            _ => None,
        }
    }

    /// The number of its type.
    pub fn kind(&self) -> usize {
        self.kind as usize
    }

    /// The bare id.
    pub fn id(&self) -> &str {
        self.texts.id()
    }

    /// The display name; the id where it has none.
    pub fn name(&self) -> &str {
        self.texts.name()
    }

    /// Its e-mail address.
    pub fn email(&self) -> Option<&str> {
        some(self.texts.email())
    }

    /// The resource it lies in, where the file has that.
    pub fn parent(&self) -> Option<At> {
        self.parent.map(|at| at.get() as usize - 1)
    }

    pub(super) fn set_parent(&mut self, parent: Option<At>) {
        self.parent = parent.and_then(from_one);
    }

    /// The number of its environment.
    pub(super) fn environment(&self) -> Option<usize> {
        self.environment.map(|number| number.get() as usize - 1)
    }

    /// What tells it apart from others of its name.
    pub(super) fn apart(&self) -> Option<&Apart> {
        self.apart.as_deref()
    }

    /// `human`, `service`, `system`, or empty where it is not said, and for everything but accounts.
    pub fn account_type(&self) -> &'static str {
        self.account()
            .map_or("", |account| account.account_type.among(&ACCOUNT_TYPES))
    }

    /// `enabled`, `disabled`, `deleted`, or empty where it is not said, and for everything but accounts.
    pub fn status(&self) -> &'static str {
        self.account().map_or("", |account| account.status.among(&STATUSES))
    }

    /// When an account came to be, in RFC 3339.
    pub fn created_at(&self) -> Option<&str> {
        some(self.texts.created_at())
    }

    /// Whether it is an account of a person, as far as the file says.
    pub fn is_person(&self) -> bool {
        self.account().is_some() && !self.is_client()
    }

    /// Whether it is an account of a machine.
    pub fn is_client(&self) -> bool {
        matches!(self.account_type(), "service" | "system")
    }

    /// Whether it is somebody from a managing organization.
    pub fn is_moderator(&self) -> bool {
        self.account().is_some_and(|account| account.moderator)
    }

    /// Whether it is a client that reaches all projects.
    pub fn has_all_scope(&self) -> bool {
        self.account().is_some_and(|account| account.all_scope)
    }

    /// Whether it is a client, and how far it reaches is not said.
    pub fn is_scope_silent(&self) -> bool {
        self.account().is_some_and(|account| account.silent_scope)
    }

    /// When it was last seen, in seconds since 1970.
    pub fn active_at(&self) -> Option<i64> {
        self.account()?.active_at.map(Seconds::get)
    }

    /// When its credential was made, in seconds since 1970.
    pub fn credential_at(&self) -> Option<i64> {
        self.account()?.credential_at.map(Seconds::get)
    }

    /// The domain of its e-mail address, in lower case.
    pub fn domain(&self) -> Option<&str> {
        some(self.texts.domain())
    }

    /// The domains of all of its addresses, each once, in lower case; that of [`Entry::email`] first.
    pub fn domains(&self) -> impl Iterator<Item = &str> {
        self.domain().into_iter().chain(self.texts.more_domains())
    }

    /// Whether it is a role that may do everything.
    pub fn is_admin_role(&self) -> bool {
        matches!(self.facts, Facts::Role { admin: true, .. })
    }

    /// The name of a role without its environment.
    pub fn role(&self) -> Option<&str> {
        match &self.facts {
            Facts::Role { role, .. } => Some(role.as_deref().unwrap_or(self.name())),
            _ => None,
        }
    }

    /// Whether it is the group of everybody.
    pub fn is_everyone(&self) -> bool {
        matches!(self.facts, Facts::Group { everyone: true })
    }
}

fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// Of numbers and lengths that a file of the largest size has no more of.
fn short(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn from_one(number: usize) -> Option<NonZeroU32> {
    NonZeroU32::new(short(number).checked_add(1)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_takes_few_bytes() {
        assert!(size_of::<Entry>() <= 96, "{} bytes", size_of::<Entry>());
    }

    #[test]
    fn texts_are_what_they_were() {
        let cases = [
            ("1", "Ada", "ada@acme.com", "2026-01-01T00:00:00Z", "acme.com"),
            ("1", "Ada", "Ada@Acme.COM", "", "acme.com"),
            ("", "", "@", "x", ""),
            ("1", "Ada", "no address", "", ""),
            ("1", "Ada", "ada@acme.com ", "", "acme.com"),
            ("1", "Ada", "ada@ACME.com\n", "", "acme.com"),
            ("7", "Åsa", "a@b@Ünı.example", "t", "ünı.example"),
        ];
        for (id, name, email, created_at, domain) in cases {
            let texts = Texts::of(id, name, email, created_at, &[]);
            assert_eq!(
                (
                    texts.id(),
                    texts.name(),
                    texts.email(),
                    texts.created_at(),
                    texts.domain()
                ),
                (id, name, email, created_at, domain)
            );
        }
    }

    #[test]
    fn the_domains_of_other_addresses_are_kept() {
        let more = ["a@evil.com", "b@EVIL.com ", "c@acme.com", "none", "d@x.org"].map(str::to_owned);
        for email in ["ada@acme.com", "Ada@Acme.com"] {
            let texts = Texts::of("1", "Ada", email, "t", &more);
            assert_eq!(texts.domain(), "acme.com");
            assert_eq!(texts.more_domains().collect::<Vec<_>>(), ["evil.com", "x.org"]);
            assert_eq!((texts.email(), texts.created_at()), (email, "t"));
        }
        let texts = Texts::of("1", "Ada", "", "", &more);
        assert_eq!(texts.domain(), "");
        assert_eq!(texts.more_domains().count(), 3);
    }
}

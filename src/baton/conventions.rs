//! What is special about a vendor, as data: which types are roles and projects, what the keys of a profile mean. The
//! vendor's room says it, `cli` hands it to the reports. A file of an unknown vendor is answered from its traits alone.

use prost_types::Struct;
use prost_types::value::Kind as ValueKind;

/// A key of a profile and the value that tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// The key holds this text.
    Text(&'static str, &'static str),
    /// The key holds one of these words, see [`folded`].
    Word(&'static str, &'static [&'static str]),
    /// The key holds `true`.
    Flag(&'static str),
}

impl Mark {
    /// The key.
    pub fn key(self) -> &'static str {
        match self {
            Mark::Text(key, _) | Mark::Word(key, _) | Mark::Flag(key) => key,
        }
    }

    /// Whether a profile bears it.
    pub fn is_on(self, profile: &Struct) -> bool {
        let value = |key: &str| profile.fields.get(key).and_then(|value| value.kind.as_ref());
        match self {
            Mark::Text(key, wanted) => matches!(value(key), Some(ValueKind::StringValue(text)) if text == wanted),
            Mark::Word(key, words) => match value(key) {
                Some(ValueKind::StringValue(text)) => words.contains(&folded(text).as_str()),
                _ => false,
            },
            Mark::Flag(key) => matches!(value(key), Some(ValueKind::BoolValue(true))),
        }
    }
}

/// How things prove who uses them: some ask nobody who that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bearers {
    /// The type of the things.
    pub of: &'static str,
    /// What the profile of one that lets in whoever has its address bears.
    pub open: Mark,
    /// What the profile of one that asks who it is bears. Of one that bears neither it is not known.
    pub closed: Mark,
}

impl Bearers {
    /// Whether a thing with this profile lets in whoever has its address, as far as that is known.
    pub fn lets_in(&self, profile: &Struct) -> Option<bool> {
        match (self.open.is_on(profile), self.closed.is_on(profile)) {
            (true, false) => Some(true),
            (false, true) => Some(false),
            _ => None,
        }
    }
}

/// The group that holds everybody: how its profile is marked and what it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Everyone {
    /// What its profile bears.
    pub mark: Mark,
    /// Its name, see [`folded`].
    pub name: &'static str,
}

impl Everyone {
    /// Whether a group with this profile and name is the one.
    pub fn is(&self, profile: &Struct, name: &str) -> bool {
        self.mark.is_on(profile) && folded(name) == self.name
    }
}

/// Accounts that reach things by what is set at themselves, not by what they hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scopes {
    /// Their types.
    pub types: &'static [&'static str],
    /// What the profile of one that reaches everything in its environment bears.
    pub all: Mark,
    /// Profile key: the flag that says whether it does. Without it, and without a list, the scope is not known.
    pub says: &'static str,
    /// Profile key: the ids of what one reaches, with all that lies in it.
    pub list: &'static str,
    /// The type of what these ids name.
    pub of: &'static str,
}

/// Who decides about the access to projects: they may have none, but can give themselves some.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Managers {
    /// Types of the roles that do so by their name.
    pub role_types: &'static [&'static str],
    /// The names of these, see [`folded`].
    pub roles: &'static [&'static str],
    /// What the profile of a role bears that only looks like one of these.
    pub unless: Mark,
    /// Types of the rights that make any role such a one.
    pub right_types: &'static [&'static str],
    /// What the profile of such a right bears, all of it.
    pub marks: &'static [Mark],
    /// What they need to get in, where they decide by their name.
    pub needs: &'static str,
}

/// Things that nobody holds themselves: each names a right on others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamedRights {
    /// Their type. The bare id is the slug of the entitlements it names.
    pub of: &'static str,
    /// The type these entitlements are on.
    pub on: &'static str,
}

/// What is known of software that acts, of what it proves itself with, and of what people and software get in by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Machine {
    /// The type.
    pub of: &'static str,
    /// Profile key: the list of addresses that are let in. An empty list lets every address in; without one it is not
    /// known.
    pub addresses: Option<&'static str>,
    /// Profile keys: since when its credential is what it is, in RFC 3339. The first that is there counts. Empty: it has
    /// none of its own.
    pub credential: &'static [&'static str],
    /// Profile keys: flags that say what its credential opens besides, and the words for it.
    pub opens: &'static [(&'static str, &'static str)],
    /// Profile key: the flag that says whether it works.
    pub active: Option<&'static str>,
    /// Profile key: the flag that says whether it is of a sort that is no longer served.
    pub legacy: Option<&'static str>,
    /// Profile keys: how many of its keys work, and how many it has.
    pub keys: Option<(&'static str, &'static str)>,
    /// Profile key: how many skills it has.
    pub skills: Option<&'static str>,
    /// Profile keys: what is known of leaks of its credential.
    pub leak: Option<Leak>,
    /// Whether its credential can speak as any of the people who may use it.
    pub speaks_for_others: bool,
    /// The slug of the right to use it, and the type of the accounts that may.
    pub used_by: Option<(&'static str, &'static str)>,
    /// Whether it works with what a person authorized, and no row says who that was.
    pub borrows: bool,
}

impl Machine {
    /// One of which nothing is known.
    pub const UNKNOWN: Machine = Machine {
        of: "",
        addresses: None,
        credential: &[],
        opens: &[],
        active: None,
        legacy: None,
        keys: None,
        skills: None,
        leak: None,
        speaks_for_others: false,
        used_by: None,
        borrows: false,
    };
}

/// Profile keys that say what is known of leaks of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leak {
    /// The flag that says whether anybody was asked.
    pub asked: &'static str,
    /// When it leaked last, in RFC 3339.
    pub at: &'static str,
    /// Since when a leak would be known, in RFC 3339. Without it, it would not.
    pub known_since: &'static str,
}

/// The conventions of one vendor. Types and keys are those of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conventions {
    /// Types that only files of this vendor have.
    pub own_types: &'static [&'static str],
    /// Types whose resources are roles of people. Empty: every type with the role trait.
    pub role_types: &'static [&'static str],
    /// Types whose resources bundle people. Empty: every type with the group trait.
    pub group_types: &'static [&'static str],
    /// Types whose resources hold the work.
    pub project_types: &'static [&'static str],
    /// Types of what lies inside of projects, at any depth: who holds something on one of them gets into the project,
    /// who holds something on the project gets to all of them.
    pub inside_projects: &'static [&'static str],
    /// Types of what lies in a project and is opened by what is held on that, but lets nobody into it: whoever may use an
    /// agent does not get to its recipes.
    pub placed_in_projects: &'static [&'static str],
    /// Types of things that may let in whoever has their address, without asking who that is.
    pub open_to_bearers: &'static [Bearers],
    /// Types of accounts that use things of another type, and that type. No list says which of them use which.
    pub unlisted_users: &'static [(&'static str, &'static str)],
    /// Types of what acts for people, or through what others own. The file does not say for whom or through what.
    pub act_unlisted: &'static [&'static str],
    /// Profile key of roles, projects and accounts: the environment they belong to.
    pub environment: Option<&'static str>,
    /// Environments in the order people think of them; others follow by name.
    pub environments: &'static [&'static str],
    /// Those of them where real data is.
    pub production: &'static [&'static str],
    /// Profile key of roles: the name without the environment.
    pub role_name: Option<&'static str>,
    /// Names of roles that may do everything in their environment, see [`folded`]. Empty: every role with the word
    /// "admin" in its name.
    pub admin_roles: &'static [&'static str],
    /// Slugs of entitlements that may do everything on their project.
    pub admin_slugs: &'static [&'static str],
    /// How much a role or slug of this name may do, see [`folded`]: the less, the more. Others stand at 0.
    pub power: &'static [(&'static str, i8)],
    /// Types of roles that name what they open inside of projects. One that names nothing may open everything: the file
    /// does not say.
    pub naming_roles: &'static [&'static str],
    /// Profile key of accounts: when they were last seen, in RFC 3339. Without one the last login counts.
    pub last_activity: Option<&'static str>,
    /// What the profile of somebody from a managing organization bears.
    pub moderator: Option<Mark>,
    /// What the profile of a client that reaches all projects bears.
    pub all_scope: Option<Mark>,
    /// Profile key of clients: when their credential was made, in RFC 3339.
    pub credential: Option<&'static str>,
    /// The group of everybody.
    pub everyone: Option<Everyone>,
    /// Accounts with a scope of their own.
    pub scopes: Option<Scopes>,
    /// Who can give themselves access to projects.
    pub managers: Option<Managers>,
    /// Things that name a right on others.
    pub named_rights: Option<NamedRights>,
    /// Software, its credentials and what it works with.
    pub machines: &'static [Machine],
}

impl Conventions {
    /// Those of an unknown vendor.
    pub const NONE: Conventions = Conventions {
        own_types: &[],
        role_types: &[],
        group_types: &[],
        project_types: &[],
        inside_projects: &[],
        placed_in_projects: &[],
        open_to_bearers: &[],
        unlisted_users: &[],
        act_unlisted: &[],
        environment: None,
        environments: &[],
        production: &[],
        role_name: None,
        admin_roles: &[],
        admin_slugs: &[],
        power: &[],
        naming_roles: &[],
        last_activity: None,
        moderator: None,
        all_scope: None,
        credential: None,
        everyone: None,
        scopes: None,
        managers: None,
        named_rights: None,
        machines: &[],
    };

    /// Those that a file with these types is to be read by: these, or those of an unknown vendor. Another vendor's roles and
    /// environments have other names, and a file judged by the wrong ones would look clean. Others have projects and folders,
    /// too; a file that has nothing that is this vendor's alone is its own where it has nothing else either.
    pub fn of_file(&self, types: &[String]) -> &Conventions {
        let has_any = |known: &[&str]| types.iter().any(|kind| known.contains(&kind.as_str()));
        let is_own = has_any(self.own_types) || types.iter().all(|kind| self.names(kind));
        match is_own {
            true => self,
            false => &Conventions::NONE,
        }
    }

    /// Whether it says what a type is.
    fn names(&self, kind: &str) -> bool {
        let known = [self.own_types, self.role_types, self.group_types, self.project_types];
        known.iter().any(|known| known.contains(&kind)) || self.is_placed(kind) || self.machine(kind).is_some()
    }

    /// What is known of a type of software.
    pub fn machine(&self, kind: &str) -> Option<&'static Machine> {
        self.machines.iter().find(|machine| machine.of == kind)
    }

    /// Whether a role of this name may do everything.
    pub fn is_admin_role(&self, name: &str) -> bool {
        if self.admin_roles.is_empty() {
            let is_word = |word: &str| {
                let word = word.to_lowercase();
                word == "admin" || word == "administrator" || word == "owner"
            };
            return name.split(|c: char| !c.is_alphanumeric()).any(is_word);
        }
        let name = folded(name);
        self.admin_roles.iter().any(|known| *known == name)
    }

    /// How much a role or slug of this name may do: the less, the more.
    pub fn power(&self, name: &str) -> i8 {
        let name = folded(name);
        let known = self.power.iter().find(|(known, _)| *known == name);
        known.map_or(0, |(_, power)| *power)
    }

    /// Whether a type is that of a project or of what lies inside of one.
    pub fn is_of_projects(&self, kind: &str) -> bool {
        self.project_types.contains(&kind) || self.inside_projects.contains(&kind)
    }

    /// Whether a type is that of what lies in projects, whether or not it lets people in.
    pub fn is_placed(&self, kind: &str) -> bool {
        self.inside_projects.contains(&kind) || self.placed_in_projects.contains(&kind)
    }

    /// Where an environment stands among the others.
    pub fn rank(&self, environment: &str) -> usize {
        let place = self
            .environments
            .iter()
            .position(|known| known.eq_ignore_ascii_case(environment));
        place.unwrap_or(self.environments.len())
    }

    /// Whether an environment is one that every workspace of the vendor can have. Another word may stand for one of its
    /// own, or for one of these in another spelling. Of a vendor without names for them every word is known.
    pub fn is_known_environment(&self, environment: &str) -> bool {
        self.environments.is_empty() || self.environments.contains(&environment)
    }

    /// Whether real data is in this environment, however it is capitalized. Where the vendor has none, everything is real.
    pub fn is_production(&self, environment: Option<&str>) -> bool {
        match environment {
            Some(environment) => self
                .production
                .iter()
                .any(|known| known.eq_ignore_ascii_case(environment)),
            None => self.production.is_empty(),
        }
    }
}

/// Letters and digits in lower case: `Environment admin` and `EnvironmentAdmin` are one name.
pub fn folded(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admins_of_an_unknown_vendor_are_told_by_the_word() {
        let none = Conventions::NONE;
        assert!(none.is_admin_role("Workspace Admin (prod)"));
        assert!(none.is_admin_role("administrator"));
        assert!(!none.is_admin_role("Administration reader"));
        let known = Conventions {
            admin_roles: &["environmentadmin"],
            ..none
        };
        assert!(known.is_admin_role("Environment admin") && known.is_admin_role("EnvironmentAdmin"));
        assert!(!known.is_admin_role("Admin"));
    }

    #[test]
    fn a_file_is_read_by_the_conventions_of_its_vendor() {
        let known = Conventions {
            own_types: &["collaborator"],
            role_types: &["role"],
            project_types: &["project"],
            inside_projects: &["folder"],
            ..Conventions::NONE
        };
        let read_by = |types: &[&str]| *known.of_file(&types.iter().map(|kind| (*kind).to_owned()).collect::<Vec<_>>());
        for own in [
            &["collaborator", "more"][..],
            &["project", "role"],
            &["project", "folder"],
            &[],
        ] {
            assert_eq!(read_by(own), known, "{own:?}");
        }
        for other in [
            &["user", "role"][..],
            &["user", "project"],
            &["organization", "user", "project", "folder", "role"],
        ] {
            assert_eq!(read_by(other), Conventions::NONE, "{other:?}");
        }
    }

    #[test]
    fn a_word_is_one_in_any_spelling_and_another_one_says_nothing() {
        let profile = |key: &str, text: &str| crate::baton::resource::Profile::new().with(key, text).into_struct();
        let right = Mark::Word("permission", &["accesscontrol", "all"]);
        for (text, is_on) in [
            ("access_control", true),
            ("Access control", true),
            ("all", true),
            ("ALL", true),
            ("create", false),
            ("", false),
        ] {
            assert_eq!(right.is_on(&profile("permission", text)), is_on, "{text:?}");
        }
        let bearers = Bearers {
            of: "server",
            open: Mark::Word("how", &["token"]),
            closed: Mark::Word("how", &["login"]),
        };
        for (text, lets_in) in [
            ("token", Some(true)),
            (" Token", Some(true)),
            ("Login", Some(false)),
            ("none", None),
            ("", None),
        ] {
            assert_eq!(bearers.lets_in(&profile("how", text)), lets_in, "{text:?}");
        }
        assert_eq!(bearers.lets_in(&profile("other", "token")), None);
    }

    #[test]
    fn environments_keep_the_vendors_order() {
        let known = Conventions {
            environments: &["dev", "test", "prod"],
            production: &["prod"],
            ..Conventions::NONE
        };
        assert!(known.rank("dev") < known.rank("prod") && known.rank("prod") < known.rank("elsewhere"));
        assert!(known.is_production(Some("prod")) && !known.is_production(None));
        assert!(known.is_production(Some("PROD")) && !known.is_production(Some("Prod-like")));
        assert_eq!(known.rank("Prod"), known.rank("prod"));
        assert!(Conventions::NONE.is_production(None));
    }
}

//! Who can reach a resource: one tree per resource. What is held on it comes first, by entitlement, what may do most
//! first and people before groups; then what is held around it, scopes, and who can give themselves access.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use super::told::{self, Shown, how};
use crate::baton::error::Result;
use crate::cli::read::Reading;
use crate::report::access::Access;
use crate::report::question::{Pick, Target, ask};
use crate::report::reach::{Asker, Gap, Part, Reach, unknown};
use crate::report::thing::{Account, Thing, profile};
use crate::report::wording::{self, count};
use crate::term::Terminal;
use crate::term::output::Output;
use crate::term::tree::{self, Node, Tone};

/// Holders told of one entitlement on a terminal, unless all are asked for.
const MOST: usize = 100;
/// Holders told of one entitlement to a file or a pipe, unless all are asked for: a million of them take more memory than
/// anybody expects of a question, and lines are not what they are read as.
const MOST_PIPED: usize = 100_000;
/// Things inside of one that are told unless all are asked for.
const INSIDE: usize = 12;

/// Writes the trees; returns how many rows they are made of.
///
/// # Errors
/// Those of the file and of stdout.
pub(super) fn trees(
    terminal: &Terminal,
    reading: &Reading,
    asker: Asker<'_, '_>,
    things: &[(Thing, Part)],
    pick: &Pick,
    all: bool,
) -> Result<Shown> {
    // A file or a pipe gets everybody, as far as they can be read as lines: nobody can ask it for the rest.
    let most = match (all, terminal.stdout_is_terminal()) {
        (true, _) => usize::MAX,
        (false, true) => MOST,
        (false, false) => MOST_PIPED,
    };
    let mut shown = Shown::default();
    terminal.deliver(&reading.paging, |output| {
        let mut empty = 0;
        for (at, (thing, part)) in things.iter().enumerate() {
            let answer = Answer::gather(asker, thing, *part, pick, most)?;
            // Of what is below the first, only what somebody can reach.
            if *part == Part::Own && answer.by_right.is_empty() {
                empty += 1;
                continue;
            }
            answer.rows.add_to(&mut shown);
            if at > 0 {
                output.text("\n")?;
            }
            answer.write(terminal, output, asker)?;
        }
        if empty > 0 {
            let line = format!(
                "\n{} below it that nobody holds an entitlement on.",
                count(empty, "resource", "resources")
            );
            tree::write(output, &Node::new(Tone::Dim, line.trim_start()), terminal.layout())?;
        }
        Ok(())
    })?;
    Ok(shown)
}

/// A line about somebody.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct HolderLine {
    is_other: bool,
    sorted_by: String,
    name: String,
    about: String,
    how: String,
    key: Rc<str>,
}

/// Who holds one right, as far as they are told.
#[derive(Debug, Default)]
struct Holders {
    lines: Vec<HolderLine>,
    /// Lines that are told at most.
    most: usize,
    /// Lines that are not kept.
    more: usize,
    people: HashSet<Rc<str>>,
    /// How many have it as everybody has it, by the group of everybody: one line each.
    folded: BTreeMap<String, usize>,
}

impl Holders {
    fn new(most: usize) -> Holders {
        Holders {
            most,
            ..Holders::default()
        }
    }

    /// One more. `through_everyone` is the group of everybody, where it is the only way.
    fn push(&mut self, line: HolderLine, through_everyone: Option<String>) {
        if !line.is_other {
            self.people.insert(Rc::clone(&line.key));
        }
        if let Some(group) = through_everyone.filter(|_| self.most == MOST) {
            *self.folded.entry(group).or_default() += 1;
            return;
        }
        self.lines.push(line);
        if self.lines.len() > self.most.saturating_mul(2) {
            self.cut();
        }
    }

    /// Keeps those that come first.
    fn cut(&mut self) {
        self.lines.sort_unstable();
        self.more += self.lines.len().saturating_sub(self.most);
        self.lines.truncate(self.most);
    }
}

/// What is held, in the order of answers.
type Key = (Reach, i8, usize, String, String);

/// Who can reach one thing.
struct Answer<'a> {
    thing: &'a Thing,
    part: Part,
    filtered: bool,
    /// Lines told of one right.
    most: usize,
    by_right: BTreeMap<Key, Holders>,
    people: HashSet<Rc<str>>,
    accounts: HashSet<Rc<str>>,
    others: usize,
    scoped: HashSet<Rc<str>>,
    granting: HashSet<Rc<str>>,
    /// Places of things around, by type and bare id.
    around: HashMap<(String, String), usize>,
    needs: Option<&'static str>,
    rows: Shown,
    gaps: Vec<Gap>,
}

impl<'a> Answer<'a> {
    fn gather(asker: Asker<'_, '_>, thing: &'a Thing, part: Part, pick: &Pick, most: usize) -> Result<Answer<'a>> {
        let mut answer = Answer {
            thing,
            part,
            filtered: *pick != Pick::default(),
            most,
            by_right: BTreeMap::new(),
            people: HashSet::new(),
            accounts: HashSet::new(),
            others: 0,
            scoped: HashSet::new(),
            granting: HashSet::new(),
            around: HashMap::new(),
            needs: None,
            rows: Shown::default(),
            gaps: Vec::new(),
        };
        // What is held inside is told of the things there; here it is counted.
        let asked = if part == Part::WithoutInside { Part::Whole } else { part };
        let target = Target::On(vec![(thing.clone(), asked)]);
        let gaps = ask(asker, &target, pick, &mut |access| answer.take(asker, access))?;
        answer.gaps = gaps;
        Ok(answer)
    }

    fn take(&mut self, asker: Asker<'_, '_>, access: Access) -> Result<()> {
        let names = asker.names();
        let is_told = self.part != Part::WithoutInside || access.reach != Reach::Inside;
        if is_told {
            self.rows.add(&access, true);
        }
        let who = &access.principal;
        // A type is a word without spaces.
        let key: Rc<str> = format!("{} {}", who.kind, who.id).into();
        let is_user = asker.ground.is_user(&who.kind);
        let account = names.resource(&who.kind, &who.id)?;
        let account = account.and_then(|resource| Account::of(&resource, who.clone()));
        match access.reach {
            Reach::Scope => {
                self.scoped.insert(key.clone());
            }
            Reach::SelfGranting => {
                let managers = asker.ground.conventions().managers.as_ref();
                let on = access.right.resource.kind.as_str();
                let by_name = managers.filter(|managers| managers.role_types.contains(&on));
                self.needs = self.needs.or(by_name.map(|managers| managers.needs));
                self.granting.insert(key.clone());
            }
            _ if !is_user => self.others += usize::from(is_told),
            _ if account
                .as_ref()
                .is_some_and(|a| matches!(a.account_type, "service" | "system")) =>
            {
                self.accounts.insert(key.clone());
            }
            _ => {
                self.people.insert(key.clone());
            }
        }
        if !is_told {
            return Ok(());
        }
        let email = account.map(|account| account.email).unwrap_or_default();
        let how = match access.reach {
            Reach::Scope => access.right.name.clone(),
            Reach::SelfGranting => format!("{}: {}", wording::label(names, &access.right)?, how(names, &access)?),
            _ => how(names, &access)?,
        };
        let holder = HolderLine {
            is_other: !is_user,
            sorted_by: who.name.to_lowercase(),
            name: who.beside_email(),
            about: if is_user { email } else { who.type_name.clone() },
            how,
            key,
        };
        let through_everyone = everyone(asker, &access)?;
        let section = match access.reach {
            Reach::Scope | Reach::SelfGranting => (access.reach, 0, 0, String::new(), String::new()),
            reach => {
                let power = asker.ground.power(names, &access.right)?;
                let label = wording::label(names, &access.right)?;
                let place = if reach == Reach::On {
                    0
                } else {
                    self.place(&access.right.resource)
                };
                (reach, power, place, label, access.right.id.clone())
            }
        };
        let most = self.most;
        let holders = self.by_right.entry(section).or_insert_with(|| Holders::new(most));
        holders.push(holder, through_everyone);
        Ok(())
    }

    /// Things around come nearest first, which is how they are asked.
    fn place(&mut self, around: &Thing) -> usize {
        let next = self.around.len();
        let key = (around.kind.clone(), around.id.clone());
        *self.around.entry(key).or_insert(next)
    }

    /// Who can reach it, in one sentence. That nobody can is only said where the file is known to tell everything.
    fn sentence(&self, asker: Asker<'_, '_>) -> String {
        let mut parts = Vec::new();
        let (people, accounts) = (self.people.len(), self.accounts.len());
        // Of what is below something only what is held on it is told.
        let can = if self.part == Part::Own {
            "hold something on it"
        } else {
            "can reach it"
        };
        if people > 0 || (self.others > 0 && accounts == 0) {
            parts.push(format!("{} {can}", count(people, "person", "people")));
        }
        if accounts > 0 {
            parts.push(format!(
                "{} {can}",
                count(accounts, "service account", "service accounts")
            ));
        }
        if self.others > 0 {
            parts.push(format!("{} to roles and groups", count(self.others, "grant", "grants")));
        }
        if !self.scoped.is_empty() {
            let scoped = count(self.scoped.len(), "account reaches", "accounts reach");
            parts.push(format!("{scoped} it by a scope"));
        }
        if parts.is_empty() {
            parts.push(self.nobody(asker));
        }
        if !self.granting.is_empty() {
            parts.push(format!(
                "{} can give themselves access",
                count(self.granting.len(), "person", "people")
            ));
        }
        format!("{}.", parts.join("; "))
    }

    fn nobody(&self, asker: Asker<'_, '_>) -> String {
        let run = asker.names().snapshot().run();
        if self.filtered {
            "Nothing fits what was asked for".to_owned()
        } else if asker.ground.is_user(&self.thing.kind) {
            format!(
                "Nothing is held on an account; `access {}:{}` shows what it reaches",
                self.thing.kind, self.thing.id
            )
        } else if !self.gaps.is_empty() {
            "The file names nobody who can reach it, but does not tell everything".to_owned()
        } else if !unknown::is_said(run) {
            "The file names nobody who can reach it; its writer does not say what was left out".to_owned()
        } else {
            "Nobody can reach it".to_owned()
        }
    }

    fn write(self, terminal: &Terminal, output: &mut Output, asker: Asker<'_, '_>) -> Result<()> {
        let all = self.most != MOST;
        let thing = self.thing;
        let mut root = Node::new(Tone::Bold, asker.told(thing)?).and(
            Tone::Dim,
            format!("  {} · {}:{}", thing.type_name, thing.kind, thing.id),
        );
        root.push(Node::new(Tone::Plain, self.sentence(asker)));
        let mut inside = 0;
        for ((reach, _, _, label, id), holders) in self.by_right {
            if reach == Reach::Inside {
                inside += 1;
                if inside > INSIDE && !all {
                    continue;
                }
            }
            let title = match reach {
                Reach::Scope => "By a scope".to_owned(),
                Reach::SelfGranting => "Can give themselves access".to_owned(),
                _ if label.is_empty() => id,
                _ => label,
            };
            let about = match reach {
                Reach::Above => ", which it lies in",
                Reach::Inside => ", which lies in it",
                _ => "",
            };
            let note = match (reach, self.needs) {
                (Reach::SelfGranting, Some(needs)) => {
                    Some(format!("They manage access to it, and cannot open it without {needs}."))
                }
                _ => None,
            };
            let nouns = match reach {
                Reach::Scope => ("account", "accounts"),
                _ => ("person", "people"),
            };
            root.push(section(&format!("{title}{about}"), nouns, note, holders));
        }
        if inside > INSIDE && !all {
            let more = format!("and {} more rights in it: --all shows them", inside - INSIDE);
            root.push(Node::new(Tone::Yellow, more));
        }
        if self.part != Part::Own
            && let Some(gaps) = told::gaps(&self.gaps, all)
        {
            root.push(gaps);
        }
        tree::write(output, &root, terminal.layout())
    }
}

/// The holders of one right. Those who have it as everybody has it are one line.
fn section(title: &str, nouns: (&str, &str), note: Option<String>, mut holders: Holders) -> Node {
    holders.cut();
    let people = count(holders.people.len(), nouns.0, nouns.1);
    let mut right = Node::new(Tone::Bold, title).and(Tone::Dim, format!(" · {people}"));
    right = right.with(note.map(|note| Node::new(Tone::Dim, note)));
    for HolderLine {
        is_other,
        name,
        about,
        how,
        ..
    } in &holders.lines
    {
        let line = if *is_other {
            Node::new(Tone::Dim, format!("{about} ")).and(Tone::Plain, name)
        } else if about.is_empty() || about == name {
            Node::new(Tone::Plain, name)
        } else {
            Node::new(Tone::Plain, name).and(Tone::Dim, format!(" <{about}>"))
        };
        right.push(line.and(Tone::Dim, format!("  {how}")));
    }
    if holders.more > 0 {
        let how = match holders.most {
            MOST => "--all shows them",
            _ => "--all shows them, -o csv writes them one by one",
        };
        let more = holders.more;
        right.push(Node::new(Tone::Yellow, format!("and {more} more: {how}")));
    }
    for (group, number) in holders.folded {
        let line = Node::new(Tone::Plain, count(number, "person", "people"));
        right.push(line.and(Tone::Dim, format!("  through {group}: --all names them")));
    }
    right
}

/// The group of everybody, where a row comes through it and through nothing else.
fn everyone(asker: Asker<'_, '_>, access: &Access) -> Result<Option<String>> {
    let Some(everyone) = asker.ground.conventions().everyone else {
        return Ok(None);
    };
    let [path] = access.paths.as_slice() else {
        return Ok(None);
    };
    let (Some(first), true, 0) = (path.first(), path.len() > 1, access.more_paths) else {
        return Ok(None);
    };
    let group = &first.resource;
    let resource = asker.names().resource(&group.kind, &group.id)?;
    let profile = resource.as_deref().and_then(profile).unwrap_or_default();
    Ok(everyone.is(&profile, &group.name).then(|| group.told()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::color::Paint;
    use crate::term::table::Layout;

    fn told(most: usize, people: usize, through_everyone: impl Fn(usize) -> Option<&'static str>) -> String {
        let mut holders = Holders::new(most);
        for at in (0..people).rev() {
            let line = HolderLine {
                is_other: false,
                sorted_by: format!("person {at:06}"),
                name: format!("Person {at}"),
                about: String::new(),
                how: "given".to_owned(),
                key: format!("user {at}").into(),
            };
            holders.push(line, through_everyone(at).map(str::to_owned));
        }
        assert!(holders.lines.len() <= most.saturating_mul(2));
        let layout = Layout {
            screen: None,
            paint: Paint::OFF,
        };
        tree::text(&section("Use of Billing", ("person", "people"), None, holders), layout)
    }

    #[test]
    fn who_has_it_as_everybody_has_it_is_one_line_unless_all_are_wanted() {
        let everyone = |at: usize| (at > 0).then_some("All collaborators");
        assert_eq!(
            told(MOST, 4, everyone),
            "Use of Billing · 4 people\n├─ Person 0  given\n└─ 3 people  through All collaborators: --all names them\n"
        );
        let all = told(usize::MAX, 4, everyone);
        assert_eq!(all.matches("  given\n").count(), 4, "{all}");
    }

    #[test]
    fn of_very_many_those_who_come_first_are_told_and_the_others_counted() {
        let cut = told(MOST_PIPED, 2 * MOST_PIPED + 3, |_| None);
        assert!(cut.starts_with("Use of Billing · 200,003 people\n├─ Person 0  given\n├─ Person 1  given\n"));
        assert!(cut.ends_with(
            "├─ Person 99999  given\n└─ and 100003 more: --all shows them, -o csv writes them one by one\n"
        ));
        let whole = told(MOST_PIPED, MOST_PIPED, |_| None);
        assert!(whole.ends_with("└─ Person 99999  given\n"));
    }
}

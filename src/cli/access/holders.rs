//! Who can reach a resource: one tree per resource. What is held on it comes first, by entitlement, what may do most
//! first and people before groups; then what is held around it, scopes, and who can give themselves access.

mod heads;
mod kept;
mod people;

use std::collections::{HashMap, HashSet};

use self::heads::{Heads, Met};
use self::kept::{By, Candidate, Holders, Told};
use self::people::Everybody;
use super::told::{self, Answered, Shown, how};
use crate::baton::error::Result;
use crate::cli::read::Reading;
use crate::report::access::{Access, HeldRow};
use crate::report::question::{Pick, ask_leads};
use crate::report::reach::{Asker, Gap, Lead, Part, Reach, scope_row, unknown};
use crate::report::thing::{Thing, profile};
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

/// Writes the trees; returns what was answered.
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
) -> Result<Answered> {
    // A file or a pipe gets everybody, as far as they can be read as lines: nobody can ask it for the rest.
    let most = match (all, terminal.stdout_is_terminal()) {
        (true, _) => usize::MAX,
        (false, true) => MOST,
        (false, false) => MOST_PIPED,
    };
    let mut answered = Answered {
        are_gaps_told: true,
        ..Answered::default()
    };
    let mut known: HashSet<Gap> = HashSet::new();
    terminal.deliver(&reading.paging, |output| {
        let mut empty = 0;
        let mut below: Vec<Gap> = Vec::new();
        for (at, (thing, part)) in things.iter().enumerate() {
            let answer = Answer::gather(asker, thing, *part, pick, most)?;
            let new = answer.gaps.iter().filter(|gap| known.insert((*gap).clone()));
            let new: Vec<Gap> = new.cloned().collect();
            if *part == Part::Own {
                below.extend(new.iter().cloned());
            }
            answered.gaps.extend(new);
            // Of what is below the first, only what somebody can reach.
            if *part == Part::Own && answer.sections.is_empty() {
                empty += 1;
                continue;
            }
            answer.rows.add_to(&mut answered.shown);
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
        if let Some(gaps) = told::gaps(&below, all) {
            output.text("\n")?;
            tree::write(output, &gaps, terminal.layout())?;
        }
        Ok(())
    })?;
    Ok(answered)
}

/// What is held, in the order of answers.
type Key = (Reach, i8, usize, String, String);

/// One right, and who holds it.
struct Section {
    key: Key,
    holders: Holders,
}

/// Who can reach one thing.
struct Answer<'a> {
    thing: &'a Thing,
    part: Part,
    filtered: bool,
    /// Lines told of one right.
    most: usize,
    sections: Vec<Section>,
    /// Their places, by how they let to the thing and the entitlement: a million may hold one of them.
    places: HashMap<Reach, HashMap<String, usize>>,
    everybody: Everybody,
    /// Those who can reach it.
    met: Met,
    others: usize,
    scoped: HashSet<u32>,
    granting: Met,
    /// Places of things around, by type and bare id.
    around: HashMap<(String, String), usize>,
    /// By what is held first: the group of everybody, where it is one.
    everyone: HashMap<String, Option<String>>,
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
            sections: Vec::new(),
            places: HashMap::new(),
            everybody: Everybody::default(),
            met: Met::default(),
            others: 0,
            scoped: HashSet::new(),
            granting: Met::default(),
            around: HashMap::new(),
            everyone: HashMap::new(),
            needs: None,
            rows: Shown::default(),
            gaps: Vec::new(),
        };
        // What is held inside is told of the things there; here it is counted.
        let asked = if part == Part::WithoutInside { Part::Whole } else { part };
        let gaps = ask_leads(asker, (thing, asked), pick, &mut |lead| answer.take(asker, &lead))?;
        answer.gaps = gaps;
        Ok(answer)
    }

    fn take(&mut self, asker: Asker<'_, '_>, lead: &Lead<'_>) -> Result<()> {
        let reach = lead.reach();
        let is_told = self.part != Part::WithoutInside || reach != Reach::Inside;
        if is_told {
            self.rows.add(reach, true);
        }
        let (kind, id) = lead.principal();
        let number = self.everybody.number(kind, id)?;
        let is_user = asker.ground.is_user(kind);
        let face = asker.names().face(kind, id)?;
        match reach {
            Reach::Scope => {
                self.scoped.insert(number);
            }
            Reach::SelfGranting => {
                let managers = asker.ground.conventions().managers.as_ref();
                let on = &asker.names().right_of_grant(lead.key())?.resource.kind;
                let by_name = managers.filter(|managers| managers.role_types.contains(&on.as_str()));
                self.needs = self.needs.or(by_name.map(|managers| managers.needs));
                self.granting.add(number, face.is_machine());
            }
            _ if !is_user => self.others += usize::from(is_told),
            _ => self.met.add(number, face.is_machine()),
        }
        if !is_told {
            return Ok(());
        }
        let place = self.section(asker, lead)?;
        // Of the rows of everybody there is one line, unless all are asked for.
        let folded = match (self.most, lead) {
            (MOST, Lead::Grant(_, grant)) if !asker.answers.is_plain(grant) => {
                self.everyone(asker, &lead.access(&asker, self.thing)?)?
            }
            _ => None,
        };
        let Some(Section { holders, .. }) = self.sections.get_mut(place) else {
            return Ok(());
        };
        if is_user {
            holders.meet(number, face.is_machine());
        }
        if let Some(group) = folded {
            holders.fold(group, face.is_machine());
            return Ok(());
        }
        let kind = self.everybody.kind(number);
        holders.push(!is_user, face.name.to_lowercase(), |sorted_by| Candidate {
            is_other: !is_user,
            sorted_by,
            about: if is_user { face.email } else { face.type_name },
            kind,
            id: id.to_owned(),
            by: match lead {
                Lead::Grant(reach, grant) => By::Grant(*reach, HeldRow::of(grant)),
                Lead::Scope(client, scope) => {
                    let row = scope_row((*client).clone(), (*scope).clone(), self.thing.clone());
                    By::Known(Box::new(row))
                }
            },
        });
        Ok(())
    }

    /// The place of what is held among the sections: what is said of it is found out once.
    fn section(&mut self, asker: Asker<'_, '_>, lead: &Lead<'_>) -> Result<usize> {
        let reach = lead.reach();
        // All scopes are one section, and all who can give themselves access are.
        let id = match reach {
            Reach::Scope | Reach::SelfGranting => "",
            _ => lead.entitlement(),
        };
        if let Some(known) = self.places.get(&reach).and_then(|places| places.get(id)) {
            return Ok(*known);
        }
        let key = match reach {
            Reach::Scope | Reach::SelfGranting => (reach, 0, 0, String::new(), String::new()),
            reach => {
                let right = asker.names().right_of_grant(lead.key())?;
                let power = asker.ground.power(asker.names(), &right)?;
                let label = wording::label(asker.names(), &right)?;
                let place = match reach {
                    Reach::On => 0,
                    _ => self.place(&right.resource),
                };
                (reach, power, place, label, id.to_owned())
            }
        };
        let place = self.sections.len();
        self.places.entry(reach).or_default().insert(id.to_owned(), place);
        self.sections.push(Section {
            key,
            holders: Holders::new(self.most),
        });
        Ok(place)
    }

    /// The group of everybody, where a row comes through it and through nothing else.
    fn everyone(&mut self, asker: Asker<'_, '_>, access: &Access) -> Result<Option<String>> {
        let Some(everyone) = asker.ground.conventions().everyone else {
            return Ok(None);
        };
        let [path] = access.paths.as_slice() else {
            return Ok(None);
        };
        let (Some(first), true, 0) = (path.first(), path.len() > 1, access.more_paths) else {
            return Ok(None);
        };
        if let Some(known) = self.everyone.get(&first.id) {
            return Ok(known.clone());
        }
        let group = &first.resource;
        let resource = asker.names().resource(&group.kind, &group.id)?;
        let profile = resource.as_deref().and_then(profile).unwrap_or_default();
        let found = everyone.is(&profile, &group.name).then(|| group.told());
        self.everyone.insert(first.id.clone(), found.clone());
        Ok(found)
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
        let Heads { people, accounts } = self.met.heads();
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
        let granting = self.granting.heads();
        if granting.all() > 0 {
            parts.push(format!("{} can give themselves access", granting.told()));
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
        let mut sections = self.sections;
        sections.sort_by(|a, b| a.key.cmp(&b.key));
        for Section { key, holders } in sections {
            let (reach, _, _, label, id) = key;
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
            let told = holders.told();
            let heads = match reach {
                Reach::Scope => count(told.heads.all(), "account", "accounts"),
                _ => told.heads.told(),
            };
            let mut lines = Vec::with_capacity(told.kept.len());
            for one in told.kept {
                lines.push(line(asker, thing, one)?);
            }
            let told = Told {
                heads: told.heads,
                kept: lines,
                most: told.most,
                more: told.more,
                folded: told.folded,
            };
            root.push(section(&format!("{title}{about}"), &heads, note, told));
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

/// A line about somebody, in the order of lines.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct HolderLine {
    is_other: bool,
    sorted_by: String,
    name: String,
    about: String,
    how: String,
    /// Type and bare id: a type is a word without spaces.
    key: String,
}

fn line(asker: Asker<'_, '_>, thing: &Thing, one: Candidate) -> Result<HolderLine> {
    let names = asker.names();
    let access = match one.by {
        By::Grant(reach, row) => {
            let who = names.thing(&one.kind, &one.id)?;
            asker.answers.of_row(&row, who)?.to(reach, thing.clone())
        }
        By::Known(access) => *access,
    };
    Ok(HolderLine {
        is_other: one.is_other,
        sorted_by: one.sorted_by,
        name: access.principal.beside_email(),
        about: one.about,
        how: match access.reach {
            Reach::Scope => access.right.name.clone(),
            Reach::SelfGranting => format!("{}: {}", wording::label(names, &access.right)?, how(names, &access)?),
            _ => how(names, &access)?,
        },
        key: format!("{} {}", one.kind, one.id),
    })
}

/// The holders of one right. Those who have it as everybody has it are one line.
fn section(title: &str, heads: &str, note: Option<String>, mut told: Told<HolderLine>) -> Node {
    let mut right = Node::new(Tone::Bold, title).and(Tone::Dim, format!(" · {heads}"));
    right = right.with(note.map(|note| Node::new(Tone::Dim, note)));
    told.kept.sort_unstable();
    for HolderLine {
        is_other,
        name,
        about,
        how,
        ..
    } in told.kept
    {
        let line = if is_other {
            Node::new(Tone::Dim, format!("{about} ")).and(Tone::Plain, name)
        } else if about.is_empty() || about == name {
            Node::new(Tone::Plain, name)
        } else {
            Node::new(Tone::Plain, name).and(Tone::Dim, format!(" <{about}>"))
        };
        right.push(line.and(Tone::Dim, format!("  {how}")));
    }
    if told.more > 0 {
        let how = match told.most {
            MOST => "--all shows them",
            _ => "--all shows them, -o csv writes them one by one",
        };
        let more = told.more;
        right.push(Node::new(Tone::Yellow, format!("and {more} more: {how}")));
    }
    for (group, number) in told.folded {
        let line = Node::new(Tone::Plain, number.told());
        right.push(line.and(Tone::Dim, format!("  through {group}: --all names them")));
    }
    right
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baton::proto::v2;
    use crate::term::color::Paint;
    use crate::term::table::Layout;

    fn told(most: usize, people: usize, through_everyone: impl Fn(usize) -> Option<&'static str>) -> String {
        let mut holders = Holders::new(most);
        for at in (0..people).rev() {
            holders.meet(u32::try_from(at).unwrap(), false);
            if let Some(group) = through_everyone(at) {
                holders.fold(group.to_owned(), false);
                continue;
            }
            holders.push(false, format!("person {at:06}"), |sorted_by| Candidate {
                is_other: false,
                sorted_by,
                about: String::new(),
                kind: "user".into(),
                id: at.to_string(),
                by: By::Grant(Reach::On, HeldRow::of(&v2::Grant::default())),
            });
        }
        let held = holders.told();
        let line = |one: Candidate| HolderLine {
            is_other: one.is_other,
            sorted_by: one.sorted_by,
            name: format!("Person {}", one.id),
            about: one.about,
            how: "given".to_owned(),
            key: format!("{} {}", one.kind, one.id),
        };
        let held = Told {
            heads: held.heads,
            kept: held.kept.into_iter().map(line).collect(),
            most: held.most,
            more: held.more,
            folded: held.folded,
        };
        let layout = Layout {
            screen: None,
            paint: Paint::OFF,
        };
        tree::text(&section("Use of Billing", &held.heads.told(), None, held), layout)
    }

    #[test]
    fn who_has_it_as_everybody_has_it_is_one_line_unless_all_are_wanted() {
        let everyone = |at: usize| (at > 0).then_some("All collaborators");
        assert_eq!(
            told(MOST, 4, everyone),
            "Use of Billing · 4 people\n├─ Person 0  given\n└─ 3 people  through All collaborators: --all names them\n"
        );
        let all = told(usize::MAX, 4, |_| None);
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

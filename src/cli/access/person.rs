//! What one principal can reach: as a tree of what was given and what follows, or as the published JSON with paths.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::rows::line;
use super::told::{self, Answered, Shown};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::json::Form;
use crate::baton::proto::v2;
use crate::cli::read::Reading;
use crate::report::access::Access;
use crate::report::inventory::told as told_of_machine;
use crate::report::names::Names;
use crate::report::question::{Pick, Target, ask};
use crate::report::reach::held::{self, Branch};
use crate::report::reach::{Asker, Gap, Reach};
use crate::report::thing::{Account, Right, Thing};
use crate::report::wording;
use crate::term::Terminal;
use crate::term::output::Output;
use crate::term::tree::{self, Node, Tone};

/// Lines of one type below one line; more are one line with a count.
const MOST: usize = 6;
/// Of what was given, and nothing follows from: what is told one by one.
const GIVEN: usize = 40;
/// Names told of what is counted.
const EXAMPLES: usize = 3;

/// The answers about somebody.
struct Found {
    /// Grants.
    held: Vec<Access>,
    /// What is reached beyond these.
    beyond: Vec<Access>,
    gaps: Vec<Gap>,
    shown: Shown,
}

impl Found {
    fn answered(self) -> Answered {
        Answered {
            shown: self.shown,
            gaps: self.gaps,
            are_gaps_told: true,
        }
    }
}

fn collect(asker: Asker<'_, '_>, who: &Thing, pick: &Pick) -> Result<Found> {
    let is_on = !pick.resources.is_empty();
    let mut found = Found {
        held: Vec::new(),
        beyond: Vec::new(),
        gaps: Vec::new(),
        shown: Shown::default(),
    };
    found.gaps = ask(asker, &Target::Principal(who.clone()), pick, &mut |access| {
        found.shown.add(access.reach, is_on);
        let is_held = match access.reach {
            Reach::On => true,
            Reach::Above | Reach::Inside => is_on,
            Reach::Scope | Reach::SelfGranting => false,
        };
        if is_held { &mut found.held } else { &mut found.beyond }.push(access);
        Ok(())
    })?;
    Ok(found)
}

/// The published `ResourceAccessListOutput` (`principal`, `access`), with `paths`, `reach` and `unknown` besides;
/// returns what was answered.
///
/// # Errors
/// Those of the file and of stdout.
pub(super) fn json(
    terminal: &Terminal,
    reading: &Reading,
    asker: Asker<'_, '_>,
    who: &Thing,
    pick: &Pick,
) -> Result<Answered> {
    let found = collect(asker, who, pick)?;
    let names = asker.names();
    terminal.deliver(&reading.paging, |output| {
        let form = Form::of("c1.connector.v2.Resource")?;
        output.text("{")?;
        if let Some(principal) = names.resource(&who.kind, &who.id)? {
            output.json(&format!("\"principal\":{},", form.line(&*principal)?))?;
        }
        output.text("\"access\":[")?;
        published(output, names, &form, &found.held)?;
        for (key, rows) in [("paths", &found.held), ("reach", &found.beyond)] {
            output.text(&format!("\n],\"{key}\":["))?;
            for (at, access) in rows.iter().enumerate() {
                output.text(if at == 0 { "\n" } else { ",\n" })?;
                output.json(&line(access)?)?;
            }
        }
        let gaps = serde_json::to_string(&found.gaps).map_err(|e| Error::new(Kind::Internal, e.to_string()))?;
        output.text("\n],\"unknown\":")?;
        output.json(&gaps)?;
        output.text("}\n")
    })?;
    Ok(found.answered())
}

/// One object per resource: type, resource, entitlements. The answers come ordered by resource.
fn published(output: &mut Output, names: &Names<'_>, form: &Form, found: &[Access]) -> Result<()> {
    let kinds = Form::of("c1.connector.v2.ResourceType")?;
    let entitlements = Form::of("c1.connector.v2.Entitlement")?;
    let mut first = true;
    for of_one in found.chunk_by(|a, b| a.right.resource == b.right.resource) {
        let Some(on) = of_one.first().map(|access| &access.right.resource) else {
            continue;
        };
        let mut parts = Vec::new();
        if let Some(kind) = names.resource_type(&on.kind)? {
            parts.push(format!("\"resourceType\":{}", kinds.line(&*kind)?));
        }
        if let Some(resource) = names.resource(&on.kind, &on.id)? {
            parts.push(format!("\"resource\":{}", form.line(&*resource)?));
        }
        let mut lines = Vec::new();
        for access in of_one {
            lines.push(match names.entitlement_of(access.right.key())? {
                Some(entitlement) => entitlements.line(&*entitlement)?,
                // The file lacks it: what the grant says of it is all that is known.
                None => entitlements.line(&stub(&access.right))?,
            });
        }
        lines.dedup();
        parts.push(format!("\"entitlements\":[{}]", lines.join(",")));
        if let Some(environment) = &on.environment {
            parts.push(format!(
                "\"environment\":{}",
                serde_json::Value::from(environment.as_str())
            ));
        }
        output.text(if first { "\n" } else { ",\n" })?;
        first = false;
        output.json(&format!("{{{}}}", parts.join(",")))?;
    }
    Ok(())
}

/// An entitlement that the file has no row of, as a grant names it.
fn stub(right: &Right) -> v2::Entitlement {
    let on = &right.resource;
    v2::Entitlement {
        id: right.id.clone(),
        slug: right.slug.clone(),
        resource: Some(v2::Resource {
            id: Some(v2::ResourceId {
                resource_type: on.kind.clone(),
                resource: on.id.clone(),
                ..v2::ResourceId::default()
            }),
            ..v2::Resource::default()
        }),
        ..v2::Entitlement::default()
    }
}

/// The tree; returns what was answered.
///
/// # Errors
/// Those of the file and of stdout.
pub(super) fn tree(
    terminal: &Terminal,
    reading: &Reading,
    asker: Asker<'_, '_>,
    who: &Thing,
    pick: &Pick,
    all: bool,
) -> Result<Answered> {
    let found = collect(asker, who, pick)?;
    let mut drawing = Drawing {
        asker,
        names: asker.names(),
        all,
        filtered: *pick != Pick::default(),
        folded: false,
    };
    let mut nodes = drawing.head(who, &found)?;
    let power = |right: &Right| asker.ground.power(asker.names(), right).unwrap_or_default();
    let reach = held::arrange(&found.held, &power);
    let mut by_type: BTreeMap<&str, Vec<&Branch>> = BTreeMap::new();
    for branch in &reach.given {
        by_type
            .entry(&branch.right.resource.type_name)
            .or_default()
            .push(branch);
    }
    // Roles and groups, from which something follows, before what ends where it is.
    let mut sections: Vec<(&str, Vec<&Branch>)> = by_type.into_iter().collect();
    sections.sort_by_key(|(_, branches)| branches.iter().all(|b| b.follows.is_empty()));
    for (kind, branches) in sections {
        nodes.push(Node::blank());
        let mut section = Node::new(Tone::Bold, kind).and(Tone::Dim, format!(" · {} given", branches.len()));
        let (steps, ends): (Vec<&Branch>, Vec<&Branch>) = branches.into_iter().partition(|b| !b.follows.is_empty());
        for branch in &steps {
            section.push(drawing.branch(branch, false)?);
        }
        let shown = if all { ends.len() } else { GIVEN };
        for branch in ends.iter().take(shown) {
            section.push(drawing.branch(branch, false)?);
        }
        if let Some(rest) = ends.get(shown..).filter(|rest| !rest.is_empty()) {
            let rights: Vec<&Right> = rest.iter().map(|b| &b.right).collect();
            section.push(drawing.fold(&rights)?);
        }
        nodes.push(section);
    }
    if !reach.unexplained.is_empty() {
        nodes.push(Node::blank());
        let mut section = Node::new(Tone::Bold, "Held, and the file does not say through what");
        for child in drawing.rights(&reach.unexplained)? {
            section.push(child);
        }
        nodes.push(section);
    }
    if !reach.said.is_empty() {
        nodes.push(Node::blank());
        let mut section = Node::new(
            Tone::Bold,
            "Held by the file's word, through what it does not show to be held",
        );
        for (right, through) in &reach.said {
            let mut node = drawing.right(right, true)?;
            for right in through {
                let kind = format!("through {} ", right.resource.type_name);
                node.push(Node::new(Tone::Dim, kind).and(Tone::Plain, wording::label(drawing.names, right)?));
            }
            section.push(node);
        }
        nodes.push(section);
    }
    for section in drawing.beyond(&found.beyond)? {
        nodes.push(Node::blank());
        nodes.push(section);
    }
    if let Some(section) = told::gaps(&found.gaps, all) {
        nodes.push(Node::blank());
        nodes.push(section);
    }
    if drawing.folded {
        nodes.push(Node::blank());
        nodes.push(Node::new(Tone::Dim, "--all shows every line instead of counts."));
    }
    terminal.deliver(&reading.paging, |output| {
        nodes
            .iter()
            .try_for_each(|node| tree::write(output, node, terminal.layout()))
    })?;
    Ok(found.answered())
}

/// Clauses as a sentence.
fn sentence(clauses: &str) -> String {
    let mut chars = clauses.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

/// What is said of a way to things beyond what is held: at the head of the answer, then above the things.
fn words(reach: Reach) -> (&'static str, &'static str) {
    match reach {
        Reach::Scope => ("Its scope reaches", "Scope"),
        Reach::SelfGranting => (
            "Can give themselves access to",
            "Can give themselves access to these: to decide about access does not open them",
        ),
        Reach::On | Reach::Above | Reach::Inside => {
            ("Gets into", "Gets into these by what is held on something in them")
        }
    }
}

struct Drawing<'d, 's> {
    asker: Asker<'d, 's>,
    names: &'d Names<'s>,
    all: bool,
    /// Whether only some of what is held was asked for.
    filtered: bool,
    folded: bool,
}

impl Drawing<'_, '_> {
    /// Who it is, before what they hold.
    fn head(&self, who: &Thing, found: &Found) -> Result<Vec<Node>> {
        let resource = self.names.resource(&who.kind, &who.id)?;
        let now = self.names.snapshot().moment().map(Timestamp::as_second);
        let conventions = self.asker.ground.conventions();
        let machine = resource
            .as_ref()
            .map(|r| told_of_machine(r, conventions, now))
            .unwrap_or_default();
        let account = resource.and_then(|r| Account::of(&r, who.clone()));
        let mut title = Node::new(Tone::Bold, who.beside_email());
        let mut about = vec![who.type_name.clone(), format!("{}:{}", who.kind, who.id)];
        let mut node = None;
        if let Some(account) = account {
            if !account.email.is_empty() && account.email != who.name {
                title = title.and(Tone::Plain, format!(" <{}>", account.email));
            }
            let words = [account.account_type, account.status];
            about.extend(words.iter().filter(|w| !w.is_empty()).map(|w| (*w).to_owned()));
            node = Some(self.activity(account.last_login.as_deref()));
        }
        let mut line = Node::new(Tone::Plain, about.join(" · "));
        if let Some((tone, text)) = node {
            line = line.and(Tone::Plain, " · ").and(tone, text);
        }
        let held = &found.held;
        let given = held.iter().filter(|access| access.direct).count();
        let mut on: Vec<&Thing> = held.iter().map(|access| &access.right.resource).collect();
        on.sort();
        on.dedup();
        let what = format!(
            "{} on {}",
            wording::count(held.len(), "entitlement", "entitlements"),
            wording::count(on.len(), "resource", "resources"),
        );
        let mut holds = match (self.filtered, held.is_empty()) {
            (false, true) if found.beyond.is_empty() => "Holds nothing.".to_owned(),
            (false, true) => "Holds no entitlement.".to_owned(),
            (true, true) => "Holds nothing of that.".to_owned(),
            (true, false) => format!("Of what is held, this is shown: {what}, {given} given."),
            (false, false) => format!(
                "Holds {what}: {given} given, {} through {}.",
                held.len() - given,
                if given == 1 { "it" } else { "them" },
            ),
        };
        for of_kind in by_reach(&found.beyond) {
            let Some(first) = of_kind.first() else { continue };
            let mut things: Vec<&Thing> = of_kind.iter().map(|access| access.target()).collect();
            things.sort();
            things.dedup();
            let counts: Vec<String> = things
                .chunk_by(|a, b| a.kind == b.kind)
                .map(|of_type| format!("{} × {}", of_type.len(), of_type.first().map_or("", |t| &t.type_name)))
                .collect();
            holds.push_str(&format!(" {} {}.", words(first.reach).0, counts.join(", ")));
        }
        let mut nodes = vec![title, line];
        if !machine.is_empty() {
            nodes.push(Node::new(Tone::Plain, sentence(&machine.join("; "))));
        }
        nodes.push(Node::new(Tone::Plain, holds));
        Ok(nodes)
    }

    /// What is reached beyond what is held: by way, then by what leads there, then by type.
    fn beyond(&mut self, rows: &[Access]) -> Result<Vec<Node>> {
        let mut sections = Vec::new();
        for of_kind in by_reach(rows) {
            let Some(first) = of_kind.first() else { continue };
            let mut section = Node::new(Tone::Bold, words(first.reach).1);
            let mut by_right: Vec<(String, Vec<&Access>)> = Vec::new();
            let mut places: HashMap<String, usize> = HashMap::new();
            for access in of_kind {
                let label = match access.reach {
                    Reach::Scope => access.right.name.clone(),
                    _ => wording::label(self.names, &access.right)?,
                };
                let place = *places.entry(label.clone()).or_insert(by_right.len());
                match by_right.get_mut(place) {
                    Some((_, rows)) => rows.push(access),
                    None => by_right.push((label, vec![access])),
                }
            }
            for (label, rows) in by_right {
                let mut node = Node::new(Tone::Plain, label);
                let mut things: Vec<&Thing> = rows.iter().map(|access| access.target()).collect();
                things.sort_by(|a, b| (&a.kind, &a.name, &a.id).cmp(&(&b.kind, &b.name, &b.id)));
                things.dedup();
                for of_type in things.chunk_by(|a, b| a.kind == b.kind) {
                    self.things(of_type, &mut node)?;
                }
                section.push(node);
            }
            sections.push(section);
        }
        Ok(sections)
    }

    /// Things of one type: one by one, or counted where there are many.
    fn things(&mut self, things: &[&Thing], below: &mut Node) -> Result<()> {
        let kind = things.first().map_or("", |thing| &thing.type_name);
        if self.all || things.len() <= MOST {
            for thing in things {
                let name = self.asker.told(thing)?;
                below.push(Node::new(Tone::Dim, format!("{kind} ")).and(Tone::Plain, name));
            }
            return Ok(());
        }
        let examples = things.iter().take(EXAMPLES).map(|thing| self.asker.told(thing));
        let examples: Vec<String> = examples.collect::<Result<_>>()?;
        below.push(self.counted(kind, things.len(), &examples));
        Ok(())
    }

    fn activity(&self, last: Option<&str>) -> (Tone, String) {
        let Some(at) = last.and_then(|text| text.parse::<Timestamp>().ok()) else {
            return (Tone::Yellow, "no activity known".to_owned());
        };
        let day = at.to_string();
        let day = day.split('T').next().unwrap_or_default().to_owned();
        let Some(now) = self.names.snapshot().moment() else {
            return (Tone::Yellow, format!("last activity {day}"));
        };
        let days = (now.as_second() - at.as_second()) / 86_400;
        let tone = if days >= 90 { Tone::Yellow } else { Tone::Plain };
        let ago = match days {
            i64::MIN..=0 => "the day of the sync".to_owned(),
            1 => "1 day before the sync".to_owned(),
            days => format!("{days} days before the sync"),
        };
        (tone, format!("last activity {day}, {ago}"))
    }

    fn branch(&mut self, branch: &Branch, with_type: bool) -> Result<Node> {
        let mut node = self.right(&branch.right, with_type)?;
        if branch.ways > 1 {
            let least = if branch.is_least { "at least " } else { "" };
            let ways = wording::count(branch.ways, "way", "ways");
            node = node.and(Tone::Dim, format!(" · one of {least}{ways} to it"));
        }
        for of_type in branch
            .follows
            .chunk_by(|a, b| a.right.resource.kind == b.right.resource.kind)
        {
            // What has something below itself is never counted only: it is a step of other ways.
            let (steps, ends): (Vec<&Branch>, Vec<&Branch>) = of_type.iter().partition(|b| !b.follows.is_empty());
            for step in steps {
                node.push(self.branch(step, true)?);
            }
            if self.all || ends.len() <= MOST {
                for end in ends {
                    node.push(self.branch(end, true)?);
                }
            } else {
                let rights: Vec<&Right> = ends.iter().map(|b| &b.right).collect();
                node.push(self.fold(&rights)?);
            }
        }
        Ok(node)
    }

    fn rights(&mut self, rights: &[Right]) -> Result<Vec<Node>> {
        let mut nodes = Vec::new();
        for of_type in rights.chunk_by(|a, b| a.resource.kind == b.resource.kind) {
            if self.all || of_type.len() <= MOST {
                for right in of_type {
                    nodes.push(self.right(right, true)?);
                }
            } else {
                nodes.push(self.fold(&of_type.iter().collect::<Vec<_>>())?);
            }
        }
        Ok(nodes)
    }

    fn right(&self, right: &Right, with_type: bool) -> Result<Node> {
        let label = wording::label(self.names, right)?;
        let left_out = match right.left_out {
            0 => String::new(),
            steps => format!("… {} … ", wording::count(steps, "more step", "more steps")),
        };
        let label = left_out + &label;
        Ok(if with_type {
            Node::new(Tone::Dim, format!("{} ", right.resource.type_name)).and(Tone::Plain, label)
        } else {
            Node::new(Tone::Plain, label)
        })
    }

    fn fold(&mut self, rights: &[&Right]) -> Result<Node> {
        let kind = rights.first().map_or("", |r| r.resource.type_name.as_str());
        let examples: Vec<String> = rights
            .iter()
            .take(EXAMPLES)
            .map(|right| wording::label(self.names, right))
            .collect::<Result<_>>()?;
        Ok(self.counted(kind, rights.len(), &examples))
    }

    /// `Project × 8  Billing (prod), Payroll (prod), Sales (prod) and 5 more`
    fn counted(&mut self, kind: &str, total: usize, examples: &[String]) -> Node {
        self.folded = true;
        let more = match total - examples.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        Node::new(Tone::Dim, format!("{kind} "))
            .and(Tone::Plain, format!("× {total}"))
            .and(Tone::Dim, format!("  {}{more}", examples.join(", ")))
    }
}

/// Rows in groups of one way, in the order of ways.
fn by_reach(rows: &[Access]) -> Vec<Vec<&Access>> {
    let of = |reach: Reach| rows.iter().filter(|access| access.reach == reach).collect::<Vec<_>>();
    Reach::ALL.into_iter().map(of).filter(|rows| !rows.is_empty()).collect()
}

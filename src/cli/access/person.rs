//! What one principal can reach: as a tree of what was given and what follows, or as the published JSON with paths.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::rows::line;
use crate::baton::error::Result;
use crate::baton::json::Form;
use crate::cli::read::Reading;
use crate::report::access::{Access, Answers};
use crate::report::condition::moment_of;
use crate::report::names::Names;
use crate::report::question::{Pick, Target, ask};
use crate::report::reach::{self, Branch};
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

fn collect(answers: &Answers<'_>, who: &Thing, pick: &Pick) -> Result<Vec<Access>> {
    let mut found = Vec::new();
    ask(answers, &Target::Principal(who.clone()), pick, &mut |access| {
        found.push(access);
        Ok(())
    })?;
    Ok(found)
}

/// The published `ResourceAccessListOutput` (`principal`, `access`), with `paths` besides; returns how many grants.
///
/// # Errors
/// Those of the file and of stdout.
pub(super) fn json(
    terminal: &Terminal,
    reading: &Reading,
    answers: &Answers<'_>,
    who: &Thing,
    pick: &Pick,
) -> Result<usize> {
    let found = collect(answers, who, pick)?;
    let names = answers.names();
    terminal.deliver(&reading.paging, |output| {
        let form = Form::of("c1.connector.v2.Resource")?;
        output.text("{")?;
        if let Some(principal) = names.resource(&who.kind, &who.id)? {
            output.json(&format!("\"principal\":{},", form.line(&*principal)?))?;
        }
        output.text("\"access\":[")?;
        published(output, names, &form, &found)?;
        output.text("\n],\"paths\":[")?;
        for (at, access) in found.iter().enumerate() {
            output.text(if at == 0 { "\n" } else { ",\n" })?;
            output.json(&line(access)?)?;
        }
        output.text("\n]}\n")
    })?;
    Ok(found.len())
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
            if let Some(entitlement) = names.entitlement(&access.right.id)? {
                lines.push(entitlements.line(&*entitlement)?);
            }
        }
        lines.dedup();
        parts.push(format!("\"entitlements\":[{}]", lines.join(",")));
        output.text(if first { "\n" } else { ",\n" })?;
        first = false;
        output.json(&format!("{{{}}}", parts.join(",")))?;
    }
    Ok(())
}

/// The tree; returns how many grants it is made of.
///
/// # Errors
/// Those of the file and of stdout.
pub(super) fn tree(
    terminal: &Terminal,
    reading: &Reading,
    answers: &Answers<'_>,
    who: &Thing,
    pick: &Pick,
    all: bool,
) -> Result<usize> {
    let found = collect(answers, who, pick)?;
    let mut drawing = Drawing {
        names: answers.names(),
        all,
        filtered: *pick != Pick::default(),
        folded: false,
    };
    let mut nodes = drawing.head(who, &found)?;
    let reach = reach::arrange(&found);
    let mut by_type: BTreeMap<(bool, &str), Vec<&Branch>> = BTreeMap::new();
    for branch in &reach.given {
        by_type
            .entry((false, &branch.right.resource.type_name))
            .or_default()
            .push(branch);
    }
    // Roles and groups, from which something follows, before what ends where it is.
    let mut sections: Vec<(&str, Vec<&Branch>)> = by_type.into_iter().map(|((_, kind), b)| (kind, b)).collect();
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
    if drawing.folded {
        nodes.push(Node::blank());
        nodes.push(Node::new(Tone::Dim, "--all shows every line instead of counts."));
    }
    terminal.deliver(&reading.paging, |output| {
        nodes
            .iter()
            .try_for_each(|node| tree::write(output, node, terminal.layout()))
    })?;
    Ok(found.len())
}

struct Drawing<'d, 's> {
    names: &'d Names<'s>,
    all: bool,
    /// Whether only some of what is held was asked for.
    filtered: bool,
    folded: bool,
}

impl Drawing<'_, '_> {
    /// Who it is, before what they hold.
    fn head(&self, who: &Thing, found: &[Access]) -> Result<Vec<Node>> {
        let resource = self.names.resource(&who.kind, &who.id)?;
        let account = resource.and_then(|r| Account::of(&r, who.clone()));
        let mut title = Node::new(Tone::Bold, &who.name);
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
        let given = found.iter().filter(|access| access.direct).count();
        let mut on: Vec<&Thing> = found.iter().map(|access| &access.right.resource).collect();
        on.sort();
        on.dedup();
        let what = format!(
            "{} on {}",
            wording::count(found.len(), "entitlement", "entitlements"),
            wording::count(on.len(), "resource", "resources"),
        );
        let holds = match (self.filtered, found.is_empty()) {
            (false, true) => "Holds nothing.".to_owned(),
            (true, true) => "Holds nothing of that.".to_owned(),
            (true, false) => format!("Of what is held, this is shown: {what}, {given} given."),
            (false, false) => format!(
                "Holds {what}: {given} given, {} through {}.",
                found.len() - given,
                if given == 1 { "it" } else { "them" },
            ),
        };
        Ok(vec![title, line, Node::new(Tone::Plain, holds)])
    }

    fn activity(&self, last: Option<&str>) -> (Tone, String) {
        let Some(at) = last.and_then(|text| text.parse::<Timestamp>().ok()) else {
            return (Tone::Yellow, "no activity known".to_owned());
        };
        let now = moment_of(self.names.snapshot().run());
        let days = (now.as_second() - at.as_second()) / 86_400;
        let day = at.to_string();
        let day = day.split('T').next().unwrap_or_default().to_owned();
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
            node = node.and(Tone::Dim, format!(" · one of {} ways to it", branch.ways));
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
        Ok(if with_type {
            Node::new(Tone::Dim, format!("{} ", right.resource.type_name)).and(Tone::Plain, label)
        } else {
            Node::new(Tone::Plain, label)
        })
    }

    fn fold(&mut self, rights: &[&Right]) -> Result<Node> {
        self.folded = true;
        let kind = rights
            .first()
            .map(|r| r.resource.type_name.as_str())
            .unwrap_or_default();
        let examples: Vec<String> = rights
            .iter()
            .take(EXAMPLES)
            .map(|right| wording::label(self.names, right))
            .collect::<Result<_>>()?;
        let more = rights.len() - examples.len();
        Ok(Node::new(Tone::Dim, format!("{kind} "))
            .and(Tone::Plain, format!("× {}", rights.len()))
            .and(
                Tone::Dim,
                format!(
                    "  {}{}",
                    examples.join(", "),
                    if more > 0 {
                        format!(" and {more} more")
                    } else {
                        String::new()
                    }
                ),
            ))
    }
}

//! A graph for Graphviz: who holds what directly, and what that leads to. `dot -Tsvg access.dot > access.svg`.
//!
//! What follows from something else is not drawn: it can be read off the arrows. Where somebody holds more than a
//! dozen things of one type, such as the privileges of a role, one node stands for all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;

use super::Written;
use super::file::OutFile;
use super::sink::Sink;
use super::table::{Cell, Table};
use crate::baton::error::Result;
use crate::baton::visible;
use crate::report::thing::{Right, Thing};

/// Things of one type that are drawn one by one.
const DRAWN: usize = 12;
/// Characters of a label.
const LABEL: usize = 60;

/// The graph of an export.
pub(super) struct Graph {
    file: OutFile,
    drawn: BTreeSet<(String, String)>,
    nodes: u64,
}

impl Graph {
    pub(super) fn create(folder: &Path) -> Result<Graph> {
        let mut file = OutFile::create(folder, "access.dot")?;
        file.write_all(
            b"digraph access {\n  rankdir=LR;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n  \
              edge [fontname=\"sans-serif\", fontsize=10];\n",
        )?;
        Ok(Graph {
            file,
            drawn: BTreeSet::new(),
            nodes: 0,
        })
    }

    fn node(&mut self, thing: &Thing) -> Result<String> {
        let id = quoted(&format!("{}:{}", thing.kind, thing.id), usize::MAX);
        if self.drawn.insert((thing.kind.clone(), thing.id.clone())) {
            let (name, kind) = (quoted(&thing.told(), LABEL), quoted(&thing.type_name, LABEL));
            writeln!(self.file, "  {id} [label={name}, tooltip={kind}];")?;
            self.nodes += 1;
        }
        Ok(id)
    }
}

impl Sink for Graph {
    fn row(&mut self, _table: Table, _cells: &[Cell]) -> Result<()> {
        Ok(())
    }

    fn takes_given(&self) -> bool {
        true
    }

    fn given(&mut self, principal: &Thing, given: &[Right]) -> Result<()> {
        let mut by_type: BTreeMap<&str, Vec<&Right>> = BTreeMap::new();
        for right in given {
            by_type.entry(&right.resource.kind).or_default().push(right);
        }
        if by_type.is_empty() {
            return Ok(());
        }
        let from = self.node(principal)?;
        for (kind, list) in by_type {
            if list.len() > DRAWN {
                let type_name = list
                    .first()
                    .map(|right| right.resource.type_name.clone())
                    .unwrap_or_default();
                let id = quoted(&format!("{}:{} {kind}", principal.kind, principal.id), usize::MAX);
                let label = quoted(&format!("{} × {type_name}", list.len()), LABEL);
                writeln!(
                    self.file,
                    "  {id} [label={label}, style=\"rounded,dashed\"];\n  {from} -> {id};"
                )?;
                self.nodes += 1;
                continue;
            }
            for right in list {
                let to = self.node(&right.resource)?;
                let slug = quoted(&right.slug, LABEL);
                writeln!(self.file, "  {from} -> {to} [label={slug}];")?;
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Vec<Written>> {
        self.file.write_all(b"}\n")?;
        Ok(vec![self.file.finish(self.nodes)?])
    }
}

/// A quoted text, with everything harmful made visible.
fn quoted(text: &str, most: usize) -> String {
    let mut short: String = text.chars().take(most).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    let safe = visible::escape(&short, |_| false)
        .replace('\\', "\\\\")
        .replace('"', "\\\"");
    format!("\"{safe}\"")
}

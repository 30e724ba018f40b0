//! What one principal holds as a graph: an entitlement, and the ones it says to follow from, as far as the file has edges
//! that pass them on.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::Held;
use crate::baton::error::Result;
use crate::report::edges::{Edges, Passing};

/// Entitlements that a principal holds, all of them or those that lead to one.
#[derive(Debug, Default)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    places: HashMap<Rc<str>, Option<usize>>,
    /// Every id once: a thousand rights may each name the same thousand.
    ids: HashSet<Rc<str>>,
}

/// One entitlement that is held.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) id: Rc<str>,
    /// Whether somebody gave it.
    pub(super) is_direct: bool,
    /// What passes it on: places of nodes.
    pub(super) from: Vec<Source>,
    /// What the grant says to follow from, beside itself, whether or not anything passes that on.
    pub(super) said: Vec<Rc<str>>,
}

/// Something that passes an entitlement on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) node: usize,
    /// Only what is held directly is passed on.
    pub(super) is_shallow: bool,
}

impl Graph {
    /// Follows everything back from `roots`. Each entitlement is looked up once.
    pub(super) fn behind<'r>(
        edges: &Edges,
        principal_type: &str,
        roots: impl Iterator<Item = &'r str>,
        held: &mut Held<'_>,
    ) -> Result<Graph> {
        let mut graph = Graph::default();
        for root in roots {
            graph.place(root, held)?;
        }
        let mut next = 0;
        while let Some((id, said)) = graph
            .nodes
            .get(next)
            .map(|node| (Rc::clone(&node.id), node.said.clone()))
        {
            let mut from = Vec::new();
            for source in said {
                let Some(passing) = edges.passing(&source, &id, principal_type) else {
                    continue;
                };
                if let Some(node) = graph.place(&source, held)? {
                    from.push(Source {
                        node,
                        is_shallow: passing == Passing::Direct,
                    });
                }
            }
            if let Some(node) = graph.nodes.get_mut(next) {
                node.from = from;
            }
            next += 1;
        }
        Ok(graph)
    }

    /// The place of an entitlement, if it is held and was looked at.
    pub(super) fn find(&self, entitlement: &str) -> Option<usize> {
        self.places.get(entitlement).copied().flatten()
    }

    pub(super) fn id(&self, node: usize) -> Rc<str> {
        self.nodes
            .get(node)
            .map_or_else(|| "".into(), |node| Rc::clone(&node.id))
    }

    pub(super) fn is_direct(&self, node: usize) -> bool {
        self.nodes.get(node).is_some_and(|node| node.is_direct)
    }

    pub(super) fn from(&self, node: usize) -> &[Source] {
        self.nodes.get(node).map_or(&[], |node| node.from.as_slice())
    }

    fn place(&mut self, entitlement: &str, held: &mut Held<'_>) -> Result<Option<usize>> {
        if let Some(known) = self.places.get(entitlement) {
            return Ok(*known);
        }
        let id = self.named(entitlement);
        let place = held(entitlement)?.map(|origin| {
            let said = origin.sources().filter(|source| *source != entitlement);
            let said = said.map(|source| self.named(source)).collect();
            self.nodes.push(Node {
                id: Rc::clone(&id),
                is_direct: origin.is_direct(entitlement),
                from: Vec::new(),
                said,
            });
            self.nodes.len() - 1
        });
        self.places.insert(id, place);
        Ok(place)
    }

    fn named(&mut self, id: &str) -> Rc<str> {
        if let Some(known) = self.ids.get(id) {
            return Rc::clone(known);
        }
        let id: Rc<str> = id.into();
        self.ids.insert(Rc::clone(&id));
        id
    }
}

//! Resource types.

use super::{Heading, Line, List, Rows};
use crate::baton::error::Result;
use crate::baton::proto::v2;

const HEADINGS: &[Heading] = &[
    Heading::text("ID"),
    Heading::text("NAME"),
    Heading::text("TRAITS"),
    Heading::spare("DESCRIPTION"),
];

/// Every resource type of a sync.
pub struct ResourceTypes<'s>(pub &'s Rows<'s>);

struct One<'s>(&'s Rows<'s>, v2::ResourceType);

impl List for ResourceTypes<'_> {
    fn key(&self) -> &'static str {
        "resourceTypes"
    }

    fn headings(&self) -> &'static [Heading] {
        HEADINGS
    }

    fn fields(&self) -> &'static [&'static str] {
        &["id", "display_name", "traits", "description"]
    }

    fn for_each(&self, each: &mut dyn FnMut(&dyn Line) -> Result<()>) -> Result<()> {
        let snapshot = self.0.snapshot();
        snapshot
            .reader()
            .for_each_resource_type(snapshot.sync_id(), &mut |kind| each(&One(self.0, kind)))
    }
}

impl Line for One<'_> {
    fn json(&self) -> Result<String> {
        let kind = self.0.forms().resource_type.line(&self.1)?;
        Ok(format!("{{\"resourceType\":{kind}}}"))
    }

    fn cells(&self) -> Result<Vec<String>> {
        let kind = &self.1;
        Ok(vec![
            kind.id.clone(),
            kind.display_name.clone(),
            traits(kind).join(", "),
            kind.description.clone(),
        ])
    }

    fn record(&self) -> Result<Vec<String>> {
        let kind = &self.1;
        Ok(vec![
            kind.id.clone(),
            kind.display_name.clone(),
            traits(kind).join(";"),
            kind.description.clone(),
        ])
    }
}

/// The traits in small letters, without the prefix they have on the wire: `user`.
fn traits(kind: &v2::ResourceType) -> Vec<String> {
    let word = |t: v2::resource_type::Trait| t.as_str_name().trim_start_matches("TRAIT_").to_lowercase();
    kind.traits().map(word).collect()
}

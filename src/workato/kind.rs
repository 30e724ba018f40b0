//! What a resource type file provides. `mod.rs` lists the types; nothing else has to know them.

use std::fmt::Display;
use std::future::Future;

use prost_types::Timestamp;

use super::client::timestamp;
use super::directory::Directory;
use crate::baton::connector::SyncContext;
use crate::baton::error::Result;
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;

/// Rows of one page: well below the 4 MiB a gRPC message may have.
pub const PAGE: usize = 500;

/// One resource type: its rows, made from the tables of a sync.
pub trait ResourceKind {
    /// The resource type id, as published.
    const TYPE: &'static str;

    /// The type with its traits and annotations.
    fn resource_type() -> v2::ResourceType;

    /// Its resources. Everything is listed at top level, parents before children.
    fn resources(
        d: &Directory,
        cx: &SyncContext,
        page: &PageToken,
    ) -> impl Future<Output = Result<Page<v2::Resource>>> + Send;

    /// The entitlements on one of its resources; none unless the type says otherwise.
    fn entitlements(
        _: &Directory,
        _: &SyncContext,
        _: &v2::Resource,
    ) -> impl Future<Output = Result<Vec<v2::Entitlement>>> + Send {
        async { Ok(Vec::new()) }
    }

    /// The grants found on one of its resources; none unless the type says otherwise.
    fn grants(
        _: &Directory,
        _: &SyncContext,
        _: &v2::Resource,
        _: &PageToken,
    ) -> impl Future<Output = Result<Page<v2::Grant>>> + Send {
        async { Ok(Page::default()) }
    }
}

/// An id in a profile: a number where it is one, as published.
pub fn id_value(id: &impl Display) -> serde_json::Value {
    let text = id.to_string();
    text.parse::<i64>().map_or_else(|_| text.into(), Into::into)
}

/// An API timestamp in a profile: RFC 3339 in UTC with `Z`. Null stays null; a text that is no time stays as it is.
pub fn utc(text: Option<&str>) -> Option<String> {
    let text = text?;
    Some(timestamp(text).map_or_else(|| text.to_owned(), |at| at.to_string()))
}

/// An API timestamp as a protobuf one.
pub fn stamp(text: Option<&str>) -> Option<Timestamp> {
    let at = timestamp(text?)?;
    Some(Timestamp {
        seconds: at.as_second(),
        nanos: at.subsec_nanosecond(),
    })
}

/// The first text that is not empty.
pub fn first_of<'a>(texts: impl IntoIterator<Item = Option<&'a str>>) -> Option<&'a str> {
    texts.into_iter().flatten().find(|text| !text.is_empty())
}

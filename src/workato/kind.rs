//! What a resource type provides. `mod.rs` lists the types, and whatever goes through all of them (lists, writes,
//! capabilities, diagnosis) asks for it here; nothing else has to know them.

use std::fmt::Display;
use std::future::Future;

use prost_types::{Any, Timestamp};

use super::client::timestamp;
use super::probe::Probe;
use super::settings::Settings;
use super::tables::Tables;
use crate::baton::connector::{CreatedAccount, Granted, NewAccount, SyncContext, unsupported};
use crate::baton::error::Result;
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;
use crate::baton::seal::NewSecret;

/// Rows of one page: well below the 4 MiB a gRPC message may have.
pub const PAGE: usize = 500;

/// One resource type: its rows, made from the tables of a sync, and its writes.
pub trait ResourceKind {
    /// The resource type id, as published.
    const TYPE: &'static str;

    /// What can be done with it, as published.
    const CAPABILITIES: &'static [v2::Capability] = &[v2::Capability::Sync];

    /// The slug of the only entitlement of its resources; none for types with several, or whose rights nobody changes.
    const ONLY_SLUG: Option<&'static str> = None;

    /// What a diagnosis asks.
    const PROBES: &'static [Probe] = &[];

    /// The type with its traits and annotations.
    fn resource_type() -> v2::ResourceType;

    /// Whether a run with these settings has it.
    fn is_synced(_: &Settings) -> bool {
        true
    }

    /// Its resources. Everything is listed at top level, parents before children.
    fn resources(
        t: &Tables,
        cx: &SyncContext,
        page: &PageToken,
    ) -> impl Future<Output = Result<Page<v2::Resource>>> + Send;

    /// The entitlements on one of its resources; none unless the type says otherwise.
    fn entitlements(
        _: &Tables,
        _: &SyncContext,
        _: &v2::Resource,
    ) -> impl Future<Output = Result<Vec<v2::Entitlement>>> + Send {
        async { Ok(Vec::new()) }
    }

    /// The grants found on one of its resources; none unless the type says otherwise.
    fn grants(
        _: &Tables,
        _: &SyncContext,
        _: &v2::Resource,
        _: &PageToken,
    ) -> impl Future<Output = Result<Page<v2::Grant>>> + Send {
        async { Ok(Page::default()) }
    }

    /// The resources among whose grants those on one of its resources are listed; none unless the type says otherwise.
    fn granted_among(_: &Tables, _: &SyncContext, _: &str) -> impl Future<Output = Result<Vec<v2::ResourceId>>> + Send {
        async { Ok(Vec::new()) }
    }

    /// Gives a right on one of its resources.
    ///
    /// # Errors
    /// `Unimplemented` unless the type says otherwise.
    fn grant(_: &Tables, _: &SyncContext, _: &Right<'_>) -> impl Future<Output = Result<Granted>> + Send {
        async { Err(unsupported(Self::TYPE, "does not support granting")) }
    }

    /// Takes a right on one of its resources away.
    ///
    /// # Errors
    /// As [`ResourceKind::grant`].
    fn revoke(_: &Tables, _: &SyncContext, _: &Right<'_>) -> impl Future<Output = Result<Vec<Any>>> + Send {
        async { Err(unsupported(Self::TYPE, "does not support revoking")) }
    }

    /// The form of a new account, if there are accounts of this type.
    fn account_form() -> Option<v2::ConnectorAccountCreationSchema> {
        None
    }

    /// Makes an account.
    ///
    /// # Errors
    /// As [`ResourceKind::grant`].
    fn create(_: &Tables, _: &SyncContext, _: &NewAccount<'_>) -> impl Future<Output = Result<CreatedAccount>> + Send {
        async { Err(unsupported(Self::TYPE, "does not have accounts")) }
    }

    /// Makes the credential of one of its resources anew.
    ///
    /// # Errors
    /// As [`ResourceKind::grant`].
    fn rotate(_: &Tables, _: &SyncContext, _: &str) -> impl Future<Output = Result<NewSecret>> + Send {
        async { Err(unsupported(Self::TYPE, "does not support credential rotation")) }
    }

    /// Removes one of its resources, by the id.
    ///
    /// # Errors
    /// As [`ResourceKind::grant`].
    fn delete(_: &Tables, _: &SyncContext, _: &str) -> impl Future<Output = Result<Vec<Any>>> + Send {
        async { Err(unsupported(Self::TYPE, "does not have resource Delete() configured")) }
    }
}

/// A right that is to be given to somebody or taken away.
#[derive(Debug, Clone, Copy)]
pub struct Right<'a> {
    /// The resource.
    pub on: &'a v2::Resource,
    /// The slug of the entitlement.
    pub slug: &'a str,
    /// What the entitlement is called.
    pub text: &'a str,
    /// Whose it is.
    pub principal: &'a v2::Resource,
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

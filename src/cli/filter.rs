//! The filters of lists, under the letters of the public command line.

use clap::{Arg, ArgMatches};

use super::author::Typist;
use super::read::READING;
use super::{given, usage_error};
use crate::baton::error::Result;
use crate::report::list::Typed;

fn filter(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .value_name(value)
        .help(help)
        .help_heading(READING)
        .display_order(1)
}

/// `-t`.
pub fn resource_type() -> Arg {
    filter("resource-type", "TYPE", "Only of resources of this type").short('t')
}

/// `-r`.
pub fn resource() -> Arg {
    filter("resource", "WHAT", "Only of this resource: TYPE:ID, its ID or its name").short('r')
}

/// `--env`.
pub fn environment() -> Arg {
    filter(
        "env",
        "ENV",
        "The environment of what is named: projects and roles of one name are in several",
    )
}

/// `-e`.
pub fn entitlement() -> Arg {
    filter("entitlement", "ID", "Only of this entitlement").short('e')
}

/// `--principal`.
pub fn principal() -> Arg {
    filter(
        "principal",
        "WHO",
        "Only to this principal: TYPE:ID, an e-mail address, a name or a part of one",
    )
}

/// What was typed. Filters that a command does not have are not set.
///
/// # Errors
/// A filter with an empty text, and an environment of nothing: it would look like a filter of rows.
pub fn typed<'a>(own: &'a ArgMatches, author: &'a Typist<'a>) -> Result<Typed<'a>> {
    let typed = Typed {
        resource_type: given::text(own, "resource-type")?,
        resource: given::text(own, "resource")?,
        entitlement: given::text(own, "entitlement")?,
        principal: given::text(own, "principal")?,
        environment: given::text(own, "env")?,
        author: Some(author),
    };
    if typed.environment.is_some() && typed.resource.is_none() && typed.principal.is_none() {
        let error = usage_error("--env says the environment of what -r or --principal names, and neither is there");
        return Err(error.hint("name something, as in -r Billing --env prod"));
    }
    Ok(typed)
}

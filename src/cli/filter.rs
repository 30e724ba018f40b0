//! The filters of lists, under the letters of the public command line.

use clap::{Arg, ArgMatches};

use super::read::READING;
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
    filter(
        "resource",
        "TYPE:ID",
        "Only of this resource: TYPE:ID, or its ID with -t",
    )
    .short('r')
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

/// What was typed. Filters that a command does not have are not set, nor are empty ones.
pub fn typed(own: &ArgMatches) -> Typed<'_> {
    let text = |name: &str| {
        let value = own.try_get_one::<String>(name).ok().flatten();
        value.map(String::as_str).filter(|text| !text.is_empty())
    };
    Typed {
        resource_type: text("resource-type"),
        resource: text("resource"),
        entitlement: text("entitlement"),
        principal: text("principal"),
    }
}

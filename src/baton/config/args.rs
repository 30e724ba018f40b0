//! The command line of a field.
//!
//! Two things differ from clap's ways because scripts rely on the published ones (`baton/config/published.md 1.1`): a
//! flag that takes a value takes the next word whatever it looks like, and a bool takes a value only behind
//! `=`. Defaults and the environment are not clap's business: [`super::Values`] joins them.

use clap::{Arg, ArgAction, Command};

use super::field::{Default, Field, FieldKind, Support};
use super::kit;

/// What a command made of fields is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To parse a command line.
    Parse,
    /// To show help or to generate completions: bools look like switches.
    Show,
}

/// Adds the flags of `fields` to a command, in the order of the help's sections, what is advanced at the end. Fields that
/// `shown` does not name are hidden, and those that this version refuses.
#[must_use]
pub fn add(command: Command, fields: &[&'static Field], purpose: Purpose, shown: impl Fn(&Field) -> bool) -> Command {
    let mut ordered: Vec<&&'static Field> = fields.iter().collect();
    ordered.sort_by_key(|field| {
        let section = kit::HEADINGS.iter().position(|heading| *heading == field.heading);
        (field.advanced, section)
    });
    let is_there = |field: &Field| !matches!(field.support, Support::NotYet | Support::NotBuilt(_) | Support::Idle);
    let is_hidden = |field: &Field| field.hidden || !is_there(field) || !shown(field);
    command.args(
        ordered
            .into_iter()
            .map(|field| arg(field, purpose).hide(is_hidden(field))),
    )
}

fn arg(field: &'static Field, purpose: Purpose) -> Arg {
    let arg = Arg::new(field.name)
        .long(field.name)
        .help(help(field))
        .help_heading(if field.advanced { kit::ADVANCED } else { field.heading });
    let arg = match field.short {
        Some(letter) => arg.short(letter),
        None => arg,
    };
    match (field.kind, purpose) {
        (FieldKind::Bool, Purpose::Show) => arg.action(ArgAction::SetTrue),
        (FieldKind::Bool, Purpose::Parse) => arg
            .action(ArgAction::Set)
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true"),
        (FieldKind::List, _) => valued(arg, field).action(ArgAction::Append),
        (FieldKind::Text | FieldKind::Int, _) => valued(arg, field).action(ArgAction::Set),
    }
}

fn valued(arg: Arg, field: &'static Field) -> Arg {
    let name = match (field.kind, field.choices) {
        (FieldKind::Int, _) => "N",
        (FieldKind::List, _) => "LIST",
        (_, []) if field.name.ends_with("file") || field.name.ends_with("path") || field.name.ends_with("c1z") => {
            "PATH"
        }
        _ => "TEXT",
    };
    arg.value_name(name).num_args(1).allow_hyphen_values(true)
}

/// The help of a flag: what it does, its environment variable, its default.
fn help(field: &Field) -> String {
    let required = if field.required { "required: " } else { "" };
    let choices = match (field.choices, field.kind) {
        ([], _) | (_, FieldKind::Bool) => String::new(),
        (choices, _) if choices.iter().all(|choice| field.help.contains(choice)) => String::new(),
        (choices, _) => format!(": {}", choices.join(", ")),
    };
    let default = match field.default {
        Default::Text(text) if !text.is_empty() => format!(" (default {text:?})"),
        Default::Int(number) if number != 0 => format!(" (default {number})"),
        _ => String::new(),
    };
    format!("{required}{}{choices} (${}){default}", field.help, field.env())
}

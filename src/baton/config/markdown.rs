//! The settings as a Markdown table, for a document (`config` prints them for forms, `--help` for the terminal).

use super::field::{Default, Field, FieldKind, Support};
use super::kit;

/// A table of what works in this version, or in another build of it, and is not hidden, in the order and sections of `--help`.
pub fn table(fields: &[&'static Field]) -> String {
    let mut text = "| flag | variable | default | |\n| --- | --- | --- | --- |\n".to_owned();
    for heading in kit::HEADINGS {
        let shown = |field: &&&Field| {
            let is_told = !matches!(field.support, Support::NotYet | Support::NoEffect);
            field.heading == *heading && is_told && !field.hidden
        };
        let mut rows = fields.iter().filter(shown).peekable();
        if rows.peek().is_some() {
            text.push_str(&format!("| **{heading}** | | | |\n"));
        }
        rows.for_each(|field| text.push_str(&row(field)));
    }
    text
}

fn row(field: &Field) -> String {
    let short = field.short.map(|letter| format!("`-{letter}`, ")).unwrap_or_default();
    let default = match field.default {
        Default::Text(text) => format!("`{text}`"),
        Default::Int(number) => format!("`{number}`"),
        Default::Zero if field.kind == FieldKind::Bool => "off".to_owned(),
        Default::Zero => String::new(),
    };
    let required = if field.required { "Required. " } else { "" };
    let untold = field.choices.iter().any(|choice| !field.help.contains(choice));
    let choices = match field.choices {
        [_, ..] if untold => format!(": {}", field.choices.join(", ")),
        _ => String::new(),
    };
    let help = format!("{required}{}{choices}", field.help).replace('|', "\\|");
    format!(
        "| {short}`--{}` | `{}` | {default} | {help} |\n",
        field.name,
        field.env()
    )
}

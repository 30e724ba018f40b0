//! One setting: what it is called, what it takes, where it shows.

/// What a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// A text.
    Text,
    /// `--x` or `--x=true`.
    Bool,
    /// A whole number.
    Int,
    /// Texts: comma-separated, repeatable.
    List,
}

/// The value of a field that nobody set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Default {
    /// Empty text, false, 0 or no texts.
    Zero,
    /// A text.
    Text(&'static str),
    /// A number.
    Int(i64),
}

/// Where a field shows in the schema that `config` prints (`baton/config/published.md 2.2`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Export {
    /// Nowhere: only this program reads it.
    None,
    /// To operators.
    Ops,
    /// To the person who sets the connector up.
    Gui,
    /// Nowhere, but it is the connector's own.
    Cli,
}

/// What this version does with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// It works.
    Yes,
    /// It is declared; setting it to anything but its default is an error.
    NotYet,
    /// It works in a build with this cargo feature, which this one has not; setting it to anything but its default is an
    /// error.
    NotBuilt(&'static str),
    /// It shapes what this build has not: there is nothing for it to act on.
    Idle,
    /// It shapes the service mode; a one-shot run ignores it and says so.
    ServiceOnly,
    /// It is accepted and has nothing to act on, as published.
    NoEffect,
}

/// One setting. Built in tables of constants with the `const` methods below.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The flag without dashes; also the key in the config file.
    pub name: &'static str,
    /// Its environment variable, where that is not made of the name.
    pub variable: Option<&'static str>,
    /// What it takes.
    pub kind: FieldKind,
    /// Its value when nobody set it.
    pub default: Default,
    /// What it does, in one line.
    pub help: &'static str,
    /// Its name in a form; empty for fields that no form shows.
    pub display_name: &'static str,
    /// One-letter flag.
    pub short: Option<char>,
    /// Left out of `--help`.
    pub hidden: bool,
    /// Stands at the end of `--help`, under a heading of its own, and not in `-h`.
    pub advanced: bool,
    /// Where the schema shows it.
    pub export: Export,
    /// Its value is never printed.
    pub secret: bool,
    /// A run cannot do without it.
    pub required: bool,
    /// The only texts it takes; empty means any.
    pub choices: &'static [&'static str],
    /// Smallest and largest number it takes.
    pub range: Option<(i64, i64)>,
    /// The section of `--help` it stands in.
    pub heading: &'static str,
    /// What this version does with it.
    pub support: Support,
}

impl Field {
    const fn new(name: &'static str, kind: FieldKind, help: &'static str) -> Self {
        Field {
            name,
            variable: None,
            kind,
            default: Default::Zero,
            help,
            display_name: "",
            short: None,
            hidden: false,
            advanced: false,
            export: Export::None,
            secret: false,
            required: false,
            choices: &[],
            range: None,
            heading: "Other",
            support: Support::Yes,
        }
    }

    /// A text field.
    pub const fn text(name: &'static str, help: &'static str) -> Self {
        Field::new(name, FieldKind::Text, help)
    }

    /// A yes/no field.
    pub const fn bool(name: &'static str, help: &'static str) -> Self {
        Field::new(name, FieldKind::Bool, help)
    }

    /// A whole-number field.
    pub const fn int(name: &'static str, default: i64, help: &'static str) -> Self {
        let mut field = Field::new(name, FieldKind::Int, help);
        field.default = Default::Int(default);
        field
    }

    /// A field of several texts.
    pub const fn list(name: &'static str, help: &'static str) -> Self {
        Field::new(name, FieldKind::List, help)
    }

    /// With a default text.
    #[must_use]
    pub const fn default_text(mut self, text: &'static str) -> Self {
        self.default = Default::Text(text);
        self
    }

    /// With a name for forms.
    #[must_use]
    pub const fn display(mut self, name: &'static str) -> Self {
        self.display_name = name;
        self
    }

    /// With an environment variable of another name than its own.
    #[must_use]
    pub const fn variable(mut self, name: &'static str) -> Self {
        self.variable = Some(name);
        self
    }

    /// With a one-letter flag.
    #[must_use]
    pub const fn short(mut self, letter: char) -> Self {
        self.short = Some(letter);
        self
    }

    /// Left out of `--help`.
    #[must_use]
    pub const fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    /// At the end of `--help`, among what few need.
    #[must_use]
    pub const fn advanced(mut self) -> Self {
        self.advanced = true;
        self
    }

    /// Shown in the schema.
    #[must_use]
    pub const fn export(mut self, export: Export) -> Self {
        self.export = export;
        self
    }

    /// Never printed.
    #[must_use]
    pub const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// Must be set.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Takes only these texts.
    #[must_use]
    pub const fn choices(mut self, choices: &'static [&'static str]) -> Self {
        self.choices = choices;
        self
    }

    /// Takes only numbers from `low` to `high`, both included.
    #[must_use]
    pub const fn range(mut self, low: i64, high: i64) -> Self {
        self.range = Some((low, high));
        self
    }

    /// In this section of `--help`.
    #[must_use]
    pub const fn under(mut self, heading: &'static str) -> Self {
        self.heading = heading;
        self
    }

    /// With this support.
    #[must_use]
    pub const fn support(mut self, support: Support) -> Self {
        self.support = support;
        self
    }

    /// The name of its environment variable: `BATON_LOG_LEVEL`.
    pub fn env(&self) -> String {
        if let Some(variable) = self.variable {
            return variable.to_owned();
        }
        format!("BATON_{}", self.name.to_uppercase().replace('-', "_"))
    }
}

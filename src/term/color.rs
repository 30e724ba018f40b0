//! When to colour, and with what. Colour never carries meaning alone: every coloured text also says it in words.

use std::fmt::Display;
use std::str::FromStr;

use owo_colors::{OwoColorize as _, Style};

/// What the user wants (`--color`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ColorChoice {
    /// On a terminal, unless the environment says otherwise.
    #[default]
    Auto,
    /// Everywhere.
    Always,
    /// Nowhere.
    Never,
}

impl FromStr for ColorChoice {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        match word.trim().to_lowercase().as_str() {
            "auto" | "" => Ok(ColorChoice::Auto),
            "always" => Ok(ColorChoice::Always),
            "never" => Ok(ColorChoice::Never),
            _ => Err(()),
        }
    }
}

/// Colours of one stream, on or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paint {
    on: bool,
}

impl Paint {
    /// No colours.
    pub const OFF: Paint = Paint { on: false };
    /// Colours.
    pub const ON: Paint = Paint { on: true };

    /// Decides for a stream: the flag, then `NO_COLOR`, then `CLICOLOR_FORCE`, then whether it is a terminal
    /// that can show colours and `CLICOLOR` does not forbid them. Empty variables count as not set.
    pub fn decide(choice: ColorChoice, is_terminal: bool, env: &dyn Fn(&str) -> Option<String>) -> Self {
        let env = |name: &str| env(name).filter(|value| !value.is_empty());
        let on = match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto if env("NO_COLOR").is_some() => false,
            ColorChoice::Auto if env("CLICOLOR_FORCE").is_some_and(|v| v != "0") => true,
            ColorChoice::Auto => {
                is_terminal
                    && env("CLICOLOR").is_none_or(|v| v != "0")
                    && env("TERM").is_none_or(|terminal| terminal != "dumb")
            }
        };
        Paint { on }
    }

    /// Whether colours are on.
    pub fn is_on(self) -> bool {
        self.on
    }

    /// Titles.
    pub fn bold(self, text: impl Display) -> String {
        self.with(Style::new().bold(), text)
    }

    /// What matters less.
    pub fn dim(self, text: impl Display) -> String {
        self.with(Style::new().dimmed(), text)
    }

    /// Failures.
    pub fn red(self, text: impl Display) -> String {
        self.with(Style::new().red().bold(), text)
    }

    /// Warnings.
    pub fn yellow(self, text: impl Display) -> String {
        self.with(Style::new().yellow().bold(), text)
    }

    /// Success.
    pub fn green(self, text: impl Display) -> String {
        self.with(Style::new().green().bold(), text)
    }

    /// What to type, what to do.
    pub fn cyan(self, text: impl Display) -> String {
        self.with(Style::new().cyan(), text)
    }

    fn with(self, style: Style, text: impl Display) -> String {
        if self.on {
            text.style(style).to_string()
        } else {
            text.to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(choice: ColorChoice, is_terminal: bool, env: &[(&str, &str)]) -> bool {
        let look = |name: &str| env.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        Paint::decide(choice, is_terminal, &look).is_on()
    }

    #[test]
    fn the_flag_wins_then_the_environment_then_the_terminal() {
        use ColorChoice::{Always, Auto, Never};
        assert!(decide(Auto, true, &[]));
        assert!(!decide(Auto, false, &[]));
        assert!(decide(Always, false, &[("NO_COLOR", "1")]));
        assert!(!decide(Never, true, &[("CLICOLOR_FORCE", "1")]));
        assert!(!decide(Auto, true, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]));
        assert!(decide(Auto, true, &[("NO_COLOR", "")]));
        assert!(decide(Auto, false, &[("CLICOLOR_FORCE", "1")]));
        assert!(!decide(Auto, false, &[("CLICOLOR_FORCE", "0")]));
        assert!(!decide(Auto, true, &[("CLICOLOR", "0")]));
        assert!(!decide(Auto, true, &[("TERM", "dumb")]));
    }
}

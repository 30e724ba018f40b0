//! `manifests`: how to run this version as a service, printed for the place it is to run in.

use clap::{Arg, ArgMatches, Command};

use super::usage_error;
use crate::baton::error::Result;
use crate::term::Terminal;

const KUBERNETES: &str = include_str!("kubernetes.yaml");
const SYSTEMD: &str = include_str!("systemd.service");
const CRON: &str = include_str!("crontab");

/// The command.
pub fn command() -> Command {
    Command::new("manifests")
        .about("Print what runs this version as a service: for Kubernetes, systemd or cron")
        .arg(
            Arg::new("place")
                .required(true)
                .value_name("PLACE")
                .value_parser(["kubernetes", "systemd", "cron"])
                .ignore_case(true)
                .help("Where it is to run"),
        )
        .after_help(
            "Examples:\n  baton-workato manifests kubernetes > baton-workato.yaml\n  \
             baton-workato manifests systemd > /etc/systemd/system/baton-workato.service\n  \
             baton-workato manifests cron > /etc/cron.d/baton-workato",
        )
}

/// Prints one.
///
/// # Errors
/// Those of stdout.
pub fn run(terminal: &Terminal, own: &ArgMatches) -> Result<()> {
    let place = own.get_one::<String>("place").map(|place| place.to_lowercase());
    let text = match place.as_deref() {
        Some("kubernetes") => KUBERNETES,
        Some("systemd") => SYSTEMD,
        Some("cron") => CRON,
        _ => return Err(usage_error("no place is named").hint("kubernetes, systemd or cron")),
    };
    terminal.data(&text.replace("{version}", env!("CARGO_PKG_VERSION")))
}

#[cfg(test)]
mod tests {
    use super::{CRON, KUBERNETES, SYSTEMD};
    use crate::cli::fields;

    /// Variables that are no flags (`baton/config/published.md 1.6`).
    const OTHERS: &[&str] = &["BATON_HOST_ID", "BATON_TMPDIR"];

    #[test]
    fn every_variable_is_one_that_is_read() {
        let known: Vec<String> = fields::all().iter().map(|field| field.env()).collect();
        for text in [KUBERNETES, SYSTEMD, CRON] {
            let words = text.split(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'));
            for word in words.filter(|word| word.starts_with("BATON_")) {
                assert!(
                    OTHERS.contains(&word) || known.iter().any(|name| name == word),
                    "{word}"
                );
            }
        }
    }

    #[test]
    fn every_flag_is_one_that_exists() {
        for text in [KUBERNETES, SYSTEMD, CRON] {
            let words = text
                .split_whitespace()
                .map(|word| word.trim_matches(['"', ',', '[', ']']));
            for flag in words
                .filter(|word| *word != "---")
                .filter_map(|word| word.strip_prefix("--"))
            {
                let known = fields::all().iter().any(|field| field.name == flag);
                // Of systemctl, of health-check and of diff.
                let others = ["now", "endpoint", "since", "fail-if-gained"];
                assert!(known || others.contains(&flag), "--{flag}");
            }
        }
    }
}

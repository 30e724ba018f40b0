//! `manifests`: how to run this version, printed for the place it is to run in.

#[cfg(test)]
mod tests;

use clap::{Arg, ArgMatches, Command, value_parser};

use super::{bad_value, usage_error};
use crate::baton::error::Result;
use crate::term::Terminal;

/// The places, and what is printed for each. `{version}`, `{image}` and `{keep}` are filled in.
const PLACES: [(&str, &str); 5] = [
    ("kubernetes", include_str!("kubernetes.yaml")),
    ("compose", include_str!("compose.yaml")),
    ("systemd", include_str!("systemd.service")),
    ("cron", include_str!("crontab")),
    ("github-action", include_str!("github-action.yaml")),
];

const IMAGE: &str = "{image}";
const KEEP: &str = "{keep}";
/// One sync a night: the newest, the seven before it, and one for a night that was late.
const NIGHTS: u32 = 9;

/// The command.
pub fn command() -> Command {
    Command::new("manifests")
        .about("Print what runs this version: Kubernetes, Compose, systemd, cron, GitHub Actions")
        .arg(
            Arg::new("place")
                .required(true)
                .value_name("PLACE")
                .value_parser(PLACES.map(|(place, _)| place))
                .ignore_case(true)
                .help("Where it is to run"),
        )
        .arg(
            Arg::new("image")
                .long("image")
                .value_name("IMAGE")
                .help("The container image (default: this version's, as `docker build` of the repository names it)"),
        )
        .after_help(
            "Each says at its top what to edit.\n\n\
             Examples:\n  baton-workato manifests kubernetes --image registry.example/baton-workato:1 > baton-workato.yaml\n  \
             baton-workato manifests compose > compose.yaml\n  \
             baton-workato manifests systemd > /etc/systemd/system/baton-workato.service\n  \
             baton-workato manifests cron --keep 35 > /etc/cron.d/baton-workato\n  \
             baton-workato manifests github-action > .github/workflows/workato-access.yaml",
        )
}

/// The flag of the kit that counts syncs, as it is read here.
pub fn keep(keep: Arg) -> Arg {
    keep.hide(false)
        .value_parser(value_parser!(u32).range(1..=1_000_000))
        .help_heading(None)
        .help(format!(
            "How many syncs the file keeps, where there is one (default {NIGHTS})"
        ))
}

/// Prints one.
///
/// # Errors
/// What was given says nothing in that place, or is no name of an image; those of stdout.
pub fn run(terminal: &Terminal, own: &ArgMatches) -> Result<()> {
    let place = own.get_one::<String>("place").map(|place| place.to_lowercase());
    let image = own.get_one::<String>("image").map(String::as_str);
    let keep = own.get_one::<u32>("keep").copied();
    terminal.data(&manifest(place.as_deref().unwrap_or_default(), image, keep)?)
}

fn manifest(place: &str, image: Option<&str>, keep: Option<u32>) -> Result<String> {
    let Some((_, text)) = PLACES.iter().find(|(known, _)| *known == place) else {
        let all = PLACES.map(|(place, _)| place).join(", ");
        return Err(usage_error("no place is named").hint(format!("one of {all}")));
    };
    if image.is_some() && !text.contains(IMAGE) {
        return Err(usage_error(format!("{place} runs no container image")).hint("leave --image out"));
    }
    if keep.is_some() && !text.contains(KEEP) {
        let message = format!("{place} runs the connector of ConductorOne, which keeps the syncs itself");
        return Err(usage_error(message).hint("leave --keep out, or take compose, cron or github-action"));
    }
    if let Some(image) = image.filter(|image| !is_image(image)) {
        return Err(
            bad_value(format!("--image: {image:?} is not the name of a container image"))
                .hint("write it as registry.example/baton-workato:1"),
        );
    }
    let version = env!("CARGO_PKG_VERSION");
    let own = format!("baton-workato:{version}");
    let keep = keep.unwrap_or(NIGHTS).to_string();
    Ok(text
        .replace("{version}", version)
        .replace(IMAGE, image.unwrap_or(&own))
        .replace(KEEP, &keep))
}

/// Whether a text can be the name of an image: letters, digits and what stands between them. None of it means anything
/// to YAML in quotes or to a shell.
fn is_image(text: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || "-_./:@".contains(c);
    text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(part)
}

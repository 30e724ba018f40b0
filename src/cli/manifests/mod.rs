//! `manifests`: how to run this version, printed for the place it is to run in.

mod fleet;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

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
        .arg(
            Arg::new("fleet")
                .long("fleet")
                .value_name("FLEET")
                .value_parser(value_parser!(PathBuf))
                .help("With kubernetes: sync this fleet every night, instead of running the connector"),
        )
        .arg(
            Arg::new("shards")
                .long("shards")
                .value_name("N")
                .requires("fleet")
                .value_parser(value_parser!(u32).range(1..=1_000))
                .default_value("1")
                .help("Among so many processes"),
        )
        .arg(
            Arg::new("serve")
                .long("serve")
                .requires("fleet")
                .action(ArgAction::SetTrue)
                .help("Stay connected to ConductorOne for its workspaces, instead of syncing them every night"),
        )
        .arg(
            Arg::new("secret")
                .long("secret")
                .value_name("NAME")
                .requires("fleet")
                .default_value("baton-workato-fleet")
                .help("The secret of the cluster that holds the tokens"),
        )
        .after_help(
            "Each says at its top what to edit.\n\n\
             Examples:\n  baton-workato manifests kubernetes --image registry.example/baton-workato:1 > baton-workato.yaml\n  \
             baton-workato manifests compose > compose.yaml\n  \
             baton-workato manifests systemd > /etc/systemd/system/baton-workato.service\n  \
             baton-workato manifests cron --keep 35 > /etc/cron.d/baton-workato\n  \
             baton-workato manifests kubernetes --fleet fleet.yaml --shards 8 > fleet-nightly.yaml\n  \
             baton-workato manifests kubernetes --fleet fleet.yaml --shards 8 --serve > fleet-serve.yaml\n  \
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
    if let Some(fleet) = own.get_one::<PathBuf>("fleet") {
        if place.as_deref() != Some("kubernetes") {
            return Err(usage_error("--fleet is for kubernetes").hint("elsewhere run `baton-workato fleet sync`"));
        }
        if keep.is_some() {
            return Err(
                usage_error("how many syncs a file of a fleet keeps is said in the fleet").hint("settings: {keep: 9}"),
            );
        }
        let secret = own.get_one::<String>("secret").map_or("", String::as_str);
        if !is_label(secret) {
            return Err(bad_value(format!("--secret: {secret:?} is not the name of a secret"))
                .hint("small letters, digits and dashes, at most 63"));
        }
        return terminal.data(&fleet::manifest(&fleet::Wanted {
            fleet,
            shards: own.get_one::<u32>("shards").copied().unwrap_or(1),
            serves: own.get_flag("serve"),
            secret,
            image: &image_of(image)?,
        })?);
    }
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
    let image = image_of(image)?;
    let version = env!("CARGO_PKG_VERSION");
    let keep = keep.unwrap_or(NIGHTS).to_string();
    Ok(text
        .replace("{version}", version)
        .replace(IMAGE, &image)
        .replace(KEEP, &keep))
}

/// The image, or the one that this version is built as.
fn image_of(image: Option<&str>) -> Result<String> {
    match image {
        None => Ok(format!("baton-workato:{}", env!("CARGO_PKG_VERSION"))),
        Some(image) if is_image(image) => Ok(image.to_owned()),
        Some(image) => Err(
            bad_value(format!("--image: {image:?} is not the name of a container image"))
                .hint("write it as registry.example/baton-workato:1"),
        ),
    }
}

/// Whether a text can name something in a cluster.
fn is_label(text: &str) -> bool {
    let part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=63).contains(&text.len()) && text.chars().all(part) && !text.starts_with('-') && !text.ends_with('-')
}

/// Whether a text can be the name of an image: letters, digits and what stands between them. None of it means anything
/// to YAML in quotes or to a shell.
fn is_image(text: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || "-_./:@".contains(c);
    text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(part)
}

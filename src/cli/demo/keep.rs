//! `demo --keep`: the simulated workspace had a yesterday, and stays until Ctrl-C for commands of another terminal.

use clap::{Arg, ArgMatches};
use tokio_util::sync::CancellationToken;

use crate::baton::error::Result;
use crate::baton::shell;
use crate::baton::sync::summary::Summary;
use crate::cli::program::NAME;
use crate::simulator::{Env, Gained, Simulator, Workspace};
use crate::term::Terminal;
use crate::workato::config;

/// The name of the flag. With a number it is the kit's, which counts the syncs that a file keeps.
const FLAG: &str = "keep";
/// What the flag without a number comes down to: the kit's default, spelled as nobody spells it.
const WITHOUT_A_NUMBER: &str = "+2";
/// The commands of another terminal have no quota to spare.
const REQUESTS_PER_MINUTE: &str = "100000";

/// The flag as it is read here: the number may be left out.
pub fn flag(flag: Arg) -> Arg {
    flag.num_args(0..=1)
        .allow_hyphen_values(false)
        .allow_negative_numbers(true)
        .default_missing_value(WITHOUT_A_NUMBER)
        .hide(false)
        .value_name("N")
        .help_heading(None)
        .help(
            "Write two syncs, of yesterday and of today, and leave the workspace running until Ctrl-C; with a number \
             only keep so many syncs in the file",
        )
}

/// Whether the workspace is to stay.
pub fn is_asked(own: &ArgMatches) -> bool {
    own.get_one::<String>(FLAG).is_some_and(|text| text == WITHOUT_A_NUMBER)
}

/// Says where the workspace is and what can be done with it, and waits for the end. The variables go to stdout.
///
/// # Errors
/// Those of stdout.
pub async fn stay(terminal: &Terminal, stage: &Stage<'_>, end: &CancellationToken) -> Result<()> {
    terminal.say("\nThe simulated workspace runs until Ctrl-C. In another terminal:\n");
    terminal.data(&variables(stage.simulator))?;
    terminal.say("");
    for command in commands(stage) {
        terminal.say(&command);
    }
    end.cancelled().await;
    Ok(())
}

/// What there is to try something on.
#[derive(Debug)]
pub struct Stage<'a> {
    /// The workspace.
    pub simulator: &'a Simulator,
    /// The sync of yesterday.
    pub before: &'a Summary,
    /// The sync of today.
    pub now: &'a Summary,
    /// Who gained what in between.
    pub gained: Option<&'a Gained>,
}

/// Lines that a shell takes as they are. The tokens open nothing but this simulation.
fn variables(simulator: &Simulator) -> String {
    let base_url = simulator.base_url();
    let [dev, test, prod] = Env::ALL.map(|env| simulator.token(env));
    let values = [
        (config::BASE_URL.field().env(), base_url.as_str()),
        (config::API_KEY.field().env(), dev.as_str()),
        (config::TEST_API_KEY.field().env(), test.as_str()),
        (config::PROD_API_KEY.field().env(), prod.as_str()),
        (config::ENV.field().env(), "all"),
        (config::REQUESTS_PER_MINUTE.field().env(), REQUESTS_PER_MINUTE),
    ];
    let line = |(name, value): (String, &str)| format!("export {name}={}\n", shell::word(value));
    values.into_iter().map(line).collect()
}

/// Commands that work as they are printed.
fn commands(stage: &Stage<'_>) -> Vec<String> {
    let file = shell::word(&stage.now.file.display().to_string());
    let mut commands = vec![
        format!("{NAME} doctor"),
        format!("{NAME} diff --base-sync-id {} -f {file}", stage.before.sync_id),
        format!("{NAME} findings --new-since {} -f {file}", stage.before.sync_id),
    ];
    let who = |gained: &Gained| named(&stage.simulator.workspace(), gained.person);
    if let Some(gained) = stage.gained {
        let (role, env, who) = (shell::quoted(&gained.role), gained.env.as_str(), who(gained));
        commands.push(format!("{NAME} revoke {role} in {env} from {who} -f {file}"));
        commands.push(format!("{NAME} grant {role} in {env} to {who} -f {file}"));
    }
    commands
}

/// A person as a command names them: by address, by id where there is none.
fn named(workspace: &Workspace, person: u64) -> String {
    let found = workspace.people.iter().find(|known| known.id == person);
    match found.and_then(|person| person.email.as_deref()) {
        Some(email) => shell::word(email),
        None => person.to_string(),
    }
}

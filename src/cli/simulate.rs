//! `simulate`: a simulated workspace on a loopback port until stdin closes, for checks that start the program from
//! outside. Hidden: it is no part of the published command line.

use clap::{Arg, ArgMatches, Command, value_parser};
use tokio_util::sync::CancellationToken;

use super::launch::{self, Rules};
use super::sync::in_runtime;
use super::{demo, interrupt, logging};
use crate::baton::error::Result;
use crate::simulator::{Customer, Env, MembersForm, Shape, Workspace};
use crate::term::Terminal;

/// The command: the workspace is shaped as that of `demo`.
pub fn command() -> Command {
    demo::workspace_flags(Command::new("simulate").about("Serve a simulated workspace until stdin closes"))
        .arg(
            Arg::new("customers")
                .long("customers")
                .value_name("N")
                .default_value("0")
                .value_parser(value_parser!(u32).range(0..=10_000))
                .help("Be a partner with so many customers, each with such a workspace, from the seed on"),
        )
        .hide(true)
}

/// Prints where the workspace is and its tokens as one line of JSON, and serves it until stdin closes or a signal
/// comes. Both are a clean end.
///
/// # Errors
/// No port, no stdout.
pub fn run(terminal: &Terminal, root: &ArgMatches, own: &ArgMatches) -> Result<()> {
    let values = launch::settings(&[root, own], Rules::Kit)?;
    logging::start_as_published(&values, terminal)?;
    let workspace = demo::workspace(own);
    let customers = own.get_one::<u32>("customers").copied().unwrap_or_default();
    in_runtime(async {
        let stop = CancellationToken::new();
        interrupt::listen(&stop);
        let (simulator, _) = demo::simulate(&workspace).await?;
        simulator.set_customers((0..customers).map(|n| customer(&workspace, u64::from(n))).collect());
        let place = serde_json::json!({
            "base_url": simulator.base_url(),
            "tokens": {
                "dev": simulator.token(Env::Dev),
                "test": simulator.token(Env::Test),
                "prod": simulator.token(Env::Prod),
            },
        });
        terminal.data(&format!("{place}\n"))?;
        let closed = stop.clone();
        // A thread of its own: a read that never ends must not keep the runtime from ending.
        std::thread::spawn(move || {
            // End or error, nobody is there any more.
            let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
            closed.cancel();
        });
        stop.cancelled().await;
        Ok(())
    })
}

/// A customer with a workspace of its own, and one of the forms that lists of people may have.
fn customer(workspace: &demo::Workspace, n: u64) -> Customer {
    const FIRST: u64 = 91_001;
    let forms = [MembersForm::Array, MembersForm::Result, MembersForm::Data];
    let shape = Shape {
        seed: workspace.seed.wrapping_add(n),
        environments: vec![Env::Dev],
        ..demo::shape(workspace)
    };
    let form = usize::try_from(n).unwrap_or_default() % forms.len();
    Customer {
        id: FIRST + n,
        external_id: Some(format!("A{n}")),
        workspace: Workspace::generate(&shape),
        members: forms.get(form).copied().unwrap_or_default(),
    }
}

//! The README, followed by a person who types what it prints: every command of it runs, in its order, in a fresh folder,
//! and shows what it says.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use baton_workato::simulator::{AgentsShape, Behavior, Env, Shape, Simulator, Workspace};

use crate::support::program::PROGRAM;

const README: &str = include_str!("../../README.md");

/// A block of code, and how it is marked.
#[derive(Debug)]
struct Block {
    mark: String,
    text: String,
}

fn blocks() -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut is_open = false;
    for line in README.lines() {
        match line.strip_prefix("```") {
            Some(mark) if !is_open => blocks.push(Block {
                mark: mark.to_owned(),
                text: String::new(),
            }),
            Some(_) => {}
            None if is_open => blocks.last_mut().unwrap().text.push_str(&format!("{line}\n")),
            None => continue,
        }
        is_open ^= line.starts_with("```");
    }
    blocks
}

/// Puts the program on the path, and a `cargo` that runs it: it is what `cargo run --release` would have built.
fn install(bin: &Path) {
    std::fs::create_dir(bin).unwrap();
    std::os::unix::fs::symlink(PROGRAM, bin.join("baton-workato")).unwrap();
    let cargo = bin.join("cargo");
    let script = "#!/bin/sh\n[ \"$1 $2 $3\" = 'run --release --' ] || exit 99\nshift 3\nexec baton-workato \"$@\"\n";
    std::fs::write(&cargo, script).unwrap();
    std::fs::set_permissions(&cargo, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Runs a block, with the token on its standard input for whoever asks for one.
async fn typed(block: String, folder: &Path, simulator: &Simulator) -> Output {
    let mut shell = Command::new("bash");
    let path = format!("{}:{}", folder.join("bin").display(), std::env::var("PATH").unwrap());
    shell
        .args(["-euo", "pipefail", "-c", &block])
        .current_dir(folder.join("work"))
        .env_clear()
        .env("PATH", path)
        .env("HOME", folder)
        .env("BATON_WORKATO_BASE_URL", simulator.base_url())
        // Every block is a shell of its own; a person exports once.
        .env("BATON_WORKATO_API_KEY", simulator.token(Env::Dev))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let token = format!("{}\n", simulator.token(Env::Dev));
    tokio::task::spawn_blocking(move || {
        use std::io::Write as _;
        let mut child = shell.spawn().unwrap();
        // Most blocks never read it.
        let _ = child.stdin.take().unwrap().write_all(token.as_bytes());
        child.wait_with_output().unwrap()
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_readme_runs_and_shows_what_it_says() {
    let place = tempfile::tempdir().unwrap();
    install(&place.path().join("bin"));
    std::fs::create_dir(place.path().join("work")).unwrap();
    let shape = Shape {
        people: 60,
        projects: 12,
        agents: Some(AgentsShape::demo()),
        ..Shape::default()
    };
    let simulator = Simulator::start(Workspace::generate(&shape), Behavior::default())
        .await
        .unwrap();
    let (mut commands, mut shown) = (0, String::new());
    for block in blocks() {
        match block.mark.as_str() {
            "sh" => {
                commands += block.text.matches("baton-workato ").count() + block.text.matches("cargo ").count();
                let output = typed(block.text.clone(), place.path(), &simulator).await;
                shown = String::from_utf8(output.stdout).unwrap();
                let talk = String::from_utf8_lossy(&output.stderr).into_owned();
                assert!(
                    output.status.success(),
                    "{}\n{}\n{shown}\n{talk}",
                    block.text,
                    output.status
                );
            }
            // What the block before it shows, lines left out.
            "text" => {
                let mut rest = shown.as_str();
                for line in block.text.lines() {
                    let at = rest.find(line);
                    assert!(at.is_some(), "not shown, or not in this order: {line}\n{shown}");
                    rest = &rest[at.unwrap() + line.len()..];
                }
            }
            mark => panic!("a block marked {mark:?} is neither run nor looked at"),
        }
    }
    assert!(commands > 12, "{commands}");
}

#[test]
fn the_readme_is_short_and_its_links_lead_somewhere() {
    assert!(README.lines().count() <= 165);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for part in README.split("](").skip(1) {
        let target = part.split(')').next().unwrap();
        assert!(target.starts_with("https://") || root.join(target).exists(), "{target}");
    }
}

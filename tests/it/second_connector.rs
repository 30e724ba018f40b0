//! The kit, proven by a second connector: [`rota`] is all that is written for it, and settings, sync, file, gRPC
//! services and service mode run it unchanged.

mod rota;

use std::path::Path;
use std::sync::Arc;

use baton_workato::baton::c1z::Reader;
use baton_workato::baton::config::args::{self, Purpose};
use baton_workato::baton::config::values::Surroundings;
use baton_workato::baton::config::{Field, Values, check, kit, schema};
use baton_workato::baton::connector;
use baton_workato::baton::entitlement;
use baton_workato::baton::error::Result;
use baton_workato::baton::grant::GrantBuilder;
use baton_workato::baton::grpc::Switches;
use baton_workato::baton::http::HttpOptions;
use baton_workato::baton::proto::c1::connectorapi::baton::v1::task::{self, TaskType};
use baton_workato::baton::proto::v2;
use baton_workato::baton::proto::v2::grant_manager_service_client::GrantManagerServiceClient;
use baton_workato::baton::resource::{ResourceBuilder, id};

use self::rota::Rota;
use crate::grpc::Served;
use crate::grpc::remote::Remote;
use crate::service::memory;
use crate::service::stand_in::{StandIn, TenantBehavior};
use crate::support::program::program;
use crate::support::rows::Rows;
use crate::support::run;

const TEAMS: &str = "day: ada, bob, cyd; night: dee, ada; spare: eve";

fn fields() -> Vec<&'static Field> {
    rota::FIELDS.iter().chain(kit::FIELDS).collect()
}

/// The settings of a command line and a variable.
fn values(words: &[&str], variable: Option<&str>) -> Result<Values> {
    let command = args::add(clap::Command::new("baton-rota"), &fields(), Purpose::Parse, |_| true);
    let matches = command.get_matches_from([&["baton-rota"], words].concat());
    let around = Surroundings {
        env: &|name| variable.filter(|_| name == "BATON_ROTA").map(std::ffi::OsString::from),
        directory: Path::new("/nowhere"),
    };
    let values = Values::load(&fields(), &[&matches], &around)?;
    check::required(&fields(), &values)?;
    Ok(values)
}

fn rota() -> Rota {
    Rota::of(&values(&["--rota", TEAMS], None).unwrap()).unwrap()
}

fn teams(rota: &Rota) -> String {
    let teams = rota.0.lock().unwrap();
    let team = |(name, people): (&String, &std::collections::BTreeSet<String>)| {
        format!(
            "{name}: {}",
            Vec::from_iter(people.iter().map(String::as_str)).join(", ")
        )
    };
    Vec::from_iter(teams.iter().map(team)).join("; ")
}

/// Who holds what, indirect grants as well.
fn holdings(rows: &Rows) -> Vec<&str> {
    rows.grants.keys().map(String::as_str).collect()
}

const HOLDINGS: [&str; 15] = [
    "shift:day:on-call:person:ada",
    "shift:day:on-call:person:bob",
    "shift:day:on-call:person:cyd",
    "shift:day:on-call:team:day",
    "shift:night:on-call:person:ada",
    "shift:night:on-call:person:dee",
    "shift:night:on-call:team:night",
    "shift:spare:on-call:person:eve",
    "shift:spare:on-call:team:spare",
    "team:day:member:person:ada",
    "team:day:member:person:bob",
    "team:day:member:person:cyd",
    "team:night:member:person:ada",
    "team:night:member:person:dee",
    "team:spare:member:person:eve",
];

#[test]
fn it_is_written_in_an_afternoon() {
    let source = include_str!("second_connector/rota.rs");
    assert!(source.lines().count() < 160, "{} lines", source.lines().count());
    let imports = source.lines().filter(|line| line.contains("baton_workato::"));
    for import in imports {
        assert!(import.starts_with("use baton_workato::baton::"), "{import}");
    }
}

#[test]
fn its_settings_come_from_flags_and_variables_and_show_in_the_form() {
    let from_flag = Rota::of(&values(&["--rota", TEAMS], Some("x: y")).unwrap()).unwrap();
    let from_variable = Rota::of(&values(&[], Some(TEAMS)).unwrap()).unwrap();
    assert_eq!(teams(&from_flag), "day: ada, bob, cyd; night: ada, dee; spare: eve");
    assert_eq!(teams(&from_variable), teams(&from_flag));
    assert_eq!(values(&[], None).unwrap_err().kind().exit_code(), 2);
    assert!(Rota::of(&values(&["--rota", "day"], None).unwrap()).is_err());

    let about = schema::About {
        display_name: "Rota",
        help_url: "",
        icon_url: "",
    };
    let form = schema::json(&schema::configuration(&fields(), about)).unwrap();
    let form: serde_json::Value = serde_json::from_str(&form).unwrap();
    let names = form["fields"].as_array().unwrap().iter().map(|field| &field["name"]);
    assert!(names.clone().any(|name| name == "rota") && names.clone().any(|name| name == "log-level"));
}

#[tokio::test]
async fn it_syncs_into_a_file_that_every_command_reads() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rota.c1z");
    let summary = run::connector(rota(), &run::options(&file)).await.unwrap();
    assert_eq!(summary.warnings, Vec::new());
    let rows = Rows::of_file(&file);
    assert_eq!(holdings(&rows), HOLDINGS);
    assert_eq!(rows.resources.len(), 5 + 3 + 3);
    // Again: the same rows beside the first ones.
    run::connector(rota(), &run::options(&file)).await.unwrap();
    assert_eq!(Rows::of_file(&file), rows);

    let answer = |words: &[&str]| {
        let mut command = program();
        let output = command.args(words).arg("-f").arg(&file).output().unwrap();
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    answer(&["verify", "--all"]);
    let reached = answer(&["access", "ada@rota.example", "-o", "csv"]);
    assert!(
        reached.contains("night") && reached.contains("day") && !reached.contains("spare"),
        "{reached}"
    );
}

/// Its name, its version and its mark are nowhere those of this program.
#[tokio::test]
async fn it_introduces_itself_by_its_own_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rota.c1z");
    let nameless = Rota::of(&values(&["--rota", "day: ada,"], None).unwrap()).unwrap();
    let summary = run::connector(nameless, &run::options(&file)).await.unwrap();
    let codes: Vec<&str> = summary.warnings.iter().map(|warning| warning.code.as_str()).collect();
    assert!(
        !codes.is_empty() && codes.iter().all(|code| *code == "RO-0901"),
        "{codes:?}"
    );
    let run = Reader::open(&file, None).unwrap().latest_full().unwrap().unwrap();
    assert!(
        run.token.contains("RO-0901") && !run.token.contains("BW-"),
        "{}",
        run.token
    );
    let refused = connector::unsupported("person", "has no members");
    assert_eq!(rota::ABOUT.code(refused.code_id()), "RO-0507");
    assert_eq!(HttpOptions::of(&rota::ABOUT).user_agent, "baton-rota/4.0.1");
}

#[tokio::test]
async fn another_syncer_gets_the_same_over_grpc_and_may_write() {
    let folder = tempfile::tempdir().unwrap();
    let [here, there] = ["here.c1z", "there.c1z"].map(|name| folder.path().join(name));
    run::connector(rota(), &run::options(&here)).await.unwrap();
    let rota = Arc::new(rota());
    let provisioning = Switches {
        provisioning: true,
        ticketing: false,
    };
    let served = Served::plain(Arc::clone(&rota), provisioning).await;
    let remote = Remote::connect(served.channel().await).await;
    run::connector(remote, &run::options(&there)).await.unwrap();
    assert_eq!(Rows::of_file(&there), Rows::of_file(&here));

    let mut manager = GrantManagerServiceClient::new(served.channel().await);
    for markers in [0, 1] {
        let request = v2::GrantManagerServiceGrantRequest {
            entitlement: membership("spare", "bob").entitlement,
            principal: membership("spare", "bob").principal,
            ..Default::default()
        };
        let answer = manager.grant(request).await.unwrap().into_inner();
        assert_eq!(answer.annotations.len(), markers, "held already: {markers}");
    }
    assert_eq!(teams(&rota), "day: ada, bob, cyd; night: ada, dee; spare: bob, eve");
}

/// The grant of being in a team.
fn membership(team: &str, person: &str) -> v2::Grant {
    let on = ResourceBuilder::new("team", team, team).group().build();
    GrantBuilder::new(&on, "member", id("person", person)).build()
}

#[tokio::test(start_paused = true)]
async fn it_serves_conductorone() {
    let folder = tempfile::tempdir().unwrap();
    let stand_in = StandIn::new(TenantBehavior {
        now: memory::wall,
        ..TenantBehavior::default()
    });
    let revoked = stand_in.task(TaskType::Revoke(task::RevokeTask {
        grant: Some(membership("night", "ada")),
        ..Default::default()
    }));
    let rota = Arc::new(rota());
    let options = memory::options(folder.path());
    let running = memory::start(&stand_in, memory::serve(&stand_in), Arc::clone(&rota), options);
    stand_in.until_done().await;
    let synced = stand_in.task(TaskType::SyncFull(Default::default()));
    stand_in.until_done().await;
    running.stop().await;
    stand_in.assert_no_breach();
    assert!(stand_in.seen().ended[&revoked][0].succeeded());
    let hello = stand_in.seen().hellos[0].clone();
    assert_eq!(hello.connector_metadata.unwrap().display_name, "Rota");
    let build = hello.build_info.unwrap();
    assert_eq!(
        (
            build.package.as_str(),
            build.package_version.as_str(),
            build.lang_version.as_str()
        ),
        ("example.org/rota", "v4.0.1", "rust1.90")
    );

    let file = folder.path().join("uploaded.c1z");
    std::fs::write(&file, &stand_in.seen().uploads[&synced]).unwrap();
    let reader = Reader::open(&file, None).unwrap();
    let run = reader.latest_full().unwrap().unwrap();
    assert_eq!(reader.verify(&run.sync_id).unwrap(), Vec::new());
    let ada = |id: &&str| !id.contains("night") || !id.ends_with("ada");
    let left: Vec<&str> = HOLDINGS.into_iter().filter(ada).collect();
    assert_eq!(holdings(&Rows::of_file(&file)), left);
    assert!(left.contains(&entitlement::id(&id("team", "night"), "member:person:dee").as_str()));
}

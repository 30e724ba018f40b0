//! A workspace that sends tokens back, as names, addresses and times: they reach neither the file nor any output.

use baton_workato::baton::error::Kind;
use baton_workato::simulator::{AccessModel, Behavior, Env, Fault, Hits, LastActivity, Shape, Simulator, Workspace};

use super::settings;
use crate::support::oracle::Options;
use crate::support::rows::Rows;
use crate::support::run;

#[tokio::test]
async fn tokens_that_come_back_reach_no_file() {
    for model in [AccessModel::RbacV2, AccessModel::Legacy] {
        let workspace = Workspace::generate(&Shape::small(model));
        let simulator = Simulator::start(workspace, Behavior::default()).await.unwrap();
        let tokens = [Env::Dev, Env::Test, Env::Prod].map(|env| simulator.token(env));
        let [dev, test, prod] = tokens.clone();
        simulator.change(|workspace| {
            let said = |text: &str| Some(format!("before {text} behind"));
            if let Some(person) = workspace.people.first_mut() {
                person.name = said(&dev);
                person.external_id = Some(test.clone());
                person.time_zone = Some(prod.clone());
                person.created_at = Some(dev.clone());
                person.last_activity = LastActivity::Missing;
            }
            if let Some(project) = workspace.projects.first_mut() {
                // A token that was not sent yet is hidden as well.
                project.name = format!("of {prod}");
                project.description = said(&test);
            }
            if let Some(group) = workspace.groups.first_mut() {
                group.name = prod.clone();
            }
        });
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sync.c1z");
        let settings = settings(&simulator, &Options::everything());
        let summary = run::workato_over(settings, &run::options(&file), run::impatient())
            .await
            .unwrap();
        let rows = format!("{:?}", Rows::of_file(&file));
        for clean in ["before *** behind", "of ***"] {
            assert!(rows.contains(clean), "{model:?}: {clean:?} is not in the file");
        }
        let shown = format!("{rows}{summary:?}");
        for token in &tokens {
            assert!(!shown.contains(token.as_str()), "{model:?}: a token is in the file");
        }
    }
}

#[tokio::test]
async fn tokens_that_come_back_in_a_refusal_are_not_shown() {
    let workspace = Workspace::generate(&Shape::small(AccessModel::RbacV2));
    let simulator = Simulator::start(workspace, Behavior::default()).await.unwrap();
    let token = simulator.token(Env::Dev);
    let away = format!("https://login.example.org/{token}/?t={token}#{token}");
    simulator.behave(Behavior::default().script("/api/members", Hits::Every, Fault::Redirect(away)));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sync.c1z");
    let settings = settings(&simulator, &Options::everything());
    let error = run::workato_over(settings, &run::options(&file), run::impatient())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Unknown);
    let shown = format!("{error} {error:?} {:?}", error.hint_text());
    assert!(
        shown.contains("https://login.example.org") && !shown.contains(&token),
        "{shown}"
    );
}

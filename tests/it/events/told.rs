//! `events`: oldest first, out of every log that has a token; silence is only told where it is known.

use baton_workato::simulator::{Behavior, Endpoint, Env, Fault, Happened, Hits};

use super::place::{Place, ago};

const JSON: &[&str] = &["events", "-o", "jsonl", "--log-level", "error"];

#[tokio::test]
async fn what_happened_is_told_oldest_first_with_who_and_what() {
    let place = Place::new(Behavior::default()).await;
    place.happened(Env::Dev, 90);
    let login = Happened::new(Env::Prod, ago(5), "user_login", "User", "5").by(5, "Lin", "lin@example.org");
    let unknown = Happened::new(Env::Dev, ago(7), "something_new", "NewThing", "13");
    let leaked = Happened::new(Env::Prod, ago(2), "token_leaked", "ApiClient", "903");
    let noise = Happened::new(Env::Dev, ago(1), "recipe_started", "Flow", "12");
    let ids = [unknown, login, leaked].map(|row| place.tell(row));
    place.tell(noise);

    let ended = place.run(JSON).await;
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_eq!(ended.ids(), ids, "of the last hour, oldest first");
    let login = &ended.events()[1];
    assert_eq!(login["event"], "user_login");
    assert_eq!(login["environment"], "prod");
    assert_eq!(login["actor"]["email"], "lin@example.org");
    assert_eq!(login["address"], "192.0.2.7");
    assert!(
        ended.err.contains("3 events since") && ended.err.contains("DEV, PROD"),
        "{}",
        ended.err
    );

    let usage = place
        .run(&[JSON, &["--feed", "workato_usage", "--since", "1d"]].concat())
        .await;
    assert_eq!(usage.ids(), &ids[1..2]);
    let changes = place
        .run(&[JSON, &["--feed", "workato_changes", "--since", "1d"]].concat())
        .await;
    assert_eq!(changes.ids().len(), 3);
    let dev = place.run(&[JSON, &["--workato-env", "dev"]].concat()).await;
    assert_eq!(dev.ids(), &ids[..1]);

    let table = place.run(&["events"]).await;
    assert_eq!(table.out.lines().count(), 4, "{}", table.out);
    assert!(
        table.out.starts_with("TIME (UTC)") && table.out.contains("lin@example.org"),
        "{}",
        table.out
    );
    assert!(
        table.err.contains("leaked"),
        "a leak is a line of the log: {}",
        table.err
    );
}

#[tokio::test]
async fn what_a_stranger_typed_harms_no_terminal() {
    let place = Place::new(Behavior::default()).await;
    let row = Happened::new(Env::Dev, ago(1), "user_login", "User", "5").by(5, "\u{1b}[2J", "a\u{1b}[2Jb@example.org");
    place.tell(row);
    for arguments in [&["events"][..], JSON] {
        let ended = place.run(arguments).await;
        assert!(!ended.out.contains('\u{1b}'), "{}", ended.out);
    }
}

/// Never "nothing happened" where that is not known.
#[tokio::test]
async fn a_log_that_cannot_be_read_is_told_and_silence_is_not_taken_for_nothing() {
    let place = Place::new(Behavior::default()).await;
    // No row was ever seen.
    let ended = place.run(JSON).await;
    assert_eq!(ended.code, 2, "{}", ended.err);
    assert!(
        ended.err.contains("BW-1110") && ended.err.contains("add-on"),
        "{}",
        ended.err
    );
    assert!(!ended.err.contains("0 events") && ended.out.is_empty(), "{}", ended.err);

    // One of two can be read.
    let id = place.happened(Env::Dev, 1);
    let ended = place.run(JSON).await;
    assert_eq!((ended.code, ended.ids()), (0, vec![id.clone()]), "{}", ended.err);
    assert!(ended.err.contains("what happens in PROD is not known"), "{}", ended.err);
    assert!(
        ended.err.contains("1 event since") && !ended.err.contains("of DEV, PROD"),
        "{}",
        ended.err
    );
    let strict = place.run(&[JSON, &["--fail-on-warnings"]].concat()).await;
    assert_eq!((strict.code, strict.ids()), (9, vec![id]), "{}", strict.err);

    // Known: the log was read, and has an older row.
    let ended = place
        .run(&[JSON, &["--workato-env", "dev", "--since", "5s"]].concat())
        .await;
    assert_eq!((ended.code, ended.out.as_str()), (0, ""), "{}", ended.err);
    assert!(ended.err.contains("0 events since"), "{}", ended.err);

    // The checkbox is missing.
    place
        .simulator
        .behave(Behavior::default().deny(Endpoint::ActivityLogs, 403));
    let ended = place.run(JSON).await;
    assert_eq!(ended.code, 7, "{}", ended.err);
    assert!(
        ended.err.contains("Get audit log") && ended.err.contains("DEV"),
        "{}",
        ended.err
    );
    assert!(!ended.err.contains("0 events"), "{}", ended.err);
}

#[tokio::test]
async fn a_place_is_gone_on_from_and_a_log_that_forgets_is_not_believed() {
    let place = Place::new(Behavior::default()).await;
    let first = [place.happened(Env::Dev, 3), place.happened(Env::Prod, 2)];
    let arguments = [JSON, &["--cursor-file", "place"]].concat();
    assert_eq!(place.run(&arguments).await.ids(), first);
    let next = place.happened(Env::Prod, 1);
    // Late: it is older than what was told.
    let late = place.happened(Env::Dev, 40);
    let ended = place.run(&arguments).await;
    assert_eq!(ended.ids(), [late, next], "{}", ended.err);
    let ended = place.run(&arguments).await;
    assert!(
        ended.out.is_empty() && ended.err.contains("0 events since"),
        "{}",
        ended.err
    );

    place
        .simulator
        .behave(Behavior::default().script("/api/activity_logs", Hits::Every, Fault::EmptyPage));
    let ended = place.run(&arguments).await;
    assert_eq!(ended.code, 2, "{}", ended.err);
    assert!(ended.err.contains("does not show row"), "{}", ended.err);

    place.simulator.behave(Behavior::default());
    let other = place
        .run(&[&arguments, &["--feed", "workato_usage"][..]].concat())
        .await;
    assert_eq!(other.code, 2);
    assert!(other.err.contains("BW-0516"), "{}", other.err);
}

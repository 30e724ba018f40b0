//! What every kind of task is answered with (`baton/service/protocol.md 4`).

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use baton_workato::baton::c1z::{Engine, Reader};
use baton_workato::baton::error::{Error, Kind};
use baton_workato::baton::proto::c1::connectorapi::baton::v1::baton_service_finish_task_request::FinalState;
use baton_workato::baton::proto::c1::connectorapi::baton::v1::task::{self, TaskType};
use baton_workato::baton::proto::v2;
use tonic::Code;

use super::fake::{self, Fake};
use super::memory::{self, options, serve, start};
use super::stand_in::{Ended, Fault, StandIn, TenantBehavior};

pub struct Place {
    pub folder: tempfile::TempDir,
    pub stand_in: StandIn,
    pub fake: Arc<Fake>,
}

impl Place {
    pub fn new(behavior: TenantBehavior) -> Self {
        Place {
            folder: tempfile::tempdir().unwrap(),
            stand_in: StandIn::new(TenantBehavior {
                now: memory::wall,
                ..behavior
            }),
            fake: Arc::default(),
        }
    }

    /// Runs until all tasks are answered.
    pub async fn run(&self, change: impl FnOnce(&mut baton_workato::baton::service::ServiceOptions)) {
        let mut options = options(self.folder.path());
        change(&mut options);
        let running = start(&self.stand_in, serve(&self.stand_in), Arc::clone(&self.fake), options);
        self.stand_in.until_done().await;
        running.stop().await;
    }

    pub fn ended(&self, id: &str) -> Ended {
        self.stand_in.seen().ended[id][0].clone()
    }

    pub fn left(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// The thread of a stopped sync closes its files in real time. What is left then is the unfinished sync alone.
    pub async fn until_closed(&self) {
        until_really(|| self.left().iter().all(|name| name.ends_with(".partial"))).await;
    }

    /// What was uploaded for a task, opened. It must be whole.
    pub fn uploaded(&self, id: &str) -> (Reader, String, String) {
        let bytes = self.stand_in.seen().uploads[id].clone();
        let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        std::fs::write(&path, bytes).unwrap();
        let reader = Reader::open(&path, None).unwrap();
        let runs = reader.runs().unwrap();
        assert_eq!(runs.len(), 1, "one sync in the file");
        let (sync_id, kind) = (runs[0].sync_id.clone(), runs[0].sync_type.as_str().to_owned());
        assert_eq!(reader.verify(&sync_id).unwrap(), Vec::new());
        (reader, sync_id, kind)
    }
}

/// Waits in real time for what a thread of its own does.
pub async fn until_really(done: impl Fn() -> bool) {
    for _ in 0..3_000 {
        if done() {
            return;
        }
        // A blocking task holds the paused clock back.
        let pause = || std::thread::sleep(Duration::from_millis(10));
        tokio::task::spawn_blocking(pause).await.unwrap();
    }
    panic!("it never came to that");
}

fn response(ended: &Ended) -> (String, usize) {
    let Some(FinalState::Success(success)) = &ended.message.final_state else {
        panic!("{ended:?}");
    };
    let url = success.response.as_ref().map_or("", |any| any.type_url.as_str());
    (url.to_owned(), success.annotations.len())
}

fn error(ended: &Ended) -> (i32, bool, String) {
    let Some(FinalState::Error(error)) = &ended.message.final_state else {
        panic!("{ended:?}");
    };
    let status = ended.message.status.clone().unwrap();
    (status.code, error.non_retryable, status.message)
}

pub fn grant(person: &str) -> TaskType {
    TaskType::Grant(task::GrantTask {
        entitlement: Some(fake::entitlement("admin")),
        principal: Some(fake::person(person)),
        ..Default::default()
    })
}

pub fn grants_of(place: &Place, id: &str) -> (String, usize, usize) {
    let (reader, sync_id, kind) = place.uploaded(id);
    let counts = reader.counts(&sync_id).unwrap();
    let sum = |of: fn(&baton_workato::baton::c1z::TypeCounts) -> u64| counts.values().map(of).sum::<u64>() as usize;
    (kind, sum(|c| c.resources), sum(|c| c.grants))
}

#[tokio::test(start_paused = true)]
async fn writes_are_answered_with_their_responses_and_annotations() {
    let place = Place::new(TenantBehavior::default());
    let [held, refused, given] = ["ada", "bob", "cyd"].map(|who| place.stand_in.task(grant(who)));
    let revoked = place.stand_in.task(TaskType::Revoke(task::RevokeTask {
        grant: Some(fake::grant("admin", "dee")),
        ..Default::default()
    }));
    let created = place.stand_in.task(TaskType::CreateAccount(task::CreateAccountTask {
        account_info: Some(v2::AccountInfo {
            login: "eve".to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    }));
    let deleted = place.stand_in.task(TaskType::DeleteResource(task::DeleteResourceTask {
        resource_id: fake::person("dee").id,
        ..Default::default()
    }));
    place.run(|_| {}).await;
    place.stand_in.assert_no_breach();
    let name = |message: &str| format!("type.googleapis.com/c1.connector.v2.{message}");
    assert_eq!(
        response(&place.ended(&held)),
        (name("GrantManagerServiceGrantResponse"), 1)
    );
    assert_eq!(
        response(&place.ended(&given)),
        (name("GrantManagerServiceGrantResponse"), 0)
    );
    assert_eq!(
        response(&place.ended(&revoked)),
        (name("GrantManagerServiceRevokeResponse"), 1)
    );
    assert_eq!(response(&place.ended(&created)), (name("CreateAccountResponse"), 0));
    assert_eq!(response(&place.ended(&deleted)), (name("DeleteResourceResponse"), 0));
    let (code, lasting, text) = error(&place.ended(&refused));
    assert_eq!((code, lasting, text.as_str()), (9, true, "bob is managed elsewhere"));
    let details = place.ended(&refused).message.status.unwrap().details;
    assert_eq!(details[0].type_url, "type.googleapis.com/google.rpc.ErrorInfo");
    let beats = place.stand_in.seen().beats.len();
    assert_eq!(beats, 0, "only syncs have a heartbeat");
}

#[tokio::test(start_paused = true)]
async fn a_grant_is_repeated_while_the_workspace_is_out_of_reach() {
    let place = Place::new(TenantBehavior::default());
    let gone = || Error::new(Kind::Unavailable, "gone");
    place.fake.grants.lock().unwrap().extend([gone(), gone(), gone()]);
    let id = place.stand_in.task(grant("cyd"));
    place.run(|_| {}).await;
    assert!(place.ended(&id).succeeded());
    place
        .fake
        .grants
        .lock()
        .unwrap()
        .extend([gone(), gone(), gone(), gone()]);
    let id = place.stand_in.task(grant("cyd"));
    place.run(|_| {}).await;
    assert_eq!(error(&place.ended(&id)), (14, true, "gone".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn without_provisioning_every_write_is_refused() {
    let place = Place::new(TenantBehavior::default());
    let ids = [
        grant("cyd"),
        TaskType::Revoke(Default::default()),
        TaskType::CreateAccount(Default::default()),
        TaskType::DeleteResource(Default::default()),
        TaskType::CreateResource(Default::default()),
        TaskType::RotateCredentials(Default::default()),
        TaskType::IssueCredential(Default::default()),
    ]
    .map(|kind| place.stand_in.task(kind));
    place.run(|options| options.provisioning = false).await;
    for id in ids {
        let expected = (9, true, "provisioning is not enabled".to_owned());
        assert_eq!(error(&place.ended(&id)), expected);
    }
    assert!(place.fake.writes.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn tasks_without_a_handler_get_the_published_answers() {
    let place = Place::new(TenantBehavior::default());
    let codes = [
        (TaskType::CreateResource(Default::default()), 12, true),
        (TaskType::RotateCredentials(Default::default()), 12, true),
        (TaskType::IssueCredential(Default::default()), 12, true),
        (TaskType::CreateTicketTask(Default::default()), 2, false),
        (TaskType::ListTicketSchemas(Default::default()), 2, false),
        (TaskType::GetTicket(Default::default()), 2, false),
        (TaskType::BulkCreateTickets(Default::default()), 2, false),
        (TaskType::BulkGetTickets(Default::default()), 2, false),
        (TaskType::ActionGetSchema(Default::default()), 5, false),
        (TaskType::ActionInvoke(Default::default()), 5, false),
        (TaskType::ActionStatus(Default::default()), 5, false),
        (TaskType::ListEvents(Default::default()), 5, false),
        (TaskType::EventFeed(Default::default()), 2, false),
        (TaskType::CreateSyncDiff(Default::default()), 2, false),
        (TaskType::CompactSyncs(Default::default()), 2, false),
        (TaskType::Grant(Default::default()), 3, true),
        (TaskType::Revoke(Default::default()), 3, true),
        (TaskType::CreateAccount(Default::default()), 3, true),
        (TaskType::DeleteResource(Default::default()), 3, true),
    ]
    .map(|(kind, code, lasting)| (place.stand_in.task(kind), code, lasting));
    let feeds = place.stand_in.task(TaskType::ListEventFeeds(Default::default()));
    let actions = place.stand_in.task(TaskType::ActionListSchemas(Default::default()));
    let unknown = place.stand_in.task(TaskType::None(Default::default()));
    for task in &mut place.stand_in.seen().queue {
        if task.id == unknown {
            task.task_type = None;
        }
    }
    place.run(|_| {}).await;
    place.stand_in.assert_no_breach();
    for (id, code, lasting) in codes {
        let (found, found_lasting, text) = error(&place.ended(&id));
        assert_eq!((found, found_lasting), (code, lasting), "{text}");
    }
    let expected = (2, false, "unsupported task type".to_owned());
    assert_eq!(error(&place.ended(&unknown)), expected);
    assert!(response(&place.ended(&feeds)).0.ends_with("ListEventFeedsResponse"));
    assert!(
        response(&place.ended(&actions))
            .0
            .ends_with("ListActionSchemasResponse")
    );
}

#[tokio::test(start_paused = true)]
async fn a_hello_task_is_answered_with_hello() {
    let place = Place::new(TenantBehavior::default());
    let id = place.stand_in.task(TaskType::Hello(Default::default()));
    place.run(|_| {}).await;
    place.stand_in.assert_no_breach();
    let seen = place.stand_in.seen();
    let said: Vec<&str> = seen.hellos.iter().map(|h| h.task_id.as_str()).collect();
    assert_eq!(said, ["", id.as_str()]);
    let hello = &seen.hellos[0];
    assert_eq!(hello.host_id, "host");
    assert!(hello.connector_metadata.as_ref().unwrap().capabilities.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_full_sync_is_uploaded_and_leaves_nothing_behind() {
    let place = Place::new(TenantBehavior::default());
    let id = place.stand_in.task(TaskType::SyncFull(Default::default()));
    place.run(|_| {}).await;
    place.stand_in.assert_no_breach();
    assert_eq!(
        response(&place.ended(&id)),
        (String::new(), 0),
        "no response and no annotations"
    );
    assert_eq!(grants_of(&place, &id), ("full".to_owned(), 6, 8));
    assert_eq!(place.left(), Vec::<String>::new());
    let (reader, sync_id, _) = place.uploaded(&id);
    let stored = reader.entitlement(&sync_id, "role:admin:member").unwrap();
    assert_eq!(stored, Some(fake::entitlement("admin")), "with every annotation");
}

#[tokio::test(start_paused = true)]
async fn the_form_is_that_of_the_operator_then_of_the_task_then_sqlite() {
    const V1: &[u8] = b"C1ZF";
    const V3: &[u8] = b"C1Z3";
    for (own, of_tasks) in [
        (None, [("", V1), ("sqlite", V1), ("pebble", V3), ("rocks", V1)]),
        (
            Some(Engine::Sqlite),
            [("", V1), ("sqlite", V1), ("pebble", V1), ("rocks", V1)],
        ),
        (
            Some(Engine::Pebble),
            [("", V3), ("sqlite", V3), ("pebble", V3), ("rocks", V3)],
        ),
    ] {
        let place = Place::new(TenantBehavior::default());
        let tasks = of_tasks.map(|(wanted, form)| {
            let id = place.stand_in.task(TaskType::SyncFull(task::SyncFullTask {
                storage_engine: wanted.to_owned(),
                ..Default::default()
            }));
            (id, wanted, form)
        });
        place.run(|options| options.engine = own).await;
        place.stand_in.assert_no_breach();
        for (id, wanted, form) in tasks {
            let bytes = place.stand_in.seen().uploads[&id].clone();
            assert_eq!(&bytes[..4], form, "{own:?} {wanted:?}");
            assert_eq!(grants_of(&place, &id), ("full".to_owned(), 6, 8), "{own:?} {wanted:?}");
        }
        assert!(
            place.left().iter().all(|name| name.ends_with(".json")),
            "{:?}",
            place.left()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_task_says_what_is_synced() {
    let place = Place::new(TenantBehavior::default());
    let sync = |wanted: task::SyncFullTask| place.stand_in.task(TaskType::SyncFull(wanted));
    let without_grants = sync(task::SyncFullTask {
        skip_grants: true,
        storage_engine: "pebble".to_owned(),
        ..Default::default()
    });
    let resources = sync(task::SyncFullTask {
        skip_entitlements_and_grants: true,
        ..Default::default()
    });
    let people = sync(task::SyncFullTask {
        sync_resource_type_ids: vec!["user".to_owned()],
        ..Default::default()
    });
    let unknown = sync(task::SyncFullTask {
        sync_resource_type_ids: vec!["x".to_owned()],
        ..Default::default()
    });
    let targeted = sync(task::SyncFullTask {
        targeted_sync_resources: vec![fake::role("admin"), fake::role("admin"), fake::role("gone")],
        ..Default::default()
    });
    let filtered_away = sync(task::SyncFullTask {
        targeted_sync_resources: vec![fake::role("admin")],
        sync_resource_type_ids: vec!["user".to_owned()],
        ..Default::default()
    });
    place.run(|_| {}).await;
    place.stand_in.assert_no_breach();
    let text = |kind: &str, resources, grants| (kind.to_owned(), resources, grants);
    assert_eq!(grants_of(&place, &without_grants), text("full", 6, 0));
    assert_eq!(grants_of(&place, &resources), text("resources_only", 6, 0));
    assert_eq!(grants_of(&place, &people), text("full", 4, 0));
    // Whoever holds the role is not in the file, but that they hold it is.
    let bytes = place.stand_in.seen().uploads[&targeted].clone();
    let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
    std::fs::write(&path, bytes).unwrap();
    let reader = Reader::open(&path, None).unwrap();
    let run = reader.runs().unwrap().pop().unwrap();
    let counts = reader.counts(&run.sync_id).unwrap();
    assert_eq!(
        (run.sync_type.as_str(), counts["role"].resources, counts["role"].grants),
        ("partial", 1, 4)
    );
    assert_eq!(grants_of(&place, &filtered_away), text("partial", 0, 0));
    let (code, lasting, message) = error(&place.ended(&unknown));
    assert_eq!(
        (code, lasting, message.as_str()),
        (2, false, "invalid resource type 'x' in filter")
    );
    assert_eq!(place.left(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn an_empty_sync_is_uploaded_where_the_operator_wants_none() {
    let place = Place::new(TenantBehavior::default());
    let id = place.stand_in.task(TaskType::SyncFull(Default::default()));
    place.run(|options| options.skip_full_sync = true).await;
    place.stand_in.assert_no_breach();
    assert_eq!(grants_of(&place, &id), ("full".to_owned(), 0, 0));
    assert!(place.fake.lists.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_sync_is_finished_with_an_error() {
    let place = Place::new(TenantBehavior::default());
    place.fake.stuck.store(true, Ordering::Relaxed);
    place
        .stand_in
        .fail("heartbeat", [Fault::Slow(Duration::ZERO), Fault::Slow(Duration::ZERO)]);
    let id = place.stand_in.task(TaskType::SyncFull(Default::default()));
    let running = start(
        &place.stand_in,
        serve(&place.stand_in),
        Arc::clone(&place.fake),
        options(place.folder.path()),
    );
    place
        .stand_in
        .until("it beats", |seen| seen.beats.contains_key(&id))
        .await;
    place.stand_in.fail("heartbeat", [Fault::Cancelled]);
    place.stand_in.until_done().await;
    running.stop().await;
    place.stand_in.assert_no_breach();
    let (code, lasting, text) = error(&place.ended(&id));
    assert_eq!((code, lasting, text.as_str()), (1, false, "task was cancelled"));
}

#[tokio::test(start_paused = true)]
async fn nine_lost_heartbeats_end_a_sync_and_the_next_task_goes_on_with_it() {
    let place = Place::new(TenantBehavior::default());
    place.fake.stuck.store(true, Ordering::Relaxed);
    let first = place.stand_in.task(TaskType::SyncFull(Default::default()));
    let running = start(
        &place.stand_in,
        serve(&place.stand_in),
        Arc::clone(&place.fake),
        options(place.folder.path()),
    );
    place
        .stand_in
        .until("it beats", |seen| seen.beats.contains_key(&first))
        .await;
    until_really(|| place.fake.waiting.load(Ordering::Relaxed)).await;
    place
        .stand_in
        .fail("heartbeat", vec![Fault::Status(Code::Unavailable); 9]);
    place.stand_in.until_done().await;
    let (code, lasting, text) = error(&place.ended(&first));
    assert_eq!((code, lasting), (2, false), "{text}");
    assert!(text.starts_with("task failed heartbeat"), "{text}");

    place.until_closed().await;
    let read = place.fake.lists.lock().unwrap().len();
    place.fake.stuck.store(false, Ordering::Relaxed);
    let second = place.stand_in.task(TaskType::SyncFull(Default::default()));
    place.stand_in.until_done().await;
    running.stop().await;
    place.stand_in.assert_no_breach();
    assert_eq!(grants_of(&place, &second), ("full".to_owned(), 6, 8));
    assert_eq!(
        place.fake.lists.lock().unwrap().len(),
        read,
        "resources were not read again"
    );
    assert_eq!(place.left(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_token_that_expires_during_an_upload_is_fetched_anew() {
    let place = Place::new(TenantBehavior::default());
    place.stand_in.fail("upload", [Fault::TokenExpired, Fault::Dropped]);
    let id = place.stand_in.task(TaskType::SyncFull(Default::default()));
    place.run(|_| {}).await;
    place.stand_in.assert_no_breach();
    assert!(place.ended(&id).succeeded());
    assert_eq!(place.stand_in.seen().token_requests, 2);
}

#[tokio::test(start_paused = true)]
async fn batches_keep_to_the_slots() {
    let place = Place::new(TenantBehavior::default());
    for _ in 0..20 {
        place.stand_in.task(grant("cyd"));
    }
    place.run(|options| options.batched = true).await;
    place.stand_in.assert_no_breach();
    let seen = place.stand_in.seen();
    assert!(seen.pages.iter().all(|page| (1..=6).contains(page)), "{:?}", seen.pages);
    assert_eq!(seen.ended.len(), 20);
    assert_eq!(place.fake.writes.lock().unwrap().len(), 20);
}

#[tokio::test(start_paused = true)]
async fn stopping_tells_about_tasks_that_are_not_done() {
    let place = Place::new(TenantBehavior::default());
    place.fake.stuck.store(true, Ordering::Relaxed);
    let id = place.stand_in.task(TaskType::SyncFull(Default::default()));
    let running = start(
        &place.stand_in,
        serve(&place.stand_in),
        Arc::clone(&place.fake),
        options(place.folder.path()),
    );
    place
        .stand_in
        .until("it beats", |seen| seen.beats.contains_key(&id))
        .await;
    until_really(|| place.fake.waiting.load(Ordering::Relaxed)).await;
    running.stop().await;
    place.stand_in.assert_no_breach();
    let expected = (1, false, "the connector is shutting down".to_owned());
    assert_eq!(error(&place.ended(&id)), expected);
    place.until_closed().await;
}

/// The heart beats before anything is opened. Threads open files in real time, and the paused clock does not wait for them: to
/// it, opening a file and closing it again are slow.
#[tokio::test(start_paused = true)]
async fn stopping_tells_about_a_sync_whose_files_are_just_being_opened() {
    for _ in 0..20 {
        let place = Place::new(TenantBehavior::default());
        place.fake.stuck.store(true, Ordering::Relaxed);
        let id = place.stand_in.task(TaskType::SyncFull(Default::default()));
        let running = start(
            &place.stand_in,
            serve(&place.stand_in),
            Arc::clone(&place.fake),
            options(place.folder.path()),
        );
        place
            .stand_in
            .until("it beats", |seen| seen.beats.contains_key(&id))
            .await;
        running.stop().await;
        place.stand_in.assert_no_breach();
        let expected = (1, false, "the connector is shutting down".to_owned());
        assert_eq!(error(&place.ended(&id)), expected);
        place.until_closed().await;
    }
}

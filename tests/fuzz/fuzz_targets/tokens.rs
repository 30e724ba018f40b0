//! What crosses a process boundary and comes back: page tokens, the sync token, and the look-up tables that a resumed
//! sync finds in its file.
//!
//! Input: a page token or a sync token in the first line; every further line is a key of the session, a tab, and its JSON. Keys match
//! as prefixes. A key that is not there is refused, as by a token without the checkbox, so nothing is ever requested.
#![no_main]

use std::sync::{Arc, LazyLock};

use baton_workato::ABOUT;
use baton_workato::baton::c1z::SyncType;
use baton_workato::baton::connector::{Connector as _, Session, SyncContext};
use baton_workato::baton::error::{Error, Kind, Result};
use baton_workato::baton::http::{HttpClient, HttpOptions};
use baton_workato::baton::memory::{Remembered, TOKEN_KEY};
use baton_workato::baton::page::{Page, PageToken};
use baton_workato::baton::proto::v2;
use baton_workato::baton::secret::Secret;
use baton_workato::baton::sync::checkpoint::{self, Plan};
use baton_workato::workato::WorkatoConnector;
use baton_workato::workato::settings::{EnvironmentChoice, FolderDepth, PrivilegesMode, Settings};
use futures_util::future::BoxFuture;
use libfuzzer_sys::fuzz_target;
use prost::Message;

/// Resources of a type whose entitlements and grants are asked for.
const DEEPER: usize = 3;
/// Their grants are requests, and there is nobody to ask.
const ASKED_ONLINE: [&str; 2] = ["project", "collaborator_group"];

static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_current_thread().build().unwrap());
static HTTP: LazyLock<Arc<HttpClient>> = LazyLock::new(|| Arc::new(HttpClient::new(HttpOptions::of(&ABOUT)).unwrap()));

fuzz_target!(|text: &str| {
    let mut lines = text.lines();
    let token = lines.next().unwrap_or_default();
    numbers(token);
    walks(token, text.len());
    checkpoints(token);
    remembered(token);

    let tables: Vec<(String, Vec<u8>)> = lines
        .filter_map(|line| line.split_once('\t'))
        .map(|(key, json)| (key.to_owned(), json.as_bytes().to_vec()))
        .collect();
    if tables.is_empty() {
        return;
    }
    let session: Arc<dyn Session> = Arc::new(Tables(tables));
    let token = PageToken::from(token);
    // One question of many in each run, by the length, which changes with every second mutation: all of them take
    // fifty times as long.
    let which = text.len();
    RUNTIME.block_on(async {
        let environment = ["dev", "all"][which % 2];
        let first = read(&session, environment, &token, which / 2).await;
        if which % 8 < 2 {
            let again = read(&session, environment, &token, which / 2).await;
            assert_eq!(first, again, "equal tables, equal rows");
        }
    });
});

/// A token is a number in decimal or an error, and the number it was made from reads back.
fn numbers(token: &str) {
    let read = PageToken::from(token).number(7);
    match token {
        "" => assert_eq!(read.unwrap(), 7),
        token => match token.parse::<usize>() {
            Ok(number) => assert_eq!(read.unwrap(), number),
            Err(_) => assert_eq!(read.unwrap_err().kind(), Kind::InvalidArgument),
        },
    }
}

/// A table is walked once from front to back, whatever the size of its pages; a token of elsewhere is an empty end.
fn walks(token: &str, size: usize) {
    let table: Vec<usize> = (0..29).collect();
    let size = size % 31 + 1;
    let mut all = Vec::new();
    let mut next = Some(PageToken::first());
    while let Some(at) = next {
        let page = Page::of_table(&table, &at, size, |row| *row).unwrap();
        assert!(page.rows.len() <= size);
        all.extend(page.rows);
        next = page.next;
    }
    assert_eq!(all, table);
    if let Ok(page) = Page::of_table(&table, &PageToken::from(token), size, |row| *row) {
        assert!(page.next.is_none() || !page.rows.is_empty());
    }
}

/// A checkpoint that is understood says all there is to know, and its plan comes to an end.
fn checkpoints(token: &str) {
    for kind in [SyncType::Full, SyncType::ResourcesOnly] {
        let Ok(mut plan) = Plan::parse(kind, token) else {
            continue;
        };
        for _ in 0..10 {
            let written = plan.token(3).unwrap();
            assert_eq!(Plan::parse(kind, &written).as_ref(), Ok(&plan), "{written}");
            plan.done();
        }
        assert_eq!(plan.next(), None);
    }
}

/// What a finished sync left is the same after another sync left it again.
fn remembered(token: &str) {
    let left = Remembered::from_token(token);
    let again = checkpoint::finished(1, false, left.clone()).unwrap();
    assert_eq!(Remembered::from_token(&again), left);
    assert_eq!(left.is_empty(), !again.contains(TOKEN_KEY));
}

struct Tables(Vec<(String, Vec<u8>)>);

impl Session for Tables {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>>> {
        let found = self.0.iter().find(|(prefix, _)| key.starts_with(prefix.as_str()));
        let answer = match found {
            Some((_, json)) => Ok(Some(json.clone())),
            None => Err(Error::new(Kind::PermissionDenied, "not in this session")),
        };
        Box::pin(async { answer })
    }

    fn set<'a>(&'a self, key: &'a str, _: Vec<u8>) -> BoxFuture<'a, Result<()>> {
        panic!("{key} was requested")
    }
}

fn settings(environment: &str) -> Settings {
    let all = environment == "all";
    Settings {
        base_url: "http://127.0.0.1:1".parse().unwrap(),
        dev_token: Secret::new("dev"),
        test_token: all.then(|| Secret::new("test")),
        prod_token: None,
        environment: match all {
            true => EnvironmentChoice::All,
            false => baton_workato::workato::config::environment(environment),
        },
        disable_custom_roles_sync: false,
        privileges: if all { PrivilegesMode::Exact } else { PrivilegesMode::Sampled },
        folder_depth: if all { FolderDepth::All } else { FolderDepth::Auto },
        customer: None,
        sync_connections: true,
        sync_leaked_tokens: false,
        own: Default::default(),
    }
}

/// What the connector makes of the tables for one of its types, as bytes, and how often each warning was counted.
async fn read(
    session: &Arc<dyn Session>,
    environment: &str,
    foreign: &PageToken,
    which: usize,
) -> (Vec<Vec<u8>>, Vec<(String, u64)>) {
    let connector = WorkatoConnector::connect(settings(environment), &HTTP);
    let cx = SyncContext::new("sync", Arc::clone(session), Arc::default());
    let mut bytes = Vec::new();
    let types = connector.resource_types();
    for resource_type in types.iter().skip(which % types.len()).take(1) {
        let id = resource_type.id.as_str();
        if let Err(error) = connector.list_resources(&cx, id, None, foreign).await {
            sane(&error);
        }
        let mut next = Some(PageToken::first());
        let mut seen = 0;
        while let Some(at) = next.take() {
            let page = match connector.list_resources(&cx, id, None, &at).await {
                Ok(page) => page,
                Err(error) => {
                    sane(&error);
                    break;
                }
            };
            for resource in &page.rows {
                let key = resource.id.as_ref().unwrap();
                assert_eq!(key.resource_type, id);
                assert!(!key.resource.is_empty(), "a {id} without an id");
                assert!(!resource.display_name.is_empty(), "a {id} without a name");
                bytes.push(readable(resource));
                if seen < DEEPER {
                    deeper(&connector, &cx, resource, &mut bytes).await;
                }
                seen += 1;
            }
            assert!(page.next.is_none() || !page.rows.is_empty(), "a page of {id} leads nowhere");
            next = page.next;
        }
    }
    let warnings = cx.warnings.list(&baton_workato::ABOUT).into_iter().map(|w| (w.message, w.count)).collect();
    (bytes, warnings)
}

async fn deeper(connector: &WorkatoConnector, cx: &SyncContext, on: &v2::Resource, bytes: &mut Vec<Vec<u8>>) {
    match connector.list_entitlements(cx, on, &PageToken::first()).await {
        Ok(page) => {
            for entitlement in &page.rows {
                let holder = entitlement.resource.as_ref().unwrap();
                assert_eq!(holder.id, on.id);
                assert!(!entitlement.id.is_empty() && !entitlement.slug.is_empty());
                bytes.push(readable(entitlement));
            }
        }
        Err(error) => sane(&error),
    }
    let resource_type = on.id.as_ref().map_or("", |id| id.resource_type.as_str());
    if ASKED_ONLINE.contains(&resource_type) {
        return;
    }
    match connector.list_grants(cx, on, &PageToken::first()).await {
        Ok(page) => {
            for grant in &page.rows {
                assert!(grant.principal.is_some() && grant.entitlement.is_some());
                bytes.push(readable(grant));
            }
        }
        Err(error) => sane(&error),
    }
}

/// What is written must be readable: a message nested too deeply encodes, but no reader takes it.
fn readable<M: Message + Default + PartialEq + std::fmt::Debug>(message: &M) -> Vec<u8> {
    let bytes = message.encode_to_vec();
    assert_eq!(M::decode(bytes.as_slice()).as_ref(), Ok(message));
    bytes
}

fn sane(error: &Error) {
    assert!(
        matches!(error.kind(), Kind::DataLoss | Kind::InvalidArgument | Kind::PermissionDenied | Kind::Internal),
        "{error:?}"
    );
}

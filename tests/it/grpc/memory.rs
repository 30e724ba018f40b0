//! What a server remembers of a sync goes with the sync.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use baton_workato::ABOUT;
use baton_workato::baton::about::About;
use baton_workato::baton::connector::{Connector, Provisioner, SyncContext};
use baton_workato::baton::error::Result;
use baton_workato::baton::grpc::Switches;
use baton_workato::baton::page::{Page, PageToken};
use baton_workato::baton::proto::v2;

use super::Served;
use super::data::Data;
use super::remote::Remote;

/// Tables of a sync, counted while they live.
struct Tables(Arc<AtomicUsize>);

impl Drop for Tables {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Makes tables for every sync it meets.
#[derive(Clone, Default)]
struct Remembering {
    alive: Arc<AtomicUsize>,
    made: Arc<Mutex<Vec<String>>>,
}

impl Connector for Remembering {
    fn about(&self) -> About {
        ABOUT
    }

    fn metadata(&self) -> v2::ConnectorMetadata {
        v2::ConnectorMetadata::default()
    }

    fn resource_types(&self) -> Vec<v2::ResourceType> {
        vec![Data::kind()]
    }

    async fn validate(&self, cx: &SyncContext) -> Result<()> {
        self.list_resources(cx, "thing", None, &PageToken::first())
            .await
            .map(drop)
    }

    async fn list_resources(
        &self,
        cx: &SyncContext,
        _: &str,
        _: Option<&v2::ResourceId>,
        _: &PageToken,
    ) -> Result<Page<v2::Resource>> {
        cx.local.get(|| {
            self.alive.fetch_add(1, Ordering::SeqCst);
            self.made.lock().unwrap().push(cx.sync_id.to_string());
            Tables(Arc::clone(&self.alive))
        });
        Ok(Page::default())
    }

    async fn list_entitlements(
        &self,
        _: &SyncContext,
        _: &v2::Resource,
        _: &PageToken,
    ) -> Result<Page<v2::Entitlement>> {
        Ok(Page::default())
    }

    async fn list_grants(&self, _: &SyncContext, _: &v2::Resource, _: &PageToken) -> Result<Page<v2::Grant>> {
        Ok(Page::default())
    }
}

impl Provisioner for Remembering {}

#[tokio::test]
async fn few_syncs_are_remembered_and_none_after_its_end() {
    let connector = Remembering::default();
    let alive = || connector.alive.load(Ordering::SeqCst);
    let made = || connector.made.lock().unwrap().len();
    let served = Served::plain(Arc::new(connector.clone()), Switches::default()).await;
    let remote = Remote::connect(served.channel().await).await;
    let ask = async |sync: &str| {
        let cx = SyncContext {
            sync_id: sync.into(),
            ..SyncContext::detached()
        };
        remote
            .list_resources(&cx, "thing", None, &PageToken::first())
            .await
            .unwrap();
    };

    remote.validate(&SyncContext::detached()).await.unwrap();
    ask("one").await;
    ask("one").await;
    assert_eq!((alive(), made()), (1, 1), "validation and the sync after it are one");
    remote.cleanup("one").await;
    assert_eq!(alive(), 0);

    for number in 0..20 {
        ask(&format!("sync {number}")).await;
    }
    assert_eq!((alive(), made()), (4, 21));
    ask("sync 19").await;
    assert_eq!(made(), 21, "it is remembered");
    ask("sync 0").await;
    assert_eq!(made(), 22, "it was displaced, and is read anew");
    for number in 0..20 {
        remote.cleanup(&format!("sync {number}")).await;
    }
    assert_eq!(alive(), 0);
}

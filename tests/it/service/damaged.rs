//! An unfinished sync that was damaged between two tasks: the next one begins anew, and none is stuck behind it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use baton_workato::baton::proto::c1::connectorapi::baton::v1::task::TaskType;

use super::memory::{options, serve, start};
use super::shapes::{Place, grants_of, until_really};
use super::stand_in::TenantBehavior;

/// What it is called, and what it does to the file.
type Damage = (&'static str, fn(&mut Vec<u8>));

/// Starts a sync that is stopped in its grants, and says where it lies.
async fn left(place: &Place) -> PathBuf {
    place.fake.stuck.store(true, Ordering::Relaxed);
    place.stand_in.task(TaskType::SyncFull(Default::default()));
    let running = start(
        &place.stand_in,
        serve(&place.stand_in),
        Arc::clone(&place.fake),
        options(place.folder.path()),
    );
    until_really(|| place.fake.waiting.load(Ordering::Relaxed)).await;
    running.stop().await;
    place.until_closed().await;
    let [name] = <[String; 1]>::try_from(place.left()).unwrap();
    place.folder.path().join(name)
}

#[tokio::test(start_paused = true)]
async fn a_damaged_unfinished_sync_is_begun_anew() {
    let damages: [Damage; 5] = [
        ("a byte of every page", |bytes| {
            bytes.chunks_mut(16 << 10).for_each(|page| page[100] ^= 1);
        }),
        ("words in a row", |bytes| {
            let at = bytes.windows(3).rposition(|word| word == b"ada").unwrap();
            bytes[at] = b'A';
        }),
        ("cut off", |bytes| bytes.truncate(bytes.len() / 2)),
        ("zeros behind the first page", |bytes| bytes[16 << 10..].fill(0)),
        ("noise", |bytes| {
            bytes
                .iter_mut()
                .for_each(|byte| *byte = byte.wrapping_mul(37).wrapping_add(11))
        }),
    ];
    for (how, damage) in damages {
        let place = Place::new(TenantBehavior::default());
        let partial = left(&place).await;
        let mut bytes = std::fs::read(&partial).unwrap();
        damage(&mut bytes);
        std::fs::write(&partial, bytes).unwrap();
        let read = place.fake.lists.lock().unwrap().len();

        place.fake.stuck.store(false, Ordering::Relaxed);
        let again = [(), ()].map(|()| place.stand_in.task(TaskType::SyncFull(Default::default())));
        place.run(|_| {}).await;
        place.stand_in.assert_no_breach();
        for id in &again {
            assert!(place.ended(id).succeeded(), "{how}: {:?}", place.ended(id));
            assert_eq!(grants_of(&place, id), ("full".to_owned(), 6, 8), "{how}");
        }
        let lists = place.fake.lists.lock().unwrap().len();
        assert_eq!(lists - read, 4, "{how}: both read the two lists of resources");
        place.until_closed().await;
        assert!(place.left().is_empty(), "{how}: {:?}", place.left());
    }
}

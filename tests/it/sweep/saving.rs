//! Every step of the file system while the sync is sealed: it fails, or the process dies before or after it.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use baton_workato::baton::c1z::steps::{Disk, Steps};
use baton_workato::baton::error::Kind;
use baton_workato::baton::scraps::Scrap;
use baton_workato::baton::sync::SyncEnvironment;
use tempfile::{NamedTempFile, TempDir};

use super::{Scene, names};
use crate::support::run::environment;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Create,
    /// The write that would pass so many bytes.
    Write(usize),
    Flush,
    PutInPlace,
    FlushFolder,
}

/// Fails at a step, after as much of it as a disk would have done.
struct Fails {
    at: Step,
    with: io::ErrorKind,
    written: AtomicUsize,
}

impl Fails {
    fn check(&self, step: Step) -> io::Result<()> {
        if self.at == step { Err(self.with.into()) } else { Ok(()) }
    }
}

impl Steps for Fails {
    fn create(&self, folder: &Path, name: &str) -> io::Result<(NamedTempFile, Scrap)> {
        self.check(Step::Create)?;
        Disk.create(folder, name)
    }

    fn write(&self, file: &mut File, chunk: &[u8]) -> io::Result<usize> {
        let written = self.written.load(Ordering::SeqCst);
        let room = match self.at {
            Step::Write(limit) => limit - written,
            _ => usize::MAX,
        };
        if room == 0 && !chunk.is_empty() {
            return Err(self.with.into());
        }
        let count = Disk.write(file, &chunk[..chunk.len().min(room)])?;
        self.written.store(written + count, Ordering::SeqCst);
        Ok(count)
    }

    fn flush(&self, file: &File) -> io::Result<()> {
        self.check(Step::Flush)?;
        Disk.flush(file)
    }

    fn put_in_place(&self, file: NamedTempFile, target: &Path) -> io::Result<()> {
        self.check(Step::PutInPlace)?;
        Disk.put_in_place(file, target)
    }

    fn flush_folder(&self, folder: &Path) -> io::Result<()> {
        self.check(Step::FlushFolder)?;
        Disk.flush_folder(folder)
    }
}

fn by(steps: impl Steps + 'static) -> SyncEnvironment {
    SyncEnvironment {
        steps: Arc::new(steps),
        ..environment()
    }
}

/// The old file stays as it is, the sync waits beside it, and the next run seals it without a request.
#[tokio::test]
async fn a_step_that_fails() {
    let scene = Scene::new().await;
    let size = {
        let place = scene.place();
        let summary = place.sync(&scene.simulator, &environment()).await.unwrap();
        usize::try_from(summary.file_bytes).unwrap()
    };
    // Sizes differ by the ids and times of a sync, so the last limit stays well below.
    let writes = [0, 1, 5, 6, size / 3, size * 9 / 10].map(Step::Write);
    let steps = [Step::Create, Step::Flush, Step::PutInPlace, Step::FlushFolder];
    for at in writes.into_iter().chain(steps) {
        for with in [io::ErrorKind::StorageFull, io::ErrorKind::PermissionDenied] {
            let case = format!("{with:?} at {at:?}");
            let place = scene.place();
            let written = AtomicUsize::new(0);
            let outcome = place.sync(&scene.simulator, &by(Fails { at, with, written })).await;
            assert_eq!(scene.simulator.requests().len(), scene.requests.len(), "{case}");
            if at == Step::FlushFolder {
                outcome.expect(&case);
                scene.assert_complete(place.path(), &case);
                continue;
            }
            let error = outcome.unwrap_err();
            let full = with == io::ErrorKind::StorageFull;
            assert_eq!(error.kind() == Kind::ResourceExhausted, full, "{case}: {error:?}");
            let text = error.to_string();
            assert!(text.contains("save ") && text.contains("sync.c1z"), "{case}: {text}");
            scene.assert_untouched(place.path(), &case);
            assert_eq!(names(place.path()), ["sync.c1z", "sync.c1z.partial"], "{case}");
            let summary = place.sync(&scene.simulator, &environment()).await.expect(&case);
            assert!(summary.resumed.is_some(), "{case}");
            assert_eq!(
                scene.simulator.requests().len(),
                scene.requests.len(),
                "{case}: sealing asked for something"
            );
            scene.assert_complete(place.path(), &case);
        }
    }
}

/// Keeps what a process that dies before or after a step would leave.
struct Snapshots {
    of: PathBuf,
    taken: Arc<Mutex<Vec<(String, TempDir)>>>,
    writes: AtomicUsize,
}

impl Snapshots {
    fn take(&self, when: &str) {
        let copy = tempfile::tempdir().unwrap();
        for name in names(&self.of) {
            std::fs::copy(self.of.join(&name), copy.path().join(&name)).unwrap();
        }
        self.taken.lock().unwrap().push((when.to_owned(), copy));
    }

    fn around<T>(&self, what: &str, step: impl FnOnce() -> T) -> T {
        self.take(&format!("before {what}"));
        let done = step();
        self.take(&format!("after {what}"));
        done
    }
}

impl Steps for Snapshots {
    fn create(&self, folder: &Path, name: &str) -> io::Result<(NamedTempFile, Scrap)> {
        self.around("create", || Disk.create(folder, name))
    }

    fn write(&self, file: &mut File, chunk: &[u8]) -> io::Result<usize> {
        // The first writes show what all are like.
        if self.writes.fetch_add(1, Ordering::SeqCst) >= 3 {
            return Disk.write(file, chunk);
        }
        let half = chunk.len().div_ceil(2);
        self.around("a write", || Disk.write(file, &chunk[..half]))
    }

    fn flush(&self, file: &File) -> io::Result<()> {
        self.around("flush", || Disk.flush(file))
    }

    fn put_in_place(&self, file: NamedTempFile, target: &Path) -> io::Result<()> {
        self.around("rename", || Disk.put_in_place(file, target))
    }

    fn flush_folder(&self, folder: &Path) -> io::Result<()> {
        self.around("flush of the folder", || Disk.flush_folder(folder))
    }
}

/// The old file is whole or the new one complete; the next run cleans up and seals without reading anything again.
#[tokio::test]
async fn a_process_that_dies_at_a_step() {
    let scene = Scene::new().await;
    let place = scene.place();
    let taken = Arc::default();
    let snapshots = Snapshots {
        of: place.path().to_owned(),
        taken: Arc::clone(&taken),
        writes: AtomicUsize::new(0),
    };
    place.sync(&scene.simulator, &by(snapshots)).await.unwrap();
    let taken = std::mem::take(&mut *taken.lock().unwrap());
    assert_eq!(taken.len(), 14);
    let (mut old, mut new) = (0, 0);
    for (when, copy) in &taken {
        // Back to where it was: working copies are known by the path of their target.
        for name in names(place.path()) {
            std::fs::remove_file(place.path().join(name)).unwrap();
        }
        for name in names(copy.path()) {
            std::fs::copy(copy.path().join(&name), place.path().join(&name)).unwrap();
        }
        assert!(place.path().join("sync.c1z.partial").exists(), "{when}");
        scene.simulator.forget_requests();
        let sealed = std::fs::read(place.file()).unwrap() != scene.before;
        if sealed {
            new += 1;
            scene.assert_sealed(place.path(), when);
        } else {
            old += 1;
            scene.assert_untouched(place.path(), when);
        }
        let summary = place.sync(&scene.simulator, &environment()).await.expect(when);
        // What is in the file already is not sealed twice: the next run is another sync.
        assert_eq!(summary.resumed.is_some(), !sealed, "{when}");
        let asked: Vec<String> = scene.simulator.requests().0.into_iter().map(|r| r.path).collect();
        if sealed {
            // What was in the file before and is no longer listed is asked for once.
            let before = scene.requests.iter().map(|request| &request.path);
            let more: Vec<&String> = before.filter(|path| !asked.contains(path)).collect();
            assert_eq!(asked.len() + more.len(), scene.requests.len(), "{when}");
            assert!(
                matches!(more.as_slice(), [gone] if gone.starts_with("/api/user_groups/")),
                "{when}: {more:?}"
            );
        } else {
            assert_eq!(asked, [""; 0], "{when}");
        }
        scene.assert_complete(place.path(), when);
    }
    assert_eq!((old, new), (11, 3));
}

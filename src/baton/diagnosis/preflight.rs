//! What a sync that writes to a target would meet there: the folder, another run, the file of before, an unfinished
//! sync. Looks, and changes nothing: no claim is taken, nothing is swept away. For a diagnosis.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::time::SystemTime;

use jiff::Timestamp;

use crate::baton::c1z::{Engine, Keep, Reader, SyncRun};
use crate::baton::c1z::{Policy, claim, run, scratch, v3};
use crate::baton::code;
use crate::baton::diagnosis::{Check, Group, Status, space};
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::memory::PreviousSync;
use crate::baton::scraps::Sort;
use crate::baton::target;

/// A packed file above this size is not unpacked only to look into it.
const BIG: u64 = 256 << 20;
/// A packed database is at least this much larger when it is not opened to know.
const PACKED: u64 = 8;

const FOLDER: &str = "folder";
const LOCK: &str = "other runs";
const FILE: &str = "file";
const PARTIAL: &str = "unfinished sync";

/// What was found at a target.
#[derive(Debug, Clone, Default)]
pub struct Preflight {
    /// The checks.
    pub checks: Vec<Check>,
    /// The sync of the file that finished last: the next one is compared with it.
    pub previous: Option<PreviousSync>,
}

/// Looks at a target, at the folder for working copies, and at the room on their disks. `free` says how many bytes
/// are free on the volume of a folder.
pub fn inspect(target: &Path, temp_dir: Option<&Path>, free: &dyn Fn(&Path) -> Option<u64>) -> Preflight {
    let folder = check_folder(target);
    let writable = folder.status == Status::Ok;
    let mut preflight = Preflight {
        checks: vec![folder],
        previous: None,
    };
    if !writable {
        let names = [LOCK, FILE, PARTIAL];
        let skipped = names.map(|name| Check::skipped(Group::Output, name, "the folder cannot be used"));
        preflight.checks.extend(skipped);
        return preflight;
    }
    let place = target::folder_of(target);
    let work = temp_dir.unwrap_or(place);
    let (file, database, previous) = check_file(target, work);
    preflight.previous = previous;
    preflight
        .checks
        .extend([check_lock(target), file, check_partial(target, SystemTime::now())]);
    let needed = space::needed(database);
    let elsewhere = "choose a --file on another one";
    preflight
        .checks
        .push(space::check("disk space", place, free(place), needed, elsewhere));
    if let Some(temp_dir) = temp_dir {
        preflight.checks.push(check_temp(temp_dir));
        let elsewhere = "choose another --c1z-temp-dir";
        preflight.checks.push(space::check(
            "temporary space",
            temp_dir,
            free(temp_dir),
            needed,
            elsewhere,
        ));
    }
    preflight
}

/// Looks at the folder that a service works in: it has no target of its own.
pub fn inspect_folder(folder: &Path, free: &dyn Fn(&Path) -> Option<u64>) -> Vec<Check> {
    let elsewhere = "choose another --c1z-temp-dir";
    let space = space::check("temporary space", folder, free(folder), space::needed(0), elsewhere);
    vec![check_temp(folder), space]
}

/// Whether files can be made in the folder of the target.
fn check_folder(target: &Path) -> Check {
    let folder = target::folder_of(target);
    let writable = || -> Result<()> {
        // Saving follows links, so it is the real folder that counts.
        let real = target::file(target).map_err(claim::hinted)?;
        can_write(scratch::work_folder(&real, None)?)
    };
    match writable() {
        Ok(()) => Check::ok(Group::Output, FOLDER, format!("{} is writable", folder.display())),
        Err(error) => {
            let error = error.hint("choose a --file in a folder that this user may write to");
            Check::of_error(Group::Output, FOLDER, &error)
        }
    }
}

/// Whether working copies can be made where they are to lie.
fn check_temp(folder: &Path) -> Check {
    const NAME: &str = "temporary folder";
    match can_write(folder) {
        Ok(()) => Check::ok(Group::Output, NAME, format!("{} is writable", folder.display())),
        Err(error) => Check::of_error(Group::Output, NAME, &error.hint("choose another --c1z-temp-dir")),
    }
}

/// Makes a file that vanishes at once, as a sync makes its working copy.
fn can_write(folder: &Path) -> Result<()> {
    scratch::Scratch::create(folder, &Sort::database("c1z-look")).map(drop)
}

/// Whether another run works on the target. Asks for a share of its lock, gives it back at once, and creates none.
fn check_lock(target: &Path) -> Check {
    let path = match claim::lock_path(target) {
        Ok(path) => path,
        Err(error) => return Check::of_error(Group::Output, LOCK, &error),
    };
    let nobody = Check::ok(Group::Output, LOCK, "nobody else writes this file");
    let mut file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return nobody,
        Err(error) => {
            let error = Error::from(error)
                .context(format!("open {}", path.display()))
                .hint("it belongs to another user; remove it if no sync runs, or choose another --file");
            return Check::of_error(Group::Output, LOCK, &error);
        }
    };
    match file.try_lock_shared() {
        Err(std::fs::TryLockError::WouldBlock) => Check::of_error(Group::Output, LOCK, &claim::held(&mut file, target)),
        // Where there are no locks nobody can hold one.
        Ok(()) | Err(std::fs::TryLockError::Error(_)) => nobody,
    }
}

/// What the next sync adds to: the check, the bytes of the database, and the sync that finished last.
fn check_file(target: &Path, work: &Path) -> (Check, u64, Option<PreviousSync>) {
    let packed = match std::fs::metadata(target) {
        Ok(found) => found.len(),
        Err(_) => 0,
    };
    if packed == 0 {
        let seen = format!("{} will be new", target.display());
        return (Check::ok(Group::Output, FILE, seen), 0, None);
    }
    if packed > BIG {
        let database = packed.saturating_mul(PACKED);
        let check = match begins_like_ours(target) {
            Ok(true) => Check::skipped(Group::Output, FILE, "it is too big to look into here"),
            Ok(false) => Check::of_error(Group::Output, FILE, &not_ours()),
            Err(error) => Check::of_error(Group::Output, FILE, &error),
        };
        return (check, database, None);
    }
    let read = || -> Result<(usize, u64, Option<PreviousSync>)> {
        let reader = Reader::open_keeping(target, Some(work), &Policy::from_env(), Keep::Nothing)?;
        let previous = reader.latest_full()?.map(SyncRun::into_previous);
        Ok((reader.runs()?.len(), reader.unpacked_bytes()?, previous))
    };
    match read() {
        Ok((runs, database, previous)) => {
            let seen = match &previous {
                Some(sync) if Engine::of(target) == Some(Engine::Pebble) => {
                    let ended = seconds(&sync.ended_at);
                    format!("a v3 c1z file; its full sync, which ended {ended}, is replaced by the next")
                }
                Some(sync) => format!("a c1z file; the last full sync ended {}", seconds(&sync.ended_at)),
                None if runs == 0 => "a c1z file without syncs".to_owned(),
                None => "a c1z file without a finished full sync".to_owned(),
            };
            (Check::ok(Group::Output, FILE, seen), database, previous)
        }
        Err(error) => {
            let error = error
                .context(format!("open {}", target.display()))
                .hint("move the file away, or choose another --file");
            (
                Check::of_error(Group::Output, FILE, &error),
                packed.saturating_mul(PACKED),
                None,
            )
        }
    }
}

fn begins_like_ours(target: &Path) -> Result<bool> {
    let mut magic = Vec::new();
    let file = File::open(target).with_context(|| format!("open {}", target.display()))?;
    file.take(5).read_to_end(&mut magic)?;
    Ok(magic == b"C1ZF\0" || magic == *v3::MAGIC)
}

fn not_ours() -> Error {
    Error::new(Kind::DataLoss, "it is not a c1z file")
        .code(code::NOT_A_C1Z)
        .hint("choose another --file")
}

/// Whether an earlier run left something to go on with.
fn check_partial(target: &Path, now: SystemTime) -> Check {
    let found = claim::partial_path(target)
        .ok()
        .and_then(|path| Some((std::fs::metadata(&path).ok()?, path)));
    let Some((metadata, path)) = found.filter(|(metadata, _)| metadata.len() > 0) else {
        return Check::ok(Group::Output, PARTIAL, "none is waiting");
    };
    let path = path.display();
    let touched = metadata.modified().unwrap_or(now);
    let age = now.duration_since(touched).unwrap_or_default().as_secs();
    let days = i64::try_from(age / 86_400).unwrap_or(i64::MAX);
    if days >= run::RESUME_DAYS {
        let seen = format!("{path} is {days} days old: the next run begins anew");
        return Check::ok(Group::Output, PARTIAL, seen);
    }
    let since = Timestamp::try_from(touched).map(|at| at.strftime("%Y-%m-%d %H:%M:%SZ").to_string());
    let since = since.unwrap_or_else(|_| "some time ago".to_owned());
    let seen = format!("{path}, last written {since}, waits: the next run with the same settings goes on from there");
    Check::ok(Group::Output, PARTIAL, seen)
}

/// A stored time without fractions of a second.
fn seconds(at: &str) -> &str {
    at.split('.').next().unwrap_or_default()
}

//! Disks without room: whatever the program writes, it says BW-0407, ends with 8, and leaves no half of a file under the
//! name of a whole one. A disk that is full at each write is a limit on the size of files, which every user may set, and
//! where namespaces are allowed a small volume.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use baton_workato::baton::c1z::{Reader, SyncType};
use baton_workato::simulator::{AgentsShape, Behavior, Env, Shape, Simulator, Workspace};
use calamine::Reader as _;

use crate::support::program::PROGRAM;

/// Every format of export with a file of it.
const FORMATS: [(&str, &str); 7] = [
    ("csv", "access-review.csv"),
    ("xlsx", "access-review.xlsx"),
    ("json", "access-review.json"),
    ("jsonl", "access-review.jsonl"),
    ("dot", "access.dot"),
    ("html", "report.html"),
    ("sqlite", "access.sqlite"),
];

/// A file with two syncs. Beside it lies one of the v3 form.
fn file() -> &'static Path {
    static FILE: OnceLock<PathBuf> = OnceLock::new();
    FILE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("full-disk-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("two.c1z");
        for _ in 0..2 {
            let made = Command::new(PROGRAM)
                .env_clear()
                .args(["demo", "--people", "40", "--projects", "6", "-f"])
                .arg(&file)
                .output()
                .unwrap();
            assert!(made.status.success(), "{made:?}");
        }
        let other_form = file.with_file_name("three.c1z");
        let convert = Command::new(PROGRAM)
            .env_clear()
            .args(["convert", "--to", "v3"])
            .args([&file, &other_form])
            .output()
            .unwrap();
        assert!(convert.status.success(), "{convert:?}");
        file
    })
}

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Place(tempfile::tempdir().unwrap());
        std::fs::create_dir(place.0.path().join("tmp")).unwrap();
        std::fs::copy(file(), place.at("two.c1z")).unwrap();
        std::fs::copy(file().with_file_name("three.c1z"), place.at("three.c1z")).unwrap();
        place
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The program where no file may have more than so many bytes.
    fn limited(&self, bytes: u64, env: &[(&str, String)], arguments: &[&str]) -> Output {
        let limit = format!("--fsize={bytes}");
        let mut command = Command::new("sh");
        // The signal that comes with the failure would end the program, as it does not on a full disk.
        command
            .args(["-c", "trap '' XFSZ; exec prlimit \"$@\"", "sh", &limit, PROGRAM])
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("TMPDIR", self.at("tmp"))
            .envs(env.iter().map(|(name, value)| (*name, value.as_str())))
            .current_dir(self.0.path())
            .stdin(Stdio::null());
        command.output().unwrap()
    }

    /// Everything that lies there, with what is in it.
    fn contents(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        fn look(folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    look(&path, found);
                } else {
                    let bytes = std::fs::read(&path).unwrap();
                    found.insert(path, bytes);
                }
            }
        }
        let mut found = BTreeMap::new();
        look(self.0.path(), &mut found);
        found
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Limits that meet the first writes one by one and those after them in ever larger steps, without end.
fn limits() -> impl Iterator<Item = u64> {
    let first = [0, 1, 100, 4 << 10, 8 << 10];
    let then = std::iter::successors(Some(16_u64 << 10), |limit| Some(limit + (16 << 10).max(limit / 3)));
    first.into_iter().chain(then)
}

#[track_caller]
fn is_full(output: &Output, case: &str) {
    let said = stderr(output);
    assert_eq!(output.status.code(), Some(8), "{case}: {said}");
    assert!(
        said.contains("error[BW-0407]:") && said.contains("hint:"),
        "{case}: {said}"
    );
    assert!(
        !said.contains("panicked") && !said.contains("finalize"),
        "{case}: {said}"
    );
}

/// Runs a command under every limit until it succeeds; how often it did not. Whenever it did not, nothing that was there
/// has changed and nothing new lies there, but what `may_stay` says.
fn until_it_fits(arguments: &[&str], may_stay: &dyn Fn(&Path, &[u8]) -> bool) -> (usize, Place) {
    for (failures, limit) in limits().enumerate() {
        let place = Place::new();
        let before = place.contents();
        let case = format!("{arguments:?} with {limit} bytes");
        let output = place.limited(limit, &[], arguments);
        if output.status.code() == Some(0) {
            return (failures, place);
        }
        is_full(&output, &case);
        let after = place.contents();
        for (path, bytes) in &before {
            assert!(after.get(path) == Some(bytes), "{case}: {} changed", path.display());
        }
        for (path, bytes) in after.iter().filter(|(path, _)| !before.contains_key(*path)) {
            assert!(may_stay(path, bytes), "{case}: {} stays", path.display());
        }
        assert!(limit < 64 << 20, "{case}: it never fits");
    }
    unreachable!()
}

/// Of an export, whole files may be there already: those of the formats that were done.
#[test]
fn exports() {
    for (format, name) in FORMATS {
        let arguments = ["export", "--out", "out", "--format", format, "-f", "two.c1z"];
        let whole = Place::new();
        assert!(whole.limited(1 << 30, &[], &arguments).status.success());
        let reference = whole.contents();
        let may_stay = |path: &Path, bytes: &[u8]| {
            let same =
                |(other, expected): (&PathBuf, &Vec<u8>)| other.file_name() == path.file_name() && expected == bytes;
            reference.iter().any(same)
        };
        let (failures, place) = until_it_fits(&arguments, &may_stay);
        assert!(failures > 3, "{format}: {failures}");
        assert!(place.at("out").join(name).exists());
    }
    // All at once: the one that cannot be written ends them all.
    let all = FORMATS.map(|(format, _)| format).join(",");
    let (failures, place) = until_it_fits(
        &["export", "--out", "out", "--format", &all, "-f", "two.c1z"],
        &|path, bytes| {
            // The small tables of a format may be whole before the large one is not.
            !path.ends_with("access-review.csv") && !bytes.is_empty()
        },
    );
    assert!(failures > 3);
    let mut book: calamine::Xlsx<_> = calamine::open_workbook(place.at("out/access-review.xlsx")).unwrap();
    assert!(book.worksheet_range("Access review").unwrap().height() > 100);
}

/// A sync, a demo, what changes a file, what unpacks one, and what writes pages.
#[test]
fn everything_else_that_writes() {
    let none = |_: &Path, _: &[u8]| false;
    let commands: [&[&str]; 15] = [
        &["demo", "--people", "40", "--projects", "6", "-f", "new.c1z"],
        &["demo", "--people", "40", "--projects", "6", "-f", "two.c1z"],
        &[
            "demo",
            "--people",
            "40",
            "--projects",
            "6",
            "-f",
            "two.c1z",
            "--c1z-temp-dir",
            "tmp",
        ],
        &[
            "demo",
            "--people",
            "40",
            "--projects",
            "6",
            "-f",
            "two.c1z",
            "--storage-engine",
            "pebble",
        ],
        &["convert", "--to", "v3", "two.c1z", "new.c1z"],
        &["convert", "--to", "v1", "three.c1z", "new.c1z"],
        &["syncs", "prune", "--keep", "1", "--yes", "-f", "two.c1z"],
        &["stats", "-f", "two.c1z"],
        &["grants", "-o", "json", "--no-cache", "-f", "two.c1z"],
        &["access", "--fail-if", "email = nobody", "-f", "two.c1z"],
        &["diff", "-f", "two.c1z"],
        &["verify", "--all", "-f", "two.c1z"],
        &["syncs", "-f", "two.c1z"],
        &["resources", "-o", "csv", "-f", "two.c1z"],
        &["principals", "-f", "two.c1z"],
    ];
    for arguments in commands {
        let (failures, _) = until_it_fits(arguments, &none);
        assert!(failures > 3, "{arguments:?}: {failures}");
    }
    let id = Reader::open(file(), None).unwrap().runs().unwrap().remove(0).sync_id;
    let (failures, _) = until_it_fits(&["syncs", "keep", &id, "-f", "two.c1z"], &none);
    assert!(failures > 3);
    // Manual pages are written one by one, and can be made again.
    let (failures, _) = until_it_fits(&["man", "pages"], &|path, _| path.extension().is_some_and(|e| e == "1"));
    assert!(failures > 1);
}

/// What was read is kept as far as there was room, and the next run needs no more requests than are left.
#[tokio::test(flavor = "multi_thread")]
async fn a_sync_goes_on_once_there_is_room() {
    let shape = Shape {
        people: 60,
        projects: 8,
        // The file that lies there is of a workspace with agents.
        agents: Some(AgentsShape::demo()),
        ..Shape::default()
    };
    let simulator = Simulator::start(Workspace::generate(&shape), Behavior::default())
        .await
        .unwrap();
    let env = [
        ("BATON_WORKATO_API_KEY", simulator.token(Env::Dev)),
        ("BATON_WORKATO_BASE_URL", simulator.base_url()),
        ("BATON_WORKATO_REQUESTS_PER_MINUTE", "100000".to_owned()),
    ];
    let mut failures = 0;
    for limit in limits() {
        let (env, place) = (env.clone(), Place::new());
        let before = std::fs::read(place.at("two.c1z")).unwrap();
        let run = move |place: Place, limit| {
            let output = place.limited(limit, &env, &["-f", "two.c1z", "--log-level", "error"]);
            (place, output)
        };
        let again = run.clone();
        let (place, output) = tokio::task::spawn_blocking(move || run(place, limit)).await.unwrap();
        if output.status.code() == Some(0) {
            break;
        }
        failures += 1;
        let case = format!("{limit} bytes");
        is_full(&output, &case);
        assert!(
            std::fs::read(place.at("two.c1z")).unwrap() == before,
            "{case}: the file changed"
        );
        let names: Vec<_> = std::fs::read_dir(place.0.path())
            .unwrap()
            .map(|e| e.unwrap().file_name())
            .collect();
        let known = ["tmp", "three.c1z", "two.c1z", "two.c1z.partial", "two.c1z.partial-wal"];
        assert!(
            names.iter().all(|name| known.iter().any(|known| name == known)),
            "{case}: {names:?}"
        );

        let (place, output) = tokio::task::spawn_blocking(move || again(place, 1 << 30))
            .await
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{case}: {}", stderr(&output));
        let reader = Reader::open(&place.at("two.c1z"), None).unwrap();
        let run = reader.latest_full().unwrap().unwrap();
        assert_eq!(run.sync_type, SyncType::Full.as_str());
        assert!(reader.verify(&run.sync_id).unwrap().is_empty(), "{case}");
    }
    assert!(failures > 5, "{failures}");
}

/// Data that cannot be printed is no success.
#[test]
fn stdout_on_a_full_disk() {
    let place = Place::new();
    let file = file().to_str().unwrap();
    for arguments in [
        &["grants", "-f", file][..],
        &["grants", "-o", "json", "-f", file],
        &["grants", "-o", "jsonl", "-f", file],
        &["grants", "-o", "csv", "-f", file],
        &["resources", "-f", file],
        &["resource-types", "-o", "csv", "-f", file],
        &["entitlements", "-f", file],
        &["principals", "-f", file],
        &["syncs", "-f", file],
        &["syncs", "prune", "--keep", "1", "--dry-run", "-f", file],
        &["stats", "-f", file],
        &["verify", "-f", file],
        &["verify", "-o", "json", "-f", file],
        &["access", "--fail-if", "account = human", "-f", file],
        &["access", "--fail-if", "account = human", "-o", "csv", "-f", file],
        &["diff", "-f", file],
        &["diff", "-o", "json", "-f", file],
        &["export", "--format", "csv", "--out", "out", "-f", file],
        &["explore", "--no-open", "-f", file],
        &["explain"],
        &["explain", "BW-0407"],
        &["explain", "-o", "json"],
        &["config"],
        &["capabilities", "--workato-api-key", "none"],
        &["completion", "zsh"],
        &["manifests", "cron"],
        &["version"],
        &["--version"],
        &["--help"],
        &["access", "--help"],
        &[
            "doctor",
            "--workato-api-key",
            "key",
            "--workato-base-url",
            "http://127.0.0.1:1",
        ],
        &["simulate", "--people", "3"],
        &["serve", "--listen", "127.0.0.1:0", "--workato-api-key", "key"],
    ] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = Command::new(PROGRAM)
            .env_clear()
            .args(arguments)
            .current_dir(place.0.path())
            .stdin(Stdio::null())
            .stdout(full)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
            .wait_with_output()
            .unwrap();
        is_full(&output, &format!("{arguments:?}"));
        assert!(
            stderr(&output).contains("write to stdout"),
            "{arguments:?}: {}",
            stderr(&output)
        );
    }
}

/// The log is not what a run is for: it goes on without, and says so once.
#[test]
fn a_log_on_a_full_disk() {
    let place = Place::new();
    for log in ["/dev/full", "stdout"] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let mut command = Command::new(PROGRAM);
        command
            .env_clear()
            .args([
                "demo",
                "--people",
                "3",
                "--projects",
                "1",
                "-f",
                "new.c1z",
                "--log-level",
                "debug",
                "--log-path",
                log,
            ])
            .current_dir(place.0.path())
            .stdout(full)
            .stderr(Stdio::piped());
        let output = command.spawn().unwrap().wait_with_output().unwrap();
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(0), "{said}");
        assert_eq!(
            said.matches("warning[BW-0407]: the log cannot be written").count(),
            1,
            "{said}"
        );
        assert!(said.contains("\"sync summary\""), "{said}");
    }
}

/// A volume of a few kilobytes, in namespaces of its own.
fn on_a_volume(kilobytes: u32, command: &str) -> Output {
    on_one_with(&format!("size={kilobytes}k"), command)
}

fn on_one_with(room: &str, command: &str) -> Output {
    let script = format!(
        "set -e; mkdir small; mount -t tmpfs -o {room} tmpfs small; cd small; set +e; {command}; \
         rc=$?; echo \"left: $(ls -A | tr '\\n' ' ')\" >&2; exit $rc"
    );
    let place = tempfile::tempdir().unwrap();
    std::fs::copy(file(), place.path().join("two.c1z")).unwrap();
    let mut unshare = Command::new("unshare");
    unshare
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", &script])
        .env("TMPDIR", place.path())
        .current_dir(place.path());
    unshare.output().unwrap()
}

/// Volumes with room for bytes and none for another file, whichever file of a run is the one too many.
#[test]
fn volumes_that_take_no_more_files() {
    let allowed = on_one_with("size=64m,nr_inodes=9", "true");
    if !allowed.status.success() {
        // The limits of the other tests meet the same writes.
        eprintln!("no volumes here: {}", stderr(&allowed));
        return;
    }
    let commands = [
        ("demo --people 3 --projects 1 -f new.c1z", 5),
        ("export --format csv,sqlite --out . -f ../two.c1z", 3),
        ("stats --no-cache -f ../two.c1z --c1z-temp-dir .", 1),
    ];
    for (command, failing) in commands {
        // The root of the volume is one of them.
        for files in 0..failing {
            let room = format!("size=64m,nr_inodes={}", files + 1);
            let output = on_one_with(&room, &format!("{PROGRAM} {command}"));
            let said = stderr(&output);
            assert_eq!(output.status.code(), Some(8), "{files} files: {command}: {said}");
            assert!(said.contains("error[BW-0407]"), "{files} files: {command}: {said}");
            let left = said.lines().find_map(|line| line.strip_prefix("left: ")).unwrap();
            assert_eq!(left, "", "{files} files: {command}");
        }
    }
}

/// Real volumes, where the system allows them: what is full there is everything, not one file.
#[test]
fn volumes_that_are_full() {
    let allowed = on_a_volume(64, "true");
    if !allowed.status.success() {
        // The limits of the other tests meet the same writes.
        eprintln!("no volumes here: {}", stderr(&allowed));
        return;
    }
    let commands = [
        "demo --people 40 --projects 6 -f new.c1z",
        "export --format csv --out out -f ../two.c1z",
        "export --format xlsx --out out -f ../two.c1z",
        "export --format json --out out -f ../two.c1z",
        "export --format jsonl --out out -f ../two.c1z",
        "export --format dot --out out -f ../two.c1z",
        "export --format html --out out -f ../two.c1z",
        "export --format sqlite --out out -f ../two.c1z",
        "stats -f ../two.c1z --c1z-temp-dir .",
    ];
    for command in commands {
        let mut failures = 0;
        for kilobytes in [
            4, 8, 12, 16, 24, 40, 64, 128, 256, 512, 1_024, 2_048, 4_096, 16_384, 65_536,
        ] {
            let output = on_a_volume(kilobytes, &format!("{PROGRAM} {command}"));
            if output.status.success() {
                break;
            }
            failures += 1;
            is_full(&output, &format!("{command} on {kilobytes} kB"));
            let said = stderr(&output);
            let left = said.lines().find_map(|line| line.strip_prefix("left: ")).unwrap();
            assert!(["", "out "].contains(&left), "{command} on {kilobytes} kB: {left}");
        }
        assert!((1..15).contains(&failures), "{command}: {failures}");
    }
}

//! The web page in a real browser: as the explorer serves it, and as the report that lies on a disk.

mod driver;
mod explorer;
mod looks;
mod report;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::report::demo;
use crate::support::program::program;

/// The simulated workspace that is looked at.
pub fn file() -> &'static Path {
    demo(&["--env", "all"])
}

/// `baton-workato explore`, as somebody runs it.
pub struct Serving {
    pub url: String,
    child: Child,
}

impl Serving {
    pub fn start(file: &Path) -> Serving {
        let mut child = program()
            .args(["explore", "--no-open", "-f"])
            .arg(file)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut url)
            .unwrap();
        let url = url.trim().to_owned();
        assert!(url.starts_with("http://127.0.0.1:"), "{url:?}");
        Serving { url, child }
    }

    /// Ends it as Ctrl-C does; returns whether it ended well.
    #[cfg(unix)]
    pub fn interrupt(mut self) -> bool {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        self.child.wait().unwrap().success()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

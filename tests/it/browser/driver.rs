//! A browser under the test's control: Debian's chromium through its WebDriver, fresh for every test.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use axum::http::Method;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

/// How long a page may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running browser. Ends with the value.
pub struct Browser {
    pub client: Client,
    driver: Child,
    chromium: Option<u64>,
    _profile: tempfile::TempDir,
}

/// Where the two programs are; nothing where one is missing.
fn programs() -> Option<(PathBuf, PathBuf)> {
    // Machines of CI services say where their driver is; on macOS programs are not on the path.
    let folders = std::env::var_os("PATH")
        .into_iter()
        .chain(std::env::var_os("CHROMEWEBDRIVER"));
    let mut folders: Vec<PathBuf> = folders
        .flat_map(|list| std::env::split_paths(&list).collect::<Vec<_>>())
        .collect();
    folders.push("/Applications/Google Chrome.app/Contents/MacOS".into());
    let find = |names: &[&str]| {
        let mut places = names
            .iter()
            .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
        places.find(|place| place.is_file())
    };
    let chromium = find(&["chromium", "google-chrome", "Google Chrome", "chromium-browser"])?;
    Some((find(&["chromedriver"])?, chromium))
}

impl Browser {
    /// Starts one. On a machine without a browser the test says so and passes, except where everything is meant to be
    /// checked: with `CI` set it fails.
    pub async fn start() -> Option<Browser> {
        let Some((driver, chromium)) = programs() else {
            let missing = "chromium and chromium-driver are not installed";
            assert!(std::env::var_os("CI").is_none(), "{missing}");
            eprintln!("SKIPPED: {missing}; nothing was checked in a browser");
            return None;
        };
        let profile = tempfile::tempdir().unwrap();
        let mut driver = Command::new(driver)
            .arg("--port=0")
            .env("HOME", profile.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines
            .find_map(|line| {
                let line = line.unwrap();
                let (_, port) = line.split_once("started successfully on port ")?;
                Some(port.trim_end_matches('.').to_owned())
            })
            .expect("chromedriver says its port");
        let folder = profile.path().join("profile");
        let options = json!({
            "binary": chromium,
            "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--disable-dev-shm-usage", "--force-device-scale-factor=1", "--lang=en-US",
                format!("--user-data-dir={}", folder.display()),
            ],
        });
        let capabilities: Capabilities = [
            ("goog:chromeOptions".to_owned(), options),
            (
                "goog:loggingPrefs".to_owned(),
                json!({ "browser": "ALL", "performance": "ALL" }),
            ),
        ]
        .into_iter()
        .collect();
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .unwrap();
        let chromium = client
            .capabilities()
            .and_then(|all| all.get("goog:processID")?.as_u64());
        let browser = Browser {
            client,
            driver,
            chromium,
            _profile: profile,
        };
        browser.width(1280).await;
        Some(browser)
    }

    /// Opens an address and waits until the page is there.
    pub async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap();
        self.settled().await;
    }

    /// Goes to another page by the part behind `#`.
    pub async fn go(&self, hash: &str) {
        let script = "location.hash = arguments[0]";
        self.client.execute(script, vec![json!(hash)]).await.unwrap();
        self.settled().await;
    }

    /// Waits until nothing is being loaded.
    pub async fn settled(&self) {
        self.until(
            "the page is there",
            "
            const main = document.getElementById('main');
            return document.readyState === 'complete' && main && !document.querySelector('[aria-busy=true]')
                && main.querySelector('h1') !== null && new Promise(then => setTimeout(() => then(true), 30));
        ",
        )
        .await;
    }

    /// Waits until a script returns something true.
    #[track_caller]
    pub fn until<'b>(&'b self, what: &'b str, script: &'b str) -> impl Future<Output = ()> + 'b {
        let caller = std::panic::Location::caller();
        async move {
            let start = Instant::now();
            while !self.js(script).await.as_bool().unwrap_or_default() {
                assert!(start.elapsed() < PATIENCE, "{caller}: waited for: {what}");
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
        }
    }

    /// Runs a script in the page.
    pub async fn js(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// Runs a script whose answer comes later.
    pub async fn later(&self, script: &str, arguments: Vec<Value>) -> Value {
        let script = format!(
            "const done = arguments[arguments.length - 1];
             (async (...given) => {{ {script} }})(...arguments).then(done, error => done({{ failed: String(error) }}));"
        );
        let answer = self.client.execute_async(&script, arguments).await.unwrap();
        assert!(answer.get("failed").is_none(), "{answer}");
        answer
    }

    /// The text of the first element that fits.
    pub async fn text(&self, css: &str) -> String {
        let element = self.client.find(Locator::Css(css)).await.unwrap();
        element.text().await.unwrap()
    }

    /// Presses keys where the focus is.
    pub async fn press(&self, keys: &str) {
        self.client
            .active_element()
            .await
            .unwrap()
            .send_keys(keys)
            .await
            .unwrap();
    }

    /// Makes the window so many pixels wide.
    pub async fn width(&self, width: u32) {
        let height = if width < 600 { 780 } else { width * 9 / 16 };
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Prefers dark or light pages.
    pub async fn dark(&self, is_dark: bool) {
        let value = if is_dark { "dark" } else { "light" };
        let feature = json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] });
        self.devtools("Emulation.setEmulatedMedia", feature).await;
    }

    /// A command of the browser's own protocol.
    pub async fn devtools(&self, name: &str, parameters: Value) -> Value {
        self.command("goog/cdp/execute", json!({ "cmd": name, "params": parameters }))
            .await
    }

    /// What the page complained about since the last call.
    pub async fn complaints(&self) -> Vec<String> {
        let entries = self.command("se/log", json!({ "type": "browser" })).await;
        let entries = entries.as_array().unwrap().iter();
        let bad = entries.filter(|entry| matches!(entry["level"].as_str(), Some("SEVERE" | "WARNING")));
        bad.map(|entry| entry["message"].to_string()).collect()
    }

    /// Every address asked for since the last call, with how often.
    pub async fn requests(&self) -> BTreeMap<String, usize> {
        let entries = self.command("se/log", json!({ "type": "performance" })).await;
        let mut asked = BTreeMap::new();
        for entry in entries.as_array().unwrap() {
            let entry: Value = serde_json::from_str(entry["message"].as_str().unwrap()).unwrap();
            let message = &entry["message"];
            let key = match message["method"].as_str() {
                Some("Network.requestWillBeSent") => "/params/request/url",
                Some("Network.webSocketCreated") => "/params/url",
                _ => continue,
            };
            let url = message.pointer(key).unwrap().as_str().unwrap();
            // The browser's own first page, which is inside of the program.
            if url.starts_with("chrome://") {
                continue;
            }
            *asked.entry(url.to_owned()).or_default() += 1;
        }
        asked
    }

    /// Takes a picture of the whole page for people to look at.
    pub async fn picture(&self, name: &str) {
        let size = self
            .js("
            const page = document.documentElement;
            return [page.clientWidth, Math.min(page.scrollHeight, 2600)];
        ")
            .await;
        let clip = json!({ "x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1 });
        let wanted = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let picture = self.devtools("Page.captureScreenshot", wanted).await;
        use base64::Engine as _;
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(picture["data"].as_str().unwrap())
            .unwrap();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), bytes).unwrap();
    }

    async fn command(&self, path: &'static str, body: Value) -> Value {
        self.client.issue_cmd(Custom { path, body }).await.unwrap()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Some(chromium) = self.chromium {
            let _ = Command::new("kill")
                .arg(chromium.to_string())
                .stderr(Stdio::null())
                .status();
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// A command that only this browser has.
#[derive(Debug)]
struct Custom {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Custom {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

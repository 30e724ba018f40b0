//! The report from the disk: the same page without a server, with the same answers.

use std::path::{Path, PathBuf};

use baton_workato::report::explore::QueryService;
use baton_workato::report::overview::Overview;
use baton_workato::report::web::write_report;
use baton_workato::workato::conventions::CONVENTIONS;
use serde_json::{Value, json};

use super::driver::Browser;
use super::{file, looks};
use crate::report::walks::Nested;
use crate::report::{demo, open};

struct Report {
    path: PathBuf,
    _folder: tempfile::TempDir,
}

impl Report {
    async fn write() -> Report {
        Report::of(tokio::task::spawn_blocking(file).await.unwrap())
    }

    fn of(file: &Path) -> Report {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.html");
        let snapshot = open(file);
        let overview = Overview::of(&snapshot, &CONVENTIONS).unwrap();
        let mut out = std::fs::File::create(&path).unwrap();
        write_report(&snapshot, &CONVENTIONS, &overview, &mut out).unwrap();
        Report { path, _folder: folder }
    }

    fn url(&self) -> String {
        format!("file://{}", self.path.display())
    }
}

/// Nothing was complained about, and nothing but the file was read.
async fn is_quiet(browser: &Browser, report: &Report) {
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    let asked = browser.requests().await;
    assert!(asked.keys().any(|url| url.starts_with(&report.url())));
    for url in asked.keys() {
        let is_own = url.starts_with(&report.url()) || url.starts_with("data:") || url.starts_with("blob:");
        assert!(is_own, "asked for {url}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_is_sound_at_every_width_and_in_the_dark() {
    let report = Report::write().await;
    let Some(browser) = Browser::start().await else {
        return;
    };
    browser.open(&report.url()).await;
    for is_dark in [false, true] {
        browser.dark(is_dark).await;
        for width in [360, 1280] {
            browser.width(width).await;
            for (name, hash) in [
                ("overview", "#/"),
                ("person", "#/thing/collaborator/1003"),
                ("project", "#/thing/project/1001"),
                ("people", "#/list/collaborator?q="),
                ("changes", "#/changes"),
            ] {
                browser.go(hash).await;
                let color = if is_dark { "dark" } else { "light" };
                let name = format!("report-{name}-{width}-{color}");
                browser.picture(&name).await;
                looks::is_sound(&browser, &name).await;
            }
        }
    }
    is_quiet(&browser, &report).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_found_in_the_report() {
    let report = Report::write().await;
    let Some(browser) = Browser::start().await else {
        return;
    };
    browser.open(&report.url()).await;
    browser.js("document.querySelector('#search input').focus()").await;
    browser.press("lindqvist ada").await;
    browser
        .until(
            "somebody is found",
            "return document.querySelector('#found [role=option]') !== null",
        )
        .await;
    browser.press("\u{E007}").await;
    browser
        .until(
            "the page of the person",
            "return location.hash === '#/thing/collaborator/1003'",
        )
        .await;
    browser.settled().await;
    assert_eq!(browser.text("h1").await, "Ada Lindqvist");
    browser.client.refresh().await.unwrap();
    browser.settled().await;
    assert_eq!(browser.text("h1").await, "Ada Lindqvist");
    is_quiet(&browser, &report).await;
}

/// Rows as texts, in their order, so that two answers are equal if their texts are.
fn comparable(items: &[Value]) -> Vec<String> {
    let thing = |thing: &Value| {
        format!(
            "{}:{} {} {}",
            thing["type"], thing["id"], thing["name"], thing["typeName"]
        )
    };
    let right = |right: &Value| {
        format!(
            "{} {} {} {} {}",
            right["leftOut"],
            right["id"],
            right["slug"],
            right["name"],
            thing(&right["resource"])
        )
    };
    let text = |row: &Value| {
        let paths = row["paths"].as_array().unwrap().iter();
        let paths = paths.map(|path| {
            path.as_array()
                .unwrap()
                .iter()
                .map(right)
                .collect::<Vec<_>>()
                .join(" > ")
        });
        let paths: Vec<String> = paths.collect();
        let own: Vec<String> = [
            "grantId",
            "direct",
            "immutable",
            "morePaths",
            "morePathsAtLeast",
            "reach",
        ]
        .iter()
        .map(|key| row[key].to_string())
        .collect();
        let reached = row.get("reached").map(thing);
        format!(
            "{} | {} | {} | {reached:?} | {}",
            own.join(" "),
            thing(&row["principal"]),
            right(&row["right"]),
            paths.join(" | ")
        )
    };
    items.iter().map(text).collect()
}

/// Asks the page about everything of one type, from both ends.
const EVERYTHING: &str = "
    const [type] = given;
    const source = (window.underTest ??= window.bw.EmbeddedSource.here());
    const all = {};
    for (const { id } of (await source.list({ type, limit: 100000 })).items) {
        const ask = async (asked) => source.access({ ...asked, offset: 0, limit: 100000 });
        all[id] = { on: await ask({ on: { type, id } }), of: await ask({ of: { type, id } }), page: await source.thing(type, id) };
    }
    return all;
";

/// The same of the explorer.
fn explored(desk: &QueryService, question: &str) -> Value {
    let (name, query) = question.split_once('?').unwrap();
    serde_json::from_slice(&desk.answer(name, query).unwrap()).unwrap()
}

fn both_ends(desk: &QueryService, kind: &str, id: &str, side: &str) -> (Vec<Value>, Value) {
    let key: String = url::form_urlencoded::byte_serialize(format!("{kind}:{id}").as_bytes()).collect();
    let mut rows: Vec<Value> = Vec::new();
    loop {
        let page = explored(desk, &format!("access?{side}={key}&limit=500&offset={}", rows.len()));
        rows.extend(page["items"].as_array().unwrap().iter().cloned());
        if rows.len() as u64 >= page["total"].as_u64().unwrap() {
            return (rows, page["unknown"].clone());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn report_and_explorer_give_the_same_answers_about_everything() {
    let mut ways = 0;
    for shape in [
        &["--env", "all"] as &'static [&'static str],
        &["--legacy", "--env", "all"],
        &["--env", "dev"],
        &["--legacy", "--env", "dev"],
    ] {
        let file = tokio::task::spawn_blocking(move || demo(shape)).await.unwrap();
        let report = Report::of(file);
        let Some(browser) = Browser::start().await else {
            return;
        };
        browser.open(&report.url()).await;
        let desk = QueryService::new(open(file), &CONVENTIONS);
        let overview = explored(&desk, "overview?");
        let shown = browser
            .later("return await window.bw.EmbeddedSource.here().overview()", vec![])
            .await;
        assert_eq!(shown, overview);
        for kind in overview["types"].as_array().unwrap() {
            let kind = kind["id"].as_str().unwrap();
            let told = browser.later(EVERYTHING, vec![json!(kind)]).await;
            for (id, told) in told.as_object().unwrap() {
                for side in ["on", "of"] {
                    let (rows, unknown) = both_ends(&desk, kind, id, side);
                    let shown = comparable(told[side]["items"].as_array().unwrap());
                    ways += shown.len();
                    assert_eq!(shown, comparable(&rows), "{shape:?} {side} {kind} {id}");
                    assert_eq!(told[side]["unknown"], unknown, "{shape:?} {side} {kind} {id}");
                }
                let key: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
                let expected = explored(&desk, &format!("thing?type={kind}&id={key}"));
                for key in [
                    "thing",
                    "account",
                    "holds",
                    "profile",
                    "reaches",
                    "reachedBy",
                    "unknown",
                ] {
                    assert_eq!(told["page"][key], expected[key], "{key} of {kind} {id}");
                }
            }
        }
        is_quiet(&browser, &report).await;
    }
    assert!(ways > 20_000, "{ways} rows were compared");
}

/// Layers with more ways than anybody can follow, chains that are cut, circles that are followed and circles that are not.
#[tokio::test(flavor = "multi_thread")]
async fn report_and_explorer_count_and_cut_ways_alike() {
    for made in [
        Nested::layers(14, 4, 2),
        Nested::chain(60, 2),
        Nested::circle(6, 2),
        Nested::circle(40, 2),
        Nested::knot(5, 2),
        Nested::knot(30, 2),
    ] {
        let place = made.file();
        let report = Report::of(&place.file);
        let Some(browser) = Browser::start().await else {
            return;
        };
        browser.open(&report.url()).await;
        let desk = QueryService::new(open(&place.file), &CONVENTIONS);
        for kind in ["user", "role"] {
            let told = browser.later(EVERYTHING, vec![json!(kind)]).await;
            for (id, told) in told.as_object().unwrap() {
                for side in ["on", "of"] {
                    let (rows, _) = both_ends(&desk, kind, id, side);
                    let shown = comparable(told[side]["items"].as_array().unwrap());
                    assert_eq!(shown, comparable(&rows), "{side} {kind} {id}");
                }
            }
        }
        is_quiet(&browser, &report).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_a_project_tells_every_way_to_it() {
    let file = tokio::task::spawn_blocking(|| demo(&["--legacy", "--env", "all"]))
        .await
        .unwrap();
    let report = Report::of(file);
    let Some(browser) = Browser::start().await else {
        return;
    };
    browser.open(&report.url()).await;
    let desk = QueryService::new(open(file), &CONVENTIONS);
    let found = explored(&desk, "search?q=Billing+in+prod&limit=1");
    let id = found["items"][0]["thing"]["id"].as_str().unwrap();
    browser.go(&format!("#/thing/project/{id}")).await;
    browser.settled().await;
    let text = browser.text("main").await;
    for told in [
        "By what is held on something in it",
        "By a scope",
        "Can give themselves access",
        "Not known",
    ] {
        assert!(text.contains(told), "{told:?} is not in\n{text}");
    }
    browser.picture("report-project-legacy").await;
    is_quiet(&browser, &report).await;
}

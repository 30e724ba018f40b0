//! The report from the disk: the same page without a server, with the same answers.

use std::collections::BTreeMap;
use std::path::PathBuf;

use baton_workato::report::overview::Overview;
use baton_workato::report::web::write_report;
use baton_workato::workato::conventions::CONVENTIONS;
use serde_json::{Value, json};

use super::driver::Browser;
use super::{Serving, file, looks};
use crate::report::open;

struct Report {
    path: PathBuf,
    _folder: tempfile::TempDir,
}

impl Report {
    async fn write() -> Report {
        let file = tokio::task::spawn_blocking(file).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.html");
        let snapshot = open(file);
        let overview = Overview::of(&snapshot, &CONVENTIONS).unwrap();
        let mut out = std::fs::File::create(&path).unwrap();
        write_report(&snapshot, &overview, &mut out).unwrap();
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

/// Access by grant: whether it is direct and immutable, and its ways by ids.
fn comparable(items: &[Value]) -> BTreeMap<String, Value> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let entry = |access: &Value| {
        let paths = access["paths"].as_array().unwrap().iter();
        let paths: Vec<Vec<Value>> = paths
            .map(|path| {
                path.as_array()
                    .unwrap()
                    .iter()
                    .map(|right| right["id"].clone())
                    .collect()
            })
            .collect();
        let value = json!({
            "direct": access["direct"], "immutable": access["immutable"], "paths": paths, "more": access["morePaths"],
            "right": access["right"], "principal": access["principal"],
        });
        (text(&access["grantId"]), value)
    };
    items.iter().map(entry).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn report_and_explorer_give_the_same_answers_for_everybody() {
    let report = Report::write().await;
    let serving = Serving::start(file());
    let Some(browser) = Browser::start().await else {
        return;
    };
    browser.open(&report.url()).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let ask = async |question: String| -> Value {
        let response = client
            .get(format!("{}api/{question}", serving.url))
            .send()
            .await
            .unwrap();
        serde_json::from_str(&response.text().await.unwrap()).unwrap()
    };
    let of_report = async |method: &str, parameters: Value| {
        let script = "
            const [method, parameters] = given;
            const source = (window.underTest ??= window.bw.EmbeddedSource.here());
            return method === 'thing' ? await source.thing(parameters.type, parameters.id) : await source[method](parameters);
        ";
        browser.later(script, vec![json!(method), parameters]).await
    };
    let overview = ask("overview".to_owned()).await;
    let mut shown = of_report("overview", json!({})).await;
    shown["file"] = overview["file"].clone();
    assert_eq!(shown, overview);

    let people = ask("list?type=collaborator&limit=500&sort=name".to_owned()).await;
    let people = people["items"].as_array().unwrap();
    assert_eq!(people.len(), 60);
    let mut ways = 0;
    for person in people {
        let id = person["id"].as_str().unwrap();
        let of = json!({ "of": { "type": "collaborator", "id": id }, "offset": 0, "limit": 500 });
        let shown = of_report("access", of).await;
        let expected = ask(format!("access?of=collaborator:{id}&limit=500")).await;
        assert_eq!(shown["total"], expected["total"], "{id}");
        let shown = comparable(shown["items"].as_array().unwrap());
        assert_eq!(shown, comparable(expected["items"].as_array().unwrap()), "{id}");
        ways += shown
            .values()
            .map(|access| access["paths"].as_array().unwrap().len())
            .sum::<usize>();
        let page = of_report("thing", json!({ "type": "collaborator", "id": id })).await;
        let expected = ask(format!("thing?type=collaborator&id={id}")).await;
        for key in ["thing", "account", "holds", "profile"] {
            assert_eq!(page[key], expected[key], "{key} of {id}");
        }
    }
    assert!(ways > 2_000, "{ways} ways were compared");
    for project in ask("list?type=project&limit=500".to_owned()).await["items"]
        .as_array()
        .unwrap()
    {
        let id = project["id"].as_str().unwrap();
        let on = json!({ "on": { "type": "project", "id": id }, "offset": 0, "limit": 500 });
        let shown = of_report("access", on).await;
        let expected = ask(format!("access?on=project:{id}&limit=500")).await;
        assert_eq!(
            comparable(shown["items"].as_array().unwrap()),
            comparable(expected["items"].as_array().unwrap()),
            "project {id}"
        );
    }
}

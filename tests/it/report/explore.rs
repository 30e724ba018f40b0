//! The explorer over HTTP: who is let in, and whether its answers are those of the file.

use std::collections::BTreeSet;
use std::path::Path;

use baton_workato::ABOUT;
use baton_workato::baton::error::Kind;
use baton_workato::report::access::{Access, Answers};
use baton_workato::report::explore::{Explorer, QueryService, serve};
use baton_workato::report::reach::{Asker, Ground, Part};
use baton_workato::report::web::ASSETS;
use baton_workato::workato::conventions::CONVENTIONS;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{demo, open};

const SHAPE: &[&str] = &["--env", "all"];

struct Served {
    url: String,
    client: Client,
    _stop: DropGuard,
}

impl Served {
    async fn demo() -> Served {
        Self::file(tokio::task::spawn_blocking(|| demo(SHAPE)).await.unwrap()).await
    }

    async fn file(file: &Path) -> Served {
        Self::of(Explorer::bind(ABOUT, open(file), &CONVENTIONS, 0).await.unwrap())
    }

    fn of(explorer: Explorer) -> Served {
        let url = explorer.url();
        let cancel = CancellationToken::new();
        tokio::spawn(serve(explorer, cancel.clone()));
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        Served {
            url,
            client: client.build().unwrap(),
            _stop: cancel.drop_guard(),
        }
    }

    async fn get(&self, question: &str) -> (StatusCode, Value) {
        let response = self
            .client
            .get(format!("{}api/{question}", self.url))
            .send()
            .await
            .unwrap();
        let status = response.status();
        (status, serde_json::from_str(&response.text().await.unwrap()).unwrap())
    }

    async fn ok(&self, question: &str) -> Value {
        let (status, answer) = self.get(question).await;
        assert_eq!(status, StatusCode::OK, "{question}: {answer}");
        answer
    }

    /// All items of a question, page by page.
    async fn all(&self, question: &str, limit: usize) -> Vec<Value> {
        let mut items = Vec::new();
        loop {
            let page = self
                .ok(&format!("{question}&offset={}&limit={limit}", items.len()))
                .await;
            let got = page["items"].as_array().unwrap().clone();
            let total = usize::try_from(page["total"].as_u64().unwrap()).unwrap();
            assert!(got.len() == limit || items.len() + got.len() == total, "{question}");
            items.extend(got);
            if items.len() >= total {
                return items;
            }
        }
    }
}

fn names(answer: &Value) -> Vec<&str> {
    let items = answer["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["thing"]["name"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn nobody_gets_in_without_the_address() {
    let served = Served::demo().await;
    let (origin, _) = served.url.trim_end_matches('/').rsplit_once('/').unwrap();
    let send = async |request: reqwest::RequestBuilder| request.send().await.unwrap().status();
    let client = &served.client;
    for path in [
        "/",
        "/api/overview",
        "/0123456789abcdef0123456789abcdef/api/overview",
        "/index.html",
        "/favicon.ico",
    ] {
        assert_eq!(
            send(client.get(format!("{origin}{path}"))).await,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    let question = format!("{}api/overview", served.url);
    assert_eq!(
        send(client.get(&question).header("host", "evil.example")).await,
        StatusCode::MISDIRECTED_REQUEST
    );
    for method in [
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::PATCH,
        Method::OPTIONS,
    ] {
        let response = client.request(method, &question).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()["allow"], "GET, HEAD");
    }
    assert_eq!(send(client.head(&question)).await, StatusCode::OK);
    let bare = client.get(served.url.trim_end_matches('/')).send().await.unwrap();
    assert_eq!(bare.status(), StatusCode::PERMANENT_REDIRECT);
    assert!(served.url.ends_with(bare.headers()["location"].to_str().unwrap()));
}

#[tokio::test]
async fn every_answer_carries_the_rules_of_the_browser() {
    let served = Served::demo().await;
    let (origin, _) = served.url.trim_end_matches('/').rsplit_once('/').unwrap();
    let urls = [
        served.url.clone(),
        format!("{}app.js", served.url),
        format!("{}api/overview", served.url),
        format!("{}api/nothing", served.url),
        format!("{}no/such/file", served.url),
        format!("{origin}/"),
    ];
    for url in urls {
        let response = served.client.get(&url).send().await.unwrap();
        let header = |name: &str| response.headers().get(name).map_or("", |value| value.to_str().unwrap());
        let policy = header("content-security-policy");
        assert!(policy.starts_with("default-src 'self'; "), "{url}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"));
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("access-control-allow-origin"), "");
        assert!(!header("content-type").is_empty(), "{url}");
    }
}

#[tokio::test]
async fn the_page_and_all_its_files_are_served() {
    let served = Served::demo().await;
    let get = async |name: &str| served.client.get(format!("{}{name}", served.url)).send().await.unwrap();
    let page = get("").await.text().await.unwrap();
    for asset in ASSETS {
        let response = get(asset.name).await;
        assert_eq!(response.headers()["content-type"], asset.media_type);
        assert_eq!(response.text().await.unwrap(), asset.text);
        let is_named = page.contains(&format!("\"{}\"", asset.name));
        assert!(
            is_named || asset.name == "index.html",
            "nothing asks for {}",
            asset.name
        );
    }
    assert!(
        !page.contains("http://") && !page.contains("https://"),
        "the page loads from elsewhere"
    );
}

#[tokio::test]
async fn search_finds_by_words_in_any_order_best_first() {
    let served = Served::demo().await;
    let ada = served.ok("search?q=lindqvist+ADA").await;
    assert_eq!(names(&ada)[0], "Ada Lindqvist");
    assert_eq!(ada["items"][0]["accountType"], "human");
    let mail = ada["items"][0]["email"].as_str().unwrap().to_owned();
    let found = served.ok(&format!("search?q={mail}")).await;
    assert_eq!(
        (names(&found), found["total"].as_u64()),
        (vec!["Ada Lindqvist"], Some(1))
    );
    let id = ada["items"][0]["thing"]["id"].as_str().unwrap();
    let by_id = served.ok(&format!("search?q={id}")).await;
    assert_eq!(by_id["items"][0]["thing"]["id"], id);

    let begins = served.ok("search?q=bill&limit=100").await;
    assert!(names(&begins)[0].starts_with("Billing"), "{:?}", names(&begins));
    let production = served.ok("search?q=billing+prod").await;
    assert!(production["total"].as_u64().unwrap() >= 1);

    let many = served.ok("search?q=a&limit=5").await;
    assert_eq!(many["items"].as_array().unwrap().len(), 5);
    assert!(many["total"].as_u64().unwrap() > 100);
    assert_eq!(served.ok("search?q=").await, json!({ "total": 0, "items": [] }));
    assert_eq!(served.ok("search?q=no+such+thing").await["total"], 0);
}

#[tokio::test]
async fn lists_are_filtered_sorted_and_paged() {
    let served = Served::demo().await;
    let all = served.all("list?type=collaborator&sort=name", 7).await;
    assert_eq!(all.len(), 60);
    let ids: BTreeSet<&str> = all.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 60, "no row stands on two pages");
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_lowercase();
    assert!(all.iter().map(|row| text(row, "name")).is_sorted());
    let down = served.all("list?type=collaborator&sort=-name", 25).await;
    assert!(down.iter().map(|row| std::cmp::Reverse(text(row, "name"))).is_sorted());
    for (sort, key) in [
        ("email", "email"),
        ("lastLogin", "lastLogin"),
        ("createdAt", "createdAt"),
        ("status", "status"),
    ] {
        let sorted = served.all(&format!("list?type=collaborator&sort={sort}"), 60).await;
        assert_eq!(sorted.len(), 60);
        assert!(sorted.iter().map(|row| text(row, key)).is_sorted(), "{sort}");
    }
    let busy = served.all("list?type=collaborator&sort=-grants", 60).await;
    assert!(
        busy.iter()
            .map(|row| std::cmp::Reverse(row["grants"].as_u64().unwrap()))
            .is_sorted()
    );
    let numbers = served.all("list?type=collaborator&sort=id", 60).await;
    assert!(
        numbers
            .iter()
            .map(|row| row["id"].as_str().unwrap().parse::<u64>().unwrap())
            .is_sorted()
    );

    let outside = served
        .all("list?type=collaborator&q=%40bluefin-consulting.example", 3)
        .await;
    assert!(!outside.is_empty());
    for row in &outside {
        assert!(row["email"].as_str().unwrap().ends_with("@bluefin-consulting.example"));
        assert_eq!(row["typeName"], "Collaborator");
        assert!(row["profile"]["id"].is_number() && row["profile"].get("config").is_none());
    }
    let folders = served.ok("list?type=folder&limit=500").await;
    let roots = folders["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["parent"]["type"] == "project");
    assert_eq!(roots.count(), 30);
}

#[tokio::test]
async fn pages_of_things_say_what_is_in_the_file() {
    let served = Served::demo().await;
    let project = served.ok("search?q=Billing+prod").await["items"][0]["thing"].clone();
    let (kind, id) = (project["type"].as_str().unwrap(), project["id"].as_str().unwrap());
    assert_eq!(kind, "project");
    let page = served.ok(&format!("thing?type={kind}&id={id}")).await;
    assert_eq!(page["thing"], project);
    assert_eq!(page["profile"]["environment"], "prod");
    let children = page["children"]["items"].as_array().unwrap();
    let kinds: Vec<&str> = children.iter().map(|child| child["type"].as_str().unwrap()).collect();
    assert_eq!(page["children"]["total"], 3);
    assert_eq!(kinds, ["api_collection", "folder", "genie"]);
    assert!(page.get("account").is_none() && page.get("parent").is_none());
    let rights = page["entitlements"].as_array().unwrap();
    assert_eq!(rights.len(), 5);
    let access = served.all(&format!("access?on={kind}:{id}"), 50).await;
    for right in rights {
        let held = access
            .iter()
            .filter(|access| access["right"]["id"] == right["right"]["id"] && access["reach"] == "on");
        assert_eq!(right["grants"].as_u64().unwrap(), u64::try_from(held.count()).unwrap());
        assert_eq!(right["right"]["resource"], project);
    }
    let person = served.ok("search?q=Ada+Lindqvist").await["items"][0]["thing"]["id"].clone();
    let person = person.as_str().unwrap();
    let page = served.ok(&format!("thing?type=collaborator&id={person}")).await;
    assert_eq!(page["account"]["accountType"], "human");
    let reaches = served.all(&format!("access?of=collaborator:{person}"), 100).await;
    let holds = reaches.iter().filter(|row| row["reach"] == "on").count();
    assert_eq!(page["holds"].as_u64().unwrap(), u64::try_from(holds).unwrap());
    assert_eq!(page["reaches"].as_u64().unwrap(), u64::try_from(reaches.len()).unwrap());
}

#[tokio::test]
async fn access_is_that_of_the_file_for_everybody() {
    let served = Served::demo().await;
    let snapshot = open(demo(SHAPE));
    let answers = Answers::new(&snapshot).unwrap();
    let ground = Ground::read(answers.names(), answers.edges(), &CONVENTIONS).unwrap();
    let asker = Asker {
        answers: &answers,
        ground: &ground,
    };
    let sorted = |rows: &[Access]| -> Vec<String> {
        let mut rows: Vec<String> = rows.iter().map(|row| serde_json::to_string(row).unwrap()).collect();
        rows.sort();
        rows
    };
    let shown = |rows: &[Value]| -> Vec<String> {
        let mut rows: Vec<String> = rows.iter().map(Value::to_string).collect();
        rows.sort();
        rows
    };
    for person in served.all("list?type=collaborator", 100).await {
        let id = person["id"].as_str().unwrap();
        let of = served.all(&format!("access?of=collaborator:{id}"), 33).await;
        let held: Vec<&Value> = of.iter().filter(|row| row["reach"] == "on").collect();
        assert!(
            held.iter()
                .map(|a| a["right"]["resource"]["type"].as_str().unwrap().to_owned())
                .is_sorted()
        );
        assert_eq!(shown(&of), sorted(&asker.of("collaborator", id).unwrap()), "{id}");
    }
    for kind in ["project", "environment_role", "collaborator_group"] {
        for resource in served.all(&format!("list?type={kind}"), 100).await {
            let id = resource["id"].as_str().unwrap();
            let thing = answers.names().thing(kind, id).unwrap();
            let mut expected = Vec::new();
            let mut each = |access: Access| {
                expected.push(access);
                Ok(())
            };
            asker
                .on(&thing, Part::Whole, None, &mut |_, _, _| Ok(true), &mut each)
                .unwrap();
            let on = served.all(&format!("access?on={kind}:{id}"), 200).await;
            assert_eq!(shown(&on), sorted(&expected), "{kind} {id}");
        }
    }
}

#[tokio::test]
async fn access_is_filtered_by_words_and_by_what_was_given() {
    let served = Served::demo().await;
    let project = served.ok("search?q=Billing+dev").await["items"][0]["thing"]["id"].clone();
    let on = format!("access?on=project:{}", project.as_str().unwrap());
    let all = served.all(&on, 500).await;
    let direct = served.all(&format!("{on}&direct=true"), 3).await;
    assert_eq!(
        direct,
        all.iter().filter(|a| a["direct"] == true).cloned().collect::<Vec<_>>()
    );
    assert!(!direct.is_empty() && direct.len() < all.len());
    let admins = served.all(&format!("{on}&q=project+admin"), 500).await;
    assert!(!admins.is_empty());
    assert!(
        admins
            .iter()
            .all(|a| a["right"]["name"].as_str().unwrap().to_lowercase().contains("admin"))
    );
    let name = all[0]["principal"]["name"].as_str().unwrap();
    let query: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    let one = served.all(&format!("{on}&q={query}"), 500).await;
    assert!(!one.is_empty() && one.iter().all(|a| a["principal"]["name"] == name));
}

#[tokio::test]
async fn questions_that_make_no_sense_are_answered_with_errors() {
    let served = Served::demo().await;
    for (question, status) in [
        ("nothing", 404),
        ("list", 400),
        ("list?type=nothing", 404),
        ("list?type=collaborator&sort=colour", 400),
        ("list?type=collaborator&offset=many", 400),
        ("thing?type=collaborator", 400),
        ("thing?type=collaborator&id=nobody", 404),
        ("access", 400),
        ("access?of=collaborator", 400),
        ("access?of=collaborator:1&on=project:1", 400),
        ("access?of=collaborator:nobody", 404),
    ] {
        let (got, answer) = served.get(question).await;
        assert_eq!(got.as_u16(), status, "{question}");
        assert!(answer["error"]["message"].is_string(), "{question}");
    }
    let long = "a".repeat(2_000);
    assert_eq!(served.get(&format!("search?q={long}")).await.0, StatusCode::BAD_REQUEST);
    let far = served.ok("list?type=collaborator&offset=1000000").await;
    assert_eq!(
        (far["total"].as_u64(), far["items"].as_array().unwrap().len()),
        (Some(60), 0)
    );
}

#[tokio::test]
async fn many_ask_at_the_same_time() {
    let served = Served::demo().await;
    let people = served.all("list?type=collaborator", 100).await;
    let asked = people.iter().map(|person| {
        let id = person["id"].as_str().unwrap();
        let question = format!("access?of=collaborator:{id}&limit=500");
        let served = &served;
        async move {
            let answer = served.ok(&question).await;
            let rows = answer["items"].as_array().unwrap().iter();
            u64::try_from(rows.filter(|row| row["reach"] == "on").count()).unwrap()
        }
    });
    let totals = futures_util::future::join_all(asked).await;
    for (person, total) in people.iter().zip(totals) {
        assert_eq!(person["grants"].as_u64().unwrap(), total);
    }
}

/// Sends bytes as they are; what comes back until the other side closes.
async fn raw(served: &Served, request: &str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let origin = url::Url::parse(&served.url).unwrap();
    let address = (origin.host_str().unwrap(), origin.port().unwrap());
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    // A connection may be reset where it is closed: what came before counts.
    let _ = tokio::time::timeout(std::time::Duration::from_secs(60), read)
        .await
        .unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_whole_address_of_another_host_is_refused() {
    let served = Served::demo().await;
    let origin = url::Url::parse(&served.url).unwrap();
    let own = format!("127.0.0.1:{}", origin.port().unwrap());
    let ask = async |target: &str| {
        let request = format!("GET {target} HTTP/1.1\r\nHost: {own}\r\nConnection: close\r\n\r\n");
        raw(&served, &request).await
    };
    let page = origin.path();
    for target in [page.to_owned(), format!("http://{own}{page}")] {
        let answer = ask(&target).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{target}: {answer}");
    }
    for host in [
        "http://evil.example",
        "http://evil.example:80",
        "http://127.0.0.1",
        "https://evil.example",
    ] {
        let answer = ask(&format!("{host}{page}")).await;
        assert!(answer.starts_with("HTTP/1.1 421 "), "{host}: {answer}");
        assert!(!answer.contains("<html"), "{host}");
    }
}

#[tokio::test]
async fn whoever_does_not_say_what_they_want_is_let_go() {
    let file = tokio::task::spawn_blocking(|| demo(SHAPE)).await.unwrap();
    let explorer = Explorer::bind(ABOUT, open(file), &CONVENTIONS, 0).await.unwrap();
    let served = Served::of(explorer.with_head_in(std::time::Duration::from_millis(50)));
    for begun in ["", "GET / HTT", "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"] {
        // It ends, and without an answer that tells anything.
        let answer = raw(&served, begun).await;
        assert!(!answer.contains(" 200 "), "{begun:?}: {answer}");
    }
    assert_eq!(served.ok("search?q=").await["total"], 0);
}

#[test]
fn a_question_that_nobody_waits_for_any_more_is_given_up() {
    let desk = QueryService::new(open(demo(SHAPE)), &CONVENTIONS);
    let gone = CancellationToken::new();
    gone.cancel();
    let questions = ["access?of=collaborator:1003", "access?on=project:1001"];
    let asked = |question: &str, gone: &CancellationToken| {
        let (name, query) = question.split_once('?').unwrap();
        desk.answer_while(name, query, gone)
    };
    for question in questions {
        let error = asked(question, &gone).unwrap_err();
        assert_eq!(error.kind(), Kind::Cancelled, "{question}");
    }
    assert_eq!(desk.abandoned(), 2);
    // Nothing of it is remembered.
    for question in questions {
        let answer: Value = serde_json::from_slice(&asked(question, &CancellationToken::new()).unwrap()).unwrap();
        assert!(answer["total"].as_u64().unwrap() > 0, "{question}");
    }
    assert_eq!(desk.abandoned(), 2);
}

/// What every object of a script has anyway is the name of nothing here.
#[tokio::test]
async fn names_of_the_language_are_names() {
    let served = Served::demo().await;
    for name in ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"] {
        for (question, status) in [
            (name.to_owned(), 404),
            (format!("list?type={name}"), 404),
            (format!("list?type=collaborator&sort={name}"), 400),
            (format!("thing?type={name}&id={name}"), 404),
            (format!("thing?type=collaborator&id={name}"), 404),
            (format!("access?of={name}:{name}"), 404),
            (format!("access?on=collaborator:{name}"), 404),
        ] {
            assert_eq!(served.get(&question).await.0.as_u16(), status, "{question}");
        }
    }
}

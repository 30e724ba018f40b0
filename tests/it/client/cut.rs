//! Lists that look complete and are not: answers that say they failed, pages that were cut smaller or thinned, servers that
//! know no pages, and pages of two moments.

use std::sync::{Arc, Mutex};

use baton_workato::ABOUT;
use baton_workato::baton::connector::SyncContext;
use baton_workato::baton::error::{Error, Kind};
use baton_workato::workato::client::{Row, endpoint};
use baton_workato::workato::collaborator::Member;
use baton_workato::workato::group::{GroupMember, UserGroup};
use baton_workato::workato::listing::List;
use baton_workato::workato::mcp_server::McpServerRow;
use baton_workato::workato::project::{ProjectGrant, ProjectRow};

use super::scripted::*;

/// The causes and examples that a sync counted.
fn counted(cx: &SyncContext) -> Vec<(&'static str, Vec<String>)> {
    let warnings = cx.warnings.list(&ABOUT);
    warnings.into_iter().map(|w| (w.cause, w.examples)).collect()
}

async fn object<T: Row>(body: &'static str) -> Result<T, Error> {
    let (_, client) = answering(body).await;
    client.object::<T>(endpoint::MCP_SERVER.of("5")).await
}

#[tokio::test]
async fn an_answer_that_says_it_failed_is_no_list() {
    for body in [
        r#"{"data":[],"errors":[{"code":500,"title":"internal"}],"success":false}"#,
        r#"{"data":[],"success":false,"message":"Timed out"}"#,
        r#"{"success":"false","data":[{"id":1}]}"#,
        r#"{"data":[{"id":1}],"error":"half of it"}"#,
        r#"{"data":[],"status":"error"}"#,
        r#"{"data":[],"code":503}"#,
        r#"{"data":null,"error":"none"}"#,
        r#"{"error":"none"}"#,
    ] {
        let (server, client) = answering(body).await;
        let error = List::now(&client, endpoint::PROJECT_GRANTS.of("1"))
            .read::<ProjectGrant>()
            .await
            .unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable, "{body}: {error}");
        assert!(error.to_string().contains("says that it failed"), "{body}: {error}");
        assert_eq!(server.requests(), 3, "it may pass: {body}");
    }
    // It may stand where the list does.
    let (_, client) = answering(r#"{"result":{"items":[],"success":false}}"#).await;
    let list = List::now(&client, &endpoint::API_CLIENTS).read::<ProjectRow>().await;
    assert!(list.unwrap_err().to_string().contains("says that it failed"));
    for body in [
        r#"{"success":false,"data":{"id":5}}"#,
        r#"{"id":5,"errors":["no"]}"#,
        r#"{"error":"none"}"#,
    ] {
        let error = object::<McpServerRow>(body).await.unwrap_err();
        assert!(error.to_string().contains("says that it failed"), "{body}: {error}");
    }
    object::<McpServerRow>(r#"{"success":true,"errors":[],"data":{"id":5}}"#)
        .await
        .unwrap();
}

/// Only 200 says that what was asked for is all there.
#[tokio::test]
async fn other_successes_are_no_answers_to_a_reading() {
    for status in [201, 202, 203, 204, 206] {
        let headers = [("Content-Type", "application/json")];
        let server = Server::start(move |_, _| reply(status, &headers, r#"{"data":[],"total":0}"#)).await;
        let client = workato(&server, options(&FakeClock::new()));
        let list = List::now(&client, &endpoint::USER_GROUPS).read::<UserGroup>().await;
        let error = list.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable, "{status}: {error}");
        assert!(error.to_string().contains(&status.to_string()), "{error}");
    }
}

#[tokio::test]
async fn rows_in_two_places_are_no_list() {
    for body in [
        r#"{"data":[],"result":[{"id":1}]}"#,
        r#"{"items":[{"id":1}],"data":[]}"#,
        r#"{"data":[{"id":1}],"items":[{"id":2}]}"#,
        r#"{"data":[],"result":{"items":[{"id":1}]}}"#,
    ] {
        let (_, client) = answering(body).await;
        let error = List::now(&client, &endpoint::MEMBERS)
            .read::<Member>()
            .await
            .unwrap_err();
        assert_eq!(error.kind(), Kind::Internal, "{body}");
        assert!(error.to_string().contains("rows in `"), "{body}: {error}");
    }
    // An empty second one says nothing.
    let (_, client) = answering(r#"{"data":[{"id":1}],"result":[],"items":{}}"#).await;
    let rows = List::now(&client, &endpoint::MEMBERS).read::<Member>().await.unwrap();
    assert_eq!(rows.len(), 1);
    // Nor does a word beside an object.
    for body in [
        r#"{"result":"ok","data":{"id":5}}"#,
        r#"{"data":null,"result":{"id":5}}"#,
    ] {
        assert_eq!(object::<McpServerRow>(body).await.unwrap().id.as_str(), "5");
    }
    let error = object::<McpServerRow>(r#"{"data":{"id":1},"result":{"id":2}}"#).await;
    assert_eq!(error.unwrap_err().kind(), Kind::Internal);
}

/// Pages of so many rows, the ids of each page its own.
async fn paged(sizes: Vec<usize>) -> (Server, Vec<ProjectRow>, usize) {
    let server = Server::start(move |_, target| {
        let page = page_number(target);
        let count = sizes.get(page - 1).copied().unwrap_or(0);
        json(format!("[{}]", rows(page * 1000, count)))
    })
    .await;
    let client = workato(&server, options(&FakeClock::new()));
    let rows = List::now(&client, &endpoint::PROJECTS)
        .read::<ProjectRow>()
        .await
        .unwrap();
    let requests = server.requests();
    (server, rows, requests)
}

/// The rule of `client/paging.rs` for lists that do not say how many rows they have, and what it costs.
#[tokio::test]
async fn lists_without_a_total_are_read_to_their_end() {
    for (sizes, requests) in [
        // Small lists cost what they did.
        (vec![1], 1),
        (vec![9], 1),
        (vec![24], 1),
        // A limit may be smaller than what was asked for.
        (vec![20], 2),
        (vec![20, 20, 7], 7),
        (vec![10, 10, 10], 8),
        // Rows may be taken out of pages after they were cut.
        (vec![60], 3),
        (vec![0, 40], 5),
        (vec![20, 60], 7),
        (vec![60, 0, 40], 9),
        (vec![100, 20, 60], 9),
        (vec![100, 7, 60], 11),
        (vec![100, 0, 0, 50], 11),
        (vec![100, 100, 50], 9),
        (vec![], 3),
    ] {
        let (_server, rows, asked) = paged(sizes.clone()).await;
        assert_eq!(rows.len(), sizes.iter().sum::<usize>(), "{sizes:?}");
        assert_eq!(asked, requests, "{sizes:?}");
    }
}

/// Twenty rows a page, with these words beside them or above.
#[tokio::test]
async fn a_list_that_says_there_is_more_is_read_on() {
    type Words = fn(usize) -> (String, Vec<(&'static str, String)>);
    let forms: [Words; 6] = [
        |page| (format!(r#","next_page":{}"#, page + 1), vec![]),
        |page| (format!(r#","has_more":{}"#, page < 3), vec![]),
        |_| (r#","total_pages":3"#.to_owned(), vec![]),
        |_| (r#","meta":{"total":51}"#.to_owned(), vec![]),
        |page| {
            let link = format!(r#"</api/iam/users?page={}>; rel="next""#, page + 1);
            (String::new(), if page < 3 { vec![("Link", link)] } else { vec![] })
        },
        |_| (r#","total":"51.0""#.to_owned(), vec![]),
    ];
    for (at, form) in forms.into_iter().enumerate() {
        let server = Server::start(move |_, target| {
            let page = page_number(target);
            let count = [17, 17, 17].get(page - 1).copied().unwrap_or(0);
            let (words, headers) = form(page);
            let mut headers: Vec<(&str, &str)> = headers.iter().map(|(k, v)| (*k, v.as_str())).collect();
            headers.push(("Content-Type", "application/json"));
            reply(
                200,
                &headers,
                format!(r#"{{"data":[{}]{words}}}"#, rows(page * 1000, count)),
            )
        })
        .await;
        let client = workato(&server, options(&FakeClock::new()));
        let cx = SyncContext::detached();
        let list = List::of_sync(&cx, "users", &client, &endpoint::IDENTITY_USERS);
        assert_eq!(list.read::<ProjectRow>().await.unwrap().len(), 51, "form {at}");
        // The first form says for ever that there is more.
        assert_eq!(counted(&cx).is_empty(), at > 0, "form {at}: {:?}", counted(&cx));
    }
}

/// The server answers the same whatever page is asked for.
#[tokio::test]
async fn a_list_of_a_server_that_knows_no_pages_may_be_cut() {
    for (count, words, told) in [
        (50, "", true),
        (25, "", true),
        (99, "", false),
        (99, r#","next_page":2"#, true),
        (7, "", false),
        (7, r#","meta":{"total":8}"#, true),
        (7, r#","meta":{"total":7},"next_page":null"#, false),
    ] {
        let server = Server::start(move |_, _| json(format!(r#"{{"data":[{}]{words}}}"#, rows(1, count)))).await;
        let client = workato(&server, options(&FakeClock::new()));
        let cx = SyncContext::detached();
        let list = List::of_sync(&cx, "users", &client, &endpoint::IDENTITY_USERS);
        assert_eq!(list.read::<ProjectRow>().await.unwrap().len(), count);
        let told_of: Vec<_> = counted(&cx).into_iter().map(|(cause, _)| cause).collect();
        assert_eq!(
            told_of,
            Vec::from_iter(told.then_some("list-may-be-cut")),
            "{count} {words}"
        );
        // Who would act on it does not.
        let now = List::now(&client, &endpoint::IDENTITY_USERS).read::<ProjectRow>().await;
        assert_eq!(now.is_err(), told, "{count} {words}");
    }
}

/// Nor is a list that is answered as a whole believed against its own words.
#[tokio::test]
async fn a_list_that_is_answered_as_a_whole_may_be_cut_too() {
    for (count, words, told) in [
        (100, "", true),
        (101, "", false),
        (3, "", false),
        (100, r#","total":100"#, false),
        (100, r#","total":100,"next_page":2"#, true),
        (3, r#","has_more":true"#, true),
    ] {
        let server = Server::start(move |_, _| json(format!(r#"{{"data":[{}]{words}}}"#, rows(1, count)))).await;
        let client = workato(&server, options(&FakeClock::new()));
        let cx = SyncContext::detached();
        let list = List::of_sync(&cx, "members", &client, &endpoint::MEMBERS);
        assert_eq!(list.read::<ProjectRow>().await.unwrap().len(), count);
        let told_of: Vec<_> = counted(&cx).into_iter().map(|(cause, _)| cause).collect();
        assert_eq!(
            told_of,
            Vec::from_iter(told.then_some("list-may-be-cut")),
            "{count} {words}"
        );
    }
    // Rows on a second page are no list that is answered as a whole.
    let server = Server::start(|_, target| {
        let first = if target.contains("page=2") { 200 } else { 1 };
        json(format!(r#"{{"data":[{}]}}"#, rows(first, 50)))
    })
    .await;
    let client = workato(&server, options(&FakeClock::new()));
    let error = List::now(&client, &endpoint::MEMBERS)
        .read::<Member>()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("come in pages"), "{error}");
}

/// A run that goes on after a stopped one does not put pages of two moments together, even where totals agree.
#[tokio::test]
async fn pages_of_two_moments_are_not_one_list() {
    // Who is in the group, and whether its third page is refused.
    type Group = Arc<Mutex<(Vec<usize>, bool)>>;
    let group: Group = Arc::new(Mutex::new(((1..=250).collect(), true)));
    let state = Arc::clone(&group);
    let server = Server::start(move |_, target| {
        let (ids, stops) = &*state.lock().unwrap();
        let page = page_number(target);
        if *stops && page == 3 {
            return reply(400, &[], "{}");
        }
        let rows: Vec<String> = (ids.iter().skip((page - 1) * 100).take(100))
            .map(|id| format!(r#"{{"id":{id}}}"#))
            .collect();
        json(format!(r#"{{"data":[{}],"total":{}}}"#, rows.join(","), ids.len()))
    })
    .await;
    let client = workato(&server, options(&FakeClock::new()));
    let cx = SyncContext::detached();
    let list = || List::of_sync(&cx, "members", &client, endpoint::USER_GROUP_MEMBERS.of("g"));
    list().read::<GroupMember>().await.unwrap_err();
    // One leaves and one joins, and the run that goes on is stopped once more, after a page.
    let all: Vec<usize> = (2..=251).collect();
    *group.lock().unwrap() = (all.clone(), true);
    list().read::<GroupMember>().await.unwrap_err();
    let now: Vec<usize> = (3..=252).collect();
    *group.lock().unwrap() = (now.clone(), false);
    let before = server.requests();
    let rows = list().read::<GroupMember>().await.unwrap();
    let mut read: Vec<usize> = rows.iter().map(|row| row.id.as_str().parse().unwrap()).collect();
    read.sort_unstable();
    assert_eq!(read, now);
    assert_eq!(server.requests() - before, 3, "from its first page");
    // What was read to its end stays.
    assert_eq!(list().read::<GroupMember>().await.unwrap(), rows);
    assert_eq!(server.requests() - before, 3);
    assert_eq!(counted(&cx), []);
}

#[tokio::test]
async fn rows_of_one_id_that_differ_are_told() {
    let same = r#"{"data":[{"id":1,"name":"a"},{"id":1,"name":"a"},{"id":2}]}"#;
    let differ = r#"{"data":[{"id":1,"name":"a"},{"id":1,"name":"b"},{"id":2}]}"#;
    for (body, told) in [(same, false), (differ, true)] {
        let (_, client) = answering(body).await;
        let cx = SyncContext::detached();
        let list = List::of_sync(&cx, "users", &client, &endpoint::IDENTITY_USERS);
        assert_eq!(list.read::<ProjectRow>().await.unwrap().len(), 2);
        let expected = told.then(|| ("rows-differ", vec!["users: id 1".to_owned()]));
        assert_eq!(counted(&cx), Vec::from_iter(expected));
        let now = List::now(&client, &endpoint::IDENTITY_USERS).read::<ProjectRow>().await;
        assert_eq!(now.is_err(), told);
    }
    // Where each row gives something, all of them hold.
    let (_, client) =
        answering(r#"{"data":[{"id":1,"user":{"id":1}},{"id":1,"user_group":{"id":"g"}},{"id":1,"user":{"id":1}}]}"#)
            .await;
    let cx = SyncContext::detached();
    let list = List::of_sync(&cx, "grants", &client, endpoint::PROJECT_GRANTS.of("1")).all_hold();
    assert_eq!(list.read::<ProjectGrant>().await.unwrap().len(), 2);
    assert_eq!(counted(&cx), [("rows-differ", vec!["grants: id 1".to_owned()])]);
    let now = List::now(&client, endpoint::PROJECT_GRANTS.of("1")).all_hold();
    assert_eq!(now.read::<ProjectGrant>().await.unwrap().len(), 2);
}

/// A bare list is documented to come in one answer, and to know no pages: that page 2 is page 1 says nothing against it.
#[tokio::test]
async fn a_bare_list_that_is_answered_as_a_whole_is_whole() {
    for (count, refused, requests) in [
        (25, false, 1),
        (50, false, 1),
        (99, false, 1),
        (100, false, 2),
        (100, true, 2),
    ] {
        let server = Server::start(move |_, target| match refused && target.contains("page=2") {
            true => reply(400, &[], "{}"),
            false => json(format!("[{}]", rows(1, count))),
        })
        .await;
        let client = workato(&server, options(&FakeClock::new()));
        let cx = SyncContext::detached();
        let list = List::of_sync(&cx, "connections", &client, &endpoint::CONNECTIONS);
        assert_eq!(list.read::<ProjectRow>().await.unwrap().len(), count);
        assert_eq!(
            (counted(&cx), server.requests()),
            (Vec::new(), requests),
            "{count} {refused}"
        );
        let now = List::now(&client, &endpoint::CONNECTIONS).read::<ProjectRow>().await;
        assert_eq!(now.unwrap().len(), count);
    }
    // Where a second page has other rows, it is none.
    let server = Server::start(|_, target| {
        let first = if target.contains("page=2") { 200 } else { 1 };
        json(format!("[{}]", rows(first, 100)))
    })
    .await;
    let client = workato(&server, options(&FakeClock::new()));
    let error = List::now(&client, &endpoint::CONNECTIONS).read::<ProjectRow>().await;
    assert!(error.unwrap_err().to_string().contains("come in pages"));
}

/// Why a second page was refused says nothing about the list: neither that it is bad, nor that it may not be read.
#[tokio::test]
async fn a_second_page_that_is_refused_is_a_doubt() {
    for (status, doubt) in [(400, true), (404, true), (403, false), (401, false)] {
        let server = Server::start(move |_, target| match target.contains("page=2") {
            true => reply(status, &[], "{}"),
            false => json(format!(r#"{{"data":[{}]}}"#, rows(1, 50))),
        })
        .await;
        let client = workato(&server, options(&FakeClock::new()));
        let cx = SyncContext::detached();
        let list = List::of_sync(&cx, "members", &client, &endpoint::MEMBERS);
        let read = list.read::<ProjectRow>().await;
        match doubt {
            true => {
                assert_eq!(read.unwrap().len(), 50, "{status}");
                let told = (
                    "list-may-be-cut",
                    vec!["members: 50 rows, and page 2 is refused".to_owned()],
                );
                assert_eq!(counted(&cx), [told], "{status}");
            }
            false => assert_eq!(read.unwrap_err().kind(), Kind::Unavailable, "{status}"),
        }
        let now = List::now(&client, &endpoint::MEMBERS).read::<ProjectRow>().await;
        assert_eq!(now.unwrap_err().kind(), Kind::Unavailable, "{status}");
    }
}

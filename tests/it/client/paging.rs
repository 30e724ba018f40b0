//! Where lists end.

use std::sync::Arc;

use baton_workato::baton::code;
use baton_workato::baton::error::{Kind, Retry};
use baton_workato::baton::http::HttpClient;
use baton_workato::baton::secret::Secret;
use baton_workato::workato::client::{WorkatoClient, endpoint};
use baton_workato::workato::collaborator::Member;
use baton_workato::workato::connection::ConnectionRow;
use baton_workato::workato::data_center;
use baton_workato::workato::environment_role::EnvironmentRoleRow;
use baton_workato::workato::folder::FolderRow;
use baton_workato::workato::group::{GroupMember, UserGroup};
use baton_workato::workato::listing::List;
use baton_workato::workato::project::ProjectRow;

use super::scripted::*;

#[tokio::test]
async fn page_number_lists_end_at_a_short_page() {
    let server = Server::start(|_, target| {
        let page = page_number(target);
        json(format!("[{}]", rows(page * 100, if page < 3 { 100 } else { 7 })))
    })
    .await;
    let client = workato(&server, options(&FakeClock::new()));
    let folders = pages::<FolderRow>(&client, endpoint::FOLDERS.with("parent_id", "12"))
        .await
        .unwrap();
    assert_eq!(folders.len(), 207);
    assert_eq!(
        server.targets(),
        [1, 2, 3].map(|page| format!("/api/folders?parent_id=12&page={page}&per_page=100"))
    );
}

#[tokio::test]
async fn bracketed_lists_count_to_the_total() {
    // A page may be short in the middle; a list may end exactly at a full page.
    for (sizes, total, calls) in [
        (vec![100, 100, 50], 250, 3),
        (vec![100, 60, 100, 0], 260, 4),
        (vec![100, 100, 0], 200, 3),
        (vec![0], 0, 1),
        (vec![130], 130, 1),
        (vec![130, 130, 40, 0], 300, 4),
    ] {
        let script = sizes.clone();
        let server = Server::start(move |_, target| {
            let page = page_number(target);
            let count = script.get(page - 1).copied().unwrap_or(0);
            json(format!(r#"{{"data":[{}],"total":{total}}}"#, rows(page * 1000, count)))
        })
        .await;
        let client = workato(&server, options(&FakeClock::new()));
        let roles = pages::<EnvironmentRoleRow>(&client, &endpoint::ENVIRONMENT_ROLES)
            .await
            .unwrap();
        assert_eq!(roles.len(), sizes.iter().sum::<usize>(), "{sizes:?}");
        assert_eq!(server.requests(), calls, "{sizes:?}");
        assert_eq!(
            server.targets()[0],
            "/api/environment_roles?page%5Bnumber%5D=1&page%5Bsize%5D=100"
        );
    }
}

#[tokio::test]
async fn a_server_that_cuts_pages_smaller_loses_nothing() {
    // 50 rows per page whatever is asked for, with and without saying so.
    for page_info in [r#","page":{"number":1,"size":50}"#, ""] {
        let server = Server::start(move |_, target| {
            let page = page_number(target);
            let count = [50, 50, 20].get(page - 1).copied().unwrap_or(0);
            json(format!(
                r#"{{"data":[{}],"total":120{page_info}}}"#,
                rows(page * 1000, count)
            ))
        })
        .await;
        let client = workato(&server, options(&FakeClock::new()));
        let groups = pages::<UserGroup>(&client, &endpoint::USER_GROUPS).await.unwrap();
        assert_eq!(groups.len(), 120);
    }
}

#[tokio::test]
async fn a_list_that_ends_early_is_an_error() {
    // An empty page in the middle is passed over once ...
    let server = Server::start(|_, target| {
        let page = page_number(target);
        let count = [100, 0, 50].get(page - 1).copied().unwrap_or(0);
        json(format!(r#"{{"data":[{}],"total":250}}"#, rows(page * 1000, count)))
    })
    .await;
    let client = workato(&server, options(&FakeClock::new()));
    let page = client.page::<UserGroup>(&endpoint::USER_GROUPS, 2).await.unwrap();
    assert_eq!((page.rows.len(), page.next), (50, None));
    let error = List::now(&client, &endpoint::USER_GROUPS)
        .read::<UserGroup>()
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.may_retry()), (Kind::Unavailable, Retry::Later));
    assert!(error.to_string().contains("150 of 250 rows"), "{error}");

    // ... and two of them are not believed, even when the second lies behind the total.
    for total in [101, 150, 950] {
        let server = Server::start(move |_, target| {
            let count = if page_number(target) == 1 { 100 } else { 0 };
            json(format!(r#"{{"data":[{}],"total":{total}}}"#, rows(0, count)))
        })
        .await;
        let client = workato(&server, options(&FakeClock::new()));
        let error = client.page::<UserGroup>(&endpoint::USER_GROUPS, 2).await.unwrap_err();
        assert_eq!((error.kind(), error.may_retry()), (Kind::Unavailable, Retry::Later));
        assert!(
            error.to_string().contains(&format!("ends after 100 of {total} rows")),
            "{error}"
        );
        assert_eq!(server.requests(), 2);
    }

    // Unpaged lists must be whole.
    let (_, client) = answering(r#"{"data":[{"id":1}],"total":2}"#).await;
    let error = client.everything::<Member>(&endpoint::MEMBERS).await.unwrap_err();
    assert!(error.to_string().contains("ends after 1 of 2 rows"), "{error}");
}

#[tokio::test]
async fn a_server_that_ignores_pages_does_not_loop() {
    let body = format!("[{}]", rows(1, 100));
    let server = Server::start(move |_, _| json(&body)).await;
    let client = workato(&server, options(&FakeClock::new()));
    let error = List::now(&client, &endpoint::PROJECTS)
        .read::<ProjectRow>()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Internal);
    assert_eq!(server.requests(), 4, "it is asked for once more");
    assert_eq!(
        client
            .page::<ProjectRow>(&endpoint::PROJECTS, 0)
            .await
            .unwrap_err()
            .kind(),
        Kind::InvalidArgument,
        "pages count from 1"
    );
}

/// Pages that never repeat and never end stop by what they weigh: the bound is 256 MiB of rows in the program.
#[tokio::test]
async fn a_list_of_endless_distinct_pages_stops() {
    const BOUND: usize = 200_000;
    let long = "x".repeat(400);
    let forms: [fn(String) -> String; 2] = [
        |rows| format!("[{rows}]"),
        // Some say that there is more, always.
        |rows| format!(r#"{{"data":[{rows}],"total":1000000000}}"#),
    ];
    for (endpoint, form) in [&endpoint::PROJECTS, &endpoint::USER_GROUPS].into_iter().zip(forms) {
        let long = long.clone();
        let server = Server::start(move |_, target| {
            let first = page_number(target) * 100;
            let row = |n: usize| format!(r#"{{"id":{n},"name":"{n}{long}"}}"#);
            let rows: Vec<String> = (first..first + 100).map(row).collect();
            json(form(rows.join(",")))
        })
        .await;
        let client = workato(&server, options(&FakeClock::new()));
        let list = List::now(&client, endpoint).at_most(BOUND);
        let error = match endpoint.name == endpoint::PROJECTS.name {
            true => list.read::<ProjectRow>().await.unwrap_err(),
            false => list.read::<UserGroup>().await.unwrap_err(),
        };
        assert_eq!(error.kind(), Kind::Internal);
        assert_eq!(error.code_id(), code::LIST_ENDLESS, "{error}");
        assert!(error.to_string().contains("does not end"), "{error}");
        // It is not read again, and not a page further than the bound.
        let page = 100 * 400;
        assert!(server.requests() <= BOUND / page + 1, "{} pages", server.requests());
        // A list that ends below it is whole.
        let server = Server::start(move |_, target| {
            let page = page_number(target);
            let count = [100, 100, 100, 7].get(page - 1).copied().unwrap_or(0);
            json(format!("[{}]", rows(page * 100, count)))
        })
        .await;
        let client = workato(&server, options(&FakeClock::new()));
        let list = List::now(&client, &endpoint::PROJECTS).at_most(BOUND);
        assert_eq!(list.read::<ProjectRow>().await.unwrap().len(), 307);
    }
}

/// Who is about to change something believes a list by the same rule as a sync.
#[tokio::test]
async fn a_list_that_is_acted_on_fits_together_or_is_none() {
    // A row is on no page of the first reading, because it moves to one that was read already.
    let server = Server::start(|n, target| {
        let page = page_number(target);
        let count = [100, if n < 2 { 50 } else { 51 }].get(page - 1).copied().unwrap_or(0);
        json(format!(r#"{{"data":[{}],"total":151}}"#, rows(page * 1000, count)))
    })
    .await;
    let client = workato(&server, options(&FakeClock::new()));
    let groups = List::now(&client, &endpoint::USER_GROUPS).read::<UserGroup>().await;
    assert_eq!(groups.unwrap().len(), 151);
    for (endpoint, body, requests) in [
        // The second reading looks behind the empty page.
        (&endpoint::PROJECTS, "[]", 3),
        (&endpoint::PROJECTS, r#"[{"id":1},{"id":2}]"#, 1),
        (&endpoint::MEMBERS, r#"{"data":[]}"#, 2),
        (&endpoint::MEMBERS, r#"{"data":[{"id":1},{"id":2}]}"#, 1),
    ] {
        let (server, client) = answering(body).await;
        List::now(&client, endpoint).read::<ProjectRow>().await.unwrap();
        assert_eq!(server.requests(), requests, "{} {body}", endpoint.name);
    }
    // Two rows of one id: the second may stand for somebody else.
    let (server, client) = answering(r#"{"data":[{"id":1},{"id":1}]}"#).await;
    let error = List::now(&client, &endpoint::MEMBERS)
        .read::<Member>()
        .await
        .unwrap_err();
    assert_eq!((error.kind(), server.requests()), (Kind::Unavailable, 2));
}

#[tokio::test]
async fn ids_stay_inside_their_path_segment() {
    let (server, client) = answering(r#"{"data":[],"total":0}"#).await;
    client
        .page::<GroupMember>(endpoint::USER_GROUP_MEMBERS.of("a/../b?x=1#y"), 1)
        .await
        .unwrap();
    assert!(
        server.targets()[0].starts_with("/api/user_groups/a%2F..%2Fb%3Fx=1%23y/members?"),
        "{:?}",
        server.targets()
    );
    for id in ["..", ".", ""] {
        let error = client
            .page::<GroupMember>(endpoint::USER_GROUP_MEMBERS.of(id), 1)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), Kind::InvalidArgument);
    }
}

#[tokio::test]
async fn a_base_url_may_have_a_path() {
    let server = Server::start(|_, _| json("[]")).await;
    let base = data_center::base_url("us", Some(&format!("{}proxy/workato/api/", server.url))).unwrap();
    let http = Arc::new(HttpClient::new(options(&FakeClock::new())).unwrap());
    WorkatoClient::new(base, Secret::new(TOKEN), http)
        .everything::<ConnectionRow>(&endpoint::CONNECTIONS)
        .await
        .unwrap();
    assert_eq!(server.targets(), ["/proxy/workato/api/connections"]);
}

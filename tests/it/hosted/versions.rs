//! Configurations that change between requests, and lists that several processes answer.

use baton_workato::baton::proto::google::rpc;
use baton_workato::baton::proto::v2;
use baton_workato::simulator::{AccessModel, Simulator};

use super::calls::{LIST_RESOURCES, people};
use super::cloud::Cloud;
use super::function::{Framing, Function, configuration};
use crate::grpc::syncs::workspace;

const VERSION: &str = "x-baton-connector-config-version";

type Page = v2::ResourcesServiceListResourcesResponse;

async fn page(function: &Function, token: &str, version: &str) -> Result<Page, rpc::Status> {
    let headers = vec![(VERSION, version.to_owned())];
    function
        .ask_with(Framing::Frame, LIST_RESOURCES, &people(token.to_owned()), headers)
        .await
}

fn ids(page: &Page) -> Vec<String> {
    page.list.iter().map(|row| row.id.clone().unwrap().resource).collect()
}

fn people_of(simulator: &Simulator) -> Vec<String> {
    simulator
        .workspace()
        .people
        .iter()
        .map(|person| person.id.to_string())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn another_version_is_fetched_when_a_request_names_it() {
    let (first, _) = workspace(AccessModel::RbacV2).await;
    let (second, _) = workspace(AccessModel::RbacV2).await;
    second.change(|workspace| {
        let mut next = 9_000_000;
        for person in &mut workspace.people {
            next += 1;
            person.id = next;
        }
        workspace.groups.iter_mut().for_each(|group| group.members.clear());
    });
    let cloud = Cloud::start(configuration(&first)).await;
    let function = Function::start(&cloud).await;
    let of_first = page(&function, "", "cv-1").await.unwrap();
    assert!(ids(&of_first).iter().all(|id| people_of(&first).contains(id)));
    assert_eq!(cloud.seen().asked, [""], "it is the version that is there");

    cloud.gives("cv-2", configuration(&second));
    let still = page(&function, "", "cv-1").await.unwrap();
    assert_eq!(still.list, of_first.list);
    let of_second = page(&function, "", "cv-2").await.unwrap();
    assert!(ids(&of_second).iter().all(|id| people_of(&second).contains(id)));
    for _ in 0..3 {
        assert_eq!(page(&function, "", "cv-2").await.unwrap().list, of_second.list);
        assert_eq!(
            page(&function, "", "").await.unwrap().list,
            of_second.list,
            "any version will do"
        );
    }
    assert_eq!(cloud.seen().asked, ["", "cv-2"]);

    // The rest of the first workspace's list is not the rest of the second one's.
    let status = page(&function, &of_first.next_page_token, "cv-2").await.unwrap_err();
    assert_eq!(status.code, 9, "{status:?}");
    cloud.assert_no_breach();
    function.assert_discreet();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_cannot_be_taken_up_changes_nothing() {
    let (simulator, _) = workspace(AccessModel::RbacV2).await;
    let cloud = Cloud::start(configuration(&simulator)).await;
    let function = Function::start(&cloud).await;
    let good = page(&function, "", "cv-1").await.unwrap();
    let mut bad = configuration(&simulator);
    bad["workato-env"] = "elsewhere".into();
    cloud.gives("cv-2", bad);
    for asked in 1..3 {
        let status = page(&function, "", "cv-2").await.unwrap_err();
        assert_eq!(status.code, 14, "{status:?}");
        assert!(status.message.contains("workato-env"), "{status:?}");
        assert_eq!(cloud.seen().asked.len(), 1 + asked, "it is tried again");
    }
    assert_eq!(page(&function, "", "cv-1").await.unwrap().list, good.list);
    cloud.gives("cv-2", configuration(&simulator));
    assert_eq!(page(&function, "", "cv-2").await.unwrap().list, good.list);
    cloud.assert_no_breach();
    function.assert_discreet();
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_goes_on_where_nothing_moved_and_nowhere_else() {
    let (simulator, _) = workspace(AccessModel::RbacV2).await;
    let cloud = Cloud::start(configuration(&simulator)).await;
    let whole = people_of(&simulator);
    let (one, other) = (Function::start(&cloud).await, Function::start(&cloud).await);
    let mut found = Vec::new();
    let mut token = String::new();
    for turn in 0.. {
        let function = if turn % 2 == 0 { &one } else { &other };
        let page = page(function, &token, "").await.unwrap();
        found.extend(ids(&page));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    let mut sorted = (found.clone(), whole);
    sorted.0.sort();
    sorted.1.sort();
    assert_eq!(sorted.0, sorted.1);

    // Somebody who was given already leaves: all behind move up, and one would be skipped.
    let begun = page(&one, "", "").await.unwrap();
    let gone: u64 = found[0].parse().unwrap();
    simulator.change(|workspace| workspace.people.retain(|person| person.id != gone));
    let third = Function::start(&cloud).await;
    let status = page(&third, &begun.next_page_token, "").await.unwrap_err();
    assert_eq!(status.code, 9, "{status:?}");
    // The process that began the list has its tables, and ends it as it began it.
    let rest = page(&one, &begun.next_page_token, "").await.unwrap();
    assert_eq!(ids(&rest), found[10..20]);
    cloud.assert_no_breach();
}

//! Rows of the log that appear late: what they tell of is not lost, however late they are.

use baton_workato::simulator::Endpoint;

use super::House;
use crate::support::rows::Rows;

/// A change at the end of a sync whose row appears some syncs later, between rows that were seen long ago.
#[tokio::test]
async fn a_change_is_not_lost_when_its_row_is_late() {
    for late in [1, 2, 5, 9] {
        let house = House::small().await;
        house.incremental().await.unwrap();
        house.pass(5);
        let project = house.swap();
        let row = house.row("project_updated", "Project", project).late(late);
        house.simulator.happened(row);
        house.simulator.forget_requests();
        let mut told_of = false;
        for _ in 0..12 {
            house.pass(70);
            house.simulator.happened(house.row("user_login", "User", "101"));
            told_of = house.simulator.requests().to(Endpoint::ActivityLogs) >= usize::try_from(late).unwrap();
            house.incremental().await.unwrap();
            let same = Rows::of_file(&house.file()) == house.whole().await.unwrap();
            assert!(same || !told_of, "late by {late}");
        }
        assert!(told_of, "late by {late}");
    }
}

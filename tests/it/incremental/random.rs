//! Random histories of a workspace, its log and its checkboxes: after every step an incremental sync has the rows of a full
//! read, fails as one, or goes by a log that does not show yet what happened, and then no longer than that.

use baton_workato::simulator::{AccessModel, Behavior, Endpoint, Grantee, Happened, Shape, Workspace};

use super::{House, swap};
use crate::support::oracle::Options;
use crate::support::rows::Rows;

/// Histories, in total.
const HISTORIES: u64 = 80;

/// Syncs of a history, after the first.
fn steps(seed: u64) -> usize {
    usize::try_from(seed % 4).unwrap() + 1
}

/// Chance that comes out the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.roll() % u64::try_from(bound).unwrap()).unwrap()
    }
}

/// What became of the steps of all histories.
#[derive(Debug, Default)]
struct Tally {
    reused: usize,
    full: usize,
    stale: usize,
    failed: usize,
}

fn workspace(seed: u64) -> Workspace {
    Workspace::generate(&Shape {
        seed,
        people: 8,
        projects: 3,
        folders_per_project: 1,
        loose_folders: 1,
        custom_roles: 1,
        api_clients: 1,
        ..Shape::small(AccessModel::RbacV2)
    })
}

/// One history.
struct History {
    house: House,
    dice: Dice,
    behavior: Behavior,
    /// Rows that are not shown yet: how many reads of the log each waits for, and how many there had been.
    late: Vec<(usize, usize)>,
}

impl History {
    /// Tells the log of something that was done: at once, or after some reads.
    fn tell(&mut self, row: Happened) {
        let late = match self.dice.below(3) {
            0 => self.dice.below(4),
            _ => 0,
        };
        self.late.push((late, self.reads()));
        self.house.simulator.happened(row.late(u32::try_from(late).unwrap()));
    }

    fn reads(&self) -> usize {
        self.house.simulator.requests().to(Endpoint::ActivityLogs)
    }

    fn tell_of_project(&mut self, project: u64) {
        let row = self.house.row("project_updated", "Project", project.to_string());
        self.tell(row);
    }

    fn step(&mut self) {
        let house = &self.house;
        let known = house.simulator.workspace();
        let person = known.people[self.dice.below(known.people.len())].id;
        let project = known.projects[self.dice.below(known.projects.len())].id;
        match self.dice.below(16) {
            0 | 1 => {}
            2 => {
                let row = house.row("user_login", "User", person.to_string());
                house.simulator.happened(row);
            }
            3 | 4 => {
                let can = known
                    .project_grants
                    .iter()
                    .any(|grant| matches!(grant.holder, Grantee::User(_)));
                if can && known.people.len() > 5 {
                    let project: u64 = house.swap().parse().unwrap();
                    self.tell_of_project(project);
                }
            }
            5 => {
                // Somebody loses what they hold on a project, or gets something.
                house.simulator.change(|workspace| {
                    let before = workspace.project_grants.len();
                    let is_theirs = |holder: &Grantee| *holder == Grantee::User(person);
                    workspace
                        .project_grants
                        .retain(|grant| grant.project != project || !is_theirs(&grant.holder));
                    if before == workspace.project_grants.len() {
                        let mut grant = workspace.project_grants[0].clone();
                        grant.id = format!("pg-{person}-{project}");
                        (grant.project, grant.holder) = (project, Grantee::User(person));
                        workspace.project_grants.push(grant);
                    }
                });
                self.tell_of_project(project);
            }
            6 => {
                // As a log might have it that has types for grants.
                house.simulator.change(|workspace| _ = swap(workspace));
                let row = house.row("project_grant_updated", "ProjectGrant", project.to_string());
                self.tell(row);
            }
            7 | 8 => {
                // A group says how many it has; the log is silent.
                house.simulator.change(|workspace| {
                    let group = workspace.groups.iter_mut().find(|group| !group.system).unwrap();
                    match group.members.iter().position(|id| *id == person) {
                        Some(at) => _ = group.members.remove(at),
                        None => group.members.push(person),
                    }
                });
            }
            9 => {
                // One in, one out: as many as before. Some workspaces might stamp it, others tell of it.
                let stamped = self.dice.below(2) == 0;
                house.simulator.change(|workspace| {
                    let people: Vec<u64> = workspace.people.iter().map(|person| person.id).collect();
                    let group = workspace.groups.iter_mut().rfind(|group| !group.system).unwrap();
                    let other = people.iter().find(|id| !group.members.contains(id));
                    if let (Some(first), Some(other)) = (group.members.first_mut(), other) {
                        *first = *other;
                    }
                    if stamped {
                        group.updated_at = Some(format!("2026-11-08T08:{:02}:00Z", person % 60));
                    }
                });
                let row = house.row("members_changed", "UserGroup", "am-1");
                match stamped {
                    true => {}
                    false => self.tell(row),
                }
            }
            10 => house.simulator.change(|workspace| {
                if workspace.people.len() > 6 {
                    workspace.people.retain(|other| other.id != person);
                    workspace
                        .project_grants
                        .retain(|grant| grant.holder != Grantee::User(person));
                    for group in &mut workspace.groups {
                        group.members.retain(|id| *id != person);
                    }
                }
            }),
            11 => house.simulator.change(|workspace| {
                let project = workspace.projects.iter_mut().find(|one| one.id == project).unwrap();
                project.name.push_str(" II");
            }),
            12 => {
                // A role may do something else: its stamp or the log says so.
                house.simulator.change(|workspace| {
                    for row in workspace.privileges.values_mut() {
                        row.privileges
                            .entry("Recipes".to_owned())
                            .or_default()
                            .push(format!("p{person}"));
                    }
                });
                let row = house.row("privilege_group_updated", "PrivilegeGroup", "1");
                self.tell(row);
            }
            13 => house.simulator.forget_events(),
            14 => {
                const BOXES: [Endpoint; 6] = [
                    Endpoint::ActivityLogs,
                    Endpoint::ProjectProjectGrants,
                    Endpoint::GroupMembers,
                    Endpoint::MemberPrivileges,
                    Endpoint::EnvironmentRole,
                    Endpoint::Groups,
                ];
                let endpoint = BOXES[self.dice.below(BOXES.len())];
                self.behavior = Behavior::default().deny(endpoint, 403);
            }
            _ => {
                let hours = i64::try_from(self.dice.below(26)).unwrap();
                house.pass(hours * 60);
            }
        }
    }

    async fn run(seed: u64) -> Tally {
        let mut tally = Tally::default();
        let mut history = History {
            house: House::of(workspace(seed), Options::default()).await,
            dice: Dice(seed),
            behavior: Behavior::default(),
            late: Vec::new(),
        };
        history.house.resumable = false;
        history.house.incremental().await.unwrap();
        history.house.whole().await.unwrap();
        for step in 0..steps(seed) {
            history.behavior = Behavior::default();
            for _ in 0..=history.dice.below(2) {
                history.step();
            }
            history.house.pass(7);
            history.house.simulator.behave(history.behavior.clone());
            let reads = history.reads();
            history.late.retain(|(late, before)| reads - before < *late);
            let incremental = history.house.incremental().await;
            let whole = history.house.whole().await;
            let name = format!("seed {seed}, step {step}");
            match (incremental, whole) {
                (Ok(summary), Ok(whole)) => {
                    let told = summary.incremental.unwrap();
                    assert!(told.reused > 0 || told.full_because.is_some(), "{name}: {told:?}");
                    let is_full = told.full_because.is_some();
                    let same = Rows::of_file(&history.house.file()) == whole;
                    assert!(same || (!is_full && !history.late.is_empty()), "{name}: {told:?}");
                    match (same, is_full) {
                        (false, _) => tally.stale += 1,
                        (true, true) => tally.full += 1,
                        (true, false) => tally.reused += 1,
                    }
                }
                (Err(one), Err(other)) => {
                    assert_eq!(one.code_id(), other.code_id(), "{name}: {one}, {other}");
                    tally.failed += 1;
                }
                (one, other) => panic!("{name}: {one:?}, {:?}", other.map(drop)),
            }
        }
        tally
    }
}

#[test]
fn random_histories_have_the_rows_of_full_reads() {
    // Two at a time, each on a thread of its own.
    let half = |rest: u64| {
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let seeds = (0..HISTORIES).filter(|seed| seed % 2 == rest);
            seeds
                .map(|seed| runtime.block_on(History::run(seed)))
                .collect::<Vec<Tally>>()
        })
    };
    let halves = [half(0), half(1)];
    let all: Vec<Tally> = halves.into_iter().flat_map(|half| half.join().unwrap()).collect();
    let sum = |part: fn(&Tally) -> usize| all.iter().map(part).sum::<usize>();
    let (reused, full) = (sum(|tally| tally.reused), sum(|tally| tally.full));
    let (stale, failed) = (sum(|tally| tally.stale), sum(|tally| tally.failed));
    // Histories that show nothing would hold anything.
    let steps: usize = (0..HISTORIES).map(steps).sum();
    assert_eq!(reused + full + stale + failed, steps);
    let told = format!("{reused} reused, {full} full, {stale} stale, {failed} failed");
    assert!(reused > steps / 5 && full > steps / 10, "{told}");
    assert!(stale > 0 && failed > 0, "{told}");
}

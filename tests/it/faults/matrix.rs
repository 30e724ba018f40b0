//! Every endpoint times every fault times its persistence, against the one rule. `FAULT_MATRIX=all` runs every cell.

use std::collections::BTreeMap;

use futures_util::StreamExt as _;
use futures_util::stream;

use super::cell::{Cell, baseline};
use super::kinds::{self, Class, Kind, Lasts};
use super::sites::{self, Ends, Site};

/// Syncs that run at the same time.
const AT_ONCE: usize = 6;

/// Whether every cell runs, `FAULT_MATRIX=all`, or a part that has every endpoint with every sort of fault.
fn is_exhaustive() -> bool {
    std::env::var_os("FAULT_MATRIX").is_some_and(|value| value == "all")
}

/// Whether the cell of the target and kind at these places stands in the part. Statuses that are read by the same
/// line of code take turns over the endpoints, and so do the faults that stay.
fn has_its_turn(target: usize, kinds: &[Kind], kind: usize, lasts: Lasts) -> bool {
    let own = &kinds[kind];
    let alike: Vec<usize> = (0..kinds.len()).filter(|at| kinds[*at].like == own.like).collect();
    let place = alike.iter().position(|at| *at == kind).unwrap();
    let turns = if alike.len() > 4 { 2 } else { 1 };
    let stays = matches!(lasts, Lasts::Always | Lasts::SecondPage);
    match own.class {
        Class::Rows => true,
        Class::Refusal => own.like.is_empty(),
        _ if !own.like.is_empty() && (place + target) % alike.len() >= turns => false,
        _ => !stays || (kind + target).is_multiple_of(3),
    }
}

/// Runs all cells of a site and fails with the list of those that break the rule.
async fn hold(site: &Site, kinds: &[Kind], lasts: &[Lasts], wanted: impl Fn(&Cell<'_>) -> bool) -> usize {
    let whole = baseline(site, site.behavior.clone()).await;
    let exhaustive = is_exhaustive();
    let mut cells = Vec::new();
    for (target_at, target) in site.targets.iter().enumerate() {
        for (kind_at, kind) in kinds.iter().enumerate() {
            for lasts in lasts {
                let cell = Cell {
                    site,
                    target,
                    kind,
                    lasts: *lasts,
                };
                let possible = kind.applies(target, *lasts) && !kind.is_beyond_notice(target, *lasts);
                let turn = exhaustive || has_its_turn(target_at, kinds, kind_at, *lasts);
                if possible && turn && wanted(&cell) {
                    cells.push(cell);
                }
            }
        }
    }
    let count = cells.len();
    let whole = &whole;
    let results: Vec<(String, Option<String>, &str)> = stream::iter(cells)
        .map(|cell| async move {
            let (wrong, came) = cell.run(whole).await;
            (cell.name(), wrong, came)
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let mut tally: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, _, came) in &results {
        *tally.entry(came).or_default() += 1;
    }
    eprintln!("{}: {count} cells, {tally:?}", site.name);
    let broken: Vec<String> = results
        .into_iter()
        .filter_map(|(name, wrong, _)| Some(format!("{name}: {}", wrong?)))
        .collect();
    assert!(broken.is_empty(), "{} of {count}:\n{}", broken.len(), broken.join("\n"));
    count
}

const ALL: [Lasts; 6] = [
    Lasts::Once,
    Lasts::Always,
    Lasts::SecondPageOnce,
    Lasts::SecondPage,
    Lasts::Later,
    Lasts::EveryThird,
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_of_an_rbac_workspace() {
    let count = hold(&sites::rbac(), &kinds::of_answers(), &ALL, |_| true).await;
    assert!(count > if is_exhaustive() { 800 } else { 300 }, "{count}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_of_an_rbac_workspace() {
    let count = hold(&sites::rbac(), &kinds::of_rows(), &ALL, |_| true).await;
    assert!(count > 60, "{count}");
}

/// The endpoints it shares with RBAC v2 are read by the same code, so one fault of a class stands for the others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_legacy_workspace() {
    let kinds: Vec<Kind> = kinds::of_answers().into_iter().chain(kinds::of_rows()).collect();
    let own = |cell: &Cell<'_>| match cell.target.path {
        "/api/roles" => true,
        "/api/members/*/privileges" => is_typical(cell.kind),
        _ => is_exhaustive() && is_typical(cell.kind),
    };
    hold(&sites::legacy(), &kinds, &ALL, own).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_of_several_pages_without_a_total() {
    let kinds: Vec<Kind> = kinds::of_answers().into_iter().chain(kinds::of_rows()).collect();
    for site in [sites::wide(), sites::nested()] {
        hold(&site, &kinds, &ALL, |cell| {
            cell.target.ends == Ends::BareSeveral && is_typical(cell.kind) && {
                // First pages are those of the other sites.
                cell.kind.class == Class::Rows || cell.lasts == Lasts::SecondPage
            }
        })
        .await;
    }
}

fn is_typical(kind: &Kind) -> bool {
    kind.class == Class::Rows
        || ["401", "403", "404", "422", "503", "html 200", "truncated"].contains(&kind.name.as_str())
}

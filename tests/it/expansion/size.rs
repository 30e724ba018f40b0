//! A workspace of size: counts, reads and writes, not time.

use super::build::shallow;
use super::memory::Memory;

const PEOPLE: usize = 1_000;
const PRIVILEGES: usize = 100;
const ROLES: usize = 5;

#[test]
fn a_hundred_thousand_grants_through_five_roles() {
    let roles: Vec<String> = (0..ROLES).map(|n| format!("role:{n}:member")).collect();
    let privileges: Vec<String> = (0..PRIVILEGES).map(|n| format!("privilege:{n:03}:holder")).collect();
    let names: Vec<&str> = roles.iter().chain(&privileges).map(String::as_str).collect();
    let mut store = Memory::of(&names);
    for (n, role) in roles.iter().enumerate() {
        for privilege in &privileges {
            store.expands(privilege, &format!("role:{n}"), shallow(&[role]));
        }
    }
    // Everybody has one role, every tenth a second one.
    for person in 0..PEOPLE {
        let user = format!("user:{person:05}");
        store.holds(&roles[person % ROLES], &[&user]);
        if person % 10 == 0 {
            store.holds(&roles[(person + 1) % ROLES], &[&user]);
        }
    }
    let before = store.rows.len();
    let stats = store.expanded();
    assert_eq!(stats.edges as usize, ROLES * PRIVILEGES);
    assert_eq!(stats.grants_added as usize, PEOPLE * PRIVILEGES);
    assert_eq!(stats.grants_updated, 0);
    assert_eq!(store.rows.len(), before + PEOPLE * PRIVILEGES);

    assert_eq!(store.writes, vec![10_000; 10], "written in batches");
    for name in names {
        assert_eq!(store.reads.borrow()[name], 1, "{name} is read once");
    }
    for privilege in &privileges {
        assert_eq!(store.on(privilege).count(), PEOPLE + ROLES);
    }
    assert_eq!(store.sources("privilege:042:holder:user:00010").unwrap().len(), 2);
    assert_eq!(store.sources("privilege:042:holder:user:00011").unwrap().len(), 1);
}

//! One write by the published flags, with the ids of a file (`baton/config/published.md 1.2, 3`,
//! `workato/published.md 4`).

use baton_workato::simulator::{Env, is_no_access};

use super::program::Program;

fn dev_role(program: &Program, person: &str) -> String {
    let people = program.simulator.workspace().people;
    let person = people.into_iter().find(|p| p.id.to_string() == person).unwrap();
    person.roles.into_iter().find(|r| r.env == Env::Dev).unwrap().role
}

#[tokio::test(flavor = "multi_thread")]
async fn one_write_from_the_command_line() {
    let program = Program::synced().await;
    let people = program.simulator.workspace().people;
    let holds = |p: &&baton_workato::simulator::Person| {
        p.roles
            .iter()
            .any(|r| r.env == Env::Dev && r.role == "Environment admin")
    };
    let ada = people.iter().find(holds).unwrap();
    let (name, id) = (ada.name.clone().unwrap(), ada.id.to_string());
    let entitlement = "environment_role:1-dev:collaborator-has";
    let grant = format!("{entitlement}:collaborator:{id}");
    let member = "environment_role:3-dev:collaborator-has";
    let grants = |entitlement| {
        vec![
            "--grant-entitlement",
            entitlement,
            "--grant-principal",
            &id,
            "--grant-principal-type",
            "collaborator",
        ]
    };
    let deletes = vec!["--delete-resource", &id, "--delete-resource-type", "collaborator"];
    let before = program.file_state();
    for (arguments, said) in [
        (grants(entitlement), format!("{name}: dev Environment admin already")),
        (
            vec!["--revoke-grant", &grant],
            format!("{name}: dev Environment admin → No access"),
        ),
        (
            vec!["--revoke-grant", &grant],
            format!("{name}: dev Environment admin gone already"),
        ),
        (grants(member), format!("{name}: dev No access → Member")),
        (grants(entitlement), format!("{name}: dev Member → Environment admin")),
    ] {
        let ended = program.run(&arguments).await;
        assert_eq!(
            (ended.code, ended.out.as_str(), ended.err.as_str()),
            (0, "", said.as_str())
        );
    }
    assert_eq!(dev_role(&program, &id), "Environment admin");
    let gone = program.run(&deletes).await;
    assert_eq!((gone.code, gone.out.as_str()), (0, ""), "{gone:?}");
    assert!(
        gone.err
            .starts_with(&format!("{name}: collaborator (dev Environment admin")),
        "{gone:?}"
    );
    assert!(gone.err.ends_with("→ not a collaborator"), "{gone:?}");
    assert!(!program.simulator.workspace().people.iter().any(|p| p.id == ada.id));
    let again = program.run(&deletes).await;
    assert_eq!((again.code, again.err), (0, format!("{id}: collaborator gone already")));
    assert_eq!(program.file_state(), before, "the file is only read");
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_by_flags() {
    let program = Program::synced().await;
    let profile = r#"{"name":"New","env_roles":["prod:Environment admin"]}"#;
    let arguments = [
        "--create-account-profile",
        profile,
        "--create-account-email",
        "new@example.org",
    ];
    let shown = program.run(&[&arguments[..], &["--dry-run"]].concat()).await;
    assert_eq!((shown.code, program.changes()), (0, 0), "{shown:?}");
    assert_eq!(
        shown.out,
        format!(
            "POST {}/api/member_invitations\nAuthorization: Bearer ***\nContent-Type: application/json\n\n\
             {{\"name\":\"New\",\"email\":\"new@example.org\",\"env_roles\":[{{\"environment_type\":\"prod\",\"name\":\
             \"Environment admin\",\"role_type\":\"environment\"}}]}}\n",
            program.simulator.base_url()
        )
    );
    let ended = program.run(&arguments).await;
    assert_eq!((ended.code, ended.out.as_str()), (0, ""), "{ended:?}");
    assert_eq!(
        ended.err,
        "New <new@example.org>: not a collaborator → invited as prod Environment admin\n\
         Action required: new@example.org was invited and becomes a collaborator when the invitation is accepted."
    );
    assert_eq!(program.simulator.invited(), ["new@example.org"]);
    let again = program.run(&arguments).await;
    assert_eq!((again.code, program.changes()), (14, 2), "{again:?}");
    assert!(
        again.err.contains("one invitation per person in 20 minutes"),
        "{again:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_write_by_flags_refuses() {
    let program = Program::synced().await;
    let person = program.simulator.workspace().people[3].id.to_string();
    let grant = |entitlement: &str, principal: &str, kind: &str| {
        let words = [
            "--grant-entitlement",
            entitlement,
            "--grant-principal",
            principal,
            "--grant-principal-type",
            kind,
        ];
        words.map(str::to_owned).to_vec()
    };
    let words = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
    let role = "environment_role:1-dev:collaborator-has";
    for (arguments, code) in [
        (
            grant("environment_role:99-dev:collaborator-has", &person, "collaborator"),
            5,
        ),
        (grant(role, "1", "collaborator"), 5),
        (grant(role, &person, "person"), 5),
        (grant(role, &person, ""), 2),
        (words(&["--revoke-grant", "nothing"]), 5),
        (words(&["--revoke-grant", "nothing", "-f", "none.c1z"]), 5),
        (words(&["--delete-resource", "1"]), 2),
        (
            words(&["--delete-resource", "1", "--delete-resource-type", "privilege"]),
            12,
        ),
        (
            words(&[
                "--delete-resource",
                "1",
                "--delete-resource-type",
                "privilege",
                "--dry-run",
            ]),
            12,
        ),
        (words(&["--create-account-profile", "{}"]), 3),
        (words(&["--create-account-profile", "[]"]), 2),
        (words(&["--dry-run"]), 2),
        (words(&["serve", "--dry-run"]), 2),
        (words(&["--client-id", "a@b/c", "--client-secret", "x", "--dry-run"]), 2),
    ] {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let ended = program.run(&arguments).await;
        assert_eq!((ended.code, ended.out.as_str()), (code, ""), "{arguments:?}: {ended:?}");
        assert_eq!(program.changes(), 0, "{arguments:?}");
    }
    assert!(!is_no_access(&dev_role(&program, &person)));
}

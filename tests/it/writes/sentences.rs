//! `grant … to …` and `revoke … from …` as a person or a script writes them.

use baton_workato::simulator::{Behavior, Env, Fault, Grantee, Hits, Person, is_no_access};

use super::program::Program;

/// Two people whose names nobody else has, the first without "Environment admin" in PROD.
fn pair(program: &Program) -> [Person; 2] {
    let people = program.simulator.workspace().people;
    let one_of_a_kind = |p: &&Person| people.iter().filter(|other| other.name == p.name).count() == 1;
    let free = |p: &&Person| p.roles.iter().all(|r| r.role != "Environment admin") && p.email.is_some();
    let mut found = people.iter().filter(one_of_a_kind).filter(free).cloned();
    [found.next().unwrap(), found.next().unwrap()]
}

fn prod_role(program: &Program, person: &Person) -> String {
    let people = program.simulator.workspace().people;
    let person = people.into_iter().find(|p| p.id == person.id).unwrap();
    let role = person.roles.into_iter().find(|r| r.env == Env::Prod);
    role.map(|r| r.role).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_given_and_taken_in_one_sentence() {
    let program = Program::synced().await;
    let [ada, _] = pair(&program);
    let (name, email) = (ada.name.clone().unwrap(), ada.email.clone().unwrap());
    let before = prod_role(&program, &ada);
    let nothing = before.is_empty() || is_no_access(&before);
    let before = if nothing { "No access" } else { &before };
    let file = program.file_state();
    let quoted = ["Environment admin", "in", "prod"];
    let loose = ["environment", "ADMIN", "in", "PROD"];
    for (verb, what, preposition, who, said) in [
        (
            "grant",
            &quoted[..],
            "to",
            &email,
            format!("{name}: prod {before} → Environment admin"),
        ),
        (
            "grant",
            &loose,
            "to",
            &name,
            format!("{name}: prod Environment admin already"),
        ),
        (
            "revoke",
            &loose,
            "from",
            &email,
            format!("{name}: prod Environment admin → No access"),
        ),
        (
            "revoke",
            &quoted,
            "from",
            &name,
            format!("{name}: prod Environment admin gone already"),
        ),
    ] {
        let arguments = [&[verb][..], what, &[preposition, who, "--yes"]].concat();
        let ended = program.run(&arguments).await;
        assert_eq!(
            (ended.code, ended.out.as_str(), ended.err.as_str()),
            (0, "", said.as_str()),
            "{arguments:?}"
        );
        let held = prod_role(&program, &ada) == "Environment admin";
        assert_eq!(held, verb == "grant", "{arguments:?}");
    }
    assert_eq!(program.changes(), 2);
    assert_eq!(program.file_state(), file, "the file is only read");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_prints_the_request_and_sends_nothing() {
    let program = Program::synced().await;
    let [ada, _] = pair(&program);
    let workspace = program.simulator.workspace();
    let id = format!("collaborator:{}", ada.id);
    let ended = program
        .run(&["grant", "Environment admin", "in", "prod", "to", &id, "--dry-run"])
        .await;
    assert_eq!(
        (ended.code, ended.out),
        (
            0,
            format!(
                "PUT {}/api/members/{}\nAuthorization: Bearer ***\nContent-Type: application/json\n\n\
                 {{\"env_roles\":[{{\"environment_type\":\"prod\",\"name\":\"Environment admin\",\"role_type\":\
                 \"environment\"}}]}}\n",
                program.simulator.base_url(),
                ada.id
            )
        )
    );
    assert!(ended.err.starts_with("Not sent: "), "{}", ended.err);
    assert_eq!(program.changes(), 0);
    assert_eq!(program.simulator.workspace(), workspace);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_terminal_there_must_be_a_yes() {
    let program = Program::synced().await;
    let [ada, _] = pair(&program);
    let email = ada.email.clone().unwrap();
    let ended = program
        .run(&["grant", "Environment admin", "in", "prod", "to", &email])
        .await;
    assert_eq!((ended.code, ended.out.as_str()), (2, ""));
    assert!(
        ended.err.contains("--yes") && ended.err.contains("--dry-run"),
        "{ended:?}"
    );
    assert!(program.simulator.requests().is_empty(), "not even a look");
}

#[tokio::test(flavor = "multi_thread")]
async fn projects_and_groups() {
    let program = Program::synced().await;
    let [ada, grace] = pair(&program);
    let workspace = program.simulator.workspace();
    let project = workspace.projects.iter().find(|p| p.env == Env::Prod).unwrap();
    let grants = &workspace.project_grants;
    let holds = |id: &str| {
        grants
            .iter()
            .any(|g| g.project == project.id && g.holder == Grantee::Group(id.to_owned()))
    };
    let group = workspace.groups.iter().find(|g| !g.system && !holds(&g.id)).unwrap();
    let email = ada.email.clone().unwrap();
    let held_by = |holder: &Grantee| {
        let grants = program.simulator.workspace().project_grants;
        let found = grants
            .into_iter()
            .find(|g| g.project == project.id && g.holder == *holder);
        found.map(|g| g.role)
    };

    // Each environment has a project of that name.
    let ended = program
        .run(&["grant", "Project admin", "on", &project.name, "to", &email, "-y"])
        .await;
    assert_eq!(ended.code, 3, "{ended:?}");
    assert!(ended.err.contains("in which environment"), "{ended:?}");
    assert!(
        ended
            .err
            .contains(&format!("project:{}  {} (prod)", project.id, project.name)),
        "{ended:?}"
    );

    let holder = Grantee::Group(group.id.clone());
    for role in ["Project admin", "project-operator"] {
        let words = [
            "grant",
            role,
            "on",
            &project.name,
            "in",
            "prod",
            "to",
            &group.name,
            "--yes",
        ];
        let ended = program.run(&words).await;
        assert_eq!(ended.code, 0, "{ended:?}");
        assert!(
            ended
                .err
                .starts_with(&format!("{}: {} (prod) ", group.name, project.name)),
            "{ended:?}"
        );
    }
    assert_eq!(held_by(&holder).as_deref(), Some("Project operator"));
    let id = format!("project:{}", project.id);
    let words = ["revoke", "Project operator", "on", &id, "from", &group.id, "--yes"];
    assert_eq!(program.run(&words).await.code, 0);
    assert_eq!(held_by(&holder), None);

    let others = format!("{email}, and");
    let name = grace.name.clone().unwrap();
    let joins = [
        "grant",
        &group.name,
        "to",
        others.trim_end_matches(" and"),
        "and",
        &name,
        "-y",
    ];
    let ended = program.run(&joins).await;
    assert_eq!((ended.code, ended.err.lines().count()), (0, 2), "{ended:?}");
    let members = |program: &Program| {
        let groups = program.simulator.workspace().groups;
        groups.into_iter().find(|g| g.id == group.id).unwrap().members
    };
    assert!([ada.id, grace.id].iter().all(|id| members(&program).contains(id)));
    let leaves = ["revoke", &group.name, "from", &email, "and", &name, "-y"];
    assert_eq!(program.run(&leaves).await.code, 0);
    assert!([ada.id, grace.id].iter().all(|id| !members(&program).contains(id)));
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_fit_nothing_or_several() {
    let program = Program::synced().await;
    let [ada, _] = pair(&program);
    let (name, email) = (ada.name.clone().unwrap(), ada.email.clone().unwrap());
    let first = name.split(' ').next().unwrap();
    let project = program.simulator.workspace().projects[0].name.clone();
    let role = "Environment admin";
    for (words, code, texts) in [
        (
            vec!["grant", "Enviroment admin", "in", "prod", "to", &email],
            5,
            vec![
                "no role, genie or MCP server in prod called \"Enviroment admin\"",
                "environment_role:1-prod  Environment admin (prod)",
            ],
        ),
        (
            vec!["grant", role, "in", "qa", "to", &email],
            5,
            vec!["the environments of this file are dev, prod, test"],
        ),
        (
            vec!["grant", role, "in", "prod", "to", first],
            5,
            vec!["no collaborator called", name.as_str(), email.as_str()],
        ),
        (
            vec!["grant", role, "in", "prod", "to", "nobody@nowhere.example"],
            5,
            vec!["`baton-workato resources`"],
        ),
        (
            vec!["grant", role, "to", &email],
            3,
            vec![
                "fits 3",
                "environment_role:1-dev",
                "environment_role:1-test",
                "environment_role:1-prod",
            ],
        ),
        (
            vec!["grant", "Projct admin", "on", &project, "in", "dev", "to", &email],
            5,
            vec!["no project role \"Projct admin\"", "Project admin"],
        ),
        (
            vec!["grant", "All collaborators", "to", &email],
            2,
            vec!["is a system group"],
        ),
        (
            vec!["grant", role, "in", "prod"],
            2,
            vec!["baton-workato grant WHAT [in ENVIRONMENT] [on PROJECT] to WHO"],
        ),
        (
            vec!["grant", role, "in", "prod", "to", &email, "-f", "none.c1z"],
            5,
            vec!["none.c1z"],
        ),
        (
            vec!["grant", role, "in", "prod", "to", &email, "--workato-env", "dev"],
            2,
            vec!["--workato-env"],
        ),
    ] {
        let ended = program.run(&[&words[..], &["--yes"]].concat()).await;
        assert_eq!((ended.code, ended.out.as_str()), (code, ""), "{words:?}: {ended:?}");
        for text in texts {
            assert!(ended.err.contains(text), "{words:?} says no {text:?}: {}", ended.err);
        }
        assert_eq!(program.changes(), 0, "{words:?}");
    }
    // Two people of one name.
    let other = program
        .simulator
        .workspace()
        .people
        .into_iter()
        .find(|p| p.id != ada.id)
        .unwrap();
    program.simulator.change(|workspace| {
        for person in workspace.people.iter_mut().filter(|p| p.id == other.id) {
            person.name = Some(name.clone());
        }
    });
    assert_eq!(program.run(&["--workato-env", "all"]).await.code, 0);
    let ended = program.run(&["grant", role, "in", "prod", "to", &name, "--yes"]).await;
    assert_eq!(ended.code, 3, "{ended:?}");
    for id in [ada.id, other.id] {
        assert!(ended.err.contains(&format!("collaborator:{id}  {name} <")), "{ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_in_one_of_several_changes_nothing() {
    let program = Program::synced().await;
    let [ada, grace] = pair(&program);
    let [first, second] = [&ada, &grace].map(|p| p.email.clone().unwrap());
    let words = [
        "grant",
        "Environment admin",
        "in",
        "prod",
        "to",
        &first,
        &second,
        "--yes",
    ];
    // In the file still, but no longer in the workspace.
    program
        .simulator
        .change(|workspace| workspace.people.retain(|p| p.id != grace.id));
    let before = program.simulator.workspace();
    let ended = program.run(&words).await;
    assert_eq!(ended.code, 5, "{ended:?}");
    assert!(
        ended.err.contains(&format!("there is no collaborator {}", grace.id)),
        "{ended:?}"
    );
    assert_eq!((program.changes(), program.simulator.workspace()), (0, before));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_that_does_nothing_is_found_out() {
    let program = Program::synced().await;
    let [ada, _] = pair(&program);
    let email = ada.email.clone().unwrap();
    let ok = Fault::Status(200, r#"{"result":"ok"}"#.to_owned(), Vec::new());
    let idle = Behavior::default().script("PUT /api/members/*", Hits::Every, ok);
    program.simulator.behave(idle);
    let ended = program
        .run(&["grant", "Environment admin", "in", "prod", "to", &email, "--yes"])
        .await;
    assert_eq!((ended.code, ended.out.as_str()), (13, ""), "{ended:?}");
    assert!(
        ended.err.contains("accepted the change but it did not take effect"),
        "{ended:?}"
    );
    assert_ne!(prod_role(&program, &ada), "Environment admin");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_file_names_are_those_of_the_workspace() {
    let program = Program::new().await;
    let [ada, _] = pair(&program);
    let workspace = program.simulator.workspace();
    let project = workspace.projects.iter().find(|p| p.env == Env::Prod).unwrap();
    let group = workspace
        .groups
        .iter()
        .find(|g| !g.system && !g.members.contains(&ada.id));
    let group = group.unwrap();
    let email = ada.email.clone().unwrap();
    for words in [
        vec!["grant", "Environment admin", "in", "prod", "to", &email],
        vec![
            "grant",
            "Project admin",
            "on",
            &project.name,
            "in",
            "prod",
            "to",
            &email,
        ],
        vec!["grant", &group.name, "to", &email],
    ] {
        let ended = program.run(&[&words[..], &["--yes"]].concat()).await;
        assert_eq!((ended.code, ended.out.as_str()), (0, ""), "{words:?}: {ended:?}");
        assert!(ended.err.contains(" → "), "{ended:?}");
    }
    assert_eq!(prod_role(&program, &ada), "Environment admin");
    let now = program.simulator.workspace();
    let holder = Grantee::User(ada.id);
    let granted = |g: &&baton_workato::simulator::ProjectGrant| g.project == project.id && g.holder == holder;
    assert!(
        now.project_grants
            .iter()
            .filter(granted)
            .any(|g| g.role == "Project admin")
    );
    assert!(
        now.groups
            .iter()
            .any(|g| g.id == group.id && g.members.contains(&ada.id))
    );
    assert_eq!(program.changes(), 3);
    assert_eq!(
        std::fs::read_dir(program.folder.path()).unwrap().count(),
        0,
        "nothing is left behind"
    );

    let unknown = program
        .run(&["grant", "Envronment admin", "in", "prod", "to", &email, "-y"])
        .await;
    assert_eq!(unknown.code, 5, "{unknown:?}");
    assert!(
        unknown
            .err
            .contains("environment_role:1-prod  Environment admin (prod)"),
        "{unknown:?}"
    );
}

//! What is printed for a fleet holds together, and is what the program takes.

use serde_json::Value;

use super::*;

fn printed(fleet: &str, shards: u32) -> Result<String> {
    printed_to(fleet, shards, false)
}

fn printed_to(fleet: &str, shards: u32, serves: bool) -> Result<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fleet.yaml");
    std::fs::write(&path, fleet).unwrap();
    manifest(&Wanted {
        fleet: &path,
        shards,
        serves,
        secret: "tokens",
        image: "baton-workato:1",
    })
}

fn documents(text: &str) -> Vec<Value> {
    text.split("\n---\n")
        .map(|one| serde_saphyr::from_str(one).unwrap())
        .collect()
}

const FLEET: &str = "# {image} {folder} stay as they are\n\nfolder: ./nightly\nworkspaces:\n- name: acme\n  \
                     token: {env: ACME}\n  prod-token: {file: /run/secrets/acme}\n- name: globex\n  \
                     token: {file: tokens/globex}\n";

#[test]
fn every_token_comes_from_the_secret_and_the_fleet_stands_there_as_it_was() {
    let documents = documents(&printed(FLEET, 4).unwrap());
    assert_eq!(documents[0]["data"]["fleet.yaml"], FLEET);
    assert_eq!(documents[1]["spec"]["accessModes"][0], "ReadWriteMany");
    let job = &documents[2]["spec"]["jobTemplate"]["spec"];
    assert_eq!(
        (&job["completions"], &job["parallelism"]),
        (&Value::from(4), &Value::from(4))
    );
    let pod = &job["template"]["spec"];
    let container = &pod["containers"][0];
    let args: Vec<&str> = container["args"]
        .as_array()
        .unwrap()
        .iter()
        .map(|arg| arg.as_str().unwrap())
        .collect();
    assert_eq!(args[..6], ["fleet", "sync", "-c", "/fleet/fleet.yaml", "--shards", "4"]);
    assert_eq!(container["image"], "baton-workato:1");
    let variable = container["env"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["name"] == "ACME")
        .unwrap();
    assert_eq!(variable["valueFrom"]["secretKeyRef"]["name"], "tokens");
    assert_eq!(variable["valueFrom"]["secretKeyRef"]["key"], "ACME");
    let places: Vec<&str> = container["volumeMounts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["mountPath"].as_str().unwrap())
        .collect();
    assert_eq!(
        places,
        [
            "/fleet/nightly",
            "/fleet/fleet.yaml",
            "/tmp",
            "/fleet/tokens",
            "/run/secrets"
        ]
    );
    let volumes = pod["volumes"].as_array().unwrap();
    assert_eq!(volumes[3]["secret"]["items"][0]["key"], "globex");
    assert_eq!(volumes[4]["secret"]["items"][0]["path"], "acme");
}

#[test]
fn the_token_of_a_partner_comes_from_the_secret_too() {
    let text = printed("managed-users: {token: {env: PARTNER}, customers: all}\n", 3).unwrap();
    assert!(text.contains("0 workspaces and all customers of a partner"), "{text}");
    let documents = documents(&text);
    let container = &documents[2]["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0];
    let variables = container["env"].as_array().unwrap();
    assert!(
        variables
            .iter()
            .any(|one| one["valueFrom"]["secretKeyRef"]["key"] == "PARTNER")
    );
    assert_eq!(documents[1]["spec"]["resources"]["requests"]["storage"], "21Gi");
}

const SERVED: &str = "workspaces:\n- name: acme\n  token: {env: ACME}\n  conductorone:\n    client-id: a@tenant.example/v\n    \
                      client-secret: {env: ACME_SECRET}\n- name: globex\n  token: {file: tokens/globex}\n  \
                      conductorone: {client-id: b@tenant.example/v, client-secret: {file: secrets/globex}}\n\
                      - name: initech\n  token: {env: INITECH}\n";

#[test]
fn pods_that_serve_are_told_what_the_program_takes_and_hold_no_other_secret() {
    for shards in [1, 4, 64] {
        let text = printed_to(SERVED, shards, true).unwrap();
        assert!(
            text.contains("a fleet of 3 workspaces, 2 of them connected to ConductorOne"),
            "{text}"
        );
        let documents = documents(&text);
        let [map, service, set] = documents.as_slice() else {
            panic!("{text}")
        };
        assert_eq!(map["data"]["fleet.yaml"], SERVED);
        assert_eq!(service["spec"]["clusterIP"], "None");
        assert_eq!(
            (&set["kind"], &set["spec"]["replicas"]),
            (&"StatefulSet".into(), &shards.into())
        );
        assert_eq!(set["spec"]["serviceName"], service["metadata"]["name"]);
        let pod = &set["spec"]["template"];
        assert_eq!(service["spec"]["selector"], pod["metadata"]["labels"]);
        assert_eq!(set["spec"]["selector"]["matchLabels"], pod["metadata"]["labels"]);
        let container = &pod["spec"]["containers"][0];
        let env = container["env"].as_array().unwrap();
        let variable = |name: &str| env.iter().find(|one| one["name"] == name);
        assert_eq!(
            variable("SHARD").unwrap()["valueFrom"]["fieldRef"]["fieldPath"],
            "metadata.labels['apps.kubernetes.io/pod-index']"
        );
        for name in ["ACME", "ACME_SECRET"] {
            assert_eq!(variable(name).unwrap()["valueFrom"]["secretKeyRef"]["key"], name);
        }
        assert!(variable("INITECH").is_none(), "it is not served");
        // What the program makes of it, for every pod there is.
        for shard in 0..shards {
            let words = container["args"].as_array().unwrap().iter().map(|word| {
                let word = word.as_str().unwrap();
                word.replace("$(SHARD)", &shard.to_string())
            });
            let words = std::iter::once("baton-workato".to_owned()).chain(words);
            let command = crate::cli::command::build(crate::baton::config::args::Purpose::Parse);
            let matches = command.try_get_matches_from(words).unwrap();
            let (_, fleet) = matches.subcommand().unwrap();
            let (name, serve) = fleet.subcommand().unwrap();
            assert_eq!(name, "serve");
            assert_eq!(
                serve.get_one::<PathBuf>("config").unwrap(),
                Path::new("/fleet/fleet.yaml")
            );
            assert_eq!(serve.get_one::<u32>("shards"), Some(&shards));
            assert_eq!(serve.get_one::<u32>("shard"), Some(&shard));
        }
        let mounts = container["volumeMounts"].as_array().unwrap();
        let place = |path: &str| {
            mounts
                .iter()
                .find(|one| one["mountPath"] == path)
                .map(|one| &one["name"])
        };
        assert_eq!(variable("BATON_TMPDIR").unwrap()["value"], "/work");
        assert_eq!(
            place("/work"),
            Some(&set["spec"]["volumeClaimTemplates"][0]["metadata"]["name"])
        );
        assert!(place("/fleet/tokens").is_some() && place("/fleet/secrets").is_some());
        assert!(
            [
                &pod["spec"]["securityContext"]["runAsNonRoot"],
                &container["securityContext"]["readOnlyRootFilesystem"]
            ]
            .into_iter()
            .all(|set| *set == Value::Bool(true))
        );
    }
    // A job that syncs has nothing to do with the secrets of ConductorOne.
    let nightly = printed(SERVED, 2).unwrap();
    let job = documents(&nightly)[2].to_string();
    assert!(job.contains("INITECH") && !job.contains("ACME_SECRET"), "{job}");
}

#[test]
fn one_shard_needs_no_volume_that_many_may_write() {
    let text = printed("workspaces:\n- name: acme\n  token: {env: ACME}\n", 1).unwrap();
    let documents = documents(&text);
    assert_eq!(documents[1]["spec"]["accessModes"][0], "ReadWriteOnce");
    let mounts = &documents[2]["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["volumeMounts"];
    assert_eq!(mounts[0]["mountPath"], "/fleet");
}

#[test]
fn what_would_be_told_to_the_cluster_or_cannot_be_there_is_refused() {
    for (fleet, word) in [
        ("workspaces:\n- name: acme\n  token: wrkaus-secret\n", "acme"),
        ("workspaces:\n- name: acme\n  token: {env: \"A B\"}\n", "variable"),
        ("workspaces:\n- name: acme\n  token: {env: RUN}\n", "the variable RUN"),
        ("workspaces:\n- name: acme\n  token: {file: ../acme}\n", "no place"),
        ("workspaces:\n- name: acme\n  token: {file: acme}\n", "file of a secret"),
        (
            "workspaces:\n- name: acme\n  token: {file: /tmp/acme}\n",
            "file of a secret",
        ),
        (
            "folder: ../out\nworkspaces:\n- name: acme\n  token: {env: A}\n",
            "no place",
        ),
    ] {
        let error = printed(fleet, 2).unwrap_err().to_string();
        assert!(error.contains(word) && !error.contains("wrkaus-secret"), "{error}");
    }
    let inline =
        "workspaces:\n- name: acme\n  token: {env: A}\n  conductorone: {client-id: a@b/c, client-secret: hush}\n";
    let taken = "workspaces:\n- name: acme\n  token: {env: SHARD}\n  conductorone: {client-id: a@b/c, client-secret: {env: B}}\n";
    let nobody = "workspaces:\n- name: acme\n  token: {env: A}\n";
    for (fleet, word) in [
        (inline, "acme"),
        (taken, "the variable SHARD"),
        (nobody, "no workspace of"),
    ] {
        let error = printed_to(fleet, 2, true).unwrap_err().to_string();
        assert!(error.contains(word) && !error.contains("hush"), "{error}");
    }
    assert!(printed(inline, 2).is_err(), "the map holds it all the same");
}

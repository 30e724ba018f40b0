//! Files of certificate authorities: one without a certificate is named at the start, by every setting there is.

use std::path::Path;

use super::{run, stderr, stdout};

fn authority() -> rcgen::Certificate {
    let key = rcgen::KeyPair::generate().unwrap();
    rcgen::CertificateParams::new(vec!["ca.example".to_owned()])
        .unwrap()
        .self_signed(&key)
        .unwrap()
}

/// Files in a folder that hold no certificate, each with the words for it.
fn unusable(folder: &Path) -> Vec<(String, &'static str)> {
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (ca, key) = (authority(), rcgen::KeyPair::generate().unwrap());
    let mut files = vec![
        (write("empty.pem", b""), "it is empty"),
        (write("ca.der", ca.der()), "it is in DER form"),
        (
            write("key.pem", key.serialize_pem().as_bytes()),
            "a private key and no certificate",
        ),
        (write("cut.pem", &ca.pem().as_bytes()[..300]), "damaged or cut off"),
        (write("page.html", b"<html></html>"), "no certificate in PEM form"),
        (folder.to_str().unwrap().to_owned(), "it is a folder"),
        (folder.join("missing.pem").to_str().unwrap().to_owned(), "No such file"),
    ];
    let huge = folder.join("huge.pem");
    std::fs::File::create(&huge).unwrap().set_len(1 << 30).unwrap();
    files.push((huge.to_str().unwrap().to_owned(), "it is larger than 1"));
    #[cfg(unix)]
    {
        let pipe = folder.join("pipe");
        assert!(
            std::process::Command::new("mkfifo")
                .arg(&pipe)
                .status()
                .unwrap()
                .success()
        );
        files.push((pipe.to_str().unwrap().to_owned(), "it is a pipe"));
    }
    files
}

/// A service that would wait for ConductorOne for ever ends at once, and the doctor says the same.
#[test]
fn those_of_conductorone() {
    let folder = tempfile::tempdir().unwrap();
    let secret = "secret-token:conductorone.com:v1:eyJrdHkiOiJPS1AiLCJjcnYiOiJFZDI1NTE5IiwieCI6IjExcVlBWUt4Q3JmVlNfN1R5V1FIT2c3aGN2UGFwaU1scndJYWFQY0hVUm8iLCJkIjoibldHeG5lXzlXbUM2aEVyMGt1d3N4RVJKeFdsN01ta1pjRHVzQXh5dWYyQSJ9";
    let service = [
        ("BATON_WORKATO_API_KEY", "key"),
        ("BATON_WORKATO_BASE_URL", "http://127.0.0.1:1"),
        ("BATON_CLIENT_ID", "a@127.0.0.1:1/x"),
        ("BATON_CLIENT_SECRET", secret),
    ];
    for (path, words) in unusable(folder.path()) {
        for variable in ["BATON_C1_CA_CERT", "SSL_CERT_FILE"] {
            let env = [&service[..], &[(variable, &path)]].concat();
            let output = run(&env, &[]);
            let said = stderr(&output);
            assert_eq!(output.status.code(), Some(2), "{variable} {words}: {said}");
            for part in ["error[BW-0212]", words, &path, "hint:"] {
                assert!(said.contains(part), "{variable} {words}: {part}: {said}");
            }
            let output = run(&env, &["doctor", "-o", "json"]);
            let seen = stdout(&output);
            assert!(
                seen.contains("BW-0212") && seen.contains(words),
                "{variable} {words}: {seen}"
            );
        }
    }
}

#[test]
fn those_of_the_system_for_workato() {
    let folder = tempfile::tempdir().unwrap();
    let key = ("BATON_WORKATO_API_KEY", "key");
    let proxy = ("HTTPS_PROXY", "http://127.0.0.1:1");
    for (path, words) in unusable(folder.path()) {
        for arguments in [&[][..], &["grant", "x", "to", "y", "--yes"]] {
            let output = run(&[key, proxy, ("SSL_CERT_FILE", &path)], arguments);
            let said = stderr(&output);
            assert_eq!(output.status.code(), Some(2), "{arguments:?} {words}: {said}");
            assert!(
                said.contains("error[BW-0212]") && said.contains(words),
                "{words}: {said}"
            );
            assert!(
                said.contains(&path) && said.contains("SSL_CERT_FILE"),
                "{words}: {said}"
            );
        }
        // Nothing secure is opened to a workspace on this machine.
        let arguments = ["demo", "--people", "2", "--projects", "1"];
        let output = run(&[("SSL_CERT_FILE", &path)], &arguments);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    }
    let certificates = folder.path().join("certificates");
    std::fs::create_dir(&certificates).unwrap();
    for name in ["empty.pem", "no-such-folder", "certificates"] {
        let path = folder.path().join(name);
        let output = run(&[key, proxy, ("SSL_CERT_DIR", path.to_str().unwrap())], &[]);
        let said = stderr(&output);
        assert!(
            output.status.code() == Some(2) && said.contains("SSL_CERT_DIR") && said.contains(name),
            "{said}"
        );
    }
    std::fs::write(certificates.join("one.pem"), authority().pem()).unwrap();
    let output = run(
        &[key, proxy, ("SSL_CERT_DIR", certificates.to_str().unwrap())],
        &["doctor"],
    );
    assert_eq!(output.status.code(), Some(14), "{}", stdout(&output));
    let good = folder.path().join("good.pem");
    std::fs::write(&good, authority().pem()).unwrap();
    // The doctor asks a proxy that is not there once more, and not for as long as a sync.
    let output = run(&[key, proxy, ("SSL_CERT_FILE", good.to_str().unwrap())], &["doctor"]);
    let said = stdout(&output);
    assert_eq!(output.status.code(), Some(14), "it goes on to the network: {said}");
    assert!(said.contains("BW-0303") && !said.contains("BW-0212"), "{said}");
}

//! Data centers, base URLs and token prefixes.

use baton_workato::baton::error::Kind;
use baton_workato::workato::data_center;

#[test]
fn data_centers_have_base_urls() {
    for (key, url) in [
        ("us", "https://www.workato.com/"),
        ("eu", "https://app.eu.workato.com/"),
        ("jp", "https://app.jp.workato.com/"),
        ("sg", "https://app.sg.workato.com/"),
        ("au", "https://app.au.workato.com/"),
        ("il", "https://app.il.workato.com/"),
        ("kr", "https://app.kr.workato.com/"),
        ("uk", "https://app.uk.workato.com/"),
        ("cn", "https://app.workatoapp.cn/"),
        ("sandbox", "https://app.trial.workato.com/"),
        ("trial", "https://app.trial.workato.com/"),
        ("Trial ", "https://app.trial.workato.com/"),
        (" EU ", "https://app.eu.workato.com/"),
    ] {
        assert_eq!(data_center::base_url(key, None).unwrap().as_str(), url);
        assert_eq!(data_center::base_url(key, Some("")).unwrap().as_str(), url);
    }
    let error = data_center::base_url("mars", None).unwrap_err();
    assert_eq!((error.kind(), error.kind().exit_code()), (Kind::Unknown, 2));
    assert!(error.to_string().contains("\"mars\""));
    assert!(
        error
            .hint_text()
            .unwrap()
            .contains("us, eu, jp, sg, au, il, kr, cn, uk, sandbox"),
        "{error}"
    );
}

#[test]
fn base_urls_are_normalised_or_refused() {
    for (text, url) in [
        ("https://app.workato.com", "https://www.workato.com/"),
        ("https://APP.workato.com/api", "https://www.workato.com/"),
        ("https://vpw.example.org/api/", "https://vpw.example.org/"),
        (" https://vpw.example.org/w/api ", "https://vpw.example.org/w"),
        ("http://localhost:8080/", "http://localhost:8080/"),
        ("http://127.1.2.3:1", "http://127.1.2.3:1/"),
        ("http://[::1]:9", "http://[::1]:9/"),
    ] {
        assert_eq!(
            data_center::base_url("anything", Some(text)).unwrap().as_str(),
            url,
            "{text}"
        );
    }
    for text in [
        "http://app.eu.workato.com",
        "http://localhost.example.org",
        "app.eu.workato.com",
        "localhost:8080",
        "ftp://127.0.0.1",
        "https://user:pw@app.eu.workato.com",
        "https://app.eu.workato.com?x=1",
        "https://",
    ] {
        let error = data_center::base_url("us", Some(text)).unwrap_err();
        assert_eq!(error.kind(), Kind::Unknown, "{text}");
        assert!(error.hint_text().unwrap().contains("--workato-base-url"), "{text}");
        assert!(!error.to_string().contains("pw"));
    }
}

#[test]
fn a_token_of_another_region_is_reported_before_it_is_sent() {
    let token = |prefix: &str| format!("{prefix}eyJhbGci.eyJz.c2ln");
    for (dc, prefix) in [
        ("us", "wrkaus-"),
        ("eu", "wrkaeu-"),
        ("eu", "wrka-"),
        ("uk", "wrkaxx-"),
        ("us", "wrkeus-"),
        ("us", ""),
        ("sandbox", "wrkaus-"),
        ("sandbox", "wrka-"),
        ("sandbox", "wrkatrial-"),
        ("trial", "wrkatrial-"),
        ("trial", "wrkaus-"),
        ("us", "wrkasandbox-"),
    ] {
        data_center::check_token_region(dc, &token(prefix), false).unwrap();
    }
    for (dc, prefix, right) in [
        ("us", "wrkaeu-", "eu"),
        ("eu", "wrkaus-", "us"),
        ("jp", "wrkakr-", "kr"),
        ("us", "wrkauk-", "uk"),
        ("sandbox", "wrkaeu-", "eu"),
        ("trial", "wrkaeu-", "eu"),
        ("us", "wrkatrial-", "sandbox"),
        ("eu", "wrkatrial-", "sandbox"),
    ] {
        let error = data_center::check_token_region(dc, &token(prefix), false).unwrap_err();
        assert_eq!((error.kind(), error.kind().exit_code()), (Kind::Unknown, 2));
        assert!(
            error
                .hint_text()
                .unwrap()
                .contains(&format!("--workato-data-center {right},")),
            "{error}"
        );
        assert!(!format!("{error:?} {:?}", error.hint_text()).contains("eyJ"));
        data_center::check_token_region(dc, &token(prefix), true).unwrap();
    }
}

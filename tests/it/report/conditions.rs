//! The condition language: what holds for what, and what mistakes look like.

use baton_workato::baton::conventions::Conventions;
use baton_workato::report::access::Answers;
use baton_workato::report::condition::Condition;
use baton_workato::report::question::{Pick, Target, ask};
use baton_workato::report::reach::{Asker, Ground};

use super::made::Made;
use super::open;

/// `who entitlement` of every grant to a person for which the condition holds.
fn holding(file: &std::path::Path, condition: &str) -> Vec<String> {
    let snapshot = open(file);
    let answers = Answers::new(&snapshot).unwrap();
    let pick = Pick {
        condition: Some(Condition::parse(condition).unwrap()),
        ..Pick::default()
    };
    let ground = Ground::read(answers.names(), answers.edges(), &Conventions::NONE).unwrap();
    let asker = Asker {
        answers: &answers,
        ground: &ground,
    };
    let mut found = Vec::new();
    ask(asker, &Target::People, &pick, &mut |access| {
        found.push(format!("{} {}", access.principal.id, access.right.id));
        Ok(())
    })
    .unwrap();
    found.sort();
    found
}

fn workspace() -> Made {
    Made::default()
        .account(
            "ada",
            "Ada Lovelace",
            Some("ada@acme.com"),
            Some("2026-01-02T03:04:05Z"),
        )
        .account("mal", "Mallory", Some("mal@evil.example"), None)
        .account("bot", "CI", None, None)
        .thing("group:all", "All collaborators", "member")
        .thing("role:admin", "Environment admin (prod)", "member")
        .thing("project:billing", "Billing", "read")
        .passes("project:billing:read", "group:all")
        .gives("group:all:member", "user:ada")
        .gives("role:admin:member", "user:mal")
        .gives("role:admin:member", "user:bot")
}

#[tokio::test]
async fn conditions_hold_for_what_they_say() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sync.c1z");
    workspace().sync(&file).await;
    let (group, billing) = ("ada group:all:member", "ada project:billing:read");
    let (bot, mal) = ("bot role:admin:member", "mal role:admin:member");
    let everything = vec![group, billing, bot, mal];
    let cases: &[(&str, &[&str])] = &[
        ("email !~ \"@acme.com\" and entitlement ~ admin", &[bot, mal]),
        (
            "email !~ '@acme.com' AND entitlement ~ admin and account = human",
            &[mal],
        ),
        ("domain != acme.com and not account in (service, system)", &[mal]),
        ("domain not in (acme.com, evil.example)", &[bot]),
        ("domain = *.example", &[mal]),
        ("email = ADA@acme.com", &[group, billing]),
        ("name = 'ada lovelace' or name = ci", &[group, billing, bot]),
        ("direct and not immutable", &[group, bot, mal]),
        ("derived", &[billing]),
        ("!direct || type = nothing", &[billing]),
        ("through = 'All collaborators'", &[billing]),
        ("through ~ billing", &[]),
        ("resource = Billing", &[billing]),
        ("resource = role:admin", &[bot, mal]),
        ("resource_type = project", &[billing]),
        ("resource-type = Project", &[billing]),
        ("entitlement = 'environment admin*'", &[bot, mal]),
        ("entitlement = read", &[billing]),
        ("account = service", &[bot]),
        ("status != enabled", &[]),
        ("id in (bot, user:mal)", &[bot, mal]),
        ("idle > 1d and account = human and name = mallory", &[mal]),
        ("idle > 10000w", &[bot, mal]),
        ("idle <= 10000w", &[group, billing]),
        ("age > 1h", &everything),
        ("(name ~ ada or name ~ mal) and direct", &[group, mal]),
        ("name ~ ada or name ~ mal and direct", &[group, billing, mal]),
        ("name ~ ''", &everything),
    ];
    for (condition, expected) in cases {
        assert_eq!(holding(&file, condition), **expected, "{condition}");
    }
}

#[test]
fn mistakes_are_pointed_at() {
    let cases = [
        ("emial !~ x", "\"emial\" is not a field", 0, 5, "did you mean email?"),
        (
            "frobnicate = x",
            "\"frobnicate\" is not a field",
            0,
            10,
            "the fields are name, email",
        ),
        ("", "a test is missing here", 0, 1, "the fields are"),
        ("direct and", "a test is missing here", 10, 1, "the fields are"),
        (
            "email ~",
            "a value for email is missing here",
            7,
            1,
            "for example email = text",
        ),
        (
            "email ~ and direct",
            "a value for email is missing here",
            8,
            3,
            "quote the word",
        ),
        (
            "email",
            "what is to be true of email is missing here",
            5,
            1,
            "for example",
        ),
        (
            "email = a b",
            "a condition goes on with `and` or `or` here",
            10,
            1,
            "quote a text",
        ),
        (
            "direct = true",
            "direct stands alone",
            7,
            1,
            "write direct or not direct",
        ),
        ("(direct", "this bracket is not closed", 0, 1, "close it"),
        ("direct)", "this bracket closes nothing", 6, 1, "leave it out"),
        ("idle > soon", "\"soon\" is not a span of time", 7, 4, "90d"),
        ("idle = 90d", "idle cannot be asked with =", 5, 1, "idle > 90d"),
        ("email > 3d", "email cannot be asked with >", 6, 1, "email ~ part"),
        (
            "account = humen",
            "account is never \"humen\"",
            10,
            5,
            "did you mean human?",
        ),
        ("status ~ on", "status cannot be asked with ~", 7, 1, "status = enabled"),
        (
            "domain in acme.com",
            "a list in brackets is missing here",
            10,
            8,
            "domain in (one, other)",
        ),
        ("domain in (a b)", "the list goes on with , or ) here", 13, 1, "commas"),
        ("name = 'x", "a quoted text has no end", 7, 2, "close it with '"),
        (
            "'ada' = name",
            "a test begins with a field, not with a text",
            0,
            5,
            "field ~",
        ),
        ("= x", "a field is missing here", 0, 1, "the fields are"),
        ("née = x", "\"née\" is not a field", 0, 3, ""),
    ];
    for (text, message, column, length, hint) in cases {
        let error = Condition::parse(text).unwrap_err();
        assert_eq!(error.kind().exit_code(), 2, "{text}");
        let lines: Vec<String> = error.to_string().lines().map(str::to_owned).collect();
        let mark = format!("  {}{}", " ".repeat(column), "^".repeat(length));
        assert_eq!(lines, [message.to_owned(), format!("  {text}"), mark], "{text}");
        assert!(
            error.hint_text().unwrap().contains(hint),
            "{text}: {:?}",
            error.hint_text()
        );
    }
}

#[test]
fn deep_brackets_are_refused_not_followed() {
    let deep = format!("{}direct{}", "(".repeat(10_000), ")".repeat(10_000));
    let error = Condition::parse(&deep).unwrap_err().to_string();
    assert!(error.starts_with("there are too many brackets"), "{error:.60}");
    assert!(Condition::parse(&vec!["direct"; 10_000].join(" and ")).is_ok());
}

//! What the fuzz targets (`tests/fuzz`) found, and inputs of their corpus that are worth a name. Each says what the
//! right answer is; that nothing panics is the least of it.

use std::time::Duration;

use baton_workato::ABOUT;
use baton_workato::baton::c1z::{Limits, Policy, Reader, Store, SyncType};
use baton_workato::baton::config::values::Surroundings;
use baton_workato::baton::config::{Field, Values, kit};
use baton_workato::baton::error::{Error, Kind, Retry};
use baton_workato::baton::http::{HeaderMap, Response, StatusCode};
use baton_workato::baton::page::{Page, PageToken};
use baton_workato::baton::proto::v2;
use baton_workato::baton::resource::{Profile, ResourceBuilder};
use baton_workato::baton::secret::Secret;
use baton_workato::baton::sync::checkpoint::{Operation, Plan};
use baton_workato::baton::warning::{Occurrence, Warnings};
use baton_workato::workato::client::{self, endpoint, read_object, read_page};
use baton_workato::workato::collaborator::Member;
use baton_workato::workato::config;
use baton_workato::workato::environment_role::EnvironmentRoleRow;
use prost::Message as _;
use reqwest::header::HeaderValue;

const TOKEN: &str = "wrkaus-hush";

fn answer(status: StatusCode, body: &str) -> Response {
    let now = jiff::Timestamp::UNIX_EPOCH;
    Response::new(status, HeaderMap::new(), body.to_owned().into(), now)
}

fn members(body: &str) -> Result<client::ApiPage<Member>, Error> {
    read_page(
        &endpoint::MEMBERS,
        &Secret::new(TOKEN),
        &answer(StatusCode::OK, body),
        1,
    )
}

fn role(body: &str) -> EnvironmentRoleRow {
    let answer = answer(StatusCode::OK, body);
    read_object(&endpoint::ENVIRONMENT_ROLE, &Secret::new(TOKEN), &answer).unwrap()
}

#[test]
fn an_answer_that_repeats_the_token_in_a_wrong_place_does_not_show_it() {
    for body in [
        format!(r#"{{"data":"{TOKEN}"}}"#),
        format!(r#"{{"data":[{{"id":1,"roles":"{TOKEN}"}}]}}"#),
        format!(r#"{{"data":[{{"id":1,"last_activity_log":{{"{TOKEN}":1}},"roles":[1]}}]}}"#),
    ] {
        let error = members(&body).unwrap_err();
        assert_eq!(error.kind(), Kind::Internal);
        assert!(!format!("{error:?}").contains(TOKEN), "{error:?}");
    }
}

#[test]
fn a_huge_text_in_a_wrong_place_makes_a_short_message_that_still_says_what_is_wrong() {
    let huge = "x".repeat(100_000);
    let error = members(&format!(r#"{{"data":[{{"id":1,"roles":"{huge}"}}]}}"#)).unwrap_err();
    let text = format!("{error:?}");
    assert!(text.len() < 2_000, "{} bytes", text.len());
    assert!(
        text.contains("data[0].roles") && text.contains("expected a sequence"),
        "{text}"
    );
}

#[test]
fn a_number_of_a_role_config_is_the_same_after_a_resume() {
    // Read quickly but not exactly, these change each time they are written and read again.
    for number in [
        "3.2135449847335123e252",
        "8093742.9854978535333112180e-59",
        "725.86903973420619561",
    ] {
        let read = role(&format!(r#"{{"id":1,"config":{number}}}"#));
        let kept = serde_json::to_string(&read).unwrap();
        let resumed: EnvironmentRoleRow = serde_json::from_str(&kept).unwrap();
        assert_eq!(resumed, read);
        assert_eq!(read.config.unwrap().as_f64(), number.parse().ok());
    }
}

#[test]
fn a_config_nested_deeper_than_readers_of_messages_go_is_kept_as_text() {
    let deep = format!("{}7{}", r#"{"k":["#.repeat(40), "]}".repeat(40));
    let config = role(&format!(r#"{{"id":1,"config":{deep}}}"#)).config;
    let profile = Profile::new().with("config", config);
    let resource = ResourceBuilder::new("role", "1", "R").profile(profile).role().build();
    let bytes = resource.encode_to_vec();
    assert_eq!(v2::Resource::decode(bytes.as_slice()).as_ref(), Ok(&resource));
    let text = format!("{resource:?}");
    assert!(text.contains('7'), "nothing of it is lost: {text}");
}

#[test]
fn a_number_that_a_double_cannot_hold_keeps_its_digits() {
    for number in ["9007199254740993", "-9007199254740993", "18446744073709551615"] {
        let config = role(&format!(r#"{{"id":1,"config":{number}}}"#)).config;
        let profile = Profile::new().with("config", config).into_struct();
        let kept = profile.fields["config"].kind.clone();
        assert_eq!(kept, Some(prost_types::value::Kind::StringValue(number.to_owned())));
    }
}

fn quota(status: StatusCode, headers: &[(&'static str, &'static [u8])]) -> Response {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(*name, HeaderValue::from_bytes(value).unwrap());
    }
    Response::new(status, map, Vec::new().into(), jiff::Timestamp::UNIX_EPOCH)
}

#[test]
fn an_answer_says_when_to_come_back_only_if_coming_back_helps() {
    let asks = |status, wait| quota(status, &[("retry-after", wait)]).may_retry();
    let seconds = |n| Retry::After(Duration::from_secs(n));
    assert_eq!(asks(StatusCode::FORBIDDEN, b"30"), Retry::Never);
    assert_eq!(asks(StatusCode::SERVICE_UNAVAILABLE, b"soon"), Retry::Later);
    assert_eq!(asks(StatusCode::SERVICE_UNAVAILABLE, b"30"), seconds(30));
    // What cannot be a wait is as good as nothing: a minute, the period of the quota.
    for senseless in [
        &b"99999999999999999999"[..],
        b"-1",
        b"1e308",
        b"\xff\xfe",
        b"",
        b"NaN",
        b"30, 40",
    ] {
        assert_eq!(
            asks(StatusCode::TOO_MANY_REQUESTS, senseless),
            seconds(60),
            "{senseless:?}"
        );
    }
    assert_eq!(asks(StatusCode::TOO_MANY_REQUESTS, b"0.0000001"), seconds(1));
    assert_eq!(
        asks(StatusCode::TOO_MANY_REQUESTS, b"-009999-01-02T01:59:59Z"),
        seconds(0)
    );
    assert_eq!(
        asks(StatusCode::TOO_MANY_REQUESTS, b"9999-12-30T22:00:00Z"),
        seconds(253_402_207_200)
    );
}

#[test]
fn what_is_left_of_a_quota_is_the_leading_number_of_either_spelling() {
    let left = |headers: &[(&'static str, &'static [u8])]| quota(StatusCode::OK, headers).rate_limit.remaining;
    let [dashed, joined] = ["x-rate-limit-remaining", "x-ratelimit-remaining"];
    assert_eq!(left(&[(dashed, b"12, 60;w=60"), (joined, b"7")]), Some(12));
    assert_eq!(
        left(&[(dashed, b"\xff"), (joined, b" 7 ")]),
        Some(7),
        "one that is no text does not hide the other"
    );
    for senseless in [&b"-1"[..], b"", b"none", b"99999999999999999999999"] {
        assert_eq!(left(&[(dashed, senseless)]), None, "{senseless:?}");
    }
}

#[test]
fn a_page_token_is_a_decimal_number_or_not_ours() {
    for (token, number) in [("", 7), ("0", 0), ("18446744073709551615", usize::MAX)] {
        assert_eq!(PageToken::from(token).number(7).unwrap(), number, "{token:?}");
    }
    for foreign in ["-1", "1e3", " 1", "\u{664}", "18446744073709551616", "0x10"] {
        let error = PageToken::from(foreign).number(7).unwrap_err();
        assert_eq!(error.kind(), Kind::InvalidArgument, "{foreign:?}");
    }
    // A token from beyond the end of a table that became shorter ends the walk.
    let end = Page::of_table(&[1, 2], &PageToken::at(usize::MAX), 5, |n| *n).unwrap();
    assert_eq!(end, Page::last(vec![]));
}

#[test]
fn a_checkpoint_whose_ids_are_used_up_is_refused_before_the_next_step_needs_one() {
    let token = |counter: &str| {
        format!(
            r#"{{"actions_map":{{"0000000001":{{"id":"0000000001","operation":"init"}}}},
                "action_order":["0000000001"],"current_action_id":{counter},"version":1}}"#
        )
    };
    for counter in ["18446744073709551615", "9999999999", "0"] {
        let why = Plan::parse(SyncType::Full, &token(counter)).unwrap_err();
        assert_eq!(why, "contradicts itself", "{counter}");
    }
    let mut plan = Plan::parse(SyncType::Full, &token("9999999994")).unwrap();
    plan.done();
    assert_eq!(plan.next(), Some(Operation::ResourceTypes));
    assert_eq!(
        Plan::parse(SyncType::Full, &plan.token(0).unwrap()),
        Ok(plan),
        "it can be stored and resumed"
    );
}

#[test]
fn counts_of_a_damaged_checkpoint_do_not_overflow_the_summary() {
    let warnings = Warnings::default();
    let seen = |example: &str| Occurrence {
        code: "BW-0901".to_owned(),
        cause: "gone".to_owned(),
        message: "things are gone".to_owned(),
        example: example.to_owned(),
        count: u64::MAX,
    };
    warnings.restore(vec![seen("a"), seen("b")]);
    assert_eq!(warnings.list(&ABOUT)[0].count, u64::MAX);
}

#[test]
fn a_config_file_made_to_hurt_is_a_usage_error_without_its_secrets() {
    let load = |text: &str| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(".baton.yaml"), text).unwrap();
        let around = Surroundings {
            env: &|_| None,
            directory: folder.path(),
        };
        let fields: Vec<&'static Field> = config::FIELDS.iter().chain(kit::FIELDS).collect();
        Values::load(&fields, &[], &around)
    };
    let laughs = (1..30).fold("a0: &a0 [x, x]\n".to_owned(), |all, n| {
        let before = n - 1;
        format!("{all}a{n}: &a{n} [*a{before}, *a{before}]\n")
    });
    let secret = "workato-api-key: wrkaus-hush\n";
    for (name, text) in [
        ("a list of lists of lists", format!("{secret}{laughs}")),
        ("deep", format!("{secret}file: {}", "[".repeat(100_000))),
        (
            "deep and closed",
            format!("{secret}file: {}{}", "[".repeat(50_000), "]".repeat(50_000)),
        ),
        ("two documents", format!("{secret}---\nfile: b\n")),
        ("a key that is a list", format!("{secret}? [wrkaus-hush]\n: b\n")),
        ("a tag", "workers: !!binary wrkaus-hush\n".to_owned()),
    ] {
        let error = load(&text).err().unwrap_or_else(|| panic!("{name} is accepted"));
        assert_eq!(error.kind().exit_code(), 2, "{name}: {error:?}");
        assert!(!format!("{error:?}").contains("hush"), "{name}: {error:?}");
    }
    let merged = load(&format!("{secret}<<: {{file: b}}\n")).unwrap();
    assert_eq!(
        kit::FILE.of(&merged),
        "b",
        "keys that YAML merges count as written here"
    );
    let values = load("workato-api-key: |\n  wrkaus-hush\n").unwrap();
    assert_eq!(
        config::API_KEY.of(&values).unwrap().expose(),
        "wrkaus-hush",
        "white space around it goes"
    );
    assert!(!format!("{values:?}").contains("hush"));
}

#[test]
fn a_few_bytes_that_unpack_to_gigabytes_stop_at_the_limit() {
    // One zstd frame of blocks that repeat one byte 128 KiB times, four bytes each, without a declared size.
    let mut raw = b"C1ZF\0\x28\xb5\x2f\xfd\x00\x50".to_vec();
    let block = |kind: u32, size: u32, last: u32| (size << 3 | kind << 1 | last).to_le_bytes()[..3].to_vec();
    raw.extend(block(0, 16, 0));
    raw.extend(b"SQLite format 3\0");
    for _ in 0..50_000 {
        raw.extend(block(1, 128 << 10, 0));
        raw.push(0);
    }
    raw.extend(block(0, 0, 1));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bomb.c1z");
    std::fs::write(&file, &raw).unwrap();
    let policy = Policy {
        limits: Limits {
            max_decoded: 1 << 20,
            ..Limits::default()
        },
        ..Policy::default()
    };
    let error = Reader::open_with(&file, None, &policy).err().unwrap();
    assert_eq!(error.kind(), Kind::ResourceExhausted, "{error:?}");
}

/// A finished sync whose database has other bytes at some places; the error of reading and of continuing it.
fn changed_at(changes: &[(usize, &[u8])]) -> Error {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sync.c1z");
    let mut store = Store::open_with(&file, None, Policy::default()).unwrap();
    store.begin_sync(SyncType::Full).unwrap();
    store.finish_sync("{}").unwrap();
    store.save().unwrap();

    let mut database = zstd::decode_all(&std::fs::read(&file).unwrap()[5..]).unwrap();
    for (at, bytes) in changes {
        database[*at..*at + bytes.len()].copy_from_slice(bytes);
    }
    let raw = [b"C1ZF\0", &zstd::encode_all(database.as_slice(), 1).unwrap()[..]].concat();
    std::fs::write(&file, &raw).unwrap();

    let error = Reader::open_with(&file, None, &Policy::default()).err().unwrap();
    let also = Store::open_with(&file, None, Policy::default()).err().unwrap();
    assert_eq!(error.kind(), also.kind());
    assert_eq!(std::fs::read(&file).unwrap(), raw, "the file is left as it was");
    error
}

#[test]
fn a_database_of_a_later_sqlite_is_damage_and_not_a_disk_that_cannot_be_written() {
    let later_write_version = changed_at(&[(18, &[3])]);
    assert_eq!(later_write_version.kind(), Kind::DataLoss, "{later_write_version:?}");
    assert!(
        later_write_version.to_string().contains("later version"),
        "{later_write_version}"
    );
    let later_schema_format = changed_at(&[(44, &[0, 0, 0, 9])]);
    assert_eq!(later_schema_format.kind(), Kind::DataLoss, "{later_schema_format:?}");
}

#[test]
fn tables_that_are_not_those_of_a_c1z_are_damage_and_not_a_mistake_of_this_program() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("other.c1z");
    let database = folder.path().join("database");
    for schema in [
        "create table v1_grants (key integer primary key, data blob)",
        "create view v1_grants as select 1 as id",
        "create table v1_sync_runs (id integer primary key); create index v1_grants on v1_sync_runs (id)",
    ] {
        let db = rusqlite::Connection::open(&database).unwrap();
        db.execute_batch(schema).unwrap();
        db.close().unwrap();
        let packed = zstd::encode_all(std::fs::File::open(&database).unwrap(), 1).unwrap();
        std::fs::write(&file, [b"C1ZF\0", &packed[..]].concat()).unwrap();
        let error = Reader::open_with(&file, None, &Policy::default()).err().unwrap();
        assert_eq!(error.kind(), Kind::DataLoss, "{schema}: {error:?}");
        std::fs::remove_file(&database).unwrap();
    }
}

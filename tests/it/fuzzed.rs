//! What the fuzz targets (`tests/fuzz`) found, and inputs of their corpus that are worth a name. Each says what the
//! right answer is; that nothing panics is the least of it.

use baton_workato::baton::error::{Error, Kind, Retry};
use baton_workato::baton::http::{HeaderMap, Response, StatusCode};
use baton_workato::baton::proto::v2;
use baton_workato::baton::resource::{Profile, ResourceBuilder};
use baton_workato::baton::secret::Secret;
use baton_workato::workato::client::{self, endpoint, read_object, read_page};
use prost::Message as _;

const TOKEN: &str = "wrkaus-hush";

fn answer(status: StatusCode, body: &str) -> Response {
    let now = jiff::Timestamp::UNIX_EPOCH;
    Response::new(status, HeaderMap::new(), body.to_owned().into(), now)
}

fn members(body: &str) -> Result<client::ApiPage<client::Member>, Error> {
    read_page(
        &endpoint::MEMBERS,
        &Secret::new(TOKEN),
        &answer(StatusCode::OK, body),
        1,
    )
}

fn role(body: &str) -> client::EnvironmentRole {
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
    // Read quickly but not exactly, this number changes each time it is written and read again.
    let read = role(r#"{"id":1,"config":{"a":9.6e-306,"b":123456.78901234567e-15,"c":8.41e21}}"#);
    let kept = serde_json::to_string(&read).unwrap();
    let resumed: client::EnvironmentRole = serde_json::from_str(&kept).unwrap();
    assert_eq!(resumed, read);
    assert_eq!(read.config.unwrap()["b"].as_f64(), Some(123_456.789_012_345_67e-15));
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

#[test]
fn an_answer_says_when_to_come_back_only_if_coming_back_helps() {
    let asks = |status, wait: &'static str| {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", wait.parse().unwrap());
        Response::new(status, headers, Vec::new().into(), jiff::Timestamp::UNIX_EPOCH).may_retry()
    };
    assert_eq!(asks(StatusCode::FORBIDDEN, "30"), Retry::Never);
    assert_eq!(asks(StatusCode::SERVICE_UNAVAILABLE, "soon"), Retry::Later);
}

//! Which role of AWS this function runs as, said by AWS itself (`baton/hosted/facts.md 2.2`): a request to its token
//! service, signed and not sent. ConductorOne sends it and reads whom AWS takes the sender for.
//!
//! Signature Version 4 of AWS, of that one request. Own code over the crypto library of the program: the library that signs
//! brings a second generation of HTTP types.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use prost::{Message as _, Name as _};
use prost_types::Any;

use crate::baton::code;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::c1::connectorapi::baton::v1::{SignedHeader, Sigv4SignedRequestStsGetCallerIdentity};
use crate::baton::secret::Secret;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const SERVICE: &str = "sts";
const BODY: &str = "Action=GetCallerIdentity&Version=2011-06-15";
const CONTENT_TYPE: &str = "application/x-www-form-urlencoded; charset=utf-8";

/// What Lambda gives every function in its environment.
#[derive(Debug, Clone)]
pub struct AwsCredentials {
    /// `AWS_ACCESS_KEY_ID`: a name, not a secret.
    pub key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret: Secret,
    /// `AWS_SESSION_TOKEN`; keys of a role have one.
    pub session: Option<Secret>,
    /// `AWS_REGION`.
    pub region: String,
}

impl AwsCredentials {
    /// From an environment.
    ///
    /// # Errors
    /// `FailedPrecondition` that names the variable that is not set.
    pub fn of(env: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        let set = |name: &str| env(name).filter(|value| !value.is_empty());
        let needed = |name: &'static str| {
            set(name).ok_or_else(|| {
                Error::new(Kind::FailedPrecondition, format!("{name} is not set"))
                    .code(code::NO_LAMBDA)
                    .hint("`lambda` runs in AWS Lambda, which sets it for every function that has a role")
            })
        };
        Ok(AwsCredentials {
            key_id: needed("AWS_ACCESS_KEY_ID")?,
            secret: Secret::new(needed("AWS_SECRET_ACCESS_KEY")?),
            session: set("AWS_SESSION_TOKEN").map(Secret::new),
            region: set("AWS_REGION")
                .or_else(|| set("AWS_DEFAULT_REGION"))
                .map_or_else(|| needed("AWS_REGION"), Ok)?,
        })
    }

    /// The claim of an assertion: the signed request in base64url.
    pub fn attestation(&self, now: Timestamp) -> Secret {
        let request = self.request(now);
        let any = Any {
            type_url: format!(
                "type.googleapis.com/{}",
                Sigv4SignedRequestStsGetCallerIdentity::full_name()
            ),
            value: request.encode_to_vec(),
        };
        Secret::new(URL_SAFE_NO_PAD.encode(any.encode_to_vec()))
    }

    fn request(&self, now: Timestamp) -> Sigv4SignedRequestStsGetCallerIdentity {
        let host = format!("sts.{}.amazonaws.com", self.region);
        let now = now.to_zoned(TimeZone::UTC);
        let (date, time) = (
            now.strftime("%Y%m%d").to_string(),
            now.strftime("%Y%m%dT%H%M%SZ").to_string(),
        );
        let length = BODY.len().to_string();
        // Sorted by name.
        let mut signed = vec![
            ("content-length", length.as_str()),
            ("content-type", CONTENT_TYPE),
            ("host", &host),
            ("x-amz-date", &time),
        ];
        signed.extend(
            self.session
                .as_ref()
                .map(|token| ("x-amz-security-token", token.expose())),
        );
        let authorization = self.authorization(&signed, &date, &time);
        // Length and host go without saying.
        let mut headers = vec![
            header("Authorization", authorization),
            header("Content-Type", CONTENT_TYPE.to_owned()),
            header("X-Amz-Date", time.clone()),
        ];
        headers.extend(
            self.session
                .as_ref()
                .map(|token| header("X-Amz-Security-Token", token.expose().to_owned())),
        );
        Sigv4SignedRequestStsGetCallerIdentity {
            method: "POST".to_owned(),
            endpoint: format!("https://{host}"),
            headers,
            body: BODY.as_bytes().to_vec(),
        }
    }

    fn authorization(&self, signed: &[(&str, &str)], date: &str, time: &str) -> String {
        let names: Vec<&str> = signed.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let lines: String = signed.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let canonical = format!(
            "POST\n/\n\n{lines}\n{names}\n{}",
            hex(digest(&SHA256, BODY.as_bytes()).as_ref())
        );
        let scope = format!("{date}/{}/{SERVICE}/aws4_request", self.region);
        let text = format!(
            "{ALGORITHM}\n{time}\n{scope}\n{}",
            hex(digest(&SHA256, canonical.as_bytes()).as_ref())
        );
        let secret = Secret::new(format!("AWS4{}", self.secret.expose()));
        let steps = [date, &self.region, SERVICE, "aws4_request"];
        let key = steps
            .iter()
            .fold(secret.expose().as_bytes().to_vec(), |key, step| mac(&key, step));
        let signature = hex(&mac(&key, &text));
        let key_id = &self.key_id;
        format!("{ALGORITHM} Credential={key_id}/{scope}, SignedHeaders={names}, Signature={signature}")
    }
}

fn header(key: &str, value: String) -> SignedHeader {
    SignedHeader {
        key: key.to_owned(),
        value: vec![value],
    }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes())
        .as_ref()
        .to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(session: Option<&str>) -> AwsCredentials {
        AwsCredentials {
            key_id: "AKIDEXAMPLE".to_owned(),
            secret: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
            session: session.map(Secret::new),
            region: "us-east-1".to_owned(),
        }
    }

    fn value<'a>(request: &'a Sigv4SignedRequestStsGetCallerIdentity, name: &str) -> &'a str {
        &request.headers.iter().find(|header| header.key == name).unwrap().value[0]
    }

    /// The signatures are those of botocore's signer for the same request.
    #[test]
    fn it_is_the_request_that_aws_takes() {
        let now: Timestamp = "2026-11-08T08:49:07.9Z".parse().unwrap();
        let request = credentials(None).request(now);
        assert_eq!(
            (request.method.as_str(), request.endpoint.as_str()),
            ("POST", "https://sts.us-east-1.amazonaws.com")
        );
        assert_eq!(request.body, BODY.as_bytes());
        assert_eq!(value(&request, "X-Amz-Date"), "20261108T084907Z");
        assert_eq!(
            value(&request, "Authorization"),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261108/us-east-1/sts/aws4_request, \
             SignedHeaders=content-length;content-type;host;x-amz-date, \
             Signature=60166b5b03cc4b2fcccb366b2e6965f04de57e64683d4b86d5369244f6d4b846"
        );
        let request = credentials(Some("session")).request(now);
        assert_eq!(value(&request, "X-Amz-Security-Token"), "session");
        assert_eq!(
            value(&request, "Authorization"),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261108/us-east-1/sts/aws4_request, \
             SignedHeaders=content-length;content-type;host;x-amz-date;x-amz-security-token, \
             Signature=cd4faeae6728156f427cd4cdabbfb6add963bf26e586355f3119ce41926c8bb9"
        );
        let text = credentials(Some("session")).attestation(now);
        let any = Any::decode(URL_SAFE_NO_PAD.decode(text.expose()).unwrap().as_slice()).unwrap();
        assert_eq!(
            any.type_url,
            "type.googleapis.com/c1.connectorapi.baton.v1.Sigv4SignedRequestSTSGetCallerIdentity"
        );
        let unpacked = Sigv4SignedRequestStsGetCallerIdentity::decode(any.value.as_slice()).unwrap();
        assert_eq!(unpacked, request);
    }

    #[test]
    fn what_is_missing_is_named() {
        let all = [
            ("AWS_ACCESS_KEY_ID", "k"),
            ("AWS_SECRET_ACCESS_KEY", "s"),
            ("AWS_REGION", "r"),
        ];
        let of = |without: &str| {
            AwsCredentials::of(&|name| {
                let found = all.iter().find(|(known, _)| *known == name && name != without);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(of("").unwrap().region, "r");
        for (name, _) in all {
            let error = of(name).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
    }
}

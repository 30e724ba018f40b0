//! The loop of AWS Lambda: one invocation after another until the function is taken down (`baton/hosted/facts.md 6`).

use std::future::Future;
use std::sync::Arc;

use jiff::Timestamp;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde_json::Value;
use url::Url;

use super::attestation::AwsCredentials;
use super::caller::{Callers, Expected};
use super::config_service::{ConfigService, Place};
use super::generation::{Generations, Make};
use super::handler::{Adjust, Handler};
use super::keys::{Keys, Signer};
use crate::baton::about::About;
use crate::baton::code;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::http::Clock;
use crate::baton::service::credentials::{ClientId, ClientSecret};

/// What Lambda sets for every function, and nothing works without.
const NEEDED: [&str; 4] = [
    ENDPOINT,
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    MEMORY,
];
const ENDPOINT: &str = "AWS_LAMBDA_RUNTIME_API";
const MEMORY: &str = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE";

/// Everything a hosted connector is given from outside.
pub struct Hosted {
    /// Which program it is.
    pub about: About,
    /// Who it is.
    pub id: ClientId,
    /// How it proves it, and what its configuration is encrypted to.
    pub secret: ClientSecret,
    /// Where ConductorOne is.
    pub place: Place,
    /// The role of AWS it runs as.
    pub aws: AwsCredentials,
    /// Whose calls are answered.
    pub expected: Expected,
    /// The keys of their tokens.
    pub signer: Signer,
    /// Makes a connector of a configuration.
    pub make: Make,
    /// Sets the least important lines to log.
    pub adjust: Adjust,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Makes sure that this is a function of Lambda.
///
/// # Errors
/// `FailedPrecondition` that names the variable which is not set, or cannot be.
pub fn check(env: &dyn Fn(&str) -> Option<String>) -> Result<()> {
    let is_good = |name: &str, value: &str| match name {
        ENDPOINT => Url::parse(&format!("http://{value}")).is_ok(),
        MEMORY => value.parse::<i32>().is_ok(),
        _ => !value.is_empty(),
    };
    let missing = NEEDED
        .iter()
        .find(|name| !env(name).is_some_and(|value| is_good(name, &value)));
    match missing {
        None => Ok(()),
        Some(name) => Err(Error::new(
            Kind::FailedPrecondition,
            format!("{name} is not set as AWS Lambda sets it"),
        )
        .code(code::NO_LAMBDA)
        .hint("`lambda` runs in AWS Lambda only; connect to ConductorOne with --client-id elsewhere")),
    }
}

/// Answers invocations until `stop`.
///
/// # Errors
/// What keeps it from beginning: a configuration or keys that cannot be had. Lambda begins anew then. `Unavailable` when
/// the runtime of Lambda is gone.
pub async fn run(hosted: Hosted, stop: impl Future<Output = ()>) -> Result<()> {
    let Hosted { clock, .. } = hosted;
    let keys = Keys::new(&hosted.signer, Arc::clone(&clock))?;
    let callers = Callers::new(hosted.expected, keys)?;
    let who = (hosted.id, hosted.secret);
    let source = ConfigService::new(&hosted.about, who, &hosted.place, hosted.aws, Arc::clone(&clock))?;
    callers.prepare().await?;
    let handler = Arc::new(Handler {
        callers,
        generations: Generations::begin(source, hosted.make, Arc::clone(&clock)).await?,
        clock,
        adjust: hosted.adjust,
    });
    tracing::info!("The configuration is there; waiting for invocations.");
    let service = service_fn(|event: LambdaEvent<Value>| {
        let handler = Arc::clone(&handler);
        async move {
            let deadline = i64::try_from(event.context.deadline).unwrap_or(i64::MAX);
            let deadline = Timestamp::from_millisecond(deadline).ok();
            handler.answer(&event.payload, deadline).await.map_err(diagnostic)
        }
    });
    let serving = std::pin::pin!(lambda_runtime::run(service));
    tokio::select! {
        served = serving => served.map_err(|error| {
            Error::new(Kind::Unavailable, format!("the runtime of AWS Lambda cannot be reached: {error}"))
                .code(code::NO_LAMBDA)
        }),
        () = stop => Ok(()),
    }
}

/// What Lambda is told of an invocation without an answer.
fn diagnostic(error: Error) -> Diagnostic {
    tracing::warn!(code = error.code_id().number(), %error, "An invocation has no answer.");
    Diagnostic {
        error_type: format!("{:?}", error.kind()),
        error_message: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elsewhere_it_does_not_begin() {
        let set = |name: &str| match name {
            ENDPOINT => Some("127.0.0.1:9001".to_owned()),
            MEMORY => Some("512".to_owned()),
            "AWS_LAMBDA_FUNCTION_NAME" | "AWS_LAMBDA_FUNCTION_VERSION" => Some("x".to_owned()),
            _ => None,
        };
        check(&set).unwrap();
        for name in NEEDED {
            let error = check(&|asked| set(asked).filter(|_| asked != name)).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
        for (name, value) in [(ENDPOINT, "not a host"), (MEMORY, "much")] {
            let odd = |asked: &str| {
                if asked == name {
                    Some(value.to_owned())
                } else {
                    set(asked)
                }
            };
            assert!(check(&odd).is_err(), "{name}");
        }
    }
}

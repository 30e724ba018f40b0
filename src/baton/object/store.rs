//! An object, and what can be done with it, for callers that wait.

use std::future::Future;
use std::sync::{Arc, OnceLock, mpsc};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path as Name;
use object_store::{Attribute, Attributes, BackoffConfig, GetOptions, GetRange, ObjectStore, RetryConfig};
use tokio::runtime::{Builder, Runtime};

use super::condition::{Condition, Connector};
use super::{Address, fault};
use crate::baton::error::{Error, Kind, Result};

/// The key of an object's metadata that says which upload made it. A name that every storage allows.
const MARK: &str = "batonupload";

/// How often one request is tried when the other side is busy or does not answer, and how long in all.
const TRIES: usize = 6;
const PATIENCE: Duration = Duration::from_secs(60);

/// What lies at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its bytes.
    pub size: u64,
    /// What tells it from what lay there before.
    pub e_tag: Option<String>,
    /// The same, in storages that count.
    pub version: Option<String>,
    /// The upload that made it, if this program did.
    pub(super) mark: Option<String>,
}

/// An object.
#[derive(Clone)]
pub struct Object {
    pub(super) address: Address,
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) name: Name,
    /// Whether the last request of a multipart upload can have a condition.
    pub(super) has_parts: bool,
    /// The environment.
    pub(super) variables: Variables,
}

/// Names and values of variables that say how storage is reached.
pub type Variables = Arc<Vec<(String, String)>>;

/// Without the variables: secrets are among them.
impl std::fmt::Debug for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Object").field(&self.address).finish()
    }
}

impl Object {
    /// Prepares to ask for one. Nothing is sent.
    ///
    /// # Errors
    /// An address or variables of the environment that cannot be right.
    pub fn new(address: &Address) -> Result<Object> {
        let all = std::env::vars_os();
        let texts = all.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self::around(address, Arc::new(texts.collect()))
    }

    /// As [`Object::new`], in another environment than that of the process.
    ///
    /// # Errors
    /// As [`Object::new`].
    pub fn around(address: &Address, variables: Variables) -> Result<Object> {
        Self::with(address, variables, Condition::default())
    }

    /// As [`Object::new`], with what must hold when parts become an object.
    pub(super) fn with(address: &Address, variables: Variables, condition: Condition) -> Result<Object> {
        address.check()?;
        let retry = RetryConfig {
            backoff: BackoffConfig {
                init_backoff: Duration::from_millis(100),
                max_backoff: Duration::from_secs(10),
                base: 2.0,
            },
            max_retries: TRIES,
            retry_timeout: PATIENCE,
        };
        let (scheme, rest) = address.as_str().split_once("://").unwrap_or_default();
        let (bucket, key) = rest.split_once('/').unwrap_or_default();
        let connector = Connector(condition);
        let build = || -> object_store::Result<(Arc<dyn ObjectStore>, Name)> {
            let store: Arc<dyn ObjectStore> = match scheme {
                "gs" => Arc::new(
                    GoogleCloudStorageBuilder::from_env()
                        .with_bucket_name(bucket)
                        .with_retry(retry)
                        .build()?,
                ),
                "az" => Arc::new(
                    MicrosoftAzureBuilder::from_env()
                        .with_container_name(bucket)
                        .with_retry(retry)
                        .build()?,
                ),
                _ => Arc::new(
                    amazon(&variables)
                        .with_bucket_name(bucket)
                        .with_retry(retry)
                        .with_http_connector(connector)
                        .build()?,
                ),
            };
            Ok((store, Name::parse(key)?))
        };
        let (store, name) = build().map_err(|error| fault::of(error, address, "prepare for"))?;
        Ok(Object {
            address: address.clone(),
            store,
            name,
            has_parts: scheme == "s3",
            variables,
        })
    }

    /// What lies there; nothing where nothing does.
    ///
    /// # Errors
    /// `Unavailable`, `PermissionDenied` and `Unauthenticated`, as the other side says; here and below.
    pub fn look(&self) -> Result<Option<Version>> {
        let object = self.clone();
        wait(async move {
            let options = GetOptions {
                head: true,
                ..GetOptions::default()
            };
            match object.store.get_opts(&object.name, options).await {
                Ok(found) => Ok(Some(Version {
                    size: found.meta.size,
                    e_tag: found.meta.e_tag.clone(),
                    version: found.meta.version.clone(),
                    mark: mark_of(&found.attributes),
                })),
                Err(object_store::Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(fault::of(error, &object.address, "look at")),
            }
        })?
    }

    /// Bytes `from` up to, not including, `to` of a version.
    ///
    /// # Errors
    /// As [`Object::look`]; `NotFound` where it is gone, `Unavailable` where another lies there now.
    pub(super) fn range(&self, version: &Version, from: u64, to: u64) -> Result<Bytes> {
        let (object, options) = (
            self.clone(),
            GetOptions {
                if_match: version.e_tag.clone(),
                range: Some(GetRange::Bounded(from..to)),
                ..GetOptions::default()
            },
        );
        wait(async move {
            let read = async { object.store.get_opts(&object.name, options).await?.bytes().await };
            read.await.map_err(|error| fault::of(error, &object.address, "read"))
        })?
    }

    /// Hands out a version, piece by piece.
    ///
    /// # Errors
    /// As `Object::range`, and those of `each`; `DataLoss` where it ends too early.
    pub fn fetch(&self, version: &Version, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let (object, options) = (
            self.clone(),
            GetOptions {
                if_match: version.e_tag.clone(),
                ..GetOptions::default()
            },
        );
        let (sender, pieces) = mpsc::sync_channel::<Result<Bytes>>(4);
        runtime()?.spawn(async move {
            let said = |error| fault::of(error, &object.address, "read");
            let mut stream = match object.store.get_opts(&object.name, options).await {
                Ok(found) => found.into_stream(),
                Err(error) => return drop(sender.send(Err(said(error)))),
            };
            while let Some(piece) = stream.next().await {
                let (piece, is_last) = match piece {
                    Ok(piece) => (Ok(piece), false),
                    Err(error) => (Err(said(error)), true),
                };
                if sender.send(piece).is_err() || is_last {
                    return;
                }
            }
        });
        let mut got = 0;
        for piece in pieces {
            let piece = piece?;
            got += piece.len() as u64;
            each(&piece)?;
        }
        if got != version.size {
            let short = format!("read {}: {got} bytes of {} came", self.address.as_str(), version.size);
            return Err(Error::new(Kind::Unavailable, short)
                .code(crate::baton::code::OBJECT_UNREACHABLE)
                .hint("try again"));
        }
        Ok(())
    }
}

/// What variables say about S3.
fn amazon(variables: &[(String, String)]) -> AmazonS3Builder {
    let of_it = variables.iter().filter(|(name, _)| name.starts_with("AWS_"));
    of_it.fold(AmazonS3Builder::new(), |builder, (name, value)| {
        match name.to_ascii_lowercase().parse() {
            Ok(key) => builder.with_config(key, value),
            Err(_) => builder,
        }
    })
}

/// The attributes of an object that an upload of this mark makes.
pub(super) fn marked(mark: &str) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.insert(Attribute::Metadata(MARK.into()), mark.to_owned().into());
    attributes
}

fn mark_of(attributes: &Attributes) -> Option<String> {
    attributes
        .get(&Attribute::Metadata(MARK.into()))
        .map(|value| value.as_ref().to_owned())
}

/// The threads that requests are made on: callers wait, wherever they are, also inside of another runtime.
fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let made = Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("object-storage")
        .enable_all()
        .build()?;
    Ok(RUNTIME.get_or_init(|| made))
}

/// Waits for something.
pub(super) fn wait<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Result<T> {
    let (sender, answer) = mpsc::sync_channel(1);
    runtime()?.spawn(async move {
        let _ = sender.send(work.await);
    });
    answer
        .recv()
        .map_err(|_| Error::new(Kind::Internal, "a request to object storage ended without an answer"))
}

//! A file becomes an object: whole, at once, and only in the place of what was seen there.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use object_store::{
    Error as Said, ObjectStore as _, PutMode, PutMultipartOptions, PutOptions, PutPayload, UpdateVersion,
};

use super::condition::Condition;
use super::store::{marked, wait};
use super::{Object, Version, fault};
use crate::baton::code;
use crate::baton::error::{Context as _, Error, Kind, Result};

/// How a file is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Up to so many bytes it is one request.
    pub whole: u64,
    /// Bytes of a part, at least 5 MiB.
    pub part: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Sizes {
            whole: 32 << 20,
            part: 16 << 20,
        }
    }
}

/// Times that an upload is begun. What is only slow or busy is tried again within each.
const TRIES: u32 = 3;
/// Between them.
const PAUSE: Duration = Duration::from_millis(500);

/// How an attempt ended.
enum Attempt {
    /// The object is there.
    Done,
    /// What lies there is not what was seen.
    Refused,
    /// It may have arrived, or not, and may if it is sent again.
    Failed(Said),
    /// It did not arrive, and would not.
    Hopeless(Said),
}

impl Attempt {
    /// Of a request that stands by itself, or begins others.
    fn of(error: Said) -> Attempt {
        match error {
            Said::AlreadyExists { .. } | Said::Precondition { .. } | Said::NotModified { .. } => Attempt::Refused,
            Said::Generic { .. } | Said::JoinError { .. } => Attempt::Failed(error),
            error => Attempt::Hopeless(error),
        }
    }

    /// Of one that goes on with an upload. Storage may have forgotten that, because it is over or for reasons of its own.
    fn of_part(error: Said) -> Attempt {
        match error {
            Said::NotFound { .. } => Attempt::Failed(error),
            error => Attempt::of(error),
        }
    }
}

impl Object {
    /// Puts the file at `path` in the place of `seen`, or where nothing lay. Memory is a part, or the file where storage
    /// has no conditions for parts.
    ///
    /// # Errors
    /// `Unavailable` where somebody else wrote meanwhile, which is left alone, and where storage does not answer;
    /// those of [`Object::look`] and of the disk.
    pub fn put(&self, path: &Path, seen: Option<&Version>, sizes: Sizes) -> Result<()> {
        let size = std::fs::metadata(path)
            .with_context(|| format!("read {}", path.display()))?
            .len();
        let mark = format!("{:032x}", rand::random::<u128>());
        let mut last = None;
        for attempt in 0..TRIES {
            if attempt > 0 {
                std::thread::sleep(PAUSE * attempt);
            }
            let ended = match self.has_parts && size > sizes.whole {
                true => self.in_parts(path, seen, &mark, sizes.part)?,
                false => self.at_once(path, seen, &mark)?,
            };
            let failed = match ended {
                Attempt::Done => return Ok(()),
                Attempt::Hopeless(error) => return Err(self.failed(error)),
                Attempt::Refused => None,
                Attempt::Failed(error) => Some(error),
            };
            // An answer that was lost says nothing about what arrived: what lies there does.
            match self.look() {
                Ok(Some(there)) if there.mark.as_deref() == Some(&mark) => return Ok(()),
                Ok(there) if !is_as_seen(there.as_ref(), seen) => return Err(self.taken()),
                _ if failed.is_none() => return Err(self.taken()),
                _ => last = failed,
            }
        }
        Err(last.map_or_else(|| self.taken(), |error| self.failed(error)))
    }

    fn at_once(&self, path: &Path, seen: Option<&Version>, mark: &str) -> Result<Attempt> {
        let bytes = std::fs::read(path).with_context(|| format!("read {}", path.display()))?;
        let mode = match seen {
            None => PutMode::Create,
            Some(seen) => PutMode::Update(UpdateVersion {
                e_tag: seen.e_tag.clone(),
                version: seen.version.clone(),
            }),
        };
        let options = PutOptions {
            mode,
            attributes: marked(mark),
            ..PutOptions::default()
        };
        let object = self.clone();
        let put = wait(async move {
            let payload = PutPayload::from(Bytes::from(bytes));
            object.store.put_opts(&object.name, payload, options).await
        })?;
        Ok(match put {
            Ok(_) => Attempt::Done,
            Err(error) => Attempt::of(error),
        })
    }

    fn in_parts(&self, path: &Path, seen: Option<&Version>, mark: &str, part: usize) -> Result<Attempt> {
        let condition = Condition::new(seen.and_then(|seen| seen.e_tag.clone()));
        let object = Object::with(&self.address, self.variables.clone(), condition.clone())?;
        let options = PutMultipartOptions {
            attributes: marked(mark),
            ..PutMultipartOptions::default()
        };
        let (store, name) = (object.store.clone(), object.name.clone());
        let mut upload = match wait(async move { store.put_multipart_opts(&name, options).await })? {
            Ok(upload) => upload,
            Err(error) => return Ok(Attempt::of(error)),
        };
        let mut file = File::open(path).with_context(|| format!("read {}", path.display()))?;
        let ended = loop {
            let mut bytes = Vec::with_capacity(part);
            let read = file.by_ref().take(part as u64).read_to_end(&mut bytes);
            let read = read.with_context(|| format!("read {}", path.display()));
            match read {
                Ok(0) => break Ok(None),
                Ok(_) => {}
                Err(error) => break Err(error),
            }
            // One after the other: memory is one part.
            let sent = upload.put_part(PutPayload::from(Bytes::from(bytes)));
            if let Err(error) = wait(sent)? {
                break Ok(Some(error));
            }
        };
        // Whatever happened, parts that become no object are not left to be paid for.
        wait(async move {
            let ended = match ended {
                Ok(None) => match upload.complete().await {
                    Ok(_) => return Ok(Attempt::Done),
                    Err(_) if condition.is_refused() => Ok(Attempt::Refused),
                    Err(error) => Ok(Attempt::of_part(error)),
                },
                Ok(Some(error)) => Ok(Attempt::of_part(error)),
                Err(error) => Err(error),
            };
            if let Err(error) = upload.abort().await {
                tracing::debug!(%error, "Parts of an upload may be left; a rule of the bucket can remove them.");
            }
            ended
        })?
    }

    fn failed(&self, error: Said) -> Error {
        match error {
            // The object is to be made: what is missing is the bucket.
            Said::NotFound { .. } => Error::new(
                Kind::NotFound,
                format!("write {}: there is no such bucket", self.address.as_str()),
            )
            .code(code::FILE_MISSING)
            .hint("make it, or check the address"),
            error => fault::of(error, &self.address, "write"),
        }
    }

    fn taken(&self) -> Error {
        Error::new(
            Kind::Unavailable,
            format!(
                "somebody else wrote {} while this was at work: nothing was replaced",
                self.address.as_str()
            ),
        )
        .code(code::OBJECT_TAKEN)
        .hint("what lies there is whole and theirs; let one job at a time write it, then run this again")
    }
}

/// Whether what lies there is what the run began with.
fn is_as_seen(there: Option<&Version>, seen: Option<&Version>) -> bool {
    match (there, seen) {
        (None, None) => true,
        (Some(there), Some(seen)) => there.e_tag == seen.e_tag && there.version == seen.version,
        _ => false,
    }
}

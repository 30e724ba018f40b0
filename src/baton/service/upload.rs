//! Uploading a finished file: metadata, pieces of 512 KiB, digest (`baton/service/protocol.md 5`).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use futures_util::Stream;
use tokio::sync::mpsc;

use super::c1::C1;
use crate::baton::code;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::http::Clock;
use crate::baton::proto::c1::connectorapi::baton::v1 as api;
use crate::baton::proto::c1::connectorapi::baton::v1::baton_service_upload_asset_request as message;

/// Bytes of a piece.
pub const PIECE: usize = 512 * 1024;
/// How often the file is sent.
const ATTEMPTS: u32 = 3;
/// The pause after the second failure; after the first one there is none.
const PAUSE: Duration = Duration::from_secs(1);
/// Pieces that are read ahead.
const AHEAD: usize = 2;

/// Uploads the file at `path` for a task. Every attempt reads it anew. Returns its size in bytes.
///
/// # Errors
/// Those of the file, and the last one of ConductorOne.
pub async fn upload(c1: &C1, clock: &dyn Clock, task_id: &str, path: &Path) -> Result<u64> {
    let work = async {
        let mut attempt = 1;
        loop {
            let error = match once(c1, task_id, path).await {
                Ok(bytes) => return Ok(bytes),
                Err(error) => error,
            };
            if attempt == ATTEMPTS {
                return Err(error);
            }
            tracing::warn!(
                task = task_id, code = error.code_id().number(), %error, attempt,
                "An upload failed and is repeated."
            );
            if attempt > 1 {
                clock.sleep(PAUSE).await;
            }
            attempt += 1;
        }
    };
    let done: Result<u64> = work.await;
    let done = done.map_err(|error| error.code(code::UPLOAD_FAILED));
    done.context("upload the file to ConductorOne")
}

async fn once(c1: &C1, task_id: &str, path: &Path) -> Result<u64> {
    let path: Arc<Path> = path.into();
    let (bytes, digest) = {
        let path = Arc::clone(&path);
        tokio::task::spawn_blocking(move || digest_of(&path))
            .await
            .map_err(|error| Error::new(Kind::Internal, error.to_string()))??
    };
    let broken = Arc::new(std::sync::OnceLock::new());
    let sent = c1
        .upload(|| {
            let metadata = message::UploadMetadata {
                host_id: c1.host_id().to_owned(),
                task_id: task_id.to_owned(),
                annotations: Vec::new(),
            };
            pieces(path.to_path_buf(), metadata, digest.clone(), Arc::clone(&broken))
        })
        .await;
    // A file that cannot be read ends the stream early, which ConductorOne sees as something else.
    if let Some(why) = broken.get() {
        return Err(
            Error::new(Kind::Unknown, format!("{} cannot be read: {why}", path.display())).code(code::UPLOAD_FAILED),
        );
    }
    sent.map(|()| bytes)
}

/// The messages of one attempt. They are read on a thread of their own as fast as the other side takes them.
fn pieces(
    path: PathBuf,
    metadata: message::UploadMetadata,
    digest: Vec<u8>,
    broken: Arc<std::sync::OnceLock<String>>,
) -> impl Stream<Item = api::BatonServiceUploadAssetRequest> + Send + 'static {
    let (sender, receiver) = mpsc::channel(AHEAD);
    tokio::task::spawn_blocking(move || {
        let send = |msg| sender.blocking_send(api::BatonServiceUploadAssetRequest { msg: Some(msg) });
        if send(message::Msg::Metadata(metadata)).is_err() {
            return;
        }
        // Without its end the stream is worth nothing: a file that breaks off is never taken for a whole one.
        let mut gone = false;
        let read = for_each_piece(&path, &mut |piece| {
            let data = message::UploadData { data: piece.to_vec() };
            gone |= send(message::Msg::Data(data)).is_err();
            !gone
        });
        match read {
            Ok(()) if gone => {}
            Ok(()) => {
                let eof = message::UploadEof {
                    sha256_checksum: digest,
                    annotations: Vec::new(),
                };
                let _ = send(message::Msg::Eof(eof));
            }
            Err(error) => {
                let _ = broken.set(error.to_string());
            }
        }
    });
    futures_util::stream::unfold(receiver, |mut receiver| async {
        let message = receiver.recv().await?;
        Some((message, receiver))
    })
}

/// Size and SHA-256 of a file.
fn digest_of(path: &Path) -> Result<(u64, Vec<u8>)> {
    let mut context = Context::new(&SHA256);
    let mut bytes = 0;
    for_each_piece(path, &mut |piece| {
        context.update(piece);
        bytes += piece.len() as u64;
        true
    })
    .with_context(|| format!("read {}", path.display()))?;
    Ok((bytes, context.finish().as_ref().to_vec()))
}

/// Whole pieces, the last one shorter, never an empty one; until `each` has enough.
fn for_each_piece(path: &Path, each: &mut dyn FnMut(&[u8]) -> bool) -> std::io::Result<()> {
    use std::io::Read as _;
    let mut file = std::fs::File::open(path)?;
    let mut piece = Vec::with_capacity(PIECE);
    loop {
        piece.clear();
        (&mut file).take(PIECE as u64).read_to_end(&mut piece)?;
        if piece.is_empty() || !each(&piece) {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_whole_but_the_last() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        for (size, expected) in [
            (0, vec![]),
            (1, vec![1]),
            (PIECE, vec![PIECE]),
            (2 * PIECE + 3, vec![PIECE, PIECE, 3]),
        ] {
            std::fs::write(&path, vec![7; size]).unwrap();
            let mut sizes = Vec::new();
            for_each_piece(&path, &mut |piece| {
                sizes.push(piece.len());
                true
            })
            .unwrap();
            assert_eq!(sizes, expected);
            assert_eq!(digest_of(&path).unwrap().0, size as u64);
        }
    }

    #[test]
    fn the_digest_is_sha256_of_the_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        std::fs::write(&path, b"abc").unwrap();
        let hex: String = digest_of(&path).unwrap().1.iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}

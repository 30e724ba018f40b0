//! Files of certificate authorities: read at the start of a run, so that one that holds none is named there, and not
//! taken for a host that nobody trusts.

use std::ffi::OsString;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use crate::baton::code;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::target;

/// What is read of a file that is named for one host: those of whole systems have less.
const MOST: u64 = 1 << 20;
/// What is read of the system's own, in whose place an administrator may put anything.
const MOST_OF_SYSTEM: u64 = 16 << 20;
/// What some editors write before a text.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// The certificates of a file as PEM, for TLS libraries. A byte order mark before them is skipped.
///
/// # Errors
/// `Unknown` (exit code 2) that names the file: one that is not plain, cannot be read, is too large, or holds no
/// certificate or a damaged one.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let named = || format!("read the certificate authorities in {}", path.display());
    let bytes = bytes(path, MOST).map_err(explained).with_context(named)?;
    let pem = bytes.strip_prefix(BOM).unwrap_or(&bytes).to_vec();
    check(&pem).map_err(explained).with_context(named)?;
    Ok(pem)
}

/// The certificates of a text that a setting holds, likewise.
///
/// # Errors
/// As [`read`], without a name.
pub fn given(text: Vec<u8>) -> Result<Vec<u8>> {
    check(&text).map_err(explained)?;
    Ok(text)
}

/// Whether the authorities that the environment puts in the place of the system's can be used: `SSL_CERT_FILE`, and the
/// folders of `SSL_CERT_DIR`. The TLS libraries read them by themselves.
///
/// # Errors
/// As [`read`]; a folder that is none, and folders without any certificate.
pub fn check_environment(env: &dyn Fn(&str) -> Option<OsString>) -> Result<()> {
    let set = |name: &str| env(name).filter(|value| !value.is_empty());
    if let Some(file) = set("SSL_CERT_FILE") {
        let path = Path::new(&file);
        let named = || format!("read the certificate authorities in {} (SSL_CERT_FILE)", path.display());
        let bytes = bytes(path, MOST_OF_SYSTEM).map_err(explained).with_context(named)?;
        if bytes.starts_with(BOM) {
            let marked = wrong("it begins with a byte order mark (U+FEFF)").hint("save it without, as plain UTF-8");
            return Err(marked).with_context(named);
        }
        // One that is damaged among those of a whole system is no reason to trust nobody.
        if !CertificateDer::pem_slice_iter(&bytes).any(|found| found.is_ok_and(|der| is_sequence(&der))) {
            check(&bytes).map_err(explained).with_context(named)?;
        }
    }
    let folders: Vec<PathBuf> = set("SSL_CERT_DIR")
        .iter()
        .flat_map(std::env::split_paths)
        .filter(|folder| !folder.as_os_str().is_empty())
        .collect();
    let in_folder = |folder: &Path| {
        format!(
            "read the certificate authorities in {} (SSL_CERT_DIR)",
            folder.display()
        )
    };
    if let Some(folder) = folders.iter().find(|folder| !folder.is_dir()) {
        return Err(wrong("it is not a folder").hint("name a folder with certificates, or unset it"))
            .with_context(|| in_folder(folder));
    }
    match folders.first() {
        // A file is enough, and any of the folders is.
        Some(first) if set("SSL_CERT_FILE").is_none() && !folders.iter().any(|folder| has_certificate(folder)) => {
            let nothing = wrong("no file in it holds a certificate in PEM form");
            Err(nothing.hint("name a folder with certificates, or unset it")).with_context(|| in_folder(first))
        }
        _ => Ok(()),
    }
}

/// Whether any file of a folder holds a certificate.
fn has_certificate(folder: &Path) -> bool {
    let mut files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    files.any(|file| {
        bytes(&file.path(), MOST_OF_SYSTEM).is_ok_and(|bytes| {
            CertificateDer::pem_slice_iter(&bytes).any(|found| found.is_ok_and(|der| is_sequence(&der)))
        })
    })
}

/// What is in a plain file of at most so many bytes. A pipe could be waited for.
fn bytes(path: &Path, most: u64) -> Result<Vec<u8>> {
    let found = std::fs::metadata(path).map_err(|error| Error::from(error).code(code::CA_FILE))?;
    if !found.is_file() {
        return Err(wrong(format!("it is {}, not a plain file", target::what(&found))));
    }
    let mut bytes = Vec::new();
    // Some files are longer than they say.
    std::fs::File::open(path)
        .and_then(|file| file.take(most + 1).read_to_end(&mut bytes))
        .map_err(|error| Error::from(error).code(code::CA_FILE))?;
    if bytes.len() as u64 > most {
        let too_large = wrong(format!("it is larger than {} MiB", most >> 20));
        return Err(too_large.hint("name a file of certificates in PEM form"));
    }
    Ok(bytes)
}

/// Whether there is a certificate, and every one is whole.
fn check(pem: &[u8]) -> Result<()> {
    let mut certificates = 0;
    for found in CertificateDer::pem_slice_iter(pem) {
        match found {
            Ok(der) if is_sequence(&der) => certificates += 1,
            _ => return Err(wrong("a certificate in it is damaged or cut off")),
        }
    }
    if certificates > 0 {
        return Ok(());
    }
    let has = |text: &[u8]| pem.windows(text.len()).any(|window| window == text);
    Err(match pem {
        [] => wrong("it is empty"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => wrong("it is a text in UTF-16").hint("save it as plain UTF-8"),
        der if is_sequence(der) => {
            wrong("it is in DER form").hint("turn it into PEM: openssl x509 -inform der -in FILE -out ca.pem")
        }
        _ if has(b"PRIVATE KEY-----") => wrong("it holds a private key and no certificate"),
        _ => wrong("it holds no certificate in PEM form"),
    })
}

/// Whether bytes are one DER sequence, as every certificate is.
fn is_sequence(der: &[u8]) -> bool {
    let (body, length) = match der {
        [0x30, short @ 0..=0x7f, body @ ..] => (body, usize::from(*short)),
        [0x30, 0x81, a, body @ ..] => (body, usize::from(*a)),
        [0x30, 0x82, a, b, body @ ..] => (body, usize::from(*a) << 8 | usize::from(*b)),
        [0x30, 0x83, a, b, c, body @ ..] => (body, usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c)),
        _ => return false,
    };
    length > 0 && body.len() == length
}

fn explained(error: Error) -> Error {
    error.hint("it must hold certificates as text, between lines of BEGIN CERTIFICATE and END CERTIFICATE (PEM)")
}

fn wrong(why: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Kind::Unknown, why).code(code::CA_FILE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(name: &str) -> rcgen::Certificate {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.self_signed(&key).unwrap()
    }

    #[test]
    fn a_file_with_certificates_is_taken_and_every_other_one_named() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("ca.pem");
        let (one, two) = (certificate("one"), certificate("two"));
        let pem = [one.pem(), two.pem()].concat();
        let crlf = pem.replace('\n', "\r\n");
        let commented = format!("# ours\n{pem}\n");
        for good in [
            pem.as_bytes(),
            crlf.as_bytes(),
            commented.as_bytes(),
            one.pem().as_bytes(),
        ] {
            std::fs::write(&path, good).unwrap();
            assert_eq!(read(&path).unwrap(), good);
        }
        std::fs::write(&path, [BOM, pem.as_bytes()].concat()).unwrap();
        assert_eq!(read(&path).unwrap(), pem.as_bytes(), "the mark is skipped");

        let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
        let utf16: Vec<u8> = std::iter::once(0xfeff)
            .chain(pem.encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        let cut = &pem[..pem.len() - 40];
        let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for (bytes, words) in [
            (&b""[..], "it is empty"),
            (BOM, "it is empty"),
            (one.der(), "it is in DER form"),
            (key.as_bytes(), "a private key and no certificate"),
            (&utf16, "UTF-16"),
            (cut.as_bytes(), "damaged or cut off"),
            (garbage.as_bytes(), "damaged or cut off"),
            (
                b"-----BEGIN TRUSTED CERTIFICATE-----\nAAAA\n-----END TRUSTED CERTIFICATE-----\n",
                "no certificate in PEM",
            ),
            (b"<html></html>", "no certificate in PEM form"),
        ] {
            std::fs::write(&path, bytes).unwrap();
            refused(read(&path), &path, words);
        }
        std::fs::File::create(&path).unwrap().set_len(MOST + 1).unwrap();
        refused(read(&path), &path, "larger than 1 MiB");
        refused(read(place.path()), place.path(), "it is a folder, not a plain file");
        let missing = place.path().join("missing");
        refused(read(&missing), &missing, "No such file");
    }

    #[test]
    fn what_the_environment_names_is_looked_at() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("ca.pem");
        let check = |name: &'static str, path: &Path| {
            let value = path.as_os_str().to_owned();
            check_environment(&move |asked: &str| (asked == name).then(|| value.clone()))
        };
        let one = certificate("one").pem();
        std::fs::write(
            &path,
            format!("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n{one}"),
        )
        .unwrap();
        check("SSL_CERT_FILE", &path).unwrap();
        check("SSL_CERT_DIR", place.path()).unwrap();
        check("SSL_CERT_FILE", Path::new("")).unwrap();
        refused(check("SSL_CERT_DIR", &path), &path, "not a folder");
        std::fs::write(&path, [BOM, one.as_bytes()].concat()).unwrap();
        refused(check("SSL_CERT_FILE", &path), &path, "byte order mark");
        std::fs::write(&path, "").unwrap();
        refused(check("SSL_CERT_FILE", &path), &path, "it is empty");
        refused(check("SSL_CERT_FILE", place.path()), place.path(), "a folder");
    }

    fn refused<T: std::fmt::Debug>(outcome: Result<T>, path: &Path, words: &str) {
        let error = outcome.unwrap_err();
        let text = error.to_string();
        assert_eq!(
            (error.code_id(), error.kind().exit_code()),
            (code::CA_FILE, 2),
            "{text}"
        );
        assert!(
            text.contains(&*path.to_string_lossy()) && text.contains(words),
            "{words}: {text}"
        );
    }
}

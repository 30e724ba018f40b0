//! The credential a parent process hands over, as TLS settings (`baton/service/protocol.md 7.3`).

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tonic::transport::{Certificate, Identity, ServerTlsConfig};

use crate::baton::code;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::c1::utls::v1::Credential;

/// Bytes of a raw Ed25519 key: seed, then public key.
const KEY: usize = 64;
/// Bytes of the seed.
const SEED: usize = 32;
/// What PKCS#8 puts before the seed: version 0, algorithm 1.3.101.112, two nested octet strings (RFC 8410, 7).
const PKCS8: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];
/// Characters of a line of PEM.
const PEM_LINE: usize = 64;

/// TLS that shows the credential's certificate, and demands one of the credential's authority from callers.
///
/// # Errors
/// `InvalidArgument` when a part is missing or the key is not a pair.
pub fn server(credential: &Credential) -> Result<ServerTlsConfig> {
    if credential.ca_cert.is_empty() || credential.cert.is_empty() {
        return Err(Error::new(Kind::InvalidArgument, "the credential has no certificate").code(code::PARENT));
    }
    let key = pem("PRIVATE KEY", &pkcs8(&credential.key)?);
    Ok(ServerTlsConfig::new()
        .identity(Identity::from_pem(pem("CERTIFICATE", &credential.cert), key))
        .client_ca_root(Certificate::from_pem(pem("CERTIFICATE", &credential.ca_cert)))
        .client_auth_optional(false))
}

/// The key in the form TLS libraries read.
fn pkcs8(key: &[u8]) -> Result<Vec<u8>> {
    let wrong =
        |why: String| Error::new(Kind::InvalidArgument, format!("the credential's key {why}")).code(code::PARENT);
    if key.len() != KEY {
        return Err(wrong(format!("has {} bytes instead of {KEY}", key.len())));
    }
    let (seed, public) = key.split_at(SEED);
    Ed25519KeyPair::from_seed_and_public_key(seed, public)
        .map_err(|_| wrong("is not a seed and its public key".to_owned()))?;
    Ok([PKCS8.as_slice(), seed].concat())
}

fn pem(what: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {what}-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(PEM_LINE));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str(&format!("-----END {what}-----\n"));
    pem
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::KeyPair as _;

    use super::*;

    fn raw(seed: [u8; SEED]) -> Vec<u8> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
        [seed.as_slice(), pair.public_key().as_ref()].concat()
    }

    #[test]
    fn a_raw_key_becomes_the_same_key() {
        let key = raw([7; SEED]);
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&pkcs8(&key).unwrap()).unwrap();
        assert_eq!(pair.public_key().as_ref(), &key[SEED..]);
    }

    #[test]
    fn other_keys_are_refused() {
        let mut foreign = raw([7; SEED]);
        foreign[SEED..].copy_from_slice(&raw([8; SEED])[SEED..]);
        for key in [&[][..], &[0; SEED], &foreign] {
            assert_eq!(
                pkcs8(key).unwrap_err().kind(),
                Kind::InvalidArgument,
                "{} bytes",
                key.len()
            );
        }
        let no_certificate = Credential {
            key: raw([7; SEED]),
            ..Default::default()
        };
        assert_eq!(server(&no_certificate).unwrap_err().kind(), Kind::InvalidArgument);
    }

    #[test]
    fn pem_has_short_lines() {
        let text = pem("CERTIFICATE", &[0xff; 100]);
        assert!(text.lines().all(|line| line.len() <= PEM_LINE));
        assert_eq!(text.lines().count(), 5);
    }
}

//! The throw-away certificates of a parent process (`baton/service/protocol.md 7.3`): an Ed25519 authority, a leaf for
//! the server and one for the client, both for 127.0.0.1 and ::1.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use baton_workato::baton::proto::c1::utls::v1::Credential;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, PKCS_ED25519,
};
use tonic::transport::{ClientTlsConfig, Identity};

/// What PKCS#8 puts before an Ed25519 seed.
const PKCS8: &str = "302e020100300506032b657004220420";

/// A pair in both forms.
struct Key {
    raw: Vec<u8>,
    pair: KeyPair,
}

impl Key {
    fn new(seed: u8) -> Self {
        let seed = [seed; 32];
        let prefix: Vec<u8> = (0..PKCS8.len())
            .step_by(2)
            .map(|i| u8::from_str_radix(&PKCS8[i..i + 2], 16).unwrap())
            .collect();
        let der = [prefix.as_slice(), &seed].concat();
        let public = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
        Key {
            raw: [seed.as_slice(), public.public_key().as_ref()].concat(),
            pair: KeyPair::from_pkcs8_der_and_sign_algo(&der.as_slice().into(), &PKCS_ED25519).unwrap(),
        }
    }
}

/// An authority with its two leaves.
pub struct Chain {
    authority: Certificate,
    server: (Certificate, Key),
    client: (Certificate, Key),
}

impl Chain {
    /// Chains with different numbers trust each other in nothing.
    pub fn new(number: u8) -> Self {
        let key = Key::new(3 * number);
        let mut params = named("c1-connector-ca", &[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![
            KeyUsagePurpose::KeyCertSign,
            KeyUsagePurpose::CrlSign,
            KeyUsagePurpose::DigitalSignature,
        ];
        let authority = params.self_signed(&key.pair).unwrap();
        let issuer = Issuer::from_params(&params, &key.pair);
        let leaf = |name, seed| {
            let key = Key::new(seed);
            let mut params = named(name, &["127.0.0.1", "::1"]);
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
            (params.signed_by(&key.pair, &issuer).unwrap(), key)
        };
        let (server, client) = (
            leaf("c1-connector-server", 3 * number + 1),
            leaf("c1-connector-client", 3 * number + 2),
        );
        Chain {
            authority,
            server,
            client,
        }
    }

    /// What the parent hands to its child.
    pub fn credential(&self) -> Credential {
        Credential {
            ca_cert: self.authority.der().to_vec(),
            key: self.server.1.raw.clone(),
            cert: self.server.0.der().to_vec(),
        }
    }

    /// TLS of a client that trusts this authority and shows nothing.
    pub fn anonymous(&self) -> ClientTlsConfig {
        ClientTlsConfig::new()
            .ca_certificate(tonic::transport::Certificate::from_pem(self.authority.pem()))
            .domain_name("127.0.0.1")
    }

    /// TLS of the parent: it trusts this authority, and shows the certificate of `shown`.
    pub fn parent(&self, shown: &Chain) -> ClientTlsConfig {
        let (certificate, key) = &shown.client;
        let identity = Identity::from_pem(certificate.pem(), key.pair.serialize_pem());
        self.anonymous().identity(identity)
    }
}

fn named(name: &str, addresses: &[&str]) -> CertificateParams {
    let names: Vec<String> = addresses.iter().map(|a| (*a).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

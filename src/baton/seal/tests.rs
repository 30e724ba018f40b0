//! What is encrypted here is decrypted by the rules of the forms, with the private keys that only tests have.

use aws_lc_rs::aead::{AES_256_GCM, Aad, Algorithm, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{self, ECDH_P256, ECDH_P384, ECDH_P521, PrivateKey, UnparsedPublicKey, X25519};
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rsa::{KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use aws_lc_rs::signature::{KeyPair as _, RsaKeyPair};
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::*;

/// A recipient whose private key is known: 32 times 0x42.
const RECIPIENT: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

fn secret(text: &str) -> NewSecret {
    NewSecret {
        name: "token".to_owned(),
        description: "Token of a test".to_owned(),
        value: Secret::new(text),
    }
}

fn of_jwk(jwk: &Value) -> v2::EncryptionConfig {
    v2::EncryptionConfig {
        config: Some(Config::JwkPublicKeyConfig(v2::encryption_config::JwkPublicKeyConfig {
            pub_key: jwk.to_string().into_bytes(),
        })),
        ..Default::default()
    }
}

fn of_recipient(recipient: &str) -> v2::EncryptionConfig {
    v2::EncryptionConfig {
        config: Some(Config::AgeRecipientConfig(v2::encryption_config::AgeRecipientConfig {
            recipient: recipient.to_owned(),
        })),
        ..Default::default()
    }
}

fn hkdf(input: &[u8], salt: &[u8], info: &str) -> Vec<u8> {
    let extracted = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, salt), input);
    let key = hmac::Key::new(hmac::HMAC_SHA256, extracted.as_ref());
    hmac::sign(&key, &[info.as_bytes(), &[1]].concat()).as_ref().to_vec()
}

fn open(algorithm: &'static Algorithm, key: &[u8], nonce: [u8; 12], aad: &[u8], sealed: &[u8]) -> Vec<u8> {
    let key = LessSafeKey::new(UnboundKey::new(algorithm, key).unwrap());
    let mut text = sealed.to_vec();
    let text = key.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut text);
    text.unwrap().to_vec()
}

fn agree(own: &PrivateKey, point: &[u8]) -> Vec<u8> {
    agreement::agree(own, UnparsedPublicKey::new(&X25519, point), (), |shared| {
        Ok(shared.to_vec())
    })
    .unwrap()
}

/// Reads a file whose first stanza gives the key of the file by `unwrap`, from its arguments and its body.
fn age_open(file: &[u8], unwrap: impl Fn(&[&str], &[u8]) -> Vec<u8>) -> Vec<u8> {
    let end = file.windows(4).position(|w| w == b"--- ").unwrap();
    let header = std::str::from_utf8(&file[..end]).unwrap();
    let mut lines = header.lines();
    assert_eq!(lines.next(), Some("age-encryption.org/v1"));
    let arguments: Vec<&str> = lines.next().unwrap().strip_prefix("-> ").unwrap().split(' ').collect();
    let body: Vec<&str> = lines.collect();
    for (at, line) in body.iter().enumerate() {
        assert_eq!(
            line.len() == 64,
            at + 1 < body.len(),
            "full lines but the last: {body:?}"
        );
    }
    let file_key = unwrap(&arguments, &STANDARD_NO_PAD.decode(body.concat()).unwrap());
    assert_eq!(file_key.len(), 16);
    let rest = &file[end + 4..];
    let line = rest.iter().position(|byte| *byte == b'\n').unwrap();
    let mac = STANDARD_NO_PAD.decode(&rest[..line]).unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &hkdf(&file_key, b"", "header"));
    hmac::verify(&key, format!("{header}---").as_bytes(), &mac).unwrap();
    let (number, payload) = rest[line + 1..].split_at(16);
    let key = hkdf(&file_key, number, "payload");
    let pieces: Vec<&[u8]> = payload.chunks(64 * 1024 + 16).collect();
    let mut text = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        let mut nonce = [0; 12];
        nonce[3..11].copy_from_slice(&(at as u64).to_be_bytes());
        nonce[11] = u8::from(at + 1 == pieces.len());
        text.extend(open(&CHACHA20_POLY1305, &key, nonce, b"", piece));
    }
    text
}

#[test]
fn age_recipients() {
    let own = PrivateKey::from_private_key(&X25519, &[0x42; 32]).unwrap();
    let public = own.compute_public_key().unwrap();
    assert_eq!(bech32::bytes(RECIPIENT).unwrap(), public.as_ref());
    assert_eq!(bech32::bytes(&RECIPIENT.to_uppercase()).unwrap(), public.as_ref());
    let seals = Seals::of(&[of_recipient(RECIPIENT)]).unwrap();
    for text in [String::new(), "wk-new-token".to_owned(), "long ".repeat(40_000)] {
        let [sealed] = seals.seal(&secret(&text)).unwrap().try_into().unwrap();
        assert_eq!((sealed.provider.as_str(), sealed.key_id.as_str()), ("baton/age/v1", ""));
        assert_eq!(sealed.key_ids, [hex(digest(&SHA256, RECIPIENT.as_bytes()).as_ref())]);
        let read = age_open(&sealed.encrypted_bytes, |arguments, body| {
            assert_eq!(arguments[0], "X25519");
            let share = STANDARD_NO_PAD.decode(arguments[1]).unwrap();
            let salt = [&share, public.as_ref()].concat();
            let key = hkdf(&agree(&own, &share), &salt, "age-encryption.org/v1/X25519");
            open(&CHACHA20_POLY1305, &key, [0; 12], b"", body)
        });
        assert_eq!(read, text.as_bytes());
    }
    let damaged = RECIPIENT.replace("zvky", "zvkx");
    for none in [
        "",
        "age1",
        "age1zvky",
        &damaged,
        "AGE1zvkyg2",
        "ssh-ed25519 AAAA",
        &format!(" {RECIPIENT}"),
    ] {
        let error = Seals::of(&[of_recipient(none)]).err().unwrap();
        assert_eq!(error.kind(), Kind::InvalidArgument, "{none}");
    }
}

/// The first example of RFC 8032: its seed and its public key.
#[test]
fn ed25519_keys() {
    let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    let bytes = |text: &str| -> Vec<u8> {
        (0..32)
            .map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
            .collect()
    };
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA512, &bytes(seed));
    let own = PrivateKey::from_private_key(&X25519, &digest.as_ref()[..32]).unwrap();
    let point = own.compute_public_key().unwrap();
    let converted = curve::montgomery(&bytes(public).try_into().unwrap()).unwrap();
    assert_eq!(point.as_ref(), converted, "the same point on the other curve");

    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(bytes(public)), "kid": "any"});
    let [sealed] = Seals::of(&[of_jwk(&jwk)])
        .unwrap()
        .seal(&secret("wk-new-token"))
        .unwrap()
        .try_into()
        .unwrap();
    assert_eq!(sealed.provider, "baton/jwk/v1");
    // RFC 8037: the thumbprint of this key.
    let thumbprint = hex(&URL_SAFE_NO_PAD
        .decode("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
        .unwrap());
    assert_eq!(
        (&sealed.key_id, sealed.key_ids.as_slice()),
        (&thumbprint, &[thumbprint.clone()][..])
    );
    let file = STANDARD.decode(&sealed.encrypted_bytes).unwrap();
    let wire = [&[0, 0, 0, 11][..], b"ssh-ed25519", &[0, 0, 0, 32], &bytes(public)].concat();
    let read = age_open(&file, |arguments, body| {
        assert_eq!(arguments[0], "ssh-ed25519");
        let tag = aws_lc_rs::digest::digest(&SHA256, &wire);
        assert_eq!(STANDARD_NO_PAD.decode(arguments[1]).unwrap(), tag.as_ref()[..4]);
        let share = STANDARD_NO_PAD.decode(arguments[2]).unwrap();
        let info = "age-encryption.org/v1/ssh-ed25519";
        let tweak = PrivateKey::from_private_key(&X25519, &hkdf(b"", &wire, info)).unwrap();
        let shared = agree(&tweak, &agree(&own, &share));
        let key = hkdf(&shared, &[&share, point.as_ref()].concat(), info);
        open(&CHACHA20_POLY1305, &key, [0; 12], b"", body)
    });
    assert_eq!(read, b"wk-new-token");
}

#[test]
fn rsa_keys() {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let public = pair.public_key();
    // SEQUENCE of two numbers: the modulus behind nine bytes of heads and sign, the exponent at the end.
    let numbers = public.as_ref();
    let (n, e) = (numbers[9..265].to_vec(), numbers[numbers.len() - 3..].to_vec());
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let private = OaepPrivateDecryptingKey::new(PrivateDecryptingKey::from_pkcs8(der.as_ref()).unwrap()).unwrap();
    let jwk = |n: &[u8]| json!({"kty": "RSA", "n": URL_SAFE_NO_PAD.encode(n), "e": URL_SAFE_NO_PAD.encode(&e)});
    let [sealed] = Seals::of(&[of_jwk(&jwk(&n))])
        .unwrap()
        .seal(&secret("wk-new-token"))
        .unwrap()
        .try_into()
        .unwrap();
    let file = STANDARD.decode(&sealed.encrypted_bytes).unwrap();
    let read = age_open(&file, |arguments, body| {
        assert_eq!((arguments[0], arguments.len()), ("ssh-rsa", 2));
        let mut key = vec![0; private.min_output_size()];
        let label = Some(&b"age-encryption.org/v1/ssh-rsa"[..]);
        private
            .decrypt(&OAEP_SHA256_MGF1SHA256, body, &mut key, label)
            .unwrap()
            .to_vec()
    });
    assert_eq!(read, b"wk-new-token");
    assert!(Seals::of(&[of_jwk(&jwk(&n[..128]))]).is_err(), "1024 bits");
}

#[test]
fn keys_on_curves_of_nist() {
    for (name, algorithm) in [("P-256", &ECDH_P256), ("P-384", &ECDH_P384), ("P-521", &ECDH_P521)] {
        let own = PrivateKey::generate(algorithm).unwrap();
        let public = own.compute_public_key().unwrap();
        let (x, y) = public.as_ref()[1..].split_at(public.as_ref().len() / 2);
        let jwk = |y: &[u8]| json!({"kty": "EC", "crv": name, "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y)});
        let [sealed] = Seals::of(&[of_jwk(&jwk(y))])
            .unwrap()
            .seal(&secret("wk-new-token"))
            .unwrap()
            .try_into()
            .unwrap();
        let text = String::from_utf8(STANDARD.decode(&sealed.encrypted_bytes).unwrap()).unwrap();
        let [header, key, nonce, cipher, tag] = text.split('.').collect::<Vec<_>>().try_into().unwrap();
        assert_eq!(key, "");
        let part = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
        let said: Value = serde_json::from_slice(&part(header)).unwrap();
        assert_eq!(
            (&said["alg"], &said["enc"], &said["epk"]["crv"]),
            (&json!("ECDH-ES"), &json!("A256GCM"), &json!(name))
        );
        let point = [
            vec![4],
            part(said["epk"]["x"].as_str().unwrap()),
            part(said["epk"]["y"].as_str().unwrap()),
        ]
        .concat();
        let peer = UnparsedPublicKey::new(algorithm, point);
        let shared = agreement::agree(&own, peer, (), |shared| Ok(shared.to_vec())).unwrap();
        let input = [
            &[0, 0, 0, 1][..],
            &shared,
            &[0, 0, 0, 7],
            b"A256GCM",
            &[0; 8],
            &[0, 0, 1, 0],
        ]
        .concat();
        let key = aws_lc_rs::digest::digest(&SHA256, &input);
        let sealed = [part(cipher), part(tag)].concat();
        let read = open(
            &AES_256_GCM,
            key.as_ref(),
            part(nonce).try_into().unwrap(),
            header.as_bytes(),
            &sealed,
        );
        assert_eq!(read, b"wk-new-token");
        let mut beside = y.to_vec();
        beside[3] ^= 1;
        assert!(
            Seals::of(&[of_jwk(&jwk(&beside))]).is_err(),
            "{name}: a point beside the curve"
        );
    }
}

#[test]
fn keys_that_cannot_be_used_are_refused_before_anything_is_done() {
    let other = |provider: &str, config: v2::EncryptionConfig| v2::EncryptionConfig {
        provider: provider.to_owned(),
        ..config
    };
    let good = json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
    for configs in [
        Vec::new(),
        vec![v2::EncryptionConfig::default()],
        vec![of_jwk(&json!("text"))],
        vec![of_jwk(&json!({"kty": "oct", "k": "AAAA"}))],
        vec![of_jwk(&json!({"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}))],
        vec![of_jwk(
            &json!({"kty": "EC", "crv": "secp256k1", "x": "AAAA", "y": "AAAA"}),
        )],
        vec![other("baton/age/v1", of_jwk(&good))],
        vec![other("other/v1", of_jwk(&good))],
        vec![of_jwk(&good), of_jwk(&json!({}))],
    ] {
        let error = Seals::of(&configs).err().unwrap();
        assert_eq!(error.kind(), Kind::InvalidArgument, "{configs:?}");
    }
    let several = [
        of_jwk(&good),
        other(" BATON/JWK/V1/private ", of_jwk(&good)),
        of_recipient(RECIPIENT),
    ];
    assert_eq!(Seals::of(&several).unwrap().seal(&secret("x")).unwrap().len(), 3);
}

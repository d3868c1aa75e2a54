use pretty_assertions::assert_eq;

use super::*;

const CLIENT: &[u8] = include_bytes!("../testdata/client.pem");
const CLIENT_KEY: &[u8] = include_bytes!("../testdata/client.key");
const SERVER_KEY: &[u8] = include_bytes!("../testdata/server.key");
const V1: &[u8] = include_bytes!("../testdata/v1.pem");
const V1_KEY: &[u8] = include_bytes!("../testdata/v1.key");

fn error(chain: &[u8], key: &[u8]) -> (Kind, String, Option<String>) {
    let error = identity(chain, key, &Untrusted::from("kubeconfig")).unwrap_err();
    (error.kind, error.detail.unwrap().raw().to_owned(), error.hint.map(|h| h.to_string()))
}

#[test]
fn a_certificate_and_its_key_make_an_identity() {
    let identity = identity(CLIENT, CLIENT_KEY, &Untrusted::from("kubeconfig")).unwrap();
    let der = identity.cert.first().unwrap();
    assert_eq!((version(der), not_after(der)), (Some(3), Ts::parse_rfc3339("2126-10-28T08:16:15Z")));
}

#[test]
fn version_1_certificates_are_named_as_such() {
    let (kind, detail, hint) = error(V1, V1_KEY);
    assert_eq!((kind, detail.as_str()), (Kind::Tls, "it is an X.509 version 1 certificate"));
    assert!(hint.unwrap().contains("version 3"));
}

#[test]
fn what_is_wrong_with_a_certificate_or_key_is_said_without_quoting_it() {
    for (chain, key, detail) in [
        (CLIENT, SERVER_KEY, "its key belongs to another certificate"),
        (CLIENT, CLIENT, "its key is not a PEM private key"),
        (CLIENT, b"", "its key is not a PEM private key"),
        (b"", CLIENT_KEY, "it holds no PEM certificate"),
        (
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            CLIENT_KEY,
            "it is not an X.509 certificate",
        ),
    ] {
        let (kind, said, _) = error(chain, key);
        assert_eq!((kind, said.as_str()), (Kind::Tls, detail));
    }
}

#[test]
fn damaged_certificates_are_looked_at_without_panic() {
    let der = CertificateDer::from_pem_slice(CLIENT).unwrap();
    for end in 0..der.len() {
        version(&der[..end]);
        not_after(&der[..end]);
        let mut flipped = der.to_vec();
        flipped[end] ^= 0xff;
        version(&flipped);
        not_after(&flipped);
    }
}

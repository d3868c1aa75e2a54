//! Certificates and keys in PEM, with errors that name what is wrong with them.
//!
//! Owns the small look into a certificate that the TLS library does not give: its X.509 version and
//! when it ends. Never reads files. Tested with certificates that `openssl` made.

use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use crate::core::{Error, Kind, Result, Ts, Untrusted};

/// What an X.509 v1 certificate needs.
pub const V1_HINT: &str = "X.509 version 1 certificates are not accepted: issue it again as version 3 \
(with openssl: give -extfile or -addext)";

/// Reads the certificates of a PEM text.
///
/// Fails with `Tls` when there is none or when one is damaged; `what` says which certificate it is.
pub fn certificates(pem: &[u8], what: &str, on: &Untrusted) -> Result<Vec<CertificateDer<'static>>> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let failed =
        |detail: &str| Error::new(Kind::Tls, format!("read the {what}")).on(on.clone()).detail(detail);
    let certificates = read.map_err(|_| failed("it is not PEM"))?;
    if certificates.is_empty() {
        return Err(failed("it holds no PEM certificate"));
    }
    if certificates.iter().any(|der| version(der).is_none()) {
        return Err(failed("it is not an X.509 certificate"));
    }
    Ok(certificates)
}

/// Makes a client identity of a certificate chain and its key, both PEM.
///
/// Fails with `Tls`: an unreadable key, a key of another certificate, an X.509 v1 certificate.
pub fn identity(chain: &[u8], key: &[u8], on: &Untrusted) -> Result<Arc<CertifiedKey>> {
    let chain = certificates(chain, "client certificate", on)?;
    let failed =
        |detail: &str| Error::new(Kind::Tls, "use the client certificate").on(on.clone()).detail(detail);
    if chain.iter().any(|der| version(der) == Some(1)) {
        return Err(failed("it is an X.509 version 1 certificate").hint(V1_HINT));
    }
    // The parsers' own words could quote the key's text.
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| failed("its key is not a PEM private key"))?;
    let provider = rustls::crypto::ring::default_provider();
    let signing = provider
        .key_provider
        .load_private_key(key)
        .map_err(|_| failed("its key is of no kind that TLS can use (RSA, ECDSA P-256 or P-384, Ed25519)"))?;
    let certified = CertifiedKey::new(chain, signing);
    match certified.keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => {
            Ok(Arc::new(certified))
        }
        Err(rustls::Error::InconsistentKeys(_)) => Err(failed("its key belongs to another certificate")),
        Err(error) => Err(failed(&error.to_string())),
    }
}

/// Returns the X.509 version of a certificate (1 to 3), or `None` when it is not one.
pub fn version(der: &[u8]) -> Option<u8> {
    let to_be_signed = body(der)?;
    match element(to_be_signed)? {
        (0xa0, version, _) => match element(version)? {
            (0x02, &[n], _) => Some(n.saturating_add(1)),
            _ => None,
        },
        (0x02, _, _) => Some(1),
        _ => None,
    }
}

/// Returns when a certificate ends.
pub fn not_after(der: &[u8]) -> Option<Ts> {
    let mut rest = body(der)?;
    if rest.first() == Some(&0xa0) {
        rest = element(rest)?.2;
    }
    // Serial number, signature algorithm, issuer; then the validity.
    for _ in 0..3 {
        rest = element(rest)?.2;
    }
    let (_, validity, _) = element(rest)?;
    let (_, _, rest) = element(validity)?;
    let (tag, text, _) = element(rest)?;
    time(tag, std::str::from_utf8(text).ok()?)
}

/// Returns what is inside `Certificate.tbsCertificate`.
fn body(der: &[u8]) -> Option<&[u8]> {
    let (0x30, certificate, _) = element(der)? else { return None };
    let (0x30, to_be_signed, _) = element(certificate)? else { return None };
    Some(to_be_signed)
}

/// Splits off one DER element: its tag, its contents, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let count = usize::from(first & 0x7f);
        if count > 4 {
            return None;
        }
        let (bytes, rest) = rest.split_at_checked(count)?;
        (bytes.iter().fold(0_usize, |n, b| (n << 8) | usize::from(*b)), rest)
    };
    let (contents, rest) = rest.split_at_checked(length)?;
    Some((tag, contents, rest))
}

/// Reads a `UTCTime` (two digits of the year) or a `GeneralizedTime`.
fn time(tag: u8, text: &str) -> Option<Ts> {
    let text = match tag {
        0x17 if text.get(..2)?.parse::<u8>().ok()? < 50 => format!("20{text}"),
        0x17 => format!("19{text}"),
        0x18 => text.to_owned(),
        _ => return None,
    };
    let part = |from: usize, to: usize| text.get(from..to);
    let (date, clock) =
        ((part(0, 4)?, part(4, 6)?, part(6, 8)?), (part(8, 10)?, part(10, 12)?, part(12, 14)?));
    Ts::parse_rfc3339(&format!("{}-{}-{}T{}:{}:{}Z", date.0, date.1, date.2, clock.0, clock.1, clock.2))
}

#[cfg(test)]
mod tests;

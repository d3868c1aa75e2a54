//! The real cause of a failed exchange, dug out of the chain of errors that wraps it.

use std::error::Error as StdError;
use std::io::ErrorKind;

use rustls::{AlertDescription, CertificateError};

use crate::core::{Error, Kind};

/// Returns what an error of the HTTP client really means.
pub fn of(error: &reqwest::Error) -> Error {
    let chain = chain(error);
    let tls = chain.iter().find_map(|e| e.downcast_ref::<rustls::Error>());
    if let Some(tls) = tls {
        return of_tls(tls);
    }
    let last = chain.last().map(ToString::to_string).unwrap_or_default();
    let made = |kind, detail: String| Error::new(kind, "request").detail(detail);
    if chain.iter().any(|e| e.to_string().contains("dns error")) {
        return made(Kind::Unreachable, format!("the name is not resolved: {last}"))
            .hint("names of services are known inside the cluster only: use via = \"port-forward\" or a published address");
    }
    if error.is_timeout() {
        return made(
            Kind::Timeout,
            if error.is_connect() { "no connection within 3s".to_owned() } else { last },
        );
    }
    let io = chain.iter().rev().find_map(|e| e.downcast_ref::<std::io::Error>());
    if let Some(io) = io {
        match io.kind() {
            ErrorKind::ConnectionRefused => return made(Kind::Unreachable, "connection refused".to_owned()),
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted => {
                return made(Kind::Unreachable, "the connection was reset".to_owned());
            }
            ErrorKind::TimedOut => return made(Kind::Timeout, last),
            ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
                return made(Kind::Unreachable, "no route to the host".to_owned());
            }
            ErrorKind::InvalidData | ErrorKind::InvalidInput => {
                return made(Kind::Decode, format!("the body cannot be decompressed: {last}"));
            }
            _ => {}
        }
    }
    if error.is_builder() {
        made(Kind::Config, last)
    } else if error.is_decode() && !chain.iter().any(|e| e.to_string().contains("end of file before")) {
        made(Kind::Decode, last)
    } else {
        made(Kind::Unreachable, last)
    }
}

/// Returns the error and everything below it. An `io::Error` hides the error that it wraps from
/// `source`, so that one is asked for it.
fn chain<'a>(error: &'a (dyn StdError + 'static)) -> Vec<&'a (dyn StdError + 'static)> {
    const DEEPEST: usize = 16;
    let mut found: Vec<&'a (dyn StdError + 'static)> = vec![error];
    while let Some(last) = found.last().copied().filter(|_| found.len() < DEEPEST) {
        let inner = last
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref)
            .map(|e| e as &(dyn StdError + 'static))
            .or_else(|| last.source());
        match inner {
            Some(next) => found.push(next),
            None => break,
        }
    }
    found
}

fn of_tls(error: &rustls::Error) -> Error {
    let (detail, hint): (String, &'static str) = match error {
        rustls::Error::InvalidCertificate(why) => of_certificate(why),
        rustls::Error::AlertReceived(alert) => match alert {
            AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::UnknownCA
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateExpired
            | AlertDescription::AccessDenied
            | AlertDescription::HandshakeFailure => (
                format!("the server refuses our client certificate: {alert:?}"),
                "configure cert and key, or renew them",
            ),
            other => (format!("the server ended the handshake: {other:?}"), "look at the server's log"),
        },
        rustls::Error::InvalidMessage(_) => {
            ("the server does not speak TLS on this port".to_owned(), "use http:// or another port")
        }
        rustls::Error::PeerIncompatible(why) => {
            (format!("no common version or cipher: {why:?}"), "the server has to offer TLS 1.2 or newer")
        }
        other => (other.to_string(), "look at the server's certificate and log"),
    };
    Error::new(Kind::Tls, "request").detail(detail).hint(hint)
}

fn of_certificate(why: &CertificateError) -> (String, &'static str) {
    match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => (
            "the server's certificate has expired".to_owned(),
            "renew it on the server, or set this host's clock",
        ),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            ("the server's certificate is not valid yet".to_owned(), "set this host's clock")
        }
        CertificateError::UnknownIssuer => (
            "the server's certificate is of an issuer that is not trusted".to_owned(),
            "set ca to the issuer's certificate",
        ),
        CertificateError::NotValidForName => (
            "the server's certificate is for another name".to_owned(),
            "use a name that the certificate holds",
        ),
        CertificateError::NotValidForNameContext { presented, .. } => {
            let names: Vec<&str> = presented.iter().map(String::as_str).take(5).collect();
            (
                format!("the server's certificate is for another name: {}", names.join(", ")),
                "use a name that the certificate holds",
            )
        }
        CertificateError::Revoked => {
            ("the server's certificate is revoked".to_owned(), "renew it on the server")
        }
        other => {
            let text = other.to_string();
            let hint = if text.contains("UnsupportedCertVersion") {
                "the certificate is X.509 version 1: make it version 3"
            } else {
                "look at the server's certificate"
            };
            (format!("the server's certificate is not accepted: {text}"), hint)
        }
    }
}

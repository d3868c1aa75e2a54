//! Bodies, read with a cap on what comes out of them and a limit on silence.
//!
//! Owns decompression: gzip with any number of members, counted on the decompressed side, so that a
//! small body that unpacks into gigabytes is given up at its cap. Tested through the client, with such bodies.

use std::io::Write as _;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, header};
use http_body_util::BodyExt as _;

use super::answer::Asked;
use crate::core::{Kind, Result, num};

/// The most (decompressed) bytes of one page of a list.
pub const PAGE: usize = 64 << 20;
/// How long a body may be silent.
pub const IDLE: Duration = Duration::from_secs(15);

/// Reads a whole body, decompressed, of at most `cap` bytes.
///
/// Errors: `TooLarge` beyond the cap, `Timeout` when it is silent for [`IDLE`], `Unreachable` when it
/// breaks off, `Decode` when its compression is damaged or unknown.
pub async fn collect<B>(asked: &Asked, headers: &HeaderMap, mut body: B, cap: usize) -> Result<Bytes>
where
    B: hyper::body::Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let mut sink = Sink::new(asked, headers, cap)?;
    loop {
        let Ok(frame) = tokio::time::timeout(IDLE, body.frame()).await else {
            return Err(asked
                .error(Kind::Timeout)
                .detail(format!("the answer stopped for {} s", IDLE.as_secs())));
        };
        match frame {
            None => return sink.finish(asked),
            Some(Err(error)) => {
                return Err(asked.error(Kind::Unreachable).detail(format!("the answer broke off: {error}")));
            }
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    sink.push(asked, &data)?;
                }
            }
        }
    }
}

enum Sink {
    Plain(Capped),
    Gzip(Box<flate2::write::MultiGzDecoder<Capped>>),
}

impl Sink {
    fn new(asked: &Asked, headers: &HeaderMap, cap: usize) -> Result<Self> {
        let coding = headers.get(header::CONTENT_ENCODING).map_or(b"".as_slice(), |v| v.as_bytes());
        let capped = Capped { bytes: Vec::new(), cap, full: false };
        if coding.is_empty() || coding.eq_ignore_ascii_case(b"identity") {
            Ok(Self::Plain(capped))
        } else if coding.eq_ignore_ascii_case(b"gzip") {
            Ok(Self::Gzip(Box::new(flate2::write::MultiGzDecoder::new(capped))))
        } else {
            let coding = String::from_utf8_lossy(coding).into_owned();
            Err(asked
                .error(Kind::Decode)
                .detail(format!("it is compressed with {coding}, which was not asked for")))
        }
    }

    fn push(&mut self, asked: &Asked, data: &[u8]) -> Result<()> {
        let (written, capped) = match self {
            Self::Plain(capped) => (capped.write_all(data), &*capped),
            Self::Gzip(decoder) => (decoder.write_all(data), decoder.get_ref()),
        };
        written.map_err(|error| failed(asked, capped, &error))
    }

    fn finish(self, asked: &Asked) -> Result<Bytes> {
        match self {
            Self::Plain(capped) => Ok(capped.bytes.into()),
            Self::Gzip(mut decoder) => match decoder.try_finish() {
                Ok(()) => Ok(std::mem::take(&mut decoder.get_mut().bytes).into()),
                Err(error) => Err(failed(asked, decoder.get_ref(), &error)),
            },
        }
    }
}

fn failed(asked: &Asked, capped: &Capped, error: &std::io::Error) -> crate::core::Error {
    if capped.full {
        let most = num::value(capped.cap as f64, num::Unit::Bytes);
        asked.error(Kind::TooLarge).detail(format!("the answer has more than {most}"))
    } else {
        asked.error(Kind::Decode).detail(format!("its compression is damaged: {error}"))
    }
}

/// A buffer that refuses to grow beyond its cap.
struct Capped {
    bytes: Vec<u8>,
    cap: usize,
    full: bool,
}

impl std::io::Write for Capped {
    fn write(&mut self, data: &[u8]) -> std::io::Result<usize> {
        if data.len() > self.cap.saturating_sub(self.bytes.len()) {
            self.full = true;
            return Err(std::io::Error::other("too large"));
        }
        self.bytes.extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

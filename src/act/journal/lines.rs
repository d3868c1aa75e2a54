//! Lines of a file, one at a time: a line that is too long is told, not held.

use std::io::{self, BufRead, Read as _};

use super::chain::LONGEST;

/// How a line ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With an end of line, which is not among its bytes.
    Line,
    /// With the file; there may be no bytes.
    File,
    /// It goes on beyond the limit; only its beginning was read.
    TooLong,
}

/// Reads a line into `line`, which is emptied before. Returns how it ended.
///
/// # Errors
/// Those of the reader.
pub fn next(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<End> {
    line.clear();
    reader.by_ref().take(LONGEST as u64).read_until(b'\n', line)?;
    if line.last() == Some(&b'\n') {
        line.pop();
        return Ok(End::Line);
    }
    Ok(if line.len() == LONGEST { End::TooLong } else { End::File })
}

/// Skips what is left of a line.
///
/// # Errors
/// Those of the reader.
pub fn skip(reader: &mut impl BufRead) -> io::Result<()> {
    reader.skip_until(b'\n').map(drop)
}

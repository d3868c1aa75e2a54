//! Copying by OSC 52: the terminal puts the text on the clipboard of the machine that it runs on, also
//! over SSH.
//!
//! Only ever writes, never asks; only [`Safe`] text goes in; too much is refused, not cut.

use base64::Engine as _;

use crate::core::{Error, Kind, Safe, num};

/// The most that is copied, in bytes; terminals drop larger ones in silence.
pub const LIMIT: usize = 64 * 1024;

/// Returns the bytes that copy lines, and the number of bytes that the clipboard gets.
///
/// Inside tmux they go out twice: as its own clipboard (`set-clipboard on`) and passed through to the
/// terminal outside (`allow-passthrough on`); which one is taken is the user's setting.
pub fn osc52(lines: &[Safe], tmux: bool) -> Result<(Vec<u8>, usize), Error> {
    let text = lines.iter().map(Safe::as_str).collect::<Vec<_>>().join("\n");
    if text.len() > LIMIT {
        let what = num::counted(text.len(), "byte", "bytes");
        return Err(Error::new(Kind::TooLarge, "copy to the clipboard")
            .detail(format!("{what}, terminals take {}", num::count(LIMIT)))
            .hint("mark fewer rows, or save to a file"));
    }
    let body = base64::engine::general_purpose::STANDARD.encode(&text);
    let mut out = format!("\x1b]52;c;{body}\x07").into_bytes();
    if tmux {
        out.extend_from_slice(format!("\x1bPtmux;\x1b\x1b]52;c;{body}\x07\x1b\\").as_bytes());
    }
    Ok((out, text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Untrusted;

    #[test]
    fn text_is_copied_as_base64_and_through_tmux_as_well() {
        let lines = [Safe::own("a"), Safe::own("b")];
        assert_eq!(osc52(&lines, false).unwrap(), (b"\x1b]52;c;YQpi\x07".to_vec(), 3));
        let (bytes, _) = osc52(&lines, true).unwrap();
        assert!(bytes.ends_with(b"\x1bPtmux;\x1b\x1b]52;c;YQpi\x07\x1b\\"));
    }

    #[test]
    fn too_much_text_is_refused_with_its_size() {
        let long = Untrusted::from("x".repeat(LIMIT + 1)).safe();
        let error = osc52(&[long], false).unwrap_err();
        assert_eq!(
            error.to_string(),
            "copy to the clipboard: too large: 65,537 bytes, terminals take 65,536\nhint: mark fewer rows, or save to a file"
        );
    }
}

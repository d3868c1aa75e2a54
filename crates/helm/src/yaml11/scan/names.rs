//! Anchors, aliases, tags and directives.

use super::{Scanner, TokenKind};
use crate::yaml11::YamlError;

impl Scanner<'_> {
    fn scan_alpha(&mut self, into: &mut String) {
        while self.cursor.is_alpha() {
            self.cursor.take(into);
        }
    }

    pub(super) fn scan_anchor(&mut self, alias: bool) -> Result<(), YamlError> {
        let start = self.cursor.mark;
        self.cursor.skip();
        let mut name = String::new();
        self.scan_alpha(&mut name);
        let ends = self.cursor.is_word_end(0)
            || matches!(self.cursor.byte(0), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if name.is_empty() || !ends {
            return self.error("did not find expected alphabetic or numeric character of an anchor");
        }
        self.add(if alias { TokenKind::Alias(name) } else { TokenKind::Anchor(name) }, start);
        Ok(())
    }

    pub(super) fn scan_tag(&mut self) -> Result<(), YamlError> {
        let start = self.cursor.mark;
        let (handle, suffix) = if self.cursor.byte(1) == b'<' {
            self.cursor.skip();
            self.cursor.skip();
            let uri = self.scan_uri("")?;
            if self.cursor.byte(0) != b'>' {
                return self.error("did not find the expected '>' of a tag");
            }
            self.cursor.skip();
            (String::new(), uri)
        } else {
            let handle = self.scan_handle(false)?;
            if handle.len() > 1 && handle.ends_with('!') {
                let suffix = self.scan_uri("")?;
                (handle, suffix)
            } else {
                // It was no handle, but the beginning of what stands behind the handle `!`.
                let suffix = self.scan_uri(&handle)?;
                if suffix.is_empty() { (suffix, "!".to_owned()) } else { ("!".to_owned(), suffix) }
            }
        };
        if !self.cursor.is_word_end(0) {
            return self.error("did not find expected whitespace or line break after a tag");
        }
        self.add(TokenKind::Tag(handle, suffix), start);
        Ok(())
    }

    /// Reads `!`, `!name!`, or, in a tag, the `!name` that something else follows.
    fn scan_handle(&mut self, directive: bool) -> Result<String, YamlError> {
        let mut handle = String::new();
        if self.cursor.byte(0) != b'!' {
            return self.error("did not find expected '!'");
        }
        self.cursor.take(&mut handle);
        self.scan_alpha(&mut handle);
        if self.cursor.byte(0) == b'!' {
            self.cursor.take(&mut handle);
        } else if directive && handle != "!" {
            return self.error("did not find expected '!'");
        }
        Ok(handle)
    }

    /// Reads the rest of a tag whose beginning is `head`; the first character of that, a `!`, is left out.
    fn scan_uri(&mut self, head: &str) -> Result<String, YamlError> {
        let mut bytes = head.get(1..).unwrap_or_default().as_bytes().to_vec();
        let mut any = !head.is_empty();
        loop {
            if self.cursor.byte(0) == b'%' {
                self.scan_escaped_character(&mut bytes)?;
            } else if self.cursor.is_alpha() || b";/?:@&=+$,.!~*'()[]".contains(&self.cursor.byte(0)) {
                bytes.push(self.cursor.byte(0));
                self.cursor.skip();
            } else {
                break;
            }
            any = true;
        }
        if !any {
            return self.error("did not find expected tag URI");
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Reads the `%XX` of one character.
    fn scan_escaped_character(&mut self, bytes: &mut Vec<u8>) -> Result<(), YamlError> {
        let mut left = 0;
        loop {
            let digit = |ahead| char::from(self.cursor.byte(ahead)).to_digit(16);
            let (true, Some(high), Some(low)) = (self.cursor.byte(0) == b'%', digit(1), digit(2)) else {
                return self.error("did not find URI escaped octet");
            };
            let octet = (high << 4 | low) as u8;
            if left == 0 {
                left = match octet {
                    0x00..=0x7f => 1,
                    0xc0..=0xdf => 2,
                    0xe0..=0xef => 3,
                    0xf0..=0xf7 => 4,
                    _ => return self.error("found an incorrect leading UTF-8 octet"),
                };
            } else if octet & 0xc0 != 0x80 {
                return self.error("found an incorrect trailing UTF-8 octet");
            }
            bytes.push(octet);
            for _ in 0..3 {
                self.cursor.skip();
            }
            left -= 1;
            if left == 0 {
                return Ok(());
            }
        }
    }

    pub(super) fn scan_directive(&mut self) -> Result<(), YamlError> {
        let start = self.cursor.mark;
        self.cursor.skip();
        let mut name = String::new();
        self.scan_alpha(&mut name);
        if name.is_empty() || !self.cursor.is_word_end(0) {
            return self.error("could not find expected directive name");
        }
        let kind = match name.as_str() {
            "YAML" => self.scan_version()?,
            "TAG" => self.scan_tag_directive()?,
            _ => return self.error("found unknown directive name"),
        };
        self.cursor.skip_to_line_end();
        if !self.cursor.is_line_end(0) {
            return self.error("did not find expected comment or line break");
        }
        self.cursor.skip_break();
        self.add(kind, start);
        Ok(())
    }

    fn skip_blanks(&mut self) {
        while self.cursor.is_blank(0) {
            self.cursor.skip();
        }
    }

    fn scan_version(&mut self) -> Result<TokenKind, YamlError> {
        self.skip_blanks();
        let major = self.scan_version_number()?;
        if self.cursor.byte(0) != b'.' {
            return self.error("did not find expected digit or '.' character");
        }
        self.cursor.skip();
        let minor = self.scan_version_number()?;
        Ok(TokenKind::Version(major == 1 && minor == 1))
    }

    fn scan_version_number(&mut self) -> Result<u8, YamlError> {
        let (mut number, mut length) = (0, 0);
        while let digit @ b'0'..=b'9' = self.cursor.byte(0) {
            length += 1;
            if length > 2 {
                return self.error("found extremely long version number");
            }
            number = number * 10 + (digit - b'0');
            self.cursor.skip();
        }
        if length == 0 { self.error("did not find expected version number") } else { Ok(number) }
    }

    fn scan_tag_directive(&mut self) -> Result<TokenKind, YamlError> {
        self.skip_blanks();
        let handle = self.scan_handle(true)?;
        if !self.cursor.is_blank(0) {
            return self.error("did not find expected whitespace");
        }
        self.skip_blanks();
        let prefix = self.scan_uri("")?;
        if !self.cursor.is_word_end(0) {
            return self.error("did not find expected whitespace or line break");
        }
        Ok(TokenKind::TagDirective(handle, prefix))
    }
}

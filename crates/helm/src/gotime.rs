//! Whether Go reads a text as a time.
//!
//! Owns the three shapes that matter here: RFC 3339 as `metav1.Time` reads it, the same with six digits of a fraction as
//! `metav1.MicroTime` does, and what YAML 1.1 calls a timestamp. Go is more lenient than any of their definitions: an hour of
//! one digit, a comma before the fraction, 24 hours east of Greenwich. Never says which time it is: [`crate::time`] does.

/// A shape of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// RFC 3339.
    Rfc3339,
    /// RFC 3339 with exactly six digits of a fraction.
    Micro,
    /// One of the four forms of YAML: a date, or a date and a time behind `T`, `t` (with a zone) or blanks (without).
    Yaml,
}

/// Returns whether Go reads a text as a time of a shape.
pub(crate) fn is_time(text: &str, shape: Shape) -> bool {
    Reader { rest: text.as_bytes() }.time(shape).is_some()
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn time(&mut self, shape: Shape) -> Option<()> {
        let strict = shape != Shape::Yaml;
        let mut year = 0;
        for _ in 0..4 {
            year = year * 10 + self.digit()?;
        }
        self.pass(b"-")?;
        let month = self.number(strict)?;
        self.pass(b"-")?;
        let day = self.number(strict)?;
        if !(1..=12).contains(&month) || day < 1 || day > days_in(year, month) {
            return None;
        }
        if self.rest.is_empty() {
            return (!strict).then_some(());
        }
        let zoned = match self.pass(if strict { b"T" } else { b"Tt " })? {
            b' ' => {
                while self.pass(b" ").is_some() {}
                false
            }
            _ => true,
        };
        let hour = self.number(false)?;
        self.pass(b":")?;
        let minute = self.number(strict)?;
        self.pass(b":")?;
        let second = self.number(strict)?;
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        self.fraction(shape)?;
        if zoned {
            self.zone()?;
        }
        self.rest.is_empty().then_some(())
    }

    /// Passes one of some bytes.
    fn pass(&mut self, wanted: &[u8]) -> Option<u8> {
        let (first, rest) = self.rest.split_first().filter(|(first, _)| wanted.contains(first))?;
        self.rest = rest;
        Some(*first)
    }

    fn digit(&mut self) -> Option<u32> {
        self.pass(b"0123456789").map(|c| u32::from(c - b'0'))
    }

    /// Reads two digits, or, when `both` need not be there, one.
    fn number(&mut self, both: bool) -> Option<u32> {
        let first = self.digit()?;
        match self.digit() {
            Some(second) => Some(first * 10 + second),
            None => (!both).then_some(first),
        }
    }

    fn fraction(&mut self, shape: Shape) -> Option<()> {
        if shape == Shape::Micro {
            self.pass(b".,")?;
            // What Go reads there is any number of six characters that is not below zero.
            let minus = self.pass(b"+-");
            let digits = if minus.is_some() { 5 } else { 6 };
            let mut micros = 0;
            for _ in 0..digits {
                micros += self.digit()?;
            }
            return (minus != Some(b'-') || micros == 0).then_some(());
        }
        if matches!(self.rest, [b'.' | b',', b'0'..=b'9', ..]) {
            self.pass(b".,")?;
            while self.digit().is_some() {}
        }
        Some(())
    }

    fn zone(&mut self) -> Option<()> {
        if self.pass(b"Z").is_some() {
            return Some(());
        }
        self.pass(b"+-")?;
        let hours = self.number(true)?;
        self.pass(b":")?;
        let minutes = self.number(true)?;
        (hours <= 24 && minutes <= 60).then_some(())
    }
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_3339_is_read_as_leniently_as_go_reads_it() {
        for text in [
            "2026-11-21T07:40:48Z",
            "2026-11-21T7:40:48Z",
            "2026-11-21T07:40:48.1+24:00",
            "2026-11-21T07:40:48,123456789012-00:60",
            "2028-02-29T00:00:00Z",
        ] {
            assert!(is_time(text, Shape::Rfc3339), "{text}");
        }
        for text in [
            "",
            "2026-11-21",
            "2026-11-21t07:40:48Z",
            "2026-11-21T07:40:48",
            "2026-11-21T07:40:48.Z",
            "2026-11-21T07:4:48Z",
            "2026-11-21T24:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-11-21T07:40:48+25:00",
            "2026-11-21T07:40:48z",
        ] {
            assert!(!is_time(text, Shape::Rfc3339), "{text}");
        }
    }

    #[test]
    fn the_fraction_of_a_micro_time_has_six_digits() {
        assert!(is_time("2026-11-21T07:40:48.000000Z", Shape::Micro));
        assert!(!is_time("2026-11-21T07:40:48Z", Shape::Micro));
        assert!(!is_time("2026-11-21T07:40:48.00000Z", Shape::Micro));
        assert!(!is_time("2026-11-21T07:40:48.0000000Z", Shape::Micro));
    }

    #[test]
    fn yaml_knows_four_forms_of_time() {
        for text in [
            "2001-12-14",
            "2001-1-2",
            "2001-12-14T1:2:3.1Z",
            "2001-12-14t21:59:43-05:00",
            "2001-1-2  1:2:3.5",
        ] {
            assert!(is_time(text, Shape::Yaml), "{text}");
        }
        for text in ["2001-2-30", "2001-12-14 1:2:3Z", "2001-12-14T1:2:3", "20011-1-1", "2001-12-14 "] {
            assert!(!is_time(text, Shape::Yaml), "{text}");
        }
    }
}

//! Quantities such as `100m` and `1Gi`: whether a text is one, and whether two are the same.

/// A quantity's digits, where its point is, and its suffix.
struct Parts<'a> {
    negative: bool,
    /// All digits, without the point.
    digits: String,
    /// How many of the digits stand behind the point.
    behind: usize,
    suffix: &'a str,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let end = unsigned.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(unsigned.len());
        let (number, suffix) = unsigned.split_at_checked(end)?;
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        let digits = [whole, part].concat();
        let is_number = !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit());
        is_number.then(|| Self { negative: text.starts_with('-'), digits, behind: part.len(), suffix })
    }

    /// A factor and a power of ten; `None` when the suffix is none.
    fn scale(&self) -> Option<(i128, i32)> {
        Some(match self.suffix {
            "" => (1, 0),
            "n" => (1, -9),
            "u" => (1, -6),
            "m" => (1, -3),
            "k" => (1, 3),
            "M" => (1, 6),
            "G" => (1, 9),
            "T" => (1, 12),
            "P" => (1, 15),
            "E" => (1, 18),
            "Ki" => (1 << 10, 0),
            "Mi" => (1 << 20, 0),
            "Gi" => (1 << 30, 0),
            "Ti" => (1 << 40, 0),
            "Pi" => (1 << 50, 0),
            "Ei" => (1 << 60, 0),
            suffix => (1, suffix.strip_prefix(['e', 'E'])?.parse().ok()?),
        })
    }
}

/// Returns whether a text is a quantity.
pub fn is_quantity(text: &str) -> bool {
    Parts::of(text.trim()).is_some_and(|parts| parts.scale().is_some())
}

/// Returns whether two texts are the same quantity; texts that are none are compared as they are.
pub fn same(a: &str, b: &str) -> bool {
    a == b || matches!((nano(a), nano(b)), (Some(a), Some(b)) if a == b)
}

/// Returns a quantity in units of 10⁻⁹; `None` when it is none, or too large or too fine to compare.
pub fn nano(text: &str) -> Option<i128> {
    let parts = Parts::of(text.trim())?;
    let (factor, exponent) = parts.scale()?;
    if parts.digits.len() > 24 {
        return None;
    }
    let mantissa = parts.digits.parse::<i128>().ok()?.checked_mul(factor)?;
    let shift = exponent.checked_add(9)?.checked_sub(i32::try_from(parts.behind).ok()?)?;
    let power = 10i128.checked_pow(shift.unsigned_abs())?;
    let value = if shift >= 0 {
        mantissa.checked_mul(power)?
    } else if mantissa % power == 0 {
        mantissa / power
    } else {
        return None;
    };
    Some(if parts.negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_compared_by_their_value() {
        let equal = [
            ("0.1", "100m"),
            ("1", "1000m"),
            ("1Gi", "1024Mi"),
            ("1e3", "1k"),
            ("128974848", "123Mi"),
            ("-1", "-1000m"),
            ("x", "x"),
        ];
        for (a, b) in equal {
            assert!(same(a, b), "{a} {b}");
        }
        let different =
            [("1G", "1Gi"), ("1", "2"), ("", "0"), ("x", "y"), ("1.", "."), ("1", "-1"), ("1e999", "1e998")];
        for (a, b) in different {
            assert!(!same(a, b), "{a} {b}");
        }
    }

    #[test]
    fn what_is_no_quantity_is_told() {
        for text in ["1", "-1.5Gi", ".5", "1.", "+2e-3", "1E", "0.1n", " 1 "] {
            assert!(is_quantity(text), "{text}");
        }
        for text in ["", ".", "Gi", "1g", "1 Gi", "1.2.3", "true", "1ee3", "--1"] {
            assert!(!is_quantity(text), "{text}");
        }
    }
}

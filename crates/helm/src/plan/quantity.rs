//! Quantities such as `100m` and `1Gi`, compared by their value.

/// Returns whether two texts are the same quantity; texts that are none are compared as they are.
pub(super) fn same(a: &str, b: &str) -> bool {
    a == b || matches!((parse(a), parse(b)), (Some(a), Some(b)) if a == b)
}

/// Reads a quantity in units of 10⁻⁹; `None` when it is none, or too large or too fine to compare.
fn parse(text: &str) -> Option<i128> {
    let text = text.trim();
    let end =
        text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '+' | '-'))).unwrap_or(text.len());
    let (number, suffix) = text.split_at_checked(end)?;
    let (factor, exponent): (i128, i32) = match suffix {
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
        _ => (1, suffix.strip_prefix(['e', 'E'])?.parse().ok()?),
    };
    let negative = number.starts_with('-');
    let digits = number.strip_prefix(['+', '-']).unwrap_or(number);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all: String = [whole, part].concat();
    if all.is_empty() || all.len() > 24 || !all.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let mantissa = all.parse::<i128>().ok()?.checked_mul(factor)?;
    let shift = exponent.checked_add(9)?.checked_sub(i32::try_from(part.len()).ok()?)?;
    let power = 10i128.checked_pow(shift.unsigned_abs())?;
    let value = if shift >= 0 {
        mantissa.checked_mul(power)?
    } else if mantissa % power == 0 {
        mantissa / power
    } else {
        return None;
    };
    Some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_compared_by_their_value() {
        for (a, b) in [
            ("0.1", "100m"),
            ("1", "1000m"),
            ("1Gi", "1024Mi"),
            ("1e3", "1k"),
            ("128974848", "123Mi"),
            ("-1", "-1000m"),
            ("x", "x"),
        ] {
            assert!(same(a, b), "{a} {b}");
        }
        for (a, b) in
            [("1G", "1Gi"), ("1", "2"), ("", "0"), ("x", "y"), ("1.", "."), ("1", "-1"), ("1e999", "1e998")]
        {
            assert!(!same(a, b), "{a} {b}");
        }
    }
}

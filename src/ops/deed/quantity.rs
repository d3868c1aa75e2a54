//! Quantities such as `100m` and `1Gi`, as the API server reads them.

/// Returns whether a text is a quantity.
pub(super) fn is_quantity(text: &str) -> bool {
    parts(text).is_some()
}

/// Returns a quantity in units of 10⁻⁹; `None` when it is none, or too large or too fine to be compared.
pub(super) fn nano(text: &str) -> Option<i128> {
    let (number, (factor, power)) = parts(text)?;
    let negative = number.starts_with('-');
    let number = number.trim_start_matches(['+', '-']);
    let (before, behind) = number.split_once('.').unwrap_or((number, ""));
    let behind = behind.trim_end_matches('0');
    let digits = [before, behind].concat();
    let mantissa: i128 = digits
        .trim_start_matches('0')
        .parse()
        .or_else(|e| if digits.bytes().all(|c| c == b'0') { Ok(0) } else { Err(e) })
        .ok()?;
    let scaled = mantissa.checked_mul(factor)?;
    let power = power.checked_add(9)?.checked_sub(i32::try_from(behind.len()).ok()?)?;
    let ten = |power: u32| 10_i128.checked_pow(power);
    let value = if power >= 0 {
        if scaled == 0 { 0 } else { scaled.checked_mul(ten(power.unsigned_abs())?)? }
    } else {
        let unit = ten(power.unsigned_abs())?;
        (scaled % unit == 0).then_some(scaled / unit)?
    };
    Some(if negative { -value } else { value })
}

/// Returns whether two texts are the same quantity; texts that are none are compared as they are.
pub(super) fn same(a: &str, b: &str) -> bool {
    a == b || matches!((nano(a), nano(b)), (Some(a), Some(b)) if a == b)
}

/// Returns the number with its sign, and a factor and a power of ten for the suffix.
fn parts(text: &str) -> Option<(&str, (i128, i32))> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let sign = text.len() - unsigned.len();
    let end = unsigned.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(unsigned.len());
    let number = unsigned.get(..end)?;
    let is_number =
        number.bytes().any(|c| c.is_ascii_digit()) && number.bytes().filter(|c| *c == b'.').count() < 2;
    let scale = match unsigned.get(end..)? {
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
    };
    is_number.then_some((text.get(..sign + end)?, scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_what_the_api_server_takes() {
        for text in ["1", "-1.5Gi", ".5", "1.", "+2e-3", "1E", "0.1n", "12e6", "100m"] {
            assert!(is_quantity(text), "{text}");
        }
        for text in ["", ".", "Gi", "1g", "1 Gi", " 1", "1.2.3", "1ee3", "--1", "1m5", "1e99999999999"] {
            assert!(!is_quantity(text), "{text}");
        }
    }

    #[test]
    fn one_quantity_may_be_written_in_many_ways() {
        for (a, b) in
            [("1", "1000m"), ("0.5", "500m"), ("1Gi", "1024Mi"), ("1e3", "1k"), ("0", "0Gi"), ("x", "x")]
        {
            assert!(same(a, b), "{a} {b}");
        }
        for (a, b) in [("1G", "1Gi"), ("1", "-1"), ("", "0"), ("1e999", "1e998"), ("0.0000000001", "0")] {
            assert!(!same(a, b), "{a} {b}");
        }
        let huge = "9".repeat(400);
        assert_eq!((is_quantity(&huge), nano(&huge), nano("1e2147483647")), (true, None, None));
    }
}

//! Mouse reports in the SGR form, the only one that is turned on.

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

/// Reads `button;column;row` of `ESC [ < … M` (pressed) or `m` (released).
pub(super) fn sgr(report: &[u8], last: u8) -> Option<MouseEvent> {
    let pressed = match last {
        b'M' => true,
        b'm' => false,
        _ => return None,
    };
    let mut numbers = std::str::from_utf8(report).ok()?.split(';').map(str::parse::<u16>);
    let (bits, column, row) = (numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?);
    if numbers.next().is_some() {
        return None;
    }
    let button = match bits & 0b1100_0011 {
        0 => Some(MouseButton::Left),
        1 => Some(MouseButton::Middle),
        2 => Some(MouseButton::Right),
        _ => None,
    };
    let kind = match (bits & 0b1110_0011, button) {
        (64, _) => MouseEventKind::ScrollUp,
        (65, _) => MouseEventKind::ScrollDown,
        (66, _) => MouseEventKind::ScrollLeft,
        (67, _) => MouseEventKind::ScrollRight,
        (32..=34, Some(button)) => MouseEventKind::Drag(button),
        (35, _) => MouseEventKind::Moved,
        (0..=2, Some(button)) if pressed => MouseEventKind::Down(button),
        (0..=2, Some(button)) => MouseEventKind::Up(button),
        _ => return None,
    };
    let mut modifiers = KeyModifiers::NONE;
    for (bit, modifier) in [(4, KeyModifiers::SHIFT), (8, KeyModifiers::ALT), (16, KeyModifiers::CONTROL)] {
        if bits & bit != 0 {
            modifiers |= modifier;
        }
    }
    Some(MouseEvent { kind, column: column.checked_sub(1)?, row: row.checked_sub(1)?, modifiers })
}

//! The legend: which series is which, with its values; and the colours, which a series keeps.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;

use super::{Plot, Prepared};
use crate::core::num;
use crate::core::{Span, Ts, Untrusted};
use crate::store::series::Series;
use crate::ui::text::{Line, Words, measure};
use crate::ui::theme::{Role, Theme};

/// Chooses a colour for each series by its labels alone, and the next free one where two would be alike.
pub(super) fn colors(series: &[Series]) -> Vec<Role> {
    let n = Role::SERIES.len();
    let mut order: Vec<(u64, usize)> = series.iter().enumerate().map(|(i, s)| (hash(s), i)).collect();
    order.sort_unstable();
    let mut taken = [0_usize; 8];
    let mut out = vec![Role::Series0; series.len()];
    for (hash, i) in order {
        let wanted = (hash % n as u64) as usize;
        let least = taken.iter().copied().min().unwrap_or(0);
        let free = (0..n).map(|d| (wanted + d) % n).find(|c| taken.get(*c) == Some(&least)).unwrap_or(wanted);
        if let Some(count) = taken.get_mut(free) {
            *count += 1;
        }
        if let Some(role) = out.get_mut(i) {
            *role = Role::series(free);
        }
    }
    out
}

/// FNV-1a over the labels: the same in every run and version.
fn hash(series: &Series) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for (name, value) in series.labels.iter() {
        for byte in name.bytes().chain([0xff]).chain(value.bytes()).chain([0xfe]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    // The low bits of FNV are weak; the colour is taken from them.
    hash ^ (hash >> 32)
}

/// Returns the letter of a series, which stands where its line ends.
pub(super) fn letter(number: usize) -> Option<char> {
    u8::try_from(number).ok().filter(|n| *n < 26).map(|n| char::from(b'a' + n))
}

/// Returns what a series is called: the labels in which it differs from the others.
pub fn name(series: &[Series], number: usize) -> Words {
    let Some(this) = series.get(number) else { return Words::default() };
    let differs = |label: &str, value: &str| series.iter().any(|s| s.labels.get(label) != Some(value));
    let telling: Vec<String> = this
        .labels
        .iter()
        .filter(|(l, v)| *l != "__name__" && (series.len() == 1 || differs(l, v)))
        .map(|(_, v)| v.to_owned())
        .collect();
    let text = match (telling.is_empty(), this.labels.get("__name__")) {
        (false, _) => telling.join(" "),
        (true, Some(metric)) => metric.to_owned(),
        (true, None) => "value".to_owned(),
    };
    Words::Safe(Untrusted::from(text).safe())
}

impl Prepared {
    /// Draws the legend: a row for each series, those with the greatest last value first, and a count of
    /// those without room. With a crosshair, the value at it.
    pub fn draw_legend(
        &self,
        plot: &Plot<'_>,
        crosshair: Option<Ts>,
        buffer: &mut Buffer,
        area: Rect,
        theme: &Theme,
    ) {
        let mut order: Vec<(usize, f64)> =
            (0..plot.series.len()).filter_map(|i| self.stats(i).map(|s| (i, s.last))).collect();
        order.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let rows = usize::from(area.height);
        let room = if order.len() > rows { rows.saturating_sub(1) } else { rows };
        let names: Vec<Words> = order.iter().take(room).map(|(i, _)| name(plot.series, *i)).collect();
        let widest = names.iter().map(Words::width).max().unwrap_or(0).min(area.width / 2);
        for ((y, (i, _)), name) in (area.y..area.bottom()).zip(&order).zip(&names) {
            let line = self.entry(plot, *i, name, widest, crosshair);
            line.draw(buffer, theme, (area.x, y), area.width);
        }
        if order.len() > room && rows > 0 {
            let rest = format!("  + {} more", num::count(order.len() - room));
            Line::new().with(Words::of(&rest), Role::Dim).draw(
                buffer,
                theme,
                (area.x, area.bottom() - 1),
                area.width,
            );
        }
    }

    fn entry(&self, plot: &Plot<'_>, i: usize, name: &Words, widest: u16, crosshair: Option<Ts>) -> Line {
        let mut line = Line::new();
        let tag = letter(i).map_or_else(|| "· ".to_owned(), |c| format!("{c} "));
        line.push(Words::of(&tag), self.color(i));
        let cut = measure::cut_middle(name.as_str(), widest);
        let pad = " ".repeat(usize::from(widest.saturating_sub(measure::width(&cut))));
        line.push(Words::of(&format!("{cut}{pad}")), Role::Text);
        let Some(stats) = self.stats(i) else { return line };
        let show = |v: f64| num::value(v, plot.unit);
        if let Some(at) = crosshair {
            let value = plot.series.get(i).and_then(|s| value_at(s, at, super::step(plot)));
            let shown = value.map_or_else(|| "no value".to_owned(), show);
            line.push(Words::of(&format!("  at {shown}")), Role::Strong);
        }
        line.push(Words::of(&format!("  last {}", show(stats.last))), Role::Text);
        line.push(Words::of(&format!("  min {}  max {}", show(stats.min), show(stats.max))), Role::Dim);
        line
    }
}

/// Returns the value that a series has at an instant: the last one not older than 1.5 steps.
pub fn value_at(series: &Series, at: Ts, step: Span) -> Option<f64> {
    let behind = series.points.partition_point(|(ts, _)| *ts <= at);
    let (ts, value) = series.points.get(behind.checked_sub(1)?)?;
    let fresh = step.0 <= 0 || (at - *ts).0 <= step.0.saturating_add(step.0 / 2);
    (fresh && value.is_finite()).then_some(*value)
}

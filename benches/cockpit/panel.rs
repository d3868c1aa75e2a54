//! A panel of 200 series with 2,000 points each, drawn as the alert's page and boards draw it.

use std::sync::Arc;

use deckwatch::app::views::board::chart::{self, Over, Panel};
use deckwatch::app::views::{Draw, View};
use deckwatch::core::num::Unit;
use deckwatch::core::{Labels, Span, Ts, Untrusted, Window};
use deckwatch::store::series::{Matrix, Series};
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;

use crate::figure::milliseconds;
use crate::session::Session;

const SERIES: usize = 200;
const POINTS: usize = 2_000;

fn matrix(start: Ts, step: Span) -> Matrix {
    let series = (0..SERIES).map(|s| {
        let labels = [("pod", format!("backend-{s:03}")), ("namespace", "momo-store".to_owned())];
        let labels: Labels =
            labels.into_iter().map(|(k, v)| (Untrusted::from(k), Untrusted::from(v))).collect();
        let points = (0..POINTS).map(|p| {
            let wave = ((p + s * 17) as f64 / 60.0).sin();
            let spike = if (p * 31 + s * 7) % 401 == 0 { 3.0 } else { 0.0 };
            (start + step.times(p as i64), 10.0 + s as f64 / 20.0 + wave + spike)
        });
        Series { labels, points: points.collect() }
    });
    Matrix { series: series.collect(), step, ..Matrix::default() }
}

pub fn run() {
    let session = Session::new(View::open("board").unwrap(), (180, 50));
    let (start, step) = (Ts(1_700_000_000_000_000_000), Span::secs(15));
    let window = Window { start, end: start + step.times(POINTS as i64 - 1) };
    let matrix = Arc::new(matrix(start, step));
    let cx = Draw { shared: &session.model.shared, env: &session.env };
    let area = Rect::new(0, 0, 180, 48);
    let mut buffer = Buffer::empty(area);
    milliseconds("panel.frame", 60, |_| {
        buffer.reset();
        // New data each time: its dots are made anew.
        let panel = Panel::of(Arc::clone(&matrix), window, Unit::None, None);
        chart::draw(&cx, &panel, &Over::default(), area, &mut buffer);
    });
}

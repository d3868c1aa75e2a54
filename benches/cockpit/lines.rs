//! Log lines: Loki's answers decoded, lines taken in by the view, and a million of them searched.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use deckwatch::app::effect::{LogPage, Query, QueryId, Timer};
use deckwatch::app::msg::Answer;
use deckwatch::app::update::{show, update};
use deckwatch::app::views::View;
use deckwatch::app::views::logs::Logs;
use deckwatch::app::{Effect, Msg};
use deckwatch::core::filter::Filter;
use deckwatch::core::{ClusterId, Labels, ObjectRef, Resource, Span, Ts, Untrusted};
use deckwatch::sources::loki::{Lines, Loki};
use deckwatch::sources::transport::{Request, Sending, Transport};
use deckwatch::store::batch::Batch;
use deckwatch::store::health::Via;
use deckwatch::store::logs::{Entry, Origin};

use crate::figure::{milliseconds, tell};
use crate::session::Session;

fn text(i: usize) -> String {
    let level = ["info", "info", "info", "warn", "error"][i % 5];
    format!(
        r#"{{"level":"{level}","msg":"request served","method":"GET","path":"/products/{}","status":{},"took_ms":{},"trace_id":"{:032x}"}}"#,
        i % 997,
        if i.is_multiple_of(50) { 502 } else { 200 },
        i % 311,
        (i as u128).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835),
    )
}

fn labels(i: usize) -> Labels {
    let all = [("namespace", "momo-store".to_owned()), ("pod", format!("backend-7c5d-{:03}", i % 4))];
    all.into_iter().map(|(k, v)| (Untrusted::from(k), Untrusted::from(v))).collect()
}

fn entries(from: usize, count: usize) -> Vec<Entry> {
    let labels: Vec<Labels> = (0..4).map(labels).collect();
    let entry = |i: usize| Entry {
        ts: Ts(1_700_000_000_000_000_000 + i as i64 * 5_000),
        line: Untrusted::from(text(i)),
        labels: labels[i % 4].clone(),
        metadata: Labels::default(),
        origin: Origin::Loki,
    };
    (from..from + count).map(entry).collect()
}

pub fn run() {
    decode();
    intake();
    search();
}

/// An answer of Loki with 5,000 lines in four streams.
fn decode() {
    const LINES: usize = 5_000;
    let mut body = String::from(
        r#"{"status":"success","data":{"resultType":"streams","encodingFlags":["categorize-labels"],"result":["#,
    );
    for stream in 0..4 {
        let comma = if stream == 0 { "" } else { "," };
        write!(body, r#"{comma}{{"stream":{{"namespace":"momo-store","pod":"backend-{stream}"}},"values":["#)
            .unwrap();
        for i in 0..LINES / 4 {
            let comma = if i == 0 { "" } else { "," };
            let line = serde_json::to_string(&text(i * 4 + stream)).unwrap();
            write!(body, r#"{comma}["{}",{line}]"#, 1_700_000_000_000_000_000_u64 + i as u64 * 5_000)
                .unwrap();
        }
        body.push_str("]}");
    }
    body.push_str("]}}");
    let loki = Loki::new(Arc::new(Canned(body.into())), Span::secs(1));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (start, end) = (Ts(0), Ts(i64::MAX));
    let rates = (0..40).map(|_| {
        let began = Instant::now();
        let asked = Lines { start, end, limit: LINES, backward: false };
        let page = runtime.block_on(loki.lines("{}", asked)).unwrap();
        assert_eq!(page.entries.len(), LINES);
        LINES as f64 / began.elapsed().as_secs_f64()
    });
    tell("logs.decoded", "lines/s", rates.collect());
}

/// A server that always says the same.
struct Canned(bytes::Bytes);

impl Transport for Canned {
    fn send(&self, _request: Request) -> Sending<'_> {
        let content_type = Some("application/json".to_owned());
        let answer = deckwatch::sources::transport::Answer {
            status: 200,
            content_type,
            body: self.0.clone(),
            took: Span::millis(1),
        };
        Box::pin(std::future::ready(Ok(answer)))
    }

    fn via(&self) -> Via {
        Via::Direct
    }

    fn address(&self) -> Untrusted {
        "bench".into()
    }
}

/// Batches of 5,000 lines come in behind those that are there, each followed by a frame.
fn intake() {
    const LINES: usize = 5_000;
    let object = ObjectRef::new(&ClusterId::default(), Resource::Pod, "momo-store", "backend", "");
    let mut session = Session::new(View::open("pods").unwrap(), (180, 50));
    let view = View::Logs(Logs::live(object, &session.model.shared));
    let effects = show(&mut session.model, view, &session.env);
    let mut id = asked(&effects).unwrap();
    let mut rates = Vec::new();
    for i in 0..30 {
        let batch = Batch { entries: entries(i * LINES, LINES), ..Batch::default() };
        let began = Instant::now();
        session.take(Msg::Answer(id, Ok(Answer::Logs(Box::new(batch)))));
        session.frame();
        rates.push(LINES as f64 / began.elapsed().as_secs_f64());
        let page = Timer::Page(id.slot.page);
        let effects = update(&mut session.model, Msg::Due(page), &session.env);
        id = asked(&effects).unwrap();
    }
    tell("logs.intake", "lines/s", rates);
}

/// Returns the question for lines among effects.
fn asked(effects: &[Effect]) -> Option<QueryId> {
    effects.iter().find_map(|e| match e {
        Effect::Ask(id, Query::Logs { page: LogPage::Newest | LogPage::Newer { .. }, .. }) => Some(*id),
        _ => None,
    })
}

/// The filter over a million lines.
fn search() {
    let lines = entries(0, 1_000_000);
    for (id, pattern) in [
        ("search.text", "connection refused"),
        ("search.common", "error"),
        ("search.regex", "status\":5\\d\\d"),
    ] {
        let filter = Filter::parse(pattern).unwrap();
        let mut found = 0;
        milliseconds(id, 5, |_| {
            found = lines.iter().filter(|e| filter.matches(e.line.raw(), |k| e.labels.get(k))).count();
        });
        assert_eq!(found > 0, id != "search.text");
    }
}

//! How each service words its lines: nginx's access log, JSON, logfmt, and the stack of a panic.
//! Owns the wording only; tested through [`super::Scribe`].

use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};

use super::requests::Request;
use super::{Line, Stream};
use crate::life::Nanos;
use crate::shop::archive::PodRecord;
use crate::shop::profile::Mode;
use crate::shop::runs::Run;
use crate::shop::{SECOND, hash};

/// Returns a time as `2026-11-21T05:34:15.092392001Z`.
pub fn rfc3339(at: Nanos) -> String {
    DateTime::<Utc>::from_timestamp_nanos(at).to_rfc3339_opts(SecondsFormat::Nanos, true)
}

fn line(at: Nanos, text: String) -> Line {
    Line { at, stream: Stream::Stdout, text }
}

fn error(at: Nanos, text: String) -> Line {
    Line { at, stream: Stream::Stderr, text }
}

fn path(request: &Request<'_>) -> String {
    match request.class.route {
        "/products/" => format!("/products/{}", request.hash % 9_000 + 1_000),
        route => route.to_owned(),
    }
}

/// Writes what `backend` prints about a request.
pub fn backend(request: &Request<'_>) -> Vec<Line> {
    let failed = request.class.code >= 500;
    let panics = failed && request.mode == Mode::BadRelease && request.hash % 10 == 3;
    let (level, message) = match request.class.code {
        500.. => ("error", failure(request, panics)),
        400..=499 => ("warn", "request refused".to_owned()),
        _ => ("info", "request".to_owned()),
    };
    let mut lines = if panics { panic(request) } else { Vec::new() };
    let at = lines.last().map_or(request.at, |last| last.at);
    let text = format!(
        r#"{{"ts":"{}","level":"{level}","msg":"{message}","trace_id":"{}","method":"{}","route":"{}","path":"{}","status":{},"duration_ms":{:.3},"version":"{}"}}"#,
        rfc3339(at),
        request.trace(),
        request.class.method,
        request.class.route,
        path(request),
        request.class.code,
        request.micros as f64 / 1e3,
        request.pod.life.version,
    );
    lines.push(Line { at, stream: if failed { Stream::Stderr } else { Stream::Stdout }, text });
    lines
}

fn failure(request: &Request<'_>, panics: bool) -> String {
    let text = match request.mode {
        _ if panics => "panic while serving the request",
        Mode::BadDatabase => "dial tcp: lookup postgres-rw.momo-data.svc on 10.96.0.10:53: no such host",
        _ => match request.hash % 4 {
            0 => "query prices: context deadline exceeded",
            1 => "query prices: pq: canceling statement due to statement timeout",
            2 => "price cache: allocation refused, 0 of 64 MiB left",
            _ => "query stock: pq: sorry, too many clients already",
        },
    };
    text.to_owned()
}

/// Writes a Go panic's stack: one write of the process, so some of its lines share an instant.
fn panic(request: &Request<'_>) -> Vec<Line> {
    let routine = request.hash % 90_000 + 10_000;
    let address = 0xc000_0000_u64 + request.hash % 0xff_ffff * 16;
    let (function, file) = match request.class.route {
        "/orders/" => ("orders", "orders.go:207"),
        "/auth/whoami" => ("whoami", "whoami.go:58"),
        _ => ("products", "products.go:141"),
    };
    let frames = [
        "panic: runtime error: invalid memory address or nil pointer dereference".to_owned(),
        "[signal SIGSEGV: segmentation violation code=0x1 addr=0x18 pc=0x7a41c3]".to_owned(),
        format!("goroutine {routine} [running]:"),
        format!("main.(*priceCache).get({address:#x}, {{{:#x}, 0x1a}})", address + 0x140),
        "\t/src/internal/price/cache.go:88 +0x63".to_owned(),
        format!("main.(*Server).{function}({:#x}, {{0x9c1f40, {address:#x}}})", address - 0x60),
        format!("\t/src/internal/http/{file} +0x2e5"),
        "net/http.HandlerFunc.ServeHTTP(...)".to_owned(),
        "\t/usr/local/go/src/net/http/server.go:2294 +0x29".to_owned(),
    ];
    let mut at = request.at;
    let mut lines = Vec::with_capacity(frames.len() + 1);
    for (i, text) in frames.into_iter().enumerate() {
        if i > 0 && !hash::of(&[request.hash, i as u64]).is_multiple_of(3) {
            at += 700 + (hash::of(&[request.hash, i as u64, 9]) % 900) as i64;
        }
        lines.push(error(at, text));
    }
    lines
}

/// Writes nginx's access line of a request that came through `frontend`.
pub fn frontend(request: &Request<'_>, at: Nanos) -> Line {
    let h = request.hash >> 12;
    let failed = request.class.code >= 500;
    let posts = request.class.method == "POST";
    // What only reads is tried once more at another pod; an order is not.
    let (status, upstream) = match (failed, posts && h.is_multiple_of(2)) {
        (true, true) => (502, request.class.code.to_string()),
        (true, false) => (200, format!("{}, 200", request.class.code)),
        _ => (request.class.code, request.class.code.to_string()),
    };
    let path = match request.class.route {
        "/orders/" => "/checkout",
        "/auth/whoami" => "/cart",
        _ => "/",
    };
    let seconds = request.micros as f64 / 1e6;
    let time = DateTime::<Utc>::from_timestamp_nanos(at).format("%d/%b/%Y:%H:%M:%S +0000");
    line(
        at,
        format!(
            r#"10.244.{}.{} - - [{time}] "{} {path} HTTP/1.1" {status} {} "-" "Mozilla/5.0" rt={:.3} urt={seconds:.3} us="{upstream}" trace_id={}"#,
            h % 4,
            h % 250 + 2,
            request.class.method,
            h % 9_000 + 300,
            seconds + 0.001,
            request.trace(),
        ),
    )
}

/// Writes `catalog`'s line of a request, in logfmt.
pub fn catalog(request: &Request<'_>, at: Nanos) -> Line {
    let h = request.hash >> 16;
    let (level, status) = if request.class.code == 404 { ("warn", 404) } else { ("info", 200) };
    line(
        at,
        format!(
            "ts={} level={level} msg=\"items served\" trace_id={} route=/v1/items status={status} duration={:.1}ms items={}",
            rfc3339(at),
            request.trace(),
            2.0 + (h % 90) as f64 / 10.0,
            h % 48 + 1,
        ),
    )
}

/// Writes `payments`' line of a request.
pub fn payments(request: &Request<'_>, at: Nanos) -> Line {
    let h = request.hash >> 16;
    let declined = h.is_multiple_of(40);
    line(
        at,
        format!(
            r#"{{"ts":"{}","level":"{}","msg":"{}","trace_id":"{}","route":"/v1/charge","status":{},"amount_cents":{},"duration_ms":{:.1}}}"#,
            rfc3339(at),
            if declined { "warn" } else { "info" },
            if declined { "charge declined" } else { "charge accepted" },
            request.trace(),
            if declined { 402 } else { 201 },
            h % 20_000 + 199,
            20.0 + (h % 700) as f64 / 10.0,
        ),
    )
}

/// Writes what a container prints when it starts.
pub fn started(pod: &Arc<PodRecord>, run: &Run) -> Vec<Line> {
    let at = |millis: i64| run.start + millis * 1_000_000 + (pod.hash % 999_983) as i64;
    let version = &pod.life.version;
    let json = |at: Nanos, message: &str| {
        let ts = rfc3339(at);
        line(at, format!(r#"{{"ts":"{ts}","level":"info","msg":"{message}","version":"{version}"}}"#))
    };
    match pod.life.service.as_str() {
        "frontend" => {
            let time = |at: Nanos| DateTime::<Utc>::from_timestamp_nanos(at).format("%Y/%m/%d %H:%M:%S");
            vec![
                error(at(3), format!("{} [notice] 1#1: nginx/1.29.3", time(at(3)))),
                error(at(4), format!("{} [notice] 1#1: start worker processes", time(at(4)))),
            ]
        }
        "catalog" => {
            let ts = rfc3339(at(20));
            vec![line(at(20), format!("ts={ts} level=info msg=\"listening\" addr=:8080 version={version}"))]
        }
        "backend" => vec![
            json(at(12), "starting"),
            json(at(180), "connected to postgres-rw.momo-data.svc:5432"),
            json(at(190), "listening on :8080"),
        ],
        _ => vec![json(at(25), "listening on :8080")],
    }
}

/// Writes the warning of a container near its memory limit.
pub fn memory(pod: &PodRecord, used: f64, at: Nanos) -> Line {
    let limit = crate::shop::traffic::memory_limit(pod) / 1_048_576.0;
    let used = used / 1_048_576.0;
    let age = (at / SECOND) % 1_000;
    error(
        at,
        format!(
            r#"{{"ts":"{}","level":"warn","msg":"heap {used:.0} MiB of {limit:.0} MiB","gc_pause_ms":{:.1}}}"#,
            rfc3339(at),
            40.0 + age as f64 / 10.0,
        ),
    )
}

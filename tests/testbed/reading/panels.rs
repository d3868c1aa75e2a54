//! The points that a panel draws against those of an independent request.

use std::time::{Duration, SystemTime};

use deckwatch::core::num::{self, Unit};
use deckwatch::core::{Span, Ts};

use crate::stand::{SHOP, User, cockpit, get, shop, wait_until};

/// What is asked independently: the same question in other words.
fn question(quantile: &str) -> String {
    format!(
        "histogram_quantile({quantile}, sum by (le) (rate(http_request_duration_seconds_bucket\
         {{namespace=\"{SHOP}\", service=\"backend\"}}[1m])))"
    )
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// Returns the value at each step, none where Prometheus has none.
fn asked(quantile: &str, start: Ts, end: Ts, step: Span) -> Vec<(Ts, Option<f64>)> {
    let (from, to) = (start.0 / 1_000_000_000, end.0 / 1_000_000_000);
    let path = format!(
        "/api/v1/query_range?query={}&start={from}&end={to}&step={}",
        encoded(&question(quantile)),
        step.as_secs()
    );
    let answer = get("PROMETHEUS_URL", &path);
    let values = answer["data"]["result"][0]["values"].as_array().cloned().unwrap_or_default();
    let at = |t: i64| {
        let value = values.iter().find(|v| v[0].as_i64() == Some(t))?[1].as_str()?.parse::<f64>().ok()?;
        value.is_finite().then_some(value)
    };
    (from..=to).step_by(usize::try_from(step.as_secs()).unwrap()).map(|t| (Ts::from_secs(t), at(t))).collect()
}

/// Returns how long before the moment the window begins, as the header says: `AT … −15m … +5m`.
fn before(text: &str) -> Option<Span> {
    let (_, rest) = text.lines().next()?.split_once('−')?;
    Span::parse(rest.split_once(' ')?.0)
}

#[test]
fn every_point_that_the_crosshair_meets_is_that_of_an_independent_request() {
    shop();
    let step = Span::secs(5);
    // Old enough that no late sample changes it, and with half a minute of data before it.
    let moment = wait_until(Duration::from_secs(120), "two minutes of latencies", || {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let moment = Ts::from_secs(i64::try_from(now.as_secs()).unwrap() - 30).align_down(step);
        let points = asked("0.5", moment - Span::secs(60), moment, step);
        points.iter().all(|(_, v)| v.is_some()).then_some(moment)
    });
    let session =
        cockpit(User::Admin, (200, 60), true).arg("-n").arg(SHOP).arg("--view").arg("deploy").start();
    session.wait_for("backend").keys("/backend\r");
    session.keys("@").bytes(moment.rfc3339().as_bytes());
    session.keys("\r").wait_for("AT ");
    session.keys("gp").wait_for("Latency P50 P95 P99").wait_for("step 5s").wait_for("P99  last");
    // The header says how long before the moment the window begins; the crosshair walks from there.
    let before = session.see(|s| before(&s.text())).unwrap();
    let start = moment - before;
    let steps = usize::try_from(before.0 / step.0).unwrap();
    let skipped = steps - 12;
    session.bytes("\x1b[C".repeat(skipped).as_bytes());
    let all = ["0.5", "0.95", "0.99"].map(|q| asked(q, start, moment, step));
    let mut compared = 0;
    for n in skipped + 1..=steps {
        session.bytes(b"\x1b[C");
        for (name, points) in ["P50", "P95", "P99"].iter().zip(&all) {
            let (at, value) = points[n];
            assert_eq!(at, start + step.times(n as i64));
            let value = value.map_or_else(|| "no value".to_owned(), |v| num::value(v, Unit::Seconds));
            session.wait_for(&format!("{name}  at {value}  last"));
            compared += 1;
        }
    }
    assert_eq!(compared, 36);
    session.keys("\x03").wait_end();
}

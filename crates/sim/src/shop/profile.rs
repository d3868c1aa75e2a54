//! What becomes of requests: for each service and mode a table of outcomes that repeats, with the
//! exact shares of codes and latencies, and running sums over it. A counter is a look-up in these
//! sums; a log line is an entry of the same table, so the two cannot disagree. Never keeps time.

use crate::catalog::{self, Behaviour};
use crate::shop::hash;

/// Outcomes in a table before it repeats.
pub const PERIOD: u64 = 2_000;
const STRIDE: usize = 10;
/// Upper bounds of the duration histogram, in seconds, `+Inf` left out.
pub const BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Slots of a route in a tally: the buckets, `+Inf` (the count) and the sum in microseconds.
pub const ROUTE_SLOTS: usize = BUCKETS.len() + 2;

/// The state that decides which table a container's requests are taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// As designed.
    Good,
    /// `backend` of a bad release.
    BadRelease,
    /// `backend` with the wrong database address.
    BadDatabase,
    /// `frontend` in front of a `backend` of which so many quarters are of a bad release.
    BehindBadRelease(u8),
    /// `frontend` in front of a `backend` of which so many quarters miss their database.
    BehindBadDatabase(u8),
}

/// What a counter of requests tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class {
    /// The route.
    pub route: &'static str,
    /// The method.
    pub method: &'static str,
    /// The status code.
    pub code: u16,
}

/// One request's outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Index into [`Plan::classes`].
    pub class: usize,
    /// How long it took.
    pub micros: u64,
    /// First slot of its route, and the first of its buckets that holds it.
    route: usize,
    bucket: usize,
}

struct Row {
    class: Class,
    /// Of [`PERIOD`] requests.
    share: u64,
    median: f64,
    sigma: f64,
}

struct Table {
    outcomes: Vec<Outcome>,
    /// Sums before every [`STRIDE`]th outcome, and one more for the whole table.
    sums: Vec<Vec<u64>>,
}

/// The tables of one service; all its modes share one layout of slots.
pub struct Plan {
    /// Every class that occurs in any mode: the first slots of a tally.
    pub classes: Vec<Class>,
    /// Routes in the order of their slots after the classes.
    pub routes: &'static [&'static str],
    tables: Vec<(Mode, Table)>,
}

impl Plan {
    /// Builds the tables of a service of the catalogue.
    pub fn new(service: &catalog::Service, seed: u64) -> Self {
        let modes = modes(service.name);
        let specs: Vec<(Mode, Vec<Row>)> = modes.iter().map(|m| (*m, rows(service.name, *m))).collect();
        let mut classes: Vec<Class> = Vec::new();
        for row in specs.iter().flat_map(|(_, rows)| rows) {
            if !classes.contains(&row.class) {
                classes.push(row.class);
            }
        }
        let mut plan = Self { classes, routes: service.routes, tables: Vec::new() };
        for (i, (mode, rows)) in specs.into_iter().enumerate() {
            let seed = hash::of(&[seed, hash::text(service.name), i as u64]);
            let table = plan.table(&rows, seed);
            plan.tables.push((mode, table));
        }
        plan
    }

    /// Returns the number of slots of a tally.
    pub fn slots(&self) -> usize {
        self.classes.len() + self.routes.len() * ROUTE_SLOTS
    }

    /// Returns the first slot of a route.
    pub fn route_slot(&self, route: usize) -> usize {
        self.classes.len() + route * ROUTE_SLOTS
    }

    fn table(&self, rows: &[Row], seed: u64) -> Table {
        let mut outcomes = Vec::with_capacity(PERIOD as usize);
        for row in rows {
            let class = self.classes.iter().position(|c| *c == row.class).unwrap_or(0);
            let route = self.routes.iter().position(|r| *r == row.class.route).unwrap_or(0);
            for i in 0..row.share {
                let h = hash::of(&[seed, class as u64, i]);
                let seconds = hash::log_normal(h, row.median, row.sigma).clamp(0.000_4, 9.8);
                let micros = (seconds * 1e6) as u64;
                let bucket = BUCKETS.iter().take_while(|bound| micros as f64 / 1e6 > **bound).count();
                outcomes.push(Outcome { class, micros, route: self.route_slot(route), bucket });
            }
        }
        for i in (1..outcomes.len()).rev() {
            let j = (hash::of(&[seed, 77, i as u64]) % (i as u64 + 1)) as usize;
            outcomes.swap(i, j);
        }
        let mut sum = vec![0; self.slots()];
        let mut sums = vec![sum.clone()];
        for (i, outcome) in outcomes.iter().enumerate() {
            Self::add(&mut sum, *outcome);
            if (i + 1) % STRIDE == 0 {
                sums.push(sum.clone());
            }
        }
        Table { outcomes, sums }
    }

    fn add(sum: &mut [u64], outcome: Outcome) {
        if let Some(slot) = sum.get_mut(outcome.class) {
            *slot += 1;
        }
        // The buckets from the first that holds it, and `+Inf` behind them.
        let last = outcome.route + BUCKETS.len();
        for slot in sum.get_mut(outcome.route + outcome.bucket..=last).unwrap_or_default() {
            *slot += 1;
        }
        if let Some(slot) = sum.get_mut(last + 1) {
            *slot += outcome.micros;
        }
    }

    fn of(&self, mode: Mode) -> Option<&Table> {
        self.tables.iter().find(|(m, _)| *m == mode).or_else(|| self.tables.first()).map(|(_, t)| t)
    }

    /// Returns the outcome of request `n` in a mode.
    pub fn outcome(&self, mode: Mode, n: u64) -> Outcome {
        let none = Outcome { class: 0, micros: 0, route: self.route_slot(0), bucket: 0 };
        self.of(mode).and_then(|t| t.outcomes.get((n % PERIOD) as usize)).copied().unwrap_or(none)
    }

    /// Returns the class of an outcome.
    pub fn class(&self, outcome: Outcome) -> Class {
        self.classes.get(outcome.class).copied().unwrap_or(Class { route: "/", method: "GET", code: 200 })
    }

    /// Adds to `sum` what the requests `0..n` come to in a mode, times `sign` (1 or -1).
    pub fn tally(&self, mode: Mode, n: u64, sum: &mut [i64], sign: i64) {
        let Some(table) = self.of(mode) else { return };
        let (rounds, rest) = (n / PERIOD, (n % PERIOD) as usize);
        let mut part = table.sums.get(rest / STRIDE).cloned().unwrap_or_default();
        for i in rest - rest % STRIDE..rest {
            if let Some(outcome) = table.outcomes.get(i) {
                Self::add(&mut part, *outcome);
            }
        }
        let whole = table.sums.last();
        for (i, slot) in sum.iter_mut().enumerate() {
            let all = whole.and_then(|w| w.get(i)).copied().unwrap_or(0) * rounds;
            *slot += sign * (all + part.get(i).copied().unwrap_or(0)) as i64;
        }
    }
}

/// Returns what a version's behaviour makes of a service's own requests.
pub fn own_mode(service: &str, version: &str) -> Mode {
    match (service, catalog::behaviour_of(version)) {
        ("backend", Behaviour::BadRelease) => Mode::BadRelease,
        ("backend", Behaviour::BadDatabaseHost) => Mode::BadDatabase,
        _ => Mode::Good,
    }
}

fn modes(service: &str) -> Vec<Mode> {
    match service {
        "backend" => vec![Mode::Good, Mode::BadRelease, Mode::BadDatabase],
        "frontend" => std::iter::once(Mode::Good)
            .chain((1..=4).map(Mode::BehindBadRelease))
            .chain((1..=4).map(Mode::BehindBadDatabase))
            .collect(),
        _ => vec![Mode::Good],
    }
}

const fn row(
    route: &'static str,
    method: &'static str,
    code: u16,
    share: u64,
    median: f64,
    sigma: f64,
) -> Row {
    Row { class: Class { route, method, code }, share, median, sigma }
}

/// Returns the shares of a service in a mode; they sum to [`PERIOD`].
fn rows(service: &str, mode: Mode) -> Vec<Row> {
    match service {
        "frontend" => frontend(mode),
        "backend" => match mode {
            Mode::BadRelease => bad_release(),
            Mode::BadDatabase => bad_database(),
            _ => backend(),
        },
        "catalog" => {
            vec![
                row("/v1/items", "GET", 200, 1_985, 0.006, 0.5),
                row("/v1/items", "GET", 404, 15, 0.003, 0.4),
            ]
        }
        _ => vec![
            row("/v1/charge", "POST", 201, 1_948, 0.060, 0.5),
            row("/v1/charge", "POST", 402, 50, 0.040, 0.4),
            row("/v1/charge", "POST", 503, 2, 0.9, 0.3),
        ],
    }
}

fn backend() -> Vec<Row> {
    vec![
        row("/products/", "GET", 200, 1_270, 0.018, 0.6),
        row("/products/", "GET", 404, 30, 0.006, 0.4),
        row("/products/", "GET", 500, 1, 0.09, 0.3),
        row("/orders/", "POST", 201, 252, 0.045, 0.6),
        row("/orders/", "POST", 409, 7, 0.020, 0.4),
        row("/auth/whoami", "GET", 200, 418, 0.004, 0.5),
        row("/auth/whoami", "GET", 401, 22, 0.002, 0.4),
    ]
}

/// Twelve in a hundred fail after seconds of waiting, and a tenth of the rest is slow.
fn bad_release() -> Vec<Row> {
    vec![
        row("/products/", "GET", 200, 979, 0.024, 0.8),
        row("/products/", "GET", 200, 130, 1.4, 0.5),
        row("/products/", "GET", 404, 26, 0.008, 0.5),
        row("/products/", "GET", 500, 166, 2.2, 0.55),
        row("/orders/", "POST", 201, 150, 0.060, 0.7),
        row("/orders/", "POST", 201, 48, 1.8, 0.5),
        row("/orders/", "POST", 409, 5, 0.030, 0.5),
        row("/orders/", "POST", 500, 56, 2.9, 0.5),
        row("/auth/whoami", "GET", 200, 400, 0.006, 0.6),
        row("/auth/whoami", "GET", 401, 22, 0.003, 0.5),
        row("/auth/whoami", "GET", 500, 18, 1.5, 0.4),
    ]
}

/// Thirty in a hundred fail at once.
fn bad_database() -> Vec<Row> {
    vec![
        row("/products/", "GET", 200, 830, 0.018, 0.6),
        row("/products/", "GET", 404, 20, 0.006, 0.4),
        row("/products/", "GET", 502, 450, 0.005, 0.4),
        row("/orders/", "POST", 201, 112, 0.045, 0.6),
        row("/orders/", "POST", 409, 3, 0.020, 0.4),
        row("/orders/", "POST", 502, 145, 0.006, 0.4),
        row("/auth/whoami", "GET", 200, 413, 0.004, 0.5),
        row("/auth/whoami", "GET", 401, 22, 0.002, 0.4),
        row("/auth/whoami", "GET", 502, 5, 0.004, 0.3),
    ]
}

/// A failed call is tried once more at another pod, so few of the failures behind are seen here:
/// `frontend` grows slower and stays far below the threshold of an alert.
fn frontend(mode: Mode) -> Vec<Row> {
    let (failed, slow) = match mode {
        Mode::BehindBadRelease(quarters) => (8 * u64::from(quarters.min(4)), 55 * u64::from(quarters.min(4))),
        Mode::BehindBadDatabase(quarters) => (12 * u64::from(quarters.min(4)), 0),
        _ => (1, 0),
    };
    vec![
        row("/", "GET", 200, 1_198 - slow, 0.021, 0.6),
        row("/", "GET", 200, slow, 2.0, 0.5),
        row("/", "GET", 404, 12, 0.003, 0.4),
        row("/cart", "GET", 200, 590, 0.024, 0.6),
        row("/checkout", "POST", 201, 200 - failed, 0.070, 0.6),
        row("/checkout", "POST", 502, failed, 2.4, 0.5),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_holds_exactly_one_period() {
        for service in &catalog::SERVICES {
            for mode in modes(service.name) {
                let sum: u64 = rows(service.name, mode).iter().map(|r| r.share).sum();
                assert_eq!(sum, PERIOD, "{} {mode:?}", service.name);
            }
        }
    }

    #[test]
    fn a_tally_is_the_sum_of_its_outcomes() {
        let service = catalog::service("backend").unwrap();
        let plan = Plan::new(service, 1);
        for n in [0, 1, 49, 50, 51, 1_999, 2_000, 2_001, 7_777] {
            let mut expected = vec![0u64; plan.slots()];
            for i in 0..n {
                Plan::add(&mut expected, plan.outcome(Mode::BadRelease, i));
            }
            let mut got = vec![0i64; plan.slots()];
            plan.tally(Mode::BadRelease, n, &mut got, 1);
            assert_eq!(got, expected.iter().map(|v| *v as i64).collect::<Vec<_>>(), "{n} requests");
        }
    }

    #[test]
    fn a_bad_release_fails_twelve_in_a_hundred_and_keeps_its_frontend_below_the_threshold() {
        let failed = |service: &str, mode| -> u64 {
            rows(service, mode).iter().filter(|r| r.class.code >= 500).map(|r| r.share).sum()
        };
        assert_eq!(failed("backend", Mode::BadRelease), PERIOD * 12 / 100);
        assert_eq!(failed("backend", Mode::BadDatabase), PERIOD * 30 / 100);
        assert!(failed("frontend", Mode::BehindBadRelease(4)) * 100 < PERIOD * 3);
        assert!(failed("frontend", Mode::BehindBadDatabase(4)) * 100 < PERIOD * 3);
        assert!(failed("backend", Mode::Good) * 1_000 <= PERIOD);
    }
}

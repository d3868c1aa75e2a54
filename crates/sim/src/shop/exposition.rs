//! The shop's metrics as Prometheus' text format, for a real Prometheus to scrape. Owns the format
//! and the rule that no counter goes back within a run; tested below.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use crate::life::Nanos;
use crate::shop::archive::Shop;
use crate::shop::labels::{Labels, NAME};
use crate::shop::series::{self, Job, Source, Target};

/// What has been told so far, so that nothing told later is less.
#[derive(Default)]
pub struct Exposition {
    /// By run and series.
    told: HashMap<(String, u32, Labels), f64>,
}

impl Exposition {
    /// Returns the metrics of every pod that exists at `now`.
    pub fn write(&mut self, shop: &Shop, now: Nanos) -> String {
        let mut families: BTreeMap<String, String> = BTreeMap::new();
        let mut told = HashMap::new();
        for pod in shop.pods().filter(|p| p.exists(now)) {
            let Some(run) = pod.run_at(now) else { continue };
            let target = Target::new(shop, pod);
            let frame = target.frame(now, true);
            for series in shop.series(pod) {
                if series.job == Job::State || series.source == Source::Up {
                    continue;
                }
                let Some(mut value) = target.value(&series.source, &frame) else { continue };
                if series.source.counters() || series.source == Source::Cpu {
                    let key = (pod.life.uid.clone(), run.number, series.labels.clone());
                    value = self.told.get(&key).map_or(value, |last| value.max(*last));
                    told.insert(key, value);
                }
                let out = families.entry(series.labels.metric().to_owned()).or_default();
                sample(out, &series.labels, value);
            }
        }
        self.told = told;
        families_text(&families)
    }
}

fn sample(out: &mut String, labels: &Labels, value: f64) {
    out.push_str(labels.metric());
    for (i, (name, text)) in labels.iter().filter(|(n, _)| *n != NAME).enumerate() {
        let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let _ = write!(out, "{}{name}=\"{escaped}\"", if i == 0 { '{' } else { ',' });
    }
    let _ = writeln!(out, "}} {value}");
}

fn families_text(families: &BTreeMap<String, String>) -> String {
    let mut text = String::new();
    for (name, kind, help) in series::metadata() {
        let members: Vec<&String> = if kind == "histogram" {
            ["_bucket", "_sum", "_count"].iter().filter_map(|s| families.get(&format!("{name}{s}"))).collect()
        } else {
            families.get(name).into_iter().collect()
        };
        if members.is_empty() {
            continue;
        }
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for member in members {
            text.push_str(member);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::SECOND;
    use crate::shop::testing::{self, START};

    #[test]
    fn the_text_names_each_family_once_and_no_counter_goes_back() {
        let shop = testing::stand(1);
        let mut exposition = Exposition::default();
        let read = |text: &str| -> BTreeMap<String, f64> {
            let lines = text.lines().filter(|l| !l.starts_with('#'));
            lines.map(|l| l.rsplit_once(' ').unwrap()).map(|(k, v)| (k.into(), v.parse().unwrap())).collect()
        };
        let first = exposition.write(&shop, START);
        assert_eq!(first.matches("# TYPE http_requests_total counter").count(), 1);
        assert!(!first.contains("kube_") && !first.contains("\nup{"), "only what pods and kubelets tell");
        let (before, after) = (read(&first), read(&exposition.write(&shop, START + 5 * SECOND)));
        for (series, value) in before.iter().filter(|(s, _)| s.contains("_total") || s.contains("_bucket")) {
            assert!(after[series] >= *value, "{series}");
        }
        let key = "http_requests_total{code=\"200\"";
        assert!(before.keys().any(|k| k.starts_with(key)), "{key}");
    }

    #[test]
    fn a_rollout_seen_late_does_not_take_back_what_was_told() {
        let before = testing::stand(1);
        let mut exposition = Exposition::default();
        let at = START + 20 * SECOND;
        let told = exposition.write(&before, at);
        let shop = before.with(&testing::rolled(testing::lives(), "0.0.1042", START), at);
        let now = exposition.write(&shop, at);
        let sum = |text: &str| -> f64 {
            let lines =
                text.lines().filter(|l| l.starts_with("http_requests_total{") && l.contains("frontend"));
            lines.map(|l| l.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap()).sum()
        };
        assert!(sum(&now) >= sum(&told));
    }
}

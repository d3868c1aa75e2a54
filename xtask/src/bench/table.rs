//! The table: what was measured, the peer's figure, their ratio, the target, and whether it is met.

use std::fmt::Write as _;

use super::Result;

/// Whether a target is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Met,
    /// It is not.
    Missed,
    /// There is no target: the figure is for comparison.
    Shown,
    /// Not measured here.
    LeftOut,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Missed => "**not met**",
            Self::Shown => "",
            Self::LeftOut => "not measured",
        }
    }

    /// Returns the verdict on a value that must not be above a limit.
    pub fn at_most(value: f64, limit: f64) -> Self {
        if value <= limit { Self::Met } else { Self::Missed }
    }

    /// Returns the verdict on a value that must not be below a limit.
    pub fn at_least(value: f64, limit: f64) -> Self {
        if value >= limit { Self::Met } else { Self::Missed }
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    what: String,
    figure: String,
    peer: String,
    ratio: String,
    target: String,
    verdict: Verdict,
}

impl Row {
    /// Returns a line with a figure alone.
    pub fn new(what: &str, figure: impl Into<String>) -> Self {
        let empty = String::new;
        Self {
            what: what.to_owned(),
            figure: figure.into(),
            peer: empty(),
            ratio: empty(),
            target: empty(),
            verdict: Verdict::Shown,
        }
    }

    /// Returns a line about what was not measured, and why.
    pub fn left_out(what: &str, why: &str) -> Self {
        Self { verdict: Verdict::LeftOut, ..Self::new(what, why) }
    }

    /// Adds the peer's figure and the ratio of the two.
    pub fn beside(mut self, name: &str, figure: &str, ratio: f64) -> Self {
        self.peer = format!("{name}: {figure}");
        self.ratio = if ratio >= 100.0 { format!("{ratio:.0}×") } else { format!("{ratio:.2}×") };
        self
    }

    /// Adds the target and whether it is met.
    pub fn judged(mut self, target: &str, verdict: Verdict) -> Self {
        target.clone_into(&mut self.target);
        self.verdict = verdict;
        self
    }

    fn cells(&self) -> [&str; 6] {
        [&self.what, &self.figure, &self.peer, &self.ratio, &self.target, self.verdict.word()]
    }
}

const HEAD: [&str; 6] = ["what", "figure", "beside", "ratio", "target", ""];

/// The parts of the table, in order.
#[derive(Debug, Default)]
pub struct Table {
    parts: Vec<(String, Vec<Row>)>,
}

impl Table {
    /// Adds a part, or why there is none.
    pub fn part(&mut self, title: &str, rows: Result<Vec<Row>>) {
        let rows = rows.unwrap_or_else(|why| vec![Row::left_out("all of it", &why)]);
        self.parts.push((title.to_owned(), rows));
    }

    /// Returns it as Markdown.
    pub fn markdown(&self) -> String {
        self.markdown_of("")
    }

    /// Returns it as Markdown; each part begins with some words, which may be none.
    pub fn markdown_of(&self, words: &str) -> String {
        let mut out = String::new();
        for (title, rows) in &self.parts {
            let _ = write!(
                out,
                "\n## {title}\n\n{words}| {} |\n|{}\n",
                HEAD.join(" | "),
                "---|".repeat(HEAD.len())
            );
            for row in rows {
                let _ = writeln!(out, "| {} |", row.cells().map(|c| c.replace('|', "\\|")).join(" | "));
            }
        }
        out
    }

    /// Returns it for a terminal.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for (title, rows) in &self.parts {
            let all: Vec<[&str; 6]> = std::iter::once(HEAD).chain(rows.iter().map(Row::cells)).collect();
            let wide = |i: usize| all.iter().filter_map(|r| r.get(i)).map(|c| c.chars().count()).max();
            let _ = writeln!(out, "── {title}");
            for row in &all {
                for (i, cell) in row.iter().enumerate() {
                    let room = wide(i).unwrap_or(0).saturating_sub(cell.chars().count());
                    let _ = write!(out, "{cell}{}", " ".repeat(room + 2));
                }
                out.truncate(out.trim_end().len());
                out.push('\n');
            }
        }
        out
    }
}

/// Returns the median and the 95th percentile of values.
pub fn percentiles(mut values: Vec<f64>) -> (f64, f64) {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1) as f64;
    let part = |of: f64| values.get((last * of).round() as usize).copied().unwrap_or(f64::NAN);
    (part(0.5), part(0.95))
}

/// Prints seconds as people read them.
pub fn time(seconds: f64) -> String {
    if seconds >= 1.0 {
        format!("{seconds:.2} s")
    } else if seconds >= 0.1 {
        format!("{:.0} ms", seconds * 1e3)
    } else {
        format!("{:.1} ms", seconds * 1e3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_its_ratio_and_whether_the_target_is_met() {
        let row = Row::new("all rows", "0.4 s").beside("kubectl", "3.4 s", 0.118);
        let row = row.judged("≤ 0.15×", Verdict::at_most(0.118, 0.15));
        assert_eq!(row.cells(), ["all rows", "0.4 s", "kubectl: 3.4 s", "0.12×", "≤ 0.15×", "met"]);
        let mut table = Table::default();
        table.part("Lists", Ok(vec![row]));
        table.part("Keys", Err("no terminal".to_owned()));
        assert_eq!(
            table.markdown(),
            "\n## Lists\n\n| what | figure | beside | ratio | target |  |\n|---|---|---|---|---|---|\n\
             | all rows | 0.4 s | kubectl: 3.4 s | 0.12× | ≤ 0.15× | met |\n\
             \n## Keys\n\n| what | figure | beside | ratio | target |  |\n|---|---|---|---|---|---|\n\
             | all of it | no terminal |  |  |  | not measured |\n"
        );
    }

    #[test]
    fn percentiles_are_values_that_were_measured() {
        assert_eq!(percentiles((1..=100).rev().map(f64::from).collect()), (51.0, 95.0));
        assert_eq!(percentiles(vec![7.0]), (7.0, 7.0));
        assert!(percentiles(Vec::new()).0.is_nan());
    }

    #[test]
    fn times_are_told_with_what_matters_of_them() {
        assert_eq!(
            [time(0.0021), time(0.0421), time(0.4214), time(3.456)],
            ["2.1 ms", "42.1 ms", "421 ms", "3.46 s"]
        );
    }
}

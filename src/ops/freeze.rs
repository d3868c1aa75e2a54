//! Freeze windows: when the configuration wants nothing changed, and whether a person may override it.
//!
//! Pure: the instant is an argument. Windows on wall clocks are turned into instants, so that whoever asks,
//! wherever they sit, gets the same answer. Where clocks are put back and an hour comes twice, the window
//! begins with the first and ends with the last of both: in doubt it is frozen. Reading and checking the
//! file is the configuration's. Tested against a clock that is read minute by minute.

use crate::core::time::{Clock, Date, Weekday};
use crate::core::{Safe, Span, Ts, Zone};

/// How far the host's clock may be from the server's before windows can't be told by it.
pub const SKEW: Span = Span::secs(60);

/// How many days on end are looked through for windows that follow on each other: whole days of a week
/// with one left out are six, and clocks are moved on single ones.
const RUN: i64 = 16;

/// When nothing is to be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// From an instant on, up to but not including another.
    Once {
        /// The first frozen instant.
        start: Ts,
        /// The first one that is not.
        end: Ts,
    },
    /// On days of the week.
    Weekly {
        /// The days on which it begins; none means all.
        days: Vec<Weekday>,
        /// When it begins.
        from: Clock,
        /// When it ends: on the next day where that is not after `from`.
        to: Clock,
        /// Whose clocks.
        zone: Zone,
    },
}

/// One freeze of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freeze {
    /// Its name.
    pub name: Safe,
    /// Patterns of the contexts that it holds for, with `*` and `?`; none means all.
    pub contexts: Vec<String>,
    /// When.
    pub when: When,
    /// Whether a person may override it with a reason.
    pub overridable: bool,
}

/// That a context is frozen.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Frozen {
    /// The freeze's name.
    pub name: Safe,
    /// The first instant at which this one is over, windows that follow on each other taken together;
    /// [`Frozen::OPEN`] where no clock says when.
    pub until: Ts,
    /// Whether a person may override it.
    pub overridable: bool,
}

impl Frozen {
    /// The end of what ends at no certain time.
    pub const OPEN: Ts = Ts(i64::MAX);

    /// Returns it as a sentence; times in `zone`.
    pub fn sentence(&self, zone: Zone) -> Safe {
        let until = match self.until {
            Self::OPEN => String::new(),
            until => format!(" until {} {}", until.date_clock(zone), zone.abbreviation(until)),
        };
        let may = if self.overridable { "it can be overridden with a reason" } else { "nobody overrides it" };
        Safe::of(&format!("frozen{until}: {}; {may}", self.name))
    }
}

/// All freezes of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Freezes(pub Vec<Freeze>);

impl Freezes {
    /// Returns which freezes hold for a context at an instant, in the configuration's order.
    pub fn at(&self, context: &str, now: Ts) -> Vec<Frozen> {
        let frozen = |freeze: &Freeze| {
            let until = freeze.when.until(now)?;
            Some(Frozen { name: freeze.name.clone(), until, overridable: freeze.overridable })
        };
        self.of(context).filter_map(frozen).collect()
    }

    /// Returns what [`Freezes::at`] does by the host's clock, and that the context is frozen where that clock
    /// differs from the server's so much that windows can't be told by it. Who may not override one of the
    /// context's freezes may not override that either. A context without freezes is never frozen.
    pub fn by_both_clocks(&self, context: &str, host: Ts, server: Ts) -> Vec<Frozen> {
        let mut frozen = self.at(context, host);
        if clock_differs(host, server) && self.any(context) {
            let differ = Span((host - server).0.saturating_abs()).as_secs();
            frozen.push(Frozen {
                name: Safe::of(&format!(
                    "the clocks differ: this host's and the server's by {}, so the freezes can't be told",
                    Span::secs(differ)
                )),
                until: Frozen::OPEN,
                overridable: self.of(context).all(|f| f.overridable),
            });
        }
        frozen
    }

    /// Returns whether any freeze is configured for a context.
    pub fn any(&self, context: &str) -> bool {
        self.of(context).next().is_some()
    }

    fn of<'a>(&'a self, context: &'a str) -> impl Iterator<Item = &'a Freeze> {
        let holds =
            move |f: &&Freeze| f.contexts.is_empty() || f.contexts.iter().any(|p| matches(p, context));
        self.0.iter().filter(holds)
    }
}

/// Returns whether the host's clock and the server's `Date` are more than a minute apart.
pub fn clock_differs(host: Ts, server_date: Ts) -> bool {
    (host - server_date).0.saturating_abs() > SKEW.0
}

impl When {
    /// Returns the end of the freeze that an instant lies in.
    fn until(&self, now: Ts) -> Option<Ts> {
        match self {
            Self::Once { start, end } => (*start <= now && now < *end).then_some(*end),
            Self::Weekly { days, from, to, zone } => {
                let mut reach = now;
                // A window of two days ago may still be open where a day is skipped.
                let first = now.date(*zone).plus(-2);
                for date in (0..RUN).map(|n| first.plus(n)) {
                    if !days.is_empty() && !days.contains(&date.weekday()) {
                        continue;
                    }
                    let Some((start, end)) = window(date, *from, *to, *zone) else { continue };
                    if start > reach {
                        break;
                    }
                    reach = reach.max(end);
                }
                (reach > now).then_some(reach)
            }
        }
    }
}

/// Returns the window that begins on a day: from the first instant that its clock shows to where clocks show less than
/// its end for the last time.
fn window(date: Date, from: Clock, to: Clock, zone: Zone) -> Option<(Ts, Ts)> {
    let last = if to <= from { date.plus(1) } else { date };
    let (first, again) = zone.instants(last, to)?;
    // Clocks that are put back to the very end of the window show nothing before it again.
    let before = again - Span::secs(1);
    let shows_less = (before.date(zone), before.wall_clock(zone)) < (last, to);
    Some((zone.instants(date, from)?.0, if shows_less { again } else { first }))
}

/// Returns whether a text fits a pattern, in which `*` stands for any characters and `?` for one.
fn matches(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    // Behind the last `*`: the pattern's rest, and the text that it has not taken yet.
    let mut star: Option<(std::str::Chars<'_>, std::str::Chars<'_>)> = None;
    loop {
        let (p, t) = (pattern.clone().next(), text.clone().next());
        match (p, t) {
            (Some('*'), _) => {
                pattern.next();
                star = Some((pattern.clone(), text.clone()));
                continue;
            }
            (None, None) => return true,
            (Some(p), Some(t)) if p == '?' || p == t => {
                pattern.next();
                text.next();
                continue;
            }
            _ => {}
        }
        let Some((rest, untaken)) = &mut star else { return false };
        if untaken.next().is_none() {
            return false;
        }
        (pattern, text) = (rest.clone(), untaken.clone());
    }
}

#[cfg(test)]
mod tests;

//! Silences as plans tell of them.

use crate::core::{Safe, Span, Ts, Untrusted, Zone};
use crate::ops::silence::{self, Draft, Reach, SilenceId, Wish, spelled};
use crate::query::matcher::Matcher;

/// Silences that are made, extended or ended at one Alertmanager.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Silences {
    /// The action's name.
    pub action: Safe,
    /// The Alertmanager that it goes to.
    pub alertmanager: Untrusted,
    /// Its address, and how it is reached.
    pub address: Safe,
    /// The silences.
    pub silences: Vec<Shown>,
    /// What they hide now; of silences that end, what comes back.
    pub reach: Reach,
    /// What is typed to confirm it in a protected context; see [`phrase`].
    pub phrase: Safe,
    /// Silences that were named and can't be ended, each with the reason.
    pub left_out: Vec<Safe>,
}

/// One silence as it is shown.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Shown {
    /// Its id; none while it is not made.
    pub id: Option<SilenceId>,
    /// Which alerts it hides.
    pub matchers: Vec<Matcher>,
    /// When it begins.
    pub starts_at: Ts,
    /// When it ends; of one that is ended or extended, when it would have.
    pub ends_at: Ts,
    /// Its later end.
    pub until: Option<Ts>,
    /// Whether the Alertmanager changes it under its id; else it ends it and makes another one.
    pub keeps_id: bool,
    /// Who made it.
    pub created_by: Untrusted,
    /// Why.
    pub comment: Untrusted,
}

/// What is typed where nothing else is short and to be typed.
const WORD: &str = "silence";

/// Returns what is typed to confirm a change to silences: the beginning of the first one's id; of a new one the alert's
/// name, else the first value that its matchers name. Never nothing, and nothing that can't be seen or typed.
pub fn phrase(silences: &[Shown]) -> Safe {
    let typed = |text: &str| {
        let safe = Safe::of(text);
        let plain = safe.as_str() == text && text.trim() == text && !text.is_empty();
        (plain && text.chars().count() <= 60).then_some(safe)
    };
    let found = match silences.first() {
        Some(Shown { id: Some(id), .. }) => typed(id.short()),
        Some(Shown { matchers, .. }) => {
            let named = matchers.iter().filter(|m| m.name == "alertname").chain(matchers);
            named.map(|m| m.value.as_str()).find_map(typed)
        }
        None => None,
    };
    found.unwrap_or_else(|| Safe::own(WORD))
}

/// How many alerts are told one by one.
const SHOWN: usize = 20;

/// Returns how far away a time is: `in 2h`, `5m ago`.
fn away(at: Ts, now: Ts) -> String {
    // What is sent has milliseconds, and the plan's own time has more.
    let span = Span::secs((at - now + Span::millis(500)).0.div_euclid(Span::secs(1).0));
    if span < Span(0) { format!("{} ago", Span(-span.0)) } else { format!("in {span}") }
}

/// Returns how a silence is ordered, for plans and for their headings while they are made.
fn order(wish: &Wish) -> String {
    match wish {
        Wish::Add(draft) => format!("Silence for {} {}", draft.length, short(&draft.matchers)),
        Wish::Extend { id, length } => format!("Extend silence {} to last {length} from now", id.short()),
        Wish::Expire { ids } => match &ids[..] {
            [one] => format!("Expire silence {}", one.short()),
            several => format!("Expire {} silences", several.len()),
        },
    }
}

/// Returns matchers on one short line.
fn short(matchers: &[Matcher]) -> Safe {
    Untrusted::from(spelled(matchers)).clipped(120)
}

/// Returns the title of a plan that is being made.
pub fn title(wish: &Wish) -> String {
    Safe::of(&order(wish)).to_string()
}

impl Silences {
    /// Returns which kind it is.
    fn is(&self, action: &str) -> bool {
        self.action.as_str() == action
    }

    /// Returns what is wished for.
    pub fn wish(&self, made_at: Ts) -> Wish {
        let first = self.silences.first();
        let length = |end: Option<Ts>| end.map_or(Span(0), |end| end - made_at);
        match (self.is(silence::ADD), self.is(silence::EXTEND), first) {
            (true, _, Some(one)) => Wish::Add(Draft {
                matchers: one.matchers.clone(),
                length: one.ends_at - one.starts_at,
                comment: one.comment.clone(),
                author: Some(one.created_by.clone()),
            }),
            (_, true, Some(Shown { id: Some(id), until, .. })) => {
                Wish::Extend { id: id.clone(), length: length(*until) }
            }
            _ => Wish::Expire { ids: self.silences.iter().filter_map(|s| s.id.clone()).collect() },
        }
    }

    /// Returns how it is ordered: `Silence for 2h alertname="X"`.
    pub fn order(&self) -> String {
        let one = self.silences.first();
        let text = match one.filter(|_| self.silences.len() == 1) {
            Some(one) if self.is(silence::ADD) => {
                format!("Silence for {} {}", one.ends_at - one.starts_at, short(&one.matchers))
            }
            Some(one) if self.is(silence::EXTEND) => {
                let until = one.until.unwrap_or(one.ends_at).date_clock(Zone::Utc);
                format!("Extend silence {} to {until} UTC", self.target())
            }
            _ => format!("Expire {}", self.named()),
        };
        Safe::of(&text).to_string()
    }

    fn named(&self) -> String {
        match &self.silences[..] {
            [_] => format!("silence {}", self.target()),
            several => format!("{} silences", several.len()),
        }
    }

    /// Returns what it is about: the matchers of a new one, else which silences.
    pub fn target(&self) -> String {
        match &self.silences[..] {
            [Shown { id: Some(id), .. }] => id.short().to_owned(),
            [new] => short(&new.matchers).to_string(),
            several => format!("{} silences", several.len()),
        }
    }

    /// Returns what is typed to confirm it in a protected context, and what that is.
    pub fn phrase(&self) -> (&str, &'static str) {
        let what = match self.silences.first() {
            _ if self.phrase.as_str() == WORD => "the word",
            Some(Shown { id: Some(_), .. }) => "the first eight digits of its id",
            _ => "the value of its first matcher",
        };
        (self.phrase.as_str(), what)
    }

    /// Returns what happens, in one line: `hides 3 alerts now: Backend5xxHigh ×3`.
    pub fn summary(&self) -> String {
        let words = self.reach.words();
        let verb = if self.is(silence::EXPIRE) { "brings back" } else { "hides now" };
        format!("{verb} {words}")
    }

    /// Returns what is to be read before it is confirmed: labels and lines.
    pub fn lines(&self, now: Ts, zone: Zone) -> Vec<(&'static str, String)> {
        let mut out = vec![("at", format!("{} {}", self.alertmanager.clipped(80), self.address))];
        for one in &self.silences {
            let id = one.id.as_ref().map_or_else(String::new, |id| format!("{id}  "));
            out.push(("silence", format!("{id}{}", Untrusted::from(spelled(&one.matchers)).clipped(2_000))));
            let time =
                |at: Ts| format!("{} {} ({})", at.date_clock(zone), zone.abbreviation(at), away(at, now));
            let ends = time(one.ends_at);
            out.push(match one.until {
                Some(until) => ("ends", format!("{} instead of {ends}", time(until))),
                None if one.id.is_some() => ("ends", format!("now instead of {ends}")),
                None => ("ends", ends),
            });
            let by = format!("{}: {}", one.created_by.clipped(80), one.comment.clipped(500));
            out.push(("by", by));
        }
        let comes_back = self.is(silence::EXPIRE);
        out.push((if comes_back { "comes back" } else { "hides now" }, self.reach.words()));
        let named = self.reach.alerts.iter().take(SHOWN).map(|alert| {
            let labels = alert.labels.iter().filter(|(_, v)| !v.is_empty());
            let labels = labels.map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(" ");
            let otherwise = match (alert.otherwise, comes_back) {
                (true, true) => "  (stays hidden otherwise)",
                (true, false) => "  (hidden already)",
                (false, _) => "",
            };
            ("", format!("{}{otherwise}", Untrusted::from(labels).clipped(300)))
        });
        out.extend(named);
        let more = self.reach.count.saturating_sub(self.reach.alerts.len().min(SHOWN));
        out.extend((more > 0).then(|| ("", format!("and {more} more"))));
        out
    }

    /// Returns what the journal keeps of it: where, until when, why, and what it hides.
    pub fn for_journal(&self) -> Safe {
        let mut out = format!("at {}: {}", self.alertmanager.clipped(80), self.summary());
        if let Some(one) = self.silences.first().filter(|_| !self.is(silence::EXPIRE)) {
            let until = one.until.unwrap_or(one.ends_at).rfc3339();
            out.push_str(&format!("; until {until}, by {}", one.created_by.clipped(80)));
            out.push_str(&format!(": {}", one.comment.clipped(300)));
        }
        Safe::of(&out)
    }

    /// Returns what confirming it does: `silences`.
    pub fn does(&self) -> &'static str {
        match self.action.as_str() {
            silence::ADD => "silences",
            silence::EXTEND => "extends it",
            _ => "expires",
        }
    }

    /// Returns what it has done when it is done: `silenced`.
    pub fn past(&self) -> &'static str {
        match self.action.as_str() {
            silence::ADD => "silenced",
            silence::EXTEND => "extended",
            _ => "expired",
        }
    }

    /// Returns its silences for the journal: matchers of a new one, ids of others.
    pub fn objects(&self) -> Vec<Safe> {
        let one = |s: &Shown| match &s.id {
            Some(id) => Safe::of(&format!("silence {id}: {}", short(&s.matchers))),
            None => short(&s.matchers),
        };
        self.silences.iter().map(one).collect()
    }
}

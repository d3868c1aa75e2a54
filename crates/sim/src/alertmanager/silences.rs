//! Silences: kept in memory, bounded. Owns their life: pending, active, expired; what a change
//! keeps and what it makes anew. Tested in `tests`.

use chrono::DateTime;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::alerts::time;
use super::matcher::Matcher;
use crate::shop::hash;
use crate::shop::labels::Labels;

/// Silences kept at most.
const MAX_SILENCES: usize = 1_000;
/// Matchers of a silence at most.
const MAX_MATCHERS: usize = 100;
/// How long an expired silence is kept, in milliseconds.
const KEPT: i64 = 120 * 3_600_000;

/// A silence.
#[derive(Clone, Debug)]
pub struct Silence {
    /// Its id, a UUID.
    pub id: String,
    matchers: Vec<Matcher>,
    starts: i64,
    ends: i64,
    updated: i64,
    created_by: String,
    comment: String,
}

/// A silence as it is posted.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Posted {
    id: String,
    matchers: Option<Vec<PostedMatcher>>,
    starts_at: Option<String>,
    ends_at: Option<String>,
    created_by: Option<String>,
    comment: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PostedMatcher {
    name: String,
    value: String,
    is_regex: bool,
    is_equal: Option<bool>,
}

/// Why a silence is refused.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The document does not fit the schema: code and message of the validation.
    Invalid(u32, String),
    /// It fits but cannot be.
    Bad(String),
    /// No such silence.
    Unknown,
}

impl Silence {
    /// Returns `pending`, `active` or `expired`.
    pub fn state(&self, now: i64) -> &'static str {
        match now {
            _ if now >= self.ends => "expired",
            _ if now < self.starts => "pending",
            _ => "active",
        }
    }

    /// Whether it hides these labels.
    pub fn hides(&self, labels: &Labels) -> bool {
        self.matchers.iter().all(|m| m.matches(labels))
    }

    /// Whether each of the filters is one of its matchers.
    pub fn meets(&self, filters: &[Matcher]) -> bool {
        filters.iter().all(|f| self.matchers.iter().any(|m| key(m) == key(f)))
    }

    /// Returns it as the API writes it.
    pub fn json(&self, now: i64) -> Json {
        let matcher = |m: &Matcher| json!({"isEqual": m.is_equal, "isRegex": m.is_regex, "name": m.name, "value": m.value});
        json!({
            "id": self.id,
            "status": {"state": self.state(now)},
            "updatedAt": time(self.updated),
            "comment": self.comment,
            "createdBy": self.created_by,
            "endsAt": time(self.ends),
            "matchers": self.matchers.iter().map(matcher).collect::<Vec<_>>(),
            "startsAt": time(self.starts),
        })
    }
}

/// All silences of a stand.
pub struct Silences {
    list: Vec<Silence>,
    seed: u64,
    made: u64,
}

impl Silences {
    /// Returns none.
    pub fn new(seed: u64) -> Self {
        Self { list: Vec::new(), seed, made: 0 }
    }

    /// Returns the ids of active silences that hide these labels.
    pub fn hiding(&self, labels: &Labels, now: i64) -> Vec<String> {
        let active = self.list.iter().filter(|s| s.state(now) == "active" && s.hides(labels));
        active.map(|s| s.id.clone()).collect()
    }

    /// Returns silences that meet the filters: active ones first, then pending, then expired, each
    /// by their end.
    pub fn list(&self, filters: &[Matcher], now: i64) -> Vec<&Silence> {
        let rank = |s: &Silence| match s.state(now) {
            "active" => (0, s.ends),
            "pending" => (1, s.starts),
            _ => (2, -s.ends),
        };
        let mut found: Vec<&Silence> = self.list.iter().filter(|s| s.meets(filters)).collect();
        found.sort_by_key(|s| rank(s));
        found
    }

    /// Returns the silence of that id.
    pub fn get(&self, id: &str) -> Option<&Silence> {
        self.list.iter().find(|s| s.id == id)
    }

    /// Ends a silence; what has ended stays as it is. Returns whether it is known.
    pub fn expire(&mut self, id: &str, now: i64) -> bool {
        let Some(silence) = self.list.iter_mut().find(|s| s.id == id) else { return false };
        if silence.ends > now {
            silence.starts = silence.starts.min(now);
            silence.ends = now;
            silence.updated = now;
        }
        true
    }

    /// Takes a posted silence and returns its id.
    ///
    /// # Errors
    /// When it does not fit, cannot be, or changes one that is not there.
    pub fn post(&mut self, posted: Posted, now: i64) -> Result<String, Refusal> {
        let mut silence = checked(posted, now)?;
        self.list.retain(|s| now - s.ends < KEPT);
        if !silence.id.is_empty() {
            let known = self.list.iter_mut().find(|s| s.id == silence.id).ok_or(Refusal::Unknown)?;
            if changes_in_place(known, &silence, now) {
                let id = known.id.clone();
                *known = silence;
                return Ok(id);
            }
            let old = silence.id.clone();
            self.expire(&old, now);
        }
        if self.list.len() >= MAX_SILENCES {
            return Err(Refusal::Bad(format!("exceeded maximum number of silences: {MAX_SILENCES}")));
        }
        self.made += 1;
        silence.id = uuid(hash::of(&[self.seed, self.made, now as u64]));
        silence.starts = silence.starts.max(now);
        let id = silence.id.clone();
        self.list.push(silence);
        Ok(id)
    }
}

fn key(m: &Matcher) -> (&str, &str, bool, bool) {
    (&m.name, &m.value, m.is_regex, m.is_equal)
}

/// Whether a change keeps the silence's id: the same matchers, and nothing rewritten of the past.
fn changes_in_place(known: &Silence, new: &Silence, now: i64) -> bool {
    let same = known.matchers.iter().map(key).eq(new.matchers.iter().map(key));
    same && match known.state(now) {
        // Whole seconds are compared.
        "active" => new.starts.div_euclid(1_000) == known.starts.div_euclid(1_000),
        "pending" => new.starts >= now,
        _ => false,
    }
}

fn checked(posted: Posted, now: i64) -> Result<Silence, Refusal> {
    let required = |name: &str| Refusal::Invalid(602, format!("{name} in body is required"));
    let comment = posted.comment.ok_or_else(|| required("comment"))?;
    let created_by = posted.created_by.ok_or_else(|| required("createdBy"))?;
    let date = |name: &str, text: Option<String>| -> Result<i64, Refusal> {
        let text = text.ok_or_else(|| required(name))?;
        let time = DateTime::parse_from_rfc3339(&text).map_err(|_| {
            Refusal::Invalid(601, format!("{name} in body must be of type date-time: {text:?}"))
        })?;
        Ok(time.timestamp_millis())
    };
    let ends = date("endsAt", posted.ends_at)?;
    let posted_matchers = posted.matchers.ok_or_else(|| required("matchers"))?;
    if posted_matchers.is_empty() {
        return Err(Refusal::Invalid(612, "matchers in body should have at least 1 items".into()));
    }
    if posted_matchers.len() > MAX_MATCHERS {
        return Err(Refusal::Bad(format!("invalid silence: more than {MAX_MATCHERS} matchers")));
    }
    let starts = date("startsAt", posted.starts_at)?;
    if starts >= ends {
        return Err(Refusal::Bad("Failed to create silence: start time must be before end time".into()));
    }
    if ends < now {
        return Err(Refusal::Bad("Failed to create silence: end time can't be in the past".into()));
    }
    let mut matchers = Vec::with_capacity(posted_matchers.len());
    for (i, m) in posted_matchers.into_iter().enumerate() {
        if m.name.is_empty() {
            let why = format!("invalid silence: invalid label matcher {i}: invalid label name \"\"");
            return Err(Refusal::Bad(why));
        }
        let matcher = Matcher::new(&m.name, &m.value, m.is_regex, m.is_equal.unwrap_or(true));
        let wrong = |why: String| {
            let why = why.replace("^(?:", "").replace(")$`", "`");
            let of = format!("invalid regular expression {:?}: {why}", m.value);
            Refusal::Bad(format!("invalid silence: invalid label matcher {i}: {of}"))
        };
        matchers.push(matcher.map_err(wrong)?);
    }
    // Those that exclude are not asked.
    if matchers.iter().all(|m| m.is_equal && m.accepts("")) {
        let why = "invalid silence: at least one matcher must not match the empty string";
        return Err(Refusal::Bad(why.into()));
    }
    Ok(Silence { id: posted.id, matchers, starts, ends, updated: now, created_by, comment })
}

fn uuid(h: u64) -> String {
    let (a, b) = (hash::mix(h), hash::mix(h ^ 0x5bd1));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        a >> 32,
        a >> 16 & 0xffff,
        a & 0xfff,
        0x8000 | (b >> 48 & 0x3fff),
        b & 0xffff_ffff_ffff
    )
}

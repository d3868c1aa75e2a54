//! `deckwatch silence`: makes, extends, ends and lists silences.

use std::collections::BTreeSet;

use serde_json::Value;

use super::carry;
use super::deeds::ended;
use super::table::align;
use super::{PATIENCE, headless, note, print, print_json};
use crate::app::effect::Query;
use crate::app::msg::{Answer, Silenced};
use crate::app::views::View;
use crate::cli::args::{Output, Place, Sent};
use crate::cli::silence::{Add, SilenceCommand};
use crate::core::{Error, Kind, Result, Span, Untrusted, Zone};
use crate::ops::Wanted;
use crate::ops::silence::{Draft, Live, SilenceId, Wish, check, spelled};
use crate::query::alertmanager;
use crate::query::matcher::Matcher;
use crate::runtime::headless::Headless;

fn usage(on: &str, detail: impl Into<Untrusted>) -> Error {
    Error::new(Kind::Usage, "silence").on(on.to_owned()).detail(detail)
}

/// Runs a command on silences. Returns its exit code.
///
/// # Errors
/// What is wrong with it, and why it was refused or failed.
pub fn run(place: &Place, command: SilenceCommand) -> Result<u8> {
    let (wish, source, mut sent) = match command {
        SilenceCommand::List { matchers, expired, source, printed } => {
            let wanted = matchers.iter().map(|m| matcher(m)).collect::<Result<Vec<Matcher>>>()?;
            return list(place, &wanted, expired, source, printed.output);
        }
        SilenceCommand::Add(add) => {
            let (source, sent) = (add.at.source.clone(), add.at.sent.clone());
            (Wish::Add(draft(add)?), source, sent)
        }
        SilenceCommand::Extend { id, duration, at } => {
            (Wish::Extend { id: self::id(&id)?, length: length(&duration)? }, at.source, at.sent)
        }
        SilenceCommand::Expire { ids, at } => {
            let ids = ids.iter().map(|one| id(one)).collect::<Result<Vec<SilenceId>>>()?;
            (Wish::Expire { ids }, at.source, at.sent)
        }
    };
    if let (Wish::Add(draft), None, true) = (&wish, &sent.reason, sent.write) {
        sent.reason = Some(draft.comment.safe().to_string());
    }
    change(place, wish, source, &sent)
}

fn draft(add: Add) -> Result<Draft> {
    let mut matchers = Vec::new();
    for (at, text) in add.matchers.iter().enumerate() {
        // As with amtool, a first word that is no matcher is an alert's name.
        let bare = at == 0 && !text.contains(['=', '!', '~', '{', '}', '"']);
        matchers.push(if bare { Matcher::equal("alertname", text.as_str()) } else { matcher(text)? });
    }
    let draft = Draft {
        matchers,
        length: length(&add.duration)?,
        comment: add.comment.into(),
        author: add.author.map(Untrusted::from),
    };
    // What no Alertmanager takes needs none to be asked.
    check(&draft).map_err(|why| usage(&spelled(&draft.matchers), why))?;
    Ok(draft)
}

fn matcher(text: &str) -> Result<Matcher> {
    alertmanager::matcher(text).map_err(|why| usage(text, why))
}

fn length(text: &str) -> Result<Span> {
    let parsed = Span::parse(text).filter(|span| span.0 > 0);
    parsed.ok_or_else(|| usage(text, "--duration is a length, as in 2h"))
}

fn id(text: &str) -> Result<SilenceId> {
    let hint = "`deckwatch silence list` prints them";
    SilenceId::parse(text).ok_or_else(|| usage(text, "that is no silence's id: a UUID").hint(hint))
}

fn cockpit(place: &Place) -> Result<Headless> {
    let home = View::open("sources").ok_or_else(|| Error::new(Kind::Internal, "open sources"))?;
    headless(place, home, (160, 60))
}

fn change(place: &Place, wish: Wish, source: Option<String>, sent: &Sent) -> Result<u8> {
    carry::said(sent, wish.name(), "an Alertmanager")?;
    let mut headless = cockpit(place)?;
    let wanted = Wanted::Silence { at: source.map(Untrusted::from), wish };
    let plan = match carry::plan(&mut headless, &wanted) {
        Ok(plan) => plan,
        Err(error) => {
            headless.finish();
            return Err(error);
        }
    };
    if sent.plan {
        headless.finish();
        return carry::show(&plan, sent.printed.output);
    }
    let ran = carry::carry_out(headless, &plan, wanted, sent, None)?;
    ended(&plan, ran, sent.printed.output)
}

fn list(
    place: &Place,
    wanted: &[Matcher],
    expired: bool,
    source: Option<String>,
    output: Output,
) -> Result<u8> {
    let mut headless = cockpit(place)?;
    let zone = headless.model.shared.session.zone;
    let asked = headless.ask(Query::Silences(source.map(Untrusted::from)), PATIENCE);
    headless.finish();
    let Answer::Silences(told) = asked? else { return Err(Error::new(Kind::Internal, "list silences")) };
    let silent: Vec<&Error> = told.iter().filter_map(|t| t.silences.as_ref().err()).collect();
    if let (Some(error), true) = (silent.first(), silent.len() == told.len()) {
        return Err((*error).clone());
    }
    let several = told.len() > 1;
    let rows = chosen(&told, wanted, expired);
    match output {
        Output::Json => print_json(&rows.iter().map(|(_, silence)| (*silence).clone()).collect())?,
        Output::Text => print(&table(&rows, several, zone))?,
    };
    for (name, error) in told.iter().filter_map(|t| t.silences.as_ref().err().map(|e| (&t.at, e))) {
        note(&format!("{} did not answer: {}", name.clipped(80), error.line()));
    }
    let dropped: usize = told.iter().map(|t| t.dropped).sum();
    if dropped > 0 {
        note(&format!("{dropped} more silences were cut"));
    }
    Ok(if silent.is_empty() && dropped == 0 { 0 } else { 3 })
}

/// Returns the silences that are meant, each once: members of a cluster tell the same ones.
fn chosen<'a>(told: &'a [Silenced], wanted: &[Matcher], expired: bool) -> Vec<(&'a Untrusted, &'a Value)> {
    let mut seen = BTreeSet::new();
    let mut out = Vec::new();
    for one in told {
        for silence in one.silences.as_ref().into_iter().flatten() {
            let live = Live(silence);
            let matchers = live.matchers().unwrap_or_default();
            let meant = (live.state() == "expired") == expired && wanted.iter().all(|m| matchers.contains(m));
            if meant && live.id().is_none_or(|id| seen.insert(id)) {
                out.push((&one.at, silence));
            }
        }
    }
    out
}

fn table(rows: &[(&Untrusted, &Value)], several: bool, zone: Zone) -> String {
    if rows.is_empty() {
        return "no silences\n".to_owned();
    }
    let text = |text: &str| Untrusted::from(text).safe().to_string();
    let mut lines = vec![["ID", "STATE", "MATCHERS", "ENDS", "BY", "COMMENT"].map(str::to_owned).to_vec()];
    for (at, silence) in rows {
        let live = Live(silence);
        let ends = live.ends_at().map_or_else(|| "?".to_owned(), |at| at.rfc3339_in(zone));
        let matchers = live.matchers().map_or_else(|| "?".to_owned(), |m| text(&spelled(&m)));
        let id = live.id().map_or_else(|| "?".to_owned(), |id| id.to_string());
        let who = text(live.created_by().raw());
        let mut line = vec![id, text(live.state()), matchers, ends, who, text(live.comment().raw())];
        if several {
            line.push(at.safe().to_string());
        }
        lines.push(line);
    }
    if several {
        lines.iter_mut().take(1).for_each(|line| line.push("SOURCE".to_owned()));
    }
    align(&lines)
}

//! `/series`, `/labels`, `/label/…/values` and `/metadata`.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use serde_json::{Map, Value as Json, json};

use super::params::Params;
use super::{Answer, away};
use crate::prom::promql::{self, Selector};
use crate::prom::rules::RuleBook;
use crate::shop::labels::Labels;
use crate::shop::series;

fn found(book: &RuleBook, params: &Params, required: bool) -> Result<Vec<Labels>, Answer> {
    let mut selectors = params.selectors("match[]")?;
    if selectors.is_empty() && required {
        return Err(Answer::Bad("no match[] parameter provided".into()));
    }
    if selectors.is_empty()
        && let Ok(promql_parser::parser::Expr::VectorSelector(vs)) = promql::parse("{__name__=~\".+\"}")
    {
        selectors.push(Selector::of(&vs));
    }
    let (start, end) = (params.time("start", 0)?, params.time("end", i64::MAX / 4)?);
    let snapshot = book.snapshot();
    let mut all = BTreeSet::new();
    for selector in &selectors {
        all.extend(snapshot.labels(selector, start, end)?);
    }
    Ok(all.into_iter().collect())
}

fn limited(mut list: Vec<Json>, limit: usize) -> Answer {
    let mut warnings = Vec::new();
    if limit > 0 && list.len() > limit {
        list.truncate(limit);
        warnings.push("results truncated due to limit");
    }
    Answer::Data(Json::Array(list), warnings)
}

/// Answers `/api/v1/series`.
pub async fn series(State(book): State<RuleBook>, params: Params) -> Answer {
    away(move || {
        let answer = || -> Result<Answer, Answer> {
            let list = found(&book, &params, true)?.iter().map(Labels::json).collect();
            Ok(limited(list, params.limit()?))
        };
        answer().unwrap_or_else(|answer| answer)
    })
    .await
}

/// Answers `/api/v1/labels`.
pub async fn labels(State(book): State<RuleBook>, params: Params) -> Answer {
    away(move || {
        let answer = || -> Result<Answer, Answer> {
            let all = found(&book, &params, false)?;
            let names: BTreeSet<&str> = all.iter().flat_map(|l| l.iter().map(|(n, _)| n)).collect();
            Ok(limited(names.into_iter().map(Json::from).collect(), params.limit()?))
        };
        answer().unwrap_or_else(|answer| answer)
    })
    .await
}

/// Answers `/api/v1/label/…/values`.
pub async fn values(State(book): State<RuleBook>, Path(name): Path<String>, params: Params) -> Answer {
    away(move || {
        let answer = || -> Result<Answer, Answer> {
            let valid = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !name.is_empty();
            if !valid || name.starts_with(|c: char| c.is_ascii_digit()) {
                return Err(Answer::Bad(format!("invalid label name: {name:?}")));
            }
            let all = found(&book, &params, false)?;
            let values: BTreeSet<&str> = all.iter().map(|l| l.get(&name)).filter(|v| !v.is_empty()).collect();
            Ok(limited(values.into_iter().map(Json::from).collect(), params.limit()?))
        };
        answer().unwrap_or_else(|answer| answer)
    })
    .await
}

/// Answers `/api/v1/metadata`.
pub async fn metadata(params: Params) -> Answer {
    let limit = match params.limit() {
        Ok(0) => usize::MAX,
        Ok(limit) => limit,
        Err(answer) => return answer,
    };
    let wanted = params.get("metric");
    let list = series::metadata().into_iter().filter(|(name, ..)| wanted.is_none_or(|w| w == *name));
    let entry = |(name, kind, help): (&str, &str, &str)| {
        (name.to_owned(), json!([{"type": kind, "help": help, "unit": ""}]))
    };
    Answer::data(Json::Object(list.take(limit).map(entry).collect::<Map<_, _>>()))
}

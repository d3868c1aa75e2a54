//! The rule file: groups of alerting rules in Prometheus' YAML. Owns its reading and the division
//! of every duration by the stand's speed. Tested below.

use std::collections::BTreeMap;
use std::time::Duration;

use promql_parser::parser::Expr;
use promql_parser::util::parse_duration;
use serde::Deserialize;

use crate::prom::promql;

/// The shortest window that a fast stand uses.
const SHORTEST: u64 = 5;

/// A rule file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// Not the YAML of a rule file.
    #[error("rule file: {0}")]
    Yaml(String),
    /// A rule that is not usable.
    #[error("rule `{rule}`: {why}")]
    Rule {
        /// The rule's name.
        rule: String,
        /// What is wrong.
        why: String,
    },
}

#[derive(Deserialize)]
struct File {
    groups: Vec<FileGroup>,
}

#[derive(Deserialize)]
struct FileGroup {
    name: String,
    interval: Option<String>,
    rules: Vec<FileRule>,
}

#[derive(Deserialize)]
struct FileRule {
    alert: String,
    expr: String,
    #[serde(rename = "for")]
    hold: Option<String>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

/// A group of rules that are evaluated together.
pub struct Group {
    /// Its name.
    pub name: String,
    /// How often it is evaluated, in milliseconds.
    pub interval: i64,
    /// Its rules.
    pub rules: Vec<Rule>,
}

/// An alerting rule.
pub struct Rule {
    /// The alert's name.
    pub name: String,
    /// What is evaluated.
    pub expr: Expr,
    /// How that is written.
    pub query: String,
    /// Its longest range, in milliseconds.
    pub reach: i64,
    /// How long it must hold before it fires, in milliseconds.
    pub hold: i64,
    /// Labels that the alert gets.
    pub labels: BTreeMap<String, String>,
    /// Its annotations, with templates.
    pub annotations: BTreeMap<String, String>,
}

/// Reads a rule file for a stand of that speed.
///
/// # Errors
/// When it is not such a file, or an expression or duration in it cannot be read.
pub fn parse(text: &str, speed: f64) -> Result<Vec<Group>, RuleError> {
    let file: File = serde_saphyr::from_str(text).map_err(|e| RuleError::Yaml(e.to_string()))?;
    file.groups.into_iter().map(|g| group(g, speed)).collect()
}

fn group(group: FileGroup, speed: f64) -> Result<Group, RuleError> {
    let interval = duration(&group.name, group.interval.as_deref().unwrap_or("5s"))?;
    let rules = group.rules.into_iter().map(|r| rule(r, speed)).collect::<Result<_, _>>()?;
    Ok(Group { name: group.name, interval: divided(interval, speed, 1), rules })
}

fn rule(rule: FileRule, speed: f64) -> Result<Rule, RuleError> {
    let wrong = |why: String| RuleError::Rule { rule: rule.alert.clone(), why };
    let mut expr = promql::parse(&rule.expr).map_err(|e| wrong(e.to_string()))?;
    if speed > 1.0 {
        hasten(&mut expr, speed);
    }
    let query = expr.to_string();
    let hold = rule.hold.as_deref().map_or(Ok(Duration::ZERO), |d| duration(&rule.alert, d))?;
    let hold = if hold.is_zero() { 0 } else { divided(hold, speed, 1) };
    let reach = reach(&expr);
    Ok(Rule {
        name: rule.alert,
        reach,
        expr,
        query,
        hold,
        labels: rule.labels,
        annotations: rule.annotations,
    })
}

fn duration(of: &str, text: &str) -> Result<Duration, RuleError> {
    parse_duration(text).map_err(|why| RuleError::Rule { rule: of.to_owned(), why })
}

/// Returns a duration divided by the speed, in milliseconds: whole seconds, not less than `least`.
fn divided(duration: Duration, speed: f64, least: u64) -> i64 {
    if speed <= 1.0 {
        return i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    }
    let seconds = (duration.as_secs_f64() / speed).round() as u64;
    i64::try_from(seconds.max(least)).unwrap_or(i64::MAX / 1_000).saturating_mul(1_000)
}

/// Divides every range of an expression by the speed.
fn hasten(expr: &mut Expr, speed: f64) {
    let range = |d: Duration| Duration::from_millis(divided(d, speed, SHORTEST).unsigned_abs());
    match expr {
        Expr::MatrixSelector(ms) => ms.range = range(ms.range),
        Expr::Subquery(sub) => {
            sub.range = range(sub.range);
            hasten(&mut sub.expr, speed);
        }
        Expr::Aggregate(a) => {
            hasten(&mut a.expr, speed);
            if let Some(param) = &mut a.param {
                hasten(param, speed);
            }
        }
        Expr::Unary(u) => hasten(&mut u.expr, speed),
        Expr::Paren(p) => hasten(&mut p.expr, speed),
        Expr::Binary(b) => {
            hasten(&mut b.lhs, speed);
            hasten(&mut b.rhs, speed);
        }
        Expr::Call(call) => call.args.args.iter_mut().for_each(|a| hasten(a, speed)),
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::VectorSelector(_) | Expr::Extension(_) => {}
    }
}

/// Returns the longest range of an expression in milliseconds.
fn reach(expr: &Expr) -> i64 {
    let millis = |d: Duration| i64::try_from(d.as_millis()).unwrap_or(i64::MAX);
    match expr {
        Expr::MatrixSelector(ms) => millis(ms.range),
        Expr::Subquery(sub) => millis(sub.range).saturating_add(reach(&sub.expr)),
        Expr::Aggregate(a) => reach(&a.expr),
        Expr::Unary(u) => reach(&u.expr),
        Expr::Paren(p) => reach(&p.expr),
        Expr::Binary(b) => reach(&b.lhs).max(reach(&b.rhs)),
        Expr::Call(call) => call.args.args.iter().map(|a| reach(a)).max().unwrap_or(0),
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::VectorSelector(_) | Expr::Extension(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prom::rules::SHOP_RULES;

    #[test]
    fn the_shops_rules_have_what_an_on_call_engineer_needs() {
        let groups = parse(SHOP_RULES, 1.0).unwrap();
        let rules: Vec<&Rule> = groups.iter().flat_map(|g| &g.rules).collect();
        assert_eq!(rules.len(), 9);
        for rule in rules {
            assert!(rule.labels.contains_key("severity"), "{}", rule.name);
            assert!(rule.annotations.contains_key("summary"), "{}", rule.name);
            let page = rule.annotations["runbook_url"].rsplit('/').next().unwrap();
            assert_eq!(page, rule.name.to_lowercase());
        }
    }

    #[test]
    fn a_fast_stand_divides_windows_and_holds() {
        let at = |speed| {
            let groups = parse(SHOP_RULES, speed).unwrap();
            let rule = &groups[0].rules[0];
            (groups[0].interval, rule.hold, rule.query.contains("[1m]"), rule.query.contains("[6s]"))
        };
        assert_eq!(at(1.0), (5_000, 30_000, true, false));
        assert_eq!(at(10.0), (1_000, 3_000, false, true));
        let groups = parse(SHOP_RULES, 100.0).unwrap();
        assert!(groups[0].rules[0].query.contains("[5s]"), "{}", groups[0].rules[0].query);
    }

    #[test]
    fn a_file_that_is_no_rule_file_is_refused_with_the_reason() {
        assert!(parse("groups: 3", 1.0).is_err());
        let bad = "groups: [{name: g, rules: [{alert: A, expr: 'sum('}]}]";
        assert_eq!(
            parse(bad, 1.0).err().unwrap().to_string(),
            "rule `A`: 1:5: parse error: unclosed left parenthesis"
        );
    }
}

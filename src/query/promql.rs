//! What an alert's expression says: its threshold, its equality matchers, its widest range.
//!
//! Expressions come from servers and are hostile: their length and depth are bounded before the
//! parser, whose tree is walked and dropped by recursion, sees them.

use promql_parser::label::MatchOp;
use promql_parser::parser::token::{self, TokenId};
use promql_parser::parser::{self, Expr};

use crate::core::{Labels, Span};

const LONGEST: usize = 16 * 1024;
const DEEPEST: usize = 256;

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum Comparison {
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
}

impl Comparison {
    /// Returns how it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Above => ">",
            Self::AtLeast => ">=",
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Equal => "==",
            Self::NotEqual => "!=",
        }
    }

    /// Returns whether the condition holds for a value; never for NaN, but `!=`.
    pub fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Self::Above => value > limit,
            Self::AtLeast => value >= limit,
            Self::Below => value < limit,
            Self::AtMost => value <= limit,
            #[expect(clippy::float_cmp, reason = "PromQL compares exactly")]
            Self::Equal => value == limit,
            #[expect(clippy::float_cmp, reason = "PromQL compares exactly")]
            Self::NotEqual => value != limit,
        }
    }

    const fn mirrored(self) -> Self {
        match self {
            Self::Above => Self::Below,
            Self::AtLeast => Self::AtMost,
            Self::Below => Self::Above,
            Self::AtMost => Self::AtLeast,
            Self::Equal | Self::NotEqual => self,
        }
    }

    fn of(id: TokenId) -> Option<Self> {
        Some(match id {
            token::T_GTR => Self::Above,
            token::T_GTE => Self::AtLeast,
            token::T_LSS => Self::Below,
            token::T_LTE => Self::AtMost,
            token::T_EQLC => Self::Equal,
            token::T_NEQ => Self::NotEqual,
            _ => return None,
        })
    }
}

/// What the expression is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Limit {
    /// A number: drawn as a line.
    Scalar(f64),
    /// Another expression: drawn as a second series.
    Expression(String),
}

/// An alert's expression taken apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// The side that is drawn.
    pub expr: String,
    /// How it is compared, with the drawn side at the left.
    pub comparison: Comparison,
    /// With what.
    pub limit: Limit,
    /// `and`, `or` or `unless`, where the comparison is only the first part of the condition.
    pub part_of: Option<&'static str>,
}

/// Returns the threshold of an alert's expression: of a combination its first comparison, said so in
/// `part_of`; `None` where there is none or the text is not PromQL.
pub fn threshold(expr: &str) -> Option<Threshold> {
    let parsed = parse(expr)?;
    first_comparison(&parsed, None)
}

fn parse(expr: &str) -> Option<Expr> {
    (expr.len() <= LONGEST && depth_bound(expr) <= DEEPEST).then(|| parser::parse(expr).ok()).flatten()
}

/// Returns a bound on the depth of the parsed tree: every operator and every bracket may add a level.
/// Text in quotes and matchers in braces adds none.
fn depth_bound(expr: &str) -> usize {
    let (mut levels, mut braces, mut quote) = (0_usize, 0_usize, None);
    let mut word = String::new();
    let mut chars = expr.chars();
    while let Some(c) = chars.next() {
        if let Some(q) = quote {
            if c == '\\' && q != '`' {
                chars.next();
            } else if c == q {
                quote = None;
            }
            continue;
        }
        if c.is_ascii_alphanumeric() || c == '_' {
            word.push(c.to_ascii_lowercase());
            continue;
        }
        levels += usize::from(matches!(word.as_str(), "and" | "or" | "unless" | "atan2"));
        word.clear();
        match c {
            '"' | '\'' | '`' => quote = Some(c),
            '{' => braces += 1,
            '}' => braces = braces.saturating_sub(1),
            '(' | '[' | '+' | '-' | '*' | '/' | '%' | '^' | '<' | '>' | '=' | '!' if braces == 0 => {
                levels += 1;
            }
            _ => {}
        }
    }
    levels
}

fn first_comparison(expr: &Expr, part_of: Option<&'static str>) -> Option<Threshold> {
    match expr {
        Expr::Paren(inner) => first_comparison(&inner.expr, part_of),
        Expr::Binary(binary) => {
            let set = match binary.op.id() {
                token::T_LAND => Some("and"),
                token::T_LOR => Some("or"),
                token::T_LUNLESS => Some("unless"),
                _ => None,
            };
            if set.is_some() {
                // The right side of `unless` says when there is no alert: it is not the condition.
                let right = (set != Some("unless")).then_some(&binary.rhs);
                return first_comparison(&binary.lhs, part_of.or(set))
                    .or_else(|| first_comparison(right?, part_of.or(set)));
            }
            let comparison = Comparison::of(binary.op.id())?;
            let (left, right) = (constant(&binary.lhs), constant(&binary.rhs));
            let (shown, comparison, limit) = match (left, right) {
                (_, Some(limit)) => (&binary.lhs, comparison, Limit::Scalar(limit)),
                (Some(limit), None) => (&binary.rhs, comparison.mirrored(), Limit::Scalar(limit)),
                (None, None) => (&binary.lhs, comparison, Limit::Expression(binary.rhs.to_string())),
            };
            Some(Threshold { expr: shown.to_string(), comparison, limit, part_of })
        }
        _ => None,
    }
}

/// Returns the value of an expression of numbers alone, as in `14.4 * 0.001`.
fn constant(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::NumberLiteral(number) => Some(number.val),
        Expr::Paren(inner) => constant(&inner.expr),
        Expr::Unary(inner) => constant(&inner.expr).map(|v| -v),
        Expr::Binary(binary) => {
            let (a, b) = (constant(&binary.lhs)?, constant(&binary.rhs)?);
            Some(match binary.op.id() {
                token::T_ADD => a + b,
                token::T_SUB => a - b,
                token::T_MUL => a * b,
                token::T_DIV => a / b,
                token::T_MOD => a % b,
                token::T_POW => a.powf(b),
                _ => return None,
            })
        }
        _ => None,
    }
}

/// Returns the equality matchers of an expression that no part of it contradicts, the metric's name aside.
pub fn equalities(expr: &str) -> Labels {
    let mut found: std::collections::BTreeMap<String, Option<String>> = std::collections::BTreeMap::new();
    if let Some(parsed) = parse(expr) {
        selectors(&parsed, &mut |m| {
            if m.name == "__name__" || !matches!(m.op, MatchOp::Equal) || m.value.is_empty() {
                return;
            }
            let slot = found.entry(m.name.clone()).or_insert_with(|| Some(m.value.clone()));
            if slot.as_deref() != Some(m.value.as_str()) {
                *slot = None;
            }
        });
    }
    found.into_iter().filter_map(|(name, value)| value.map(|v| (name, v))).collect()
}

fn selectors(expr: &Expr, take: &mut impl FnMut(&promql_parser::label::Matcher)) {
    match expr {
        Expr::VectorSelector(v) => v.matchers.matchers.iter().for_each(take),
        Expr::MatrixSelector(m) => m.vs.matchers.matchers.iter().for_each(take),
        Expr::Paren(e) => selectors(&e.expr, take),
        Expr::Unary(e) => selectors(&e.expr, take),
        Expr::Subquery(e) => selectors(&e.expr, take),
        Expr::Aggregate(e) => {
            selectors(&e.expr, take);
            if let Some(param) = &e.param {
                selectors(param, take);
            }
        }
        Expr::Binary(e) => {
            selectors(&e.lhs, take);
            selectors(&e.rhs, take);
        }
        Expr::Call(e) => e.args.args.iter().for_each(|arg| selectors(arg, take)),
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => {}
    }
}

/// Returns the widest range of an expression, as in `[5m]` or `[1h:1m]`. Read from the text, so that it
/// works for dialects that the parser does not know.
pub fn widest_range(expr: &str) -> Option<Span> {
    let mut widest = None;
    let mut quote = None;
    let mut chars = expr.char_indices();
    while let Some((at, c)) = chars.next() {
        match quote {
            Some(q) if c == '\\' && q != '`' => {
                chars.next();
            }
            Some(q) if c == q => quote = None,
            None if matches!(c, '"' | '\'' | '`') => quote = Some(c),
            None if c == '[' => {
                let inner = expr.get(at + 1..).unwrap_or("");
                let end = inner.find([']', ':']).unwrap_or(0);
                let range = inner.get(..end).and_then(Span::parse).filter(|s| s.0 > 0);
                widest = widest.max(range);
            }
            Some(_) | None => {}
        }
    }
    widest
}

#[cfg(test)]
mod tests;

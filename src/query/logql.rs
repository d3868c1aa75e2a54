//! LogQL queries as data: a selector, filters on structured metadata and on the line, and the stages
//! of the pipeline that a person wrote.

use super::matcher::{self, Matcher, Op};
use super::quote;

/// How a line filter compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LineOp {
    /// `|=`: holds the text.
    Contains,
    /// `!=`: does not hold the text.
    Lacks,
    /// `|~`: matches the regular expression somewhere.
    Matches,
    /// `!~`: does not match it.
    NotMatches,
}

impl LineOp {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Contains => "|=",
            Self::Lacks => "!=",
            Self::Matches => "|~",
            Self::NotMatches => "!~",
        }
    }
}

/// One stage after the selector.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// A filter on structured metadata or a parsed field: `| pod="P"`.
    Label(Matcher),
    /// A filter on the line, with its raw text.
    Line(LineOp, String),
    /// A stage as its author wrote it, without the bar: `json`, `line_format "{{.msg}}"`. Only for text
    /// of the person at the keyboard, never for text of a server.
    Own(String),
}

/// A log query.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct LogQuery {
    /// The stream selector.
    pub selector: Vec<Matcher>,
    /// What follows it.
    pub stages: Vec<Stage>,
}

impl LogQuery {
    /// Returns a query for the streams that all these matchers let through.
    pub fn new(selector: impl IntoIterator<Item = Matcher>) -> Self {
        Self { selector: selector.into_iter().collect(), stages: Vec::new() }
    }

    /// Adds a stage.
    #[must_use]
    pub fn stage(mut self, stage: Stage) -> Self {
        self.stages.push(stage);
        self
    }

    /// Prints the selector alone, as `/series` and `/index/stats` want it.
    pub fn selector_text(&self) -> String {
        matcher::logql_selector(&self.selector)
    }

    /// Returns whether Loki would accept the selector: it refuses one that may match every stream.
    pub fn is_selective(&self) -> bool {
        self.selector.iter().any(|m| match m.op {
            Op::Equal => !m.value.is_empty(),
            Op::Regex => !matches!(m.value.as_str(), "" | ".*"),
            Op::NotEqual | Op::NotRegex => false,
        })
    }
}

impl std::fmt::Display for LogQuery {
    /// Prints the whole query, quoted.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.selector_text())?;
        for stage in &self.stages {
            match stage {
                Stage::Label(m) => write!(f, " | {}", m.logql())?,
                Stage::Line(op, text) => write!(f, " {} {}", op.as_str(), quote::string(text))?,
                Stage::Own(text) => write!(f, " | {text}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_printed_with_everything_quoted() {
        let query =
            LogQuery::new([Matcher::equal("namespace", "momo\"}"), Matcher::regex("container", "a.*")])
                .stage(Stage::Label(Matcher::equal("pod", "p-1")))
                .stage(Stage::Line(LineOp::Contains, "a \"b\" \\ c".into()))
                .stage(Stage::Line(LineOp::NotMatches, quote::regex("x.y")))
                .stage(Stage::Own("json".into()));
        assert_eq!(
            query.to_string(),
            r#"{namespace="momo\"}", container=~"a.*"} | pod="p-1" |= "a \"b\" \\ c" !~ "x\\.y" | json"#
        );
        assert_eq!(query.selector_text(), r#"{namespace="momo\"}", container=~"a.*"}"#);
    }

    #[test]
    fn a_selector_that_could_match_everything_is_known_as_such() {
        assert!(LogQuery::new([Matcher::equal("a", "b")]).is_selective());
        for m in [Matcher::regex("a", ".*"), Matcher::equal("a", ""), Matcher::not_equal("a", "b")] {
            assert!(!LogQuery::new([m]).is_selective());
        }
    }
}

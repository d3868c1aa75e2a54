//! What is asked, and what an answer is.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::constructs::Marks;

/// What a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// The three-way strategic merge patch of old, target and live.
    ThreeWay,
    /// The two-way strategic merge patch of old and target.
    TwoWay,
    /// The object that a strategic merge patch makes of old.
    Apply,
    /// The RFC 7396 patch of old and target.
    MergeDiff,
    /// Whether old fits the type of its kind.
    Convertible,
    /// The patch that Helm would send, and its kind.
    Patch,
    /// The first document of a text.
    Yaml,
    /// The objects of a manifest.
    Manifest,
    /// The texts of a manifest's documents.
    Documents,
}

impl Op {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::ThreeWay,
        Self::TwoWay,
        Self::Apply,
        Self::MergeDiff,
        Self::Convertible,
        Self::Patch,
        Self::Yaml,
        Self::Manifest,
        Self::Documents,
    ];

    /// Returns the name by which it is asked for.
    pub fn name(self) -> &'static str {
        match self {
            Self::ThreeWay => "three_way",
            Self::TwoWay => "two_way",
            Self::Apply => "apply",
            Self::MergeDiff => "merge_diff",
            Self::Convertible => "convertible",
            Self::Patch => "patch",
            Self::Yaml => "yaml",
            Self::Manifest => "manifest",
            Self::Documents => "documents",
        }
    }

    /// Whether it is about a text.
    pub fn is_text(self) -> bool {
        matches!(self, Self::Yaml | Self::Manifest | Self::Documents)
    }
}

/// A question; what its op does not need is null or empty.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Question {
    /// What it is about.
    pub op: Op,
    /// The kind's version.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub api_version: String,
    /// The kind.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// The object of the manifest that is left, or the only object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<Value>,
    /// The object of the manifest that is gone to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Value>,
    /// The object as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<Value>,
    /// A patch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch: Option<Value>,
    /// A text.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
}

impl Question {
    /// Returns a question about a text.
    pub fn of_text(op: Op, text: String) -> Self {
        let nothing = String::new;
        Self {
            op,
            api_version: nothing(),
            kind: nothing(),
            old: None,
            target: None,
            live: None,
            patch: None,
            text,
        }
    }

    /// Returns a question about objects of a kind; they are to be put in.
    pub fn of_kind(op: Op, api_version: &str, kind: &str) -> Self {
        let (api_version, kind) = (api_version.to_owned(), kind.to_owned());
        Self { api_version, kind, ..Self::of_text(op, String::new()) }
    }

    /// Returns the line that the program reads.
    pub fn line(&self) -> String {
        let mut line = serde_json::to_string(self).unwrap_or_default();
        line.push('\n');
        line
    }
}

/// The program's answer: a value, or the text of an error.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Theirs {
    /// The value; numbers are of the two types of the API machinery.
    #[serde(deserialize_with = "some")]
    pub ok: Option<Value>,
    /// The error.
    pub err: String,
}

/// A null is an answer too.
fn some<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(deckwatch_helm::number::canonical).map(Some)
}

/// Our answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Ours {
    /// A value.
    Value(Value),
    /// An error whose text is copied from Go's.
    Copied(String),
    /// An error with a text of our own.
    Own(String),
}

/// A question with our answer and what it is made of.
#[derive(Debug)]
pub struct Case {
    /// Its number, from 0.
    pub number: u64,
    /// The question.
    pub question: Question,
    /// Our answer.
    pub ours: Ours,
    /// The constructs in the question and the answer.
    pub marks: Marks,
}

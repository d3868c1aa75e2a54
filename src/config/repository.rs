//! `[[repositories]]`: where charts come from, and where the pipelines are that made them.

use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::DeValue;

use super::file::Reader;
use super::schema::{RepositoryDe, SourceDe};
use super::source::{Source, Way};
use crate::store::charts::Link;
use crate::store::health::SourceKind;

const MOST: usize = 16;

/// A chart repository.
#[derive(Clone, Debug)]
pub struct Repository {
    /// Where it is, and with whose credentials.
    pub source: Source,
    /// The charts that are looked for in it; every chart where empty.
    pub charts: Vec<String>,
    /// Where the pipelines of its charts are.
    pub pipeline: Option<Link>,
}

impl Repository {
    /// Returns whether a chart is looked for in it, in a context.
    pub fn has(&self, chart: &str, context: &str) -> bool {
        self.source.serves(context) && (self.charts.is_empty() || self.charts.iter().any(|c| c == chart))
    }
}

impl<'a> Reader<'a> {
    pub(super) fn repositories(&mut self, value: Spanned<DeValue<'a>>) -> Vec<Repository> {
        let span = value.span();
        let DeValue::Array(items) = value.into_inner() else {
            self.hinted(span, "expected a list of repositories", "write [[repositories]]");
            return Vec::new();
        };
        let (mut out, mut names) = (Vec::new(), BTreeSet::new());
        for (n, item) in items.into_iter().enumerate() {
            let whole = item.span();
            if n == MOST {
                self.problem(whole, format!("more than {MOST} repositories"));
                break;
            }
            let Some(de) = self.read::<RepositoryDe>(item) else { continue };
            if !names.insert(de.name.get_ref().clone()) {
                self.problem(de.name.span(), format!("a second repository called `{}`", de.name.get_ref()));
            }
            out.push(self.repository(de, whole));
        }
        out
    }

    fn repository(&mut self, de: RepositoryDe, whole: Range<usize>) -> Repository {
        let pipeline = de.pipeline.and_then(|text| {
            let link = Link::parse(text.get_ref());
            if link.is_none() {
                self.hinted(
                    text.span(),
                    "not the URL of a pipeline",
                    "as in `https://gitlab.example/shop/-/pipelines?ref={version}`; {chart} may stand in it too, but not in the host",
                );
            }
            link
        });
        let source = SourceDe {
            name: Some(de.name),
            url: Some(de.url),
            service: None,
            via: Way::Direct,
            prefix: String::new(),
            tenant: None,
            headers: de.headers,
            basic: de.basic,
            bearer: de.bearer,
            ca: de.ca,
            cert: de.cert,
            key: de.key,
            insecure: de.insecure,
            timeout: de.timeout,
            proxy: de.proxy,
            contexts: de.contexts,
        };
        Repository {
            source: self.source(SourceKind::Charts, String::new(), source, whole),
            charts: de.charts,
            pipeline,
        }
    }
}

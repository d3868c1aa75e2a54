//! What is known of charts beside their releases: which versions a repository offers, and where their pipelines are.

use std::cmp::Ordering;

use deckwatch_helm::index::{ChartVersion, Version, Versions};

use crate::core::{Result, Untrusted};

/// The versions of a chart in one repository.
#[derive(Clone, Debug)]
pub struct Offered {
    /// The repository's name.
    pub repository: Untrusted,
    /// The versions, or why they are not known.
    pub versions: Result<Versions>,
    /// Where the pipelines of its charts are.
    pub pipeline: Option<Link>,
}

/// A version in a repository, beside the one that a release runs.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// Where it is.
    pub repository: &'a Offered,
    /// The version.
    pub version: &'a ChartVersion,
    /// How it stands to the one that runs; `None` where that one is no version.
    pub than: Option<Ordering>,
}

impl Candidate<'_> {
    /// Returns `newer`, `current` or `older`; nothing where it is not known.
    pub fn place(&self) -> &'static str {
        match self.than {
            Some(Ordering::Greater) => "newer",
            Some(Ordering::Equal) => "current",
            Some(Ordering::Less) => "older",
            None => "",
        }
    }

    /// Returns where its pipeline is.
    pub fn pipeline(&self, chart: &str) -> Option<String> {
        Some(self.repository.pipeline.as_ref()?.of(chart, self.version.version.as_str()))
    }
}

/// Returns the versions of all repositories, the newest first; of equal ones that of the first repository.
///
/// Those that come before a release, such as `1.0.0-rc.1`, are left out as Helm leaves them out, unless `devel` asks for them
/// or the release runs one.
pub fn candidates<'a>(offered: &'a [Offered], current: Option<&Version>, devel: bool) -> Vec<Candidate<'a>> {
    let devel = devel || current.is_some_and(Version::is_prerelease);
    let mut out = Vec::new();
    for repository in offered {
        let all = repository.versions.iter().flat_map(|versions| &versions.all);
        let fits = all.filter(|version| devel || !version.version.is_prerelease());
        out.extend(fits.map(|version| {
            let than = current.map(|current| version.version.precedence(current));
            Candidate { repository, version, than }
        }));
    }
    out.sort_by(|a, b| b.version.version.cmp(&a.version.version));
    out
}

/// A URL with places for a chart's name and its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link(String);

impl Link {
    /// Reads a URL in whose path, query or fragment `{chart}` and `{version}` stand; `None` for anything else. What a chart
    /// says of itself must not choose the host.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
        let host = rest.find(['/', '?', '#']).and_then(|at| rest.get(..at))?;
        let named = text.replace("{chart}", "").replace("{version}", "");
        let ok = text.contains("{version}")
            && !host.is_empty()
            && !host.contains(['{', '}', '@', '\\'])
            && !named.contains(['{', '}'])
            && named.bytes().all(|byte| byte.is_ascii_graphic());
        ok.then(|| Self(text.to_owned()))
    }

    /// Returns the URL of a version; whatever could end a part of it is escaped.
    pub fn of(&self, chart: &str, version: &str) -> String {
        // In one pass: a name may look like a place.
        let mut out = String::new();
        let mut rest = self.0.as_str();
        while let Some(at) = rest.find('{') {
            let (before, place) = rest.split_at(at);
            out.push_str(before);
            let (value, after) = match (place.strip_prefix("{chart}"), place.strip_prefix("{version}")) {
                (Some(after), _) => (chart, after),
                (None, Some(after)) => (version, after),
                (None, None) => ("", place.get(1..).unwrap_or("")),
            };
            push_escaped(&mut out, value);
            rest = after;
        }
        out + rest
    }
}

fn push_escaped(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
}

/// Where the pipelines of charts are: for each repository its charts, all where there are none, and its link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links(pub Vec<(Vec<String>, Link)>);

impl Links {
    /// Returns where the pipeline of a chart's version is: by the first repository that has the chart and a link.
    pub fn pipeline(&self, chart: &str, version: &str) -> Option<String> {
        let has = |charts: &Vec<String>| charts.is_empty() || charts.iter().any(|c| c == chart);
        self.0.iter().find(|(charts, _)| has(charts)).map(|(_, link)| link.of(chart, version))
    }
}

#[cfg(test)]
mod tests {
    use deckwatch_helm::index::versions;

    use super::*;

    #[test]
    fn versions_of_all_repositories_stand_in_one_order_to_the_one_that_runs() {
        let offered = |name: &str, list: &str| Offered {
            repository: name.into(),
            versions: Ok(versions(&format!("apiVersion: v1\nentries: {{a: [{list}]}}\n"), "a").unwrap()),
            pipeline: None,
        };
        let all = [
            offered("one", "{version: 0.0.999}, {version: 0.0.1234}, {version: 0.0.1235-rc.1}"),
            offered("two", "{version: 0.0.1234}, {version: 0.0.1300}"),
        ];
        let told = |current: &str, devel: bool| -> Vec<String> {
            candidates(&all, Version::parse(current).as_ref(), devel)
                .iter()
                .map(|c| format!("{} {} {}", c.version.version, c.repository.repository.raw(), c.place()))
                .collect()
        };
        let released =
            ["0.0.1300 two newer", "0.0.1234 one current", "0.0.1234 two current", "0.0.999 one older"];
        assert_eq!(told("0.0.1234", false), released);
        assert_eq!(told("0.0.1234", true)[1], "0.0.1235-rc.1 one newer");
        assert_eq!(
            told("0.0.1234-rc.1", false).len(),
            5,
            "who runs one that comes before a release sees them"
        );
        assert_eq!(told("latest", false)[0], "0.0.1300 two ");
    }

    #[test]
    fn a_link_is_filled_in_and_what_is_filled_in_stays_a_part_of_it() {
        let link =
            Link::parse("https://gitlab.example/shop/{chart}/-/pipelines?ref=v{version}#{version}").unwrap();
        assert_eq!(
            link.of("momo-store", "0.0.1234"),
            "https://gitlab.example/shop/momo-store/-/pipelines?ref=v0.0.1234#0.0.1234"
        );
        assert_eq!(
            link.of("../{version}", "1&x=/\u{1b}é"),
            "https://gitlab.example/shop/..%2F%7Bversion%7D/-/pipelines?ref=v1%26x%3D%2F%1B%C3%A9#1%26x%3D%2F%1B%C3%A9"
        );
        for bad in [
            "https://gitlab.example/pipelines",
            "https://{version}.example/",
            "https://me@gitlab.example/{version}",
            "https:///{version}",
            "https://gitlab.example/{name}/{version}",
            "https://gitlab.example/{version}\u{1b}",
            "https://gitlab.example/{version} x",
            "javascript:alert({version})",
            "gitlab.example/{version}",
        ] {
            assert_eq!(Link::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_first_repository_that_has_the_chart_says_where() {
        let link = |host: &str| Link::parse(&format!("https://{host}/{{version}}")).unwrap();
        let links = Links(vec![(vec!["a".to_owned()], link("one")), (vec![], link("two"))]);
        assert_eq!(links.pipeline("a", "1").as_deref(), Some("https://one/1"));
        assert_eq!(links.pipeline("b", "1").as_deref(), Some("https://two/1"));
        assert_eq!(Links::default().pipeline("a", "1"), None);
    }
}

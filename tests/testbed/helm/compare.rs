//! Two runs of a scenario beside each other: what they have left, what they sent, and how they ended.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;
use similar::TextDiff;

use super::neutral::{bare, is_compared, managers, neutral};
use super::record::{Write, open_release};

/// How many differences of one thing are told.
const MOST: usize = 30;
/// Of two texts that are longer, only the part is told where they begin to differ.
const LONG: usize = 200;

/// What somebody has left who went on from there.
#[derive(Clone, Debug)]
pub struct Later {
    /// Who did what.
    pub what: &'static str,
    /// Every object afterwards.
    pub objects: Vec<Value>,
    /// The release's history, as the real Helm prints it: the cells of its table without times, and its JSON.
    pub history: Value,
}

/// What one run has left.
#[derive(Clone, Debug)]
pub struct Left {
    /// The run's namespace.
    pub namespace: String,
    /// Every object of it, and the cluster-scoped ones of the release.
    pub objects: Vec<Value>,
    /// What came afterwards.
    pub later: Vec<Later>,
    /// What was sent.
    pub writes: Vec<Write>,
    /// Whether it said that it went well.
    pub well: bool,
    /// What it said.
    pub said: String,
}

impl Left {
    /// Returns what the objects and records are, by their names.
    fn things(&self) -> BTreeMap<String, Value> {
        self.named(|object| {
            let mut object = bare(object);
            open_release(&mut object);
            object
        })
    }

    fn managers(&self) -> BTreeMap<String, Value> {
        self.named(|object| Value::Array(managers(object)))
    }

    fn named(&self, of: impl Fn(&Value) -> Value) -> BTreeMap<String, Value> {
        let compared = self.objects.iter().filter(|object| is_compared(object));
        compared.map(|object| (self.name(object), neutral(&of(object), &self.namespace))).collect()
    }

    fn name(&self, object: &Value) -> String {
        let text = |value: &Value| value.as_str().unwrap_or_default().replace(&self.namespace, "NAMESPACE");
        let meta = neutral(&object["metadata"], &self.namespace);
        let place = text(&meta["namespace"]);
        let place = if place.is_empty() { place } else { format!("{place}/") };
        format!("{} {} {place}{}", text(&object["apiVersion"]), text(&object["kind"]), text(&meta["name"]))
    }

    /// Returns whether a run has left everything as it was: its things and who wrote them.
    pub fn is_untouched(&self, before: &[Value]) -> bool {
        let before = Self { objects: before.to_vec(), ..self.clone() };
        self.things() == before.things() && self.managers() == before.managers()
    }
}

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// In what.
    pub what: String,
    /// Each place that differs.
    pub places: Vec<String>,
    /// What is the same around them.
    around: Vec<String>,
}

impl Difference {
    fn new(what: impl Into<String>, places: Vec<String>) -> Self {
        Self { what: what.into(), places, around: Vec::new() }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = if self.around.is_empty() { &self.places } else { &self.around };
        let more = shown.len().saturating_sub(MOST);
        write!(f, "{}", self.what)?;
        shown.iter().take(MOST).try_for_each(|line| write!(f, "\n    {line}"))?;
        if more > 0 { write!(f, "\n    and {more} more") } else { Ok(()) }
    }
}

/// Returns every difference; none when the runs are alike.
pub fn differences(helm: &Left, ours: &Left) -> Vec<Difference> {
    let mut out = Vec::new();
    if helm.well != ours.well {
        let word = |left: &Left| if left.well { "went well" } else { "failed" };
        let what = format!("outcome: Helm's {}, deckwatch's {}", word(helm), word(ours));
        let said = |who: &str, left: &Left| format!("{who}: {}", left.said.trim());
        out.push(Difference::new(what, vec![said("helm", helm), said("deckwatch", ours)]));
    }
    out.extend(requests(helm, ours));
    out.extend(maps("object", &helm.things(), &ours.things()));
    out.extend(maps("managed fields of", &helm.managers(), &ours.managers()));
    assert_eq!(helm.later.len(), ours.later.len(), "both go on in the same way");
    for (theirs, own) in helm.later.iter().zip(&ours.later) {
        let then = |left: &Left, later: &Later| Left { objects: later.objects.clone(), ..left.clone() };
        let what = theirs.what;
        let history = |left: &Left, later: &Later| neutral(&later.history, &left.namespace);
        out.extend(told(
            &format!("after {what}, Helm's history"),
            &history(helm, theirs),
            &history(ours, own),
        ));
        let (theirs, own) = (then(helm, theirs), then(ours, own));
        out.extend(maps(&format!("after {what}, object"), &theirs.things(), &own.things()));
        out.extend(maps(&format!("after {what}, managed fields of"), &theirs.managers(), &own.managers()));
    }
    out
}

fn requests(helm: &Left, ours: &Left) -> Vec<Difference> {
    let lines = |left: &Left| -> Vec<String> {
        left.writes.iter().map(|write| write.line().replace(&left.namespace, "NAMESPACE")).collect()
    };
    let (theirs, own) = (lines(helm), lines(ours));
    if theirs != own {
        let text = |lines: &[String]| [lines.join("\n"), String::new()].join("\n");
        let (theirs, own) = (text(&theirs), text(&own));
        let diff = TextDiff::from_lines(&theirs, &own);
        let around: Vec<String> = diff
            .iter_all_changes()
            .map(|change| format!("{}{}", change.tag(), change.value().trim_end()))
            .filter(|line| line.len() > 1)
            .collect();
        let places = around.iter().filter(|line| !line.starts_with(' ')).cloned().collect();
        let what = "requests: `-` are Helm's alone, `+` deckwatch's".to_owned();
        return vec![Difference { what, places, around }];
    }
    let pairs = helm.writes.iter().zip(&ours.writes).zip(&own);
    pairs
        .filter_map(|((theirs, own), line)| {
            let theirs = neutral(&theirs.body, &helm.namespace);
            told(&format!("body of {line}"), &theirs, &neutral(&own.body, &ours.namespace))
        })
        .collect()
}

fn maps(what: &str, helm: &BTreeMap<String, Value>, ours: &BTreeMap<String, Value>) -> Vec<Difference> {
    let missing = |name: &String, who: &str| {
        Difference::new(format!("{what} {name}"), vec![format!("only {who} has it")])
    };
    let only_helm = helm.keys().filter(|name| !ours.contains_key(*name));
    let only_ours = ours.keys().filter(|name| !helm.contains_key(*name));
    let mut out: Vec<Difference> = only_helm.map(|name| missing(name, "Helm")).collect();
    out.extend(only_ours.map(|name| missing(name, "deckwatch")));
    let both = helm.iter().filter_map(|(name, theirs)| Some((name, theirs, ours.get(name)?)));
    out.extend(both.filter_map(|(name, theirs, own)| told(&format!("{what} {name}"), theirs, own)));
    out
}

fn told(what: &str, helm: &Value, ours: &Value) -> Option<Difference> {
    let mut places = Vec::new();
    walk("", helm, ours, &mut places);
    (!places.is_empty()).then(|| Difference::new(what, places))
}

/// Walks two values at the same time and tells where they differ.
fn walk(path: &str, helm: &Value, ours: &Value, out: &mut Vec<String>) {
    match (helm, ours) {
        (Value::Object(theirs), Value::Object(own)) => {
            for key in theirs.keys().chain(own.keys().filter(|key| !theirs.contains_key(*key))) {
                let path = format!("{path}.{key}");
                match (theirs.get(key), own.get(key)) {
                    (Some(theirs), Some(own)) => walk(&path, theirs, own, out),
                    (Some(theirs), None) => out.push(format!("{path}: only Helm: {theirs}")),
                    (None, Some(own)) => out.push(format!("{path}: only deckwatch: {own}")),
                    (None, None) => {}
                }
            }
        }
        (Value::Array(theirs), Value::Array(own)) if theirs.len() == own.len() => {
            for (at, (theirs, own)) in theirs.iter().zip(own).enumerate() {
                walk(&format!("{path}[{at}]"), theirs, own, out);
            }
        }
        _ if helm == ours => {}
        (Value::String(theirs), Value::String(own)) if theirs.len().min(own.len()) > LONG => {
            let same = theirs.chars().zip(own.chars()).take_while(|(theirs, own)| theirs == own).count();
            let part =
                |text: &str| -> String { text.chars().skip(same.saturating_sub(30)).take(LONG).collect() };
            out.push(format!("{path}: from {same} on: Helm {:?}, deckwatch {:?}", part(theirs), part(own)));
        }
        _ => out.push(format!("{path}: Helm {helm}, deckwatch {ours}")),
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use serde_json::json;

    use super::*;

    fn left(namespace: &str, value: &str) -> Left {
        let object = json!({ "apiVersion": "v1", "kind": "ConfigMap", "data": { "a": value },
            "metadata": { "name": "x", "namespace": namespace, "uid": namespace,
                "managedFields": [{ "manager": "helm", "fieldsV1": { "f:data": {} }, "time": value }] } });
        let write = Write {
            method: "PATCH".to_owned(),
            path: format!("/api/v1/namespaces/{namespace}/configmaps/x"),
            query: vec![("fieldManager".to_owned(), "helm".to_owned())],
            patch: "application/strategic-merge-patch+json".to_owned(),
            body: json!({ "data": { "a": value } }),
            status: Some(200),
        };
        Left {
            namespace: namespace.to_owned(),
            objects: vec![object],
            later: Vec::new(),
            writes: vec![write],
            well: true,
            said: String::new(),
        }
    }

    #[test]
    fn runs_that_differ_by_nature_alone_are_alike() {
        assert_eq!(differences(&left("a-1", "x"), &left("b-2", "x")), Vec::new());
    }

    type Change<'a> = &'a dyn Fn(&mut Left);

    #[test]
    fn every_kind_of_difference_is_told_with_its_place() {
        let helm = left("a-1", "x");
        let found = |change: &dyn Fn(&mut Left)| {
            let mut ours = left("b-2", "x");
            change(&mut ours);
            let found = differences(&helm, &ours);
            found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        };
        let cases: [(Change<'_>, &str); 7] = [
            (&|l| l.well = false, "outcome: Helm's went well, deckwatch's failed"),
            (&|l| l.writes[0].body = json!({ "data": { "a": 1 } }), ".data.a: Helm \"x\", deckwatch 1"),
            (&|l| l.writes[0].query.clear(), "+PATCH /api/v1/namespaces/NAMESPACE/configmaps/x (application"),
            (&|l| l.writes[0].status = Some(422), "→ 422"),
            (&|l| l.writes.push(l.writes[0].clone()), "requests: "),
            (&|l| l.objects[0]["metadata"]["labels"] = json!({ "b": "c" }), "only deckwatch: {\"b\":\"c\"}"),
            (
                &|l| l.objects[0]["metadata"]["managedFields"][0]["manager"] = json!("kubectl"),
                "managed fields of v1 ConfigMap NAMESPACE/x",
            ),
        ];
        for (change, says) in cases {
            let told = found(change);
            assert!(told.contains(says), "`{says}` is not in:\n{told}");
        }
        let gone = found(&|l| l.objects.clear());
        assert!(gone.contains("object v1 ConfigMap NAMESPACE/x\n    only Helm has it"), "{gone}");
        // 1 and 1.0 are two texts, and two numbers of a record.
        let number = |number: Value| Left {
            writes: Vec::new(),
            objects: vec![json!({ "kind": "A", "n": number })],
            ..left("a-1", "x")
        };
        assert_eq!(differences(&number(json!(1)), &number(json!(1.0))).len(), 1);
    }
}

//! Label selectors and label sets as text.

use std::collections::BTreeMap;

use deckwatch_wire::LabelSelector;

/// Returns a selector as kubectl writes it, empty where it selects everything or nothing; `None` where it is not valid.
pub(super) fn text(selector: Option<&LabelSelector>) -> Option<String> {
    let Some(selector) = selector else { return Some(String::new()) };
    let equal = selector.match_labels.iter().map(|(key, value)| (key.as_str(), format!("{key}={value}")));
    let mut parts: Vec<(&str, String)> = equal.collect();
    for expression in &selector.match_expressions {
        let key = expression.key.as_str();
        let mut values = expression.values.clone();
        values.sort_unstable();
        let values = values.join(",");
        let is_set = !expression.values.is_empty();
        let part = match expression.operator.as_str() {
            "In" if is_set => format!("{key} in ({values})"),
            "NotIn" if is_set => format!("{key} notin ({values})"),
            "Exists" if !is_set => key.to_owned(),
            "DoesNotExist" if !is_set => format!("!{key}"),
            _ => return None,
        };
        parts.push((key, part));
    }
    parts.sort_by(|a, b| a.0.cmp(b.0));
    Some(parts.into_iter().map(|(_, part)| part).collect::<Vec<_>>().join(","))
}

/// Returns labels as `a=b,c=d`.
pub(super) fn labels(labels: &BTreeMap<String, String>) -> String {
    labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use deckwatch_wire::LabelSelectorRequirement;
    use pretty_assertions::assert_eq;

    use super::*;

    fn selector(expressions: &[(&str, &str, &[&str])]) -> LabelSelector {
        let requirement = |(key, operator, values): &(&str, &str, &[&str])| LabelSelectorRequirement {
            key: (*key).to_owned(),
            operator: (*operator).to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        LabelSelector {
            match_labels: [("m".to_owned(), "1".to_owned())].into(),
            match_expressions: expressions.iter().map(requirement).collect(),
        }
    }

    #[test]
    fn requirements_are_sorted_by_key_and_values() {
        let all = [
            ("z", "Exists", &[][..]),
            ("a", "In", &["y", "x"][..]),
            ("n", "DoesNotExist", &[]),
            ("o", "NotIn", &["p"]),
        ];
        assert_eq!(text(Some(&selector(&all))).as_deref(), Some("a in (x,y),m=1,!n,o notin (p),z"));
    }

    #[test]
    fn what_is_no_selector_is_told_apart_from_an_empty_one() {
        assert_eq!(text(Some(&selector(&[("a", "In", &[])]))), None);
        assert_eq!(text(Some(&selector(&[("a", "Near", &["b"])]))), None);
        assert_eq!(
            (text(None), text(Some(&LabelSelector::default()))),
            (Some(String::new()), Some(String::new()))
        );
    }
}

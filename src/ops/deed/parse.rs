//! Parameters as people type them, read as kubectl reads its arguments.

use std::collections::BTreeMap;

use super::drain::{self, Options};
use super::refusal::Refusal;
use crate::core::Span;

/// Reads labels or annotations: `key=value` sets one, `key-` removes it.
///
/// # Errors
/// What is neither, or both for one key.
pub fn tags(texts: &[String]) -> Result<BTreeMap<String, Option<String>>, Refusal> {
    let mut read: BTreeMap<String, Option<String>> = BTreeMap::new();
    for text in texts {
        let (key, value) = match (text.split_once('='), text.strip_suffix('-')) {
            (Some((key, value)), _) if !key.is_empty() => (key, Some(value.to_owned())),
            (None, Some(key)) if !key.is_empty() => (key, None),
            _ => return Err(Refusal::invalid(&format!("`{text}` is neither `key=value` nor `key-`"))),
        };
        let before = read.insert(key.to_owned(), value.clone());
        if before.is_some_and(|before| before.is_none() != value.is_none()) {
            return Err(Refusal::invalid(&format!("`{key}` cannot be set and removed at once")));
        }
    }
    Ok(read)
}

/// Reads images by container: `backend=nginx:2`, `*=nginx:2`.
///
/// # Errors
/// What is none.
pub fn images(texts: &[String]) -> Result<Vec<(String, String)>, Refusal> {
    let image = |text: &String| {
        let pair = text.split_once('=').filter(|(name, image)| !name.is_empty() && !image.is_empty());
        let (name, image) =
            pair.ok_or_else(|| Refusal::invalid(&format!("`{text}` is not `container=image`")))?;
        Ok((name.to_owned(), image.to_owned()))
    };
    texts.iter().map(image).collect()
}

/// Reads amounts of resources: `cpu=100m,memory=256Mi`. Whether they are quantities is told when they are asked for.
///
/// # Errors
/// What is none.
pub fn amounts(text: &str) -> Result<BTreeMap<String, String>, Refusal> {
    let amount = |text: &str| match text.split('=').collect::<Vec<_>>()[..] {
        [resource, amount] => Ok((resource.to_owned(), amount.to_owned())),
        _ => Err(Refusal::invalid(&format!("`{text}` is not `resource=amount`"))),
    };
    if text.is_empty() { Ok(BTreeMap::new()) } else { text.split(',').map(amount).collect() }
}

/// Reads what a drain may do, in kubectl's words: `--ignore-daemonsets timeout=5m`.
///
/// # Errors
/// What is none of them.
pub fn drain(words: &[String]) -> Result<Options, Refusal> {
    let mut options = Options::default();
    for word in words {
        let wrong = || Refusal::invalid(&format!("`{word}` says nothing of a drain"));
        let given = word.trim_start_matches('-');
        let seconds = |text: &str| text.trim_end_matches('s').parse::<i64>().ok().filter(|n| *n >= 0);
        match given.split_once('=') {
            None if given == "ignore-daemonsets" => options.ignore_daemonsets = true,
            None if given == "delete-emptydir-data" => options.delete_emptydir = true,
            None if given == "force" => options.force = true,
            Some(("grace-period", text)) => options.grace_s = Some(seconds(text).ok_or_else(wrong)?),
            Some(("skip-wait-for-delete-timeout", text)) => {
                options.skip_ending_s = Some(seconds(text).ok_or_else(wrong)?);
            }
            Some(("timeout", text)) => options.timeout = Some(timeout(text)?),
            _ => return Err(wrong()),
        }
    }
    Ok(options)
}

/// Reads how long a drain may take.
///
/// # Errors
/// What is no time, none at all or too long.
pub fn timeout(text: &str) -> Result<Span, Refusal> {
    let span = Span::parse(text).filter(|span| *span > Span(0) && *span <= drain::LONGEST);
    span.ok_or_else(|| Refusal::invalid(&format!("`{text}` is no time such as 5m, up to {}", drain::LONGEST)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(all: &[&str]) -> Vec<String> {
        all.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn a_minus_at_the_end_removes() {
        let read = tags(&texts(&["a=b=c", "d-", "e="])).unwrap();
        let wanted = [("a", Some("b=c")), ("d", None), ("e", Some(""))];
        let wanted = wanted.map(|(key, value)| (key.to_owned(), value.map(str::to_owned)));
        assert_eq!(read, wanted.into());
        for bad in [&["a"][..], &["=b"], &["-"], &[""], &["a=b", "a-"]] {
            assert!(tags(&texts(bad)).is_err(), "{bad:?}");
        }
        assert!(tags(&texts(&["a=b", "a=c"])).is_ok(), "the last one counts");
    }

    #[test]
    fn images_and_amounts_are_pairs() {
        let read = images(&texts(&["*=reg:5000/a@sha256:0=1"])).unwrap();
        assert_eq!(read, [("*".to_owned(), "reg:5000/a@sha256:0=1".to_owned())]);
        assert!(images(&texts(&["nginx"])).is_err() && images(&texts(&["a="])).is_err());
        assert_eq!(amounts("cpu=1,memory=2Gi").unwrap().len(), 2);
        assert_eq!(amounts("").unwrap().len(), 0);
        assert!(amounts("cpu").is_err() && amounts("cpu=1=2").is_err() && amounts("cpu=1,").is_err());
    }
}

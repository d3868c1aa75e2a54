//! What Flux, Argo CD and Argo Rollouts look after: which of their kinds are served, and their objects.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::app::effect::Scope;
use crate::app::msg::Listed;
use crate::core::{ClusterId, Kind, Result};
use crate::ops::kept::{Kept, LISTINGS, Listing};
use crate::sources::kube::Client;

/// How many objects of a kind are read.
const MOST: usize = 500;

/// Lists all of them. Where a user may not look at a kind in the whole cluster, at it in the namespace that is shown.
///
/// # Errors
/// Which groups the server serves can't be read: what is not installed is then not known.
pub async fn list(client: &Client, cluster: &ClusterId, scope: &Scope) -> Result<Vec<Listed>> {
    let groups: Value = client.get_json("/apis").await.map_err(|fail| fail.error)?;
    let versions = versions(&groups);
    let asks = LISTINGS.iter().map(|listing| {
        let version = versions.get(listing.group).copied();
        async move {
            let (told, cut) = match version {
                None => (Ok(None), false),
                Some(version) => match of_kind(client, cluster, scope, (listing, version)).await {
                    Ok(Some((kept, cut))) => (Ok(Some(kept)), cut),
                    Ok(None) => (Ok(None), false),
                    Err(error) => (Err(error), false),
                },
            };
            Listed { listing, told, cut }
        }
    });
    Ok(futures::future::join_all(asks).await)
}

/// Returns the version of each group that the server prefers.
fn versions<'a>(groups: &'a Value) -> BTreeMap<&'a str, &'a str> {
    let all = groups.get("groups").and_then(Value::as_array).into_iter().flatten();
    let one = |group: &'a Value| {
        let text = |at: &str| group.pointer(at).and_then(Value::as_str);
        text("/name").zip(text("/preferredVersion/version"))
    };
    all.filter_map(one).collect()
}

/// Lists the objects of a kind, and tells whether there are more; nothing where it is not served.
async fn of_kind(
    client: &Client,
    cluster: &ClusterId,
    scope: &Scope,
    (listing, version): (&'static Listing, &str),
) -> Result<Option<(Vec<Kept>, bool)>> {
    let at = format!("/apis/{}/{version}", listing.group);
    let mut list = client.get_json::<Value>(&format!("{at}/{}?limit={MOST}", listing.plural)).await;
    if let (Err(fail), Some(namespace)) = (&list, scope.namespace())
        && fail.error.kind == Kind::Denied
    {
        let here = format!("{at}/namespaces/{namespace}/{}?limit={MOST}", listing.plural);
        list = client.get_json::<Value>(&here).await;
    }
    let list = match list {
        Ok(list) => list,
        Err(fail) if fail.error.kind == Kind::NotFound => return Ok(None),
        // The right is asked for before it is looked whether the kind is there: Argo CD may be without Argo Rollouts.
        Err(fail) if fail.error.kind == Kind::Denied && !serves(client, &at, listing).await => {
            return Ok(None);
        }
        Err(fail) => return Err(fail.error),
    };
    let items = list.get("items").and_then(Value::as_array).into_iter().flatten();
    let kept = items.filter_map(|item| Kept::of(listing, version, cluster, item)).collect();
    let more =
        list.pointer("/metadata/continue").and_then(Value::as_str).is_some_and(|more| !more.is_empty());
    Ok(Some((kept, more)))
}

/// Whether a kind is served; discovery is open to everybody by default.
async fn serves(client: &Client, at: &str, listing: &Listing) -> bool {
    let Ok(list) = client.get_json::<Value>(at).await else { return true };
    let mut resources = list.get("resources").and_then(Value::as_array).into_iter().flatten();
    resources.any(|resource| resource.get("name").and_then(Value::as_str) == Some(listing.plural))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn of_each_group_the_version_is_asked_for_that_the_server_prefers() {
        let groups = json!({"groups": [
            {"name": "argoproj.io", "preferredVersion": {"version": "v1alpha1"}},
            {"name": "helm.toolkit.fluxcd.io", "preferredVersion": {"version": "v2"}},
            {"name": "broken"},
        ]});
        let expected = BTreeMap::from([("argoproj.io", "v1alpha1"), ("helm.toolkit.fluxcd.io", "v2")]);
        assert_eq!(versions(&groups), expected);
        assert_eq!(versions(&json!({})), BTreeMap::new());
    }
}

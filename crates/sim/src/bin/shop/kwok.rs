//! kwok's Logs objects: one per pod, so that `pods/log` serves the files. Owns these objects; they
//! belong to their pods and go with them.

use std::collections::BTreeMap;
use std::path::Path;

use deckwatch_sim::shop::Shop;
use reqwest::Method;
use serde_json::{Value, json};

use crate::access::Api;
use crate::{Failure, report};

/// The objects made so far: by pod uid, the run that each points to.
#[derive(Default)]
pub struct Objects(BTreeMap<String, u32>);

impl Objects {
    /// Makes or moves on the object of every pod whose container runs a file of its own.
    pub async fn update(&mut self, api: &Api, shop: &Shop, root: &Path, now: i64) {
        let mut wanted = Vec::new();
        for pod in shop.pods().filter(|p| p.exists(now) && shop.plan(&p.life.service).is_some()) {
            let Some(run) = pod.runs.iter().rfind(|r| r.start <= now) else { continue };
            if self.0.get(&pod.life.uid) != Some(&run.number) {
                wanted.push((pod.clone(), run.number));
            }
        }
        for (pod, run) in wanted {
            let life = &pod.life;
            let folder =
                root.join(format!("{}_{}_{}", life.namespace, life.name, life.uid)).join(&life.service);
            let file = |run: u32| folder.join(format!("{run}.log")).display().to_string();
            let mut log = json!({"containers": [life.service], "logsFile": file(run), "follow": true});
            if let (Some(before), Some(map)) = (run.checked_sub(1), log.as_object_mut()) {
                map.insert("previousLogsFile".into(), json!(file(before)));
            }
            let object = json!({
                "apiVersion": "kwok.x-k8s.io/v1alpha1",
                "kind": "Logs",
                "metadata": {
                    "name": life.name,
                    "namespace": life.namespace,
                    "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": life.name, "uid": life.uid}],
                },
                "spec": {"logs": [log]},
            });
            match apply(api, &life.namespace, &life.name, &object).await {
                Ok(()) => {
                    self.0.insert(life.uid.clone(), run);
                }
                Err(failure) => report(&format!("kwok's Logs of {}: {failure}", life.name)),
            }
        }
        self.0.retain(|uid, _| shop.pod(uid).is_some_and(|p| p.exists(now)));
    }
}

/// Makes the object, or changes the one that is there.
async fn apply(api: &Api, namespace: &str, name: &str, object: &Value) -> Result<(), Failure> {
    let path = format!("/apis/kwok.x-k8s.io/v1alpha1/namespaces/{namespace}/logs");
    let mut status = api.send(Method::POST, &path, "application/json", object).await?;
    if status == 409 {
        let one = format!("{path}/{name}");
        status = api.send(Method::PATCH, &one, "application/merge-patch+json", object).await?;
    }
    if status >= 400 {
        return Err(format!("{status} from {path}").into());
    }
    Ok(())
}

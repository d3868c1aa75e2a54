//! Charts that the scenarios make up: a function for each ingredient, and nothing of anybody's.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// A chart: templates by their names.
#[derive(Clone, Debug)]
pub struct Chart(pub Vec<Template>);

/// A template.
#[derive(Clone, Debug)]
pub struct Template {
    /// Its name without the ending.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl Chart {
    /// Writes it into a folder.
    pub fn write(&self, folder: &Path) {
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            std::fs::write(&path, text).unwrap();
            // Helm 4 keeps the times of files: those of both runs are one.
            let file = std::fs::File::options().write(true).open(&path).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)).unwrap();
        };
        std::fs::create_dir_all(folder.join("templates")).unwrap();
        let about = "apiVersion: v2\nname: parity\nversion: 1.0.0\nappVersion: \"1\"\n";
        write("Chart.yaml", about);
        for template in &self.0 {
            write(&format!("templates/{}.yaml", template.name), &template.text);
        }
    }
}

/// Returns a chart of templates.
pub fn chart(templates: impl IntoIterator<Item = Template>) -> Chart {
    Chart(templates.into_iter().collect())
}

/// Returns a template of any text.
pub fn any(name: &str, text: impl Into<String>) -> Template {
    Template { name: name.to_owned(), text: text.into() }
}

fn pairs(pairs: &[(&str, &str)]) -> String {
    pairs.iter().fold(String::new(), |mut out, (key, value)| {
        let _ = writeln!(out, "  {key}: {value:?}");
        out
    })
}

/// Returns a ConfigMap with texts.
pub fn config(name: &str, data: &[(&str, &str)]) -> Template {
    let data = pairs(data);
    any(
        &format!("config-{name}"),
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n{data}"),
    )
}

/// Returns a Secret with texts in the clear.
pub fn secret(name: &str, data: &[(&str, &str)]) -> Template {
    let data = pairs(data);
    any(
        &format!("secret-{name}"),
        format!("apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\nstringData:\n{data}"),
    )
}

/// A Deployment. Texts of several lines are put in as they are, indented to their place.
#[derive(Clone, Copy, Debug)]
pub struct Web {
    /// Its name.
    pub name: &'static str,
    /// The version in its image.
    pub version: &'static str,
    /// `replicas`, as it stands in the manifest; left out when empty.
    pub replicas: &'static str,
    /// Environment variables.
    pub env: &'static [(&'static str, &'static str)],
    /// More lines of its metadata.
    pub meta: &'static str,
    /// More lines of its spec.
    pub spec: &'static str,
    /// More lines of its pods' spec.
    pub pod: &'static str,
    /// More lines of its container.
    pub container: &'static str,
    /// More containers.
    pub containers: &'static str,
    /// The label by which it selects its pods.
    pub label: &'static str,
}

impl Web {
    /// Returns one that runs no pods, so that only its spec matters.
    pub const fn new(name: &'static str, version: &'static str) -> Self {
        Self {
            name,
            version,
            replicas: "0",
            env: &[],
            meta: "",
            spec: "",
            pod: "",
            container: "",
            containers: "",
            label: "web",
        }
    }

    /// Returns its template.
    pub fn template(&self) -> Template {
        let Self { name, version, replicas, label, .. } = self;
        let mut text = format!("apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\n");
        put(&mut text, 2, self.meta);
        text.push_str("spec:\n");
        if !replicas.is_empty() {
            let _ = writeln!(text, "  replicas: {replicas}");
        }
        put(&mut text, 2, self.spec);
        let _ = write!(
            text,
            "  selector:\n    matchLabels:\n      app: {label}\n  template:\n    metadata:\n      labels:\n        app: {label}\n    spec:\n"
        );
        put(&mut text, 6, self.pod);
        let _ = write!(text, "      containers:\n      - name: web\n        image: shop/{name}:{version}\n");
        if !self.env.is_empty() {
            text.push_str("        env:\n");
            for (key, value) in self.env {
                let _ = writeln!(text, "        - name: {key}\n          value: {value:?}");
            }
        }
        put(&mut text, 8, self.container);
        put(&mut text, 6, self.containers);
        any(&format!("web-{name}"), text)
    }
}

/// Returns a Deployment.
pub fn web(name: &'static str, version: &'static str) -> Template {
    Web::new(name, version).template()
}

/// Puts lines in, indented.
fn put(text: &mut String, by: usize, lines: &str) {
    for line in lines.lines() {
        let _ = writeln!(text, "{}{line}", " ".repeat(by));
    }
}

/// Returns a Service with more lines of its spec.
pub fn service(name: &str, spec: &str) -> Template {
    let mut text = format!(
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\nspec:\n  selector:\n    app: web\n"
    );
    put(&mut text, 2, spec);
    any(&format!("service-{name}"), text)
}

/// Returns a Job whose pods are never started.
pub fn job(name: &str, version: &str) -> Template {
    any(
        &format!("job-{name}"),
        format!(
            "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: {name}\nspec:\n  suspend: true\n  template:\n    spec:\n      \
             restartPolicy: Never\n      containers:\n      - name: main\n        image: shop/job:{version}\n"
        ),
    )
}

/// Returns a claim that nobody ever fulfils: whoever waits for it waits in vain.
pub fn claim(name: &str, size: &str) -> Template {
    any(
        &format!("claim-{name}"),
        format!(
            "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: {name}\nspec:\n  accessModes: [ReadWriteOnce]\n  \
             storageClassName: none\n  resources:\n    requests:\n      storage: {size}\n"
        ),
    )
}

/// How a hook's Job ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// It succeeds at once, since nothing is to be completed.
    Well,
    /// It fails after a second, since its time is over.
    Badly,
}

/// Returns a hook that is a Job. `lines` are more of its annotations.
pub fn hook(name: &str, events: &str, lines: &str, ends: Ends) -> Template {
    let mut text = format!(
        "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: {name}\n  annotations:\n    helm.sh/hook: {events}\n"
    );
    put(&mut text, 4, lines);
    text.push_str(match ends {
        Ends::Well => "spec:\n  completions: 0\n",
        Ends::Badly => "spec:\n  activeDeadlineSeconds: 1\n",
    });
    text.push_str(
        "  template:\n    spec:\n      restartPolicy: Never\n      nodeSelector: {nowhere: \"yes\"}\n      containers:\n      \
         - name: main\n        image: shop/hook:1\n",
    );
    any(&format!("hook-{name}"), text)
}

/// Returns a hook that is a ConfigMap: it is ready as soon as it is there.
pub fn quick_hook(name: &str, events: &str, lines: &str) -> Template {
    let mut text = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  annotations:\n    helm.sh/hook: {events}\n"
    );
    put(&mut text, 4, lines);
    text.push_str("data:\n  a: \"1\"\n");
    any(&format!("hook-{name}"), text)
}

/// Returns a StatefulSet without pods, with more lines of its spec.
pub fn stateful(name: &str, version: &str, spec: &str) -> Template {
    let mut text =
        format!("apiVersion: apps/v1\nkind: StatefulSet\nmetadata:\n  name: {name}\nspec:\n  replicas: 0\n");
    put(&mut text, 2, spec);
    let _ = write!(
        text,
        "  selector:\n    matchLabels:\n      app: {name}\n  template:\n    metadata:\n      labels:\n        app: {name}\n    spec:\n      \
         containers:\n      - name: main\n        image: shop/{name}:{version}\n"
    );
    any(&format!("stateful-{name}"), text)
}

/// Returns a HorizontalPodAutoscaler of a Deployment.
pub fn scaler(api_version: &str, of: &str, spec: &str) -> Template {
    let mut text = format!(
        "apiVersion: {api_version}\nkind: HorizontalPodAutoscaler\nmetadata:\n  name: {of}\nspec:\n  minReplicas: 1\n  maxReplicas: 5\n  \
         scaleTargetRef:\n    apiVersion: apps/v1\n    kind: Deployment\n    name: {of}\n"
    );
    put(&mut text, 2, spec);
    any(&format!("scaler-{of}"), text)
}

/// Returns a ClusterRole that may do something with ConfigMaps.
pub fn cluster_role(name: &str, verbs: &str) -> Template {
    any(
        &format!("cluster-role-{name}"),
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: {name}\nrules:\n- apiGroups: ['']\n  \
             resources: [configmaps]\n  verbs: {verbs}\n"
        ),
    )
}

/// Returns the definition of a kind `KIND` in the group `GROUP`, with an open schema for its spec.
pub fn definition(group: &str, kind: &str) -> Template {
    let (singular, plural) = (kind.to_lowercase(), format!("{}s", kind.to_lowercase()));
    any(
        &format!("definition-{singular}"),
        format!(
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: {plural}.{group}\nspec:\n  group: {group}\n  \
             names:\n    kind: {kind}\n    singular: {singular}\n    plural: {plural}\n  scope: Namespaced\n  versions:\n  - name: v1\n    \
             served: true\n    storage: true\n    schema:\n      openAPIV3Schema:\n        type: object\n        properties:\n          spec:\n            \
             type: object\n            x-kubernetes-preserve-unknown-fields: true\n"
        ),
    )
}

/// Returns an object of a kind that was defined so, with the lines of its spec.
pub fn custom(group: &str, kind: &str, name: &str, spec: &str) -> Template {
    let mut text = format!("apiVersion: {group}/v1\nkind: {kind}\nmetadata:\n  name: {name}\nspec:\n");
    put(&mut text, 2, spec);
    any(&format!("custom-{name}"), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_an_ingredient_stand_where_they_belong() {
        let web = Web { spec: "strategy:\n  type: Recreate", env: &[("A", "1")], ..Web::new("web", "2") };
        let text = web.template().text;
        assert!(
            text.contains("spec:\n  replicas: 0\n  strategy:\n    type: Recreate\n  selector:"),
            "{text}"
        );
        assert!(text.contains("        env:\n        - name: A\n          value: \"1\"\n"), "{text}");
    }
}

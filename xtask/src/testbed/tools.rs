//! The table of tools: from which module each is built, and how.
//!
//! Owns the table; the versions themselves are in `testbed/mods/*/go.mod`. Never runs anything.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::extras::Extra;

/// A program that is built from a Go module.
#[derive(Clone, Copy, Debug)]
pub struct Tool {
    /// The binary's name.
    pub name: &'static str,
    /// The folder in `testbed/mods`; in `testbed` for a program of our own.
    pub module: &'static str,
    /// The Go package that is built; `.` for a program of our own.
    pub package: &'static str,
    /// Variables that tell the program its version: `(variable, value)`.
    pub variables: &'static [(&'static str, &'static str)],
}

impl Tool {
    /// Returns the folder of its module, below `testbed`.
    pub fn folder(&self) -> PathBuf {
        let mods = if self.package == OWN { "" } else { "mods" };
        PathBuf::from(mods).join(self.module)
    }
}

/// The package of a program whose source is in the module itself.
pub const OWN: &str = ".";

const KUBERNETES: &[(&str, &str)] = &[
    ("k8s.io/component-base/version.gitVersion", "v1.36.3"),
    ("k8s.io/component-base/version.gitMajor", "1"),
    ("k8s.io/component-base/version.gitMinor", "36"),
];
const PROMETHEUS: &[(&str, &str)] = &[("github.com/prometheus/common/version.Version", "3.15.0")];
const ALERTMANAGER: &[(&str, &str)] = &[("github.com/prometheus/common/version.Version", "0.31.1")];
const LOKI: &[(&str, &str)] = &[("github.com/grafana/loki/v3/pkg/util/build.Version", "3.7.8")];
const KUBE_STATE_METRICS: &[(&str, &str)] = &[("github.com/prometheus/common/version.Version", "v2.18.0")];
const HELM3: &[(&str, &str)] = &[
    ("helm.sh/helm/v3/internal/version.version", "v3.22.0"),
    ("helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor", "1"),
    ("helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor", "36"),
];
const ARGO_CD: &[(&str, &str)] = &[("github.com/argoproj/argo-cd/v3/common.version", "3.2.0")];
const ARGO_ROLLOUTS: &[(&str, &str)] =
    &[("github.com/argoproj/argo-rollouts/utils/version.version", "1.8.3")];
const HELM_DIFF: &[(&str, &str)] = &[("github.com/databus23/helm-diff/v3/cmd.Version", "3.13.2")];
const HELM4: &[(&str, &str)] = &[("helm.sh/helm/v4/internal/version.version", "v4.3.1")];

const fn tool(
    name: &'static str,
    module: &'static str,
    package: &'static str,
    variables: &'static [(&'static str, &'static str)],
) -> Tool {
    Tool { name, module, package, variables }
}

/// Every tool of an ordinary stand, in the order in which it is built: what the control plane needs comes first.
const TOOLS: [Tool; 17] = [
    tool("etcd", "etcd", "go.etcd.io/etcd/server/v3", &[]),
    tool("kube-apiserver", "kubernetes", "k8s.io/kubernetes/cmd/kube-apiserver", KUBERNETES),
    tool(
        "kube-controller-manager",
        "kubernetes",
        "k8s.io/kubernetes/cmd/kube-controller-manager",
        KUBERNETES,
    ),
    tool("kube-scheduler", "kubernetes", "k8s.io/kubernetes/cmd/kube-scheduler", KUBERNETES),
    tool("kubectl", "kubernetes", "k8s.io/kubernetes/cmd/kubectl", KUBERNETES),
    tool("kwok", "kwok", "sigs.k8s.io/kwok/cmd/kwok", &[]),
    tool("helm3", "helm3", "helm.sh/helm/v3/cmd/helm", HELM3),
    tool("prometheus", "prometheus", "github.com/prometheus/prometheus/cmd/prometheus", PROMETHEUS),
    tool("promtool", "prometheus", "github.com/prometheus/prometheus/cmd/promtool", PROMETHEUS),
    tool("alertmanager", "alertmanager", "github.com/prometheus/alertmanager/cmd/alertmanager", ALERTMANAGER),
    tool("amtool", "alertmanager", "github.com/prometheus/alertmanager/cmd/amtool", ALERTMANAGER),
    tool("loki", "loki", "github.com/grafana/loki/v3/cmd/loki", LOKI),
    tool("logcli", "loki", "github.com/grafana/loki/v3/cmd/logcli", LOKI),
    tool("kube-state-metrics", "kube-state-metrics", "k8s.io/kube-state-metrics/v2", KUBE_STATE_METRICS),
    tool("helm4", "helm4", "helm.sh/helm/v4/cmd/helm", HELM4),
    tool("helm-diff", "helm-diff", "github.com/databus23/helm-diff/v3", HELM_DIFF),
    tool("oracle", "oracle", OWN, &[]),
];

/// What a stand with Argo has besides.
const ARGO: [Tool; 3] = [
    tool("argocd", "argo-cd", "github.com/argoproj/argo-cd/v3/cmd", ARGO_CD),
    tool(
        "rollouts-controller",
        "argo-rollouts",
        "github.com/argoproj/argo-rollouts/cmd/rollouts-controller",
        ARGO_ROLLOUTS,
    ),
    // Our own `main.go` there, around the plugin's commands.
    tool("kubectl-argo-rollouts", "argo-rollouts", "testbed/argo-rollouts", &[]),
];

/// Returns the tools of a stand that has these.
pub fn of(extras: &[Extra]) -> Vec<&'static Tool> {
    let argo: &[Tool] = if extras.contains(&Extra::Argo) { &ARGO } else { &[] };
    TOOLS.iter().chain(argo).collect()
}

/// Returns the linker's flags of a tool: no symbol tables, and its version.
pub fn ldflags(tool: &Tool) -> String {
    let mut flags = String::from("-s -w");
    for (variable, value) in tool.variables {
        let _ = write!(flags, " -X {variable}={value}");
    }
    flags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_has_a_pinned_module_that_names_its_package() {
        let testbed = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../testbed");
        for tool in of(&[Extra::Argo]) {
            let module = testbed.join(tool.folder());
            let text = std::fs::read_to_string(module.join("go.mod")).unwrap();
            assert!(text.contains(tool.package), "{} is not in {}/go.mod", tool.package, tool.module);
            assert!(module.join("go.sum").is_file(), "{} has no go.sum", tool.module);
        }
    }

    #[test]
    fn an_ordinary_stand_builds_nothing_of_argo() {
        assert!(of(&[]).iter().all(|tool| !tool.package.contains("argoproj")));
        assert_eq!(of(&[Extra::Flux]).len(), of(&[]).len());
    }

    #[test]
    fn versions_told_to_the_linker_are_the_pinned_ones() {
        let testbed = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../testbed");
        for tool in of(&[Extra::Argo]).into_iter().filter(|t| t.name != "prometheus" && t.name != "promtool")
        {
            let text = std::fs::read_to_string(testbed.join(tool.folder()).join("go.mod")).unwrap();
            for (variable, value) in
                tool.variables.iter().filter(|(v, _)| v.to_lowercase().ends_with("version"))
            {
                assert!(text.contains(value), "{variable}={value} is not what {} pins", tool.module);
            }
        }
    }

    /// Returns the modules that a `go.mod` pins, and their versions.
    fn pinned(module: &str) -> std::collections::BTreeMap<String, String> {
        let testbed = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../testbed");
        let text = std::fs::read_to_string(testbed.join(module).join("go.mod")).unwrap();
        let lines = text.lines().filter_map(|line| line.strip_prefix('\t')?.split_once(' '));
        let word = |text: &str| text.split(' ').next().unwrap_or_default().to_owned();
        lines.map(|(name, version)| (name.to_owned(), word(version))).collect()
    }

    #[test]
    fn the_oracle_asks_the_packages_of_the_helm_that_is_pinned() {
        let helm = pinned("mods/helm4");
        let mut oracle = pinned("oracle");
        assert!(oracle.contains_key("k8s.io/apimachinery") && oracle.contains_key("sigs.k8s.io/yaml"));
        oracle.retain(|name, version| helm.get(name) != Some(version));
        assert_eq!(oracle, std::collections::BTreeMap::new(), "not of Helm's versions");
    }
}

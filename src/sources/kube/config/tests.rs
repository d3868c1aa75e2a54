use std::path::Path;

use pretty_assertions::assert_eq;
use secrecy::ExposeSecret as _;

use super::*;
use crate::sources::auth::{Blob, Login};

struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }
}

fn env(vars: &[(&str, &str)]) -> Env {
    vars.iter().copied().collect()
}

/// A kubeconfig with one context `c`, whose cluster and user are given.
fn one(cluster: &str, user: &str) -> String {
    format!(
        "current-context: c\ncontexts:\n- name: c\n  context: {{cluster: k, user: u}}\n\
         clusters:\n- name: k\n  cluster: {cluster}\nusers:\n- name: u\n  user: {user}\n"
    )
}

fn target_of(text: &str) -> Result<Target> {
    target_with(text, &Choice::default(), &[])
}

fn target_with(text: &str, choice: &Choice, vars: &[(&str, &str)]) -> Result<Target> {
    let files = Files::new();
    let path = files.write("dir/config", text);
    let choice = Choice { kubeconfig: Some(path), ..choice.clone() };
    Kubeconfig::load(&choice, &env(vars))?.target(&choice, &env(vars))
}

fn detail(result: Result<Target>) -> (Kind, String) {
    let error = result.unwrap_err();
    (error.kind, error.detail.map(|d| d.raw().to_owned()).unwrap_or_default())
}

#[test]
fn of_several_files_the_first_entry_of_a_name_stands_whole() {
    let files = Files::new();
    let a = files.write(
        "a",
        "current-context: ''\nclusters:\n- {name: k, cluster: {server: 'https://a'}}\n\
         users:\n- {name: u, user: {username: ann}}\n",
    );
    let b = files.write(
        "b",
        "current-context: dev\nclusters:\n- {name: k, cluster: {server: 'https://b', tls-server-name: b}}\n\
         users:\n- {name: u, user: {token: t}}\ncontexts:\n- {name: dev, context: {cluster: k, user: u, namespace: n}}\n",
    );
    let c = files
        .write("c", "current-context: prod\ncontexts:\n- {name: dev, context: {cluster: x}}\n- name: prod\n");
    let list = std::env::join_paths([&a, &files.path().join("missing"), &b, &a, &c]).unwrap();
    let env = env(&[("KUBECONFIG", list.to_str().unwrap())]);
    let config = Kubeconfig::load(&Choice::default(), &env).unwrap();
    assert_eq!(config.files(), [a, b, c]);
    assert_eq!((config.contexts().collect::<Vec<_>>(), config.current()), (vec!["dev", "prod"], Some("dev")));
    let target = config.target(&Choice::default(), &env).unwrap();
    assert_eq!(
        (target.server.to_string(), target.tls_server_name.as_deref(), target.namespace.as_str()),
        ("https://a/".to_owned(), None, "n")
    );
    assert!(matches!(&target.login, Login::Basic(user, _) if user == "ann"));
}

#[test]
fn without_a_list_the_file_in_the_home_folder_is_read() {
    let files = Files::new();
    let path = files.write(".kube/config", &one("{server: 'https://h'}", "{}"));
    let env = env(&[("HOME", files.path().to_str().unwrap()), ("KUBECONFIG", "")]);
    assert_eq!(Kubeconfig::load(&Choice::default(), &env).unwrap().files(), [path]);
}

#[test]
fn a_missing_file_is_an_error_when_it_was_named_or_is_the_only_one() {
    let files = Files::new();
    let missing = Choice { kubeconfig: Some(files.path().join("x")), ..Choice::default() };
    assert_eq!(Kubeconfig::load(&missing, &Env::default()).unwrap_err().kind, Kind::Config);
    let env = env(&[("HOME", files.path().to_str().unwrap())]);
    let error = Kubeconfig::load(&Choice::default(), &env).unwrap_err();
    assert!(error.on.raw().ends_with("/.kube/config") && error.hint.unwrap().contains("KUBECONFIG"));
}

#[test]
fn variables_that_redirect_clients_refuse_the_start() {
    for name in ["KUBE_RS_DEBUG_OVERRIDE_URL", "KUBE_RS_DEBUG_IMPERSONATE_USER"] {
        let error = Kubeconfig::load(&Choice::default(), &env(&[(name, "http://evil")])).unwrap_err();
        assert_eq!((error.kind, error.on.raw()), (Kind::Refused, name));
        assert!(!format!("{error:?}").contains("evil"));
    }
}

#[test]
fn relative_paths_begin_at_the_kubeconfigs_folder_and_bare_plugin_names_do_not() {
    let text = one(
        "{server: 'https://h', certificate-authority: ca.pem}",
        "{client-certificate: c.pem, client-key: /abs/k.pem, tokenFile: t/token}",
    );
    let target = target_of(&text).unwrap();
    let Authority::Given(Blob::File(ca)) = &target.authority else { panic!("{:?}", target.authority) };
    assert!(ca.is_absolute() && ca.ends_with("dir/ca.pem"));
    let pair = target.certificate.unwrap();
    assert!(matches!(&pair.chain, Blob::File(p) if p.ends_with("dir/c.pem")));
    assert!(matches!(&pair.key, Blob::File(p) if p == Path::new("/abs/k.pem")));
    assert!(matches!(&target.login, Login::TokenFile(p, None) if p.ends_with("dir/t/token")));

    let command = |c: &str| {
        let exec = format!("{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: {c}}}}}");
        match target_of(&one("{server: 'https://h'}", &exec)).unwrap().login {
            Login::Plugin(plugin) => plugin.command.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(command("aws"), Path::new("aws"));
    assert!(command("./bin/login").is_absolute() && command("bin/login").ends_with("dir/bin/login"));
}

#[test]
fn inline_data_goes_before_files_and_a_token_before_a_plugin() {
    let exec = "exec: {apiVersion: client.authentication.k8s.io/v1, command: x}";
    let text = one(
        "{server: 'https://h', certificate-authority: f, certificate-authority-data: UEVN}",
        &format!("{{token: t, {exec}}}"),
    );
    let target = target_of(&text).unwrap();
    assert!(matches!(&target.authority, Authority::Given(Blob::Inline(b)) if b.expose_secret() == b"PEM"));
    assert!(matches!(target.login, Login::Token(_)));
}

#[test]
fn plugins_are_read_with_their_variables_and_cluster_info() {
    let files = Files::new();
    files.write("ca.pem", "PEM");
    let path = files.write(
        "config",
        "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\nclusters:\n- name: k\n  cluster:\n\
         \x20   server: https://h\n    certificate-authority: ca.pem\n    extensions:\n    - name: client.authentication.k8s.io/exec\n\
         \x20     extension: {audience: a}\nusers:\n- name: u\n  user:\n    exec:\n      apiVersion: client.authentication.k8s.io/v1beta1\n\
         \x20     command: p\n      args: [a, --secret=CANARY]\n      env: [{name: N, value: CANARY}]\n      installHint: get it\n\
         \x20     interactiveMode: Always\n      provideClusterInfo: true\n",
    );
    let choice = Choice { kubeconfig: Some(path), ..Choice::default() };
    let config = Kubeconfig::load(&choice, &Env::default()).unwrap();
    let target = config.target(&choice, &Env::default()).unwrap();
    let Login::Plugin(plugin) = &target.login else { panic!("{:?}", target.login) };
    assert_eq!(plugin.args, ["a", "--secret=CANARY"]);
    assert_eq!((plugin.env.len(), plugin.needs_terminal), (1, true));
    assert_eq!(plugin.api_version, "client.authentication.k8s.io/v1beta1");
    assert_eq!(
        serde_json::to_value(plugin.cluster.as_ref().unwrap()).unwrap(),
        serde_json::json!({"server": "https://h", "certificate-authority-data": "UEVN", "config": {"audience": "a"}})
    );
    let printed = format!("{target:?} {config:?} {plugin:?}");
    assert!(!printed.contains("CANARY"), "{printed}");
}

#[test]
fn addresses_are_read_as_client_go_reads_them() {
    for (cluster, server) in [
        ("{server: 'https://h:6443/'}", "https://h:6443/"),
        ("{server: 'https://rancher/k8s/clusters/c-1/'}", "https://rancher/k8s/clusters/c-1"),
        ("{server: 'h:8080'}", "http://h:8080/"),
        ("{server: 'h:6443', insecure-skip-tls-verify: true}", "https://h:6443/"),
        ("{server: 'https://[fd00::1]:6443'}", "https://[fd00::1]:6443/"),
    ] {
        assert_eq!(target_of(&one(cluster, "{}")).unwrap().server.to_string(), server);
    }
    for cluster in
        ["{}", "{server: ''}", "{server: 'ftp://h'}", "{server: 'https://u:p@h'}", "{server: 'https://h?x'}"]
    {
        assert_eq!(detail(target_of(&one(cluster, "{}"))).0, Kind::Config, "{cluster}");
    }
}

#[test]
fn insecure_targets_say_so() {
    let insecure = |cluster: &str| target_of(&one(cluster, "{}")).unwrap().insecure();
    assert!(insecure("{server: 'https://h', insecure-skip-tls-verify: true}"));
    assert!(insecure("{server: 'http://127.0.0.1:8001'}"));
    assert!(!insecure("{server: 'https://h', insecure-skip-tls-verify: null}"));
}

#[test]
fn a_token_never_crosses_a_network_in_plain_http() {
    assert_eq!(
        detail(target_of(&one("{server: 'http://h'}", "{token: t}"))),
        (Kind::Config, "a token or password would cross the network unencrypted".to_owned())
    );
    target_of(&one("{server: 'http://127.0.0.1:1'}", "{token: t}")).unwrap();
    target_of(&one("{server: 'http://h'}", "{}")).unwrap();
}

#[test]
fn what_is_missing_is_named() {
    let text = one("{server: 'https://h'}", "{}");
    let other = Choice { context: Some("nope".to_owned()), ..Choice::default() };
    let error = target_with(&text, &other, &[]).unwrap_err();
    assert_eq!((error.on.raw(), error.hint.as_deref()), ("nope", Some("there are: c")));
    for (text, said) in [
        (text.replace("name: k", "name: z"), "its cluster \"k\" is not in the kubeconfig"),
        (text.replace("name: u", "name: z"), "its user \"u\" is not in the kubeconfig"),
        (text.replace("current-context: c", ""), "no context is chosen"),
        (one("{server: 'https://h'}", "{client-key: k}"), "its user has a client key but no certificate"),
        (
            one("{server: 'https://h'}", "{client-certificate: k}"),
            "its user has a client certificate but no key",
        ),
        (
            one("{server: 'https://h'}", "{client-certificate-data: '***', client-key: k}"),
            "its client-certificate-data is not base64",
        ),
        (
            one(
                "{server: 'https://h'}",
                "{exec: {command: x, apiVersion: client.authentication.k8s.io/v1alpha1}}",
            ),
            "its exec plugin's apiVersion \"client.authentication.k8s.io/v1alpha1\" is not supported",
        ),
        (
            one("{server: 'https://h'}", "{auth-provider: {name: gcp}}"),
            "its user's auth-provider \"gcp\" is not supported",
        ),
    ] {
        assert_eq!(detail(target_of(&text)), (Kind::Config, said.to_owned()));
    }
}

#[test]
fn damaged_files_are_told_by_place_and_never_quoted() {
    for text in [
        "users:\n- name: u\n  user: {token: [CANARY]}\n",
        "users: CANARY\n",
        "users:\n  - name: 'CANARY\n",
        "a: &a [x]\nb: &b [*a, *a, *a]\nusers: [*b, CANARY]\n",
    ] {
        let error = target_of(text).unwrap_err();
        let printed = format!("{error} {error:?}");
        assert!(error.kind == Kind::Config && !printed.contains("CANARY"), "{printed}");
        assert!(error.detail.unwrap().raw().contains("line "), "{printed}");
    }
    let bomb = format!("a: &a {}x{}\n", "[".repeat(5000), "]".repeat(5000));
    assert_eq!(target_of(&bomb).unwrap_err().kind, Kind::Config);
    let huge = format!("# {}\n", "x".repeat(5 << 20));
    assert_eq!(target_of(&huge).unwrap_err().kind, Kind::TooLarge);
}

#[test]
fn impersonation_comes_from_the_command_line_or_the_kubeconfig() {
    let user = "{as: bob, as-uid: '7', as-groups: [a, b], as-user-extra: {scopes: [x, y]}}";
    let text = one("{server: 'https://h'}", user);
    assert_eq!(
        target_of(&text).unwrap().impersonate,
        Some(Impersonation {
            user: "bob".to_owned(),
            uid: Some("7".to_owned()),
            groups: vec!["a".to_owned(), "b".to_owned()],
            extra: vec![("scopes".to_owned(), "x".to_owned()), ("scopes".to_owned(), "y".to_owned())],
        })
    );
    let choice =
        Choice { as_user: Some("eve".to_owned()), as_groups: vec!["g".to_owned()], ..Choice::default() };
    assert_eq!(
        target_with(&text, &choice, &[]).unwrap().impersonate,
        Some(Impersonation {
            user: "eve".to_owned(),
            groups: vec!["g".to_owned()],
            ..Impersonation::default()
        })
    );
    let alone = Choice { as_groups: vec!["g".to_owned()], ..Choice::default() };
    assert_eq!(target_with(&one("{server: 'https://h'}", "{}"), &alone, &[]).unwrap_err().kind, Kind::Usage);
}

#[test]
fn the_proxy_is_chosen_for_the_clusters_host() {
    let vars = [("HTTPS_PROXY", "http://p:3128"), ("NO_PROXY", "inside.example")];
    let proxied =
        |cluster: &str| target_with(&one(cluster, "{}"), &Choice::default(), &vars).unwrap().proxy.is_some();
    assert!(proxied("{server: 'https://outside.example'}"));
    assert!(!proxied("{server: 'https://k.inside.example'}"));
    assert!(proxied("{server: 'https://k.inside.example', proxy-url: 'socks5://s'}"));
}

//! Where the secrets are planted, and how the program is started among them.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::needles::Canary;
use super::told;
use crate::harness::{Launch, Session, script};
use crate::hostile::records;
use crate::leave::parrot;
use crate::stand::{SECRETS, Stand};

/// The password that the stand's own chart has in its values and in its Secret.
const SHOP: &str = "kH7-qz2Lw9-vT4x";

/// Each place, and what is planted there.
const PLACES: [(&str, &str); 15] = [
    ("release values 6", "Zq8vKm3XwTf1/Rb6Yn2LsHd9"),
    ("release values 7", "Wd4rGx7BqJc2/Tv9Mp5NkZh3"),
    ("values under a key of a subtree", "Hs6tQn1ClVy8/Fk3Dw7PzXm4"),
    ("values with a URL", "Bv2yLr9SgKt6/Jx4Qc8WnHd7"),
    ("defaults of the chart", "Nf5mTw3ZpRk9/Gc7Xv2BsLq6"),
    ("data of a Secret", "Xk9wPd4VnMr2/Cz6Ht8QjSf5"),
    ("text data of a Secret", "Lc3qFv8JtWb7/Mk5Rz9DxNp2"),
    ("last applied configuration", "Rt7bYs2HkGv4/Wn8Pf3LcQz6"),
    ("output of the plugin", "Dj4hMz6TxCw9/Kp2Vb7RnGs8"),
    ("standard error of the plugin", "Pm8kXb5QfLv3/Zt6Nc9WdHy2"),
    ("argument of the plugin", "Vy2nCj7RwSk4/Qf9Tm3BzLx8"),
    ("userinfo of a URL", "Gx6sJd3NvPt8/Hb4Kw9ZrMf7"),
    ("bearer of a source", "Qw9zHn5KcTb2/Yv7Ld3XjRs6"),
    ("header of a source", "Tn3pVf8WkXd6/Sq5Jm2GcBz9"),
    ("token in a URL", "Jb7cRk4MzQy9/Nw2Fx6TvPh3"),
];

/// What is planted, and the files in which it is; no file of the program's own is among them.
pub struct Planted {
    /// All of it.
    pub all: Vec<Canary>,
    folder: tempfile::TempDir,
}

/// A mistake or a failure, and the variables that make it.
pub type Broken = (String, Vec<(String, String)>);

impl Planted {
    /// Plants in a stand.
    pub fn in_stand(stand: &Stand) -> Self {
        let mut all: Vec<Canary> = PLACES.iter().map(|(place, text)| Canary::new(place, text)).collect();
        all.push(Canary::new("token of the kubeconfig", stand.whole().stand().token()));
        let planted = Self { all, folder: tempfile::tempdir().unwrap() };
        for revision in [6, 7] {
            planted.in_record(stand, revision);
        }
        planted.in_secrets(stand);
        planted.in_files(stand);
        planted
    }

    fn of(&self, place: &str) -> &Canary {
        self.all.iter().find(|c| c.place == place).unwrap()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts the revision's own password into its values and its rendered Secret, and more into its values.
    fn in_record(&self, stand: &Stand, revision: u32) {
        let path = format!("{SECRETS}/sh.helm.release.v1.momo.v{revision}");
        let own = self.of(&format!("release values {revision}"));
        let mut secret = stand.get(&path);
        let text = records::unpack(&secret).to_string();
        let rendered = STANDARD.encode(SHOP);
        assert!(text.contains(SHOP) && text.contains(&rendered));
        let text = text.replace(SHOP, &own.text).replace(&rendered, &own.in_secret());
        let mut record: Value = serde_json::from_str(&text).unwrap();
        let nested = self.of("values under a key of a subtree");
        let at = self.of("values with a URL").in_url();
        record["config"]["auth"] = json!({"tokens": [{"name": "ci", "value": nested.text}], "enabled": true});
        record["config"]["database"] =
            json!({"url": format!("postgres://shop:{at}@db.momo.example/shop{revision}")});
        record["chart"]["values"]["adminPassword"] = json!(self.of("defaults of the chart").text);
        secret["data"]["release"] = json!(STANDARD.encode(records::pack(record.to_string().as_bytes())));
        assert_eq!(stand.ask("PUT", &path, Some(&secret)).0, 200);
    }

    fn in_secrets(&self, stand: &Stand) {
        // The release's own Secret, as revision 7 has left it.
        let path = format!("{SECRETS}/backend-db");
        let mut live = stand.get(&path);
        live["data"]["DB_PASSWORD"] = json!(self.of("release values 7").in_secret());
        assert_eq!(stand.ask("PUT", &path, Some(&live)).0, 200);
        let applied = self.of("last applied configuration");
        let last = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "zz-planted"},
            "data": {"a": applied.in_secret()}, "stringData": {"b": applied.text},
        });
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {
                "name": "zz-planted",
                "annotations": {"kubectl.kubernetes.io/last-applied-configuration": last.to_string()},
            },
            "data": {"a": self.of("data of a Secret").in_secret()},
            "stringData": {"b": self.of("text data of a Secret").text},
        });
        stand.create(SECRETS, &secret);
    }

    fn in_files(&self, stand: &Stand) {
        let (url, token) = (stand.whole().stand().url(), stand.whole().stand().token());
        self.write("kubeconfig", &kubeconfig(&url, &format!("{{token: {token}}}")));
        let credential = json!({
            "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
            "spec": {"note": self.of("output of the plugin").text}, "status": {"token": token},
        });
        let said = self.of("standard error of the plugin");
        let plugin = format!("echo 'logged in, token: {}' >&2\necho '{credential}'\n", said.text);
        self.write("plugged", &kubeconfig(&url, &self.plugin("plugin", &plugin)));
        let [prometheus, loki, alertmanager] = stand.whole().urls();
        let context = deckwatch_sim::stand::CONTEXT;
        self.write(
            "config/config.toml",
            &format!(
                "[general]\nallow_plain_secrets = true\n[contexts.{context}]\nprotected = false\n\
                 [[sources.prometheus]]\nurl = \"{}\"\n\
                 [[sources.loki]]\nurl = \"{loki}\"\nbearer = \"{}\"\nheaders = {{ X-Api-Key = \"{}\" }}\n\
                 [[sources.alertmanager]]\nurl = \"{alertmanager}\"\nbasic = {{ user = \"me\", password = \"{}\" }}\n",
                self.with_user(&prometheus),
                self.of("bearer of a source").text,
                self.of("header of a source").text,
                self.of("userinfo of a URL").text,
            ),
        );
    }

    /// Writes a plugin. Returns the user of a kubeconfig that runs it.
    fn plugin(&self, name: &str, body: &str) -> String {
        script(&self.file(name), body);
        let argument = &self.of("argument of the plugin").text;
        format!(
            "{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: {}, args: [--secret, {argument}], \
             env: [{{name: PLUGIN_PASSWORD, value: {argument}}}], interactiveMode: Never}}}}",
            self.file(name).display()
        )
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.file(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn with_user(&self, url: &str) -> String {
        url.replacen("://", &format!("://me:{}@", self.of("userinfo of a URL").in_url()), 1)
    }

    /// Returns how the cockpit is started with everything that is planted in the configuration.
    pub fn launch(&self, stand: &Stand) -> Launch {
        Launch::new(env!("CARGO_BIN_EXE_deckwatch"))
            .size(200, 60)
            .env("KUBECONFIG", self.file("kubeconfig"))
            .env("DECKWATCH_CONFIG_DIR", self.file("config"))
            .env("XDG_STATE_HOME", stand.file("state"))
            .env("DECKWATCH_LOG", "debug")
            .env("DECKWATCH_FAILPOINTS", "1")
    }

    /// Starts it.
    pub fn cockpit(&self, stand: &Stand, view: &str) -> Session {
        self.launch(stand).arg("--view").arg(view).start()
    }

    /// Returns how a command is started with everything that is planted in the environment.
    pub fn command(&self, stand: &Stand, kubeconfig: &str, words: &[&str]) -> Command {
        let [prometheus, loki, alertmanager] = stand.whole().urls();
        let mut command = Command::new(env!("CARGO_BIN_EXE_deckwatch"));
        command.args(words).env_clear().current_dir(stand.folder()).stdin(Stdio::null());
        command.env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", stand.file("home")).env("TZ", "UTC");
        command.env("KUBECONFIG", self.file(kubeconfig)).env("DECKWATCH_CONFIG_DIR", stand.folder());
        command.env("XDG_STATE_HOME", stand.file("state")).env("DECKWATCH_LOG", "debug");
        command.env("PROMETHEUS_URL", self.with_user(&prometheus)).env("LOKI_ADDR", loki);
        command.env("LOKI_BEARER_TOKEN", &self.of("bearer of a source").text);
        command.env("ALERTMANAGER_URL", self.with_user(&alertmanager));
        command
    }

    /// Runs a command. Returns its exit code and everything that it printed.
    pub fn run(&self, stand: &Stand, kubeconfig: &str, words: &[&str]) -> (i32, String) {
        told(&mut self.command(stand, kubeconfig, words))
    }

    /// Returns what can be wrong around a secret.
    pub fn broken(&self) -> Vec<Broken> {
        let (user, bearer) = (self.of("userinfo of a URL"), &self.of("bearer of a source").text);
        let (at, header) = (user.in_url(), &self.of("header of a source").text);
        let token = self.of("token in a URL").in_url();
        let port = parrot();
        let sources = |what: &str, [prometheus, loki, alertmanager]: [String; 3]| {
            let vars =
                [("PROMETHEUS_URL", prometheus), ("LOKI_ADDR", loki), ("ALERTMANAGER_URL", alertmanager)];
            let empty = self.file("empty").display().to_string();
            let vars = vars.map(|(n, v)| (n.to_owned(), v)).into_iter();
            let more = [
                ("DECKWATCH_CONFIG_DIR".to_owned(), empty),
                ("LOKI_BEARER_TOKEN".to_owned(), bearer.clone()),
            ];
            (what.to_owned(), vars.chain(more).collect())
        };
        let mut out = vec![
            sources(
                "sources repeat what they were sent",
                [
                    format!("http://me:{at}@127.0.0.1:{port}"),
                    format!("http://127.0.0.1:{port}"),
                    format!("http://127.0.0.1:{port}/?token={token}"),
                ],
            ),
            sources(
                "sources are nowhere",
                [
                    format!("http://me:{at}@127.0.0.1:9"),
                    format!("http://127.0.0.1:9/?access_token={token}"),
                    format!("http://me:{at}@nowhere.invalid:9093/"),
                ],
            ),
            sources(
                "addresses are no URLs",
                [
                    format!("htp://me:{at}@host"),
                    format!("http://me:{at}@[host"),
                    format!("me:{at}@host:9093"),
                ],
            ),
        ];
        let said = &self.of("standard error of the plugin").text;
        let answer = &self.of("output of the plugin").text;
        let at_parrot = format!("http://127.0.0.1:{port}");
        let user_of = |bearer: &str| format!("{{token: \"{bearer}\"}}");
        let refused = format!("echo 'token: {said} refused; Authorization: Bearer {said}' >&2\nexit 1\n");
        let rubbish = format!("echo 'your token is {answer}'\n");
        let kubeconfigs = [
            ("a plugin fails", kubeconfig(&at_parrot, &self.plugin("refused", &refused))),
            ("a plugin prints rubbish", kubeconfig(&at_parrot, &self.plugin("rubbish", &rubbish))),
            ("the API server repeats what it was sent", kubeconfig(&at_parrot, &user_of(bearer))),
            (
                "a server's URL has a user",
                kubeconfig(&format!("http://me:{at}@127.0.0.1:9"), &user_of(bearer)),
            ),
            (
                "a proxy's URL has a user",
                kubeconfig(
                    &format!("{at_parrot}, proxy-url: \"http://me:{at}@127.0.0.1:9\""),
                    &user_of(bearer),
                ),
            ),
            ("a kubeconfig ends in a token", kubeconfig(&at_parrot, &format!("{{token: \"{bearer}"))),
            ("a token is a list", kubeconfig(&at_parrot, &format!("{{token: [{bearer}]}}"))),
            ("a user is a text", kubeconfig(&at_parrot, bearer)),
        ];
        for (number, (what, text)) in kubeconfigs.into_iter().enumerate() {
            let name = format!("broken-{number}");
            self.write(&name, &text);
            out.push((
                what.to_owned(),
                vec![("KUBECONFIG".to_owned(), self.file(&name).display().to_string())],
            ));
        }
        let lines = [
            format!("url = \"http://h\"\nbearer = \"{bearer}\""),
            format!("url = \"http://h\"\nbearer = \"{bearer}"),
            format!("url = \"http://h\"\nbearer = {bearer}"),
            format!("url = \"http://h\"\nbaerer = \"{bearer}\""),
            format!("url = \"http://h\"\nbasic = \"me:{bearer}\""),
            format!("url = \"http://h\"\nbasic = {{ user = \"me\", password = [\"{bearer}\"] }}"),
            format!("url = \"http://h\"\nbasic = {{ user = \"me\", pasword = \"{bearer}\" }}"),
            format!("url = \"http://h\"\nheaders = \"X-Api-Key: {header}\""),
            format!("url = \"http://h\"\nheaders = {{ X-Api-Key = \"{header}\" }}"),
            format!("url = \"http://h\"\nheaders = {{ X-Api-Key = [\"{header}\"] }}"),
            format!("url = \"htp://me:{at}@h\""),
            format!("url = \"http://me:{at}@h\""),
            format!("url = \"http://me:{at}@h"),
            format!("url = [\"http://me:{at}@h\"]"),
            format!("ulr = \"http://me:{at}@h\""),
            format!("url = \"http://h\"\nproxy = \"ftp://me:{at}@h\""),
            format!("url = \"http://h\"\nproxy = \"http://me:{at}@[h\""),
        ];
        for (number, lines) in lines.into_iter().enumerate() {
            let folder = format!("config-{number}");
            self.write(&format!("{folder}/config.toml"), &format!("[[sources.prometheus]]\n{lines}\n"));
            let vars = vec![("DECKWATCH_CONFIG_DIR".to_owned(), self.file(&folder).display().to_string())];
            out.push((format!("the configuration has {lines:?}"), vars));
        }
        out
    }
}

fn kubeconfig(server: &str, user: &str) -> String {
    let context = deckwatch_sim::stand::CONTEXT;
    let server = server.replacen(", proxy-url", "\", proxy-url", 1);
    let quote = if server.contains("proxy-url") { "" } else { "\"" };
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: {context}\n\
         clusters:\n- name: c\n  cluster: {{server: \"{server}{quote}}}\n\
         contexts:\n- name: {context}\n  context: {{cluster: c, user: u, namespace: momo-store}}\n\
         users:\n- name: u\n  user: {user}\n"
    )
}

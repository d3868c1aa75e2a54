//! `docs/command-line.md`: every subcommand and option, and the exit codes.

use clap::{Arg, Command, CommandFactory as _};

use super::{code, opening, table};
use crate::cli::args::Cli;

const ABOUT: &str = "\
Without a subcommand `deckwatch` opens the cockpit on the current kubeconfig context. Every subcommand prints and ends;
it reads the same sources as the cockpit, and waits for them for 30 s at most.

With `-o json` it prints upstream's shape where there is one: `alerts` the array of Alertmanager's `/api/v2/alerts`,
`releases` that of `helm list -o json`, `history` that of `helm history -o json`, `query` the `data` of Prometheus' query
API. `logs` prints one entry a line. All else are our own documents, each with its `schema`, described in
[`docs/schemas/`](schemas/).";

const AFTER: &str = "
## Exit codes

| Code | Meaning |
|---|---|
| 0 | Done. |
| 1 | Failed: what and why is on standard error, with a hint where there is one. |
| 2 | Usage: the command line, the configuration or the kubeconfig is wrong; nothing was sent. |
| 3 | Partial: what is printed is true, but a source did not answer or something was cut, said on standard error. |
| 4 | Denied: the right is missing, or the credentials were refused. |
| 5 | The outcome of a write is not known: it was sent, and the reply was lost. It is never sent again by itself. |

## Environment

| Variable | Meaning |
|---|---|
| `KUBECONFIG` | The kubeconfig files, as for kubectl. |
| `PROMETHEUS_URL`, `LOKI_ADDR`, `ALERTMANAGER_URL` | Where the sources are, where `config.toml` says nothing; several Alertmanagers with commas. |
| `LOKI_USERNAME`, `LOKI_PASSWORD`, `LOKI_BEARER_TOKEN`, `LOKI_BEARER_TOKEN_FILE`, `LOKI_ORG_ID`, `LOKI_CA_CERT_PATH`, `LOKI_CLIENT_CERT_PATH`, `LOKI_CLIENT_KEY_PATH`, `LOKI_TLS_SKIP_VERIFY` | As for logcli. |
| `DECKWATCH_CONFIG_DIR` | The folder of `config.toml`, `themes/` and `keymaps/`. |
| `XDG_STATE_HOME` | Where the journals are kept, in `deckwatch/`; `~/.local/state` where it is not set. |
| `NO_COLOR` | Draws without colours. |
";

/// Returns the reference.
pub fn markdown() -> String {
    let mut root = Cli::command();
    root.build();
    let mut out = opening("Command line", "clap's own tree", ABOUT);
    out.push_str("\n## `deckwatch`\n\n");
    out.push_str(&options(&root, |_| true));
    out.push_str(
        "\nWhere to look (`--kubeconfig` to `--as-group`) may be said before or after every subcommand.\n",
    );
    for command in shown(&root) {
        section(command, "deckwatch", &mut out);
    }
    out.push_str(AFTER);
    out
}

fn shown(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|c| !c.is_hide_set() && c.get_name() != "help")
}

fn section(command: &Command, before: &str, out: &mut String) {
    let name = format!("{before} {}", command.get_name());
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    if !command.is_subcommand_required_set() {
        alone(command, &name, &about, out);
    }
    for inner in shown(command) {
        section(inner, &name, out);
    }
}

/// What a command does without a subcommand of its own.
fn alone(command: &Command, name: &str, about: &str, out: &mut String) {
    let usage: Vec<String> = command.get_positionals().map(value).collect();
    let usage = [name.to_owned(), usage.join(" ")].join(" ");
    out.push_str(&format!("\n## {}\n\n{about}.\n\n```\n{} [OPTIONS]\n```\n", code(name), usage.trim_end()));
    let own = options(command, |a| !a.is_global_set());
    if !own.is_empty() {
        out.push('\n');
        out.push_str(&own);
    }
}

fn value(arg: &Arg) -> String {
    let names = arg.get_value_names().unwrap_or_default();
    let name = names.first().map_or_else(|| arg.get_id().as_str().to_uppercase(), ToString::to_string);
    let more = if arg.get_num_args().is_some_and(|n| n.max_values() > 1) { "…" } else { "" };
    match (arg.is_positional(), arg.is_required_set()) {
        (true, true) => format!("<{name}>{more}"),
        (true, false) => format!("[{name}]{more}"),
        (false, _) => name,
    }
}

fn options(command: &Command, keep: impl Fn(&Arg) -> bool) -> String {
    let hidden = |a: &Arg| a.is_hide_set() || matches!(a.get_id().as_str(), "help" | "version");
    let rows: Vec<[String; 3]> = command.get_arguments().filter(|a| !hidden(a) && keep(a)).map(row).collect();
    if rows.is_empty() { String::new() } else { table(["Option", "Default", "Meaning"], rows) }
}

fn row(arg: &Arg) -> [String; 3] {
    let mut names: Vec<String> = Vec::new();
    names.extend(arg.get_short().map(|c| format!("-{c}")));
    let aliases = arg.get_visible_aliases().unwrap_or_default();
    names.extend(arg.get_long().into_iter().chain(aliases).map(|l| format!("--{l}")));
    let takes = arg.get_action().takes_values();
    let values: Vec<String> = arg
        .get_possible_values()
        .iter()
        .filter(|v| !v.is_hide_set())
        .map(|v| v.get_name().to_owned())
        .collect();
    let what = if takes && !values.is_empty() { values.join("|") } else { value(arg) };
    let name = match (arg.is_positional(), takes) {
        (true, _) if values.is_empty() => value(arg),
        (true, _) => what,
        (false, true) if arg.get_num_args().is_some_and(|n| n.min_values() == 0) => {
            format!("{}[={what}]", names.join(", "))
        }
        (false, true) => format!("{} {what}", names.join(", ")),
        (false, false) => names.join(", "),
    };
    let default: Vec<String> = if takes {
        arg.get_default_values().iter().map(|v| v.to_string_lossy().into_owned()).collect()
    } else {
        Vec::new()
    };
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let stop = if help.is_empty() || help.ends_with('…') { "" } else { "." };
    [code(&name), code(&default.join(" ")), format!("{help}{stop}")]
}

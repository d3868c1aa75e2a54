//! What on this host may end a long operation before it is through, though it outlives the terminal.
//!
//! Only what is certain is told: logind's settings where this process is in a login session, the user's
//! service manager without lingering, a service that ends with its main process, a PID 1 that is a shell.
//! What can't be read is not guessed. Reads a few small files below a root, never asks a service. Tested
//! with roots of the tests' own making.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use crate::core::Safe;

/// The most bytes of a file that are read.
const LARGEST: u64 = 256 << 10;
/// The most files of a `logind.conf.d` that are read.
const MOST: usize = 256;
/// Where systemd's configuration is, the most important folder first.
const FOLDERS: [&str; 4] = ["etc/systemd", "run/systemd", "usr/local/lib/systemd", "usr/lib/systemd"];
/// What a PID 1 is called that ends when a person leaves.
const SHELLS: [&str; 10] =
    ["sh", "bash", "dash", "ash", "zsh", "fish", "ksh", "mksh", "sshd-session", "deckwatch"];

/// Returns a sentence for each thing that ends processes which a user leaves behind; `root` is `/`.
///
/// `user` is the account's name, where it is known: logind's lists and lingering go by it.
pub fn killers(user: Option<&str>, root: &Path) -> Vec<Safe> {
    let mut out = Vec::new();
    // What `sd_booted` looks at: without systemd its files, if any, mean nothing.
    if root.join("run/systemd/system").is_dir() {
        let place = read(root, "proc/self/cgroup").map(|text| place(&text)).unwrap_or_default();
        out.extend(session(&place, user, root));
        out.extend(manager(&place, user, root));
        out.extend(unit(&place, root));
    }
    out.extend(first_process(root));
    out
}

/// Login sessions: what logind does with what they leave behind.
fn session(place: &str, user: Option<&str>, root: &Path) -> Option<Safe> {
    if !place.split('/').any(|part| part.starts_with("session-") && part.strip_suffix(".scope").is_some()) {
        return None;
    }
    let logind = Logind::read(root);
    let because = logind.kills(user)?;
    Some(Safe::of(&format!(
        "logind ends what this login session has begun when the session ends ({because}): stay logged in until it is \
         through, or run deckwatch by `systemd-run --user --scope` with lingering on (`loginctl enable-linger`)"
    )))
}

/// The user's own service manager, which ends with the last session unless the user lingers.
fn manager(place: &str, user: Option<&str>, root: &Path) -> Option<Safe> {
    let unit = place.split('/').find(|part| part.starts_with("user@") && part.ends_with(".service"))?;
    let plain = |name: &&str| !name.is_empty() && !name.contains('/') && !matches!(*name, "." | "..");
    let user = user.filter(plain)?;
    let lingers = root.join("var/lib/systemd/linger").join(user).try_exists().unwrap_or(true);
    (!lingers).then(|| {
        Safe::of(&format!(
            "deckwatch runs below {unit}, which systemd ends after the last session of {user}: stay logged in until it \
             is through, or switch lingering on (`loginctl enable-linger`)"
        ))
    })
}

/// A service or scope that `systemd-run` has made.
fn unit(place: &str, root: &Path) -> Vec<Safe> {
    let Some(unit) = place.rsplit('/').find(|part| !part.is_empty()) else { return Vec::new() };
    let made =
        unit.starts_with("run-") && ["service", "scope"].contains(&unit.rsplit('.').next().unwrap_or(""));
    // A unit of the user's manager has its file elsewhere, which only its owner may read.
    let folder = match place.split('/').find_map(|p| p.strip_prefix("user@")?.strip_suffix(".service")) {
        Some(uid) if uid.bytes().all(|b| b.is_ascii_digit()) => format!("run/user/{uid}/systemd/transient"),
        Some(_) => return Vec::new(),
        None => "run/systemd/transient".to_owned(),
    };
    let Some(file) = read(root, &format!("{folder}/{unit}")).filter(|_| made) else { return Vec::new() };
    let mut settings = Settings::default();
    settings.add(&file, "the unit");
    for (name, text) in drop_ins(root, &[&format!("{folder}/{unit}.d")]) {
        settings.add(&text, &name);
    }
    let mut out = Vec::new();
    let last = |key: &str| settings.last(key).map(|(value, _)| value);
    let whole = !last("KillMode").is_some_and(|mode| matches!(mode, "process" | "none"));
    let stays = last("RemainAfterExit").and_then(yes) == Some(true) || last("ExitType") == Some("cgroup");
    if unit.ends_with(".service") && whole && !stays {
        out.push(Safe::of(&format!(
            "{unit} ends with its first process, and systemd ends all that it has begun: keep deckwatch open until it \
             is through"
        )));
    }
    if let Some(limit) = last("RuntimeMaxSec").filter(|limit| !matches!(*limit, "" | "infinity" | "0")) {
        out.push(Safe::of(&format!("systemd ends {unit} after RuntimeMaxSec={limit}")));
    }
    out
}

/// A container, or a machine without an init: all ends with its first process.
fn first_process(root: &Path) -> Option<Safe> {
    let name = read(root, "proc/1/comm")?;
    let name = name.trim();
    SHELLS.contains(&name).then(|| {
        Safe::of(&format!(
            "the first process here (PID 1) is {name}, as in a container without an init: all ends with it, so keep it \
             open until it is through"
        ))
    })
}

/// Returns where this process is in systemd's tree, from the text of `/proc/self/cgroup`: by systemd's own
/// hierarchy beside the old ones, or by the unified one.
fn place(text: &str) -> String {
    let of = |wanted: fn(&str, &str) -> bool| {
        text.lines().find_map(|line| {
            let (id, rest) = line.split_once(':')?;
            let (controllers, path) = rest.split_once(':')?;
            wanted(id, controllers).then(|| path.to_owned())
        })
    };
    let path = of(|_, controllers| controllers == "name=systemd").filter(|path| path != "/");
    path.or_else(|| of(|id, _| id == "0")).unwrap_or_default()
}

/// The settings of one kind of file, in the order in which they count.
#[derive(Debug, Default)]
struct Settings(BTreeMap<String, Vec<(String, String)>>);

impl Settings {
    /// Adds the settings of a file; sections do not matter, since no key is in two of them.
    fn add(&mut self, text: &str, file: &str) {
        let joined = text.replace("\\\n", " ");
        for line in joined.lines().map(str::trim) {
            if line.starts_with(['#', ';', '[']) {
                continue;
            }
            if let Some((key, value)) = line.split_once('=') {
                let values = self.0.entry(key.trim_end().to_owned()).or_default();
                values.push((value.trim_start().to_owned(), file.to_owned()));
            }
        }
    }

    fn last(&self, key: &str) -> Option<(&str, &str)> {
        self.0.get(key)?.last().map(|(value, file)| (value.as_str(), file.as_str()))
    }

    /// Returns a list that lines add to and that an empty one begins anew; none where no line says anything.
    fn list(&self, key: &str) -> Option<Vec<&str>> {
        let mut out = Vec::new();
        for (value, _) in self.0.get(key)? {
            if value.is_empty() {
                out.clear();
            }
            out.extend(value.split_whitespace().map(|name| name.trim_matches(['"', '\''])));
        }
        Some(out)
    }
}

/// What logind is told to do.
struct Logind(Settings);

impl Logind {
    /// Reads its files as systemd does: the first main file that there is, then all others by their names.
    fn read(root: &Path) -> Self {
        let mut settings = Settings::default();
        let mut main = FOLDERS.iter().map(|folder| format!("{folder}/logind.conf"));
        if let Some((name, text)) = main.find_map(|name| read(root, &name).map(|text| (name, text))) {
            settings.add(&text, &name);
        }
        let folders = FOLDERS.map(|folder| format!("{folder}/logind.conf.d"));
        for (name, text) in drop_ins(root, &folders.each_ref().map(String::as_str)) {
            settings.add(&text, &name);
        }
        Self(settings)
    }

    /// Returns the setting because of which what a user leaves behind is ended.
    fn kills(&self, user: Option<&str>) -> Option<String> {
        let named = |list: &[&str]| user.is_some_and(|user| list.contains(&user));
        let excluded = self.0.list("KillExcludeUsers");
        if named(excluded.as_deref().unwrap_or(&["root"])) {
            return None;
        }
        if let Some(only) = self.0.list("KillOnlyUsers").filter(|only| !only.is_empty()) {
            let (_, file) = self.0.last("KillOnlyUsers")?;
            return named(&only).then(|| format!("KillOnlyUsers in /{file}"));
        }
        // What can't be read as yes or no leaves the setting as it was.
        let values = self.0.0.get("KillUserProcesses")?;
        let (kills, file) = values.iter().rev().find_map(|(value, file)| Some((yes(value)?, file)))?;
        kills.then(|| format!("KillUserProcesses=yes in /{file}"))
    }
}

/// Reads a boolean as systemd does.
fn yes(value: &str) -> Option<bool> {
    match value.trim().to_ascii_lowercase().as_str() {
        "1" | "yes" | "y" | "true" | "t" | "on" => Some(true),
        "0" | "no" | "n" | "false" | "f" | "off" => Some(false),
        _ => None,
    }
}

/// Reads the `*.conf` files of some folders in the order of their names; of two with one name that of the folder
/// that comes first.
fn drop_ins(root: &Path, folders: &[&str]) -> Vec<(String, String)> {
    let mut found = BTreeMap::new();
    for folder in folders.iter().rev() {
        let entries = std::fs::read_dir(root.join(folder)).into_iter().flatten().flatten();
        for entry in entries.take(MOST) {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.strip_suffix(".conf").is_some() {
                found.insert(name.clone(), format!("{folder}/{name}"));
            }
        }
    }
    found.into_values().filter_map(|path| read(root, &path).map(|text| (path, text))).collect()
}

/// Reads a file below the root. One that is no plain file, as a link to `/dev/null` that masks another, is empty.
fn read(root: &Path, path: &str) -> Option<String> {
    let path = root.join(path);
    if !std::fs::metadata(&path).ok()?.is_file() {
        return Some(String::new());
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path).ok()?.take(LARGEST).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests;

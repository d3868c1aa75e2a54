//! Where the configuration lies.

use std::path::PathBuf;

/// The variables of the environment that decide, read by the caller.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `DECKWATCH_CONFIG_DIR`
    pub config_dir: Option<PathBuf>,
    /// `XDG_CONFIG_HOME`
    pub xdg: Option<PathBuf>,
    /// `HOME`
    pub home: Option<PathBuf>,
}

impl Environment {
    /// Reads them with `get`; an empty variable is none.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Self {
        let path = |name| get(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        Self { config_dir: path("DECKWATCH_CONFIG_DIR"), xdg: path("XDG_CONFIG_HOME"), home: path("HOME") }
    }
}

/// Returns the directory of the configuration: the named one, else XDG's, else `~/.config/deckwatch`
/// where it exists, else the platform's own.
pub fn directory(environment: &Environment) -> Option<PathBuf> {
    if let Some(named) = &environment.config_dir {
        return Some(named.clone());
    }
    // XDG wants relative paths ignored.
    if let Some(xdg) = environment.xdg.as_ref().filter(|p| p.is_absolute()) {
        return Some(xdg.join("deckwatch"));
    }
    let dotted = environment.home.as_ref().map(|home| home.join(".config/deckwatch"));
    if let Some(dotted) = dotted.filter(|d| d.is_dir()) {
        return Some(dotted);
    }
    directories::ProjectDirs::from("", "", "deckwatch").map(|dirs| dirs.config_dir().to_owned())
}

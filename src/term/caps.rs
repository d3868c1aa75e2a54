//! What the terminal can do, told by the environment alone: a question to the terminal may never be
//! answered, and its late answer would be read as keys.
//!
//! Pure: the environment is an argument.

use crate::ui::theme::Depth;

/// What is known about the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Colours.
    pub depth: Depth,
    /// The session came over SSH: frames are drawn more rarely.
    pub ssh: bool,
    /// It runs inside tmux.
    pub tmux: bool,
    /// Frames are marked as synchronised updates.
    pub sync: bool,
    /// The kitty keyboard protocol is known to be there.
    pub keyboard: bool,
    /// It cannot move its cursor (`TERM=dumb`): nothing can be drawn.
    pub dumb: bool,
    /// Text beyond ASCII can be shown, as the locale says.
    pub unicode: bool,
}

impl Caps {
    /// Reads the variables of the process.
    pub fn from_process() -> Self {
        Self::from_env(|name| std::env::var(name).ok())
    }

    /// Reads the variables that `get` knows; an empty one counts as absent.
    pub fn from_env(get: impl Fn(&str) -> Option<String>) -> Self {
        let var = |name: &str| get(name).filter(|v| !v.is_empty());
        let term = var("TERM").unwrap_or_default();
        let program = var("TERM_PROGRAM").unwrap_or_default();
        let dumb = term.is_empty() || term == "dumb";
        let tmux = var("TMUX").is_some() || term.starts_with("tmux");
        let screen = tmux || var("STY").is_some() || term.starts_with("screen");
        let keyboard = !screen
            && (var("KITTY_WINDOW_ID").is_some()
                || ["xterm-kitty", "xterm-ghostty", "foot", "foot-extra"].contains(&term.as_str())
                || program == "ghostty");
        Self {
            depth: if dumb || var("NO_COLOR").is_some() { Depth::None } else { depth(&term, &program, &var) },
            ssh: var("SSH_TTY").is_some() || var("SSH_CONNECTION").is_some(),
            tmux,
            // Inside a multiplexer the mark may repaint the whole pane; the console prints what it does not know.
            sync: !dumb && !screen && term != "linux",
            keyboard,
            dumb,
            unicode: unicode(&var),
        }
    }
}

fn depth(term: &str, program: &str, var: &impl Fn(&str) -> Option<String>) -> Depth {
    let colorterm = var("COLORTERM").unwrap_or_default();
    // Apple's Terminal says neither and has 256.
    if colorterm == "truecolor" || colorterm == "24bit" || term.ends_with("-direct") || term == "xterm-kitty"
    {
        Depth::True
    } else if term.contains("256color") || program == "Apple_Terminal" || term.starts_with("foot") {
        Depth::Ansi256
    } else {
        Depth::Ansi16
    }
}

fn unicode(var: &impl Fn(&str) -> Option<String>) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| var(name));
    // No locale at all is common in containers and over SSH, whose terminals are UTF-8 all the same.
    locale.is_none_or(|l| {
        let l = l.to_ascii_lowercase();
        l.contains("utf-8") || l.contains("utf8")
    })
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn caps(vars: &[(&str, &str)]) -> Caps {
        Caps::from_env(|n| vars.iter().find(|(k, _)| *k == n).map(|(_, v)| (*v).to_owned()))
    }

    #[test]
    fn colours_are_as_many_as_the_environment_says() {
        for (vars, depth) in [
            (&[("TERM", "xterm-256color")][..], Depth::Ansi256),
            (&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")], Depth::True),
            (&[("TERM", "xterm")], Depth::Ansi16),
            (&[("TERM", "linux")], Depth::Ansi16),
            (&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("NO_COLOR", "1")], Depth::None),
            (&[("TERM", "xterm-256color"), ("NO_COLOR", "")], Depth::Ansi256),
            (&[("TERM", "dumb")], Depth::None),
            (&[], Depth::None),
        ] {
            assert_eq!(caps(vars).depth, depth, "{vars:?}");
        }
    }

    #[test]
    fn a_plain_terminal_over_ssh_inside_tmux_is_told_from_a_local_one() {
        let wanted = Caps {
            depth: Depth::Ansi256,
            ssh: true,
            tmux: true,
            sync: false,
            keyboard: false,
            dumb: false,
            unicode: false,
        };
        let vars = [
            ("TERM", "tmux-256color"),
            ("TMUX", "/run/tmux,1,0"),
            ("SSH_TTY", "/dev/pts/3"),
            ("LANG", "C"),
            ("KITTY_WINDOW_ID", "1"),
        ];
        assert_eq!(caps(&vars), wanted);
        let local = caps(&[("TERM", "xterm-kitty"), ("LANG", "en_US.UTF-8")]);
        assert!(local.sync && local.keyboard && local.unicode && !local.ssh && !local.tmux);
    }
}

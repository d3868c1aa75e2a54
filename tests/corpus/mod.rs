//! Texts that a hostile server, tenant or log may hold. Shared by the tests of what is drawn and of what
//! is written to a terminal.

/// Escape sequences of every kind, and texts that look like something else.
pub const CORPUS: &[(&str, &str)] = &[
    ("CSI: clear the screen, move, colour", "\u{1b}[2J\u{1b}[1;1H\u{1b}[31mRED\u{1b}[0m"),
    ("CSI: ask the terminal to answer", "\u{1b}[6n\u{1b}[c\u{1b}[>q"),
    ("CSI: alternate screen, mouse, bracketed paste", "\u{1b}[?1049l\u{1b}[?1003h\u{1b}[?2004l"),
    ("OSC 0: the window's title", "\u{1b}]0;owned\u{7}"),
    ("OSC 8: a link elsewhere", "\u{1b}]8;;https://evil.example\u{1b}\\click\u{1b}]8;;\u{1b}\\"),
    ("OSC 52: the clipboard", "\u{1b}]52;c;cm0gLXJmIC8K\u{7}"),
    ("DCS: sixel and requests", "\u{1b}Pq#0;2;0;0;0\u{1b}\\\u{1b}P$qm\u{1b}\\"),
    ("APC and PM and SOS", "\u{1b}_Gf=100;AAAA\u{1b}\\\u{1b}^pm\u{1b}\\\u{1b}Xsos\u{1b}\\"),
    ("C1 as one character", "\u{9b}31m\u{9d}0;t\u{9c}\u{90}q\u{9c}\u{85}\u{84}"),
    ("an escape that is never ended", "\u{1b}[31"),
    ("bidi overrides and isolates", "\u{202e}gpj.exe\u{202c}\u{2066}x\u{2069}\u{200f}"),
    ("zero width", "pro\u{200b}d\u{200d}\u{feff}\u{2060}\u{ad}"),
    (
        "a tower of marks",
        "z\u{300}\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}\u{308}\u{309}\u{30a}\u{30b}",
    ),
    ("NUL, bell, backspaces, delete", "a\u{0}b\u{7}c\u{8}\u{8}\u{8}d\u{7f}"),
    ("carriage return over the line", "ready\rFAILED"),
    ("line ends and tabs", "one\ntwo\tthree\r\nfour\u{b}\u{c}\u{2028}\u{2029}"),
    ("invalid UTF-8, replaced", "a\u{fffd}b\u{fffd}\u{fffd}"),
    ("wide characters and emoji", "漢字漢字🚀👩‍👩‍👧‍👦🇩🇪"),
    ("tags, variation selectors, private use", "\u{e0041}\u{fe0f}\u{e000}\u{f8ff}\u{10fffd}"),
    ("marks beyond the usual blocks", "x\u{0e31}\u{0e31}\u{0e31}\u{0e31}\u{1ab0}\u{1ab0}\u{1ab0}\u{1ab0}"),
    ("Hangul fillers and blanks", "\u{3164}\u{115f}\u{1160}\u{ffa0}\u{2800}\u{3000}"),
];

/// A very long text without a blank, and one of many words.
#[allow(dead_code, reason = "what is written to a terminal has a longer one of its own")]
pub fn long() -> [&'static str; 2] {
    [Box::leak("x".repeat(20_000).into_boxed_str()), Box::leak("long words ".repeat(2_000).into_boxed_str())]
}

/// Returns whether a character drives a terminal or deceives an eye: none of these is ever written.
pub fn deceives(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{115f}'
                | '\u{1160}'
                | '\u{180e}'
                | '\u{3164}'
                | '\u{feff}'
                | '\u{ffa0}'
        )
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{fff9}'..='\u{fffb}')
        || matches!(c, '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}')
}

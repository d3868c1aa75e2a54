//! Colours: as theme files write them, as a terminal with fewer of them shows them, and how well they
//! can be read.

use ratatui_core::style::Color;

/// How many colours there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// None: `NO_COLOR`, or a terminal without.
    None,
    /// The terminal's own 16.
    Ansi16,
    /// The 256 of xterm.
    Ansi256,
    /// Any.
    True,
}

/// A colour as a theme names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// The terminal's own.
    Default,
    /// One of the terminal's 16.
    Ansi(u8),
    /// One of the 256.
    Indexed(u8),
    /// Any.
    Rgb(u8, u8, u8),
}

const NAMES: [&str; 8] = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

/// The 16 colours as most terminals come with them; only for choosing the nearest.
const ANSI: [(u8, u8, u8); 16] = [
    (0, 0, 0),
    (205, 0, 0),
    (0, 205, 0),
    (205, 205, 0),
    (0, 0, 238),
    (205, 0, 205),
    (0, 205, 205),
    (229, 229, 229),
    (127, 127, 127),
    (255, 0, 0),
    (0, 255, 0),
    (255, 255, 0),
    (92, 92, 255),
    (255, 0, 255),
    (0, 255, 255),
    (255, 255, 255),
];

impl Paint {
    /// Reads `default`, a name of the 16 (`red`, `bright-red`), a number of the 256, or `#rrggbb`.
    pub fn parse(word: &str) -> Option<Self> {
        if word == "default" {
            return Some(Self::Default);
        }
        if let Some(hex) = word.strip_prefix('#') {
            let all = (hex.len() == 6 && hex.is_ascii()).then(|| u32::from_str_radix(hex, 16).ok())??;
            let [_, r, g, b] = all.to_be_bytes();
            return Some(Self::Rgb(r, g, b));
        }
        if let Ok(n) = word.parse::<u8>() {
            return Some(Self::Indexed(n));
        }
        let (name, offset) = word.strip_prefix("bright-").map_or((word, 0), |name| (name, 8));
        NAMES.iter().position(|n| *n == name).map(|n| Self::Ansi(n as u8 + offset))
    }

    /// Returns the colour as a terminal of this depth shows it; `None` where it shows none.
    pub fn color(self, depth: Depth) -> Option<Color> {
        match (self, depth) {
            (_, Depth::None) => None,
            (Self::Default, _) => Some(Color::Reset),
            (Self::Ansi(n), _) => Some(ansi(n)),
            (Self::Indexed(n), Depth::Ansi256 | Depth::True) => Some(Color::Indexed(n)),
            (Self::Rgb(r, g, b), Depth::True) => Some(Color::Rgb(r, g, b)),
            (Self::Rgb(r, g, b), Depth::Ansi256) => Some(Color::Indexed(nearest_256((r, g, b)))),
            (Self::Rgb(r, g, b), Depth::Ansi16) => Some(ansi(nearest_16((r, g, b)))),
            (Self::Indexed(n), Depth::Ansi16) => Some(ansi(nearest_16(rgb_of_256(n)))),
        }
    }

    /// Returns red, green and blue; `None` for the terminal's own colour, which is not known.
    pub fn rgb(self) -> Option<(u8, u8, u8)> {
        match self {
            Self::Default => None,
            Self::Ansi(n) => ANSI.get(usize::from(n)).copied(),
            Self::Indexed(n) => Some(rgb_of_256(n)),
            Self::Rgb(r, g, b) => Some((r, g, b)),
        }
    }
}

fn ansi(n: u8) -> Color {
    const ALL: [Color; 16] = [
        Color::Black,
        Color::Red,
        Color::Green,
        Color::Yellow,
        Color::Blue,
        Color::Magenta,
        Color::Cyan,
        Color::Gray,
        Color::DarkGray,
        Color::LightRed,
        Color::LightGreen,
        Color::LightYellow,
        Color::LightBlue,
        Color::LightMagenta,
        Color::LightCyan,
        Color::White,
    ];
    ALL.get(usize::from(n)).copied().unwrap_or(Color::Reset)
}

const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];

fn rgb_of_256(n: u8) -> (u8, u8, u8) {
    match n {
        0..=15 => ANSI.get(usize::from(n)).copied().unwrap_or_default(),
        16..=231 => {
            let level = |i: u8| LEVELS.get(usize::from(i % 6)).copied().unwrap_or(0);
            let n = n - 16;
            (level(n / 36), level(n / 6), level(n))
        }
        232..=255 => {
            let grey = 8 + (n - 232) * 10;
            (grey, grey, grey)
        }
    }
}

fn nearest_256(rgb: (u8, u8, u8)) -> u8 {
    // The first 16 are the user's own and may be anything.
    (16..=255).min_by_key(|n| distance(rgb, rgb_of_256(*n))).unwrap_or(15)
}

fn nearest_16(rgb: (u8, u8, u8)) -> u8 {
    (0..16).min_by_key(|n| distance(rgb, rgb_of_256(*n))).unwrap_or(7)
}

/// A cheap distance that weighs the channels as eyes do.
fn distance(a: (u8, u8, u8), b: (u8, u8, u8)) -> i32 {
    let d = |x: u8, y: u8| (i32::from(x) - i32::from(y)).pow(2);
    let mean = i32::midpoint(i32::from(a.0), i32::from(b.0));
    (((512 + mean) * d(a.0, b.0)) >> 8) + 4 * d(a.1, b.1) + (((767 - mean) * d(a.2, b.2)) >> 8)
}

/// Returns the contrast of two colours by WCAG 2: 1 is none, 21 black on white, 4.5 is readable.
pub fn contrast(a: (u8, u8, u8), b: (u8, u8, u8)) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn luminance((r, g, b): (u8, u8, u8)) -> f64 {
    let linear = |c: u8| {
        let c = f64::from(c) / 255.0;
        if c <= 0.039_28 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
}

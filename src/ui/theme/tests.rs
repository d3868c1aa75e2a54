use pretty_assertions::assert_eq;
use ratatui_core::style::Color;

use super::*;

const GLYPHS: Glyphs = Glyphs { unicode: true };

fn none(_: &str) -> Option<Source> {
    None
}

fn load(name: &str, depth: Depth) -> Theme {
    Theme::load(name, &none, depth, GLYPHS).unwrap()
}

fn user(text: &'static str) -> impl Fn(&str) -> Option<Source> {
    move |name| {
        (name == "mine" || name == "dark")
            .then(|| Source { path: format!("themes/{name}.toml").into(), text: text.to_owned() })
    }
}

fn mistake(text: &'static str) -> String {
    let file = user(text);
    let only = |name: &str| if name == "mine" { file(name) } else { None };
    Theme::load("mine", &only, Depth::True, GLYPHS).unwrap_err().line()
}

#[test]
fn every_built_in_theme_defines_every_role_and_can_be_read() {
    for (name, _) in BUILT_IN {
        assert_eq!(check(name, &none).unwrap(), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn without_colours_only_attributes_are_left_and_states_still_stand_out() {
    for (name, _) in BUILT_IN {
        let theme = load(name, Depth::None);
        for role in Role::ALL {
            let style = theme.style(*role);
            assert_eq!((style.fg, style.bg), (None, None), "{name} {}", role.name());
        }
        let plain = theme.style(Role::Text);
        for role in [
            Role::Selected,
            Role::Failing,
            Role::Marked,
            Role::Pinned,
            Role::Armed,
            Role::Search,
            Role::SearchCurrent,
        ] {
            assert_ne!(theme.style(role), plain, "{name} {}", role.name());
        }
    }
}

#[test]
fn on_16_and_256_colours_no_other_colour_is_used() {
    for (name, _) in BUILT_IN {
        for role in Role::ALL {
            for color in
                [load(name, Depth::Ansi16).style(*role).fg, load(name, Depth::Ansi16).style(*role).bg]
            {
                assert!(!matches!(color, Some(Color::Indexed(_) | Color::Rgb(..))), "{name} {color:?}");
            }
            let color = load(name, Depth::Ansi256).style(*role).fg;
            assert!(!matches!(color, Some(Color::Rgb(..))), "{name} {color:?}");
        }
    }
}

#[test]
fn the_accents_differ_at_every_depth() {
    for (name, _) in BUILT_IN {
        for depth in [Depth::Ansi16, Depth::Ansi256, Depth::True] {
            let theme = load(name, depth);
            let of = |role| theme.style(role).fg;
            let [failing, warning, action] = [Role::Failing, Role::Warning, Role::Action].map(of);
            assert!(failing != warning && warning != action && failing != action, "{name} {depth:?}");
            let series: std::collections::HashSet<_> =
                Role::SERIES.iter().map(|r| theme.style(*r).fg).collect();
            assert_eq!(series.len(), 8, "{name} {depth:?}");
        }
    }
}

#[test]
fn a_role_falls_back_to_the_part_before_its_dot_and_then_to_the_theme_inherited_from() {
    let text = "[palette]\nfailing = \"#00ff00\"\n[roles]\nstatus = \"bold failing\"\n";
    let theme = Theme::load("mine", &user(text), Depth::True, GLYPHS).unwrap();
    let green = Style::default().fg(Color::Rgb(0, 255, 0)).add_modifier(Modifier::BOLD);
    assert_eq!(theme.style(Role::Failing), green);
    assert_eq!(theme.style(Role::Dim), load("dark", Depth::True).style(Role::Dim));
}

#[test]
fn a_users_file_may_bear_the_name_of_the_theme_that_it_changes() {
    let text = "inherits = \"dark\"\n[roles]\nheading = \"underline\"\n";
    let theme = Theme::load("dark", &user(text), Depth::True, GLYPHS).unwrap();
    assert_eq!(theme.style(Role::Heading), Style::default().add_modifier(Modifier::UNDERLINED));
    assert_eq!(theme.style(Role::Key), load("dark", Depth::True).style(Role::Key));
}

#[test]
fn mistakes_are_told_with_file_and_line() {
    for (text, wanted) in [
        ("\n[roles]\nheadin = \"bold\"\n", "themes/mine.toml:3: unknown role `headin`"),
        (
            "[roles]\ntext = \"bold redd\"\n",
            "themes/mine.toml:2: `redd` is neither a colour of the palette nor a known word",
        ),
        ("[roles]\ntext = 3\n", "themes/mine.toml:2: a style is text, as in \"bold red on black\""),
        (
            "[palette]\nx = \"#12345\"\n",
            "themes/mine.toml:2: not a colour: `#rrggbb`, 0 to 255, or one of the 16 names",
        ),
        ("colour = \"red\"\n", "themes/mine.toml:1: unknown or wrong: `colour`"),
        ("a\n=", "themes/mine.toml:1: key with no value, expected `=`"),
        ("inherits = \"mine2\"\n", "mine2"),
    ] {
        let found = mistake(text);
        assert!(found.ends_with(wanted), "{found}");
    }
}

#[test]
fn themes_that_inherit_in_a_circle_end() {
    let turn = |name: &str| {
        let parent = if name == "a" { "b" } else { "a" };
        Some(Source { path: name.into(), text: format!("inherits = \"{parent}\"\n") })
    };
    let error = Theme::load("a", &turn, Depth::True, GLYPHS).unwrap_err();
    assert_eq!(error.kind, Kind::Config);
}

#[test]
fn colours_are_brought_to_the_nearest_that_there_is() {
    let red = Paint::parse("#ff0000").unwrap();
    assert_eq!(red.color(Depth::True), Some(Color::Rgb(255, 0, 0)));
    assert_eq!(red.color(Depth::Ansi256), Some(Color::Indexed(196)));
    assert_eq!(red.color(Depth::Ansi16), Some(Color::LightRed));
    assert_eq!(red.color(Depth::None), None);
    assert_eq!(Paint::parse("bright-blue"), Some(Paint::Ansi(12)));
    assert_eq!(Paint::parse("208"), Some(Paint::Indexed(208)));
    assert_eq!(Paint::parse("nothing"), None);
    assert!((contrast((0, 0, 0), (255, 255, 255)) - 21.0).abs() < 0.01);
}

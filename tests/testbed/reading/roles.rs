//! What each view says to a user who may look at everything but Secrets, and to one who is confined to a
//! namespace: what is denied says so and names the right, and is never shown as empty.

use deckwatch::app::views::View;

use crate::stand::{SHOP, User, deckwatch, shop};

/// A view, what it shows to the reader, and what to the confined user.
type Expected = (&'static str, &'static [&'static str], &'static [&'static str]);

const NO_SECRETS: &[&str] = &["⊘ denied", "list secrets: denied", "hint: ask for the verb `list` on secrets"];
const NO_RELEASES: &[&str] = &["⊘ denied", "helmreleases", "hint: ask for the verb `list`"];
const NO_SERVICES: &[&str] = &["⊘ denied", "list services", "PROMETHEUS_URL"];
const TABLE: [Expected; 14] = [
    (
        "watch",
        &["not checked: helm records (denied)", "prom ⊘", "am ⊘", "nothing known wrong"],
        &["nodes (denied)", "helm records (denied)", "prom ⊘", "nothing known wrong"],
    ),
    ("alerts", &["⊘ denied", "services/proxy"], NO_SERVICES),
    ("silences", &["⊘ denied", "services/proxy"], NO_SERVICES),
    ("pods", &["monitoring", "· live", "backend-"], &["· live", "backend-"]),
    ("deploy", &["· live", "backend"], &["· live", "backend"]),
    (
        "nodes",
        &["120 nodes · live"],
        &["⊘ denied", "list nodes: denied", "hint: ask for the verb `list` on nodes"],
    ),
    ("events", &["live"], &["live"]),
    ("secrets", NO_SECRETS, NO_SECRETS),
    ("releases", NO_SECRETS, NO_SECRETS),
    ("gitops", NO_RELEASES, NO_RELEASES),
    ("timeline", &["partial", "without helm records"], &["partial", "without helm records"]),
    ("sources", &["⊘ denied", "monitoring/loki:3100", "1 of 4 answer"], &["⊘ denied", "1 of 4 answer"]),
    ("board", &["choose a workload"], &["choose a workload"]),
    ("journal", &["Journal"], &["Journal"]),
];

fn frame(user: User, view: &str) -> String {
    let place: &[&str] = if user == User::Confined { &["-n", SHOP] } else { &["-A"] };
    let output = deckwatch(user, &[place, &["snapshot", view, "--size", "160x50"]].concat());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn each_view_tells_both_users_what_they_may_see_and_which_right_they_lack() {
    shop();
    for entry in View::TABLE.iter().filter(|e| e.opens.is_some()) {
        assert!(TABLE.iter().any(|(view, ..)| *view == entry.name), "{} is not in the table", entry.name);
    }
    let mut wrong = Vec::new();
    for (view, reader, confined) in TABLE {
        for (user, expected) in [(User::Reader, reader), (User::Confined, confined)] {
            let text = frame(user, view);
            let lacks: Vec<_> = expected.iter().filter(|e| !text.contains(**e)).collect();
            if !lacks.is_empty() {
                wrong.push(format!("{view} as {user:?} lacks {lacks:?}:\n{text}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

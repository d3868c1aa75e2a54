//! The incident on the real servers: from the alert to the healed service, by keys, though the terminal goes away in the
//! middle of the rollback.

use std::time::{Duration, Instant};

use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use crate::harness::{LONG, entries, until};
use crate::objects;
use crate::proxy::{Gate, Recorder, Then};
use crate::stand::{SHOP, User, cockpit, get, printed, shop, tool, wait_until, xtask};

/// How long the real Alertmanager may take to fire after the bad release.
const FIRES: Duration = Duration::from_secs(180);

fn helm(major: u8, args: &[&str]) -> String {
    printed(tool(&format!("helm{major}")).args(args))
}

fn history(major: u8, namespace: &str) -> Vec<Value> {
    let text = helm(major, &["history", "momo", "-n", namespace, "-o", "json"]);
    serde_json::from_str(&text).unwrap()
}

/// Waits until the real Alertmanager has an alert of that name, and returns it.
fn fired(name: &str) -> Value {
    wait_until(FIRES, &format!("{name} at the Alertmanager"), || {
        let alerts = get("ALERTMANAGER_URL", "/api/v2/alerts?active=true");
        alerts.as_array().unwrap().iter().find(|a| a["labels"]["alertname"] == name).cloned()
    })
}

#[test]
fn by_keys_from_the_alert_to_the_healed_service_and_the_real_helm_goes_on() {
    const OTHER: &str = "momo-other";
    shop();
    // The same release in a second namespace, which the real Helm will roll back.
    xtask(&["testbed", "release", "good", "--namespace", OTHER]);
    xtask(&["testbed", "release", "bad", "--namespace", OTHER]);
    let began = Instant::now();
    xtask(&["testbed", "release", "bad"]);
    let alert = fired("Backend5xxHigh");
    println!("Backend5xxHigh fired {:?} after the release", began.elapsed());
    assert!(began.elapsed() < FIRES);

    // A proxy keeps the fourth write waiting: one of the objects.
    let (proxy, gate) = (Recorder::start(User::Admin), Gate::closed());
    let (held, mut writes) = (gate.clone(), 0);
    proxy.follow(Box::new(move |seen| {
        writes += usize::from(seen.mutates());
        if seen.mutates() && writes == 4 { Then::HoldAfter(held.clone()) } else { Then::Pass }
    }));
    let state = tempfile::tempdir().unwrap();
    let launch = || {
        cockpit(User::Admin, (120, 40), true)
            .env("KUBECONFIG", proxy.kubeconfig())
            .env("XDG_STATE_HOME", state.path())
    };
    let mut session = launch().start();
    session.wait_long("Backend5xxHigh").wait_long("Deployment momo-store/backend");
    session.wait_long("release  momo-store/momo  6 → 7");
    // To the alert of the shop's own namespace: the second one has it too.
    session.keys(":alerts\r").wait_for("Backend5xxHigh");
    session.keys("/Backend5xxHigh.*momo-store\r").wait_for("/Backend5xxHigh.*momo-store");
    session.keys("\r").wait_for("likeliest first");
    session.wait_for("Deployment momo-store/backend   by").wait_for("6 → 7");
    let first = session.see(|s| suspects(&s.text()).first().cloned());
    assert!(first.as_deref().is_some_and(|l| l.contains("release") && l.contains("6 → 7")), "{first:?}");
    session.keys("gl").wait_for("condition begins");
    session.keys("gp").wait_for("Error ratio").wait_for("a value  last");
    session.keys("gc").wait_for("What changed before").wait_for("6 → 7");
    session.keys("\r").wait_for("Upgrade complete").wait_for("momo-store-0.0.1043");
    session.keys("r").wait_for("4 pods restart");
    session.keys("\r").wait_for("enter rolls back");
    session.keys("\r");
    // In the middle of it the terminal goes away, and with it the cockpit.
    until("an object has been written", || gate.is_reached());
    session.hang_up();
    session.wait_end();
    gate.open(true);
    let rolled = Instant::now();
    let next = launch().arg("--view").arg("journal").start();
    next.wait_for("roll back momo-store/momo 7 → 6, confirmed ").wait_for("of an earlier process: done: ");
    next.keys(":alerts\r").wait_within(LONG, "a healed service", |s| {
        let text = s.text();
        text.contains("── Alerts")
            && !text.contains("loading")
            && !text.lines().any(|l| l.contains("Backend5xxHigh") && l.contains(&format!(" {SHOP}/")))
    });
    println!("the cockpit shows no alert of the shop {:?} after the rollback", rolled.elapsed());
    wait_until(LONG, "the Alertmanager to have resolved it", || {
        let alerts = get("ALERTMANAGER_URL", "/api/v2/alerts?active=true");
        let ours =
            |a: &Value| a["labels"]["alertname"] == "Backend5xxHigh" && a["labels"]["namespace"] == SHOP;
        (!alerts.as_array().unwrap().iter().any(ours)).then_some(())
    });

    let told = entries(state.path());
    let of =
        |what: &str| told.iter().find(|e| e["what"] == what).unwrap_or_else(|| panic!("no {what}: {told:?}"));
    assert_eq!(of("alert")["fingerprint"], alert["fingerprint"]);
    assert!(of("moment")["pinned"].is_string());
    let plan = of("plan");
    assert_eq!((plan["from"].as_u64(), plan["to"].as_u64()), (Some(7), Some(6)));
    assert_eq!((&of("outcome")["outcome"], &of("found")["outcome"]), (&json!("done"), &json!("done")));
    next.keys("\x03").wait_end();
    next.assert_left_clean();
    next.assert_grammar();

    // Both Helms read what was written.
    for major in [3, 4] {
        let last = history(major, SHOP).pop().unwrap();
        assert_eq!(
            json!([last["revision"], last["status"], last["chart"], last["description"]]),
            json!([8, "deployed", "momo-store-0.0.1042", "Rollback to 6"]),
            "helm{major}"
        );
    }
    // The real rollback leaves the same objects and records.
    helm(3, &["rollback", "momo", "6", "-n", OTHER]);
    objects::assert_same(SHOP, OTHER);
    // And the real Helm goes on from there: an upgrade. Who stays to look on sees the service heal.
    xtask(&["testbed", "release", "bad"]);
    let session =
        cockpit(User::Admin, (120, 40), true).arg("-n").arg(SHOP).arg("--view").arg("releases").start();
    session.wait_for("momo-store-0.0.1043").keys("\r").wait_for("Upgrade complete");
    session.keys("r").wait_for("9 → 8").keys("\r").wait_for("enter rolls back");
    session.keys("\r").wait_within(LONG, "revision 10", |s| s.text().contains("✔ rolled back: revision 10"));
    session.wait_within(LONG, "a healed service", |s| s.text().contains("✔ healed"));
    let told = session.journal();
    assert_eq!(told.iter().find(|e| e["what"] == "check").unwrap()["healed"], true);
    session.keys("\x03").wait_end();
    // And a rollback of the real Helm.
    helm(3, &["rollback", "momo", "8", "-n", SHOP]);
    let last: Vec<Value> =
        history(4, SHOP).iter().map(|r| json!([r["revision"], r["status"], r["description"]])).collect();
    assert_eq!(
        last[last.len() - 4..],
        [
            json!([8, "superseded", "Rollback to 6"]),
            json!([9, "superseded", "Upgrade complete"]),
            json!([10, "superseded", "Rollback to 8"]),
            json!([11, "deployed", "Rollback to 8"])
        ]
    );
    helm(3, &["uninstall", "momo", "-n", OTHER]);
}

/// Returns the lines below the heading of the suspects.
fn suspects(text: &str) -> Vec<String> {
    text.lines().skip_while(|l| !l.contains("likeliest first")).skip(1).map(str::to_owned).collect()
}

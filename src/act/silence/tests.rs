//! The driver against a scripted Alertmanager: what is sent, how often, and what is told of it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use http::Method;
use pretty_assertions::assert_eq;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::act::journal::Journal;
use crate::core::{Error, Kind, Safe, Span, Zone};
use crate::ops::freeze::{Freeze, Freezes, When};
use crate::ops::gate::{Confirmation, Consent};
use crate::ops::silence::{Draft, Wish};
use crate::ops::{Gate, How, Outcome, PlanId, Policy, What};
use crate::query::alertmanager::matcher;
use crate::sources::auth::WallClock;
use crate::sources::http::fake::{Fake, answer};
use crate::sources::transport::{Answer, Request as Asked};

const BEGIN: Ts = Ts::from_secs(1_800_000_000);
const ID: &str = "8d6b6a2e-0000-4000-8000-00000000000a";
const NEW: &str = "8d6b6a2e-0000-4000-8000-00000000000b";

/// What becomes of a write.
#[derive(Clone, Debug)]
enum Fate {
    /// Done and answered.
    Done,
    /// Done, or not, and the reply is lost.
    Lost { done: bool },
    /// Not done, and answered like this.
    Answered(u16, &'static str),
    /// Nobody was reached.
    Unreached,
}

/// A scripted Alertmanager.
struct Script {
    silences: Mutex<Vec<Value>>,
    fate: Mutex<Fate>,
    writes: AtomicUsize,
    /// How many alerts match.
    alerts: AtomicUsize,
    /// Whether a change ends the silence and makes another one.
    replaces: std::sync::atomic::AtomicBool,
}

fn time(at: Ts) -> String {
    at.rfc3339_millis_in(Zone::Utc)
}

fn known() -> Value {
    json!({
        "id": ID, "status": {"state": "active"}, "updatedAt": time(BEGIN - Span::mins(5)),
        "matchers": [{"name": "alertname", "value": "X", "isRegex": false, "isEqual": true}],
        "startsAt": time(BEGIN - Span::mins(5)), "endsAt": time(BEGIN + Span::hours(1)),
        "createdBy": "ann", "comment": "why",
    })
}

impl Script {
    fn list(&self) -> std::sync::MutexGuard<'_, Vec<Value>> {
        self.silences.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, asked: &Asked) -> Result<Answer> {
        let said = |status, body: &Value| Ok(answer(status, "application/json", &body.to_string()));
        let path = asked.path.split('?').next().unwrap();
        match (&asked.method, path) {
            (&Method::GET, "/api/v2/silences") => said(200, &json!(*self.list())),
            (&Method::GET, "/api/v2/alerts") => {
                let one = |n| json!({"labels": {"alertname": "X", "pod": format!("p{n}")}, "status": {"state": "active"}});
                said(200, &(0..self.alerts.load(Ordering::SeqCst)).map(one).collect())
            }
            (&Method::GET, "/api/v2/alerts/groups") => said(200, &json!([])),
            (&Method::GET, _) => {
                let id = path.strip_prefix("/api/v2/silence/").unwrap();
                match self.list().iter().find(|s| s["id"] == id) {
                    Some(silence) => said(200, silence),
                    None => Ok(answer(404, "", "")),
                }
            }
            _ => {
                self.writes.fetch_add(1, Ordering::SeqCst);
                let fate = self.fate.lock().unwrap().clone();
                let does = matches!(fate, Fate::Done | Fate::Lost { done: true });
                let made = if does { self.change(asked) } else { "" };
                let lost = |kind| Err(Error::new(kind, "request").detail("connection closed"));
                match fate {
                    Fate::Done if asked.method == Method::DELETE => Ok(answer(200, "", "")),
                    Fate::Done => said(200, &json!({"silenceID": made})),
                    Fate::Lost { .. } => lost(Kind::Timeout),
                    Fate::Unreached => lost(Kind::Unreachable),
                    Fate::Answered(status, body) => Ok(answer(status, "application/json", body)),
                }
            }
        }
    }

    /// Does what is asked. Returns the id of the silence that has it.
    fn change(&self, asked: &Asked) -> &'static str {
        let mut list = self.list();
        if asked.method == Method::DELETE {
            list[0]["status"]["state"] = "expired".into();
            list[0]["updatedAt"] = time(BEGIN + Span::secs(1)).into();
            return ID;
        }
        let mut body: Value = serde_json::from_str(asked.form.as_ref().unwrap()).unwrap();
        body["status"] = json!({"state": "active"});
        body["updatedAt"] = time(BEGIN + Span::secs(1)).into();
        if self.replaces.load(Ordering::SeqCst) {
            list[0]["status"]["state"] = "expired".into();
            list[0]["updatedAt"] = time(BEGIN + Span::secs(1)).into();
            body["id"] = NEW.into();
            list.push(body);
            NEW
        } else if body.get("id").is_some() {
            list[0] = body;
            ID
        } else {
            body["id"] = NEW.into();
            list.push(body);
            NEW
        }
    }
}

/// What somebody else does to a silence.
type Change<'a> = &'a dyn Fn(&mut Value);

/// A scripted Alertmanager, a journal and a clock.
struct Stand {
    script: Arc<Script>,
    manager: Arc<Alertmanager>,
    fake: Arc<Fake>,
    folder: tempfile::TempDir,
    clock: WallClock,
}

impl Stand {
    fn new(fate: Fate) -> Self {
        let script = Arc::new(Script {
            silences: Mutex::new(vec![known()]),
            fate: Mutex::new(fate),
            writes: AtomicUsize::new(0),
            alerts: AtomicUsize::new(2),
            replaces: std::sync::atomic::AtomicBool::new(false),
        });
        let answers = Arc::clone(&script);
        let fake = Fake::new(move |asked| answers.answer(asked));
        let manager = Alertmanager::new("main", fake.clone(), Span::secs(5));
        let began = tokio::time::Instant::now();
        let clock: WallClock = Arc::new(move || {
            let gone = i64::try_from(began.elapsed().as_nanos()).unwrap();
            BEGIN + Span(gone)
        });
        Self { script, manager: Arc::new(manager), fake, folder: tempfile::tempdir().unwrap(), clock }
    }

    async fn prepare(&self, wish: &Wish) -> Prepared {
        let asker = Asker { client: None, now: (self.clock)() };
        prepare(&self.manager, asker, PlanId::new(BEGIN, 7), wish).await.unwrap()
    }

    async fn run(&self, prepared: Prepared) -> (Outcome, String) {
        let mut gate = Gate::new(Policy { protected: false, locked: false });
        let asked =
            Confirmation { consent: Consent::Yes(How::Enter), wait: None, reason: "r", overrides: false };
        let confirmed = gate.confirm(&prepared.plan, asked, (self.clock)()).unwrap();
        assert_eq!(gate.armed((self.clock)()), None, "a silence arms nothing in the cluster");
        let journal = Journal::open(self.folder.path(), BEGIN, 7);
        let stop = CancellationToken::new();
        let (outcome, text) = run(prepared, &self.clock, confirmed, journal, stop, &|_| {}).await;
        (outcome, text.to_string())
    }

    async fn whole(&self, wish: &Wish) -> (Outcome, String) {
        self.run(self.prepare(wish).await).await
    }

    fn writes(&self) -> usize {
        self.script.writes.load(Ordering::SeqCst)
    }

    /// Returns the states of writes in the journal.
    fn states(&self) -> Vec<String> {
        let Ok(files) = std::fs::read_dir(self.folder.path().join("journal")) else { return Vec::new() };
        let lines = files.map(|f| std::fs::read_to_string(f.unwrap().path()).unwrap()).collect::<String>();
        let entries = lines.lines().map(|l| serde_json::from_str::<Value>(l).unwrap());
        entries.filter_map(|e| e["state"].as_str().map(str::to_owned)).collect()
    }
}

fn id() -> SilenceId {
    SilenceId::parse(ID).unwrap()
}

fn new() -> Wish {
    let matchers = vec![matcher("alertname=X").unwrap()];
    let author = Some("ann".into());
    Wish::Add(Draft { matchers, length: Span::hours(2), comment: "rolling back".into(), author })
}

fn wishes() -> [Wish; 3] {
    [new(), Wish::Extend { id: id(), length: Span::hours(3) }, Wish::Expire { ids: vec![id()] }]
}

#[tokio::test(start_paused = true)]
async fn what_is_confirmed_is_sent_once_and_read_back() {
    for (wish, told) in wishes().iter().zip([
        format!("new silence: made as {NEW}, read back (at main)"),
        format!("silence {ID}: lasts until 2027-01-15T11:00:00Z, read back (at main)"),
        format!("silence {ID}: has ended, read back (at main)"),
    ]) {
        let stand = Stand::new(Fate::Done);
        assert_eq!(stand.whole(wish).await, (Outcome::Done, told));
        assert_eq!((stand.writes(), stand.states()), (1, vec!["sending".into(), "done".into()]), "{wish:?}");
    }
    let stand = Stand::new(Fate::Done);
    stand.whole(&Wish::Expire { ids: vec![id(), id()] }).await;
    let asked = stand.fake.asked();
    assert_eq!(asked.iter().filter(|a| !a.starts_with("GET")).count(), 1, "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn what_the_alertmanager_refuses_is_told_in_its_words() {
    for (status, body, kind, words) in [
        (400, "\"invalid silence: too long\"", Kind::BadQuery, "refused (400): invalid silence: too long"),
        (403, "{\"code\":403,\"message\":\"no\"}", Kind::Denied, "refused (403): no"),
        (404, "\"silence not found\"", Kind::NotFound, "refused (404): silence not found"),
        (302, "", Kind::Config, "redirects are not followed"),
    ] {
        for wish in wishes() {
            let stand = Stand::new(Fate::Answered(status, body));
            let (outcome, text) = stand.whole(&wish).await;
            let Outcome::Failed(error) = outcome else { panic!("{outcome:?}") };
            assert_eq!(error.kind, kind);
            assert!(text.contains(words), "{text}");
            assert_eq!((stand.writes(), stand.states()), (1, vec!["sending".into(), "refused".into()]));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_is_read_back_as_done() {
    for fate in [Fate::Lost { done: true }] {
        for wish in wishes() {
            let stand = Stand::new(fate.clone());
            let (outcome, text) = stand.whole(&wish).await;
            assert_eq!(outcome, Outcome::Done, "{text}");
            assert!(text.contains("read back after request: no answer"), "{text}");
            let states = ["sending", "unknown", "done"].map(str::to_owned).to_vec();
            assert_eq!((stand.writes(), stand.states()), (1, states));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_of_which_nothing_is_seen_is_unknown_after_a_time() {
    for fate in [
        Fate::Lost { done: false },
        Fate::Answered(502, "<html>Bad Gateway</html>"),
        Fate::Answered(503, "\"overloaded\""),
        Fate::Answered(500, "{\"code\":500,\"message\":\"failed\"}"),
        Fate::Answered(408, "\"slow\""),
    ] {
        for wish in wishes() {
            let stand = Stand::new(fate.clone());
            let (outcome, text) = stand.whole(&wish).await;
            assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
            assert!(text.contains("it is not there so far and may still arrive"), "{text}");
            let waited = (stand.clock)() - BEGIN;
            assert!(waited >= Span::secs(30) && waited < Span::secs(35), "{waited}");
            let states = ["sending", "unknown", "unknown"].map(str::to_owned).to_vec();
            assert_eq!((stand.writes(), stand.states()), (1, states));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_the_alertmanager_itself_is_read_back_as_not_done() {
    for wish in wishes() {
        let stand = Stand::new(Fate::Answered(500, "\"disk full\""));
        let (outcome, text) = stand.whole(&wish).await;
        assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
        assert!(
            text.contains("not done: read back after the Alertmanager answered 500: disk full"),
            "{text}"
        );
        // Another replica may have done it: that takes a moment to be told around.
        let waited = (stand.clock)() - BEGIN;
        assert!(waited >= Span::secs(3) && waited < Span::secs(8), "{waited}");
        let states = ["sending", "unknown", "refused"].map(str::to_owned).to_vec();
        assert_eq!((stand.writes(), stand.states()), (1, states));
    }
}

#[tokio::test(start_paused = true)]
async fn a_success_that_names_no_silence_is_not_done() {
    for wish in wishes() {
        for body in ["<html>login</html>", "{}", "{\"silenceID\":\"../x\"}"] {
            let stand = Stand::new(Fate::Answered(200, body));
            let (outcome, text) = stand.whole(&wish).await;
            assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
            let ends = matches!(wish, Wish::Expire { .. });
            let words = if ends {
                "accepted; it has not ended so far"
            } else {
                "the answer was 200 and named no silence; it is not there so far"
            };
            assert!(text.contains(words), "{text}");
            let states = if ends { &["sending", "unknown"][..] } else { &["sending", "unknown", "unknown"] };
            assert_eq!((stand.writes(), stand.states().as_slice()), (1, own(states).as_slice()));
        }
    }
}

fn own(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_success_is_read_back_by_its_id_and_compared() {
    const TOLD: &str = "{\"silenceID\":\"8d6b6a2e-0000-4000-8000-00000000000b\"}";
    let earlier = |_: &mut Value| {};
    let other = |s: &mut Value| s["matchers"][0]["value"] = "Y".into();
    let changes: [(Option<Change<'_>>, &str); 3] = [
        (None, "it is not seen so far"),
        (Some(&earlier), "but it is not as asked: it ends at 2027-01-15T09:00:00Z"),
        (Some(&other), "but it is not as asked: its matchers are alertname=\"Y\""),
    ];
    for (change, words) in changes {
        for wish in wishes().into_iter().take(2) {
            let stand = Stand::new(Fate::Answered(200, TOLD));
            let prepared = stand.prepare(&wish).await;
            if let Some(change) = change {
                let mut found = known();
                found["id"] = NEW.into();
                change(&mut found);
                stand.script.list().push(found);
            }
            let (outcome, text) = stand.run(prepared).await;
            assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
            assert!(text.contains(&format!("accepted as {NEW}")) && text.contains(words), "{text}");
            assert_eq!((stand.writes(), stand.states()), (1, own(&["sending", "unknown"])));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_did_not_leave_is_not_looked_for() {
    let stand = Stand::new(Fate::Unreached);
    let (outcome, text) = stand.whole(&new()).await;
    assert!(matches!(&outcome, Outcome::Failed(e) if e.kind == Kind::Unreachable), "{outcome:?}");
    assert!(text.contains("not sent: "), "{text}");
    assert_eq!(stand.states(), ["sending", "not sent"]);
}

#[tokio::test(start_paused = true)]
async fn a_silence_that_changed_meanwhile_is_noticed_and_nothing_is_sent() {
    let longer = |s: &mut Value| {
        s["endsAt"] = time(BEGIN + Span::hours(2)).into();
        s["updatedAt"] = time(BEGIN).into();
    };
    let ended = |s: &mut Value| s["status"]["state"] = "expired".into();
    let other = |s: &mut Value| s["id"] = NEW.into();
    let changes: [(Change<'_>, &str); 3] = [
        (&longer, "it changed since the plan was made"),
        (&ended, "it has expired since the plan was made"),
        (&other, "it is not there any more"),
    ];
    for (change, words) in changes {
        for wish in wishes().into_iter().skip(1) {
            let stand = Stand::new(Fate::Done);
            let prepared = stand.prepare(&wish).await;
            change(&mut stand.script.list()[0]);
            let (outcome, text) = stand.run(prepared).await;
            assert!(matches!(&outcome, Outcome::Failed(e) if e.kind == Kind::Conflict), "{outcome:?}");
            assert!(text.contains(words) && text.contains("nothing was sent"), "{text}");
            assert_eq!((stand.writes(), stand.states()), (0, Vec::new()));
        }
    }
    // One that would hide far more than was shown is shown anew.
    for wish in wishes().into_iter().take(2) {
        let stand = Stand::new(Fate::Done);
        let prepared = stand.prepare(&wish).await;
        stand.script.alerts.store(11, Ordering::SeqCst);
        let (_, text) = stand.run(prepared).await;
        assert!(text.contains("it would hide more by now, 11 alerts: X ×11: nothing was sent"), "{text}");
        assert_eq!(stand.writes(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn what_somebody_else_changes_after_a_lost_reply_is_not_called_done() {
    let stand = Stand::new(Fate::Lost { done: false });
    let prepared = stand.prepare(&Wish::Extend { id: id(), length: Span::hours(3) }).await;
    let script = Arc::clone(&stand.script);
    let change = async {
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        script.list()[0]["comment"] = "mine now".into();
    };
    let ((outcome, text), ()) = tokio::join!(stand.run(prepared), change);
    assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
    assert!(text.contains("somebody else has changed it meanwhile"), "{text}");
    assert_eq!(stand.writes(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_silence_that_is_replaced_to_last_longer_is_told_by_its_new_id() {
    for fate in [Fate::Done, Fate::Lost { done: true }] {
        let stand = Stand::new(fate);
        stand.script.replaces.store(true, Ordering::SeqCst);
        let (outcome, text) = stand.whole(&Wish::Extend { id: id(), length: Span::hours(3) }).await;
        assert_eq!(outcome, Outcome::Done);
        assert!(
            text.contains(&format!("was ended; {NEW} has its matchers until 2027-01-15T11:00:00Z")),
            "{text}"
        );
        assert_eq!(stand.writes(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_journal_nothing_is_sent() {
    let stand = Stand::new(Fate::Done);
    std::fs::write(stand.folder.path().join("journal"), "").unwrap();
    let (outcome, text) = stand.whole(&new()).await;
    assert!(matches!(&outcome, Outcome::Failed(e) if e.kind == Kind::Io), "{outcome:?}");
    assert!(text.contains("nothing was sent"), "{text}");
    assert_eq!(stand.writes(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_freeze_of_the_cluster_does_not_hold_a_silence_and_a_lock_does() {
    let stand = Stand::new(Fate::Done);
    let plan = stand.prepare(&new()).await.plan;
    let when = When::Once { start: BEGIN - Span::hours(1), end: BEGIN + Span::hours(1) };
    let freeze = Freeze { name: Safe::own("Friday"), contexts: Vec::new(), when, overridable: false };
    let asked = |how| Confirmation { consent: Consent::Yes(how), wait: None, reason: "r", overrides: false };
    let mut gate = Gate::default().of("prod", Freezes(vec![freeze]));
    let now = (stand.clock)();
    assert!(!gate.asks_for_name(&plan, now));
    let confirmed = gate.confirm(&plan, asked(How::Enter), now).unwrap();
    assert_eq!((confirmed.overridden.len(), gate.armed(now)), (0, None));
    let mut locked = Gate::new(Policy { protected: false, locked: true });
    assert!(locked.confirm(&plan, asked(How::Yes), now).unwrap_err().contains("locked"));
    let What::Plan { action, objects, summary, .. } = What::made(&plan) else { panic!() };
    assert_eq!((action.as_str(), objects[0].as_str()), ("silence", "alertname=\"X\""));
    assert_eq!(
        summary.as_str(),
        "at main: hides now 2 alerts: X ×2; until 2027-01-15T10:00:00Z, by ann: rolling back"
    );
}

#[tokio::test(start_paused = true)]
async fn of_several_those_that_can_not_be_ended_are_left_out() {
    let stand = Stand::new(Fate::Done);
    let none = SilenceId::parse(NEW).unwrap();
    let prepared = stand.prepare(&Wish::Expire { ids: vec![none.clone(), id()] }).await;
    assert_eq!(prepared.plan.left_out().len(), 1);
    assert_eq!((prepared.parts.len(), prepared.plan.refusals.len()), (1, 0));
    let alone = stand.prepare(&Wish::Expire { ids: vec![none] }).await;
    assert!(alone.plan.refusals[0].contains("there is no such silence"), "{:?}", alone.plan.refusals);
    assert!(alone.parts.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_body_and_the_headers_are_those_of_the_plan() {
    let stand = Stand::new(Fate::Done);
    stand.whole(&new()).await;
    let sent = stand.fake.asked().into_iter().find(|a| a.starts_with("POST")).unwrap();
    let body: Value = serde_json::from_str(sent.strip_prefix("POST /api/v2/silences ").unwrap()).unwrap();
    assert_eq!((&body["createdBy"], &body["comment"]), (&"ann".into(), &"rolling back".into()));
    assert_eq!(body["endsAt"], time(BEGIN + Span::hours(2)));
    assert_eq!(Safe::of(&spelled_of(&body)), Safe::own("alertname=\"X\""));
}

fn spelled_of(body: &Value) -> String {
    crate::ops::silence::spelled(&crate::ops::silence::Live(body).matchers().unwrap())
}

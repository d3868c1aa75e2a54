//! A table of 10,000 pods: changes, keys, the filter.

use deckwatch::app::views::View;
use deckwatch::runtime::inbox::{Inbox, Next};

use crate::figure::{milliseconds, tell};
use crate::pods;
use crate::session::{Session, changed, listed};

const PODS: usize = 10_000;
/// The sources send at most every 50 ms: at 500 changes a second so many at once.
const BATCH: usize = 25;

fn table(size: (u16, u16)) -> Session {
    let mut session = Session::new(View::open("pods").unwrap(), size);
    for msg in listed(pods::all(PODS, session.env.now)) {
        session.take(msg);
    }
    session.frame();
    session
}

pub fn run() {
    whole_list();
    changes();
    quiet_keys();
    filter();
    one_change();
}

/// From the decoded pages of a list to its first frame.
fn whole_list() {
    let now = deckwatch::runtime::now();
    let objects = pods::all(PODS, now);
    milliseconds("list.10k", 10, |_| {
        let mut session = Session::new(View::open("pods").unwrap(), (180, 50));
        for msg in listed(objects.clone()) {
            session.take(msg);
        }
        assert!(!session.frame().is_empty());
    });
}

/// A batch from the watch's bytes through the inbox, with a key that came meanwhile, to the frame.
fn changes() {
    let mut session = table((180, 50));
    let inbox = Inbox::default();
    let batches: Vec<Vec<u8>> = (0..200).map(|n| pods::bytes(PODS, BATCH, n, session.env.now)).collect();
    milliseconds("changes.key_to_frame", batches.len(), |i| {
        inbox.send(changed(pods::read(&batches[i])));
        while let Some(Next::Msg(msg)) = inbox.try_next() {
            session.take(msg);
        }
        session.key(if i % 20 < 10 { "j" } else { "k" });
        assert!(!session.frame().is_empty());
    });
}

fn quiet_keys() {
    let mut session = table((180, 50));
    milliseconds("quiet.key_to_frame", 400, |i| {
        session.key(if i % 100 < 50 { "j" } else { "k" });
        assert!(!session.frame().is_empty());
    });
}

/// Typing, letter by letter, and taking it back.
fn filter() {
    let mut session = table((180, 50));
    session.key("/");
    session.frame();
    let word = ["s", "e", "r", "v", "i", "c", "e", "-", "1", "2"];
    milliseconds("filter.keystroke", 200, |i| {
        let at = i % 20;
        session.key(if at < 10 { word[at] } else { "backspace" });
        session.frame();
    });
}

/// One pod that is on the screen goes from well to crashing and back.
fn one_change() {
    let mut session = table((200, 60));
    let now = session.env.now;
    let sizes = (0..100).map(|i| {
        let pod = pods::pod(3, if i % 2 == 0 { 47 } else { 48 }, now);
        session.take(changed(vec![deckwatch::store::objects::Object::Pod(std::sync::Arc::new(pod))]));
        session.frame().len() as f64
    });
    tell("one_change.bytes", "B", sizes.collect());
}

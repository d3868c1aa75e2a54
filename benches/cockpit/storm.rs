//! The whole cockpit on this terminal, over pods that are made here and change at a rate: the loop, the writer and the
//! input are the real ones; only the sources are not.

use std::time::Duration;

use deckwatch::act::journal::Journal;
use deckwatch::app::Effect;
use deckwatch::app::views::View;
use deckwatch::core::{Error, Kind};
use deckwatch::runtime::cockpit::{self, Cockpit, Parts};
use deckwatch::runtime::crash::Recorder;
use deckwatch::runtime::effects::Executor;
use deckwatch::runtime::world::{World, alerts, health, logs};
use deckwatch::sources::auth::wall_clock;
use deckwatch::sources::kube::RetryNow;
use deckwatch::term::caps::Caps;
use deckwatch::term::{Options, PanicPolicy, Terminal};

use crate::pods;
use crate::session::{changed, env, listed, model};

/// How often the sources send.
const EVERY: Duration = Duration::from_millis(50);

pub fn run(count: usize, rate: usize) {
    let (inbox, sink) = cockpit::inbox();
    let caps = Caps::from_process();
    let env = env();
    let now = env.now;
    let holds = deckwatch::core::hold::Holds::default();
    let terminal = Terminal::open(Options::from(caps), PanicPolicy::default(), holds, &sink).unwrap();
    let size = terminal.size();
    let (model, first) = model(View::open("pods").unwrap(), (size.width, size.height), &env);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (_publish, sources) = tokio::sync::watch::channel(None);
    let world = World {
        cluster: model.shared.session.cluster.clone(),
        kube: Err(Error::new(Kind::Config, "reach a cluster")),
        sources,
        repositories: Vec::new(),
        mappings: logs::Mappings::default(),
        heard: alerts::Heard::default(),
        health: health::Book::new(inbox.clone()),
        retry: RetryNow::default(),
        clock: wall_clock(),
        runners: None,
        plans: std::sync::Mutex::default(),
    };
    let folder = std::env::temp_dir().join(format!("deckwatch-bench-{}", std::process::id()));
    let journal = Journal::open(&folder, now, 1);
    let executor = Executor::new(runtime, world.into(), inbox.clone(), journal);
    let recorder = Recorder::new(&folder, "bench");
    // Nothing is asked and nothing watched: what comes is made here.
    let first = first.into_iter().filter(|e| !matches!(e, Effect::Ask(..) | Effect::Watch(..))).collect();
    for msg in listed(pods::all(count, now)) {
        inbox.send(msg);
    }
    if rate > 0 {
        let (inbox, batch) = (inbox.clone(), rate / 20);
        std::thread::spawn(move || {
            let batches: Vec<Vec<u8>> = (0..100).map(|n| pods::bytes(count, batch, n, now)).collect();
            for bytes in batches.iter().cycle() {
                inbox.send(changed(pods::read(bytes)));
                std::thread::sleep(EVERY);
            }
        });
    }
    let cockpit = Cockpit::new(model, env, Parts { terminal, inbox, executor, ssh: false, recorder }, first);
    let ended = cockpit.run();
    std::fs::remove_dir_all(&folder).ok();
    assert_eq!(ended, 0, "the exit code");
}

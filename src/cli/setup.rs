//! From command line, configuration and kubeconfig to a running session.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;

use super::args::Place;
use crate::act::journal::Journal;
use crate::act::who::Who;
use crate::app::effect::Scope;
use crate::app::input::Keymap;
use crate::app::model::Session;
use crate::app::update::start;
use crate::app::views::{Env, View};
use crate::app::{Effects, Model};
use crate::config::{self, Config, Readonly};
use crate::core::{ClusterId, Error, Kind, Name, Result, Safe, Untrusted, Zone};
use crate::ops::{Gate, Policy};
use crate::runtime::effects::Executor;
use crate::runtime::inbox::Inbox;
use crate::runtime::runners::Runners;
use crate::runtime::world::{Kube, World, connect, health, logs};
use crate::runtime::{crash, log, now, random};
use crate::sources::auth::wall_clock;
use crate::sources::kube::config::{Choice, Env as KubeEnv, Kubeconfig};
use crate::sources::kube::{Client, Pulse, RetryNow};
use crate::store::charts::Links;
use crate::store::health::{SourceId, SourceKind, Via};
use crate::ui::theme::{Depth, Glyphs, Source as ThemeFile, Theme};

/// A session that is ready to run.
pub struct Ready {
    /// The model.
    pub model: Model,
    /// The outside.
    pub env: Env,
    /// The first effects.
    pub first: Effects,
    /// The executor.
    pub executor: Executor,
    /// The policy of the context.
    pub policy: Policy,
    /// The context's name.
    pub context: Safe,
    /// What tells this process's files from those of others.
    pub id: String,
}

/// Returns a variable of the environment, empty ones as none.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|v| !v.is_empty())
}

/// The variables that a session sees: those of the process, but for some that the demo sets.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Variables that win over the process's.
    pub over: Vec<(&'static str, String)>,
}

impl Surroundings {
    /// Returns a variable, empty ones as none.
    pub fn get(&self, name: &str) -> Option<String> {
        let own = self.over.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone());
        own.or_else(|| variable(name)).filter(|v| !v.is_empty())
    }

    /// Returns the folder of the configuration.
    pub fn config_folder(&self) -> Option<PathBuf> {
        config::directory(&config::Environment::read(|n| self.get(n)))
    }
}

/// Returns the folder of deckwatch's state: journal and log.
pub fn state_folder() -> PathBuf {
    let xdg = variable("XDG_STATE_HOME").map(PathBuf::from).filter(|p| p.is_absolute());
    let home =
        || variable("HOME").map_or_else(|| PathBuf::from("."), |h| PathBuf::from(h).join(".local/state"));
    xdg.unwrap_or_else(home).join("deckwatch")
}

/// Reads the configuration.
///
/// # Errors
/// Every mistake of the file, each at its place.
pub fn configuration(around: &Surroundings) -> Result<Config> {
    match around.config_folder() {
        Some(folder) => Config::load(&folder, around.get("HOME").map(PathBuf::from).as_deref()),
        None => Ok(Config::default()),
    }
}

fn theme(config: &Config, around: &Surroundings, depth: Depth, unicode: bool) -> Result<Theme> {
    let folder = around.config_folder();
    let own = |name: &str| {
        let path = folder.as_ref()?.join("themes").join(format!("{name}.toml"));
        let text = std::fs::read_to_string(&path).ok()?;
        Some(ThemeFile { path: path.display().to_string().into(), text })
    };
    Theme::load(&config.general.theme, &own, depth, Glyphs { unicode })
}

fn keymap(config: &Config, around: &Surroundings) -> Result<Keymap> {
    let folder = around.config_folder();
    let own = |name: &str| {
        std::fs::read_to_string(folder.as_ref()?.join("keymaps").join(format!("{name}.toml"))).ok()
    };
    Keymap::load(&config.general.keymap, &own)
        .map_err(|mistakes| Error::new(Kind::Config, "read the keymap").detail(mistakes.join("\n")))
}

/// What a session is drawn on.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Columns and rows.
    pub size: (u16, u16),
    /// Colours.
    pub depth: Depth,
    /// Whether glyphs beyond ASCII can be shown.
    pub unicode: bool,
}

/// Makes a session: reads configuration and kubeconfig, and nothing else; no network is waited for.
///
/// # Errors
/// What is wrong with the configuration, the keymap, the theme, or the runtime.
pub fn session(place: &Place, around: &Surroundings, view: View, look: Look, inbox: &Inbox) -> Result<Ready> {
    let config = Arc::new(configuration(around)?);
    let env = Env {
        now: now(),
        keymap: Arc::new(keymap(&config, around)?),
        theme: Arc::new(theme(&config, around, look.depth, look.unicode)?),
    };
    let kube_env = KubeEnv::of_process();
    let choice = Choice {
        kubeconfig: place
            .kubeconfig
            .clone()
            .or_else(|| around.over.iter().find(|(n, _)| *n == "KUBECONFIG").map(|(_, v)| PathBuf::from(v))),
        context: place.context.clone().or_else(|| config.general.context.clone()),
        namespace: place.namespace.clone(),
        as_user: place.as_user.clone(),
        as_groups: place.as_groups.clone(),
    };
    let target = Kubeconfig::load(&choice, &kube_env).and_then(|k| k.target(&choice, &kube_env));
    // Without a cluster the other sources may still be read; but a cluster that was named must be there.
    let named = place.context.is_some() || place.kubeconfig.is_some();
    if let (Err(error), true) = (&target, named) {
        return Err(error.clone());
    }
    let cluster =
        target.as_ref().map_or_else(|_| ClusterId(Untrusted::from("no cluster")), |t| t.cluster.clone());
    let of_context = config.context(cluster.0.raw());
    let entry = target.as_ref().ok().map(|t| t.cluster_name.raw().to_owned());
    let names = entry.into_iter().chain(of_context.clusters.clone()).collect();
    let policy = Policy { protected: of_context.protected, locked: of_context.readonly == Readonly::Locked };
    let start_in = of_context.namespace.clone().or_else(|| target.as_ref().ok().map(|t| t.namespace.clone()));
    let start_in = place.namespace.clone().or(start_in).filter(|_| !place.all_namespaces);
    // The kubeconfig's own namespace is where one works, `default` where it says nothing: then all are shown.
    let scope = match start_in.filter(|n| n != "default" || place.namespace.is_some()) {
        Some(name) => Scope::Namespace(namespace(&name)?),
        None => Scope::All,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name(crash::SOURCES)
        .enable_all()
        .build()
        .map_err(|e| Error::new(Kind::Internal, "start the runtime").detail(e.to_string()))?;
    // Neither touches a file before its first entry.
    let journal = Journal::open(&state_folder(), now(), random());
    let (id, wished) = (journal.id(), around.get("DECKWATCH_LOG"));
    let log = log::start(&state_folder(), &id, config.general.log, wished.as_deref());
    let (publish, sources) = watch::channel(None);
    let clock = wall_clock();
    let retry = RetryNow::default();
    let book = health::Book::new(inbox.clone());
    let kube_id = SourceId { kind: SourceKind::Kubernetes, index: 0 };
    let entered = runtime.enter();
    let who = Who::here(&variable).line();
    let runners = target.as_ref().ok().map(|target| Runners {
        // The process that carries a plan out works in another folder.
        state: std::path::absolute(state_folder()).unwrap_or_else(|_| state_folder()),
        target: Arc::new(target.clone()),
        context: cluster.0.safe(),
        who: who.clone(),
        parent: Safe::of(&id),
    });
    let kube = target.and_then(|target| {
        let found = target
            .files
            .first()
            .map_or_else(|| "kubeconfig".to_owned(), |f| format!("kubeconfig {}", f.display()));
        book.enter(
            kube_id,
            Untrusted::from(target.server.to_string()),
            Untrusted::from(found),
            Via::Direct,
            now(),
        );
        let client = Client::new(&target, Arc::clone(&clock))?;
        let pulse = Pulse::spawn(client.clone(), Arc::clone(&clock), retry.clone());
        Ok(Kube { client, pulse })
    });
    if let Err(error) = &kube {
        book.enter(kube_id, Untrusted::default(), Untrusted::from("kubeconfig"), Via::Direct, now());
        book.bad(kube_id, error, now());
    }
    let world = Arc::new(World {
        cluster: cluster.clone(),
        kube,
        sources,
        repositories: config.repositories.clone(),
        mappings: logs::Mappings::default(),
        heard: crate::runtime::world::alerts::Heard::default(),
        health: book,
        retry,
        clock,
        runners,
        plans: std::sync::Mutex::default(),
    });
    let (environment, mistakes) = config::environment(|n| around.get(n));
    let connecting = connect::Look { config: Arc::clone(&config), environment };
    runtime.spawn(connect::connect(Arc::clone(&world), connecting, publish));
    runtime.spawn(crate::runtime::world::beat::follow(Arc::clone(&world)));
    runtime.spawn(crate::runtime::world::probe::follow(Arc::clone(&world)));
    drop(entered);
    for mistake in mistakes {
        inbox.send(crate::app::Msg::Notice(mistake));
    }
    let mut executor = Executor::new(runtime, world, inbox.clone(), journal);
    executor.keep(log);
    let model_session = Session {
        cluster: cluster.clone(),
        recent: match &scope {
            Scope::Namespace(name) => vec![name.clone()],
            Scope::All => Vec::new(),
        },
        scope,
        zone: zone(&config),
        own_zone: zone(&config),
        size: look.size,
        started: env.now,
        focused: true,
    };
    let gate = Gate::new(policy).of(cluster.0.raw(), config.freezes.clone());
    let (mut model, first) = start(model_session, gate, view, who, &env);
    model.shared.names = names;
    model.shared.releases.links = links(&config, cluster.0.raw());
    Ok(Ready { model, env, first, executor, policy, context: cluster.0.safe(), id })
}

/// Returns where the pipelines of charts are, by the repositories of a context.
fn links(config: &Config, context: &str) -> Links {
    let own = config.repositories.iter().filter(|r| r.source.serves(context));
    Links(own.filter_map(|r| Some((r.charts.clone(), r.pipeline.clone()?))).collect())
}

/// Returns a namespace by name. What is no name, as `-n "$NS"` with nothing in it, must never come to mean all of them.
fn namespace(name: &str) -> Result<Name> {
    Name::namespace(name).ok_or_else(|| {
        Error::new(Kind::Usage, "choose the namespace")
            .on(Safe::of(name).to_string())
            .detail("no namespace can be called so: a-z, 0-9 and `-`")
            .hint("-A means all namespaces; -n, the configuration and the kubeconfig name one")
    })
}

fn zone(config: &Config) -> Zone {
    match variable("TZ").as_deref().and_then(Zone::parse) {
        Some(zone) if config.general.zone == Zone::Local => zone,
        _ => config.general.zone,
    }
}

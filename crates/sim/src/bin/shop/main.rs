//! The shop for a real cluster: it watches the shop's pods through the API server and plays their
//! containers. It serves their metrics, writes their logs as files in CRI's format, pushes the same
//! lines to Loki, and tells kwok where the files are.
//!
//! Owns: the wiring. The shop's behaviour is the library's. Tested on a real cluster (`cargo xtask
//! testbed up`) and, part by part, below.

mod access;
mod files;
mod kwok;
mod pods;
mod push;
mod work;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::http::header;
use axum::routing::get;
use clap::Parser;
use deckwatch_sim::life::{Lives, Nanos};
use deckwatch_sim::shop::exposition::Exposition;
use deckwatch_sim::shop::{Clock, Feed};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Plays the shop's containers on a real cluster: metrics, log files, Loki.
#[derive(Parser)]
#[command(name = "deckwatch-shop", version)]
pub struct Options {
    /// Kubeconfig whose current context names server and credentials.
    #[arg(long, value_name = "FILE", conflicts_with = "api")]
    kubeconfig: Option<PathBuf>,
    /// Address of the API server, instead of a kubeconfig.
    #[arg(long, value_name = "URL")]
    api: Option<String>,
    /// Certificate authority of the API server (PEM).
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Client certificate (PEM).
    #[arg(long, value_name = "FILE", requires = "client_key")]
    client_cert: Option<PathBuf>,
    /// Key of the client certificate (PEM).
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    client_key: Option<PathBuf>,
    /// File that holds a bearer token.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Namespace of the shop.
    #[arg(long, default_value = deckwatch_sim::catalog::NAMESPACE)]
    namespace: String,
    /// Where /metrics and /-/ready are served; loopback only.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9102")]
    listen: SocketAddr,
    /// Folder for DIR/<namespace>_<pod>_<uid>/<container>/<run>.log; without it no files.
    #[arg(long, value_name = "DIR")]
    logs_dir: Option<PathBuf>,
    /// Loki that gets the same lines at URL/loki/api/v1/push.
    #[arg(long, value_name = "URL")]
    loki: Option<String>,
    /// Do not make kwok's Logs objects for the files.
    #[arg(long)]
    no_kwok_logs: bool,
    /// Seed of everything that is drawn.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// An error with what failed and on what.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

fn now() -> Nanos {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

#[tokio::main(worker_threads = 2)]
async fn main() -> std::process::ExitCode {
    let options = Options::parse();
    match run(options).await {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(failure) => {
            report(&format!("deckwatch-shop: {failure}"));
            std::process::ExitCode::FAILURE
        }
    }
}

/// Writes a line about the program itself.
#[expect(clippy::print_stderr, reason = "a program's own words, collected by whoever started it")]
pub fn report(text: &str) {
    eprintln!("{text}");
}

async fn run(options: Options) -> Result<(), Failure> {
    let _installed = rustls::crypto::ring::default_provider().install_default();
    if !options.listen.ip().is_loopback() {
        return Err(format!("{} is not a loopback address", options.listen).into());
    }
    let api = access::Api::new(&options)?;
    let listener = tokio::net::TcpListener::bind(options.listen)
        .await
        .map_err(|e| format!("listening on {}: {e}", options.listen))?;
    let (lives, receiver) = watch::channel(Arc::new(Lives::default()));
    let clock: Clock = Arc::new(now);
    let feed = Feed::new(receiver, options.seed, 1.0, now(), clock);
    let stop = CancellationToken::new();
    let watcher = tokio::spawn(pods::follow(api.clone(), options.namespace.clone(), lives, stop.clone()));
    let lines = tokio::spawn(work::run(options, api, feed.clone(), stop.clone()));
    let server = tokio::spawn(serve(listener, feed, stop.clone()));
    signalled().await;
    stop.cancel();
    let (_, lines, _) = (watcher.await, lines.await, server.await);
    lines.map_err(|e| Failure::from(format!("the writer of lines: {e}")))?
}

/// Returns when the program is asked to end.
async fn signalled() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut term) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = term.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

async fn serve(
    listener: tokio::net::TcpListener,
    feed: Feed,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let exposition = Arc::new(Mutex::new(Exposition::default()));
    let metrics = move || {
        let (feed, exposition) = (feed.clone(), exposition.clone());
        async move {
            let shop = feed.shop();
            let text = exposition.lock().unwrap_or_else(PoisonError::into_inner).write(&shop, feed.now());
            ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
        }
    };
    let app = Router::new().route("/metrics", get(metrics)).route("/-/ready", get(|| async { "ready\n" }));
    axum::serve(listener, app).with_graceful_shutdown(stop.cancelled_owned()).await
}

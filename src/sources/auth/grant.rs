//! Credentials over time: read or fetched when needed, kept while they hold, renewed when refused.
//!
//! Owns the one lock that makes a plugin run once for all who wait, the cache with its expiry, and the
//! memory of a failure that keeps a broken plugin from being run again and again. Never sends a
//! request. Tested with plugins that count their runs and with files that change.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use rustls::sign::CertifiedKey;
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use tokio::sync::{Mutex, Notify, watch};
use tokio::time::Instant;

use super::exec::Plugin;
use super::expiry::{Lasting, expiry};
use super::{WallClock, pem};
use crate::core::{Error, Kind, Result, Span, Ts, Untrusted};

/// How long before its expiry a credential is renewed.
const MARGIN: Span = Span::secs(10);
/// How often files are looked at for a change.
const LOOK: Duration = Duration::from_secs(10);
/// How long a failure stands before it is tried again.
const PAUSE: Duration = Duration::from_secs(5);
/// The most bytes of a token, certificate or key file.
const FILE: u64 = 1 << 20;

/// Bytes of a kubeconfig, or the file that it names.
#[derive(Clone)]
pub enum Blob {
    /// The bytes themselves.
    Inline(SecretSlice<u8>),
    /// A file.
    File(PathBuf),
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inline(_) => f.write_str("Inline"),
            Self::File(path) => write!(f, "File({})", path.display()),
        }
    }
}

impl Blob {
    /// Reads the bytes; a file larger than 1 MiB is an error.
    pub async fn read(&self, what: &str) -> Result<SecretSlice<u8>> {
        match self {
            Self::Inline(bytes) => Ok(bytes.clone()),
            Self::File(path) => {
                let failed = |kind, detail: String| {
                    Error::new(kind, format!("read the {what}"))
                        .on(path.to_string_lossy().as_ref())
                        .detail(detail)
                };
                let meta = tokio::fs::metadata(path).await.map_err(|e| failed(Kind::Io, e.to_string()))?;
                if meta.len() > FILE {
                    return Err(failed(Kind::TooLarge, "it has more than 1 MiB".to_owned()));
                }
                let bytes = tokio::fs::read(path).await.map_err(|e| failed(Kind::Io, e.to_string()))?;
                Ok(SecretSlice::from(bytes))
            }
        }
    }

    /// Returns the file's name, or `kubeconfig` for inline bytes.
    pub fn place(&self) -> Untrusted {
        match self {
            Self::Inline(_) => Untrusted::from("kubeconfig"),
            Self::File(path) => Untrusted::from(path.to_string_lossy().as_ref()),
        }
    }

    fn path(&self) -> Option<&PathBuf> {
        match self {
            Self::Inline(_) => None,
            Self::File(path) => Some(path),
        }
    }
}

/// A client certificate and its key, PEM.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The chain.
    pub chain: Blob,
    /// The key.
    pub key: Blob,
}

/// How we log in, beside a certificate.
#[derive(Clone)]
pub enum Login {
    /// Not at all.
    Nobody,
    /// With a bearer token.
    Token(SecretString),
    /// With the bearer token in a file; the second is used while the file can't be read.
    TokenFile(PathBuf, Option<SecretString>),
    /// With user and password.
    Basic(String, SecretString),
    /// With what a plugin says.
    Plugin(Arc<Plugin>),
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str("Nobody"),
            Self::Token(_) => f.write_str("Token"),
            Self::TokenFile(path, _) => write!(f, "TokenFile({})", path.display()),
            Self::Basic(user, _) => write!(f, "Basic({user:?})"),
            Self::Plugin(plugin) => plugin.fmt(f),
        }
    }
}

/// Credentials that can be used now.
#[derive(Clone)]
pub struct Grant {
    /// The `Authorization` header, marked sensitive.
    pub header: Option<HeaderValue>,
    /// The client certificate.
    pub identity: Option<Arc<CertifiedKey>>,
    /// When the client certificate ends.
    pub certificate_ends: Option<Ts>,
    /// Until when all of it holds.
    pub until: Option<Ts>,
    /// Differs between any two grants of one [`Credentials`].
    pub serial: u64,
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant")
            .field("serial", &self.serial)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

/// A plugin that is being waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The plugin's name.
    pub plugin: Untrusted,
    /// Since when.
    pub since: Ts,
}

/// Keeps the credentials of one user.
pub struct Credentials {
    login: Login,
    certificate: Option<Certificate>,
    clock: WallClock,
    state: Mutex<State>,
    cancel: Notify,
    waiting: watch::Sender<Option<Waiting>>,
    /// How often somebody wished to try now.
    wishes: AtomicU64,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("login", &self.login).finish_non_exhaustive()
    }
}

#[derive(Default)]
struct State {
    grant: Option<Arc<Grant>>,
    /// Size and change time of the files when they were read.
    files: Vec<Option<(u64, SystemTime)>>,
    looked: Option<Instant>,
    fetched: Option<Instant>,
    /// When it failed, how many wishes to try now there had been, and why.
    failure: Option<(Instant, u64, Error)>,
    serial: u64,
}

impl Credentials {
    /// Makes credentials; nothing is read or run until they are asked for.
    pub fn new(login: Login, certificate: Option<Certificate>, clock: WallClock) -> Self {
        Self {
            login,
            certificate,
            clock,
            state: Mutex::default(),
            cancel: Notify::new(),
            waiting: watch::Sender::new(None),
            wishes: AtomicU64::new(0),
        }
    }

    /// Returns credentials that hold now, running the plugin or reading the files if needed.
    ///
    /// All who ask while a plugin runs wait for that one run and share its result, failures too; for
    /// five seconds after a failure it is not run again.
    pub async fn grant(&self) -> Result<Arc<Grant>> {
        let asked = Instant::now();
        let mut state = self.state.lock().await;
        if let Some(grant) = self.kept(&mut state).await {
            return Ok(grant);
        }
        if let Some((at, wishes, error)) = &state.failure
            && *wishes == self.wishes.load(Ordering::SeqCst)
            && (*at >= asked || at.elapsed() < PAUSE)
        {
            return Err(error.clone());
        }
        let files = self.stamps().await;
        match self.fetch(state.serial + 1).await {
            Ok(grant) => {
                let grant = Arc::new(grant);
                *state = State {
                    grant: Some(Arc::clone(&grant)),
                    files,
                    looked: Some(Instant::now()),
                    fetched: Some(Instant::now()),
                    failure: None,
                    serial: grant.serial,
                };
                Ok(grant)
            }
            Err(error) => {
                state.failure = Some((Instant::now(), self.wishes.load(Ordering::SeqCst), error.clone()));
                drop(state);
                Err(error)
            }
        }
    }

    /// Returns how long the credentials that are used now last: by what the plugin said, by the token itself
    /// where it is a JWT, and by the client certificate; fetched where there are none yet.
    ///
    /// A plugin and a token file renew theirs, as far as the kubeconfig tells: a plugin may still want a
    /// person whose login has ended. A certificate of the kubeconfig is not renewed.
    ///
    /// # Errors
    /// Those of [`Credentials::grant`].
    pub async fn lasting(&self) -> Result<Lasting> {
        let grant = self.grant().await?;
        let token = grant.header.as_ref().and_then(|value| value.to_str().ok());
        let token = token.and_then(|value| value.strip_prefix("Bearer ")).and_then(expiry);
        let renews = match &self.login {
            Login::Nobody | Login::Token(_) | Login::Basic(..) => false,
            Login::Plugin(plugin) => !plugin.needs_terminal,
            // Where the file can't be read, the token beside it is used, and stays what it is.
            Login::TokenFile(path, _) => tokio::fs::try_exists(path).await.unwrap_or(false),
        };
        let until = [grant.until, token].into_iter().flatten().min();
        let login = Lasting { until, renews };
        let by_plugin = self.certificate.is_none() && renews;
        Ok(login.and(Lasting { until: grant.certificate_ends, renews: by_plugin }))
    }

    /// Tells that a server refused a grant (401). Returns whether asking again can give another one.
    pub async fn refuse(&self, serial: u64) -> bool {
        let mut state = self.state.lock().await;
        if state.serial != serial {
            return true; // somebody has renewed it already
        }
        let renews = matches!(self.login, Login::Plugin(_) | Login::TokenFile(..));
        if renews {
            state.grant = None;
        }
        renews
    }

    /// Makes a failure count no longer, so that the next one who asks tries again at once. One that a
    /// run which is under way ends with is a new one.
    pub fn retry_now(&self) {
        self.wishes.fetch_add(1, Ordering::SeqCst);
    }

    /// Ends a running plugin; those who wait for it get an error of kind `Cancelled`.
    pub fn cancel(&self) {
        self.cancel.notify_waiters();
    }

    /// Tells which plugin is being waited for.
    pub fn waiting(&self) -> watch::Receiver<Option<Waiting>> {
        self.waiting.subscribe()
    }

    /// Returns the kept grant while it holds and its files have not changed.
    async fn kept(&self, state: &mut State) -> Option<Arc<Grant>> {
        let grant = state.grant.clone()?;
        // One that is about to end when it is new is used for a moment all the same: a plugin that gives
        // nothing better must not be run for every request.
        let fresh = state.fetched.is_some_and(|at| at.elapsed() < PAUSE);
        if !fresh && grant.until.is_some_and(|until| until - MARGIN <= (self.clock)()) {
            return None;
        }
        if state.looked.is_none_or(|at| at.elapsed() >= LOOK) {
            if self.stamps().await != state.files {
                return None;
            }
            state.looked = Some(Instant::now());
        }
        Some(grant)
    }

    async fn stamps(&self) -> Vec<Option<(u64, SystemTime)>> {
        let mut paths = Vec::new();
        if let Login::TokenFile(path, _) = &self.login {
            paths.push(path);
        }
        if let Some(certificate) = &self.certificate {
            paths.extend(certificate.chain.path());
            paths.extend(certificate.key.path());
        }
        let mut stamps = Vec::with_capacity(paths.len());
        for path in paths {
            let meta = tokio::fs::metadata(path).await.ok();
            stamps.push(meta.and_then(|m| m.modified().ok().map(|t| (m.len(), t))));
        }
        stamps
    }

    async fn fetch(&self, serial: u64) -> Result<Grant> {
        let mut grant = Grant { header: None, identity: None, certificate_ends: None, until: None, serial };
        if let Some(certificate) = &self.certificate {
            let chain = certificate.chain.read("client certificate").await?;
            let key = certificate.key.read("client key").await?;
            grant.take_certificate(chain.expose_secret(), key.expose_secret(), &certificate.chain.place())?;
        }
        match &self.login {
            Login::Nobody => {}
            Login::Token(token) => grant.header = Some(bearer(token.expose_secret())?),
            Login::TokenFile(path, other) => {
                let read = Blob::File(path.clone()).read("token file").await;
                grant.header = Some(match (read, other) {
                    (Ok(bytes), _) => bearer(&String::from_utf8_lossy(bytes.expose_secret()))?,
                    (Err(_), Some(token)) => bearer(token.expose_secret())?,
                    (Err(error), None) => return Err(error),
                });
            }
            Login::Basic(user, password) => {
                let pair = STANDARD.encode(format!("{user}:{}", password.expose_secret()));
                grant.header = Some(sensitive(&format!("Basic {pair}"))?);
            }
            Login::Plugin(plugin) => {
                let said = Box::pin(self.run(plugin)).await?;
                if let Some(token) = &said.token {
                    grant.header = Some(bearer(token.expose_secret())?);
                }
                if let Some((chain, key)) = &said.certificate {
                    let (chain, key) = (chain.expose_secret().as_bytes(), key.expose_secret().as_bytes());
                    grant.take_certificate(chain, key, &plugin.name())?;
                }
                grant.until = said.until;
            }
        }
        Ok(grant)
    }

    async fn run(&self, plugin: &Plugin) -> Result<super::exec::Credential> {
        let _guard = Shown::new(&self.waiting, Waiting { plugin: plugin.name(), since: (self.clock)() });
        tokio::select! {
            said = plugin.run() => said,
            () = self.cancel.notified() => {
                Err(Error::new(Kind::Cancelled, "run the credential plugin").on(plugin.name()))
            }
        }
    }
}

impl Grant {
    fn take_certificate(&mut self, chain: &[u8], key: &[u8], on: &Untrusted) -> Result<()> {
        let identity = pem::identity(chain, key, on)?;
        self.certificate_ends = identity.cert.first().and_then(|der| pem::not_after(der));
        self.identity = Some(identity);
        Ok(())
    }
}

/// Shows that a plugin runs for as long as this lives, however the wait ends.
struct Shown<'a>(&'a watch::Sender<Option<Waiting>>);

impl<'a> Shown<'a> {
    fn new(on: &'a watch::Sender<Option<Waiting>>, waiting: Waiting) -> Self {
        on.send_replace(Some(waiting));
        Self(on)
    }
}

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        self.0.send_replace(None);
    }
}

fn bearer(token: &str) -> Result<HeaderValue> {
    let token = token.trim();
    if token.is_empty() {
        return Err(Error::new(Kind::Auth, "use the token").detail("it is empty"));
    }
    sensitive(&format!("Bearer {token}"))
}

fn sensitive(text: &str) -> Result<HeaderValue> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        Error::new(Kind::Auth, "use the token").detail("it holds characters that no header may have")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests;

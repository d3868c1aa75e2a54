//! Credentials of one source: fetched where the configuration says, put into headers, and into nothing else.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::AsyncReadExt as _;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::config::{Secret, Source};
use crate::core::{Error, Kind, Result};

const LARGEST: u64 = 64 * 1024;
const COMMAND_LIMIT: Duration = Duration::from_secs(20);
const COMMAND_KEPT: Duration = Duration::from_mins(1);

/// The headers that prove who asks; made anew for each request.
pub struct Credentials {
    headers: Vec<(HeaderName, Held)>,
    basic: Option<(String, Held)>,
    bearer: Option<Held>,
}

/// A secret and, for one that a command prints, its last value for a short time.
struct Held {
    secret: Secret,
    last: Mutex<Option<(Instant, SecretString)>>,
}

impl Credentials {
    /// Returns the credentials of a source.
    ///
    /// # Errors
    /// `Config` for a header that HTTP does not allow.
    pub fn of(source: &Source) -> Result<Self> {
        let held = |secret: &Secret| Held { secret: secret.clone(), last: Mutex::new(None) };
        let tenant = source.tenant.iter().map(|t| ("X-Scope-OrgID", Secret::Plain(t.as_str().into())));
        let own = source.headers.iter().map(|(name, value)| (name.as_str(), value.clone()));
        let mut headers = Vec::new();
        for (name, secret) in own.chain(tenant) {
            let bad =
                || Error::new(Kind::Config, "use a header").on(source.name.clone()).detail(name.to_owned());
            let header = HeaderName::try_from(name).map_err(|_| bad())?;
            if let Secret::Plain(value) = &secret {
                HeaderValue::try_from(value.expose_secret()).map_err(|_| bad())?;
            }
            headers.push((header, held(&secret)));
        }
        Ok(Self {
            headers,
            basic: source.basic.as_ref().map(|b| (b.user.clone(), held(&b.password))),
            bearer: source.bearer.as_ref().map(held),
        })
    }

    /// Takes user and password that came with the URL, where the configuration names none.
    pub(super) fn set_basic(&mut self, user: &str, password: SecretString) {
        if self.basic.is_none() {
            self.basic =
                Some((user.to_owned(), Held { secret: Secret::Plain(password), last: Mutex::new(None) }));
        }
    }

    /// Returns the headers, with secrets as they are now.
    ///
    /// # Errors
    /// `Auth` where a secret cannot be had.
    pub async fn headers(&self) -> Result<HeaderMap> {
        let mut headers = HeaderMap::new();
        for (name, held) in &self.headers {
            headers.insert(name.clone(), header_value(held.get().await?.expose_secret())?);
        }
        let value = if let Some(bearer) = &self.bearer {
            Some(format!("Bearer {}", bearer.get().await?.expose_secret()))
        } else if let Some((user, password)) = &self.basic {
            let pair = format!("{user}:{}", password.get().await?.expose_secret());
            Some(format!("Basic {}", STANDARD.encode(pair)))
        } else {
            None
        };
        if let Some(value) = value {
            headers.insert(header::AUTHORIZATION, header_value(&value)?);
        }
        Ok(headers)
    }

    /// Forgets what a command printed: the server has refused it.
    pub async fn forget(&self) {
        let basic = self.basic.iter().map(|(_, held)| held);
        for held in self.bearer.iter().chain(basic).chain(self.headers.iter().map(|(_, held)| held)) {
            *held.last.lock().await = None;
        }
    }
}

/// Returns a header's value that no log prints.
fn header_value(text: &str) -> Result<HeaderValue> {
    let bad = |_| Error::new(Kind::Auth, "use a secret").hint("it holds characters that HTTP does not allow");
    let mut value = HeaderValue::try_from(text).map_err(bad)?;
    value.set_sensitive(true);
    Ok(value)
}

impl Held {
    async fn get(&self) -> Result<SecretString> {
        match &self.secret {
            Secret::Plain(secret) => Ok(secret.clone()),
            Secret::Env(name) => std::env::var(name).map(SecretString::from).map_err(|_| {
                Error::new(Kind::Auth, "read a secret")
                    .on(format!("environment variable {name}"))
                    .detail("not set")
            }),
            Secret::File(path) => read(path).await,
            Secret::Command(command) => {
                // Held over the run: whoever asks meanwhile waits for the same answer.
                let mut last = self.last.lock().await;
                let fresh =
                    last.as_ref().filter(|(at, _)| at.elapsed() < COMMAND_KEPT).map(|(_, s)| s.clone());
                if let Some(secret) = fresh {
                    return Ok(secret);
                }
                let secret = run(command).await?;
                *last = Some((Instant::now(), secret.clone()));
                drop(last);
                Ok(secret)
            }
        }
    }
}

async fn read(path: &Path) -> Result<SecretString> {
    let fail = |e: std::io::Error| {
        Error::new(Kind::Auth, "read a secret").on(path.display().to_string()).detail(e.to_string())
    };
    let file = tokio::fs::File::open(path).await.map_err(fail)?;
    let mut text = String::new();
    file.take(LARGEST).read_to_string(&mut text).await.map_err(fail)?;
    Ok(text.trim_end_matches(['\r', '\n']).into())
}

/// Runs a command that prints a secret: no shell, nothing to read from, a process group of its own (so
/// that reading the terminal stops it instead of stealing keys), a time limit.
async fn run(command: &[String]) -> Result<SecretString> {
    let (program, arguments) =
        command.split_first().ok_or_else(|| Error::new(Kind::Config, "run a command"))?;
    let fail = |kind, detail: String| {
        Error::new(kind, "run a credentials command").on(program.clone()).detail(detail)
    };
    let mut child = tokio::process::Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|e| fail(Kind::Auth, e.to_string()))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let whole = async {
        let (mut out, mut err) = (String::new(), Vec::new());
        let reading = async {
            if let Some(pipe) = stdout {
                pipe.take(LARGEST).read_to_string(&mut out).await?;
            }
            Ok::<(), std::io::Error>(())
        };
        let complaining = async {
            if let Some(pipe) = stderr {
                pipe.take(LARGEST).read_to_end(&mut err).await.ok();
            }
        };
        let (read, ()) = tokio::join!(reading, complaining);
        read?;
        Ok::<_, std::io::Error>((
            child.wait().await?,
            SecretString::from(out.trim_end_matches(['\r', '\n'])),
            err,
        ))
    };
    let late = |_| fail(Kind::Timeout, format!("not done within {}s", COMMAND_LIMIT.as_secs()));
    let (status, secret, err) = tokio::time::timeout(COMMAND_LIMIT, whole)
        .await
        .map_err(late)?
        .map_err(|e| fail(Kind::Auth, e.to_string()))?;
    if !status.success() {
        let said = String::from_utf8_lossy(&err);
        return Err(fail(Kind::Auth, format!("{status}: {}", said.trim())));
    }
    if secret.expose_secret().is_empty() {
        return Err(fail(Kind::Auth, "it printed nothing".to_owned()));
    }
    Ok(secret)
}

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
use crate::sources::auth::exec;
use crate::sources::auth::session::{Group, detach};

const LARGEST: usize = 64 * 1024;
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
    file.take(LARGEST as u64).read_to_string(&mut text).await.map_err(fail)?;
    Ok(text.trim_end_matches(['\r', '\n']).into())
}

/// Runs a command that prints a secret: no shell, nothing to read from, a session of its own (so that it can
/// neither write to the screen nor ask for a password there), a time limit that ends its children too.
async fn run(command: &[String]) -> Result<SecretString> {
    run_within(command, COMMAND_LIMIT).await
}

async fn run_within(command: &[String], limit: Duration) -> Result<SecretString> {
    let (program, arguments) =
        command.split_first().ok_or_else(|| Error::new(Kind::Config, "run a command"))?;
    let fail = |kind, detail: String| {
        Error::new(kind, "run a credentials command").on(program.clone()).detail(detail)
    };
    let mut command = tokio::process::Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.kill_on_drop(true);
    detach(&mut command);
    let mut child = command.spawn().map_err(|e| fail(Kind::Auth, e.to_string()))?;
    let group = Group::of(child.id());
    let late = |_| {
        fail(Kind::Timeout, format!("not done within {}s", limit.as_secs()))
            .hint("does it wait for a password on a terminal? it has none: run it in a shell once")
    };
    let output = tokio::time::timeout(limit, exec::collect(&mut child, LARGEST))
        .await
        .map_err(late)?
        .map_err(|e| fail(Kind::Auth, e.to_string()))?;
    group.release();
    if output.too_large {
        return Err(fail(Kind::TooLarge, format!("it printed more than {LARGEST} bytes")));
    }
    if !output.success {
        let said = String::from_utf8_lossy(&output.noise);
        return Err(fail(Kind::Auth, format!("{}: {}", output.status, said.trim())));
    }
    let text = String::from_utf8(output.answer)
        .map_err(|_| fail(Kind::Auth, "what it printed is not UTF-8".to_owned()))?;
    let secret = SecretString::from(text.trim_end_matches(['\r', '\n']));
    if secret.expose_secret().is_empty() {
        return Err(fail(Kind::Auth, "it printed nothing".to_owned()));
    }
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> [String; 3] {
        ["sh".to_owned(), "-c".to_owned(), script.to_owned()]
    }

    #[tokio::test]
    async fn a_credentials_command_has_no_terminal_and_leads_its_own_session() {
        let script = "read _ _ _ _ _ session terminal _ < /proc/$$/stat; echo $session $terminal $$";
        let said = run_within(&sh(script), COMMAND_LIMIT).await.unwrap();
        let fields: Vec<&str> = said.expose_secret().split(' ').collect();
        assert_eq!((fields[0], fields[1]), (fields[2], "0"), "{fields:?}");
    }

    #[tokio::test]
    async fn what_a_credentials_command_started_ends_with_its_time_limit() {
        let (mut ours, theirs) = std::io::pipe().unwrap();
        let fd = std::os::fd::AsRawFd::as_raw_fd(&theirs);
        // The grandchild holds the pipe open as long as it lives.
        let held = format!("sleep 600 > /proc/{}/fd/{fd} & wait", std::process::id());
        let error = run_within(&sh(&held), Duration::from_millis(300)).await.unwrap_err();
        assert_eq!(error.kind, Kind::Timeout);
        drop(theirs);
        let closed =
            tokio::task::spawn_blocking(move || std::io::Read::read(&mut ours, &mut [0_u8]).map(|n| n == 0));
        assert!(closed.await.unwrap().unwrap());
    }

    #[tokio::test]
    async fn a_grandchild_that_keeps_the_pipe_does_not_hold_up_the_secret() {
        let said = run_within(&sh("echo s3cret; sleep 5 &"), COMMAND_LIMIT).await.unwrap();
        assert_eq!(said.expose_secret(), "s3cret");
    }
}

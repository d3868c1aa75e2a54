//! The versions of a chart, from the indexes of the repositories that are configured.

use std::sync::Arc;

use deckwatch_helm::index::{MAX_TEXT, Versions, versions};
use futures::StreamExt as _;

use super::World;
use crate::config::Repository;
use crate::core::{Error, Kind, Result, Untrusted};
use crate::runtime::log;
use crate::sources::http::Direct;
use crate::sources::transport::Request;
use crate::store::charts::Offered;

/// How many repositories are asked at once; each answer may be as long as an index may be.
const AT_ONCE: usize = 4;

/// Asks every repository that may have the chart, some at once, so that one that is silent does not keep the others.
///
/// # Errors
/// `Config` where none is configured for it. What a repository does not answer is told with its name.
pub async fn ask(world: &World, chart: &Untrusted) -> Result<Vec<Offered>> {
    let context = world.cluster.0.raw();
    let fits = world.repositories.iter().filter(|r| r.has(chart.raw(), context));
    let asked = fits.map(|repository| async {
        Offered {
            repository: repository.source.name.clone().into(),
            versions: read(repository, chart.raw()).await,
            pipeline: repository.pipeline.clone(),
        }
    });
    let asked = asked.collect::<Vec<_>>();
    let out: Vec<Offered> = futures::stream::iter(asked).buffered(AT_ONCE).collect().await;
    if out.is_empty() {
        return Err(Error::new(Kind::Config, "look for versions")
            .on(chart.safe().to_string())
            .detail("no repository is configured for this chart")
            .hint("name one in config.toml: [[repositories]] with name and url"));
    }
    Ok(out)
}

async fn read(repository: &Repository, chart: &str) -> Result<Versions> {
    let source = &repository.source;
    let failed = |kind: Kind| Error::new(kind, "read the index of a repository").on(source.name.clone());
    let transport = log::transport(Arc::new(Direct::new(source)?));
    let request = Request {
        method: http::Method::GET,
        path: "/index.yaml".to_owned(),
        headers: Vec::new(),
        form: None,
        limit: source.timeout,
        cap: MAX_TEXT,
    };
    let answer = transport.send(request).await?;
    match answer.status {
        200 => {}
        401 => return Err(failed(Kind::Auth).detail("HTTP 401").hint("set basic or bearer")),
        403 => return Err(failed(Kind::Denied).detail("HTTP 403")),
        404 => {
            return Err(failed(Kind::NotFound)
                .detail("HTTP 404: there is no index.yaml")
                .hint("url is the address below which index.yaml lies"));
        }
        status => return Err(failed(Kind::Server).detail(format!("HTTP {status}"))),
    }
    let name = chart.to_owned();
    let read = move || versions(&String::from_utf8_lossy(&answer.body), &name);
    let found = tokio::task::spawn_blocking(read).await;
    let found = found.map_err(|e| failed(Kind::Internal).detail(e.to_string()))?;
    found.map_err(|e| failed(Kind::Decode).detail(e.to_string()))
}

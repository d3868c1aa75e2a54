//! Actions on what git deploys, as deeds. Who asks for them is filled in where the plan is made.

use super::deeds::Read;
use crate::cli::args::Sent;
use crate::cli::gitops::{ArgocdCommand, FluxCommand};
use crate::core::{Error, Kind, Result, Span};
use crate::ops::deed::{App, Deed, Flux};

/// Reads a command on objects of Flux.
///
/// # Errors
/// A length that is none.
pub fn flux(command: FluxCommand) -> Read {
    let (how, on) = match command {
        FluxCommand::Suspend { length, on } => {
            let until = length.as_deref().map(until).transpose()?;
            let why = on.sent.reason.clone().unwrap_or_default();
            (Flux::Suspend { by: String::new(), why, until }, on)
        }
        FluxCommand::Resume(on) => (Flux::Resume, on),
        FluxCommand::Reconcile(on) => (Flux::Reconcile, on),
    };
    Ok((Deed::Flux { how }, on.objects, on.sent))
}

fn until(length: &str) -> Result<crate::core::Ts> {
    let span = Span::parse(length).filter(|span| span.0 > 0).ok_or_else(|| {
        Error::new(Kind::Usage, "suspend").on(length.to_owned()).detail("--for is a length, as in 2h")
    })?;
    Ok(crate::runtime::now() + span)
}

/// Reads a command on Applications of Argo CD.
pub fn argocd(command: ArgocdCommand) -> (Deed, Vec<String>, Sent) {
    let name = |name: &String| format!("application/{name}");
    match command {
        ArgocdCommand::Rollback { application, id, sent } => {
            let why = sent.reason.clone().unwrap_or_default();
            (Deed::App { how: App::Back { id, by: String::new(), why } }, vec![name(&application)], sent)
        }
        ArgocdCommand::AutoSync { state, applications } => {
            let why = applications.sent.reason.clone().unwrap_or_default();
            let how = App::AutoSync { on: state == "on", by: String::new(), why };
            (Deed::App { how }, applications.names.iter().map(name).collect(), applications.sent)
        }
        ArgocdCommand::Sync(applications) => {
            let how = App::Sync { by: String::new() };
            (Deed::App { how }, applications.names.iter().map(name).collect(), applications.sent)
        }
    }
}

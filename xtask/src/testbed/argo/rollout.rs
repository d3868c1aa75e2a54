//! `argo rollout`: a Rollout of the real Argo Rollouts, with a canary.
//!
//! Owns the Rollout's text. A second call with the same tag changes nothing.

use serde_json::Value;

use super::{text, wait_for};
use crate::testbed::error::Result;
use crate::testbed::stand::Stand;

/// The Rollout's command line.
#[derive(clap::Args)]
pub struct Args {
    /// The Rollout's name: of its Service too.
    #[arg(default_value = "gateway")]
    name: String,
    /// Its namespace, created where it is missing; its name where nothing is said.
    #[arg(short, long)]
    namespace: Option<String>,
    /// The image tag. The first one is rolled out at once, every other one as a canary.
    #[arg(long, default_value = "2.0.0")]
    tag: String,
}

/// Makes the Rollout or gives it another tag, and returns when all of it has the tag or the canary is paused.
pub fn make(stand: &Stand, args: &Args) -> Result<()> {
    let namespace = args.namespace.as_ref().unwrap_or(&args.name);
    let values = [("app", args.name.as_str()), ("namespace", namespace), ("tag", &args.tag)];
    stand.apply("the Rollout", &stand.config_with("argo/rollout.yaml", &values)?)?;
    let rollout = wait_for(stand, ("rollouts.argoproj.io", namespace, &args.name), lacks)?;
    let step = rollout.pointer("/status/currentStepIndex").map(Value::to_string).unwrap_or_default();
    println!("{namespace}/{}: {} (step {step})", args.name, text(&rollout, "/status/phase"));
    Ok(())
}

/// Tells what a Rollout lacks to be at rest: what the controller says must be about what is asked for.
fn lacks(rollout: &Value) -> Option<String> {
    let generation = rollout.pointer("/metadata/generation").map(Value::to_string).unwrap_or_default();
    let (phase, seen) = (text(rollout, "/status/phase"), text(rollout, "/status/observedGeneration"));
    let rests = matches!(phase, "Healthy" | "Paused") && seen == generation;
    let why =
        || format!("generation {generation}, seen {seen}, `{phase}` {}", text(rollout, "/status/message"));
    (!rests).then(why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_rollout_says_of_its_last_generation_does_not_count() {
        let rollout = |phase: &str, seen: &str| json!({"metadata": {"generation": 3}, "status": {"phase": phase, "observedGeneration": seen}});
        assert_eq!(lacks(&rollout("Healthy", "3")), None);
        assert_eq!(lacks(&rollout("Paused", "3")), None);
        assert!(lacks(&rollout("Healthy", "2")).is_some());
        assert!(lacks(&rollout("Progressing", "3")).is_some());
        assert!(lacks(&rollout("Degraded", "3")).is_some());
    }
}

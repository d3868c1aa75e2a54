//! The one gate: whether a plan may be carried out, and the token without which nothing is written.

use std::sync::Arc;

use super::plan::{Plan, PlanId};
use super::record::How;
use crate::core::action::Risk;
use crate::core::{Span, Ts};

/// How long confirming a plan arms the context.
pub const ARMED_BY_PLAN: Span = Span::mins(10);

/// How old the data of a plan may be when it is confirmed.
pub const FRESH: Span = Span::mins(5);

/// What the configuration says of a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Destructive and disruptive plans are confirmed by typing the name.
    pub protected: bool,
    /// Nothing is ever written.
    pub locked: bool,
}

impl Default for Policy {
    /// Every context is protected but those that the configuration frees by name.
    fn default() -> Self {
        Self { protected: true, locked: false }
    }
}

/// Whether writing is possible, and until when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gate {
    policy: Policy,
    armed: Option<(Ts, Arc<str>)>,
}

/// The right to carry out one plan. Has no public constructor: only [`Gate::confirm`] makes one.
#[derive(Debug)]
pub struct WriteToken {
    plan: PlanId,
    until: Ts,
    reason: Arc<str>,
}

impl WriteToken {
    /// Returns the plan that it is for.
    pub fn plan(&self) -> PlanId {
        self.plan
    }

    /// Returns the reason that was given.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Returns whether it is still good.
    pub fn is_good(&self, now: Ts) -> bool {
        now < self.until
    }
}

/// A plan with the token to carry it out.
#[derive(Debug)]
pub struct Confirmed {
    /// The plan, exactly as it was shown.
    pub plan: Arc<Plan>,
    /// The token for it.
    pub token: WriteToken,
    /// Whether to wait until everything is ready.
    pub wait: Option<Span>,
    /// How it was confirmed.
    pub how: How,
}

/// How a plan is confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent<'a> {
    /// By a key in its dialogue or `--yes`.
    Yes(How),
    /// By the typed name.
    Name(&'a str, How),
}

impl Gate {
    /// Returns a gate for a context, not armed.
    pub fn new(policy: Policy) -> Self {
        Self { policy, armed: None }
    }

    /// Returns what the configuration says.
    pub fn policy(&self) -> Policy {
        self.policy
    }

    /// Arms for a while. Returns whether that is allowed.
    pub fn arm(&mut self, now: Ts, length: Span, reason: impl Into<Arc<str>>) -> bool {
        if !self.policy.locked {
            self.armed = Some((now + length, reason.into()));
        }
        !self.policy.locked
    }

    /// Disarms.
    pub fn disarm(&mut self) {
        self.armed = None;
    }

    /// Returns until when it is armed, and why.
    pub fn armed(&self, now: Ts) -> Option<(Ts, &str)> {
        self.armed.as_ref().filter(|(until, _)| now < *until).map(|(until, reason)| (*until, &**reason))
    }

    /// Returns whether a plan of that risk must be confirmed by typing its target's name.
    pub fn asks_for_name(&self, risk: Risk) -> bool {
        self.policy.protected && risk > Risk::Safe
    }

    /// Makes the token for a plan; confirming a plan in its own dialogue arms for ten minutes.
    ///
    /// # Errors
    /// The reason why not: locked, refused by its preflight, too old, the wrong name, or a name missing.
    pub fn confirm(
        &mut self,
        plan: &Arc<Plan>,
        consent: Consent<'_>,
        wait: Option<Span>,
        reason: &str,
        now: Ts,
    ) -> Result<Confirmed, String> {
        if self.policy.locked {
            return Err(
                "this context is locked by the configuration (readonly = \"locked\"): nothing is written"
                    .to_owned(),
            );
        }
        if let Some(refusal) = plan.refusals.first() {
            return Err(format!("the preflight refuses: {refusal}"));
        }
        let age = now - plan.made_at;
        if age > FRESH || age < Span(0) {
            return Err(format!("the plan is {age} old: make it anew"));
        }
        let (phrase, what) = plan.phrase();
        let how = match consent {
            Consent::Name(name, how) if name == phrase => how,
            Consent::Name(..) => return Err(format!("that is not {what}, `{phrase}`")),
            Consent::Yes(_) if self.asks_for_name(plan.risk) => {
                return Err(format!("this context is protected: confirm with {what}, `{phrase}`"));
            }
            Consent::Yes(how) => how,
        };
        self.arm(now, ARMED_BY_PLAN, reason);
        // The last records are written after the waiting.
        let until = now + ARMED_BY_PLAN + wait.unwrap_or_default();
        let token = WriteToken { plan: plan.id, until, reason: reason.into() };
        Ok(Confirmed { plan: Arc::clone(plan), token, wait, how })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Ts = Ts::from_secs(1_000);

    fn plan() -> Arc<Plan> {
        Arc::new(Plan::example(NOW))
    }

    #[test]
    fn a_protected_context_asks_for_the_name_and_takes_no_other() {
        let mut gate = Gate::default();
        assert!(
            gate.confirm(&plan(), Consent::Yes(How::Enter), None, "r", NOW)
                .unwrap_err()
                .contains("protected")
        );
        assert!(
            gate.confirm(&plan(), Consent::Name("mom", How::TypedName), None, "r", NOW)
                .unwrap_err()
                .contains("`momo`")
        );
        let confirmed = gate.confirm(&plan(), Consent::Name("momo", How::TypedName), None, "r", NOW).unwrap();
        assert_eq!(
            (confirmed.token.plan(), confirmed.token.reason(), confirmed.how),
            (plan().id, "r", How::TypedName)
        );
        assert!(confirmed.token.is_good(NOW) && !confirmed.token.is_good(NOW + ARMED_BY_PLAN));
    }

    #[test]
    fn a_free_context_takes_a_key_and_a_locked_one_nothing() {
        let mut free = Gate::new(Policy { protected: false, locked: false });
        assert!(free.confirm(&plan(), Consent::Yes(How::Enter), None, "r", NOW).is_ok());
        assert!(free.armed(NOW).is_some() && free.armed(NOW + ARMED_BY_PLAN).is_none());
        let mut locked = Gate::new(Policy { protected: false, locked: true });
        assert!(
            locked
                .confirm(&plan(), Consent::Name("momo", How::TypedName), None, "r", NOW)
                .unwrap_err()
                .contains("locked")
        );
        assert!(!locked.arm(NOW, Span::mins(1), "r") && locked.armed(NOW).is_none());
    }

    #[test]
    fn a_refused_or_an_old_plan_is_never_confirmed() {
        let mut gate = Gate::new(Policy { protected: false, locked: false });
        let mut refused = Plan::example(NOW);
        refused.refusals.push("owned by Flux".to_owned());
        assert!(
            gate.confirm(&Arc::new(refused), Consent::Yes(How::Enter), None, "r", NOW)
                .unwrap_err()
                .contains("Flux")
        );
        let late = NOW + FRESH + Span(1);
        assert!(
            gate.confirm(&plan(), Consent::Yes(How::Enter), None, "r", late).unwrap_err().contains("anew")
        );
    }
}

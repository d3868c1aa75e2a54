//! The one gate: whether a plan may be carried out, and the token without which nothing is written.

use std::sync::Arc;

use super::freeze::{Freezes, Frozen};
use super::plan::{Plan, PlanId};
use super::record::{How, What};
use crate::core::action::Risk;
use crate::core::{Safe, Span, Ts, Zone};

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
    context: Arc<str>,
    freezes: Freezes,
    armed: Option<(Ts, Arc<str>)>,
}

/// The right to carry out one plan. Has no public constructor: only [`Gate::confirm`] makes one, and a process of ours
/// that carries a plan out reads the one that it was handed with it.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
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
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub struct Confirmed {
    /// The plan, exactly as it was shown.
    pub plan: Arc<Plan>,
    /// The token for it.
    pub token: WriteToken,
    /// Whether to wait until everything is ready.
    pub wait: Option<Span>,
    /// The freezes that a person has overridden.
    pub overridden: Vec<Frozen>,
    /// How it was confirmed.
    pub how: How,
}

impl Confirmed {
    /// Returns the journal's entry of the intent.
    pub fn intent(&self) -> What {
        let named: Vec<&str> = self.overridden.iter().map(|f| f.name.as_str()).collect();
        What::Intent {
            plan: self.plan.id,
            how: self.how,
            reason: Safe::of(self.token.reason()),
            user: Some(self.plan.user.clone()).filter(|u| !u.as_str().is_empty()),
            overrides: (!named.is_empty()).then(|| Safe::of(&named.join(", "))),
        }
    }
}

/// How a plan is confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent<'a> {
    /// By a key in its dialogue or `--yes`.
    Yes(How),
    /// By the typed name.
    Name(&'a str, How),
}

/// A confirmation as a person gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confirmation<'a> {
    /// How.
    pub consent: Consent<'a>,
    /// Whether to wait until everything is ready.
    pub wait: Option<Span>,
    /// Why: the journal keeps it.
    pub reason: &'a str,
    /// Whether the reason is given to override a freeze.
    pub overrides: bool,
}

impl Gate {
    /// Returns a gate for a context without freezes, not armed.
    pub fn new(policy: Policy) -> Self {
        Self { policy, ..Self::default() }
    }

    /// Returns the gate of a context with the configuration's freezes.
    #[must_use]
    pub fn of(mut self, context: &str, freezes: Freezes) -> Self {
        self.context = context.into();
        self.freezes = freezes;
        self
    }

    /// Returns which freezes hold for a plan now, by the host's clock and by the server's as it was when the plan was
    /// made. Silences are not a change to the context: none holds for them.
    pub fn frozen(&self, plan: &Plan, now: Ts) -> Vec<Frozen> {
        if !plan.is_of_cluster() {
            return Vec::new();
        }
        match plan.skew {
            Some(skew) => self.freezes.by_both_clocks(&self.context, now, now - skew),
            None => self.freezes.at(&self.context, now),
        }
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

    /// Returns whether a plan must be confirmed by typing its target's name.
    pub fn asks_for_name(&self, plan: &Plan, now: Ts) -> bool {
        // Somebody may be at work on what is passed over.
        let passes_over = plan.rollback().is_some_and(|rollback| rollback.over.is_some());
        (self.policy.protected && plan.risk > Risk::Safe)
            || passes_over
            || plan.named().is_some()
            || !self.frozen(plan, now).is_empty()
    }

    /// Makes the token for a plan; confirming a plan in its own dialogue arms for ten minutes, but for silences.
    ///
    /// # Errors
    /// The reason why not: locked, refused by its preflight, too old, the wrong name, or a name missing.
    pub fn confirm(
        &mut self,
        plan: &Arc<Plan>,
        asked: Confirmation<'_>,
        now: Ts,
    ) -> Result<Confirmed, String> {
        let Confirmation { consent, wait, reason, overrides } = asked;
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
        let frozen = self.frozen(plan, now);
        if let Some(held) = frozen.iter().find(|f| !f.overridable || !overrides || reason.trim().is_empty()) {
            return Err(held.sentence(Zone::Utc).to_string());
        }
        let (phrase, what) = plan.phrase();
        let how = match consent {
            Consent::Name(name, how) if name == phrase => how,
            Consent::Name(..) => return Err(format!("not {what}, `{phrase}`")),
            Consent::Yes(_) if self.asks_for_name(plan, now) => {
                let why = match (frozen.is_empty(), self.policy.protected, plan.named()) {
                    (false, ..) => "a freeze is overridden",
                    (true, _, Some(why)) => why.as_str(),
                    (true, true, None) => "this context is protected",
                    (true, false, None) => "somebody may still be at work on the pending revision",
                };
                return Err(format!("{why}: confirm with {what}, `{phrase}`"));
            }
            Consent::Yes(how) => how,
        };
        // Silences are the Alertmanager's: confirming one does not make the cluster writable.
        if plan.is_of_cluster() {
            self.arm(now, ARMED_BY_PLAN, reason);
        }
        // The last records are written after the waiting.
        let until = now + ARMED_BY_PLAN + plan.lasts() + wait.unwrap_or_default();
        let token = WriteToken { plan: plan.id, until, reason: reason.into() };
        Ok(Confirmed { plan: Arc::clone(plan), token, wait, overridden: frozen, how })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::freeze::{Freeze, When};
    use crate::ops::plan::{Doing, Loss};

    const NOW: Ts = Ts::from_secs(1_000);

    fn by(consent: Consent<'_>) -> Confirmation<'_> {
        Confirmation { consent, wait: None, reason: "r", overrides: false }
    }

    fn plan() -> Arc<Plan> {
        Arc::new(Plan::example(NOW))
    }

    #[test]
    fn a_protected_context_asks_for_the_name_and_takes_no_other() {
        let mut gate = Gate::default();
        assert!(gate.confirm(&plan(), by(Consent::Yes(How::Enter)), NOW).unwrap_err().contains("protected"));
        assert!(
            gate.confirm(&plan(), by(Consent::Name("mom", How::TypedName)), NOW)
                .unwrap_err()
                .contains("`momo`")
        );
        let confirmed = gate.confirm(&plan(), by(Consent::Name("momo", How::TypedName)), NOW).unwrap();
        assert_eq!(
            (confirmed.token.plan(), confirmed.token.reason(), confirmed.how),
            (plan().id, "r", How::TypedName)
        );
        assert!(confirmed.token.is_good(NOW) && !confirmed.token.is_good(NOW + ARMED_BY_PLAN));
    }

    #[test]
    fn a_free_context_takes_a_key_and_a_locked_one_nothing() {
        let mut free = Gate::new(Policy { protected: false, locked: false });
        assert!(free.confirm(&plan(), by(Consent::Yes(How::Enter)), NOW).is_ok());
        assert!(free.armed(NOW).is_some() && free.armed(NOW + ARMED_BY_PLAN).is_none());
        let mut locked = Gate::new(Policy { protected: false, locked: true });
        assert!(
            locked
                .confirm(&plan(), by(Consent::Name("momo", How::TypedName)), NOW)
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
            gate.confirm(&Arc::new(refused), by(Consent::Yes(How::Enter)), NOW).unwrap_err().contains("Flux")
        );
        let late = NOW + FRESH + Span(1);
        assert!(gate.confirm(&plan(), by(Consent::Yes(How::Enter)), late).unwrap_err().contains("anew"));
    }

    #[test]
    fn what_nothing_brings_back_is_named_in_whatever_context() {
        let mut plan = Plan::example(NOW);
        let loss = |name: &'static str| Loss {
            object: Safe::own(name),
            name: Safe::own(name),
            what: Safe::own("and its data"),
        };
        if let Doing::Rollback(rollback) = &mut plan.what {
            **rollback = rollback.as_ref().clone().losing(vec![loss("widgets.example.com"), loss("data-0")]);
        }
        let plan = Arc::new(plan);
        let mut free = Gate::new(Policy { protected: false, locked: false });
        assert!(free.asks_for_name(&plan, NOW));
        let mut said = |consent| free.confirm(&plan, by(consent), NOW).map(drop);
        assert_eq!(
            said(Consent::Yes(How::Yes)).unwrap_err(),
            "it deletes what nothing brings back: confirm with the names of what is lost, `widgets.example.com data-0`"
        );
        for name in ["momo", "widgets.example.com", "data-0 widgets.example.com"] {
            assert!(said(Consent::Name(name, How::TypedName)).is_err(), "{name}");
        }
        assert_eq!(said(Consent::Name("widgets.example.com data-0", How::TypedName)), Ok(()));
    }

    #[test]
    fn a_freeze_is_overridden_by_a_reason_and_the_name_where_that_is_allowed() {
        let freeze = |overridable| Freeze {
            name: Safe::own("Friday evening"),
            contexts: vec!["prod-*".to_owned()],
            when: When::Once { start: NOW - Span::secs(1), end: NOW + Span::hours(1) },
            overridable,
        };
        let free = Gate::new(Policy { protected: false, locked: false });
        let mut gate = free.clone().of("prod-ru1", Freezes(vec![freeze(true)]));
        let name = by(Consent::Name("momo", How::TypedName));
        let refused = |gate: &mut Gate, asked| gate.confirm(&plan(), asked, NOW).unwrap_err();
        assert!(gate.asks_for_name(&plan(), NOW));
        assert!(refused(&mut gate, name).contains("Friday evening"));
        let over = Confirmation { overrides: true, ..name };
        assert!(refused(&mut gate, Confirmation { reason: " ", ..over }).contains("with a reason"));
        let yes = Confirmation { consent: Consent::Yes(How::Enter), ..over };
        assert!(refused(&mut gate, yes).contains("a freeze is overridden"));
        let confirmed = gate.confirm(&plan(), over, NOW).unwrap();
        assert_eq!(confirmed.overridden.len(), 1);
        let mut never = free.clone().of("prod-ru1", Freezes(vec![freeze(false)]));
        assert!(refused(&mut never, over).contains("nobody overrides it"));
        let mut other = free.of("test", Freezes(vec![freeze(false)]));
        assert!(other.confirm(&plan(), by(Consent::Yes(How::Enter)), NOW).is_ok());
    }

    #[test]
    fn where_the_clocks_differ_freezes_hold() {
        let past = When::Once { start: NOW - Span::hours(2), end: NOW - Span::hours(1) };
        let freeze = Freeze { name: Safe::own("past"), contexts: Vec::new(), when: past, overridable: false };
        let free = Gate::new(Policy { protected: false, locked: false });
        let mut gate = free.of("any", Freezes(vec![freeze]));
        let plan = Plan { skew: Some(Span::mins(2)), ..Plan::example(NOW) };
        let asked = by(Consent::Name("momo", How::TypedName));
        assert!(gate.confirm(&Arc::new(plan.clone()), asked, NOW).unwrap_err().contains("the clocks differ"));
        let plan = Plan { skew: Some(Span::secs(2)), ..plan };
        assert!(gate.confirm(&Arc::new(plan), asked, NOW).is_ok());
    }
}

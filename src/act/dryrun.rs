//! What a dry run of the server says of the write itself.

use super::said;
use crate::core::{Error, Kind};
use crate::ops::plan::Preview;

/// What admission says when it refuses; the server answers 403 for it as for a missing right, and 500 for a webhook
/// that does not answer.
const ADMISSION: [&str; 5] = [
    "admission webhook",
    "failed calling webhook",
    "exceeded quota",
    "violates PodSecurity",
    "denied request",
];

/// Returns what a failed dry run says of the write itself: it would be refused too, or nothing is known.
pub fn judge(error: &Error, allowed: bool) -> Preview {
    let line = error.line();
    let admission = ADMISSION.iter().any(|words| line.contains(words));
    let refused = match error.kind {
        // A webhook with side effects has no dry run; it says nothing of the write.
        _ if line.contains("does not support dry run") => false,
        Kind::Denied => allowed || admission,
        Kind::Server => admission,
        Kind::Timeout | Kind::Unreachable | Kind::Throttled | Kind::Refused => false,
        _ => true,
    };
    let why = said(line);
    if refused { Preview::Refused(why) } else { Preview::Computed(why) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_admission_refuses_is_refused_and_what_nobody_answered_is_not_known() {
        let refused = |kind, detail: &str, allowed| {
            let error = Error::new(kind, "try").on("deployments/backend").detail(detail);
            matches!(judge(&error, allowed), Preview::Refused(_))
        };
        let rbac = r#"deployments.apps "backend" is forbidden: User "me" cannot patch resource (403)"#;
        let quota = r#"pods "a" is forbidden: exceeded quota: compute, requested: cpu=1 (403)"#;
        let webhook = r#"admission webhook "validation.gatekeeper.sh" denied the request: no (403)"#;
        let away = r#"failed calling webhook "policy.example": context deadline exceeded (500)"#;
        let no_dry_run = r#"admission webhook "mutate.example" does not support dry run (400)"#;
        assert!(!refused(Kind::Denied, rbac, false) && refused(Kind::Denied, rbac, true));
        assert!(refused(Kind::Denied, quota, false) && refused(Kind::Denied, webhook, false));
        assert!(refused(Kind::Server, away, true) && !refused(Kind::Server, "it broke (500)", true));
        assert!(
            !refused(Kind::BadQuery, no_dry_run, true) && refused(Kind::BadQuery, "is immutable (422)", true)
        );
        assert!(!refused(Kind::Timeout, "no answer", true) && !refused(Kind::Unreachable, "refused", true));
    }
}

//! What is planned where everything is to be as Helm does it.

use pretty_assertions::assert_eq;

use super::*;

#[test]
fn helm_picks_the_number_before_the_last_whatever_it_is() {
    let history = [revision(2, "superseded", ""), revision(4, "failed", ""), revision(5, "deployed", "")];
    assert_eq!(helm_picks(&history), Ok(4));
    assert_eq!(helm_picks(&history[..1]), Ok(1));
    assert_eq!(helm_picks(&[]), Err(Refusal::NoHistory));
}

#[test]
fn what_cannot_be_foreseen_is_refused_unless_helms_ways_are_wanted() {
    let of = |strict| {
        let mut stand = two(&config_map("env", "one"), &config_map("env", "two"));
        stand.options.strict = strict;
        let sides = stand.sides(6);
        let denied = sides.all().map(|object| (object.id.clone(), Live::Denied("may not".to_owned())));
        let live = denied.collect();
        let input = PlanInput {
            history: &stand.history,
            target: 6,
            sides: &sides,
            unbound: &[],
            live: &live,
            owners: &[],
            autoscalers: &[],
            held: &[],
            options: &stand.options,
            now: NOW,
            dead: None,
        };
        let plan = plan(&input).unwrap();
        let warnings = plan.objects.iter().flat_map(|object| object.warnings.clone());
        (plan.refusals.len(), warnings.map(|warning| warning.to_string()).collect::<Vec<_>>())
    };
    assert_eq!(of(false), (1, Vec::new()));
    let why = "what becomes of it is not known: ConfigMap momo-store/env cannot be read: may not";
    assert_eq!(of(true), (0, vec![why.to_owned()]));
}

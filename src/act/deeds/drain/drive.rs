//! Carries a drain out: cordons, evicts again and again as budgets allow it, and waits until all are gone.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::StreamExt as _;
use serde_json::Value;

use super::super::super::order::Carry;
use super::super::super::said;
use super::super::Part;
use super::super::drive::{End, Fresh, GONE};
use super::{Ending, Job, gather};
use crate::core::{Error, Kind, Safe, Span, Ts, num};
use crate::ops::deed::drain::choose;
use crate::ops::deed::held_by;
use crate::ops::{JobMsg, Outcome};

/// How long an eviction that was refused rests before it is asked for again, as kubectl does it.
const AGAIN: Span = Span::secs(5);
/// How often it is looked whether pods are gone.
const LOOK: Duration = Duration::from_secs(1);
/// How many looks are under way at once.
const AT_ONCE: usize = 8;

/// Carries it out and tells how it goes. Returns how it ended and what is said of it.
pub(in crate::act) async fn run(carry: &Carry<'_>, job: &Job) -> (Outcome, Safe) {
    let of = job.nodes.len() + job.pods.len() + job.ending.len();
    let mut course = Course::new(of, carry.tell);
    for (at, node) in job.nodes.iter().enumerate() {
        if course.why.is_none() {
            course.cordon(carry, at + 1, node).await;
        }
    }
    course.cordoned = course.why.is_none();
    let pods = job.pods.iter().enumerate();
    let first = job.nodes.len() + 1;
    let mut waiting: Vec<Asked<'_>> =
        pods.map(|(at, part)| Asked { number: first + at, part, next: Ts(0), said: None }).collect();
    for (at, ending) in job.ending.iter().enumerate() {
        course.ending.insert(first + job.pods.len() + at, ending.clone());
    }
    let until = (carry.clock)() + job.lasts;
    while course.why.is_none() {
        course.evict(carry, &mut waiting, until).await;
        course.look(carry).await;
        // What is unknown stays so, whatever else has come meanwhile.
        if course.why.is_some() {
            break;
        }
        if waiting.is_empty() && course.ending.is_empty() {
            course.came_meanwhile(carry, job).await;
            break;
        }
        if (carry.clock)() >= until {
            course.why = Some(Why::Failed(format!("{} have passed", job.lasts)));
        } else if carry.stop.is_cancelled() {
            course.why = Some(Why::Failed("it was told to stop".to_owned()));
        } else {
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = carry.stop.cancelled() => {}
            }
        }
    }
    course.end(&waiting)
}

/// A pod whose eviction is asked for.
struct Asked<'a> {
    number: usize,
    part: &'a Part,
    /// When it is asked for next.
    next: Ts,
    /// What was answered last.
    said: Option<Safe>,
}

/// What came of asking for an eviction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asking {
    /// There is nothing more to ask.
    Over,
    /// It is asked for again.
    Again,
    /// The pod could not be looked at.
    Unanswered,
}

/// Why it stops before all are gone.
enum Why {
    Failed(String),
    Unknown(String),
}

struct Course<'a> {
    of: usize,
    tell: &'a (dyn Fn(JobMsg) + Sync),
    /// Pods that are ending, by their step.
    ending: BTreeMap<usize, Ending>,
    /// What has been told of them last.
    told: BTreeMap<usize, Safe>,
    gone: usize,
    failed: Vec<Safe>,
    why: Option<Why>,
    /// Whether no new pods come to the nodes.
    cordoned: bool,
}

impl<'a> Course<'a> {
    fn new(of: usize, tell: &'a (dyn Fn(JobMsg) + Sync)) -> Self {
        let (ending, told) = (BTreeMap::new(), BTreeMap::new());
        Self { of, tell, ending, told, gone: 0, failed: Vec::new(), why: None, cordoned: false }
    }

    /// Tells of a step, where it is news.
    fn step(&mut self, number: usize, text: Safe, finished: bool) {
        if self.told.get(&number) == Some(&text) && !finished {
            return;
        }
        self.told.insert(number, text.clone());
        (self.tell)(JobMsg::Step { number, of: self.of, text, finished });
    }

    async fn cordon(&mut self, carry: &Carry<'_>, number: usize, node: &Part) {
        let end = if carry.stop.is_cancelled() {
            End::Failed("not sent: cancelled".to_owned())
        } else {
            self.step(number, said(&node.object), false);
            carry.part(node).await
        };
        let text = end.told(&node.object);
        self.step(number, text.clone(), true);
        match end {
            End::Done(_) => {}
            End::Unknown(_) => self.why = Some(Why::Unknown(text.to_string())),
            // Without it, what is evicted comes back to the same node.
            End::Failed(_) | End::Refused(..) => self.why = Some(Why::Failed(text.to_string())),
        }
    }

    /// Asks for the evictions that are due, one after another. What is left waits for its budget.
    async fn evict(&mut self, carry: &Carry<'_>, waiting: &mut Vec<Asked<'_>>, until: Ts) {
        let mut left = Vec::new();
        // Where one can't be looked at the others can't either: the round ends.
        let mut away = false;
        for mut asked in std::mem::take(waiting) {
            let now = (carry.clock)();
            if self.why.is_some() || carry.stop.is_cancelled() || away || now < asked.next || now >= until {
                left.push(asked);
                continue;
            }
            match self.ask(carry, &mut asked).await {
                Asking::Over => {}
                answer => {
                    away = answer == Asking::Unanswered;
                    asked.next = (carry.clock)() + AGAIN;
                    left.push(asked);
                }
            }
        }
        *waiting = left;
    }

    /// Asks for one eviction.
    async fn ask(&mut self, carry: &Carry<'_>, asked: &mut Asked<'_>) -> Asking {
        let (number, part) = (asked.number, asked.part);
        let object = &part.object;
        let fresh = match carry.fresh(part).await {
            Ok(Fresh::Same(fresh)) => fresh,
            Ok(Fresh::Gone | Fresh::Replaced) => {
                self.away(number, object);
                return Asking::Over;
            }
            Err(error) => {
                let text =
                    said(format!("{object}: could not be looked at, nothing was sent: {}", error.line()));
                self.step(number, text.clone(), false);
                asked.said = Some(text);
                return Asking::Unanswered;
            }
        };
        let uid = fresh.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default().to_owned();
        let ending = Ending { object: object.clone(), path: part.from.clone(), uid };
        if fresh.pointer("/metadata/deletionTimestamp").is_some_and(|at| !at.is_null()) {
            self.ending.insert(number, ending);
            return Asking::Over;
        }
        let end = carry.planned(part, &fresh).await;
        let text = end.told(object);
        match end {
            // It went between the two requests.
            End::Refused(404, _) => {
                self.away(number, object);
                Asking::Over
            }
            End::Done(words) if words == GONE => {
                self.away(number, object);
                Asking::Over
            }
            End::Done(_) => {
                self.step(number, text, false);
                self.ending.insert(number, ending);
                Asking::Over
            }
            // A budget, or a change in the same moment: it is known not to be done, and is looked at again before it is
            // asked for again.
            End::Refused(409 | 429, why) => {
                let text = said(format!("{object}: held: {why}"));
                self.step(number, text.clone(), false);
                asked.said = Some(text);
                Asking::Again
            }
            End::Unknown(_) => {
                self.step(number, text.clone(), true);
                self.why = Some(Why::Unknown(text.to_string()));
                Asking::Over
            }
            End::Failed(_) | End::Refused(..) => {
                self.step(number, text.clone(), true);
                self.failed.push(text);
                Asking::Over
            }
        }
    }

    /// Looks whether pods have come to the nodes after the plan was made and before they were cordoned.
    async fn came_meanwhile(&mut self, carry: &Carry<'_>, job: &Job) {
        for node in &job.names {
            let pods = match gather::pods(carry.client, node).await {
                Ok(pods) => pods,
                Err(fail) => {
                    let why = fail.error.line();
                    self.why = Some(Why::Unknown(format!(
                        "whether others came to {node} meanwhile is not known: {why}"
                    )));
                    return;
                }
            };
            let named = serde_json::json!({ "metadata": { "name": node } });
            let left = choose(&named, &pods, &[], None, &job.options, (carry.clock)());
            let others = left.leaving.iter().map(|l| &l.pod).chain(left.blockers.iter().map(|(pod, _)| pod));
            self.failed
                .extend(others.map(|pod| said(format!("Pod {pod}: came to {node} after the plan was made"))));
        }
    }

    /// Looks which of the pods that are ending are gone.
    async fn look(&mut self, carry: &Carry<'_>) {
        let look = |(number, ending): (usize, Ending)| async move {
            let back = carry.look(&ending.path).await;
            (number, ending, back)
        };
        let looks: Vec<_> = self.ending.clone().into_iter().map(look).collect();
        let seen: Vec<_> = futures::stream::iter(looks).buffered(AT_ONCE).collect().await;
        for (number, ending, back) in seen {
            let object = &ending.object;
            match back {
                Ok(None) => self.away(number, object),
                Ok(Some(pod)) => {
                    let uid = pod.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default();
                    let held = held_by(&pod);
                    if uid != ending.uid {
                        self.away(number, object);
                    } else if held.is_empty() {
                        self.step(number, said(format!("{object}: is ending")), false);
                    } else {
                        let names: Vec<&str> = held.iter().map(Safe::as_str).collect();
                        let text = format!("{object}: is ending, held by {}", names.join(", "));
                        self.step(number, said(text), false);
                    }
                }
                Err(error) => {
                    let text = format!("{object}: can't be looked at: {}", error.line());
                    self.step(number, said(text), false);
                }
            }
        }
    }

    fn away(&mut self, number: usize, object: &str) {
        self.ending.remove(&number);
        self.gone += 1;
        self.step(number, said(format!("{object}: {GONE}")), true);
    }

    /// Sums up, and ends the steps of those that are not gone.
    fn end(mut self, waiting: &[Asked<'_>]) -> (Outcome, Safe) {
        let mut left = Vec::new();
        for asked in waiting {
            let text = asked.said.clone().unwrap_or_else(|| said(format!("{}: not sent", asked.part.object)));
            left.push(text.clone());
            self.step(asked.number, text, true);
        }
        for (number, ending) in std::mem::take(&mut self.ending) {
            let text = self.told.get(&number).cloned();
            let text = text.unwrap_or_else(|| said(format!("{}: is ending", ending.object)));
            left.push(text.clone());
            self.step(number, text, true);
        }
        let gone = num::counted(self.gone, "pod is gone", "pods are gone");
        let is_unknown = matches!(self.why, Some(Why::Unknown(_)));
        let (Some(Why::Failed(why) | Why::Unknown(why)), left) = (self.why, left) else {
            if self.failed.is_empty() {
                return (Outcome::Done, said(gone));
            }
            return failed(&gone, "", &self.failed, self.cordoned);
        };
        let cordoned = self.cordoned;
        let rest: Vec<Safe> = self.failed.into_iter().chain(left).collect();
        if is_unknown {
            let text = said(format!("{why}; {gone}, {} not reached", rest.len()));
            let error = Error::new(Kind::OutcomeUnknown, "drain").detail(text.as_str());
            return (Outcome::Unknown(error.hint("nothing was sent again: look at the object")), text);
        }
        failed(&gone, &format!("{why}; "), &rest, cordoned)
    }
}

fn failed(gone: &str, why: &str, left: &[Safe], cordoned: bool) -> (Outcome, Safe) {
    let some: Vec<&str> = left.iter().take(5).map(Safe::as_str).collect();
    let more = if left.len() > 5 { format!(" and {} more", left.len() - 5) } else { String::new() };
    let text = said(format!("{why}{gone}; {}{more}", some.join("; ")));
    let error = Error::new(Kind::Server, "drain").detail(text.as_str());
    let hint = "the node stays cordoned: drain it again, or uncordon it";
    (Outcome::Failed(if cordoned { error.hint(hint) } else { error }), text)
}

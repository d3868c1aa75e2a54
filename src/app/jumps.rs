//! Where the `g` jumps lead from the visible row, and why one leads nowhere: for the jump itself, the menu and the line of
//! keys.

use super::model::Model;
use super::msg::Subject;
use super::resolve::{release_of, workload_of};
use crate::core::action::Action;
use crate::core::{Name, ObjectRef, Resource};
use crate::store::objects::Object;

/// Returns what the visible row, or page, is about.
pub fn subject(model: &Model) -> Subject {
    model.nav.top().view.pane().subject(&model.shared)
}

fn live<'a>(model: &'a Model, object: &ObjectRef) -> Option<&'a Object> {
    model.shared.cluster.of(object.resource()?).named(object.namespace.as_str(), object.name.as_str())
}

/// Returns the release of a row, with the revision where it is one's.
pub fn release_for(model: &Model, subject: &Subject) -> Option<(Name, Name, Option<u32>)> {
    if let Some(release) = &subject.release {
        return Some(release.clone());
    }
    let object = subject.object.as_ref()?;
    let owner = live(model, object)
        .and_then(|o| workload_of(o, &model.shared.cluster, &model.shared.session.cluster));
    let (namespace, name) = release_of(owner.as_ref().unwrap_or(object), &model.shared.cluster)?;
    Some((Name::new(&namespace)?, Name::new(&name)?, None))
}

/// Returns why a jump leads nowhere from here.
pub fn unavailable(model: &Model, action: Action) -> Option<String> {
    let subject = subject(model);
    let object = subject.object.as_ref();
    match action {
        Action::GoLogs | Action::GoPanels | Action::GoEvents | Action::GoOwner if object.is_none() => {
            Some("the row is about no object".to_owned())
        }
        Action::GoRelease if release_for(model, &subject).is_none() => {
            Some("no Helm release owns it".to_owned())
        }
        Action::GoNode if node_of(model, object).is_none() => Some("it runs on no node".to_owned()),
        Action::GoRunbook if subject.alert.is_none() => Some("the row is about no alert".to_owned()),
        _ => None,
    }
}

/// Returns the node that a pod runs on.
pub fn node_of(model: &Model, object: Option<&ObjectRef>) -> Option<ObjectRef> {
    match live(model, object?)? {
        Object::Pod(pod) if !pod.spec.node_name.is_empty() => {
            Some(ObjectRef::new(&model.shared.session.cluster, Resource::Node, "", &pod.spec.node_name, ""))
        }
        _ => None,
    }
}

/// Returns the workload of an object, or the object itself.
pub fn owner(model: &Model, object: ObjectRef) -> ObjectRef {
    let found = live(model, &object)
        .and_then(|o| workload_of(o, &model.shared.cluster, &model.shared.session.cluster));
    found.unwrap_or(object)
}

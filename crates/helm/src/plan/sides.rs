//! The objects of both revisions.

use std::collections::BTreeSet;

use serde_json::Value;

use super::object::{Gvk, Kinds, ObjectId, PlanObject, stamp};
use super::refusal::Refusal;
use crate::hooks::{HookEvent, ReadHook, RunHook, running};
use crate::record::Record;
use crate::yaml11::{ManifestObject, read_manifest};

/// The objects of the revision that is left and of the one that is gone back to, as their manifests say.
#[derive(Clone, Debug, PartialEq)]
pub struct Sides {
    current: (i64, Vec<ManifestObject>),
    target: (i64, Vec<ManifestObject>),
    /// Of revisions whose objects may have been left behind, the earliest first.
    earlier: Vec<Vec<ManifestObject>>,
    /// Of the target: those that a rollback runs.
    hooks: Vec<ReadHook>,
}

/// The objects of both revisions, as the server addresses them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BoundSides {
    /// Objects of the revision that is left, as its manifest says.
    pub old: Vec<PlanObject>,
    /// Objects of revisions that may have been left behind, the earliest revision first; those that the server does not know
    /// are not among them.
    pub earlier: Vec<PlanObject>,
    /// Objects of the revision that is gone back to, with Helm's own label and annotations.
    pub target: Vec<PlanObject>,
    /// The hooks that run, those before the objects first.
    pub hooks: Vec<RunHook>,
    /// The kinds of objects of the revision that is left which have no name: Helm passes over them without a word.
    pub nameless: Vec<Gvk>,
}

impl Sides {
    /// Reads both manifests, and the target's hooks.
    pub fn read(current: &Record, target: &Record) -> Result<Self, Refusal> {
        let (current, hooks) = (objects(current)?, hooks(target)?);
        Ok(Self { current, target: objects(target)?, earlier: Vec::new(), hooks })
    }

    /// Returns the same with the manifests of revisions whose objects may have been left behind, the earliest first. One that
    /// can't be read tells nothing.
    #[must_use]
    pub fn after<'a>(mut self, earlier: impl Iterator<Item = &'a Record>) -> Self {
        self.earlier = earlier.filter_map(|record| Some(objects(record).ok()?.1)).collect();
        self
    }

    /// Returns the same without hooks.
    #[must_use]
    pub fn without_hooks(mut self) -> Self {
        self.hooks.clear();
        self
    }

    /// Returns the kinds of all objects: what to look up at the server before binding.
    pub fn kinds(&self) -> BTreeSet<Gvk> {
        let hooks = self.hooks.iter().flat_map(|hook| &hook.objects);
        self.current
            .1
            .iter()
            .chain(&self.target.1)
            .chain(self.earlier.iter().flatten())
            .chain(hooks)
            .map(|object| Gvk::of(&object.value))
            .collect()
    }

    /// Fills namespaces in and gives every object its address; refuses what the server or this crate does not know, and
    /// objects without a name unless it is `strict`: then it is left to fail when it comes to them, as Helm does.
    pub fn bind(
        &self,
        kinds: &Kinds,
        release: &str,
        namespace: &str,
        strict: bool,
    ) -> Result<BoundSides, Vec<Refusal>> {
        let (mut refusals, mut nameless) = (Vec::new(), Vec::new());
        let mut bind_all = |(revision, objects): &(i64, Vec<ManifestObject>), leaves: bool| {
            let mut bound: Vec<PlanObject> = Vec::new();
            for object in objects {
                match bind_one(object, kinds, namespace) {
                    Ok(object) if object.id.name.is_empty() && leaves => nameless.push(object.id.gvk),
                    Ok(object) if object.id.name.is_empty() && !strict => {
                        refusals.push(Refusal::NoName(object.id.gvk));
                    }
                    Ok(object) if bound.iter().any(|other| other.id.matches(&object.id)) => {
                        refusals.push(Refusal::Twice { revision: *revision, object: Box::new(object.id) });
                    }
                    Ok(object) => bound.push(object),
                    Err(refusal) if refusals.contains(&refusal) => {}
                    Err(refusal) => refusals.push(refusal),
                }
            }
            bound
        };
        let old = bind_all(&self.current, true);
        let mut target = bind_all(&self.target, false);
        for object in &mut target {
            stamp(&mut object.value, release, namespace);
        }
        let mut hooks = Vec::new();
        for hook in &self.hooks {
            let mut objects = Vec::new();
            for object in &hook.objects {
                match bind_one(object, kinds, namespace) {
                    Ok(object) if object.id.name.is_empty() => refusals.push(Refusal::NoName(object.id.gvk)),
                    Ok(object) => objects.push(object),
                    Err(refusal) if refusals.contains(&refusal) => {}
                    Err(refusal) => refusals.push(refusal),
                }
            }
            hooks.push(hook.bound(objects));
        }
        let earlier = self.earlier.iter().flatten().filter_map(|object| {
            bind_one(object, kinds, namespace).ok().filter(|object| !object.id.name.is_empty())
        });
        if refusals.is_empty() {
            Ok(BoundSides { old, earlier: earlier.collect(), target, hooks, nameless })
        } else {
            Err(refusals)
        }
    }
}

fn objects(record: &Record) -> Result<(i64, Vec<ManifestObject>), Refusal> {
    let revision = record.version().map_err(|err| super::choice::unreadable(0, &err))?;
    let manifest = record.manifest().map_err(|err| super::choice::unreadable(revision, &err))?;
    let objects =
        read_manifest(&manifest).map_err(|err| Refusal::Manifest { revision, why: err.to_string() })?;
    Ok((revision, objects))
}

/// Reads the hooks that a rollback runs, in the order in which they run.
fn hooks(record: &Record) -> Result<Vec<ReadHook>, Refusal> {
    let revision = record.version().map_err(|err| super::choice::unreadable(0, &err))?;
    let all = record.hooks().map_err(|err| super::choice::unreadable(revision, &err))?;
    let mut read = Vec::new();
    for event in [HookEvent::PreRollback, HookEvent::PostRollback] {
        for index in running(&all, event) {
            let Some(hook) = all.get(index).cloned() else { continue };
            let objects = read_manifest(&hook.manifest).map_err(|err| Refusal::HookManifest {
                revision,
                hook: hook.path.clone(),
                why: err.to_string(),
            })?;
            read.push(ReadHook { index, hook, event, objects });
        }
    }
    Ok(read)
}

fn bind_one(object: &ManifestObject, kinds: &Kinds, namespace: &str) -> Result<PlanObject, Refusal> {
    let gvk = Gvk::of(&object.value);
    let mapping = kinds.get(&gvk).ok_or_else(|| Refusal::UnknownKind(gvk.clone()))?.clone();
    let mut value = object.value.clone();
    let text = |value: &Value, pointer: &str| {
        value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let name = text(&value, "/metadata/name");
    let mut own = text(&value, "/metadata/namespace");
    if own.is_empty() && mapping.namespaced {
        namespace.clone_into(&mut own);
        if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.insert("namespace".to_owned(), Value::from(namespace));
        }
    }
    let id = ObjectId { gvk, namespace: own, name };
    Ok(PlanObject { id, mapping, source: object.source.clone(), value })
}

impl BoundSides {
    /// Returns an object of either side by its address.
    pub fn get(&self, id: &ObjectId) -> Option<&PlanObject> {
        self.all().find(|object| object.id == *id)
    }

    /// Returns the object of the old manifest that Helm takes for the same, versions aside.
    pub fn old_of(&self, id: &ObjectId) -> Option<&PlanObject> {
        self.old.iter().find(|object| object.id.matches(id))
    }

    /// Returns the objects that only the old manifest has, in its order: what would be deleted.
    pub fn leaving(&self) -> impl Iterator<Item = &PlanObject> {
        self.old.iter().filter(|old| !self.target.iter().any(|target| target.id.matches(&old.id)))
    }

    /// Returns what earlier revisions said of an object, the earliest first.
    pub fn earlier_of(&self, id: &ObjectId) -> impl Iterator<Item = &PlanObject> {
        self.earlier.iter().filter(|object| object.id.matches(id))
    }

    /// Returns the objects that only revisions before the last one have, each once, as the latest of them says.
    pub fn orphans(&self) -> impl Iterator<Item = &PlanObject> {
        let is_known = |object: &PlanObject| {
            self.old.iter().chain(&self.target).any(|other| other.id.matches(&object.id))
        };
        let later = |at: usize, object: &PlanObject| {
            self.earlier.iter().skip(at + 1).any(|other| other.id.matches(&object.id))
        };
        let all = self.earlier.iter().enumerate();
        all.filter(move |(at, object)| !is_known(object) && !later(*at, object)).map(|(_, object)| object)
    }

    /// Returns all objects to be read from the server: the target's, then those that would be deleted, then those that may
    /// have been left behind.
    pub fn all(&self) -> impl Iterator<Item = &PlanObject> {
        self.target.iter().chain(self.leaving()).chain(self.orphans())
    }
}

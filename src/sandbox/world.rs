//! The objects of the cluster, their versions, and what happened to them.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::domain::time;

/// How much of what happened is kept for watches.
const KEPT: usize = 50_000;

/// Which object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// The plural: `deployments`.
    pub(super) resource: &'static str,
    /// The namespace; empty for cluster-wide objects.
    pub(super) namespace: String,
    /// The name.
    pub(super) name: String,
}

/// What happened to an object.
#[derive(Debug, Clone)]
pub(super) struct Happened {
    /// The version of the world right after.
    pub(super) version: u64,
    /// Which object.
    pub(super) key: Key,
    /// The object before; `None` when it is new.
    pub(super) before: Option<Value>,
    /// The object after; `None` when it is gone.
    pub(super) after: Option<Value>,
}

/// Everything there is.
#[derive(Debug, Clone, Default)]
pub struct World {
    objects: BTreeMap<Key, Value>,
    version: u64,
    log: VecDeque<Happened>,
    /// Watches from before this version are too old.
    compacted: u64,
    drawn: u64,
}

/// A time as the API writes it.
pub(super) fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A time the API wrote.
pub(super) fn read_stamp(value: Option<&Value>) -> Option<DateTime<Utc>> {
    time::read(value?.as_str()?)
}

impl World {
    /// The version of the newest change.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Watches from versions before this one are answered with 410.
    pub(super) fn oldest(&self) -> u64 {
        self.compacted
    }

    /// Forgets what happened so far.
    pub(super) fn compact(&mut self) {
        self.log.clear();
        // A version nobody has seen: even a watch from the newest one starts over.
        self.version += 1;
        self.compacted = self.version;
    }

    pub(super) fn get(&self, key: &Key) -> Option<&Value> {
        self.objects.get(key)
    }

    /// Objects of a resource, in a namespace or in all.
    pub(super) fn list<'a>(
        &'a self,
        resource: &'static str,
        namespace: &'a str,
    ) -> impl Iterator<Item = (&'a Key, &'a Value)> {
        let from = Key { resource, namespace: namespace.to_owned(), name: String::new() };
        self.objects.range(from..).take_while(move |(key, _)| {
            key.resource == resource && (namespace.is_empty() || key.namespace == namespace)
        })
    }

    /// What happened after a version.
    pub(super) fn since(&self, version: u64) -> impl Iterator<Item = &Happened> {
        let start = self.log.partition_point(|happened| happened.version <= version);
        self.log.range(start..)
    }

    /// Stores an object; nothing happens when it is as it was.
    pub(super) fn put(&mut self, key: Key, mut object: Value) -> Value {
        let before = self.objects.get(&key).cloned();
        if let Some(before) = &before {
            object["metadata"]["resourceVersion"] = before["metadata"]["resourceVersion"].clone();
            if *before == object {
                return object;
            }
        }
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        self.objects.insert(key.clone(), object.clone());
        self.note(key, before, Some(object.clone()));
        object
    }

    /// Removes an object.
    pub(super) fn remove(&mut self, key: &Key) -> Option<Value> {
        let mut object = self.objects.remove(key)?;
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        self.note(key.clone(), Some(object.clone()), None);
        Some(object)
    }

    fn note(&mut self, key: Key, before: Option<Value>, after: Option<Value>) {
        self.log.push_back(Happened { version: self.version, key, before, after });
        if self.log.len() > KEPT
            && let Some(forgotten) = self.log.pop_front()
        {
            self.compacted = forgotten.version;
        }
    }

    /// An empty world whose uids and names differ from those of every other seed.
    pub(super) fn seeded(seed: u64) -> Self {
        Self { drawn: seed.wrapping_mul(0xd134_2543_de82_ef95), ..Self::default() }
    }

    /// Takes every object of another world over; what happened there is forgotten.
    pub(super) fn absorb(&mut self, other: Self) {
        for (key, object) in other.objects {
            self.put(key, object);
        }
    }

    /// A uid nobody else has in this world.
    pub(super) fn uid(&mut self) -> String {
        let number = self.draw();
        format!(
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            number >> 32,
            number >> 16 & 0xffff,
            number & 0xfff,
            number >> 20 & 0xfff,
            number & 0xffff_ffff_ffff
        )
    }

    /// Five letters, as at the end of a pod's name.
    pub(super) fn letters(&mut self) -> String {
        const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
        let mut number = self.draw();
        (0..5)
            .map(|_| {
                let letter = usize::try_from(number % ALPHABET.len() as u64).unwrap_or(0);
                number /= ALPHABET.len() as u64;
                char::from(ALPHABET.get(letter).copied().unwrap_or(b'x'))
            })
            .collect()
    }

    /// A well-mixed number; the same world draws the same ones.
    fn draw(&mut self) -> u64 {
        self.drawn = self.drawn.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.drawn;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Writes an Event about an object.
    pub(super) fn event(
        &mut self,
        about: &Value,
        kind: &str,
        is_warning: bool,
        reason: &str,
        note: &str,
        now: DateTime<Utc>,
    ) {
        let meta = |field: &str| {
            about.pointer(&format!("/metadata/{field}")).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let (namespace, name, uid) = (meta("namespace"), meta("name"), meta("uid"));
        let same = |event: &Value| {
            event["involvedObject"]["uid"] == json!(uid)
                && event["reason"] == json!(reason)
                && event["message"] == json!(note)
        };
        let known = self
            .list("events", &namespace)
            .find(|(_, event)| same(event))
            .map(|(key, event)| (key.clone(), event.clone()));
        if let Some((key, mut event)) = known {
            event["count"] = json!(event["count"].as_u64().unwrap_or(1) + 1);
            event["lastTimestamp"] = json!(stamp(now));
            self.put(key, event);
            return;
        }
        let event_name = format!("{name}.{}{}", self.letters(), self.letters());
        let event = json!({
            "apiVersion": "v1", "kind": "Event",
            "metadata": {"name": event_name, "namespace": namespace, "uid": self.uid(), "creationTimestamp": stamp(now)},
            "involvedObject": {"kind": kind, "namespace": namespace, "name": name, "uid": uid},
            "type": if is_warning { "Warning" } else { "Normal" }, "reason": reason, "message": note, "count": 1,
            "firstTimestamp": stamp(now), "lastTimestamp": stamp(now), "source": {"component": "sandbox"}, "reportingComponent": "sandbox", "reportingInstance": "",
        });
        self.put(Key { resource: "events", namespace, name: event_name }, event);
    }
}

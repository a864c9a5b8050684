//! Facts that are made up, one of each kind: the store gives them everything by one line of the registry.

use std::sync::OnceLock;

use quarterdeck::domain::store::fact::{
    Applied, Change, Fact, Holding, Key, Kind, List, Migration, Migrations, Put, Read, Registered, Row, Table, Value,
    Writes,
};
use quarterdeck::domain::store::{AuditEvent, AuditKind, Author, Id, check_text, facts};
use quarterdeck::domain::time::Instant;

use super::place::alert;

/// Every fact there is, and a made-up one of each kind.
pub(super) fn registry() -> &'static [Registered] {
    static ALL: OnceLock<Vec<Registered>> = OnceLock::new();
    ALL.get_or_init(|| {
        let made = [
            Registered::of::<Made<VERSIONED>>(),
            Registered::of::<Made<APPENDED>>(),
            Registered::of::<Made<MERGED>>(),
            Registered::of::<Made<VOLATILE>>(),
        ];
        facts::ALL.iter().copied().chain(made).collect()
    })
}

pub(super) const VERSIONED: usize = 0;
pub(super) const APPENDED: usize = 1;
pub(super) const MERGED: usize = 2;
pub(super) const VOLATILE: usize = 3;

/// Something with a name and a number. `number` counts what was seen where it is merged, and is its own where it is appended.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Made<const KIND: usize> {
    pub(super) name: String,
    pub(super) number: u64,
    pub(super) text: String,
    pub(super) by: String,
    pub(super) at: Instant,
}

macro_rules! table {
    ($name:literal, $kind:expr, $key:literal, $stamps:literal, $held:expr, $more:literal) => {
        &Table {
            name: $name,
            kind: $kind,
            columns: &["name", "number", "text", "by_name", "at"],
            key: if $kind as usize == Kind::Appended as usize { 2 } else { 1 },
            lists: &[&List { by: &["at >="], newest: "at" }],
            held: $held,
            migrations: &Migrations {
                subject: $name,
                steps: &[Migration::both(concat!(
                    "create table quarterdeck.",
                    $name,
                    " (\n  name text not null,\n  number bigint not null,\n  text text not null,\n",
                    "  by_name text not null,\n  at timestamptz not null,\n",
                    $stamps,
                    "  primary key (",
                    $key,
                    ")\n);\n",
                    "create index ",
                    $name,
                    "_by_time on quarterdeck.",
                    $name,
                    " (at);\n",
                    $more
                ))],
            },
        }
    };
}

const HELD: Option<Holding> = Some(Holding { only: "position > 0", back: chrono::TimeDelta::zero(), most: 1_000 });

impl<const KIND: usize> Fact for Made<KIND> {
    const TABLE: &'static Table = match KIND {
        VERSIONED => table!(
            "made_versioned",
            Kind::Versioned,
            "name",
            "  version bigint not null,\n  attempt text not null,\n  position bigint not null,\n",
            HELD,
            "create index made_versioned_by_position on quarterdeck.made_versioned (position);\n"
        ),
        APPENDED => table!(
            "made_appended",
            Kind::Appended,
            "name, number",
            "  position bigint not null,\n",
            HELD,
            "create index made_appended_by_position on quarterdeck.made_appended (position);\n"
        ),
        MERGED => table!("made_merged", Kind::Merged, "name", "", None, ""),
        _ => table!("made_volatile", Kind::Volatile, "name", "  attempt text not null,\n", None, ""),
    };
    type Held = Vec<Self>;

    fn decode(row: &Row) -> Option<Self> {
        Some(Self { name: row.text(0), number: row.number(1)?, text: row.text(2), by: row.text(3), at: row.time(4)? })
    }

    fn encode(&self) -> Vec<Value> {
        vec![(&self.name).into(), self.number.into(), (&self.text).into(), (&self.by).into(), self.at.into()]
    }

    fn hold(held: &mut Self::Held, new: Vec<Self>, _: Instant) {
        held.extend(new);
    }

    fn example(nth: u64, text: &str) -> Box<dyn Change> {
        Box::new(Make::<KIND> { name: format!("n{nth}"), seen: nth, text: text.to_owned() })
    }
}

/// Somebody writes one.
pub(super) struct Make<const KIND: usize> {
    pub(super) name: String,
    pub(super) seen: u64,
    pub(super) text: String,
}

impl<const KIND: usize> Change for Make<KIND> {
    fn reads(&self) -> Vec<Key> {
        let key = [Value::from(&self.name)];
        vec![if KIND == APPENDED { Key::last::<Made<KIND>>(key) } else { Key::of::<Made<KIND>>(key) }]
    }

    fn apply(&self, read: &Read, author: &Author, _: &Id, now: Instant) -> Result<Applied, String> {
        check_text("text", &self.text, false, 1_000)?;
        let before = read.one::<Made<KIND>>();
        let number = match (KIND, &before) {
            (APPENDED, before) => before.as_ref().map_or(1, |last| last.number + 1),
            (MERGED, Some(before)) => before.number.max(self.seen),
            (VERSIONED | VOLATILE, Some(before)) if KIND == VERSIONED || before.by != author.name => {
                return Ok(Applied::Conflict(format!("{} was first: nothing was written.", before.by)));
            }
            _ => self.seen,
        };
        let fact =
            Made::<KIND> { name: self.name.clone(), number, text: self.text.clone(), by: author.name.clone(), at: now };
        let event = AuditEvent {
            kind: AuditKind::Data,
            what: "made".into(),
            subject: alert("f"),
            words: format!("number {number}"),
        };
        let events = if KIND < MERGED { vec![event] } else { Vec::new() };
        Ok(Applied::Writes(Writes { facts: vec![Put::of(&fact)], events }))
    }
}

//! Schedules and policies as a file that is read again as them.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::super::escalation::Policy;
use super::super::hours::Hours;
use super::super::layer::{Advance, Layer};
use super::super::schedule::Schedule;

/// The layers that go on, and every policy. What has ended is no part of a file.
pub fn written<'a>(
    schedules: impl IntoIterator<Item = &'a Schedule>,
    policies: impl IntoIterator<Item = &'a Policy>,
) -> String {
    let mut root: BTreeMap<&str, Vec<Table>> = BTreeMap::new();
    for schedule in schedules {
        let layers: Vec<Value> =
            schedule.layers.iter().filter(|layer| layer.until.is_none()).map(|one| layer(one).into()).collect();
        if layers.is_empty() {
            continue;
        }
        let mut table = Table::new();
        table.insert("name".into(), schedule.name.clone().into());
        table.insert("zone".into(), schedule.zone.iana_name().unwrap_or("Etc/UTC").into());
        if !schedule.team.is_empty() {
            table.insert("team".into(), schedule.team.clone().into());
        }
        table.insert("layer".into(), layers.into());
        root.entry("schedule").or_default().push(table);
    }
    for one in policies {
        root.entry("policy").or_default().push(policy(one));
    }
    // Only texts, numbers and lists of them: it always serialises.
    toml::to_string(&root).unwrap_or_default()
}

fn layer(of: &Layer) -> Table {
    let rotation = &of.rotation;
    let people: Vec<Value> = rotation.roster.iter().map(|who| who.clone().unwrap_or_default().into()).collect();
    let mut table = Table::new();
    table.insert("role".into(), of.role.clone().into());
    table.insert("every".into(), rotation.every.words().into());
    table.insert("anchor".into(), rotation.anchor.format("%Y-%m-%dT%H:%M:%S").to_string().into());
    table.insert("people".into(), people.into());
    // Where the roster went on from somebody, the file says who has turn 0: read again it is the same rotation.
    let is_moved = rotation.start != 0;
    if let Some(first) = of.first.as_deref().or(of.person(0).filter(|_| is_moved)) {
        table.insert("first".into(), first.into());
    }
    if of.advance != Advance::Calendar {
        table.insert("advance".into(), of.advance.word().into());
    }
    if !of.hours.is_empty() {
        table.insert("restrictions".into(), of.hours.iter().flat_map(Hours::written).collect::<Vec<_>>().into());
    }
    table
}

fn policy(of: &Policy) -> Table {
    let seconds = |seconds: u32| format!("{seconds}s");
    let levels: Vec<Value> = of
        .levels
        .iter()
        .map(|level| {
            let page: Vec<Value> = level.page.iter().map(|target| target.to_string().into()).collect();
            let mut table = Table::new();
            table.insert("after".into(), seconds(level.after).into());
            table.insert("page".into(), page.into());
            table.into()
        })
        .collect();
    let mut table = Table::new();
    table.insert("team".into(), of.team.clone().into());
    table.insert("severity".into(), of.severity.word().into());
    table.insert("runs".into(), of.runs.word().into());
    table.insert("mode".into(), if of.per_step { "per-step" } else { "cumulative" }.into());
    table.insert("level".into(), levels.into());
    table.insert("exhausted".into(), seconds(of.exhausted).into());
    table.insert("repeat".into(), i64::from(of.repeat).into());
    table
}

//! A service on the list: shown alone, completed on the palette, acted on as one; and what to say of a choice of targets.

use super::{list, plan, scope, toast};
use crate::actions::Options;
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::domain::rollout::{Rollout, WorkloadRef};
use crate::domain::service::{self, Choice, Chosen, UNMAPPED};
use crate::domain::time::Instant;
use crate::panes::rollouts::filter;
use crate::ui::scene::MenuLine;
use crate::ui::state::{Field, View};

/// The palette's word for showing one service.
pub(super) const WORD: &str = "service";
/// What a target that is a service begins with.
pub(super) const TARGET: &str = "service/";
/// The most completions.
const MOST: usize = 50;

/// A service as rows of the list have it: environment, namespace and name.
type Named<'a> = (&'a str, &'a str, &'a str);

fn named_by(row: &Rollout) -> Option<Named<'_>> {
    Some((&row.workload.environment, &row.workload.namespace, row.service.as_deref()?))
}

/// The services of the list, each once, by name.
fn all(model: &Model) -> Vec<(Named<'_>, usize)> {
    let mut counted = std::collections::BTreeMap::new();
    for named in model.world.snapshot.rollouts.iter().filter_map(|row| named_by(row)) {
        *counted.entry(named).or_insert(0_usize) += 1;
    }
    let mut services: Vec<(Named<'_>, usize)> = counted.into_iter().collect();
    services.sort_by_key(|((environment, namespace, name), _)| (*name, *environment, *namespace));
    services
}

/// Filters the list to one service; without a name, to that of the row the operator means.
pub(super) fn show(model: &mut Model, name: Option<&str>, now: Instant) -> Vec<Effect> {
    let meant = || row_meant(model).map(|row| row.service.as_deref().unwrap_or(UNMAPPED).to_owned());
    let Some(name) = name.map(str::to_owned).or_else(meant) else {
        toast(model, "There is no workload under the cursor: name a service.", true, now);
        return Vec::new();
    };
    list::forget_way(model, now);
    model.ui.view = View::Rollouts;
    model.ui.filter = Field::holding(filter::of_service(&name));
    model.refilter();
    vec![Effect::Focus(None)]
}

fn row_meant(model: &Model) -> Option<&Rollout> {
    let meant = model.meant()?;
    model.world.snapshot.rollouts.iter().find(|row| row.workload == meant).map(AsRef::as_ref)
}

/// The workloads of a service named on the palette as `service/NAME`; without a namespace and an environment it must be in one alone.
pub(super) fn named(model: &Model, target: &str, (namespace, environment): scope::Place<'_>) -> Result<Chosen, String> {
    let name = target.trim_start_matches(TARGET);
    let is_named = |(found, _): &(Named<'_>, usize)| {
        found.2 == name
            && namespace.is_none_or(|namespace| found.1 == namespace)
            && environment.is_none_or(|environment| found.0 == environment)
    };
    match all(model).into_iter().filter(is_named).collect::<Vec<_>>().as_slice() {
        [((environment, namespace, name), _)] => choose(model, environment, namespace, name),
        [] => Err(format!("There is no service {name:?} in this list.")),
        many => Err(format!("Service {name:?} is in {} places: add -n NAMESPACE or -e ENVIRONMENT.", many.len())),
    }
}

fn choose(model: &Model, environment: &str, namespace: &str, name: &str) -> Result<Chosen, String> {
    let rows = model.world.snapshot.rollouts.iter().map(AsRef::as_ref);
    let mut chosen = service::choose(&model.world.services, rows, environment, namespace, name)?;
    let health = model.world.sight(environment).map(|sight| sight.snapshot.health.as_slice()).unwrap_or_default();
    chosen.choice.notes.extend(service::unseen(health, environment, namespace));
    Ok(chosen)
}

/// Plans an action on the whole service of the row the operator means.
pub(super) fn whole(model: &mut Model, action: &'static str, now: Instant) -> Vec<Effect> {
    let chosen = match row_meant(model) {
        None => Err("There is no workload under the cursor.".to_owned()),
        Some(row) => match named_by(row) {
            Some((environment, namespace, name)) => choose(model, environment, namespace, name),
            None => Err(format!("{} is {UNMAPPED}: there is no service to act on.", row.workload.label())),
        },
    };
    match chosen {
        Ok(Chosen { targets, choice }) => {
            let Some(action) = model.catalog.named(action) else { return Vec::new() };
            plan::on_workloads(model, action, targets, Options { choice, ..Options::default() }, now)
        }
        Err(sentence) => {
            toast(model, &sentence, true, now);
            Vec::new()
        }
    }
}

/// The marked rows, those that the filter hides too; these are counted and listed in the plan.
pub(super) fn marked(model: &Model) -> (Vec<WorkloadRef>, Choice) {
    let marked: Vec<_> =
        model.world.snapshot.rollouts.iter().filter(|row| model.ui.marks.contains(&row.key())).collect();
    let is_hidden = |row: &&Rollout| model.visible.iter().all(|visible| visible.workload != row.workload);
    let hidden: Vec<String> =
        marked.iter().map(|row| &***row).filter(is_hidden).map(|row| row.workload.to_string()).collect();
    let note = (!hidden.is_empty()).then(|| {
        format!("{} of the {} marked rows are hidden by the filter: {}.", hidden.len(), marked.len(), hidden.join("; "))
    });
    let targets = marked.iter().map(|row| row.workload.clone()).collect();
    (targets, Choice { service: None, notes: note.into_iter().collect() })
}

/// Completions of `service`.
pub(super) fn completions(model: &Model, part: &str) -> Vec<MenuLine> {
    let mut names: Vec<(&str, usize)> = Vec::new();
    for ((_, _, name), count) in all(model) {
        match names.last_mut().filter(|(last, _)| *last == name) {
            Some((_, total)) => *total += count,
            None => names.push((name, count)),
        }
    }
    let unmapped = model.world.snapshot.rollouts.iter().filter(|row| row.service.is_none()).count();
    names.extend((unmapped > 0).then_some((UNMAPPED, unmapped)));
    let matching = names.into_iter().filter(|(name, _)| name.to_lowercase().contains(&part.to_lowercase()));
    matching.take(MOST).map(|(name, count)| line(format!("{WORD} {name}"), workloads(count))).collect()
}

/// Completions of an action that mean a whole service: those of more than one workload.
pub(super) fn targets(model: &Model, action: &str, part: &str) -> Vec<MenuLine> {
    let matches = |((_, _, name), count): &(Named<'_>, usize)| *count > 1 && format!("{TARGET}{name}").contains(part);
    let lines = all(model).into_iter().filter(matches).take(MOST);
    let are_several = model.world.shown().count() > 1;
    lines
        .map(|((environment, namespace, name), count)| {
            let environment = if are_several { format!(" -e {environment}") } else { String::new() };
            line(format!("{action} {TARGET}{name} -n {namespace}{environment}"), workloads(count))
        })
        .collect()
}

/// The line of the actions menu that means the whole service, where it is more than the row.
pub(super) fn action(model: &Model) -> Option<MenuLine> {
    let contract = model.catalog.named("rollback")?;
    let (_, _, name) = row_meant(model).and_then(named_by)?;
    let own = row_meant(model).and_then(named_by);
    let count = model.world.snapshot.rollouts.iter().filter(|row| named_by(row) == own).count();
    let keys = model.keymap.keys_of("action.rollback_service");
    let words = format!("{} the whole service {name}", contract.title());
    (count > 1).then(|| MenuLine { keys, ..line(words, format!("{}, one plan", workloads(count))) })
}

fn line(words: String, more: String) -> MenuLine {
    MenuLine { keys: String::new(), words, more, refused: None }
}

/// How many workloads.
pub(super) fn workloads(count: usize) -> String {
    if count == 1 { "1 workload".to_owned() } else { format!("{count} workloads") }
}

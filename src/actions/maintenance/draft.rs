//! What a plan of maintenance is: the write, what it comes to, and what to know first.

use chrono::{NaiveTime, TimeDelta};

use super::{ACTIVITIES, AT, BEGINS, CRON, DOWNTIME, EMERGENCY, FOR, FROM, RELEASE, SERVICE, UNTIL, WINDOW, zone};
use crate::actions::contract::{Context, Draft, Refusal};
use crate::actions::observation::MaintenanceFacts;
use crate::actions::stored::{DEADLINE, Write};
use crate::domain::action::{BlastRadius, Evidence, Given, Goal, Inverse, Pin, Tier};
use crate::domain::maintenance::budget::next_excluded;
use crate::domain::maintenance::emergency::Trigger;
use crate::domain::maintenance::window::check_name;
use crate::domain::maintenance::{
    Exception, Occurrence, Recurrence, Relation, Rule, Schedule, State, Window, overlap, shipped, task,
};
use crate::domain::store::fact::Fact;
use crate::domain::store::{
    ChangeOccurrence, NewFreeze, NewWindow, PlannedWindow, Said, StoredFreeze, StoredWindow, TaskTick, TickTask,
    WithdrawFreeze, WithdrawWindow,
};
use crate::domain::time;

/// Where windows stand.
const WINDOWS: &str = StoredWindow::TABLE.name;
/// Where freezes stand.
const FREEZES: &str = StoredFreeze::TABLE.name;
/// How far ahead a new window is compared with the others.
const COMPARED: TimeDelta = TimeDelta::days(60);

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::actions) enum Doing {
    /// A window is planned.
    Add,
    /// An occurrence begins at another time.
    Move,
    /// An occurrence is called off, or the whole window.
    Cancel,
    /// An occurrence begins now.
    Start,
    /// An occurrence is over now.
    Finish,
    /// A task was done.
    Tick,
    /// Nothing new goes out for a while.
    Freeze,
    /// It does again.
    Thaw,
}

/// Drafts it.
pub(in crate::actions) fn draft(
    doing: Doing,
    facts: &MaintenanceFacts,
    given: &Given,
    context: Context<'_>,
) -> Result<Draft, Refusal> {
    let drafted = match doing {
        Doing::Add => add(facts, given),
        Doing::Cancel if given.is(WINDOW.id) => withdraw(facts),
        Doing::Move | Doing::Cancel | Doing::Start | Doing::Finish => occurrence(doing, facts, given),
        Doing::Tick => tick(facts, context),
        Doing::Freeze => freeze(facts, given),
        Doing::Thaw => thaw(facts),
    };
    let mut draft = drafted.map_err(Refusal)?;
    if let Some(why) = &facts.unsaid {
        draft.refusals = vec![format!("the store does not answer, and nothing waits to be written: {why}")];
    }
    Ok(Draft {
        given: given.clone(),
        goal: Goal::Stored,
        blast: BlastRadius {
            words: "what every console of the store shows of it".to_owned(),
            ..BlastRadius::default()
        },
        tier: Tier::T1,
        deadline_seconds: Some(DEADLINE),
        ..draft
    })
}

/// The pins of what was seen.
fn pins(facts: &MaintenanceFacts, shown: &[&str]) -> Vec<Pin> {
    let value = |path: &str| facts.document.pointer(path).cloned().unwrap_or_default();
    shown.iter().map(|path| Pin { path: (*path).to_owned(), value: value(path) }).collect()
}

/// The window that is asked for, and what to say of its zone.
fn asked(facts: &MaintenanceFacts, given: &Given) -> Result<(Window, Option<String>), String> {
    let name = facts.name();
    let (zone, said) = zone(given)?;
    let before = facts.schedule.window(name);
    let rule = match (given.text(CRON.id), given.text(AT.id)) {
        (Some(_), Some(_)) => {
            return Err("A window comes either again (--cron) or once (--at): give one of the two.".to_owned());
        }
        (Some(cron), None) => Rule::Again(Recurrence::read(cron)?),
        (None, Some(at)) => Rule::Once(zone.time(at)?),
        (None, None) => {
            let alternative = shipped::alternative(name, zone);
            let window =
                alternative.ok_or("Say when it comes: --cron '30 2 * * SUN#2', or --at 2026-12-13T02:30:00Z.")?;
            let lasts = given.span(FOR.id).unwrap_or(window.lasts);
            let (service, is_downtime) = (given.text(SERVICE.id).map(str::to_owned), given.is(DOWNTIME.id));
            let announced = Some(facts.store_now);
            return Ok((Window { lasts, service, is_downtime, announced, ..window }, said));
        }
    };
    let lasts = given.span(FOR.id).ok_or("Say how long it lasts: --for 1h.")?;
    let activities = match given.text(ACTIVITIES.id) {
        Some(list) => list.split(',').map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect(),
        None => before.map(|before| before.activities.clone()).unwrap_or_default(),
    };
    let (service, is_downtime) = (given.text(SERVICE.id).map(str::to_owned), given.is(DOWNTIME.id));
    let name = name.to_owned();
    let emergency = given.text(EMERGENCY.id).map(trigger).transpose()?;
    let mut window = Window { name, rule, zone, lasts, service, is_downtime, announced: None, activities, emergency };
    // From when it is announced is the store's to say; until then it is as if it were written now.
    let told = facts.window.as_ref().and_then(|before| before.told_of(&PlannedWindow::of(&window)));
    window.announced = Some(told.unwrap_or(facts.store_now));
    Ok((window, said))
}

/// Why something does not wait.
fn trigger(typed: &str) -> Result<Trigger, String> {
    Trigger::of_word(typed).ok_or_else(|| {
        let words = Trigger::ALL.map(Trigger::word).join(", ");
        format!("{:?} is no trigger of an emergency: give one of {words}.", crate::domain::text::clean(typed))
    })
}

fn add(facts: &MaintenanceFacts, given: &Given) -> Result<Draft, String> {
    let (window, said) = asked(facts, given)?;
    window.check(facts.store_now)?;
    let before = facts.schedule.window(&window.name);
    let mut warnings: Vec<String> = said.into_iter().collect();
    warnings.extend(before.map(|before| {
        let whose = if facts.window.is_some() { "is planned" } else { "is shipped" };
        format!("a window {} {whose} already ({}): this one takes its place.", before.name, before.rule_words())
    }));
    let schedule = facts.schedule.clone().with(window.clone());
    warnings.extend(meets(&schedule, &window, facts));
    let seen_version = facts.window.as_ref().map_or(0, |seen| seen.version);
    let write = Write::PlanWindow(Box::new(NewWindow { planned: PlannedWindow::of(&window), seen_version }));
    let next: Vec<String> = window.next(facts.store_now, 3).into_iter().map(|at| window.zone.shown(at)).collect();
    let excluded = next_excluded(&schedule, &window, facts.store_now);
    let counts = format!("{} s of the next one do not count against an objective. {}", excluded.0, excluded.1);
    Ok(Draft {
        from: before.map_or_else(|| "there is no window of this name".to_owned(), Window::rule_words),
        to: format!("{}, {}; next {}", window.rule_words(), time::length(window.lasts), next.join(", ")),
        steps: vec![write.step(format!("Plan the window {} in the store.", window.name), WINDOWS, &[])],
        pins: pins(facts, &["/window/version"]),
        warnings,
        evidence: vec![Evidence { words: counts, observed_at: facts.observed_at }],
        expected: "planned".into(),
        inverse: Inverse {
            words: "Take it out of the schedule again.".to_owned(),
            command: Some(format!("quarterdeck plan cancel-window {} --window", window.name)),
        },
        ..Draft::default()
    })
}

/// Which windows a new one meets, in a sentence; `None` where it meets none.
fn meets(schedule: &Schedule, window: &Window, facts: &MaintenanceFacts) -> Option<String> {
    let now = facts.store_now;
    let found = schedule.between(now, now + COMPARED, now);
    let overlaps = overlap::overlaps(&found);
    let own = found.iter().zip(&overlaps).filter(|(one, _)| one.window.name == window.name);
    let mut met: Vec<String> = own
        .flat_map(|(_, met)| met)
        .map(|met| match met.relation {
            Relation::Inside => format!("lies inside {}", met.name),
            Relation::Contains => format!("contains {}", met.name),
            Relation::Crosses => format!("crosses {}", met.name),
        })
        .collect();
    met.sort_unstable();
    met.dedup();
    let is_absorbed = met.iter().any(|words| !words.starts_with("crosses"));
    let absorbed = if is_absorbed { ": the shorter is absorbed, not moved" } else { "" };
    (!met.is_empty()).then(|| format!("within 60 days it {}{absorbed}.", met.join(", ")))
}

fn withdraw(facts: &MaintenanceFacts) -> Result<Draft, String> {
    let name = facts.name();
    let Some(seen) = &facts.window else {
        return Err(match facts.schedule.window(name) {
            Some(_) => format!(
                "{name} is shipped and cannot be taken out: plan one of its name in its place, or cancel single occurrences."
            ),
            None => facts.schedule.no_such_window(name),
        });
    };
    let write = Write::WithdrawWindow(WithdrawWindow {
        name: name.to_owned(),
        seen_version: seen.version,
        reason: "{reason}".to_owned(),
    });
    Ok(Draft {
        from: seen.window().map(|window| window.rule_words()).unwrap_or_default(),
        to: "out of the schedule".into(),
        steps: vec![write.step(
            format!("Take the window {name} out of the schedule, with every occurrence of it."),
            WINDOWS,
            &["/withdraw_window/reason"],
        )],
        pins: pins(facts, &["/window/version"]),
        expected: "taken out of the schedule".into(),
        inverse: Inverse { words: "Plan it again (add-window).".to_owned(), command: None },
        ..Draft::default()
    })
}

fn occurrence(doing: Doing, facts: &MaintenanceFacts, given: &Given) -> Result<Draft, String> {
    let name = facts.name();
    let scheduled = facts.meant(given)?;
    let now = facts.store_now;
    let seen = facts.schedule.occurrence(name, scheduled, now)?;
    let zone = &seen.window.zone;
    let shown = zone.shown(seen.start);
    let mut warnings = Vec::new();
    let (said, to, expected) = match doing {
        Doing::Move => {
            may_be_changed(&seen, "moved")?;
            let typed = given.text(BEGINS.id).ok_or("Say when it begins instead: --to 2026-12-13T02:30:00Z.")?;
            let to = zone.time(typed)?;
            if to == seen.start && seen.state != State::Cancelled {
                return Err(format!("{name} begins at {shown} already: nothing was changed."));
            }
            if to <= now {
                return Err(format!(
                    "{} has passed: nothing was changed. Move it to a time that is still to come.",
                    zone.shown(to)
                ));
            }
            if seen.window.is_downtime && to - now < TimeDelta::days(7) {
                warnings
                    .push("users are told of it less than a week before: it counts against the objectives.".to_owned());
            }
            if seen.state == State::Cancelled {
                warnings.push("it was called off: moved, it takes place again.".to_owned());
            }
            (Said::Move(to), format!("begins {}", zone.shown(to)), "moved")
        }
        Doing::Cancel => {
            may_be_changed(&seen, "called off")?;
            if seen.state == State::Cancelled {
                return Err(format!("{name} of {shown} is called off already: nothing was changed."));
            }
            (Said::Cancel, "does not take place".to_owned(), "called off")
        }
        Doing::Start => {
            match (seen.state, seen.exception.and_then(|said| said.started)) {
                (State::Done, _) => return Err(format!("{name} of {shown} is over: nothing was changed.")),
                (_, Some(at)) => {
                    let by = seen.exception.map(|said| said.by.clone()).unwrap_or_default();
                    return Err(format!("{by} began {name} at {} already: nothing was changed.", zone.shown(at)));
                }
                (State::Cancelled, _) => warnings.push("it was called off: begun, it takes place again.".to_owned()),
                (State::Planned, _) => warnings.push(format!(
                    "it is planned for {shown}: it begins early, and ends {} after it began.",
                    time::length(seen.window.lasts)
                )),
                (State::Running, _) => {}
            }
            (Said::Start, "begins now, and runs until somebody says that it is over".to_owned(), "begun")
        }
        _ => {
            if seen.state != State::Running {
                return Err(format!("{name} of {shown} does not run ({}): nothing was changed.", seen.state.word()));
            }
            (Said::Finish, "is over now".to_owned(), "ended")
        }
    };
    let seen_version = seen.exception.map_or(0, |said| said.version);
    let change = ChangeOccurrence {
        window: name.to_owned(),
        occurrence: scheduled,
        said,
        reason: "{reason}".to_owned(),
        seen_version,
    };
    let words = format!("Say in the store that {name} of {shown} {to}.");
    Ok(Draft {
        from: format!("{}: {} until {}", seen.state.word(), shown, zone.shown(seen.end)),
        inverse: inverse(doing, &seen),
        to,
        steps: vec![Write::Occurrence(change).step(words, Exception::TABLE.name, &["/occurrence/reason"])],
        pins: pins(facts, &["/window/version", "/said/version"]),
        warnings,
        expected: format!("{expected}, its occurrence of {shown}"),
        ..Draft::default()
    })
}

/// What runs is ended, and what is over stays as it was.
fn may_be_changed(seen: &Occurrence<'_>, how: &str) -> Result<(), String> {
    let shown = seen.window.zone.shown(seen.start);
    match seen.state {
        State::Planned | State::Cancelled => Ok(()),
        State::Running => Err(format!(
            "{} of {shown} runs and cannot be {how}: nothing was changed. End it with: quarterdeck maintenance finish {}",
            seen.window.name, seen.window.name
        )),
        State::Done => {
            Err(format!("{} of {shown} is over and cannot be {how}: nothing was changed.", seen.window.name))
        }
    }
}

fn inverse(doing: Doing, seen: &Occurrence<'_>) -> Inverse {
    let (name, scheduled) = (&seen.window.name, time::written(seen.scheduled));
    let back =
        format!("quarterdeck plan move-window {name} --occurrence {scheduled} --begins {}", time::written(seen.start));
    match doing {
        Doing::Move | Doing::Cancel => Inverse { words: "Move it back.".to_owned(), command: Some(back) },
        Doing::Start => Inverse {
            words: "End it.".to_owned(),
            command: Some(format!("quarterdeck plan finish-window {name} --occurrence {scheduled}")),
        },
        _ => Inverse { words: "It is over; plan another window where there is more to do.".to_owned(), command: None },
    }
}

fn tick(facts: &MaintenanceFacts, context: Context<'_>) -> Result<Draft, String> {
    let name = facts.name();
    if let Some((window, what)) = name.split_once('/') {
        return tick_activity(facts, (window, what), context);
    }
    let task = task::named(name).ok_or_else(|| task::no_such_task(name))?;
    let last = facts.last_tick.as_ref();
    let due = task.due(last.map(|last| last.at), facts.store_now);
    let write = Write::TickTask(TickTask { task: name.to_owned(), note: "{reason}".to_owned() });
    let done = last.map_or_else(
        || "not on record yet".to_owned(),
        |last| format!("last done by {} at {}", last.by, time::written(last.at)),
    );
    let next = task.due(Some(facts.store_now), facts.store_now);
    Ok(Draft {
        from: format!("{done}; due by {}", time::written(due)),
        to: format!("done by {}; due again by {}", context.author, time::written(next)),
        steps: vec![write.step(
            format!("Write down that it is done: {}.", task.words),
            TaskTick::TABLE.name,
            &["/tick_task/note"],
        )],
        expected: "written down as done".into(),
        inverse: Inverse { words: "What was done stays done; a later tick says more.".to_owned(), command: None },
        ..Draft::default()
    })
}

/// Something of a window that is done: an activity, or what is due of an emergency.
fn tick_activity(
    facts: &MaintenanceFacts,
    (window, what): (&str, &str),
    context: Context<'_>,
) -> Result<Draft, String> {
    let found = facts.schedule.window(window).ok_or_else(|| facts.schedule.no_such_window(window))?;
    let clocks = found.clocks();
    let known: Vec<&str> =
        found.activities.iter().map(String::as_str).chain(clocks.iter().map(|clock| clock.what)).collect();
    if !known.contains(&what) {
        return Err(format!(
            "{window} has no activity {:?}: nothing was written. There are {}.",
            crate::domain::text::clean(what),
            known.join(", ")
        ));
    }
    let task = facts.name().to_owned();
    let last = facts.last_tick.as_ref();
    Ok(Draft {
        from: last.map_or_else(
            || "not on record yet".to_owned(),
            |last| format!("last done by {} at {}", last.by, time::written(last.at)),
        ),
        to: format!("done by {}", context.author),
        steps: vec![Write::TickTask(TickTask { task, note: "{reason}".to_owned() }).step(
            format!("Write down that {what} of {window} is done."),
            TaskTick::TABLE.name,
            &["/tick_task/note"],
        )],
        expected: "written down as done".into(),
        inverse: Inverse { words: "What was done stays done; a later tick says more.".to_owned(), command: None },
        ..Draft::default()
    })
}

fn freeze(facts: &MaintenanceFacts, given: &Given) -> Result<Draft, String> {
    let name = facts.name();
    check_name(name)?;
    of_here(facts)?;
    let (zone, said) = zone(given)?;
    let (release_day, from, until) = match (given.text(RELEASE.id), given.text(UNTIL.id)) {
        (Some(_), Some(_)) => {
            return Err("A freeze is either before a release or until a time: give --release or --until.".to_owned());
        }
        (Some(day), None) => {
            let at = zone.time(day)?;
            let day = zone.day(at).ok_or("That day is beyond the calendar.")?;
            let begins = zone.instant(day.and_time(NaiveTime::MIN)).unwrap_or(at);
            (Some(day.to_string()), None, begins)
        }
        (None, Some(until)) => {
            let from = given.text(FROM.id).map(|from| zone.time(from)).transpose()?;
            (None, from, zone.time(until)?)
        }
        (None, None) => {
            return Err("Say what it is before or until when: --release 2026-12-22, or --until 2026-12-27T00:00:00Z."
                .to_owned());
        }
    };
    if until <= facts.store_now || from.is_some_and(|from| until <= from) {
        return Err("It would end before it begins, or is over already: give an end that is still to come.".to_owned());
    }
    let stages: Vec<String> = release_day
        .as_ref()
        .and_then(|day| day.parse().ok())
        .map(crate::domain::maintenance::freeze::dates)
        .unwrap_or_default()
        .into_iter()
        .map(|(stage, day)| format!("{} {day}", stage.word()))
        .collect();
    let service = given.text(SERVICE.id).map(str::to_owned);
    let environment = Some(facts.subject.environment().to_string());
    let new = NewFreeze {
        name: name.to_owned(),
        release_day,
        from,
        until,
        zone: zone.name().to_owned(),
        environment,
        service,
        reason: "{reason}".to_owned(),
        seen_version: facts.freeze.as_ref().map_or(0, |seen| seen.version),
    };
    let dates = if stages.is_empty() { String::new() } else { format!(": {}", stages.join(", ")) };
    let write = Write::Freeze(Box::new(new));
    Ok(Draft {
        from: facts.freeze.as_ref().map_or_else(
            || "nothing of this name is frozen".to_owned(),
            |seen| format!("frozen until {}", time::written(seen.until)),
        ),
        to: format!("nothing new goes out until {}{dates}", zone.shown(until)),
        steps: vec![write.step(format!("Declare the freeze {name} in the store."), FREEZES, &["/freeze/reason"])],
        pins: pins(facts, &["/freeze/version"]),
        warnings: said.into_iter().collect(),
        expected: "frozen".into(),
        inverse: Inverse { words: "Take it back.".to_owned(), command: Some(format!("quarterdeck plan thaw {name}")) },
        ..Draft::default()
    })
}

/// A freeze has its name in all environments: one of another is neither moved nor lifted from here.
fn of_here(facts: &MaintenanceFacts) -> Result<(), String> {
    let here = &**facts.subject.environment();
    let elsewhere = facts.freeze.as_ref().filter(|seen| seen.environment.as_deref() != Some(here));
    elsewhere.map_or(Ok(()), |seen| Err(seen.elsewhere()))
}

fn thaw(facts: &MaintenanceFacts) -> Result<Draft, String> {
    let name = facts.name();
    let seen = facts.freeze.as_ref().ok_or_else(|| format!("There is no freeze {name}: nothing was changed."))?;
    of_here(facts)?;
    let write = Write::Thaw(WithdrawFreeze {
        name: name.to_owned(),
        seen_version: seen.version,
        reason: "{reason}".to_owned(),
    });
    Ok(Draft {
        from: format!("frozen until {}", time::written(seen.until)),
        to: "new versions go out again".into(),
        steps: vec![write.step(format!("Take the freeze {name} back."), FREEZES, &["/thaw/reason"])],
        pins: pins(facts, &["/freeze/version"]),
        warnings: Some(format!("{} declared it at {}.", seen.by, time::written(seen.at))).into_iter().collect(),
        expected: "taken back".into(),
        inverse: Inverse { words: "Declare it again (freeze).".to_owned(), command: None },
        ..Draft::default()
    })
}

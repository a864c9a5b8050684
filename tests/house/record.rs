//! What pictures of text do not show: styles, where rows are, what keys ask for and what time asks for then, what is said of a row that
//! slid under a key, the help.

use std::fmt::Write as _;
use std::sync::Arc;

use chrono::TimeDelta;
use insta::assert_snapshot;
use quarterdeck::actions::catalog;
use quarterdeck::app::{Effect, Message};
use quarterdeck::cli::Cli;
use quarterdeck::domain::cluster::ClusterSnapshot;
use quarterdeck::domain::rollout::Rollout;
use quarterdeck::domain::source::SourceState;
use quarterdeck::theme::{Depth, Theme};
use quarterdeck::ui::state::Overlay;
use quarterdeck::world::News;
use ratatui::buffer::Buffer;
use ratatui::style::Style;

use crate::stage::{SIZES, Stage, health as source, now, shop};
use crate::{coverage, databases, health, jobs, nodes, overview, signals, silences, slo};

/// Everything that can be in front, and the keys that bring it there.
const FRONTS: [(&str, &str); 24] = [
    ("overview", "0"),
    ("alerts", "1"),
    ("an alert", "1 enter"),
    ("rollouts", "2"),
    ("pods of a rollout", "2 enter"),
    ("events of it", "2 E"),
    ("history of it", "2 R"),
    ("its log", "2 l"),
    ("signals", "6"),
    ("schedule", "5"),
    ("modes", "5 tab"),
    ("nodes", "2 tab"),
    ("silences", "1 tab"),
    ("objectives", "6 tab"),
    ("health", "6 tab tab"),
    ("backups", "3"),
    ("databases", "3 tab"),
    ("incidents", "4"),
    ("escalation", "4 tab"),
    ("rotations", "4 tab tab"),
    ("shifts", "4 tab tab tab"),
    ("journal", "8"),
    ("jobs", "2 tab tab"),
    ("a job", "2 tab tab enter"),
];

fn cluster(rollouts: Vec<Rollout>, worst_node: usize) -> News {
    let mut rollouts: Vec<_> = rollouts.into_iter().map(Arc::new).collect();
    rollouts.sort_by(|one, other| one.worst_first(other));
    let mut jobs: Vec<_> = jobs::night().into_iter().map(Arc::new).collect();
    jobs.sort_by(|one, other| one.worst_first(other));
    let mut nodes: Vec<_> = nodes::cluster().into_iter().map(Arc::new).collect();
    nodes.sort_by(|one, other| one.worst_first(other));
    let kinds = ["deployments", "replicasets", "pods", "nodes", "cronjobs", "jobs"];
    News::Cluster(
        0,
        Box::new(ClusterSnapshot {
            health: kinds.map(|name| source(name, SourceState::Fresh)).into(),
            rollouts: rollouts.into(),
            jobs: jobs.into(),
            nodes: nodes.split_off(worst_node).into(),
            causes: [Arc::new(nodes::held_by("worker-b", &["payments", "basket"]))].into(),
            pods: 41,
            ..ClusterSnapshot::default()
        }),
    )
}

fn alerts(first: usize, first_silence: usize) -> News {
    let (mut found, mut some) = (silences::found(), silences::some());
    some.sort_by_key(|silence| silence.ends_at);
    let ending = some.iter().position(|silence| &*silence.id == "7b21f0").expect("it is there");
    some.swap(0, ending);
    let some = some.split_off(first_silence);
    News::Alerts(Box::new(silences::snapshot(found.split_off(first), Some(some), SourceState::Fresh)))
}

fn signals_but(service: &str) -> News {
    let all: Vec<_> = signals::shop().into_iter().filter(|(name, _)| *name != service).collect();
    News::Signals(Box::new(signals::snapshot(&all, SourceState::Fresh)))
}

fn objectives(first: usize) -> News {
    News::Slos(Box::new(slo::snapshot(slo::shop().split_off(first), SourceState::Fresh)))
}

fn components(but: &str) -> News {
    let checks = health::production().into_iter().filter(|check| &*check.service != but).collect();
    News::Health(Box::new(health::snapshot("production", checks)))
}

/// A production in which every pane has something to tell.
fn everything() -> Stage {
    let mut stage = Stage::new();
    stage.declare(health::services());
    for message in [cluster(shop(), 0), alerts(0, 0), signals_but(""), objectives(0), components("")] {
        stage.tell(message);
    }
    stage.tell(News::Backups(Box::new(coverage::shop())));
    stage.tell(News::Databases(Box::new(databases::shop())));
    stage.tell(News::Journal(overview::journal()));
    stage
}

fn front(keys: &str) -> Stage {
    let mut stage = everything();
    stage.press(keys);
    stage
}

/// The styles of a screen, row by row: a letter for each with how many cells have it, and what the letters mean.
fn styles(buffer: &Buffer, known: &mut Vec<Style>) -> String {
    let mut told = String::new();
    for y in 0..buffer.area.height {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for x in 0..buffer.area.width {
            let style = buffer[(x, y)].style();
            let place = known.iter().position(|one| *one == style).unwrap_or_else(|| {
                known.push(style);
                known.len() - 1
            });
            match runs.last_mut() {
                Some((last, count)) if *last == place => *count += 1,
                _ => runs.push((place, 1)),
            }
        }
        let runs: Vec<String> = runs.iter().map(|(place, count)| format!("{}{count}", letter(*place))).collect();
        let _ = writeln!(told, "{}", runs.join(" "));
    }
    told
}

fn letter(place: usize) -> String {
    let letters = ('A'..='Z').chain('a'..='z');
    letters.map(String::from).nth(place).unwrap_or_else(|| format!("({place})"))
}

#[test]
fn styles_of_everything() {
    let (mut told, mut known) = (String::new(), Vec::new());
    for (name, keys) in FRONTS {
        let mut stage = front(keys);
        stage.theme = Theme::embedded("midnight", Depth::True);
        let _ = writeln!(told, "{name}\n{}", styles(&stage.screen(120, 40), &mut known));
    }
    for (place, style) in known.iter().enumerate() {
        let colour = |colour: Option<ratatui::style::Color>| colour.map_or("-".to_owned(), |one| one.to_string());
        let (fg, bg) = (colour(style.fg), colour(style.bg));
        let _ = writeln!(told, "{} {fg} on {bg} {:?}", letter(place), style.add_modifier);
    }
    assert_snapshot!("record_styles", told);
}

#[test]
fn where_rows_are() {
    let mut told = String::new();
    for (name, keys) in FRONTS {
        for end in ["", "G"] {
            for (columns, rows) in SIZES {
                let mut stage = front(keys);
                end.split_whitespace().for_each(|key| stage.press(key));
                let (_, hit) = stage.drawn(columns, rows);
                let next = hit.next_redraw.map(|at| (at - now()).num_seconds());
                let area = hit.rows;
                let _ = writeln!(
                    told,
                    "{name} {end} {columns}x{rows}: page {}, from {} to {}, {}x{} at {},{}, cursor {:?}, again in {next:?} s",
                    hit.page, hit.offset, hit.furthest, area.width, area.height, area.x, area.y, hit.cursor
                );
            }
        }
    }
    assert_snapshot!("record_hit_maps", told);
}

fn asked(effect: &Effect) -> String {
    match effect {
        Effect::Focus(None) => "focus on nothing".to_owned(),
        Effect::Focus(Some(workload)) => format!("focus on {workload}"),
        Effect::Read(workload) => format!("read {workload}"),
        Effect::ReadLogs(number, ask) => {
            format!("read log {number} of {}: {:?} {:?}", ask.workload, ask.pod, ask.since)
        }
        Effect::ReadJob(job, runs) => format!("read {job} with {} runs", runs.len()),
        Effect::Plan(request) => {
            let targets: Vec<String> = request.targets.iter().map(ToString::to_string).collect();
            format!("plan {} of {}", request.action, targets.join(", "))
        }
        other => format!("{other:?}").split(['(', '{']).next().unwrap_or_default().trim().to_owned(),
    }
}

/// Where a journey has come to, and what was asked for on the last step.
fn step(told: &mut String, key: &str, stage: &Stage, effects: &[Effect]) {
    let asked: Vec<String> = effects.iter().map(asked).collect();
    let overlay = stage.overlay().map(|overlay| match overlay {
        Overlay::Actions { meant, .. } => format!("actions of {meant}"),
        overlay => format!("{overlay:?}").split(' ').next().unwrap_or_default().to_owned(),
    });
    let parts = [
        format!("{} {}", stage.front(), stage.part()),
        format!(
            "cursor: {}",
            stage
                .spot()
                .filter(|_| stage.front() == "overview")
                .map_or_else(|| stage.under_cursor(), |spot| format!("{spot:?}"))
        ),
        format!("filter: {}", stage.filter()),
        format!("over it: {}", overlay.unwrap_or_default()),
        format!("said: {}", stage.said()),
        format!("asked: {}", asked.join("; ")),
    ];
    let parts = parts.iter().map(|part| part.trim()).filter(|part| !part.ends_with(':'));
    let _ = writeln!(told, "{key}: {}", parts.collect::<Vec<_>>().join(" | "));
}

const JOURNEYS: [&str; 34] = [
    "1 enter q A q G enter j q",
    "1 d q S q o",
    "1 / p a y enter j esc ctrl-z ctrl-z",
    "1 enter d q q",
    "2 enter tab tab tab tab shift-tab d E R y D q",
    "2 R j enter !b esc q",
    "2 l p v c esc esc",
    "2 A q",
    "2 A A q",
    "2 S q",
    "2 S d q q",
    "2 j !b esc",
    "2 space j space !r esc ctrl-\\",
    "2 / c h k enter !b esc esc",
    "2 a esc j m esc",
    "6 j d q A q S enter q",
    "6 ctrl-z / m a i l enter !b esc esc ctrl-z",
    "6 l esc esc",
    "2 tab enter j q enter enter q q G enter q",
    "2 tab / w o r k e r - b enter d q esc",
    "2 tab enter 2 q",
    "1 tab j enter esc !Z esc",
    "1 tab j enter 6 1 q",
    "1 tab a esc q",
    "6 tab G d q A q ctrl-z q",
    "6 tab tab d q A q o ctrl-z ctrl-z q",
    "8 j q",
    "2 tab tab enter tab tab tab enter q q q",
    "2 tab tab / o r d e r s enter j esc G ctrl-z",
    "0 j enter esc j j enter esc G enter q A q",
    "0 d q !b esc S q",
    "tab tab tab tab tab tab tab tab tab tab shift-tab",
    "s j enter 6 2 s g enter",
    "f j ctrl-r f w ctrl-e",
];

#[test]
fn what_keys_lead_to_and_ask_for_on_every_way() {
    let mut told = String::new();
    for journey in JOURNEYS {
        let _ = writeln!(told, "{journey}");
        let mut stage = everything();
        for key in journey.split(' ') {
            let effects = stage.asks(key);
            step(&mut told, key, &stage, &effects);
        }
        told.push('\n');
    }
    assert_snapshot!("record_journeys", told);
}

#[test]
fn what_is_read_again_while_it_is_in_front() {
    let mut told = String::new();
    for (name, keys) in FRONTS {
        let mut stage = front(keys);
        for seconds in [10, 30, 60] {
            let at = now() + TimeDelta::seconds(seconds);
            let due = stage.next_due(now()).map(|at| (at - now()).num_seconds());
            let effects: Vec<String> = stage.tell_at(Message::Clock, at).iter().map(asked).collect();
            let _ = writeln!(told, "{name}, after {seconds} s, due in {due:?} s: {}", effects.join("; "));
        }
    }
    assert_snapshot!("record_needs", told);
}

#[test]
fn a_row_that_slid_under_a_key_is_said() {
    type Moved = fn() -> News;
    let without_the_worst: [(&str, Moved, &str); 9] = [
        ("0", || alerts(1, 0), "!b"),
        ("1", || alerts(1, 0), "!b"),
        ("2", || cluster(shop().split_off(1), 0), "!b"),
        ("6", || signals_but("payments"), "!b"),
        ("2 tab", || cluster(shop(), 1), "!b"),
        ("1 tab", || alerts(0, 1), "!Z"),
        ("6 tab", || objectives(1), "!b"),
        ("6 tab tab", || components("payments"), "!b"),
        ("2 tab tab", || cluster(shop().split_off(1), 0), "!b"),
    ];
    let mut told = String::new();
    for (pane, news, action) in without_the_worst {
        for (what, moved) in [("resting", ""), ("held on the second", "j"), ("held on the first", "j k")] {
            let mut stage = everything();
            stage.press(pane);
            moved.split_whitespace().for_each(|key| stage.press(key));
            let before = stage.under_cursor();
            stage.tell(news());
            let effects = stage.asks(action);
            let _ = write!(told, "{what}, it was on {before:?}: ");
            step(&mut told, action, &stage, &effects);
        }
    }
    assert_snapshot!("record_slid", told);
}

#[test]
fn help_and_hints() {
    let mut told = String::new();
    let mut stage = everything();
    stage.press("?");
    for line in stage.help() {
        let _ = writeln!(told, "{line}");
    }
    for (name, keys) in FRONTS {
        let _ = writeln!(told, "{name}: {}", front(keys).hints());
    }
    assert_snapshot!("record_help", told);
    let mut command = Cli::command_of(catalog::SHIPPED);
    let mut status = command.find_subcommand_mut("status").expect("a command").clone().bin_name("quarterdeck status");
    assert_snapshot!("record_usage", format!("{}\n{}", command.render_long_help(), status.render_long_help()));
}

//! What each pane would say first, in a line: the worst of it by name, and why.

use ratatui::layout::Rect;

use crate::domain::rollout::Verdict;
use crate::domain::source::{SourceHealth, SourceState, together};
use crate::theme::Role;
use crate::ui::overview::{Gravity, OverviewScene, Spot, Topic};
use crate::ui::pen::Pen;
use crate::ui::scene::Scene;
use crate::ui::text;
use crate::ui::widgets::page::Page;
use crate::ui::words::{self, overview as said};

/// How wide the titles are, with the space behind them.
const TITLE: u16 = 10;
/// The most lines of each half of a headline.
const MOST_LINES: usize = 2;

/// Draws them, the gravest first; gives how many rows it took.
pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>, has_second: bool) -> u16 {
    let overview = &scene.overview;
    let mut y = area.y;
    for (topic, gravity) in overview.headlines() {
        if y >= area.bottom() {
            break;
        }
        let (words, more) = said_of(pen, overview, topic, gravity);
        let x = area.x + 1;
        let right = area.right().saturating_sub(1);
        pen.put(x, y, TITLE, said::topic(topic), pen.style(Role::Title));
        let room = right.saturating_sub(x + TITLE);
        let mut page = Page::new(room);
        match more {
            Some(more) if has_second => {
                some_lines(pen, &mut page, &words, role_of(gravity));
                some_lines(pen, &mut page, &more, Role::Text);
            }
            more => {
                let more = more.map(|more| pen.span(&format!(": {more}"), Role::Text));
                page.line([Some(pen.span(&words, role_of(gravity))), more].into_iter().flatten().collect());
            }
        }
        let rows = page.rows().min(area.bottom() - y);
        page.draw(pen, Rect { x: x + TITLE, y, width: room, height: rows }, 0);
        if overview.cursor == Some(&Spot::Headline(topic)) {
            pen.choose(Rect { y, height: 1, ..area });
        }
        y += rows;
    }
    y - area.y
}

/// The first lines of a text; what has no room in them is cut in the last.
fn some_lines(pen: &Pen<'_>, page: &mut Page, words: &str, role: Role) {
    let columns = page.columns();
    let cleaned = crate::domain::text::clean(words);
    let lines = text::wrap(&cleaned, columns);
    let Some((last, first)) = lines.get(..lines.len().min(MOST_LINES)).and_then(<[_]>::split_last) else { return };
    for line in first {
        page.line(vec![pen.span(line, role)]);
    }
    let rest = if lines.len() > MOST_LINES { format!("{last}{}", pen.glyphs.ellipsis) } else { last.clone() };
    page.line(vec![pen.span(&rest, role)]);
}

const fn role_of(gravity: Gravity) -> Role {
    match gravity {
        Gravity::Well => Role::Ok,
        Gravity::Loading => Role::Muted,
        Gravity::Unknown => Role::VerdictUnknown,
        Gravity::Look => Role::Warning,
        Gravity::Bad => Role::Error,
    }
}

/// The headline, and the worst of it by name.
fn said_of(
    pen: &mut Pen<'_>,
    overview: &OverviewScene<'_>,
    topic: Topic,
    gravity: Gravity,
) -> (String, Option<String>) {
    if gravity == Gravity::Loading && topic != Topic::Sources {
        return (said::READING.to_owned(), None);
    }
    if gravity == Gravity::Unknown && !matches!(topic, Topic::Rollouts | Topic::Slo | Topic::Health) {
        return (said::NEVER_READ.to_owned(), None);
    }
    match topic {
        Topic::Alerts => alerts(pen, overview),
        Topic::Rollouts => rollouts(pen, overview, gravity),
        Topic::Runs => runs(overview),
        Topic::Nodes => nodes(overview),
        Topic::Slo => slo(overview, gravity),
        Topic::Health => health(overview, gravity),
        Topic::Jobs => jobs(pen, overview),
        Topic::Sources => sources(pen, overview.sources),
    }
}

fn alerts(pen: &mut Pen<'_>, overview: &OverviewScene<'_>) -> (String, Option<String>) {
    if overview.alert_sources.is_empty() {
        return (said::NO_ALERTMANAGER.to_owned(), None);
    }
    let best = overview.alert_sources.iter().min_by_key(|source| source.state.gravity());
    let old = best.filter(|best| matches!(best.state, SourceState::Stale | SourceState::Down));
    let age = old.and_then(|old| old.last_good).map(|at| said::old(&pen.age(at)));
    let missing = overview.is_watchdog_missing.then(|| said::WATCHDOG_MISSING.to_owned());
    let words = [missing, Some(said::firing(overview.tally)), age];
    let words = words.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let worst = overview.alerts.first().map(|alert| {
        let service = alert.service.as_deref().unwrap_or(crate::domain::service::UNMAPPED);
        format!("{} {service}, {}", alert.title(), pen.age(alert.started_at))
    });
    (words, worst)
}

fn rollouts(pen: &mut Pen<'_>, overview: &OverviewScene<'_>, gravity: Gravity) -> (String, Option<String>) {
    let Some(worst) = overview.rollouts.first().filter(|_| gravity != Gravity::Well) else {
        let words = if gravity == Gravity::Unknown {
            said::NEVER_READ.to_owned()
        } else {
            said::all_complete(overview.rollouts.len())
        };
        return (words, None);
    };
    let troubled =
        Verdict::ALL.into_iter().filter(|verdict| !matches!(verdict, Verdict::Complete | Verdict::Progressing));
    let counts = troubled.filter_map(|verdict| {
        let count = overview.rollouts.iter().filter(|row| row.verdict == verdict).count();
        (count > 0).then(|| format!("{count} {}", verdict.word()))
    });
    let age = worst.changed_at.map(|at| format!(", released {} ago", pen.age(at))).unwrap_or_default();
    let reason = worst.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let named = format!("{} -n {}{age}{reason}", worst.workload.label(), worst.workload.namespace);
    (counts.collect::<Vec<_>>().join(", "), Some(named))
}

fn runs(overview: &OverviewScene<'_>) -> (String, Option<String>) {
    if let Some((_, words)) = overview.unfinished.first() {
        return (said::unfinished(overview.unfinished.len()), Some(words.clone()));
    }
    let one = overview.ended_badly.or(overview.running);
    (one.map_or_else(|| said::NO_RUN.to_owned(), str::to_owned), None)
}

fn health(overview: &OverviewScene<'_>, gravity: Gravity) -> (String, Option<String>) {
    let (tally, total) = overview.health;
    let worst = overview.worst_health.filter(|_| gravity != Gravity::Well).and_then(|line| {
        let cell = line.cells.iter().max_by_key(|cell| cell.condition)?;
        let reason = cell.reason.as_deref().unwrap_or_default();
        Some(format!("{} {} in {}: {reason}", line.service, line.component, cell.environment))
    });
    (said::health(tally, total), worst)
}

fn slo(overview: &OverviewScene<'_>, gravity: Gravity) -> (String, Option<String>) {
    let (tally, total) = overview.slo;
    let worst = overview.worst_slo.filter(|_| gravity != Gravity::Well);
    (said::slo(tally, total), worst.map(|slo| format!("{} {}: {}", slo.service, slo.goal, slo.reason)))
}

fn nodes(overview: &OverviewScene<'_>) -> (String, Option<String>) {
    let counts = overview.counts;
    let words = match said::nodes(counts.not_ready, counts.pressed, counts.pending) {
        words if words.is_empty() => said::all_ready(overview.nodes.len()),
        words => words,
    };
    let worst = overview.nodes.first().filter(|node| node.verdict().is_trouble());
    let worst = worst.map(|node| format!("{} {}", node.node.name, node.complaint()));
    let cause = overview.causes.first().map(|cause| said::and_more(&cause.words, overview.causes.len() - 1));
    (words, cause.or(worst))
}

fn jobs(pen: &mut Pen<'_>, overview: &OverviewScene<'_>) -> (String, Option<String>) {
    let listed = || overview.jobs.iter().filter(|job| job.is_listed());
    let mut troubled = listed().filter(|job| job.verdict.is_trouble());
    let Some(worst) = troubled.next() else { return (said::all_jobs_well(listed().count()), None) };
    let mut words: Vec<String> = Vec::new();
    for verdict in crate::domain::job::JobVerdict::ALL.into_iter().filter(|verdict| verdict.is_trouble()) {
        let count = listed().filter(|job| job.verdict == verdict).count();
        words.extend((count > 0).then(|| format!("{count} {}", verdict.word())));
    }
    let age = worst.last_run.map(|run| format!(", last run {} ago", pen.age(run.began))).unwrap_or_default();
    let reason = worst.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
    (words.join(", "), Some(format!("{} -n {}{age}{reason}", worst.job.label(), worst.job.namespace)))
}

/// What is not fresh, with its age and why.
fn sources(pen: &mut Pen<'_>, sources: &[SourceHealth]) -> (String, Option<String>) {
    let mut troubled = together(sources);
    troubled.retain(|source| source.state != SourceState::Fresh);
    troubled.sort_by_key(|source| std::cmp::Reverse(source.state.gravity()));
    let Some(worst) = troubled.first() else { return (words::all_fresh(sources.len()), None) };
    let counts = [SourceState::Down, SourceState::Stale, SourceState::Loading, SourceState::Forbidden]
        .into_iter()
        .filter_map(|state| {
            let count = sources.iter().filter(|source| source.state == state).count();
            (count > 0).then(|| format!("{count} {}", state.word()))
        });
    let age = worst.last_good.map(|at| format!(", {}", said::old(&pen.age(at)))).unwrap_or_default();
    let error = worst.error.as_deref().map(|error| format!(": {error}")).unwrap_or_default();
    let named = said::and_more(&format!("{}{age}", worst.id), troubled.len() - 1);
    (counts.collect::<Vec<_>>().join(", "), Some(format!("{named}{error}")))
}

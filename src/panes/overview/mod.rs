//! The overview: each pane's headline, worst first, the worst alerts, and one timeline of the last hour.

mod headlines;
mod timeline;

use ratatui::layout::Rect;

use super::{GroupId, Opens, Pane};
use crate::domain::alert::Severity;
use crate::theme::Role;
use crate::ui::overview::{Glance, SOURCES, Told};
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::state::View;
use crate::ui::words::overview as said;

/// The pane.
pub const PANE: Pane = Pane {
    id: "overview",
    command: "view.overview",
    group: GroupId::Overview,
    title: said::TITLE,
    sentence: "show the overview and the last hour",
    hints: &[
        ("open", "show it"),
        ("details", "its rollout"),
        ("action.rollback", "roll back"),
        ("back", "back"),
        ("help", "help"),
    ],
    headline: None,
    opens: Opens::Own(|| View::Overview),
};

/// From this width on the timeline stands beside the alerts.
const WIDE: u16 = 120;
/// From this height on a headline has a second line, where there is something to say.
const TALL: u16 = 28;

/// The headline of how fresh everything is, which is of no pane.
pub fn sources(glance: &Glance<'_>) -> Told {
    let headline = headlines::SOURCES;
    Told { id: SOURCES, gravity: (headline.gravity)(glance), headline, standing: None }
}

/// Draws it.
pub fn draw(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
    if area.width < WIDE {
        let used = headlines::draw(pen, area, scene, area.height >= TALL);
        let alerts = below(area, used);
        let used = used + list(pen, alerts, scene, false);
        return timeline::draw(pen, below(area, used), scene);
    }
    let left = Rect { width: area.width * 9 / 20, ..area };
    let used = headlines::draw(pen, left, scene, true);
    list(pen, below(left, used + 1), scene, true);
    let right = Rect { x: left.right() + 1, width: area.width - left.width - 1, ..area };
    timeline::draw(pen, right, scene)
}

/// What of an area is left under so many rows.
fn below(area: Rect, used: u16) -> Rect {
    let used = used.min(area.height);
    Rect { y: area.y + used, height: area.height - used, ..area }
}

/// The worst alerts, one a line; gives how many rows it took.
fn list(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>, has_title: bool) -> u16 {
    let overview = &scene.overview;
    let mut y = area.y;
    if !overview.has_alertmanager {
        return 0;
    }
    if has_title && y < area.bottom() {
        pen.put(area.x + 1, y, area.width.saturating_sub(2), said::WORST_ALERTS, pen.style(Role::Title));
        y += 1;
    }
    let at = overview.alert_place();
    for (place, alert) in overview.alerts.iter().enumerate() {
        if y >= area.bottom() {
            break;
        }
        let age = pen.age(alert.started_at);
        let mut x = area.x + 3;
        let right = area.right().saturating_sub(1);
        let severity = alert.severity.word();
        pen.put(x, y, right.saturating_sub(x).min(8), severity, pen.style(role_of(alert.severity)));
        x += 9;
        pen.put_right(x, y, right.saturating_sub(x).min(6), &age, pen.style(Role::Muted));
        x += 7;
        let service = alert.service.as_deref().unwrap_or(crate::domain::service::UNMAPPED);
        let who = alert.acknowledged.as_ref().map(|word| format!(" ({})", word.by)).unwrap_or_default();
        let origin = if scene.header.environments > 1 { format!("{}: ", alert.environment) } else { String::new() };
        let words = format!("{origin}{} {service}{who}: {}", alert.title(), alert.summary());
        let style = pen.style(Role::Text);
        pen.put(x, y, right.saturating_sub(x), words.trim_end_matches([':', ' ']), style);
        if at == Some(place) {
            pen.choose(Rect { y, height: 1, ..area });
        }
        y += 1;
    }
    if has_title && overview.alerts.is_empty() && y < area.bottom() {
        pen.put(area.x + 3, y, area.width.saturating_sub(4), said::NO_ALERTS, pen.style(Role::Muted));
        y += 1;
    }
    y - area.y
}

/// The role of a severity's word.
const fn role_of(severity: Severity) -> Role {
    match severity {
        Severity::Critical => Role::Error,
        Severity::High => Role::VerdictStuck,
        Severity::Medium => Role::Warning,
        Severity::Low => Role::Muted,
    }
}

//! The database under the cursor: its members one by one, who promotes by itself, and whether the primary could be changed now.

use super::{role_of, services};
use crate::domain::database::tables::Tables;
use crate::domain::database::words;
use crate::domain::database::{Readiness, Role as Is, Standing};
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::scene::Scene;
use crate::ui::text;
use crate::ui::widgets::page::Page;
use crate::ui::words::databases as said;

/// The most columns of a member's name.
const NAME_AT_MOST: usize = 24;
/// The most tables with dead rows told.
const DEAD_AT_MOST: usize = 3;
/// The most reasons told.
const REASONS_AT_MOST: usize = 6;

/// Everything there is to say of it.
pub(super) fn page(pen: &mut Pen<'_>, row: &Standing, scene: &Scene<'_>, columns: u16) -> Page {
    let mut page = Page::new(columns);
    let separator = format!(" {} ", pen.glyphs.separator);
    let mut facts = vec![format!("{} {}", row.name, row.kind.word())];
    facts.extend(row.environment.as_deref().map(str::to_owned));
    facts.extend(row.system_identifier.as_deref().map(said::system));
    let users = services(scene.world, row);
    facts.extend((!users.is_empty()).then(|| said::used_by(&users)));
    facts.extend(row.at.map(|at| said::read(&pen.age(at))));
    page.line(vec![pen.span(&facts.join(&separator), Role::Title)]);
    for words in row.verdict.reasons.iter().take(REASONS_AT_MOST) {
        page.text(pen, 0, words, role_of(row.verdict.condition));
    }
    let wide = row.members.iter().map(|member| text::width(&member.name)).max().unwrap_or(0).min(NAME_AT_MOST);
    for member in &row.members {
        let name = text::clip(&member.name, wide, pen.glyphs.ellipsis);
        let pad = " ".repeat(wide.saturating_sub(text::width(&name)));
        let facts = words::member(member).join(&separator);
        let role = match (member.role, &member.error) {
            (_, Some(_)) => Role::Error,
            (Is::Primary, None) => Role::Ok,
            (_, None) => Role::Text,
        };
        page.text(pen, 0, &format!("{name}{pad} {facts}"), role);
        if let Some(lag) = &member.lag {
            let age = lag.at.map(|at| pen.age(at));
            let role = if lag.receive_bytes.is_none() { Role::VerdictUnknown } else { Role::Muted };
            page.text(pen, 2, &words::lags(lag, age.as_deref()), role);
        }
    }
    let role = match row.readiness {
        Readiness::Ready { .. } => Role::Ok,
        Readiness::Blocked { .. } => Role::Warning,
        Readiness::Unknown { .. } => Role::VerdictUnknown,
        Readiness::Impossible { .. } => Role::Muted,
    };
    page.text(pen, 0, &words::readiness(&row.readiness), role);
    let acted = row.automatic.last_acted_at.map(|at| pen.age(at));
    let mut facts = vec![words::automatic(&row.automatic, acted.as_deref())];
    facts.extend(row.dcs_seen_at.map(|at| said::dcs(&pen.age(at))));
    let role =
        if row.automatic.is_on == Some(false) && row.automatic.by.is_some() { Role::Warning } else { Role::Muted };
    page.text(pen, 0, &facts.join(&separator), role);
    if let Some(Ok(tables)) = &row.tables {
        of_server(pen, &mut page, tables, &separator);
    }
    page
}

/// What its server tells of itself.
fn of_server(pen: &mut Pen<'_>, page: &mut Page, tables: &Tables, separator: &str) {
    let Some(more) = &tables.more else { return };
    let mut facts = vec![said::version(tables.version)];
    facts.extend(more.connections.map(said::connections));
    facts.extend(more.connections.map(said::in_transit));
    let archived = more.archiver.as_ref().and_then(|archiver| archiver.archived_at).map(|at| pen.age(at));
    facts.extend(more.archiver.as_ref().map(|archiver| said::archiving(archiver, archived.as_deref())));
    facts.extend(more.wraparound.as_ref().map(said::wraparound));
    page.text(pen, 0, &facts.join(separator), Role::Text);
    for slot in &more.slots {
        let role = if slot.is_lost() { Role::Error } else { Role::Muted };
        page.text(pen, 0, &said::slot(slot), role);
    }
    for one in &more.long {
        let age = one.since.map(|at| pen.age(at));
        page.text(pen, 0, &said::transaction(one, age.as_deref()), Role::Warning);
    }
    for one in &more.slow {
        page.text(pen, 0, &said::slow(one), Role::Text);
    }
    for one in more.dead.iter().take(DEAD_AT_MOST) {
        let age = one.vacuumed_at.map(|at| pen.age(at));
        page.text(pen, 0, &said::dead(one, age.as_deref()), Role::Muted);
    }
    for words in &more.unread {
        page.text(pen, 0, words, Role::VerdictUnknown);
    }
}

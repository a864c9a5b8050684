//! What is said over a schedule from a shell: overrides, temporary schedules, swaps, and what takes them back. Each is the plan of the
//! catalogue, confirmed by being typed.

use clap::Args;

use super::lines::{OverrideLine, overrides};
use super::{Failed, Printed, meant, moment, no_such, read, zone_of};
use crate::cli::fields::Fields;
use crate::cli::output::{say, say_json};
use crate::cli::session::Session;
use crate::cli::{Format, exit, short};
use crate::domain::oncall::{Override as Said, Schedule};
use crate::domain::store::last_override;
use crate::domain::time::{self, Instant, Zone};
use crate::sources::error::SourceError;

/// Who does it, why, and how the answer is printed.
#[derive(Debug, Clone, Args)]
pub(super) struct Doing {
    /// Who does it, where you only write it down; both of you are recorded.
    #[arg(long = "as", value_name = "HANDLE")]
    on_behalf_of: Option<String>,
    /// Why.
    #[arg(long, value_name = "WORDS")]
    reason: Option<String>,
    /// The form of the answer.
    #[arg(long, short, value_enum, default_value_t)]
    output: Format,
}

#[derive(Debug, Args)]
pub(super) struct Override {
    /// The schedule.
    schedule: String,
    /// The role.
    #[arg(long)]
    role: String,
    /// Who has it then, by handle.
    #[arg(long, value_name = "HANDLE")]
    person: String,
    /// From when: 2026-10-19T09:00 on the schedule's clock, or 2026-10-19T13:00:00Z; else now.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Until when; or how long from now: 4h.
    #[arg(long, value_name = "TIME")]
    until: String,
    #[command(flatten)]
    doing: Doing,
}

#[derive(Debug, Args)]
pub(super) struct Take {
    /// The schedule.
    schedule: String,
    /// The role; may be left out where there is only one.
    #[arg(long)]
    role: Option<String>,
    /// Until when; or how long from now: 4h.
    #[arg(long, value_name = "TIME")]
    until: String,
    #[command(flatten)]
    doing: Doing,
}

#[derive(Debug, Args)]
pub(super) struct Temporary {
    /// The schedule.
    schedule: String,
    /// The role; may be left out where there is only one.
    #[arg(long)]
    role: Option<String>,
    /// From when.
    #[arg(long, value_name = "TIME")]
    from: String,
    /// Until when.
    #[arg(long, value_name = "TIME")]
    until: String,
    /// Who has it when: ada=2026-12-24T09:00/2026-12-24T21:00; may be repeated. Where none is, nobody is on call.
    #[arg(long = "shift", value_name = "HANDLE=FROM/UNTIL", required = true)]
    shifts: Vec<String>,
    #[command(flatten)]
    doing: Doing,
}

#[derive(Debug, Args)]
pub(super) struct Swap {
    /// The schedule.
    schedule: String,
    /// The role; may be left out where there is only one.
    #[arg(long)]
    role: Option<String>,
    /// With whom, by handle.
    #[arg(long = "with", value_name = "HANDLE")]
    person: String,
    /// A time of your shift that is meant; else your next.
    #[arg(long, value_name = "TIME")]
    mine: Option<String>,
    /// A time of their shift that is meant; else their next.
    #[arg(long, value_name = "TIME")]
    theirs: Option<String>,
    #[command(flatten)]
    doing: Doing,
}

#[derive(Debug, Args)]
pub(super) struct Numbered<N: Args> {
    /// The schedule.
    schedule: String,
    #[command(flatten)]
    number: N,
    #[command(flatten)]
    doing: Doing,
}

/// A number that has to be given.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// Its number: quarterdeck oncall overrides SCHEDULE.
    number: u64,
}

/// A number that may be given.
#[derive(Debug, Args)]
pub(super) struct Maybe {
    /// Its number; else the newest that you were asked.
    number: Option<u64>,
}

/// The role that is meant: the one that is said, or the only one there is.
pub(super) fn role_of(schedule: &Schedule, asked: Option<&str>, now: Instant) -> Result<String, Failed> {
    let roles = schedule.roles_from(now);
    match (asked, roles.as_slice()) {
        (Some(role), _) => Ok(role.to_owned()),
        (None, [only]) => Ok((*only).to_owned()),
        (None, several) => {
            let words = format!("{} has the roles {}: say --role.", schedule.name, several.join(", "));
            Err((exit::USAGE, words))
        }
    }
}

/// Reads a schedule, for whatever is typed about it.
struct Typed {
    zone: Zone,
    now: Instant,
    role: Result<String, Failed>,
}

impl Typed {
    async fn of(session: &Session, name: &str, role: Option<&str>) -> Result<Self, Failed> {
        let book = read(session, Some(name)).await?;
        let schedule = book.schedules.get(name).ok_or_else(|| (exit::USAGE, no_such(name, book.schedules.keys())))?;
        Ok(Self { zone: zone_of(&book, Some(name)), now: book.now, role: role_of(schedule, role, book.now) })
    }

    fn written(&self, typed: &str) -> Result<String, Failed> {
        moment(typed, &self.zone, self.now).map(time::written)
    }

    /// A shift with its times as the store keeps them.
    fn shift(&self, typed: &str) -> Result<String, Failed> {
        let wrong =
            || (exit::USAGE, format!("{typed:?} is no shift: write it as ada=2026-12-24T09:00/2026-12-24T21:00."));
        let (person, span) = typed.split_once('=').ok_or_else(wrong)?;
        let (from, until) = span.split_once('/').ok_or_else(wrong)?;
        Ok(format!("{}={}/{}", person.trim(), self.written(from)?, self.written(until)?))
    }
}

impl Override {
    pub(super) async fn run(&self, session: &Session) -> Printed {
        let typed = Typed::of(session, &self.schedule, Some(&self.role)).await?;
        let mut fields = Fields::default().with("role", &self.role).with("person", &self.person);
        fields = fields.with("until", &typed.written(&self.until)?);
        if let Some(from) = &self.from {
            fields = fields.with("from", &typed.written(from)?);
        }
        said(session, ("override-shift", &self.schedule), fields, &self.doing).await
    }
}

impl Take {
    pub(super) async fn run(&self, session: &Session) -> Printed {
        let typed = Typed::of(session, &self.schedule, self.role.as_deref()).await?;
        let until = typed.written(&self.until)?;
        let fields = Fields::default().with("role", &typed.role?).with("until", &until);
        said(session, ("take-shift", &self.schedule), fields, &self.doing).await
    }
}

impl Temporary {
    pub(super) async fn run(&self, session: &Session) -> Printed {
        let typed = Typed::of(session, &self.schedule, self.role.as_deref()).await?;
        let shifts: Result<Vec<String>, Failed> = self.shifts.iter().map(|shift| typed.shift(shift)).collect();
        let (from, until) = (typed.written(&self.from)?, typed.written(&self.until)?);
        let fields = Fields::default().with("role", &typed.role?).with("from", &from).with("until", &until);
        let fields = fields.with("shifts", &shifts?.join(" "));
        said(session, ("temporary-schedule", &self.schedule), fields, &self.doing).await
    }
}

impl Swap {
    pub(super) async fn run(&self, session: &Session) -> Printed {
        let typed = Typed::of(session, &self.schedule, self.role.as_deref()).await?;
        let mut fields = Fields::default().with("person", &self.person);
        for (field, given) in [("mine", &self.mine), ("theirs", &self.theirs)] {
            if let Some(given) = given {
                fields = fields.with(field, &typed.written(given)?);
            }
        }
        let fields = fields.with("role", &typed.role?);
        said(session, ("ask-swap", &self.schedule), fields, &self.doing).await
    }
}

impl Numbered<Maybe> {
    pub(super) async fn accept(&self, session: &Session) -> Printed {
        let number = self.number.number.map(|number| number.to_string());
        let fields = number.iter().fold(Fields::default(), |fields, number| fields.with("number", number));
        said(session, ("accept-swap", &self.schedule), fields, &self.doing).await
    }
}

impl Numbered<Which> {
    pub(super) async fn withdraw(&self, session: &Session) -> Printed {
        let fields = Fields::default().with("number", &self.number.number.to_string());
        said(session, ("withdraw-override", &self.schedule), fields, &self.doing).await
    }
}

/// Carries it out, and prints what is said over the schedule since.
async fn said(session: &Session, (action, schedule): (&str, &str), fields: Fields, doing: &Doing) -> Printed {
    let fields = doing.on_behalf_of.iter().fold(fields, |fields, handle| fields.with("as", handle));
    let subject = meant(session, &[schedule.to_owned()])?;
    let done = short::carry_out(session, (action, &fields, doing.reason.as_deref()), subject).await?;
    if doing.output == Format::Table {
        return Ok(say(&done.words));
    }
    let unread =
        |error: SourceError| (exit::UNKNOWN, format!("{} It cannot be read again: {}", done.words, error.sentence));
    let last: Option<Said> = session.store.get(&last_override(schedule)).await.map_err(unread)?;
    Ok(say_json(&last.as_ref().map(|last| OverrideLine::of(last, &[]))))
}

/// What is said over a schedule and is not over.
pub(super) async fn list(session: &Session, name: &str, output: Format) -> Printed {
    let book = read(session, Some(name)).await?;
    let on_call = book.on_call();
    let all = on_call.overrides_of(name);
    let standing: Vec<&Said> = all.iter().filter(|one| one.until > book.now).collect();
    Ok(match output {
        Format::Json => say_json(&standing.iter().map(|one| OverrideLine::of(one, all)).collect::<Vec<_>>()),
        Format::Table if standing.is_empty() => say(&format!("Nothing is said over {name}: its rotations hold.")),
        Format::Table => say(&overrides(&standing, all, &zone_of(&book, Some(name)))),
    })
}

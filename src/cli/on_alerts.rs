//! What `quarterdeck plan` means by alerts, and how a script sees what fires.

use std::sync::Arc;

use tokio::sync::OnceCell;

use super::exit;
use super::oncall::Book;
use super::session::{SETTLE_WITHIN, Session};
use crate::domain::alert::{Alert, AlertSnapshot};
use crate::domain::incident::Incident;
use crate::domain::source::{SourceHealth, SourceId, SourceState};
use crate::domain::store::{Acknowledgement, AlertNotes, Changes};
use crate::domain::subject::{AlertRef, Subject};
use crate::sources::alertmanager::{AlertFeed, not_configured};
use crate::sources::error::{SourceError, Trouble};
use crate::sources::observe::{Answer, ListAlerts};
use crate::sources::store::port::ReadStore;

/// What an alert may be named with in front, as a workload is named by its kind.
const ALERT: &str = "alert/";

/// The alerts of a session's environment, read once: a command lives for a moment.
pub(super) struct Listed {
    session: Session,
    list: OnceCell<AlertSnapshot>,
}

impl Listed {
    pub(super) fn of(session: &Session) -> Self {
        Self { session: session.clone(), list: OnceCell::new() }
    }
}

impl ListAlerts for Listed {
    fn listed(&self) -> Answer<'_, AlertSnapshot> {
        Box::pin(async move { self.list.get_or_try_init(|| listed(&self.session)).await.cloned() })
    }
}

/// What people said, as the store has it.
pub(super) struct Said {
    /// How fresh it is.
    pub(super) health: SourceHealth,
    /// Who is on which alert.
    pub(super) acknowledgements: Vec<Acknowledgement>,
    /// Notes on alerts.
    pub(super) notes: AlertNotes,
    /// Incidents that are open.
    pub(super) incidents: Vec<Incident>,
    /// Who is on call.
    pub(super) book: Book,
    /// All of it: what else is held is read from there.
    pub(super) whole: Changes,
}

impl Session {
    /// Whether the store answers, and what it holds: who is on alerts, the notes on them, and the incidents that are open.
    pub(super) async fn said(&self) -> Said {
        let loading = SourceHealth::loading(SourceId::store());
        match self.store.changes(0).await {
            Ok(whole) => Said {
                health: SourceHealth { state: SourceState::Fresh, last_good: Some(self.now()), ..loading },
                acknowledgements: whole.of(),
                notes: whole.of().into_iter().collect(),
                incidents: whole.of(),
                book: Book::held(&whole),
                whole,
            },
            Err(error) => {
                let health = SourceHealth { state: SourceState::Down, error: Some(error.sentence), ..loading };
                Said {
                    health,
                    acknowledgements: Vec::new(),
                    notes: AlertNotes::default(),
                    incidents: Vec::new(),
                    book: Book::default(),
                    whole: Changes { now: self.now(), ..Changes::default() },
                }
            }
        }
    }
}

/// What fires, by a source that answers.
async fn listed(session: &Session) -> Result<AlertSnapshot, SourceError> {
    let name = &session.environment.name;
    let Some(snapshot) = session.once::<AlertFeed>(SETTLE_WITHIN).await else {
        return Err(SourceError::new(Trouble::Setup, not_configured(name)));
    };
    match snapshot.best() {
        Some(best) if best.state.is_well() => Ok(snapshot),
        best => {
            let why = best.and_then(|best| best.error.as_deref()).unwrap_or("it does not answer.");
            Err(SourceError::new(Trouble::Unreachable, format!("What fires in {name} is not known: {why}")))
        }
    }
}

/// The alerts of these names or fingerprints, where a name means all of that name; else the exit code and why not.
pub(super) async fn named(
    session: &Session,
    list: &dyn ListAlerts,
    names: &[String],
) -> Result<Vec<Arc<Alert>>, (u8, String)> {
    let snapshot = list
        .listed()
        .await
        .map_err(|error| (if error.trouble == Trouble::Setup { exit::USAGE } else { 1 }, error.sentence))?;
    let mut alerts: Vec<Arc<Alert>> = Vec::new();
    for name in names.iter().map(|name| name.strip_prefix(ALERT).unwrap_or(name)) {
        let is_it = |alert: &&Arc<Alert>| alert.title() == name || *alert.key == *name;
        let before = alerts.len();
        alerts.extend(snapshot.alerts.iter().filter(is_it).cloned());
        if alerts.len() == before {
            let words = "No alert of that name or fingerprint fires";
            let place = &session.environment.name;
            return Err((exit::USAGE, format!("{words}: {name:?} in {place}. See: quarterdeck status")));
        }
    }
    Ok(alerts)
}

/// An alert as what an action is on.
pub(super) fn subject(alert: &Alert) -> Subject {
    let (environment, name) = (alert.environment.clone(), alert.title().to_owned());
    Subject::Alert(AlertRef { environment, fingerprint: alert.key.to_string(), name })
}

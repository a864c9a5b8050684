//! Databases, as the command line names them for an action.

use std::sync::Arc;

use super::exit;
use super::session::Session;
use crate::domain::database::Database;
use crate::domain::subject::{DatabaseRef, Subject};

/// What a target that is a database begins with.
const DATABASE: &str = "database/";

fn name(target: &str) -> &str {
    target.strip_prefix(DATABASE).unwrap_or(target)
}

/// The same session in the environment of the database that is named, where the command line names none.
pub(super) fn session(session: Session, targets: &[String]) -> Session {
    if session.doubt().is_none() {
        return session;
    }
    let named = targets.first().map(|target| name(target)).unwrap_or_default();
    let declared = session.settings.databases.iter().find(|one| *one.database.name == *named);
    let environment = declared.and_then(|one| one.database.environment.clone());
    let place = environment.and_then(|of| session.settings.environments.iter().position(|one| one.name == of));
    place.map_or(session.clone(), |place| session.certainly_at(place))
}

/// The databases that are meant.
pub(super) fn meant(session: &Session, targets: &[String]) -> Result<Vec<Subject>, (u8, String)> {
    let environment = &session.environment.name;
    let one = |target: &String| {
        let name = name(target);
        let declared = session.settings.databases.iter().map(|one| &one.database);
        let Some(found) = declared.clone().find(|one| *one.name == *name) else {
            let known: Vec<&str> = declared.map(|one| &*one.name).collect();
            let known =
                if known.is_empty() { "none is declared".to_owned() } else { format!("there is {}", known.join(", ")) };
            return Err((
                exit::USAGE,
                format!("There is no database {name:?}; {known}. Add [database.NAME] to the configuration."),
            ));
        };
        if let Some(other) = is_elsewhere(found, environment) {
            return Err((exit::USAGE, format!("database {name} is of environment {other}, not of {environment}.")));
        }
        Ok(Subject::Database(DatabaseRef { environment: environment.clone(), name: found.name.clone() }))
    };
    targets.iter().map(one).collect()
}

/// The environment a database is of, where that is another one.
fn is_elsewhere<'d>(database: &'d Database, environment: &str) -> Option<&'d Arc<str>> {
    database.environment.as_ref().filter(|of| ***of != *environment)
}

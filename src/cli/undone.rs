//! What `status` says of finished actions that somebody undid.

use serde::Serialize;

use super::session::{Connected, Session};
use crate::actions::journal;
use crate::domain::action::{Undone, WATCHED, undone};
use crate::domain::time::Instant;
use crate::sources::observe::ObserveCluster;

/// A finished action that does not stand any more.
#[derive(Debug, Serialize)]
pub(super) struct UndoneLine {
    environment: String,
    namespace: String,
    kind: &'static str,
    name: String,
    action: String,
    run: String,
    done_at: Instant,
    #[serde(flatten)]
    pub(super) undone: Undone,
}

/// Everything this machine's consoles did to an environment lately and somebody undid since, read now. Nothing is written.
pub(super) async fn look_back(session: &Session, connected: &Connected, now: Instant) -> Vec<UndoneLine> {
    let chains = journal::recent(session.paths.state(), now - WATCHED, 0).unwrap_or_default();
    let mut finished = journal::finished(&chains, now - WATCHED);
    finished.retain(|one| *one.begun.environment == *session.environment.name);
    if finished.is_empty() {
        return Vec::new();
    }
    let Ok(cluster) = ObserveCluster::cluster(&connected.connection).await else { return Vec::new() };
    let cluster = cluster.uid.unwrap_or(cluster.server);
    let mut lines = Vec::new();
    for one in finished.iter().filter(|one| one.begun.cluster == cluster) {
        let Some(left) = one.left() else { continue };
        let Ok(facts) = ObserveCluster::workload(&connected.connection, left.workload).await else { continue };
        let Some(undone) = undone(&left, &facts.object) else { continue };
        lines.push(UndoneLine {
            environment: left.workload.environment.to_string(),
            namespace: left.workload.namespace.to_string(),
            kind: left.workload.kind.word(),
            name: left.workload.name.to_string(),
            action: left.action.to_owned(),
            run: left.run.to_owned(),
            done_at: left.done_at,
            undone,
        });
    }
    lines
}

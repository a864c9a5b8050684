//! One Kubernetes cluster: the only room that names `kube`.
//!
//! From `kube` we take configuration, authentication, TLS and `Client::send`. Listing, watching and decoding are ours:
//! pages are decoded from borrowed JSON into rows of a few hundred bytes, and the tables stay in the source's own task,
//! so of 20,000 pods only changed workload rows ever cross to the loop.
//!
//! It does not know what is drawn, which actions exist, or what a plan is. It keeps one invariant: the last good rows
//! stay until newer ones are complete, and whatever is not current says so in its [`SourceHealth`].
//!
//! [`SourceHealth`]: crate::domain::source::SourceHealth

mod around;
mod budgets;
mod causes;
mod connection;
mod credentials;
mod facts;
mod feed;
mod hands;
mod job_facts;
mod jobs;
mod keepers;
mod kubeconfig;
mod listings;
mod logs;
mod nodes;

mod objects;
mod owner;
mod page;
mod partial;
mod reach;
mod readiness;
mod releases;
mod revisions;
mod rows;
mod scalers;
#[cfg(test)]
mod served_tests;
mod source;
mod tables;
#[cfg(test)]
pub(crate) mod testing;
mod trouble;
mod usage;
mod wire;

pub use connection::Connection;
pub use credentials::{PLUG_IN, start_plug_ins_with};
pub use hands::{Hands, Rehearsal};
pub use kubeconfig::{Contexts, Endpoint};
pub use logs::follow_logs;
pub use reach::Reach;
pub use source::ClusterSource;

use std::sync::Arc;

use crate::config::Namespaces;
use crate::sources::error::SourceError;
use crate::sources::observe::{Access, ObserveCluster, Right};

/// The namespaces to look at; empty means all of them.
///
/// Where the configuration does not say, everything is shown to those who may list everything, and the context's own
/// namespace to the others.
pub async fn namespaces(
    connection: &Connection,
    asked: &Namespaces,
    of_context: Option<&str>,
) -> Result<Vec<Arc<str>>, SourceError> {
    Ok(match asked {
        Namespaces::All => Vec::new(),
        Namespaces::Named(names) => names.iter().map(|name| name.as_str().into()).collect(),
        Namespaces::OfContext => {
            let everywhere = Right { verb: "list", group: "apps", resource: "deployments", namespace: "", name: "" };
            match connection.may(everywhere).await? {
                Access::Denied(_) => vec![of_context.unwrap_or("default").into()],
                // Unknown is not denied: the list itself will tell.
                Access::Allowed | Access::Unknown(_) => Vec::new(),
            }
        }
    })
}

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

mod connection;
mod facts;
mod feed;
mod hands;
mod kubeconfig;
mod page;
mod source;
mod tables;
mod trouble;
mod wire;

pub use connection::Connection;
pub use hands::{Hands, Rehearsal};
pub use kubeconfig::{Contexts, Endpoint};
pub use source::{ClusterSnapshot, ClusterSource};
pub use tables::Focus;

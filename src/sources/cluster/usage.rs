//! What a metrics server measured: read when somebody looks, never watched, for it cannot be.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::connection::Connection;
use super::facts::{list, selector};
use super::feed::encoded;
use super::page;
use super::wire::{Meta, Wire, WireNodeUsage, WirePodUsage};
use crate::domain::text;
use crate::domain::usage::UsageAsk;
use crate::domain::usage::{Board, Measured};
use crate::sources::error::{SourceError, Trouble};
use crate::sources::observe::Answer;
use crate::sources::usage::ObserveUsage;

/// The API group, in the version every metrics server serves.
const API: &str = "/apis/metrics.k8s.io/v1beta1";

impl ObserveUsage for Connection {
    fn usage<'a>(&'a self, ask: &'a UsageAsk) -> Answer<'a, Board> {
        Box::pin(async move {
            let (measured, what) = match ask {
                UsageAsk::Nodes(_) => (nodes(self).await, "nodes"),
                UsageAsk::Pods(workload, labels) => (pods(self, &workload.namespace, labels).await, "pods"),
            };
            match measured {
                Ok(measured) => Ok(Board { measured, read_at: self.now() }),
                Err(error) => Err(SourceError { sentence: explained(&error, what), ..error }),
            }
        })
    }
}

async fn nodes(connection: &Connection) -> Result<HashMap<Arc<str>, Measured>, SourceError> {
    let found = list(connection, format!("{API}/nodes?"), |bytes| {
        let page = page::read(bytes, |wire: &WireNodeUsage<'_>| named(wire.meta(), Some(wire.measured())))?;
        Ok((page.items, page.next))
    });
    Ok(found.await?.into_iter().flatten().collect())
}

async fn pods(
    connection: &Connection,
    namespace: &str,
    labels: &Value,
) -> Result<HashMap<Arc<str>, Measured>, SourceError> {
    let Some(selector) = selector(labels) else {
        return Err(SourceError::new(Trouble::Malformed, "it has no selector: its pods cannot be told from others."));
    };
    let path = format!("{API}/namespaces/{}/pods?labelSelector={}", encoded(namespace), encoded(&selector));
    let found = list(connection, path, |bytes| {
        let page = page::read(bytes, |wire: &WirePodUsage<'_>| named(wire.meta(), wire.measured()))?;
        Ok((page.items, page.next))
    });
    Ok(found.await?.into_iter().flatten().collect())
}

/// A measurement with the name of its pod or node.
fn named(meta: &Meta<'_>, measured: Option<Measured>) -> Option<(Arc<str>, Measured)> {
    Some((text::clean(&meta.name).into(), measured?))
}

/// What an error means of a metrics server.
fn explained(error: &SourceError, what: &str) -> String {
    match error.trouble {
        Trouble::NotFound => {
            "the API group metrics.k8s.io is not served by this cluster: no metrics server is installed.".to_owned()
        }
        Trouble::Forbidden => {
            format!("not readable with your rights: it takes list on {what} of the API group metrics.k8s.io.")
        }
        Trouble::Server => format!(
            "a metrics server is registered and gives no answer ({}). Look at the pods of its APIService, v1beta1.metrics.k8s.io.",
            error.sentence.trim_end_matches('.')
        ),
        _ => error.sentence.clone(),
    }
}

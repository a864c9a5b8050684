//! Objects of whatever kind, read whole: of operators whose kinds this console does not watch.

use serde_json::Value;

use super::connection::Connection;
use super::facts::{list, string};
use super::feed::encoded;
use crate::sources::observe::{Answer, ListObjects, Listing};

impl ListObjects for Connection {
    fn objects<'a>(&'a self, listing: Listing<'a>) -> Answer<'a, Vec<Value>> {
        Box::pin(list(self, path(&listing), |bytes| {
            let mut list: Value = serde_json::from_slice(bytes)?;
            let next = string(&list, "/metadata/continue").filter(|next| !next.is_empty());
            let items = match list.get_mut("items").map(Value::take) {
                Some(Value::Array(items)) => items,
                _ => Vec::new(),
            };
            Ok((items, next))
        }))
    }
}

fn path(listing: &Listing<'_>) -> String {
    let Listing { api, resource, namespace, labels } = listing;
    let place = namespace.map(|namespace| format!("/namespaces/{}", encoded(namespace))).unwrap_or_default();
    let labels = labels.map(|labels| format!("labelSelector={}", encoded(labels))).unwrap_or_default();
    format!("{api}{place}/{resource}?{labels}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_is_a_path_with_its_selector() {
        let listing =
            Listing { api: "/apis/velero.io/v1", resource: "backups", namespace: Some("velero"), labels: Some("a=b") };
        assert_eq!(path(&listing), "/apis/velero.io/v1/namespaces/velero/backups?labelSelector=a%3Db");
        assert_eq!(path(&Listing { namespace: None, labels: None, ..listing }), "/apis/velero.io/v1/backups?");
    }
}

//! What owners of workloads say of themselves: objects of Argo CD, Flux and Helm, read when a plan asks for them.

use std::time::Duration;

use serde_json::Value;

use super::connection::Connection;
use super::feed::encoded;
use super::trouble;
use crate::domain::owner::{Keeper, Told};
use crate::sources::error::{SourceError, Trouble};

/// Where Argo CD lives unless somebody chose otherwise.
const ARGO: &str = "argocd";
/// Versions of Flux's kinds, the newest first: an older cluster has the older one.
const KUSTOMIZATIONS: [&str; 2] = ["kustomize.toolkit.fluxcd.io/v1", "kustomize.toolkit.fluxcd.io/v1beta2"];
const HELM_RELEASES: [&str; 2] = ["helm.toolkit.fluxcd.io/v2", "helm.toolkit.fluxcd.io/v2beta2"];
/// Only the metadata: what a Secret holds never leaves the server.
const METADATA: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// How long a plan waits for an owner to say what it does.
const WITHIN: Duration = Duration::from_secs(4);

/// Reads it. An owner that is not there, may not be read or does not answer in time is an answer, not an error.
pub(super) async fn read(connection: &Connection, keeper: &Keeper) -> Result<Told, SourceError> {
    let asked = tokio::time::timeout(WITHIN, asked(connection, keeper)).await;
    asked.unwrap_or_else(|_| Ok(Told::Unreadable(format!("no answer within {} s.", WITHIN.as_secs()))))
}

async fn asked(connection: &Connection, keeper: &Keeper) -> Result<Told, SourceError> {
    match keeper {
        Keeper::Application { namespace: Some(namespace), name } => application(connection, namespace, name).await,
        Keeper::Application { namespace: None, name } => match everywhere(connection, name).await? {
            // Who may not list everything may still look where it usually is.
            Told::Unreadable(why) => match application(connection, ARGO, name).await? {
                Told::Object(object) => Ok(Told::Object(object)),
                Told::Absent | Told::Unreadable(_) => Ok(Told::Unreadable(why)),
            },
            told => Ok(told),
        },
        Keeper::Kustomization { namespace, name } => {
            newest(
                connection,
                &KUSTOMIZATIONS,
                &format!("namespaces/{}/kustomizations/{}", encoded(namespace), encoded(name)),
            )
            .await
        }
        Keeper::HelmRelease { namespace, name } => {
            newest(
                connection,
                &HELM_RELEASES,
                &format!("namespaces/{}/helmreleases/{}", encoded(namespace), encoded(name)),
            )
            .await
        }
        Keeper::HelmSecret { namespace, name } => release(connection, namespace, name).await,
    }
}

async fn application(connection: &Connection, namespace: &str, name: &str) -> Result<Told, SourceError> {
    let path = format!("/apis/argoproj.io/v1alpha1/namespaces/{}/applications/{}", encoded(namespace), encoded(name));
    told(connection.get(&path).await)
}

/// The application of a name, in whatever namespace it is.
async fn everywhere(connection: &Connection, name: &str) -> Result<Told, SourceError> {
    let selector = encoded(&format!("metadata.name={name}"));
    let path = format!("/apis/argoproj.io/v1alpha1/applications?limit=2&fieldSelector={selector}");
    Ok(match told(connection.get(&path).await)? {
        Told::Object(list) => match list.get("items").and_then(Value::as_array).map(Vec::as_slice) {
            None | Some([]) => Told::Absent,
            Some([one]) => Told::Object(one.clone()),
            Some(_) => Told::Unreadable(format!("there are several Applications called {name}.")),
        },
        told => told,
    })
}

async fn newest(connection: &Connection, versions: &[&str], rest: &str) -> Result<Told, SourceError> {
    for version in versions {
        match told(connection.get(&format!("/apis/{version}/{rest}")).await)? {
            Told::Absent => {}
            told => return Ok(told),
        }
    }
    Ok(Told::Absent)
}

/// The metadata of the newest Secret of a Helm release.
async fn release(connection: &Connection, namespace: &str, name: &str) -> Result<Told, SourceError> {
    let selector = encoded(&format!("owner=helm,name={name}"));
    let path = format!("/api/v1/namespaces/{}/secrets?limit=500&labelSelector={selector}", encoded(namespace));
    let list = match connection.read_as(&path, METADATA).await {
        Ok(answered) => serde_json::from_slice(&answered.body)
            .map_err(|error| trouble::malformed(&error.to_string(), connection.server())),
        Err(error) => Err(error),
    };
    Ok(match told(list)? {
        Told::Object(list) => {
            let secrets = list.get("items").and_then(Value::as_array).into_iter().flatten();
            let revision = |secret: &&Value| {
                secret
                    .pointer("/metadata/labels/version")
                    .and_then(Value::as_str)
                    .and_then(|raw| raw.parse::<u64>().ok())
            };
            let newest = secrets.max_by_key(revision).and_then(|secret| secret.get("metadata"));
            newest.map_or(Told::Absent, |metadata| Told::Object(serde_json::json!({"metadata": metadata})))
        }
        told => told,
    })
}

fn told(answer: Result<Value, SourceError>) -> Result<Told, SourceError> {
    match answer {
        Ok(object) => Ok(Told::Object(object)),
        Err(error) if error.trouble == Trouble::NotFound => Ok(Told::Absent),
        Err(error) if matches!(error.trouble, Trouble::Forbidden | Trouble::Rejected | Trouble::Malformed) => {
            Ok(Told::Unreadable(error.sentence))
        }
        Err(error) => Err(error),
    }
}

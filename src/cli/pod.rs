//! `pod/NAME` as the target of a plan: the workload that brings the pod back.

use std::sync::Arc;

use super::exit;
use crate::domain::rollout::WorkloadRef;
use crate::sources::cluster::Connection;
use crate::sources::error::Trouble;
use crate::sources::observe::{ObserveCluster, PodOwner};

/// What a target that is a pod begins with.
pub(super) const POD: &str = "pod/";

/// The workload that controls a pod; else the exit code and the sentence.
pub(super) async fn workload_of(
    connection: &Connection,
    environment: &Arc<str>,
    namespace: &str,
    pod: &str,
) -> Result<WorkloadRef, (u8, String)> {
    match connection.owner_of(environment, namespace, pod).await {
        Ok(PodOwner::Workload(workload)) => Ok(workload),
        Ok(PodOwner::Other(owner)) => Err((
            exit::REFUSED,
            format!("Cannot be applied: pod {pod} belongs to {owner}, which is not known to bring it back."),
        )),
        Ok(PodOwner::Nobody) => Err((
            exit::REFUSED,
            format!(
                "Cannot be applied: nothing controls pod {pod}, so nothing would bring it back once it is deleted."
            ),
        )),
        Err(error) if error.trouble == Trouble::NotFound => {
            Err((exit::USAGE, format!("There is no pod {pod} in {namespace}.")))
        }
        Err(error) => Err((1, error.sentence)),
    }
}

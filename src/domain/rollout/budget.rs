//! PodDisruptionBudgets, as far as somebody who takes a pod away has to know them.

/// How many pods may go by a budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// Its name. Cleaned.
    pub name: String,
    /// How many may go now.
    pub allowed: u32,
    /// How many are healthy.
    pub healthy: u32,
    /// How many have to be.
    pub wanted: u32,
    /// Whether its controller has seen its newest specification; the figures are old otherwise.
    pub is_current: bool,
}

impl Budget {
    /// That it lets no pod go now; `None` where one may go, or that is not known. A rollout does not ask a budget, the drain of a node does.
    pub fn standstill(&self) -> Option<String> {
        let Self { name, allowed, healthy, wanted, is_current } = self;
        (*is_current && *allowed == 0).then(|| {
            format!(
                "PodDisruptionBudget {name} lets no pod go now ({healthy} healthy, {wanted} needed): evictions and drains of nodes wait, this rollout does not."
            )
        })
    }

    /// What to know before a pod is deleted; `None` where one may go. A deletion, unlike an eviction, does not ask a budget.
    pub fn warning(&self) -> Option<String> {
        let Self { name, allowed, healthy, wanted, is_current } = self;
        if !is_current {
            return Some(format!("PodDisruptionBudget {name}: how many pods may go now is not known yet."));
        }
        (*allowed == 0).then(|| {
            format!(
                "PodDisruptionBudget {name} lets no pod go now ({healthy} healthy, {wanted} needed). It holds back evictions, not this deletion."
            )
        })
    }
}

//! How many pods a rolling update may have too many and too few, and how far each ReplicaSet goes in one step.

use serde_json::Value;

use super::number;

/// One ReplicaSet in figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Set {
    /// Wanted pods.
    pub(super) wanted: i64,
    /// Available pods.
    pub(super) available: i64,
}

/// `(maxSurge, maxUnavailable)` in pods: percentages round up for the surge and down for the rest, and both cannot be zero.
pub(super) fn limits(deployment: &Value) -> (i64, i64) {
    let desired = number(deployment, "/spec/replicas");
    let part = |field: &str, rounds_up: bool| {
        let value = deployment.pointer(&format!("/spec/strategy/rollingUpdate/{field}"));
        let percent = match value {
            Some(Value::Number(pods)) => return pods.as_i64().unwrap_or(0),
            Some(Value::String(percent)) => percent.trim_end_matches('%').parse().unwrap_or(25),
            _ => 25,
        };
        if rounds_up { (desired * percent + 99) / 100 } else { desired * percent / 100 }
    };
    let (surge, unavailable) = (part("maxSurge", true), part("maxUnavailable", false));
    if surge == 0 && unavailable == 0 { (0, 1) } else { (surge, unavailable) }
}

/// The size the new ReplicaSet may have now.
pub(super) fn new_size(desired: i64, new: Set, old: &[Set], surge: i64) -> i64 {
    if new.wanted >= desired {
        return desired;
    }
    let total = new.wanted + old.iter().map(|set| set.wanted).sum::<i64>();
    let room = (desired + surge - total).max(0);
    new.wanted + room.min(desired - new.wanted)
}

/// The sizes the old ReplicaSets may have now, oldest first: unhealthy pods go first.
pub(super) fn old_sizes(desired: i64, new: Set, old: &[Set], unavailable: i64) -> Vec<i64> {
    let mut sizes: Vec<i64> = old.iter().map(|set| set.wanted).collect();
    let least = desired - unavailable;
    let total = new.wanted + sizes.iter().sum::<i64>();
    let mut may_go = total - least - (new.wanted - new.available);
    if may_go <= 0 {
        return sizes;
    }
    for (size, set) in sizes.iter_mut().zip(old) {
        let unhealthy = (set.wanted - set.available).clamp(0, may_go);
        *size -= unhealthy;
        may_go -= unhealthy;
    }
    let available = new.available + old.iter().zip(&sizes).map(|(set, size)| set.available.min(*size)).sum::<i64>();
    let mut spare = (available - least).max(0);
    for size in &mut sizes {
        let step = (*size).min(spare);
        *size -= step;
        spare -= step;
    }
    sizes
}

/// A ReplicaSet that takes its part of another number of pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// Wanted pods.
    pub(super) wanted: i64,
    /// The most pods the whole Deployment might have had when this one was last sized.
    pub(super) largest: i64,
    /// When it was made.
    pub(super) created: String,
}

/// How many pods each ReplicaSet gets when the number of wanted pods changes in the middle of a rollout: each its proportion,
/// the largest what rounding leaves over.
pub(super) fn shares(desired: i64, surge: i64, parts: &[Part]) -> Vec<i64> {
    let most = if desired > 0 { desired + surge } else { 0 };
    let to_add = most - parts.iter().map(|part| part.wanted).sum::<i64>();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by(|&one, &other| {
        let by_size = parts[other].wanted.cmp(&parts[one].wanted);
        let by_age = parts[one].created.cmp(&parts[other].created);
        // Growing, the younger of two equals goes first; shrinking, the older.
        by_size.then(if to_add > 0 { by_age.reverse() } else { by_age })
    });
    let mut sizes: Vec<i64> = parts.iter().map(|part| part.wanted).collect();
    let mut added = 0;
    for &place in &order {
        let part = &parts[place];
        let grown = if desired == 0 { 0 } else { rounded(part.wanted * (desired + surge), part.largest.max(1)) };
        let allowed = to_add - added;
        let change = if to_add > 0 { (grown - part.wanted).min(allowed) } else { (grown - part.wanted).max(allowed) };
        sizes[place] += change;
        added += change;
    }
    if let Some(&first) = order.first() {
        sizes[first] = (sizes[first] + to_add - added).max(0);
    }
    sizes
}

/// A quotient, halves away from zero.
fn rounded(dividend: i64, divisor: i64) -> i64 {
    (2 * dividend + divisor) / (2 * divisor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_quarter_rounds_up_for_the_surge_and_down_for_the_rest() {
        assert_eq!(limits(&json!({"spec": {"replicas": 5}})), (2, 1));
        assert_eq!(limits(&json!({"spec": {"replicas": 1}})), (1, 0));
        assert_eq!(
            limits(
                &json!({"spec": {"replicas": 3, "strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}}})
            ),
            (0, 1)
        );
    }

    #[test]
    fn five_pods_begin_with_three_new_and_four_old() {
        let old = [Set { wanted: 5, available: 5 }];
        let new = Set { wanted: 0, available: 0 };
        let size = new_size(5, new, &old, 2);
        assert_eq!(size, 2);
        assert_eq!(old_sizes(5, Set { wanted: size, available: 0 }, &old, 1), [4]);
        assert_eq!(new_size(5, Set { wanted: 2, available: 0 }, &[Set { wanted: 4, available: 4 }], 2), 3);
    }

    #[test]
    fn broken_pods_of_the_old_revision_go_before_good_ones() {
        let bad = Set { wanted: 3, available: 0 };
        assert_eq!(old_sizes(5, Set { wanted: 4, available: 4 }, &[bad], 1), [0]);
    }

    #[test]
    fn another_number_of_pods_is_spread_in_proportion() {
        let part = |wanted, created: &str| Part { wanted, largest: 13, created: created.to_owned() };
        // The example of the Kubernetes documentation: 10 wanted, 8 old and 5 new, scaled to 15 with a surge of 3.
        assert_eq!(shares(15, 3, &[part(8, "1"), part(5, "2")]), [11, 7]);
        assert_eq!(shares(0, 0, &[part(8, "1"), part(5, "2")]), [0, 0]);
    }
}

//! What decides how many pods a workload has, besides the people.

use std::sync::Arc;

use super::Condition;

/// A measure an autoscaler goes by, in its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    /// What is measured: `cpu`, `memory`, a metric's name. Cleaned.
    pub name: Arc<str>,
    /// What it is now: a percentage of the requests, or a quantity. `None` while it is not known. Cleaned.
    pub now: Option<Arc<str>>,
    /// What it should be. Cleaned.
    pub target: Arc<str>,
}

/// A HorizontalPodAutoscaler, or a ScaledObject of KEDA, which makes one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Autoscaler {
    /// Its kind and name; KEDA's where KEDA made it. Cleaned.
    pub who: String,
    /// Kind and name of what it scales, as its `scaleTargetRef` says. Names only: never drawn uncleaned.
    pub aims_at: (Arc<str>, Arc<str>),
    /// The fewest pods it lets be.
    pub least: u32,
    /// The most.
    pub most: u32,
    /// How many there are, as it last counted.
    pub current: u32,
    /// How many it wants.
    pub desired: u32,
    /// AbleToScale, ScalingActive, ScalingLimited.
    pub conditions: Vec<Condition>,
    /// What it goes by.
    pub measures: Vec<Measure>,
    /// Whether somebody told KEDA to leave the number alone, and at how many pods.
    pub paused: Option<Option<u32>>,
}

impl Autoscaler {
    fn condition(&self, kind: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| *condition.kind == *kind)
    }

    /// Whether it would start more pods if its upper limit let it: what it measures stays too high.
    pub fn wants_more(&self) -> bool {
        self.condition("ScalingLimited").is_some_and(|limited| limited.is_true && &*limited.reason == "TooManyReplicas")
    }

    /// Why it does nothing at present; `None` while it works. A workload scaled to 0 puts it to sleep, and raising its lower limit does
    /// not wake it: somebody has to set a number of pods.
    pub fn idle(&self) -> Option<&Condition> {
        ["ScalingActive", "AbleToScale"]
            .into_iter()
            .filter_map(|kind| self.condition(kind))
            .find(|condition| !condition.is_true)
    }

    /// Whether it sleeps because the workload was scaled to 0.
    pub fn is_asleep(&self) -> bool {
        self.idle().is_some_and(|condition| &*condition.reason == "ScalingDisabled")
    }

    /// What it does about somebody setting another number of pods.
    pub fn on_scaling_to(&self, wanted: u32) -> String {
        let Self { who, least, most, .. } = self;
        let is_keda = who.starts_with("KEDA");
        if let Some(paused) = self.paused {
            let at = paused.map(|pods| format!(" at {pods} pods")).unwrap_or_default();
            return format!("{who} is paused{at} by its annotation: what is set here stays until it is taken away.");
        }
        let sets = format!("{who} sets the number of pods itself, between {least} and {most}");
        match wanted {
            0 if is_keda => format!(
                "{sets}: it starts pods again as soon as its triggers ask. To keep it at 0, annotate the ScaledObject autoscaling.keda.sh/paused-replicas: \"0\"."
            ),
            0 if *least > 0 => format!(
                "{sets}. At 0 pods it goes to sleep: it starts none again, whatever it measures, until somebody sets a number of pods."
            ),
            _ if self.is_asleep() => {
                format!("{sets}. It has been asleep since somebody scaled to 0: this wakes it, and it takes over.")
            }
            wanted if wanted < *least => {
                format!(
                    "{sets}: below its limit, it puts it back to {least} within seconds. Change its limits instead."
                )
            }
            wanted if wanted > *most => {
                format!("{sets}: above its limit, it puts it back to {most} within seconds. Change its limits instead.")
            }
            _ => format!(
                "{sets}: it overwrites this within seconds where its measures say otherwise. Change its limits instead."
            ),
        }
    }

    /// How it stands, in a line: `2..6, 6 now; cpu 91% of 70%; AT ITS LIMIT`.
    pub fn sentence(&self) -> String {
        let mut facts = vec![format!("{}..{} pods, {} now", self.least, self.most, self.current)];
        if self.desired != self.current {
            facts.push(format!("wants {}", self.desired));
        }
        facts.extend(self.measures.iter().map(|measure| {
            format!("{} {} of {}", measure.name, measure.now.as_deref().unwrap_or("unknown"), measure.target)
        }));
        match (&self.paused, self.idle()) {
            (Some(Some(pods)), _) => facts.push(format!("paused at {pods} pods by its annotation")),
            (Some(None), _) => facts.push("paused by its annotation".to_owned()),
            (None, Some(_)) if self.is_asleep() => {
                facts.push("asleep since the workload was scaled to 0: it wakes when somebody scales it up".to_owned());
            }
            (None, Some(idle)) => facts.push(format!("does nothing: {}: {}", idle.reason, idle.message)),
            (None, None) if self.wants_more() => facts.push("AT ITS LIMIT: it would start more".to_owned()),
            (None, None) => {}
        }
        facts.join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn autoscaler(kind: &str, is_true: bool, reason: &str) -> Autoscaler {
        let condition = Condition { kind: kind.into(), is_true, reason: reason.into(), ..Condition::default() };
        Autoscaler { least: 2, most: 6, current: 6, desired: 6, conditions: vec![condition], ..Autoscaler::default() }
    }

    #[test]
    fn only_the_upper_limit_holds_it_back() {
        assert!(autoscaler("ScalingLimited", true, "TooManyReplicas").wants_more());
        assert!(
            !autoscaler("ScalingLimited", true, "TooFewReplicas").wants_more(),
            "resting at the lower limit is well"
        );
        assert!(!autoscaler("ScalingLimited", false, "DesiredWithinRange").wants_more());
    }

    #[test]
    fn another_number_of_pods_is_answered_by_where_its_limits_are() {
        let working = autoscaler("ScalingActive", true, "ValidMetricFound");
        for (wanted, words) in [(0, "goes to sleep"), (1, "back to 2"), (4, "overwrites"), (9, "back to 6")] {
            assert!(working.on_scaling_to(wanted).contains(words), "{wanted}: {}", working.on_scaling_to(wanted));
        }
        let asleep = autoscaler("ScalingActive", false, "ScalingDisabled");
        assert!(asleep.on_scaling_to(3).contains("wakes it"));
        let keda = Autoscaler { who: "KEDA ScaledObject api".into(), least: 0, ..working };
        assert!(keda.on_scaling_to(0).contains("paused-replicas"));
        assert!(Autoscaler { paused: Some(Some(0)), ..keda }.on_scaling_to(3).contains("paused at 0 pods"));
    }

    #[test]
    fn what_was_scaled_to_nothing_sleeps_and_says_how_it_wakes() {
        let asleep = autoscaler("ScalingActive", false, "ScalingDisabled");
        assert!(asleep.is_asleep() && asleep.sentence().contains("asleep"), "{}", asleep.sentence());
        let blind = autoscaler("ScalingActive", false, "FailedGetResourceMetric");
        assert!(!blind.is_asleep() && blind.sentence().contains("FailedGetResourceMetric"), "{}", blind.sentence());
    }
}

//! How carefully an action is confirmed.

use serde::{Deserialize, Serialize};

use crate::domain::environment::Guard;

/// What an action can do to users. Ordered from the harmless to the grave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub enum Tier {
    /// Local only.
    #[default]
    T0,
    /// Reversible, no user impact.
    T1,
    /// User impact, reversible.
    T2,
    /// Hard to reverse, or wide.
    T3,
}

impl Tier {
    /// The tier in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::T0 => "only this screen",
            Self::T1 => "reversible, nobody feels it",
            Self::T2 => "users may feel it, reversible",
            Self::T3 => "hard to reverse",
        }
    }
}

/// What the operator has to do to confirm a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gesture {
    /// Enter on the plan.
    Enter,
    /// Type the short word the plan shows.
    TypeWord,
    /// Type the target's name and a reason, after an arming delay.
    TypeNameAndReason,
}

/// The gesture for a tier in a guarded environment; `services` is how many services the plan touches.
pub const fn gesture(tier: Tier, guard: Guard, services: usize) -> Gesture {
    match (tier, guard) {
        (Tier::T0 | Tier::T1, _) | (Tier::T2, Guard::Development) => Gesture::Enter,
        (Tier::T2, Guard::Production) if services > 1 => Gesture::TypeNameAndReason,
        (Tier::T2, _) => Gesture::TypeWord,
        (Tier::T3, _) => Gesture::TypeNameAndReason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guard_decides_how_a_tier_is_confirmed() {
        assert_eq!(gesture(Tier::T2, Guard::Development, 3), Gesture::Enter);
        assert_eq!(gesture(Tier::T2, Guard::Staging, 3), Gesture::TypeWord);
        assert_eq!(gesture(Tier::T2, Guard::Production, 1), Gesture::TypeWord);
        assert_eq!(gesture(Tier::T2, Guard::Production, 2), Gesture::TypeNameAndReason);
    }

    #[test]
    fn no_guard_lets_the_gravest_actions_pass_on_enter() {
        for guard in Guard::ALL {
            assert_eq!(gesture(Tier::T3, guard, 1), Gesture::TypeNameAndReason);
        }
    }
}

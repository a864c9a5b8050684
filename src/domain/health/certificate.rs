//! Until when a certificate holds, and what is wrong with it.

use std::sync::Arc;

use chrono::TimeDelta;

use super::check::Condition;
use crate::domain::time::Instant;

/// How long before its end a certificate is warned of (requirements F2).
pub const WARNING: TimeDelta = TimeDelta::days(30);
/// How long before its end it is urgent.
pub const URGENT: TimeDelta = TimeDelta::days(7);

/// What a server presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Since when it holds.
    pub from: Instant,
    /// Until when.
    pub until: Instant,
    /// Who issued it, cleaned; empty where it does not say.
    pub issuer: Arc<str>,
    /// The first of the certificates it hangs on whose time ends before its own: until when.
    pub chain_until: Option<Instant>,
    /// Whether those it hangs on were looked at; where not, nothing but its own time is known.
    pub is_chain_seen: bool,
    /// What is wrong with the chain or the name, as a sentence; `None` when it is trusted.
    pub trouble: Option<String>,
}

impl Certificate {
    /// When it, or what it hangs on, ends.
    pub fn ends(&self) -> Instant {
        self.chain_until.map_or(self.until, |chain| chain.min(self.until))
    }

    /// Whole days until it ends; negative when it is over.
    pub fn days_left(&self, now: Instant) -> i64 {
        (self.ends() - now).num_seconds().div_euclid(86_400)
    }

    /// What it makes of its component now; `None` when it is well.
    pub fn now(&self, now: Instant) -> Option<(Condition, String)> {
        let days = self.days_left(now);
        let left = self.ends() - now;
        let of = if self.ends() < self.until { "A certificate of its chain" } else { "Its certificate" };
        if left <= TimeDelta::zero() {
            let sentence = format!("{of} expired on {}.", self.ends().format("%Y-%m-%d"));
            return Some((Condition::Unhealthy, sentence));
        }
        if self.from > now {
            let sentence = format!("Its certificate holds from {} on only.", self.from.format("%Y-%m-%d %H:%MZ"));
            return Some((Condition::Unhealthy, sentence));
        }
        if let Some(trouble) = &self.trouble {
            return Some((Condition::Unhealthy, trouble.clone()));
        }
        let days = if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
        if left < URGENT {
            return Some((Condition::Unhealthy, format!("{of} expires in {days}: renew it now.")));
        }
        (left < WARNING).then(|| (Condition::Degraded, format!("{of} expires in {days}.")))
    }
}

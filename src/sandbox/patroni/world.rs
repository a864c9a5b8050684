//! What the members of a simulated cluster are, and what becomes of them as time passes.
//!
//! It counts in bytes of WAL and in the sandbox's time. A member that is lost answers nothing; whoever has the lock keeps it for `ttl`.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::domain::time;

/// How long a member takes to stop, or to follow again.
pub(super) const TURNS: TimeDelta = TimeDelta::milliseconds(1_500);
/// What a busy primary writes in a second.
const TRAFFIC: u64 = 40_000;
/// How far the replicas fall behind before the primary is lost: more than Patroni lets a member be that it promotes by itself.
const BEHIND: u64 = 3 * 1_048_576;
/// Where the WAL of a new cluster begins.
const FIRST: u64 = 0x0400_0000;

/// What a server does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    /// It takes writes.
    Primary,
    /// It follows, and streams from the primary.
    Streams,
    /// It runs and streams from nobody.
    Idles,
    /// It stopped, and follows again from then on.
    StoppedUntil(DateTime<Utc>),
}

/// One member.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) name: String,
    /// Where its REST is: `http://127.0.0.1:28001`.
    pub(super) url: String,
    /// The port of its server, which nobody listens on.
    pub(super) port: u16,
    /// Since when nothing of it answers.
    pub(super) lost_at: Option<DateTime<Utc>>,
    pub(super) doing: Doing,
    pub(super) timeline: u64,
    /// The end of the WAL it has: what it wrote, or what it received.
    pub(super) has: u64,
    pub(super) replayed: u64,
    /// By how many bytes it stays behind what it streams from.
    pub(super) behind: u64,
    /// Whether what receives its WAL hangs: it says it streams, and gets no further.
    pub(super) is_hung: bool,
    pub(super) never_promoted: bool,
    pub(super) since: DateTime<Utc>,
}

/// A change of the leader that was asked for.
#[derive(Debug, Clone)]
pub(super) struct Order {
    /// To whom.
    pub(super) to: usize,
    /// When the old one is down and the new one takes over.
    pub(super) promotes_at: DateTime<Utc>,
}

/// A cluster.
#[derive(Debug, Clone)]
pub struct World {
    pub(super) scope: String,
    pub(super) identifier: String,
    pub(super) members: Vec<Member>,
    /// Who has the lock.
    pub(super) leader: Option<usize>,
    /// The dynamic configuration.
    pub(super) config: Value,
    pub(super) history: Vec<Value>,
    pub(super) order: Option<Order>,
    /// What a primary writes in a second.
    rate: u64,
    /// Since when the store of the cluster answers nobody.
    pub(super) frozen_at: Option<DateTime<Utc>>,
    /// How much each lost primary had written that its successor never got, by the timeline that ended.
    lost: BTreeMap<u64, u64>,
    at: DateTime<Utc>,
    /// What is left of a byte of the rate, in thousandths.
    rest: u64,
    /// Where the last leader was in its WAL, as it last told the store.
    told: u64,
    /// From when on the replicas fall behind, and when the primary is to lose its power.
    plot: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

impl World {
    pub(super) fn new(scope: &str, urls: Vec<String>, now: DateTime<Utc>) -> Self {
        let member = |(place, url): (usize, String)| Member {
            name: format!("pg{}", place + 1),
            url,
            port: 5_432,
            lost_at: None,
            doing: if place == 0 { Doing::Primary } else { Doing::Streams },
            timeline: 1,
            has: FIRST,
            replayed: FIRST,
            behind: 0,
            is_hung: false,
            never_promoted: false,
            since: now,
        };
        Self {
            scope: scope.to_owned(),
            identifier: "7714344208705617330".to_owned(),
            members: urls.into_iter().enumerate().map(member).collect(),
            leader: Some(0),
            config: json!({
                "ttl": 20, "loop_wait": 2, "retry_timeout": 3, "maximum_lag_on_failover": 1_048_576,
                "postgresql": {"use_pg_rewind": true, "parameters": {"wal_log_hints": "on", "max_connections": 40}},
            }),
            history: Vec::new(),
            order: None,
            rate: 0,
            frozen_at: None,
            lost: BTreeMap::new(),
            at: now,
            rest: 0,
            told: FIRST,
            plot: None,
        }
    }

    /// Somebody orders things: the primary writes. Where it is to be lost so much later, the replicas fall behind until then.
    pub fn begin_traffic(&mut self, lost_in: Option<TimeDelta>) {
        let seconds = |lost_in: TimeDelta| u64::try_from(lost_in.num_seconds()).unwrap_or(1).max(1);
        self.rate = lost_in.map_or(TRAFFIC, |lost_in| (3 * BEHIND / seconds(lost_in)).max(TRAFFIC));
        self.plot = lost_in.map(|lost_in| (self.at, self.at + lost_in));
    }

    /// Lets the primary write so many bytes in a second.
    pub fn write(&mut self, bytes_per_second: u64) {
        self.rate = bytes_per_second;
    }

    /// Lets a member get no further while it says it streams, or go on.
    pub fn hang(&mut self, name: &str, is_hung: bool) {
        self.with(name, |member| member.is_hung = is_hung);
    }

    /// Forbids that a member is promoted, by its tag `nofailover`.
    pub fn never_promote(&mut self, name: &str) {
        self.with(name, |member| member.never_promoted = true);
    }

    /// Takes a member's power away.
    pub fn lose(&mut self, name: &str) {
        let now = self.at;
        self.with(name, |member| member.lost_at = member.lost_at.or(Some(now)));
    }

    /// Gives it back: it comes up, rewinds where it has to, and follows.
    pub fn revive(&mut self, name: &str) {
        let until = self.at + TURNS;
        self.with(name, |member| {
            member.lost_at = None;
            member.doing = Doing::StoppedUntil(until);
        });
    }

    /// Lets the store of the cluster answer nobody, or everybody again.
    pub fn freeze(&mut self, is_frozen: bool) {
        self.frozen_at = is_frozen.then_some(self.at);
    }

    /// Gives it another system identifier: another database of the same name.
    pub fn become_another(&mut self, identifier: &str) {
        identifier.clone_into(&mut self.identifier);
    }

    /// Who has the lock, by its name.
    pub fn leader(&self) -> Option<&str> {
        Some(self.members.get(self.leader?)?.name.as_str())
    }

    /// The one that takes writes.
    pub fn primary(&self) -> Option<&str> {
        let takes = |member: &&Member| member.doing == Doing::Primary && member.lost_at.is_none();
        self.members.iter().find(takes).map(|member| member.name.as_str())
    }

    /// How many bytes the last lost primary had written that its successor never got.
    pub fn lost(&self) -> Option<u64> {
        self.lost.values().next_back().copied()
    }

    /// Whether Patroni was told to keep its hands off.
    pub(super) fn is_paused(&self) -> bool {
        self.config["pause"] == true
    }

    pub(super) fn seconds(&self, key: &str) -> TimeDelta {
        time::seconds(self.config[key].as_i64().unwrap_or(10).clamp(0, 86_400))
    }

    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.members.iter().position(|member| member.name == name)
    }

    fn with(&mut self, name: &str, change: impl FnOnce(&mut Member)) {
        if let Some(member) = self.members.iter_mut().find(|member| member.name == name) {
            change(member);
        }
    }

    /// Where the leader is in its WAL; of one that is gone, where it was.
    pub(super) fn location(&self) -> u64 {
        self.leader.and_then(|leader| self.members.get(leader)).map_or(self.told, |member| member.has)
    }

    /// How far a member is behind what the leader last told the store.
    pub(super) fn lag(&self, member: &Member) -> u64 {
        self.location().saturating_sub(member.has)
    }

    /// Whether a member may lead: it answers, runs, and is not forbidden.
    pub(super) fn may_lead(&self, place: usize) -> bool {
        let fit = |member: &Member| {
            member.lost_at.is_none() && !member.never_promoted && matches!(member.doing, Doing::Streams | Doing::Idles)
        };
        self.members.get(place).is_some_and(fit)
    }

    /// Whether a member has enough to lead.
    pub(super) fn is_near(&self, place: usize) -> bool {
        let most = self.config["maximum_lag_on_failover"].as_u64().unwrap_or(1_048_576);
        self.members.get(place).is_some_and(|member| self.lag(member) <= most)
    }

    /// Lets time pass.
    pub(super) fn pass(&mut self, now: DateTime<Utc>) {
        let passed = u64::try_from((now - self.at).num_milliseconds()).unwrap_or(0);
        self.at = self.at.max(now);
        let grown = self.rate.saturating_mul(passed) + self.rest;
        self.rest = grown % 1_000;
        for member in &mut self.members {
            if member.lost_at.is_none() && member.doing == Doing::Primary {
                member.has = member.has.saturating_add(grown / 1_000);
                member.replayed = member.has;
            }
        }
        self.play(now);
        self.turn(now);
        self.follow(now);
    }

    /// What is to happen by itself: the replicas fall behind, then the primary is lost.
    fn play(&mut self, now: DateTime<Utc>) {
        let Some((began, at)) = self.plot else { return };
        let milliseconds = |length: TimeDelta| u64::try_from(length.num_milliseconds()).unwrap_or(0);
        let (passed, all) = (milliseconds(now.min(at) - began), milliseconds(at - began).max(1));
        let mut most = BEHIND;
        for member in self.members.iter_mut().filter(|member| member.doing == Doing::Streams) {
            member.behind = most * passed / all;
            most += BEHIND / 2;
        }
        if now >= at {
            self.plot = None;
            if let Some(primary) = self.primary().map(str::to_owned) {
                self.lose(&primary);
            }
        }
    }

    /// What the members of the cluster decide by now.
    fn turn(&mut self, now: DateTime<Utc>) {
        let lost_at = |world: &Self| world.leader.and_then(|leader| world.members.get(leader)?.lost_at);
        if let Some(at) = lost_at(self)
            && now >= at + self.seconds("ttl")
        {
            // Whoever has lost its power cannot keep its lock.
            self.told = self.location();
            self.leader = None;
        }
        if let Some(at) = self.frozen_at
            && now >= at + self.seconds("ttl")
            && let Some(leader) = self.leader
            && let Some(member) = self.members.get_mut(leader)
            && member.doing == Doing::Primary
        {
            member.doing = Doing::Idles;
        }
        if self.frozen_at.is_some() {
            return;
        }
        if let Some(order) = self.order.clone() {
            if now >= order.promotes_at && (self.leader.is_none() || lost_at(self).is_none()) {
                self.order = None;
                self.promote(order.to, now);
            }
        } else if self.leader.is_none() && !self.is_paused() {
            // By itself nobody is promoted who is too far behind; by somebody's word it is.
            let fit = (0..self.members.len()).filter(|place| self.may_lead(*place) && self.is_near(*place));
            let best = fit.max_by_key(|place| self.members.get(*place).map(|member| member.has));
            if let Some(best) = best {
                self.promote(best, now);
            }
        }
        for place in 0..self.members.len() {
            let is_leader = self.leader == Some(place);
            if let Some(member) = self.members.get_mut(place)
                && let Doing::StoppedUntil(until) = member.doing
                && now >= until
            {
                member.doing = if is_leader { Doing::Primary } else { Doing::Idles };
                member.since = now;
            }
        }
    }

    /// Makes a member the leader. One that hands over gives it everything first; of one that was lost it has what it had.
    fn promote(&mut self, to: usize, now: DateTime<Utc>) {
        let ended = self.members.iter().map(|member| member.timeline).max().unwrap_or(1);
        let before = self.members.iter().position(|member| member.doing == Doing::Primary);
        let mut reached = None;
        if let Some(before) = before.filter(|before| *before != to)
            && let Some(old) = self.members.get_mut(before)
        {
            reached = Some((old.has, old.lost_at.is_some()));
            old.doing = Doing::StoppedUntil(now + TURNS);
        }
        let Some(new) = self.members.get_mut(to) else { return };
        match reached {
            Some((had, false)) => new.has = had,
            Some((had, true)) => {
                self.lost.insert(ended, had.saturating_sub(new.has));
            }
            None => {}
        }
        new.replayed = new.has;
        new.doing = Doing::Primary;
        new.timeline = ended + 1;
        new.behind = 0;
        new.is_hung = false;
        let at = now.to_rfc3339_opts(chrono::SecondsFormat::Micros, false);
        self.history.push(json!([ended, new.has, "no recovery target specified", at, new.name]));
        // The record of a promotion itself.
        new.has += 0x118;
        self.leader = Some(to);
    }

    /// What replicas got by now.
    fn follow(&mut self, now: DateTime<Utc>) {
        let primary = self.members.iter().find(|member| member.doing == Doing::Primary && member.lost_at.is_none());
        let Some((has, timeline)) = primary.map(|member| (member.has, member.timeline)) else {
            for member in &mut self.members {
                if member.doing == Doing::Streams {
                    member.doing = Doing::Idles;
                }
            }
            return;
        };
        for member in self.members.iter_mut().filter(|member| member.lost_at.is_none()) {
            match member.doing {
                // A moment after it is promoted, the others follow.
                Doing::Idles => member.doing = Doing::Streams,
                Doing::Streams if !member.is_hung => {
                    let reached = has.saturating_sub(member.behind);
                    member.has = if member.timeline == timeline { member.has.max(reached) } else { reached };
                    member.replayed = member.has;
                    member.timeline = timeline;
                    member.since = member.since.max(now - TimeDelta::days(1));
                }
                _ => {}
            }
        }
    }
}

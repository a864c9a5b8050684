//! What Patroni 4.1 writes of a cluster and of a member.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::world::{Doing, Member, World};

/// A place in the WAL, as PostgreSQL writes it.
fn lsn(place: u64) -> String {
    format!("{:X}/{:X}", place >> 32, place & 0xFFFF_FFFF)
}

/// `GET /cluster`. With `unknown` nobody's lag is known.
pub(super) fn cluster(world: &World, now: DateTime<Utc>, is_lag_unknown: bool) -> Value {
    let ttl = world.seconds("ttl");
    let is_listed = |member: &&Member| member.lost_at.is_none_or(|at| now < at + ttl);
    let one = |member: &Member| {
        let is_leader = world.leader() == Some(member.name.as_str());
        let state = match member.doing {
            // A leader that was lost is listed as it last said.
            Doing::Primary | Doing::Idles => "running",
            Doing::Streams => "streaming",
            Doing::StoppedUntil(_) => "stopped",
        };
        let mut told = json!({
            "name": member.name, "role": if is_leader { "leader" } else { "replica" }, "state": state,
            "api_url": format!("{}/patroni", member.url), "host": "127.0.0.1", "port": member.port,
        });
        if state != "stopped" {
            told["timeline"] = json!(member.timeline);
        }
        if member.never_promoted {
            told["tags"] = json!({"nofailover": true});
        }
        if !is_leader {
            let is_known = state != "stopped" && !is_lag_unknown;
            let bytes = |reached: u64| {
                if is_known { json!(world.location().saturating_sub(reached)) } else { json!("unknown") }
            };
            let place = |reached: u64| if is_known { json!(lsn(reached)) } else { json!("unknown") };
            for (prefix, reached) in
                [("receive_", member.has), ("replay_", member.replayed), ("", member.has.max(member.replayed))]
            {
                told[format!("{prefix}lag")] = bytes(reached);
                told[format!("{prefix}lsn")] = place(reached);
            }
        }
        told
    };
    let members: Vec<Value> = world.members.iter().filter(is_listed).map(one).collect();
    let mut told = json!({"members": members, "scope": world.scope});
    if world.is_paused() {
        told["pause"] = json!(true);
    }
    told
}

/// `GET /patroni` of a member, which is also the body of its health.
pub(super) fn patroni(world: &World, member: &Member, now: DateTime<Utc>) -> Value {
    let seen = world.frozen_at.unwrap_or(now).timestamp();
    let governor = json!({"version": "4.1.5", "scope": world.scope, "name": member.name});
    let mut told = match member.doing {
        Doing::StoppedUntil(_) => json!({"state": "stopped", "role": "demoted"}),
        Doing::Primary => json!({
            "state": "running", "role": "primary", "server_version": 150_018, "timeline": member.timeline,
            "xlog": {"location": member.has}, "postmaster_start_time": started(member),
        }),
        Doing::Streams | Doing::Idles => json!({
            "state": "running", "role": "replica", "server_version": 150_018, "timeline": member.timeline,
            "xlog": {"received_location": member.has, "replayed_location": member.replayed, "replayed_timestamp": null, "paused": false},
            "postmaster_start_time": started(member),
        }),
    };
    if member.doing == Doing::Streams {
        told["replication_state"] = json!("streaming");
    }
    if member.doing == Doing::Primary {
        let streams = |other: &&Member| other.lost_at.is_none() && other.doing == Doing::Streams;
        let follower = |other: &Member| {
            json!({"usename": "replicator", "application_name": other.name, "client_addr": "127.0.0.1",
                "state": "streaming", "sync_state": "async", "sync_priority": 0})
        };
        let followers: Vec<Value> = world.members.iter().filter(streams).map(follower).collect();
        if !followers.is_empty() {
            told["replication"] = json!(followers);
        }
    }
    if world.is_paused() {
        told["pause"] = json!(true);
    }
    if world.leader.is_none() {
        told["cluster_unlocked"] = json!(true);
    }
    if member.never_promoted {
        told["tags"] = json!({"nofailover": true});
    }
    told["dcs_last_seen"] = json!(seen);
    told["database_system_identifier"] = json!(world.identifier);
    told["patroni"] = governor;
    told
}

fn started(member: &Member) -> String {
    member.since.format("%Y-%m-%d %H:%M:%S%.6f+00:00").to_string()
}

/// Whether a health address says 200, by its path.
pub(super) fn is_healthy(world: &World, member: &Member, path: &str) -> bool {
    let is_running = !matches!(member.doing, Doing::StoppedUntil(_));
    let leads = world.leader() == Some(member.name.as_str()) && world.frozen_at.is_none();
    let is_primary = member.doing == Doing::Primary && leads;
    let is_replica = is_running && member.doing != Doing::Primary;
    match path {
        "/health" | "/liveness" => is_running,
        "/leader" => leads,
        "/" | "/primary" | "/read-write" | "/master" => is_primary,
        "/replica" | "/async" => is_replica,
        "/read-only" | "/readiness" => is_primary || is_replica,
        // What it does not know it answers like what it is not.
        _ => false,
    }
}

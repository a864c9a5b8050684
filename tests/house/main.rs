//! The house's own tests: everything but the shipped binary and real servers.
#![expect(
    clippy::expect_used,
    reason = "a test that cannot go on says why and stops; clippy lets test functions do so, but not what they call"
)]

mod actions;
mod advice;
mod alert_faults;
mod alerts;
mod coverage;
mod cron_jobs;
mod databases;
mod drafts;
mod dry_room;
mod environments;
mod failing_over;
mod faults;
mod gate;
#[path = "../support/headless.rs"]
mod headless;
mod health;
mod incidents;
mod jobs;
mod journeys;
mod judged_anew;
#[path = "../support/kept.rs"]
mod kept;
mod keymaps;
mod keys;
mod logs;
mod look;
mod made_up_pane;
mod modes;
mod modes_pane;
mod modes_ways;
mod nodes;
mod noting;
mod offers;
mod on_call;
mod outside;
mod overview;
mod owners;
mod pasting;
mod pins;
mod pods;
mod polled;
mod prometheus;
mod prometheus_client;
mod reaching;
mod readiness;
mod record;
mod restore_tests;
#[path = "../support/rig.rs"]
mod rig;
mod runs;
mod schedule;
mod screens;
mod sending;
mod services;
mod several;
mod signal_faults;
mod signals;
mod silences;
mod silencing;
mod slo;
mod slo_faults;
mod stage;
mod store_faults;
mod stored;
mod taking;
mod tidy;
mod undone;
mod unfinished;
mod usage;
mod word;

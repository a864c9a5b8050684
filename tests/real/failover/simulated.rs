//! The shipped binary against the simulated cluster: what a real one does seldom, or slowly.

use quarterdeck::sandbox::{Patroni, PatroniTrouble, SandboxClock};
use serde_json::json;

use super::{PATIENCE, apply, check, console, plan, start};
use crate::support::process::wait_until;

async fn cluster() -> Patroni {
    let clock = SandboxClock::starting(chrono::Utc::now(), 1);
    Patroni::start("orders", clock).await.expect("three ports")
}

/// Runs what blocks beside the simulated cluster.
async fn beside(cluster: Patroni, what: impl FnOnce(&Patroni) + Send + 'static) {
    tokio::task::spawn_blocking(move || what(&cluster)).await.expect("it holds");
}

/// How often a change was asked for.
fn orders(cluster: &Patroni) -> usize {
    cluster.asked().iter().filter(|asked| asked.request.starts_with("POST")).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_switchover_is_done_when_everybody_follows() {
    beside(cluster().await, |cluster| {
        let console = console(cluster.urls());
        let (_, document) = plan(&console, &[]);
        let (finished, told) = apply(&console, &document, &[]);
        assert_eq!((finished.code, &told["outcome"]), (Some(0), &json!("done")), "{finished:?}");
        assert_eq!(
            cluster.with(|world| world.primary().map(str::to_owned)).as_deref(),
            document["targets"][0]["to"].as_str()
        );
        assert_eq!(orders(cluster), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_looked_for_and_nothing_is_sent_twice() {
    beside(cluster().await, |cluster| {
        let console = console(cluster.urls());
        let (_, document) = plan(&console, &["--to", "pg2"]);
        cluster.trouble(Some(PatroniTrouble::AnswerLost));
        let (finished, told) = apply(&console, &document, &[]);
        assert_eq!((finished.code, &told["outcome"]), (Some(0), &json!("done")), "{finished:?}");
        assert_eq!(
            (orders(cluster), cluster.with(|world| world.primary().map(str::to_owned))),
            (1, Some("pg2".into()))
        );

        // Late as a slow shutdown makes it, after the answer that says nothing.
        let (_, document) = plan(&console, &["--to", "pg3"]);
        cluster.trouble(Some(PatroniTrouble::Late(chrono::TimeDelta::seconds(35))));
        let (finished, told) = apply(&console, &document, &[]);
        assert_eq!((finished.code, &told["outcome"]), (Some(0), &json!("done")), "{finished:?}");
        assert_eq!(
            (orders(cluster), cluster.with(|world| world.primary().map(str::to_owned))),
            (2, Some("pg3".into()))
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_else_is_promoted_is_named_and_a_refusal_is_none_that_was_done() {
    beside(cluster().await, |cluster| {
        let console = console(cluster.urls());
        let (_, document) = plan(&console, &["--to", "pg2"]);
        cluster.trouble(Some(PatroniTrouble::SomebodyElse));
        let (finished, told) = apply(&console, &document, &[]);
        assert_eq!((finished.code, &told["outcome"]), (Some(6), &json!("partial")), "{finished:?}");
        assert!(finished.stdout.contains("pg3 was promoted in place of pg2"), "{finished:?}");

        wait_until("it to be whole", PATIENCE, || (plan(&console, &["--to", "pg1"]).0.code == Some(0)).then_some(()));
        let (_, document) = plan(&console, &["--to", "pg1"]);
        cluster.trouble(Some(PatroniTrouble::Refused));
        let (finished, told) = apply(&console, &document, &[]);
        assert_ne!(told["outcome"], "done", "{finished:?}");
        assert_ne!(told["outcome"], "unknown", "two looks found the same leader: {finished:?}");
        assert!(finished.stdout.contains("decided against it"), "{finished:?}");
        assert_eq!(cluster.with(|world| world.primary().map(str::to_owned)).as_deref(), Some("pg3"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_is_lost_on_its_way_ends_unknown() {
    beside(cluster().await, |cluster| {
        let console = console(cluster.urls());
        let (_, document) = plan(&console, &["--to", "pg2"]);
        cluster.trouble(Some(PatroniTrouble::Swallowed));
        let (finished, told) = apply(&console, &document, &[]);
        assert_eq!((finished.code, &told["outcome"]), (Some(4), &json!("unknown")), "{finished:?}");
        assert_eq!(
            (orders(cluster), cluster.with(|world| world.primary().map(str::to_owned))),
            (1, Some("pg1".into()))
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_database_of_the_same_name_is_refused() {
    beside(cluster().await, |cluster| {
        let console = console(cluster.urls());
        let (_, document) = plan(&console, &["--to", "pg2"]);
        cluster.with(|world| world.become_another("7714344208705617999"));
        let (finished, _) = apply(&console, &document, &[]);
        assert_eq!(finished.code, Some(3), "{finished:?}");
        assert!(finished.stdout.contains("another object"), "{finished:?}");
        assert_eq!(orders(cluster), 0);
        let (finished, _) = plan(&console, &["--to", "pg9"]);
        assert!(finished.code == Some(3) && finished.stderr.contains("no member pg9"), "{finished:?}");
        cluster.with(|world| world.never_promote("pg2"));
        let (finished, document) = plan(&console, &["--to", "pg2"]);
        assert_eq!((finished.code, &check(&document, "candidate")["verdict"]), (Some(3), &json!("block")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_remembers_who_asked_for_it_and_is_ended() {
    beside(cluster().await, |cluster| {
        let console = console(cluster.urls());
        let (finished, document) = console.plan(&["pause-failover", "database/orders", "--until", "30m"]);
        assert_eq!(finished.code, Some(0), "{finished:?}");
        let (finished, told) = apply(&console, &document, &[]);
        assert_eq!((finished.code, &told["outcome"]), (Some(0), &json!("done")), "{finished:?}");
        let sent =
            cluster.asked().into_iter().map(|asked| asked.body).find(|body| body.contains("pause")).expect("sent");
        let sent: serde_json::Value = serde_json::from_str(&sent).expect("JSON");
        let memory = &sent["quarterdeck.dev/pause"];
        assert_eq!(
            (&sent["pause"], &memory["by"], &memory["reason"]),
            (&json!(true), &json!("mori"), &json!("a test"))
        );

        let (finished, document) = plan(&console, &["--to", "pg2"]);
        assert_eq!((finished.code, &check(&document, "paused")["verdict"]), (Some(3), &json!("block")));
        let (finished, _) = console.plan(&["pause-failover", "database/orders"]);
        assert!(finished.code == Some(3) && finished.stderr.contains("paused by mori"), "{finished:?}");

        let (finished, document) = console.plan(&["resume-failover", "database/orders"]);
        assert_eq!(finished.code, Some(0), "{finished:?}");
        assert!(finished.stdout.contains("paused by mori"), "who paused it is said: {}", finished.stdout);
        let (finished, told) = apply(&console, &document, &[]);
        assert_eq!((finished.code, &told["outcome"]), (Some(0), &json!("done")), "{finished:?}");
        let (finished, _) = plan(&console, &["--to", "pg2"]);
        assert_eq!(finished.code, Some(0), "{finished:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_confirms_the_next_console_sees_what_became_of_it() {
    beside(cluster().await, |cluster| {
        let console = console(cluster.urls());
        let (_, document) = plan(&console, &["--to", "pg2"]);
        cluster.trouble(Some(PatroniTrouble::Late(chrono::TimeDelta::seconds(5))));
        let mut run = start(&console, &document, &[]);
        wait_until("the order to be sent", PATIENCE, || (orders(cluster) == 1).then_some(()));
        run.kill();
        console.journal_is_whole();
        // Whoever plans next is told that somebody is at work.
        let (finished, _) = plan(&console, &["--to", "pg3"]);
        assert!(finished.code == Some(3) && finished.stderr.contains("is running failover on it"), "{finished:?}");
        wait_until("it to be done", PATIENCE, || {
            (cluster.with(|world| world.primary().map(str::to_owned))? == "pg2").then_some(())
        });
        assert_eq!(orders(cluster), 1, "nothing is sent again");
        let over = ["--to", "pg3", "--override-record"];
        wait_until("it to be whole", PATIENCE, || (plan(&console, &over).0.code == Some(0)).then_some(()));
        let (_, document) = plan(&console, &over);
        assert_eq!((&document["tier"], &document["confirmation"]["needs_reason"]), (&json!("T3"), &json!(true)));
        let (finished, told) = apply(&console, &document, &[]);
        assert_eq!((finished.code, &told["outcome"]), (Some(0), &json!("done")), "{finished:?}");
    })
    .await;
}

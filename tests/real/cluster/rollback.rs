//! Taking Deployments back on the real control plane, and when that is refused.

use std::time::{Duration, Instant};

use crate::support::console::{Console, Grant};
use crate::support::process::wait_until;
use crate::support::proxy::{Fault, Proxy};
use crate::support::pty::cpu_time;
use crate::support::shop::{Behaviour, PATIENCE, Shop};

fn broken(shop: &Shop, name: &str) {
    shop.deploy_good(name, "api:1", 3);
    shop.deploy(name, "api:2", Behaviour::ImagePull, 3);
    shop.wait_for_pod("api:2", "a pod whose image does not come", |pod| {
        pod.pointer("/status/containerStatuses/0/state/waiting/reason") == Some(&"ImagePullBackOff".into())
            && pod.pointer("/metadata/labels/app") == Some(&name.into())
    });
}

#[test]
fn in_the_middle_of_a_bad_rollout_it_goes_back_to_what_ran() {
    let shop = Shop::open("rollback-middle");
    broken(&shop, "api");
    let console = Console::of("oncall", &shop, Grant::Write);
    let plan = console.plan_rollback(&shop, "api");
    assert_eq!(plan["targets"][0]["given"]["to"], 1);
    assert_eq!(plan["rehearsal"]["result"], "accepted", "the server ran it dry");
    assert_eq!(shop.image("api"), "api:2", "a plan changes nothing");
    let finished = console.apply(&plan);
    assert_eq!(finished.code, Some(0), "{}{}", finished.stdout, finished.stderr);
    assert_eq!(shop.image("api"), "api:1");
    shop.rolled_out("api");
    let object = shop.deployment("api");
    let annotations = &object["metadata"]["annotations"];
    assert!(
        annotations["kubernetes.io/change-cause"].as_str().is_some_and(|cause| cause.contains("oncall")),
        "{annotations}"
    );
    assert!(
        annotations["quarterdeck.dev/operation"].as_str().is_some_and(|record| record.contains("rollback")),
        "{annotations}"
    );
    let sent = shop.plane.audited("oncall");
    let patches: Vec<_> = sent.iter().filter(|entry| entry.namespace == shop.name && entry.verb == "patch").collect();
    let (dry, real): (Vec<_>, Vec<_>) = patches.into_iter().partition(|entry| entry.uri.contains("dryRun=All"));
    assert!(!dry.is_empty() && real.len() == 1, "{dry:?} {real:?}");
    assert!(real[0].uri.contains("fieldManager=quarterdeck&fieldValidation=Strict"), "{:?}", real[0]);
    let pinned = |path: &str| {
        let operations = real[0].body.as_array().cloned().unwrap_or_default();
        operations.iter().any(|operation| operation["op"] == "test" && operation["path"] == path)
    };
    assert!(pinned("/metadata/uid") && pinned("/spec/template"), "{:?}", real[0].body);
    assert!(!pinned("/metadata/resourceVersion"), "any status write would refuse it");
    console.journal_is_whole();
    assert!(console.journal().contains("verified"), "{}", console.journal());
    assert_eq!(console.apply(&plan).code, Some(3), "the same document again finds another world");
}

#[test]
fn after_a_restart_of_the_bad_code_it_goes_where_kubectl_would_not() {
    let shop = Shop::open("rollback-trap");
    broken(&shop, "api");
    shop.kubectl(&["rollout", "restart", "deployment/api"]).good("restart");
    let console = Console::of("oncall", &shop, Grant::Write);
    let plan = wait_until("a plan", PATIENCE, || {
        let (finished, plan) = console.plan(&["rollback", "deployment/api", "-n", &shop.name]);
        (finished.code == Some(0)).then_some(plan)
    });
    assert_eq!(plan["targets"][0]["given"]["to"], 1, "not revision 2, the same bad code");
    let warnings = plan["targets"][0]["warnings"].to_string();
    assert!(warnings.contains("kubectl rollout undo would choose revision 2"), "{warnings}");
}

#[test]
fn a_named_revision_gives_the_template_kubectl_gives() {
    let shop = Shop::open("rollback-named");
    for name in ["ours", "theirs"] {
        for image in ["api:1", "api:2", "api:3"] {
            shop.deploy(name, image, Behaviour::Good, 2);
            shop.rolled_out(name);
        }
    }
    let console = Console::of("oncall", &shop, Grant::Write);
    let (finished, plan) = console.plan(&["rollback", "deployment/ours", "-n", &shop.name, "--to", "1"]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_eq!(console.apply(&plan).code, Some(0));
    shop.kubectl(&["rollout", "undo", "deployment/theirs", "--to-revision=1"]).good("undo");
    let containers = |name: &str| shop.deployment(name)["spec"]["template"]["spec"]["containers"][0]["image"].clone();
    assert_eq!(containers("ours"), containers("theirs"));
    shop.rolled_out("theirs");
    assert_eq!(shop.history("ours"), shop.history("theirs"));
}

#[test]
fn a_plan_is_refused_when_somebody_deployed_meanwhile() {
    let shop = Shop::open("rollback-moved");
    broken(&shop, "api");
    let console = Console::of("oncall", &shop, Grant::Write);
    let plan = console.plan_rollback(&shop, "api");
    shop.deploy("api", "api:3", Behaviour::Good, 3);
    shop.rolled_out("api");
    let finished = console.apply(&plan);
    assert_eq!(finished.code, Some(3), "{}{}", finished.stdout, finished.stderr);
    assert!(finished.stdout.contains("/spec/template"), "{}", finished.stdout);
    assert_eq!(shop.image("api"), "api:3");
}

#[test]
fn an_edited_document_the_wrong_word_and_a_viewer_are_refused() {
    let shop = Shop::open("rollback-refused");
    broken(&shop, "api");
    let console = Console::of("oncall", &shop, Grant::Write);
    let plan = console.plan_rollback(&shop, "api");
    let mut edited = plan.clone();
    let operations = edited["targets"][0]["steps"][0]["request"]["body"].as_array_mut().expect("a patch");
    let change = operations.iter_mut().find(|one| one["op"] == "replace" && one["path"] == "/spec/template");
    change.expect("the new template")["value"]["spec"]["containers"][0]["image"] = "evil:1".into();
    assert_eq!(console.apply(&edited).code, Some(3));
    let wrong = console.apply_confirmed(&plan, "YES");
    assert_eq!(wrong.code, Some(3), "{}{}", wrong.stdout, wrong.stderr);
    assert!(wrong.stdout.contains("the confirmation is not right"), "the word refuses it: {}", wrong.stdout);
    assert_eq!(console.run(&["apply", "/nowhere/plan.json", "--confirm", "ROLLBACK"]).code, Some(2));
    let viewer = Console::of("viewer", &shop, Grant::Read);
    let (finished, plan) = viewer.plan(&["rollback", "deployment/api", "-n", &shop.name]);
    assert_eq!(finished.code, Some(3));
    assert_eq!(plan["rehearsal"]["result"], "not_checked", "a read-only console sends no patch, dry or not");
    assert!(finished.stderr.contains("read-only") && finished.stderr.contains("may not patch"), "{}", finished.stderr);
    assert_eq!(shop.image("api"), "api:2");
}

#[test]
fn a_viewer_who_has_a_write_grant_tries_nothing_not_even_dry() {
    let shop = Shop::open("rollback-viewer");
    broken(&shop, "api");
    let console = Console::of("viewer", &shop, Grant::Write);
    let (finished, plan) = console.plan(&["rollback", "deployment/api", "-n", &shop.name]);
    assert_eq!(finished.code, Some(3), "{}", finished.stderr);
    assert!(finished.stderr.contains("viewer may not patch"), "{}", finished.stderr);
    let mut emptied: quarterdeck::domain::action::Plan = serde_json::from_value(plan).expect("a plan");
    emptied.refusals.clear();
    let emptied = serde_json::to_value(emptied.sealed()).expect("a document");
    let refused = console.apply(&emptied);
    assert_eq!(refused.code, Some(3), "{}{}", refused.stdout, refused.stderr);
    assert!(refused.stdout.contains("viewer may not patch"), "{}", refused.stdout);
    let sent = shop.plane.audited("viewer");
    let tried: Vec<_> = sent.iter().filter(|entry| entry.namespace == shop.name && entry.verb == "patch").collect();
    assert!(tried.is_empty(), "the server counts a dry run that is forbidden as a write: {tried:?}");
}

#[test]
fn two_operators_at_once_change_it_once() {
    let shop = Shop::open("rollback-two");
    broken(&shop, "api");
    let (one, other) = (Console::of("oncall", &shop, Grant::Write), Console::of("second", &shop, Grant::Write));
    let plans = [one.plan_rollback(&shop, "api"), other.plan_rollback(&shop, "api")];
    let running = [one.start_apply(&plans[0]), other.start_apply(&plans[1])];
    let mut codes: Vec<Option<i32>> = running.map(|apply| apply.finish(PATIENCE).code).to_vec();
    codes.sort_unstable();
    assert_eq!(codes, [Some(0), Some(3)], "one is done, the other refused");
    assert_eq!(shop.image("api"), "api:1");
}

#[test]
fn a_lost_answer_is_read_back_and_nothing_is_sent_twice() {
    let shop = Shop::open("rollback-lost");
    broken(&shop, "api");
    let proxy = Proxy::before(shop.plane);
    let console = Console::through(&proxy, "oncall", &shop);
    let plan = console.plan_rollback(&shop, "api");
    proxy.strike(Fault::LoseAnswer, crate::support::proxy::Seen::is_write);
    let finished = console.apply(&plan);
    assert_eq!(finished.code, Some(0), "{}{}", finished.stdout, finished.stderr);
    assert!(finished.stderr.contains("answer was lost"), "{}", finished.stderr);
    assert_eq!(proxy.seen().iter().filter(|seen| seen.is_write()).count(), 1);
    assert_eq!(shop.image("api"), "api:1");
}

#[test]
fn a_request_that_never_arrived_is_unknown_and_is_not_repeated() {
    let shop = Shop::open("rollback-unknown");
    broken(&shop, "api");
    let proxy = Proxy::before(shop.plane);
    let console = Console::through(&proxy, "oncall", &shop);
    let plan = console.plan_rollback(&shop, "api");
    proxy.strike(Fault::Reset, crate::support::proxy::Seen::is_write);
    let finished = console.apply(&plan);
    assert_eq!(finished.code, Some(4), "{}{}", finished.stdout, finished.stderr);
    assert_eq!(proxy.seen().iter().filter(|seen| seen.is_write()).count(), 1);
    assert_eq!(shop.image("api"), "api:2");
}

#[test]
fn killed_at_any_request_it_is_found_and_verified_at_the_next_start() {
    let shop = Shop::open("rollback-killed");
    let proxy = Proxy::before(shop.plane);
    // Every request of an apply up to the one after the patch, before and after the server heard of it.
    let mut step = 1;
    let mut is_after_patch = false;
    while !is_after_patch {
        for fault in [Fault::StallBefore, Fault::StallAfter] {
            let name = format!("api-{step}-{}", if fault == Fault::StallBefore { "before" } else { "after" });
            shop.deploy_good(&name, "api:1", 1);
            shop.deploy(&name, "api:2", Behaviour::ImagePull, 1);
            let console = Console::through(&proxy, "oncall", &shop);
            let plan = wait_until("an applicable plan", PATIENCE, || {
                let (finished, plan) = console.plan(&["rollback", &format!("deployment/{name}"), "-n", &shop.name]);
                (finished.code == Some(0)).then_some(plan)
            });
            proxy.forget();
            proxy.strike(fault, move |seen| seen.number == step);
            let mut apply = console.start_apply(&plan);
            proxy.wait_for_strike(PATIENCE);
            apply.kill();
            // Counted when it can send nothing more: requests that do not wait for each other go on beside the one that is held.
            let patched = proxy.seen().iter().filter(|seen| seen.is_write()).count();
            proxy.release();
            assert!(patched <= 1, "step {step}: sent once at most");
            console.journal_is_whole();
            console.point_at(&shop.plane.kubeconfig("oncall", &shop.name));
            if console.journal().contains("sending") {
                let screen = console.open(120, 30);
                // Verified or given up as unknown, and in the journal either way.
                wait_until("the run to be ended in the journal", PATIENCE, || {
                    console.journal().contains("ended").then_some(())
                });
                drop(screen);
            }
            let image = shop.image(&name);
            assert!(["api:1", "api:2"].contains(&image.as_str()), "step {step}: {image}");
            if patched == 0 {
                assert_eq!(image, "api:2", "step {step}: nothing was sent, nothing changed");
            }
            is_after_patch |=
                patched == 1 && fault == Fault::StallAfter && proxy.seen().last().is_some_and(|seen| !seen.is_write());
            shop.kubectl(&["delete", "deployment", &name, "--wait=false"]).good("delete");
        }
        step += 1;
        assert!(step < 60, "the patch never came");
    }
}

#[test]
fn a_hangup_in_mid_action_leaves_a_run_the_next_start_ends() {
    let shop = Shop::open("rollback-hangup");
    let proxy = Proxy::before(shop.plane);
    for fault in [Fault::StallBefore, Fault::StallAfter] {
        let name = if fault == Fault::StallBefore { "unsent" } else { "sent" };
        broken(&shop, name);
        let console = Console::through(&proxy, "oncall", &shop);
        let mut screen = console.open(80, 24);
        screen.wait_for_text(name, PATIENCE);
        screen.send("/");
        screen.wait_for_text("enter keep", PATIENCE);
        screen.line_of(name, PATIENCE);
        screen.wait_for("the filter kept", PATIENCE, |text| text.contains("stuck") && !text.contains("enter keep"));
        screen.send("!b");
        screen.wait_for_text("type ROLLBACK", PATIENCE);
        proxy.strike(fault, crate::support::proxy::Seen::is_write);
        screen.confirm("type ROLLBACK", "ROLLBACK", PATIENCE);
        wait_until("the request on its way", PATIENCE, || proxy.struck().map(drop));
        // A line that is lost hangs up more than once.
        screen.signal(rustix::process::Signal::HUP);
        wait_until("the terminal given back", PATIENCE, || (!screen.is_on_alternate_screen()).then_some(()));
        screen.signal(rustix::process::Signal::HUP);
        screen.signal(rustix::process::Signal::TERM);
        if fault == Fault::StallAfter {
            proxy.release();
        }
        screen.wait_for_exit(PATIENCE);
        assert!(console.journal().contains("ended"), "it saw the run to its end itself: {}", console.journal());
        assert!(!screen.is_on_alternate_screen());
        proxy.release();
        console.journal_is_whole();
        console.point_at(&shop.plane.kubeconfig("oncall", &shop.name));
        let ends = || console.journal().lines().filter(|line| line.contains("ended")).count();
        let before = ends();
        let next = console.open(80, 24);
        next.wait_for_text(name, PATIENCE);
        assert!(!next.screen_text().contains("UNFINISHED"), "nothing is left to verify: {}", next.screen_text());
        drop(next);
        assert_eq!((before, ends()), (1, 1), "it is ended once: {}", console.journal());
        // Held back before the server, it may still arrive once the proxy lets go; sent, it has arrived.
        if fault == Fault::StallAfter {
            assert_eq!(shop.image(name), "api:1");
            assert!(console.journal().contains("verified"), "{}", console.journal());
        }
        shop.kubectl(&["delete", "deployment", name]).good("delete");
    }
}

#[test]
fn a_terminal_that_stops_reading_for_a_minute_holds_nothing_up() {
    let shop = Shop::open("rollback-stalled");
    broken(&shop, "api");
    let console = Console::of("oncall", &shop, Grant::Write);
    let mut screen = console.open(200, 60);
    screen.wait_for_text("stuck", PATIENCE);
    screen.send("!b");
    screen.confirm("type ROLLBACK", "ROLLBACK", PATIENCE);
    screen.stop_reading();
    let (begun, stalled_at) = (cpu_time(screen.pid()).expect("it runs"), Instant::now());
    // The run goes to its end behind the blind screen: the server and the journal can tell.
    wait_until("a run verified in the journal", PATIENCE, || console.journal().contains("verified").then_some(()));
    assert_eq!(shop.image("api"), "api:1");
    for _ in 0..200 {
        screen.send("?\u{1b}");
    }
    shop.deploy("api", "api:3", Behaviour::Good, 3);
    let minute = Duration::from_secs(60);
    wait_until("a minute", minute * 2, || (stalled_at.elapsed() > minute).then_some(()));
    let spent = cpu_time(screen.pid()).expect("it still runs").saturating_sub(begun);
    let whole = stalled_at.elapsed();
    assert!(spent < whole / 6, "it spins: {spent:?} of processor in {whole:?}");
    screen.go_on_reading();
    screen.send("\u{1b}\u{1b}");
    screen.wait_for_text("api:3", PATIENCE);
    screen.stop_reading();
    screen.signal(rustix::process::Signal::TERM);
    wait_until("the process to end", PATIENCE, || screen.has_ended().then_some(()));
}

#[test]
fn a_read_only_console_only_looks() {
    let shop = Shop::open("read-only");
    broken(&shop, "api");
    let console = Console::of("viewer", &shop, Grant::Read);
    console.run(&["status"]);
    console.plan(&["rollback", "deployment/api", "-n", &shop.name]);
    console.run(&["doctor"]);
    let screen = console.open(100, 60);
    screen.wait_for_text("stuck", PATIENCE);
    screen.send("!b");
    screen.wait_for_text("NOT CHECKED BY THE SERVER", PATIENCE);
    // Nothing is typed into a plan that cannot be confirmed.
    screen.send("ROLLBACK");
    // Nothing shows that the word was read: an enter that is read with it is a part of it, and one more does no harm here.
    screen.press_until("\r", "refused words", PATIENCE, |text| text.contains("cannot be applied"));
    drop(screen);
    // Other tests look on as the same viewer, with other programs.
    let mut sent = shop.plane.audited("viewer");
    sent.retain(|entry| entry.user_agent.starts_with("quarterdeck/"));
    assert!(sent.iter().any(|entry| entry.verb == "watch"), "the screen watches");
    for entry in sent {
        let is_review = entry.verb == "create" && entry.resource.starts_with("selfsubject");
        assert!(["get", "list", "watch"].contains(&entry.verb.as_str()) || is_review, "{entry:?}");
    }
}

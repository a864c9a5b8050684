//! Whom a run pages when, and that it pages nobody once somebody has it.

use proptest::prelude::*;

use super::super::policy::{Level, Target};
use super::*;

fn at(minutes: i64) -> Instant {
    // A Saturday.
    time::from_seconds(1_792_800_000 + minutes * 60)
}

fn policy(severity: Severity) -> Policy {
    let level = |(name, after): (&str, u32)| Level { after: after * 60, page: vec![Target::Person(name.into())] };
    Policy {
        team: "shop".into(),
        severity,
        runs: Runs::Always,
        per_step: false,
        levels: [("ada", 0), ("ben", 15), ("cy", 30), ("dee", 60)].map(level).to_vec(),
        exhausted: 7_200,
        repeat: 0,
        version: 3,
    }
}

fn there(target: &Target, _: Instant) -> Vec<String> {
    match target {
        Target::Person(person) if person != "none" => vec![person.clone()],
        _ => Vec::new(),
    }
}

type There = fn(&Target, Instant) -> Vec<String>;

fn around() -> Around<'static, There> {
    const THERE: There = there;
    Around { business: None, resolve: &THERE }
}

fn pages(orders: &[Order]) -> Vec<String> {
    let people = |order: &Order| match order {
        Order::Page { people, .. } => people.clone(),
        _ => Vec::new(),
    };
    orders.iter().flat_map(people).collect()
}

fn begun(policy: Policy) -> Run {
    let (run, orders) = Run::begin(7, policy, &around(), at(0));
    assert_eq!(pages(&orders), ["ada"]);
    run
}

/// A run after something happened, and whom that paged.
fn then(run: &Run, happening: Happening, minutes: i64) -> (Run, Vec<String>) {
    let (run, orders) = run.after(happening, &around(), at(minutes)).expect("it may happen");
    (run, pages(&orders))
}

#[test]
fn it_climbs_at_its_times_until_nobody_is_left() {
    let mut run = begun(policy(Severity::Sev1));
    for (minute, paged) in [(14, ""), (15, "ben"), (16, ""), (30, "cy"), (60, "dee"), (119, "")] {
        let (next, people) = then(&run, Happening::Tick, minute);
        assert_eq!(people.join(","), paged, "minute {minute}");
        run = next;
    }
    assert_eq!(run.due_at(), Some(at(120)));
    let (run, orders) = run.after(Happening::Tick, &around(), at(120)).expect("time passes");
    assert!(matches!(orders[..], [Order::Post(_)]) && matches!(run.state, RunState::Exhausted { .. }));
    let (_, orders) = run.after(Happening::Tick, &around(), at(150)).expect("time passes");
    assert!(matches!(orders[..], [Order::Post(_)]), "said again every half hour");
}

#[test]
fn an_acknowledgement_stops_what_is_queued_at_once() {
    let run = begun(policy(Severity::Sev1));
    let (stopped, orders) = run.after(Happening::Acknowledge("ada".into()), &around(), at(10)).expect("nobody has it");
    assert_eq!(orders, [Order::Cancel { epoch: run.epoch, person: None }]);
    assert!(run.may_send(run.epoch) && !stopped.may_send(run.epoch) && !stopped.may_send(stopped.epoch));
    assert_eq!(then(&stopped, Happening::Tick, 20).1, Vec::<String>::new());
    let late = stopped.after(Happening::Acknowledge("ben".into()), &around(), at(11));
    assert!(late.is_err_and(|why| why.contains("ada has incident 7 already")));
}

#[test]
fn an_acknowledgement_that_is_forgotten_runs_out() {
    let run = begun(policy(Severity::Sev1));
    let (run, _) = then(&run, Happening::Acknowledge("ben".into()), 10);
    let (run, _) = then(&run, Happening::Activity("ben".into()), 30);
    assert_eq!(run.due_at(), Some(at(55)), "nudged five minutes before the half hour");
    let (run, orders) = run.after(Happening::Tick, &around(), at(55)).expect("time passes");
    assert_eq!(orders, [Order::Nudge("ben".into())]);
    let (run, paged) = then(&run, Happening::Tick, 60);
    assert_eq!(paged, ["ada", "ben"], "whoever is on call, and whoever had it");
    assert_eq!(run.due_at(), Some(at(75)));
    let fourth = begun(policy(Severity::Sev4));
    assert_eq!(then(&fourth, Happening::Acknowledge("ben".into()), 1).0.due_at(), None);
}

#[test]
fn helpers_acknowledge_their_own_page_alone() {
    let run = begun(policy(Severity::Sev1));
    let (run, paged) = then(&run, Happening::AddResponder("eve".into()), 5);
    assert_eq!((paged, run.due_at()), (vec!["eve".to_owned()], Some(at(15))), "the clock goes on");
    let (run, orders) = run.after(Happening::ResponderAcknowledges("eve".into()), &around(), at(6)).expect("asked");
    assert_eq!(orders, [Order::Cancel { epoch: run.epoch, person: Some("eve".into()) }]);
    assert_eq!(then(&run, Happening::Tick, 15).1, ["ben"]);
    assert!(run.after(Happening::ResponderAcknowledges("fay".into()), &around(), at(6)).is_err());
}

#[test]
fn who_is_named_stands_in_place_of_the_first_level() {
    let run = begun(policy(Severity::Sev1));
    let (run, paged) = then(&run, Happening::Reassign("eve".into()), 14);
    assert_eq!((paged, run.due_at()), (vec!["eve".to_owned()], Some(at(29))));
    assert_eq!(then(&run, Happening::Tick, 29).1, ["ben"]);
}

#[test]
fn escalated_by_hand_the_next_level_keeps_its_time() {
    let run = begun(policy(Severity::Sev1));
    let (run, paged) = then(&run, Happening::EscalateNow, 3);
    assert_eq!((paged, run.due_at()), (vec!["ben".to_owned()], Some(at(30))));
    let (run, _) = then(&run, Happening::Acknowledge("ben".into()), 4);
    let (run, paged) = then(&run, Happening::EscalateNow, 10);
    assert_eq!((paged, run.due_at()), (vec!["cy".to_owned()], Some(at(40))), "half an hour between the levels 3 and 4");
}

#[test]
fn put_off_it_begins_anew() {
    let run = begun(policy(Severity::Sev1));
    let (run, _) = then(&run, Happening::Snooze(at(60)), 5);
    assert_eq!(then(&run, Happening::Tick, 30).1, Vec::<String>::new());
    assert_eq!(then(&run, Happening::Tick, 60).1, ["ada"]);
    assert!(run.after(Happening::Snooze(at(1)), &around(), at(5)).is_err());
}

#[test]
fn a_late_clock_pages_the_level_that_is_due_and_no_burst() {
    let run = begun(policy(Severity::Sev1));
    let (next, orders) = run.after(Happening::Tick, &around(), at(62)).expect("time passes");
    assert_eq!(pages(&orders), ["dee"]);
    assert!(orders.contains(&Order::Note("resumed late by 47m 00s".into())), "{orders:?}");
    assert_eq!(next.due_at(), Some(at(120)));
    let (held, orders) = run.after(Happening::Tick, &around(), at(25 * 60)).expect("time passes");
    assert_eq!((pages(&orders), &held.state), (Vec::new(), &RunState::Held), "left alone for a day");
    assert_eq!(then(&held, Happening::Tick, 26 * 60).1, Vec::<String>::new());
    assert_eq!(then(&held, Happening::Confirm, 26 * 60).1, ["ada"]);
}

#[test]
fn alerts_that_are_over_stop_it_after_a_grace() {
    let run = begun(policy(Severity::Sev1));
    let (quiet, _) = then(&run, Happening::AlertsOver, 5);
    let (again, paged) = then(&quiet, Happening::Refired, 6);
    assert_eq!((paged, again.due_at()), (Vec::new(), Some(at(15))), "a flap pages nobody anew");
    let (cooling, _) = then(&quiet, Happening::Tick, 7);
    assert_eq!(cooling.state, RunState::Cooling);
    assert_eq!(then(&cooling, Happening::Tick, 15).1, Vec::<String>::new());
    assert_eq!(then(&cooling, Happening::Refired, 20).1, ["ada"]);
}

#[test]
fn graver_means_from_the_first_level_unless_somebody_has_it() {
    let run = begun(policy(Severity::Sev2));
    let graver = Happening::Graver(Box::new(policy(Severity::Sev1)));
    let (next, paged) = then(&run, graver.clone(), 14);
    assert_eq!((paged, next.due_at()), (vec!["ada".to_owned()], Some(at(29))));
    let (run, _) = then(&run, Happening::Acknowledge("ada".into()), 3);
    assert_eq!(then(&run, graver, 14).1, Vec::<String>::new());
}

#[test]
fn a_level_of_nobody_keeps_nobody_waiting() {
    let mut empty = policy(Severity::Sev1);
    empty.levels[0].page = vec![Target::Person("none".into())];
    let (run, orders) = Run::begin(7, empty, &around(), at(0));
    assert_eq!((pages(&orders), run.due_at()), (vec!["ben".to_owned()], Some(at(30))));
}

#[test]
fn it_begins_again_as_often_as_the_policy_says() {
    let run = begun(Policy { repeat: 1, ..policy(Severity::Sev1) });
    let mut paged = Vec::new();
    let mut run = run;
    for minute in 1..400 {
        let (next, people) = then(&run, Happening::Tick, minute);
        paged.extend(people);
        run = next;
    }
    assert_eq!(paged, ["ben", "cy", "dee", "ada", "ben", "cy", "dee"]);
    assert!(matches!(run.state, RunState::Exhausted { .. }));
}

fn happening(number: u8, minute: i64) -> Happening {
    match number {
        0 => Happening::Acknowledge("ben".into()),
        1 => Happening::Unacknowledge,
        2 => Happening::EscalateNow,
        3 => Happening::AddResponder("eve".into()),
        4 => Happening::Reassign("fay".into()),
        5 => Happening::Snooze(at(minute + 20)),
        6 => Happening::AlertsOver,
        7 => Happening::Refired,
        8 => Happening::Resolve,
        9 => Happening::Graver(Box::new(policy(Severity::Sev1))),
        _ => Happening::Tick,
    }
}

proptest! {
    /// Whatever happens in whatever order: no tick pages for what somebody has, put off or ended; a tick pages one level at most; what was
    /// cancelled is never sent; and what is due is never in the past once its tick has come.
    #[test]
    fn nobody_is_paged_for_what_somebody_has(steps in prop::collection::vec((0_u8..14, 1_i64..50), 1..40)) {
        let mut run = begun(policy(Severity::Sev2));
        let mut minute = 0;
        for (number, passed) in steps {
            minute += passed;
            let (happening, before) = (happening(number, minute), run.clone());
            let is_tick = happening == Happening::Tick;
            let Ok((next, orders)) = run.after(happening, &around(), at(minute)) else { continue };
            let by_level = orders.iter().filter(|order| matches!(order, Order::Page { level: Some(_), .. })).count();
            let is_at_rest = matches!(before.state, RunState::Cooling | RunState::Held | RunState::Ended);
            prop_assert!(by_level <= 1);
            prop_assert!(!(is_tick && is_at_rest) || orders.is_empty());
            for order in &orders {
                if let Order::Cancel { epoch, person: None } = order {
                    prop_assert!(!next.may_send(*epoch));
                }
                if let Order::Page { epoch, .. } = order {
                    prop_assert_eq!(*epoch, next.epoch);
                }
            }
            prop_assert!(next.epoch >= before.epoch);
            run = next;
        }
    }
}

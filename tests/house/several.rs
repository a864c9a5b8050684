//! Several environments on every pane: what is old in one is grey there alone, and another scope shows all that was held back.

use std::sync::Arc;

use quarterdeck::domain::alert::{Alert, AlertSnapshot};
use quarterdeck::domain::signal::SignalSnapshot;
use quarterdeck::domain::slo::SloSnapshot;
use quarterdeck::domain::source::SourceState;
use quarterdeck::theme::{Depth, Role, Theme};
use quarterdeck::world::News;
use quarterdeck::world::Scope;

use crate::environments::{both, see, staging};
use crate::stage::{health_of, shop, text};

#[test]
fn what_is_old_in_one_environment_is_grey_there_alone() {
    let (mut stage, theme) = (both(), Theme::embedded("mono", Depth::None));
    stage.rule(1, Vec::new());
    for (place, (name, freshness)) in
        [("production", SourceState::Fresh), ("staging", SourceState::Down)].into_iter().enumerate()
    {
        see(&mut stage, place, if place == 0 { shop() } else { staging() }, freshness);
        let environment: Arc<str> = name.into();
        let health = vec![health_of(name, "prometheus.example", freshness)];
        let signals = crate::signals::snapshot(&crate::signals::shop()[..1], SourceState::Fresh);
        stage.tell(News::Signals(Box::new(SignalSnapshot {
            environment: environment.clone(),
            health: health.clone(),
            ..signals
        })));
        let slos = crate::slo::snapshot(crate::slo::shop(), SourceState::Fresh);
        stage.tell(News::Slos(Box::new(SloSnapshot { environment: environment.clone(), health, ..slos })));
        let health = vec![health_of(name, "am-0.example", freshness)];
        let alerts = crate::alerts::snapshot(Vec::new(), SourceState::Fresh);
        let fires = Arc::new(Alert {
            environment: environment.clone(),
            ..crate::alerts::alert(&[("alertname", "Disk")], "full", 60)
        });
        stage.tell(News::Alerts(Box::new(AlertSnapshot { environment, alerts: [fires].into(), health, ..alerts })));
    }
    let grey = theme.style(Role::StaleData).add_modifier;
    for digit in ["1", "2", "6", "6 tab"] {
        stage.press(digit);
        let drawn = stage.body(200, 60);
        let greys: Vec<(bool, bool)> = (0..drawn.area.height)
            .filter_map(|y| {
                let row: String = (0..drawn.area.width).map(|x| drawn[(x, y)].symbol()).collect();
                // What is said over the rows names a source; the rows name their environment alone.
                let is_of = |name: &str| row.split_whitespace().any(|word| word == name);
                let is_production = is_of("production");
                // The last cells of a row have no style of their own.
                let mut letters = (3..60).filter(|x| drawn[(*x, y)].symbol() != " ");
                let is_grey = letters.all(|x| drawn[(x, y)].modifier.contains(grey));
                (is_production || is_of("staging")).then_some((is_production, is_grey))
            })
            .collect();
        assert!(greys.iter().any(|(is_production, _)| *is_production), "{digit}: {}", text(&drawn));
        assert!(greys.iter().any(|(is_production, _)| !is_production), "{digit}: {}", text(&drawn));
        let is_right = greys.iter().all(|(is_production, is_grey)| is_production != is_grey);
        assert!(is_right, "{digit}: {greys:?}\n{}", text(&drawn));
    }
}

#[test]
fn another_scope_thaws_the_screen_with_everything_that_was_held_back() {
    let mut stage = both();
    let signals = |count: usize| {
        News::Signals(Box::new(crate::signals::snapshot(&crate::signals::shop()[..count], SourceState::Fresh)))
    };
    let fires = |alerts| News::Alerts(Box::new(crate::alerts::snapshot(alerts, SourceState::Fresh)));
    stage.tell(signals(1));
    stage.tell(fires(Vec::new()));
    stage.press("f");
    stage.tell(signals(3));
    stage.tell(fires(crate::alerts::shop()));
    stage.press("s j enter");
    assert_eq!((stage.scope(), stage.is_frozen()), (Scope::One(0), false));
    stage.press("6");
    assert_eq!(stage.rows().len(), 3, "signals");
    stage.press("1");
    assert!(!stage.rows().is_empty(), "alerts");
    stage.press("s G enter 6");
    assert_eq!((stage.scope(), stage.rows().len()), (Scope::One(1), 0), "those of staging: none");
}

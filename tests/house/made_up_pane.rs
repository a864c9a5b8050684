//! A pane made up here, put into the registry that the console is given: its tab, its command, its headline, its keys and its rows follow.

use std::cell::Cell;

use quarterdeck::app::Panes;
use quarterdeck::domain::source::SourceState;
use quarterdeck::domain::subject::{SilenceRef, Subject};
use quarterdeck::domain::time::Instant;
use quarterdeck::panes::list::{List, Rows};
use quarterdeck::panes::view::{Reaction, RowWords, Selection};
use quarterdeck::panes::{self, GroupId, Opens, Pane};
use quarterdeck::theme::Role;
use quarterdeck::ui::overview::{Gravity, HeaderFact, Headline};
use quarterdeck::ui::pen::Pen;
use quarterdeck::ui::root::HitMap;
use quarterdeck::ui::scene::Scene;
use quarterdeck::ui::state::RowKey;
use quarterdeck::ui::widgets::columns::{Column, place};
use quarterdeck::ui::widgets::grid::{Fit, Head};
use quarterdeck::world::{Part, World};
use ratatui::layout::Rect;

use crate::stage::{Stage, shop, text};

thread_local! {
    /// How often the rows were made, in this test.
    static MADE: Cell<u32> = const { Cell::new(0) };
}

/// Ships, and how they lie in the harbour.
const SHIPS: [(&str, &str); 3] = [("Ada", "adrift"), ("Grace", "moored"), ("Mary", "moored")];

/// The pane, last of the group of what runs.
const HARBOUR: Pane = Pane {
    id: "harbour",
    command: "view.harbour",
    group: GroupId::Rollouts,
    title: "Harbour",
    sentence: "show the ships",
    hints: &[("open", "board it"), ("help", "help")],
    headline: Some(Headline {
        title: "Harbour",
        parts: &[],
        gravity: |_| Gravity::Bad,
        words: |_, _, _| ("1 adrift".to_owned(), Some("Ada".to_owned())),
        standing: Some(|_, _| Some(HeaderFact::still("Ada adrift"))),
    }),
    opens: Opens::View(List::<Ships>::boxed),
};

#[derive(Debug)]
struct Ships;

impl Rows for Ships {
    type Row = (&'static str, &'static str);

    const PARTS: &'static [Part] = &[Part::Clusters];

    fn read(_world: &World, _now: Instant) -> Vec<Self::Row> {
        MADE.set(MADE.get() + 1);
        SHIPS.to_vec()
    }

    fn key((name, _): &Self::Row) -> RowKey {
        RowKey::new(&"production".into(), &(*name).into())
    }

    fn is_trouble((_, state): &Self::Row) -> bool {
        *state == "adrift"
    }

    fn words((name, state): &Self::Row) -> RowWords {
        RowWords { name: (*name).to_owned(), state: (*state).to_owned(), more: String::new() }
    }

    fn selection((name, _): &Self::Row, _world: &World) -> Selection {
        let subject = Subject::Silence(SilenceRef { environment: "production".into(), id: (*name).to_owned() });
        Selection {
            name: (*name).to_owned(),
            environment: Some("production".into()),
            subject: Some(subject),
            service: Some("payments".into()),
            workload: None,
            workloads: Vec::new(),
            given: Vec::new(),
        }
    }

    fn enter((name, state): &Self::Row, _world: &World) -> Reaction {
        match *state {
            "adrift" => Reaction::Say(format!("{name} is adrift.")),
            _ => Reaction::Workload,
        }
    }

    fn draw(list: &List<Self>, pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
        let listing = list.begin(pen, area, vec![format!("{} ships", list.all().len())], scene);
        let column = |words, width| Column { id: Head { words, fit: Fit::Left }, width, rank: 0 };
        let placed = place(&[column("SHIP", 10), column("LIES", 10)], area.width - 1, 0, None);
        list.finish(
            listing,
            pen,
            &placed,
            |_| false,
            |_, column, (name, state)| (if column.id.words == "SHIP" { *name } else { *state }.to_owned(), Role::Text),
        )
    }
}

fn stage() -> Stage {
    let mut stage = Stage::new();
    let registry: Vec<Pane> = panes::SHIPPED
        .iter()
        .flat_map(|pane| {
            let behind = (pane.id == "jobs").then_some(HARBOUR);
            std::iter::once(*pane).chain(behind)
        })
        .collect();
    stage.model.panes = Panes::new(registry.leak());
    stage.see(shop(), SourceState::Fresh);
    stage
}

#[test]
fn a_pane_is_a_folder_and_a_line() {
    let mut stage = stage();
    // The last of its group, from either side.
    stage.press("2 shift-tab");
    assert_eq!(
        (stage.front().as_str(), stage.rows()),
        ("harbour", vec!["Ada".to_owned(), "Grace".into(), "Mary".into()])
    );
    let screen = text(&stage.screen(80, 24));
    assert!(screen.contains("Rollouts Nodes Jobs [Harbour]  3 ships"), "a tab of its group:\n{screen}");
    assert!(screen.contains("[2!roll]"), "as grave as the gravest of the group:\n{screen}");
    assert!(stage.hints().contains("board it"), "{}", stage.hints());
    // Filter, order, cursor and problems are everyone's.
    stage.press("/");
    stage.type_text("moored");
    stage.press("enter j");
    assert_eq!((stage.rows().len(), stage.under_cursor().as_str()), (2, "Mary"));
    stage.press("6 2 shift-tab");
    assert_eq!((stage.filter(), stage.under_cursor().as_str()), ("moored", "Mary"), "kept across a digit");
    stage.press("esc ctrl-z");
    assert_eq!(stage.rows(), ["Ada"]);
    // What is meant, and where that leads.
    stage.press("enter");
    assert_eq!(stage.said(), "Ada is adrift.");
    stage.press("ctrl-z g j enter");
    assert_eq!(stage.front(), "rollout payments", "the worst workload of its service");
    stage.press("q");
    assert_eq!((stage.front().as_str(), stage.under_cursor().as_str()), ("harbour", "Grace"), "back to where it was");
}

#[test]
fn its_command_and_its_headline_follow() {
    let mut stage = stage();
    stage.press(":");
    stage.type_text("harb");
    assert_eq!(stage.menu(), ["view.harbour"]);
    stage.press("enter");
    assert_eq!(stage.front(), "harbour");
    stage.press(":");
    stage.type_text("harbour");
    stage.press("enter 0");
    let overview = text(&stage.screen(120, 40));
    assert!(overview.contains("1 adrift") && overview.contains("Harbour"), "{overview}");
    while stage.spot() != Some(quarterdeck::ui::overview::Spot::Headline("harbour")) {
        stage.press("j");
    }
    stage.press("enter");
    assert_eq!(stage.front(), "harbour");
    stage.press("esc");
    assert_eq!(stage.front(), "overview");
}

/// What is not in front is not made anew, however often the world moves.
#[test]
fn a_pane_that_is_not_in_front_costs_nothing() {
    let mut stage = stage();
    stage.press("2 shift-tab j k");
    assert_eq!(MADE.get(), 1, "moving makes nothing anew");
    stage.press("6");
    for _ in 0..10 {
        stage.see(shop(), SourceState::Fresh);
    }
    assert_eq!(MADE.get(), 1);
    stage.press("2 shift-tab");
    assert_eq!(MADE.get(), 2, "once, when it comes in front");
}

//! The life of a fault of the store, on the drawn screen: its last word stays with its age and the reason, what is written is refused
//! clearly and not lost, and once the store is back everything goes on.

use std::sync::Arc;

use quarterdeck::sources::store::Store;

use crate::rig::{NAMESPACE, Rig, configured, one, server};

/// What fires.
const ALERT: &str = "CertificateExpiresSoon";

/// A console on one alert, whose words are kept in this store.
pub(crate) async fn opened(store: Store, is_read_only: bool) -> Rig {
    let mut rig = configured(one("gateway"), |sandbox, folder| {
        server(sandbox, folder, ("alertmanager", sandbox.alertmanager(NAMESPACE)))
    })
    .await;
    rig.console.keep_as(Arc::new(store), "mori", is_read_only);
    rig.console.press("1");
    rig.console.until("what fires", |screen| screen.contains(ALERT)).await;
    rig
}

/// The same, and whoever sits there is on the alert.
pub(crate) async fn taken(store: Store) -> Rig {
    let mut rig = opened(store, false).await;
    rig.console.until("fresh at first", |screen| screen.contains("all fresh")).await;
    rig.console.press("!a");
    rig.console.say("it renews tonight").await;
    rig.console.until("the word", |screen| screen.contains("acknowledged; it keeps firing")).await;
    rig.console.press("esc");
    rig.console.until("who is on it", |screen| screen.contains("mori, ")).await;
    rig
}

/// The words of a screen without its lines and frames.
pub(crate) fn words(screen: &str) -> String {
    screen.replace('|', " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A note is typed, and refused before it is sent: the store is not there to take it.
pub(crate) async fn takes_nothing(rig: &mut Rig) {
    rig.console.press("!n");
    rig.console.type_text("mine");
    rig.console.until("the refusal", |screen| words(screen).contains("nothing waits to be written")).await;
    rig.console.press("enter");
    rig.console.until("that it cannot be", |screen| screen.contains("This plan cannot be applied")).await;
    rig.console.press("esc");
}

/// The store cannot be asked: `cause` is why.
pub(crate) async fn is_away(rig: &mut Rig, cause: &str) {
    let is_said = |screen: &str| words(screen).contains("the notes, are as of") && words(screen).contains(cause);
    let screen = rig.console.until(&format!("the last word of the store with {cause:?}"), is_said).await;
    assert!(!screen.contains("all fresh"), "the header knows:\n{screen}");
    assert!(screen.contains("mori, ") && screen.contains(ALERT), "the last good word stays:\n{screen}");
    rig.console.press("?");
    assert!(rig.console.screen().contains("Keys  /"), "keys answer:\n{}", rig.console.screen());
    rig.console.press("esc");
    takes_nothing(rig).await;
}

/// The store can be asked and takes nothing: `cause` is why.
pub(crate) async fn is_refusing(rig: &mut Rig, cause: &str) {
    rig.console.press("!n");
    rig.console.say("mine").await;
    let screen =
        rig.console.until(&format!("the refusal with {cause:?}"), |screen| words(screen).contains(cause)).await;
    assert!(screen.contains("REFUSED"), "{screen}");
    rig.console.press("esc !n");
    rig.console.until("what was typed", |screen| screen.contains("is here again") && screen.contains("mine")).await;
    rig.console.press("esc");
}

/// The store is back: everything is fresh, and what was typed is there and is written.
pub(crate) async fn is_back(rig: &mut Rig) {
    rig.console.press("ctrl-r");
    rig.console.until("fresh again", |screen| screen.contains("all fresh") && !screen.contains("are as of")).await;
    rig.console.press("!n");
    rig.console.until("what was typed", |screen| screen.contains("is here again") && screen.contains("mine")).await;
    rig.console.say(", again").await;
    rig.console.until("the note", |screen| screen.contains("written down") && screen.contains("mine, again")).await;
}

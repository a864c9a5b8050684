//! The whole life of a fault of a source that is polled: the simulated server breaks, the shipped client, asserted on the drawn screen.

use std::time::Duration;

use quarterdeck::sandbox::{Fault, Sandbox};

use crate::rig::{NAMESPACE, Rig, configured, one, server};

/// The key of a source in an environment's configuration, and its address.
pub(crate) type At = fn(&Sandbox, &str) -> (&'static str, String);

/// What is polled, and how it is told to be fresh.
pub(crate) struct Polled {
    /// Where it is.
    pub(crate) server: At,
    /// How every path of it begins.
    pub(crate) path: &'static str,
    /// What it is called in sentences.
    pub(crate) kind: &'static str,
    /// The longest answer that is read.
    pub(crate) longest: &'static str,
    /// What is said of an answer that nothing is there.
    pub(crate) missing: &'static str,
    /// What else the configuration says.
    pub(crate) more: &'static str,
    /// The service of the scenario.
    pub(crate) service: &'static str,
    /// The key of its pane.
    pub(crate) pane: &'static str,
    /// What stands on a fresh screen.
    pub(crate) fresh: &'static str,
    /// What stays on an old one.
    pub(crate) stays: [&'static str; 2],
}

impl Polled {
    pub(crate) async fn rig(&self) -> Rig {
        self.rig_beside(&[]).await
    }

    /// The same with further sources beside it.
    pub(crate) async fn rig_beside(&self, others: &[At]) -> Rig {
        let mut rig = configured(one(self.service), |sandbox, folder| {
            let line = |at: &At| server(sandbox, folder, at(sandbox, NAMESPACE));
            let servers: String = std::iter::once(&self.server).chain(others).map(line).collect();
            format!("{servers}{}", self.more)
        })
        .await;
        rig.console.press(self.pane);
        rig
    }

    pub(crate) fn is_fresh(&self, screen: &str) -> bool {
        screen.contains("all fresh") && screen.contains(self.fresh)
    }

    /// Which paths a fault is of, and what the screen says of it.
    fn said(&self, fault: Fault) -> (&'static str, String) {
        let words = match fault {
            Fault::Down | Fault::Reset => "broke off",
            Fault::WrongCertificate => "certificate",
            Fault::ExpiredCertificate => "xpired",
            Fault::Hang | Fault::HangAfterHeaders | Fault::Slow => "did not answer within",
            Fault::Status(401) => "does not accept these credentials",
            Fault::Status(403) => "does not allow it",
            Fault::Status(404) => self.missing,
            Fault::Status(429) => "left alone for a while",
            Fault::Status(500) => "in trouble itself",
            Fault::Status(503) => "overloaded or starting",
            Fault::Truncated | Fault::Garbage | Fault::Html => &format!("not as {}", self.kind),
            Fault::Huge => &format!("larger than {}", self.longest),
            Fault::Status(_) | Fault::GoneInStream | Fault::NotReady | Fault::Repeated => {
                unreachable!("not one of the list")
            }
        };
        // A whole server is away, or has another certificate.
        let is_whole = matches!(fault, Fault::Down | Fault::WrongCertificate | Fault::ExpiredCertificate);
        (if is_whole { "/" } else { self.path }, words.to_owned())
    }

    /// The last good rows stay with their age, the screen says why, keys answer, and after the fault all is fresh again.
    pub(crate) async fn survives(&self, fault: Fault) {
        let (path, words) = self.said(fault);
        let mut rig = self.rig().await;
        rig.console.until("fresh at first", |screen| self.is_fresh(screen)).await;
        rig.sandbox.faults().set(path, fault);
        rig.console.press("ctrl-r");
        // An answer is waited for 20 s, and the one before may have just begun; beside other work more is lost.
        let screen = rig
            .console
            .until_within(Duration::from_secs(300), &format!("old with the cause of {fault:?}"), |screen| {
                screen.contains("What follows is") && screen.contains(&words)
            })
            .await;
        assert!(!screen.contains("all fresh"), "{fault:?}: the header knows:\n{screen}");
        assert!(self.stays.iter().all(|words| screen.contains(words)), "{fault:?}: the last good rows stay:\n{screen}");
        rig.console.press("?");
        assert!(rig.console.screen().contains("Keys  /"), "{fault:?}: keys answer:\n{}", rig.console.screen());
        rig.console.press("esc");
        rig.sandbox.faults().heal();
        rig.console.press("ctrl-r");
        rig.console.until(&format!("fresh again after {fault:?}"), |screen| self.is_fresh(screen)).await;
    }
}

/// A test for each fault every source that is polled is held to.
macro_rules! polled_faults {
    ($polled:expr) => {
        $crate::polled::polled_faults! {
            $polled;
            down: Down;
            another_certificate: WrongCertificate;
            an_expired_certificate: ExpiredCertificate;
            hanging: Hang;
            hanging_after_the_headers: HangAfterHeaders;
            slow: Slow;
            reset_in_the_body: Reset;
            truncated: Truncated;
            garbage: Garbage;
            a_web_page: Html;
            huge: Huge;
            unauthorized: Status(401);
            forbidden: Status(403);
            not_found: Status(404);
            too_many_requests: Status(429);
            internal_error: Status(500);
            unavailable: Status(503);
        }
    };
    ($polled:expr; $($name:ident: $kind:ident $(($code:literal))?;)+) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            $polled.survives(quarterdeck::sandbox::Fault::$kind $(($code))?).await;
        })+
    };
}

pub(crate) use polled_faults;

//! The store: both adapters by one suite, the shared one through faults, both under load, the shipped binary on it.

/// Each case as a test of SQLite, of PostgreSQL, and of PostgreSQL behind pgbouncer.
macro_rules! suite {
    ($($case:ident)+) => {
        $(mod $case {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                if let Some(place) = Place::new(Kind::Sqlite) { super::cases::$case(place).await }
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if let Some(place) = Place::new(Kind::Postgres) { super::cases::$case(place).await }
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn pgbouncer() {
                if let Some(place) = Place::new(Kind::Pooled) { super::cases::$case(place).await }
            }
        })+
    };
}

mod audit;
mod by_the_clock;
mod conformance;
mod crash;
mod disk;
mod drafts;
mod drawn;
mod escalation;
mod every;
mod faults;
mod incident_line;
mod incidents;
mod journals;
mod made;
mod migrate;
mod place;
mod plans;
mod processes;
mod schedule;
mod tls;

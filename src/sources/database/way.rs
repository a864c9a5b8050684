//! The way to one database.

use std::sync::Arc;

use tokio::sync::Mutex;

use super::cnpg;
use crate::config::{DeclaredDatabase, Way};
use crate::domain::database::Reading;
use crate::domain::database::tables::{More, Tables};
use crate::sources::Clock;
use crate::sources::backup::{Clusters, find};
use crate::sources::patroni::{Asked, Depth, Patroni};
use crate::sources::postgres::Server;
use crate::sources::redis::Redis;

/// What is kept between two rounds.
pub(super) struct Road {
    members: Members,
    tables: Option<Server>,
    /// What was last told of what is asked seldom.
    more: Mutex<Option<More>>,
    pinned: Option<Arc<str>>,
    clock: Clock,
}

/// How members are asked.
enum Members {
    Patroni(Patroni),
    Redis(Redis),
    CloudNativePg {
        environment: Option<Arc<str>>,
        namespace: Arc<str>,
        name: Arc<str>,
    },
    /// By the tables alone.
    Nobody,
    /// Nobody can be asked; why, as a sentence.
    Closed(&'static str),
}

impl Road {
    /// The way to a declared database. Sends nothing yet.
    pub(super) fn to(declared: &DeclaredDatabase, clock: &Clock) -> Self {
        let name = &declared.database.name;
        let pinned = declared.database.system_identifier.clone();
        let members = match &declared.way {
            Way::Patroni(servers) => Members::Patroni(Patroni::new(
                Asked { servers: servers.clone(), pinned: pinned.clone() },
                clock.clone(),
            )),
            Way::Misread => Members::Closed(
                "What was said of it cannot be understood. Correct the configuration: quarterdeck config check.",
            ),
            Way::Postgres => Members::Nobody,
            Way::Redis(settings) => Members::Redis(Redis::new(settings.clone(), clock.clone())),
            Way::CloudNativePg { namespace, name } => Members::CloudNativePg {
                environment: declared.database.environment.clone(),
                namespace: namespace.clone(),
                name: name.clone(),
            },
        };
        let key = format!("[database.{name}]");
        let tables = declared.tables.as_ref().map(|url| Server::new(url.clone(), name, &key, clock.clone()));
        Self { members, tables, more: Mutex::default(), pinned, clock: clock.clone() }
    }

    /// Asks once.
    pub(super) async fn ask(&self, depth: Depth, clusters: &Clusters) -> Result<Arc<Reading>, String> {
        match &self.members {
            Members::Patroni(patroni) => {
                let (mut reading, tables) = tokio::join!(patroni.read(depth), self.tables(depth));
                reading.tables = tables;
                Ok(Arc::new(reading))
            }
            Members::Redis(redis) => Ok(Arc::new(redis.read().await)),
            Members::CloudNativePg { environment, namespace, name } => {
                let cluster = find(clusters, environment.as_ref())?;
                let at = (self.clock)();
                let (reading, tables) =
                    tokio::join!(cnpg::ask(&*cluster, (namespace.as_ref(), name.as_ref()), at), self.tables(depth));
                Ok(Arc::new(Reading { tables, pinned: self.pinned.clone(), ..reading? }))
            }
            Members::Nobody => match self.tables(depth).await {
                Some(tables) => Ok(Arc::new(Reading::of_tables(&tables?, self.pinned.clone()))),
                None => Err("It says nowhere how it is asked.".to_owned()),
            },
            Members::Closed(why) => Err((*why).to_owned()),
        }
    }

    /// What its server tells; what is asked seldom as it was told last.
    async fn tables(&self, depth: Depth) -> Option<Result<Arc<Tables>, String>> {
        let server = self.tables.as_ref()?;
        let mut more = self.more.lock().await;
        let read = server.read(depth == Depth::Whole || more.is_none()).await;
        Some(read.map_err(|error| error.sentence).map(|mut tables| {
            match &tables.more {
                Some(newer) => *more = Some(newer.clone()),
                None => tables.more.clone_from(&more),
            }
            Arc::new(tables)
        }))
    }
}

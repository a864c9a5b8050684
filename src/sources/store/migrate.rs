//! The versions of the store's tables, embedded in the program and applied in order.

use sha2::{Digest, Sha256};

use crate::domain::store::hex;
use crate::sources::error::{SourceError, Trouble};

/// One step from a version of the tables to the next. Never changed once released: a changed one is refused.
#[derive(Debug)]
pub(super) struct Migration {
    /// The version it leads to, from 1 without a gap.
    pub(super) version: u32,
    /// Its statements.
    pub(super) sql: &'static str,
}

/// Those of PostgreSQL.
pub(super) const POSTGRES: &[Migration] = &[
    Migration { version: 1, sql: include_str!("../../../assets/migrations/postgres/0001-store.sql") },
    Migration { version: 2, sql: include_str!("../../../assets/migrations/postgres/0002-notes.sql") },
];

/// Those of SQLite.
pub(super) const SQLITE: &[Migration] = &[
    Migration { version: 1, sql: include_str!("../../../assets/migrations/sqlite/0001-store.sql") },
    Migration { version: 2, sql: include_str!("../../../assets/migrations/sqlite/0002-notes.sql") },
];

impl Migration {
    /// What it must be wherever it was applied.
    pub(super) fn digest(&self) -> String {
        hex(Sha256::digest(self.sql.as_bytes()).as_slice())
    }
}

/// The migrations that are still to be applied, given the versions and digests that were.
///
/// # Errors
/// When the store was migrated by a newer program, or its tables come from other statements than ours.
pub(super) fn missing<'m>(all: &'m [Migration], applied: &[(u64, String)]) -> Result<&'m [Migration], SourceError> {
    for (place, (version, digest)) in applied.iter().enumerate() {
        let Some(known) = all.get(place) else {
            let newest = all.last().map_or(0, |migration| migration.version);
            return Err(SourceError::new(
                Trouble::Setup,
                format!(
                    "the store's tables are of version {version} and this console knows up to {newest}: it was migrated by a newer Quarterdeck. Update this console."
                ),
            ));
        };
        if u64::from(known.version) != *version || known.digest() != *digest {
            return Err(SourceError::new(
                Trouble::Setup,
                format!(
                    "version {version} of the store's tables was made by other statements than this console's: it is not used. Give Quarterdeck a database of its own."
                ),
            ));
        }
    }
    Ok(all.get(applied.len()..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_count_from_one_in_both() {
        for all in [POSTGRES, SQLITE] {
            let versions: Vec<u32> = all.iter().map(|migration| migration.version).collect();
            assert_eq!(versions, (1..=u32::try_from(all.len()).unwrap_or(0)).collect::<Vec<_>>());
        }
        assert_eq!(POSTGRES.len(), SQLITE.len(), "both have the same versions");
    }

    #[test]
    fn a_newer_store_and_a_stranger_are_refused() {
        let known: Vec<(u64, String)> = (1..).zip(POSTGRES).map(|(version, one)| (version, one.digest())).collect();
        assert_eq!(missing(POSTGRES, &[]).map(<[_]>::len), Ok(POSTGRES.len()));
        assert_eq!(missing(POSTGRES, &known[..1]).map(|rest| rest[0].version), Ok(2), "what is missing, no more");
        assert_eq!(missing(POSTGRES, &known).map(<[_]>::len), Ok(0));
        let mut newer = known.clone();
        newer.push((u64::try_from(newer.len()).expect("a few") + 1, "x".to_owned()));
        assert!(missing(POSTGRES, &newer).is_err_and(|error| error.sentence.contains("newer Quarterdeck")));
        let stranger = vec![(1, "x".to_owned())];
        assert!(missing(POSTGRES, &stranger).is_err_and(|error| error.sentence.contains("other statements")));
    }
}

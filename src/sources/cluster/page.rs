//! Pages of a list and lines of a watch, decoded from borrowed bytes.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::trouble::Status;
use super::wire::Wire;

/// One page of a list.
pub(super) struct Page<T> {
    /// The items that could be read.
    pub(super) items: Vec<T>,
    /// How many could not.
    pub(super) unreadable: usize,
    /// Where to go on; `None` on the last page.
    pub(super) next: Option<String>,
    /// From where to watch.
    pub(super) version: String,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct ListMeta<'a> {
    #[serde(borrow)]
    resource_version: Cow<'a, str>,
    #[serde(borrow, rename = "continue")]
    next: Cow<'a, str>,
}

#[derive(Deserialize)]
struct List<'a, T> {
    // Any JSON object would read as an empty list: the kind tells a list from garbage.
    #[serde(borrow, default)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    metadata: ListMeta<'a>,
    items: Option<Vec<T>>,
}

/// Decodes a page, turning each item into a row at once; an item that cannot be read costs only itself.
///
/// # Errors
/// When the bytes are no list at all.
pub(super) fn read<'a, W: Wire<'a>, T>(
    bytes: &'a [u8],
    mut keep: impl FnMut(&W) -> T,
) -> Result<Page<T>, serde_json::Error> {
    let mut unreadable = 0;
    let (kind, metadata, items) = match serde_json::from_slice::<List<'a, W>>(bytes) {
        Ok(List { kind, metadata, items }) => (kind, metadata, items.iter().flatten().map(&mut keep).collect()),
        Err(_) => {
            let list: List<'a, &'a RawValue> = serde_json::from_slice(bytes)?;
            let items = list.items.unwrap_or_default();
            let readable = items.iter().filter_map(|raw| serde_json::from_str::<W>(raw.get()).ok());
            let kept: Vec<T> = readable.map(|item| keep(&item)).collect();
            unreadable = items.len() - kept.len();
            (list.kind, list.metadata, kept)
        }
    };
    if !kind.ends_with("List") {
        return Err(serde::de::Error::custom(format_args!("expected a list, found {kind:?}")));
    }
    let next = Some(metadata.next.into_owned()).filter(|next| !next.is_empty());
    Ok(Page { items, unreadable, next, version: metadata.resource_version.into_owned() })
}

/// One line of a watch.
pub(super) enum Line<W> {
    /// ADDED or MODIFIED.
    Upsert(W),
    /// DELETED.
    Delete(W),
    /// BOOKMARK: the version to go on from.
    Bookmark(String),
    /// ERROR with what the server says.
    Error(Status),
    /// Not understood; skipped.
    Unreadable,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    object: &'a RawValue,
}

#[derive(Deserialize)]
struct BookmarkObject<'a> {
    #[serde(borrow)]
    metadata: ListMeta<'a>,
}

/// Whether one version of a resource is known to be earlier than another: versions that are no numbers cannot be compared.
pub(super) fn is_before(version: &str, other: &str) -> bool {
    let number = |version: &str| version.parse::<u64>().ok();
    number(version).zip(number(other)).is_some_and(|(version, other)| version < other)
}

/// How far a watch has come: the version to go on from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place(pub(super) String);

impl Place {
    /// Moves to an object that is new or changed; `false` where it was told before, by a server or a proxy that repeats itself.
    pub(super) fn take(&mut self, version: &str) -> bool {
        let is_known = self.0 == version && !version.is_empty() || is_before(version, &self.0);
        if !is_known {
            version.clone_into(&mut self.0);
        }
        !is_known
    }

    /// Moves to an object that is gone. Old servers tell the version it had last, which may be behind.
    pub(super) fn pass(&mut self, version: &str) {
        if !is_before(version, &self.0) {
            version.clone_into(&mut self.0);
        }
    }

    /// Moves to where the server says it is; `false` where that is behind us, and so another world.
    pub(super) fn mark(&mut self, version: String) -> bool {
        let is_ahead = !is_before(&version, &self.0);
        if is_ahead {
            self.0 = version;
        }
        is_ahead
    }
}

/// Decodes one line of a watch.
///
/// # Errors
/// When the line is no watch event at all.
pub(super) fn line<'a, W: Wire<'a>>(bytes: &'a [u8]) -> Result<Line<W>, serde_json::Error> {
    let event: Event<'a> = serde_json::from_slice(bytes)?;
    let object = event.object.get();
    Ok(match event.kind.as_ref() {
        "ADDED" | "MODIFIED" => serde_json::from_str(object).map_or(Line::Unreadable, Line::Upsert),
        "DELETED" => serde_json::from_str(object).map_or(Line::Unreadable, Line::Delete),
        "BOOKMARK" => {
            let bookmark: BookmarkObject<'_> = serde_json::from_str(object)?;
            Line::Bookmark(bookmark.metadata.resource_version.into_owned())
        }
        "ERROR" => Line::Error(serde_json::from_str(object).unwrap_or_default()),
        _ => Line::Unreadable,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::cluster::wire::{WireDeployment, WirePod};

    #[test]
    fn one_odd_item_costs_only_itself() -> Result<(), serde_json::Error> {
        let bytes = br#"{"kind":"PodList","metadata":{"resourceVersion":"7","continue":"x"},"items":[{"metadata":{"name":"a"}},{"metadata":{"name":3}}]}"#;
        let page = read(bytes, |pod: &WirePod<'_>| pod.metadata.name.to_string())?;
        assert_eq!(
            (page.items, page.unreadable, page.next.as_deref(), page.version.as_str()),
            (vec!["a".to_owned()], 1, Some("x"), "7")
        );
        Ok(())
    }

    #[test]
    fn a_watch_goes_on_from_where_it_came_to_and_never_backwards() {
        let mut place = Place("9".into());
        assert!(place.take("10") && place == Place("10".into()), "numbers, not letters");
        assert!(!place.take("10") && !place.take("9"), "told before");
        place.pass("8");
        assert_eq!(place, Place("10".into()), "the version a deleted object had last");
        place.pass("12");
        assert!(place.mark("12".into()) && place.mark("40".into()) && place == Place("40".into()));
        assert!(!place.mark("39".into()) && place == Place("40".into()), "a server behind us knows another world");
        let mut opaque = Place("a".into());
        assert!(opaque.take("b") && opaque.mark("a".into()), "what is no number cannot be compared");
        assert!(is_before("9", "10") && !is_before("10", "10") && !is_before("x", "10"));
    }

    #[test]
    fn garbage_is_not_an_empty_list() {
        assert!(read(b"<html>", |pod: &WirePod<'_>| pod.metadata.name.to_string()).is_err());
        assert!(
            read(br#"{"kind":"Status","metadata":{}}"#, |pod: &WirePod<'_>| pod.metadata.name.to_string()).is_err()
        );
    }

    #[test]
    fn an_error_line_carries_its_code() -> Result<(), serde_json::Error> {
        let bytes = br#"{"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old"}}"#;
        assert!(
            matches!(line::<WireDeployment<'_>>(bytes)?, Line::Error(status) if status.message == "too old" && status.asks_to_start_over())
        );
        Ok(())
    }
}

//! Pages of a list and lines of a watch, decoded from borrowed bytes.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

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
    /// ERROR with its code; 410 asks for a new list.
    Error(u16, String),
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
        "ERROR" => {
            let status: super::trouble::Status = serde_json::from_str(object).unwrap_or_default();
            Line::Error(status.code, status.message)
        }
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
    fn garbage_is_not_an_empty_list() {
        assert!(read(b"<html>", |pod: &WirePod<'_>| pod.metadata.name.to_string()).is_err());
        assert!(
            read(br#"{"kind":"Status","metadata":{}}"#, |pod: &WirePod<'_>| pod.metadata.name.to_string()).is_err()
        );
    }

    #[test]
    fn an_error_line_carries_its_code() -> Result<(), serde_json::Error> {
        let bytes = br#"{"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old"}}"#;
        assert!(matches!(line::<WireDeployment<'_>>(bytes)?, Line::Error(410, message) if message == "too old"));
        Ok(())
    }
}

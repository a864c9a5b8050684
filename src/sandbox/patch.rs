//! The three patches of the API.

use serde_json::{Map, Value};

/// Why a patch cannot be applied: the HTTP code and the server's words.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused(pub(super) u16, pub(super) String);

/// JSON Patch, with the server's own habits: `test` for null passes on an absent field, and a failed test is a vague 422.
pub(super) fn json_patch(object: &mut Value, operations: &Value) -> Result<(), Refused> {
    let bad = |words: &str| Refused(400, words.to_owned());
    for operation in operations.as_array().ok_or_else(|| bad("a JSON patch is a list"))? {
        let text = |key: &str| operation.get(key).and_then(Value::as_str);
        let path = text("path").ok_or_else(|| bad("an operation needs a path"))?;
        let value = || operation.get("value").cloned().unwrap_or(Value::Null);
        let rejected = || Refused(422, "the server rejected our request due to an error in our request".to_owned());
        match text("op").unwrap_or_default() {
            "test" => {
                if object.pointer(path).unwrap_or(&Value::Null) != &value() {
                    return Err(rejected());
                }
            }
            "add" => insert(object, path, value(), true).ok_or_else(rejected)?,
            "replace" => {
                object.pointer(path).ok_or_else(rejected)?;
                insert(object, path, value(), false).ok_or_else(rejected)?;
            }
            "remove" => remove(object, path).ok_or_else(rejected)?,
            other => return Err(bad(&format!("the operation {other:?} is not known"))),
        }
    }
    Ok(())
}

fn split(path: &str) -> Option<(&str, String)> {
    let (parent, last) = path.rsplit_once('/')?;
    Some((parent, last.replace("~1", "/").replace("~0", "~")))
}

fn insert(object: &mut Value, path: &str, value: Value, is_add: bool) -> Option<()> {
    let (parent, last) = split(path)?;
    match object.pointer_mut(parent)? {
        Value::Object(members) => {
            members.insert(last, value);
        }
        Value::Array(items) if last == "-" => items.push(value),
        Value::Array(items) => {
            let at: usize = last.parse().ok()?;
            if is_add && at <= items.len() {
                items.insert(at, value);
            } else {
                *items.get_mut(at)? = value;
            }
        }
        _ => return None,
    }
    Some(())
}

fn remove(object: &mut Value, path: &str) -> Option<()> {
    let (parent, last) = split(path)?;
    match object.pointer_mut(parent)? {
        Value::Object(members) => members.remove(&last).map(|_| ()),
        Value::Array(items) => {
            let at: usize = last.parse().ok()?;
            (at < items.len()).then(|| drop(items.remove(at)))
        }
        _ => None,
    }
}

/// Merge patch: objects are merged, null removes, everything else replaces.
pub(super) fn merge_patch(object: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *object = patch.clone();
        return;
    };
    let mut members = taken_members(object);
    for (key, change) in changes {
        if change.is_null() {
            members.remove(key);
        } else {
            merge_patch(members.entry(key.clone()).or_insert(Value::Null), change);
        }
    }
    *object = Value::Object(members);
}

/// Strategic merge patch: as a merge patch, but lists of named things are merged by name.
pub(super) fn strategic_patch(object: &mut Value, patch: &Value) {
    match patch {
        Value::Object(changes) => {
            if changes.get("$patch").and_then(Value::as_str) == Some("replace") {
                let mut whole = changes.clone();
                whole.remove("$patch");
                *object = Value::Object(whole);
                return;
            }
            let mut members = taken_members(object);
            for (key, change) in changes.iter().filter(|(key, _)| !key.starts_with('$')) {
                if change.is_null() {
                    members.remove(key);
                } else {
                    strategic_patch(members.entry(key.clone()).or_insert(Value::Null), change);
                }
            }
            *object = Value::Object(members);
        }
        Value::Array(changes) if changes.iter().all(|change| merge_key(change).is_some()) && !changes.is_empty() => {
            let mut items = match std::mem::take(object) {
                Value::Array(items) => items,
                _ => Vec::new(),
            };
            for change in changes {
                merge_item(&mut items, change);
            }
            *object = Value::Array(items);
        }
        other => *object = other.clone(),
    }
}

fn merge_item(items: &mut Vec<Value>, change: &Value) {
    let Some((key, name)) = merge_key(change) else { return };
    let place = items.iter().position(|item| item.get(key) == Some(name));
    let is_delete = change.get("$patch").and_then(Value::as_str) == Some("delete");
    match (place, is_delete) {
        (Some(place), true) => drop(items.remove(place)),
        (Some(place), false) => strategic_patch(&mut items[place], change),
        (None, true) => {}
        (None, false) => items.push(change.clone()),
    }
}

/// The members of an object, taken out of it; none when it is no object.
fn taken_members(object: &mut Value) -> Map<String, Value> {
    match std::mem::take(object) {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// What tells the entries of a list apart.
fn merge_key(item: &Value) -> Option<(&'static str, &Value)> {
    ["name", "type", "containerPort"].into_iter().find_map(|key| Some((key, item.get(key)?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_failed_test_is_a_vague_422_and_null_fits_an_absent_field() {
        let mut object = json!({"metadata": {"uid": "a"}});
        let refused = json_patch(&mut object, &json!([{"op": "test", "path": "/metadata/uid", "value": "b"}]));
        assert_eq!(refused.map_err(|refused| refused.0), Err(422));
        assert_eq!(
            json_patch(
                &mut object,
                &json!([{"op": "test", "path": "/metadata/x", "value": null}, {"op": "add", "path": "/metadata/a~1b", "value": 1}])
            ),
            Ok(())
        );
        assert_eq!(object["metadata"]["a/b"], 1);
        assert!(json_patch(&mut object, &json!([{"op": "add", "path": "/no/where", "value": 1}])).is_err());
    }

    #[test]
    fn containers_are_merged_by_name() {
        let mut object = json!({"spec": {"containers": [{"name": "api", "image": "a:1", "env": [{"name": "X", "value": "1"}]}, {"name": "log", "image": "l:1"}]}});
        strategic_patch(
            &mut object,
            &json!({"spec": {"$setElementOrder/containers": [{"name": "api"}], "containers": [{"name": "api", "image": "a:2"}]}}),
        );
        assert_eq!(
            object["spec"]["containers"][0],
            json!({"name": "api", "image": "a:2", "env": [{"name": "X", "value": "1"}]})
        );
        assert_eq!(object["spec"]["containers"][1]["image"], "l:1");
    }

    #[test]
    fn null_removes() {
        let mut object = json!({"spec": {"paused": true, "replicas": 1}});
        merge_patch(&mut object, &json!({"spec": {"paused": null}}));
        assert_eq!(object, json!({"spec": {"replicas": 1}}));
    }
}

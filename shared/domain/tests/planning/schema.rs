//! The leaves of the settings' JSON Schema, found by walking it: a leaf is a place where a value stands.

use serde_json::Value;

/// Every leaf as a path: names joined by `/`, `[]` for the items of a list. A definition that holds itself (a filter inside a
/// filter) is entered once on each path, and is a leaf
/// where it comes again.
pub(crate) fn leaves(schema: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk(schema, schema, String::new(), &mut Vec::new(), &mut found);
    found.sort();
    found.dedup();
    found
}

/// The leaves that are marked as acting on the reading of an order rather than on its planning.
pub(crate) fn acting_on_reading(schema: &Value) -> Vec<String> {
    let mut found = Vec::new();
    marked(schema, schema, String::new(), &mut Vec::new(), &mut found);
    found.sort();
    found.dedup();
    found
}

fn marked(root: &Value, node: &Value, path: String, entered: &mut Vec<String>, found: &mut Vec<String>) {
    if node.get("x-acts-on").and_then(Value::as_str) == Some("reading") {
        let mut inner = Vec::new();
        walk(root, node, path, entered, &mut inner);
        found.extend(inner);
        return;
    }
    if let Some(reference) = node.get("$ref").and_then(Value::as_str)
        && !entered.iter().any(|known| known == reference)
    {
        let target = root.pointer(reference.trim_start_matches('#')).expect("the reference leads somewhere");
        entered.push(reference.to_owned());
        marked(root, target, path.clone(), entered, found);
        entered.pop();
    }
    for (name, part) in node.get("properties").and_then(Value::as_object).into_iter().flatten() {
        marked(root, part, format!("{path}/{name}"), entered, found);
    }
}

fn walk(root: &Value, node: &Value, path: String, entered: &mut Vec<String>, found: &mut Vec<String>) {
    if let Some(reference) = node.get("$ref").and_then(Value::as_str) {
        if entered.iter().any(|known| known == reference) {
            found.push(path);
            return;
        }
        let target = root.pointer(reference.trim_start_matches('#')).expect("the reference leads somewhere");
        entered.push(reference.to_owned());
        walk(root, target, path, entered, found);
        entered.pop();
        return;
    }
    let mut inner = false;
    for keyword in ["anyOf", "oneOf", "allOf"] {
        for part in node.get(keyword).and_then(Value::as_array).into_iter().flatten() {
            inner = true;
            walk(root, part, path.clone(), entered, found);
        }
    }
    for (name, part) in node.get("properties").and_then(Value::as_object).into_iter().flatten() {
        inner = true;
        walk(root, part, format!("{path}/{name}"), entered, found);
    }
    if let Some(items) = node.get("items") {
        inner = true;
        walk(root, items, format!("{path}[]"), entered, found);
    }
    if let Some(values) = node.get("additionalProperties").filter(|values| values.is_object()) {
        inner = true;
        walk(root, values, format!("{path}/*"), entered, found);
    }
    let nothing = node.get("type").and_then(Value::as_str) == Some("null");
    if !inner && !nothing {
        found.push(path);
    }
}

/// All values that stand at a leaf's path in a file.
pub(crate) fn values_at<'a>(file: &'a Value, path: &str) -> Vec<&'a Value> {
    let mut nodes = vec![file];
    for step in path.split('/').filter(|step| !step.is_empty()) {
        let (name, lists) =
            step.split_once("[]").map_or((step, 0), |(name, rest)| (name, 1 + rest.matches("[]").count()));
        nodes = nodes.into_iter().filter_map(|node| node.get(name)).collect();
        for _ in 0..lists {
            nodes = nodes.into_iter().filter_map(Value::as_array).flatten().collect();
        }
    }
    nodes
}

//! The merchant's file as it is stored, and read by another version of Bogbro than the one that stored it.
//!
//! What is stored is whole: a default that changes later changes nothing for a merchant whose file was put before. But a version before,
//! which a rollback brings back, lacks settings that the newer one has, and must not guess at them. So it is stored beside the whole
//! file what the merchant *says*, which is where it differs from the defaults. A setting that this version lacks is passed over as long as
//! the merchant says nothing of it; else the file is refused.

use serde_json::Value;

use super::merchant::MerchantFile;

impl MerchantFile {
    /// What the file says beside the defaults: the shortest form that reads as the same file.
    pub fn said(&self) -> Value {
        let mut said = serde_json::to_value(self).unwrap_or_default();
        let mut places = vec![String::new()];
        while let Some(place) = places.pop() {
            for key in keys(&said, &place) {
                let child = format!("{place}/{}", key.replace('~', "~0").replace('/', "~1"));
                let mut without = said.clone();
                let removed = match without.pointer_mut(&place) {
                    Some(Value::Object(fields)) => fields.remove(&key).is_some(),
                    _ => false,
                };
                if removed
                    && serde_json::from_value(without.clone()).is_ok_and(|read: MerchantFile| read == *self)
                {
                    said = without;
                } else {
                    places.push(child);
                }
            }
        }
        said
    }

    /// Reads what is stored: the whole file, and what it says where that is stored, too. `None`: it says what this version does not know,
    /// or is no file.
    pub fn read_stored(whole: &[u8], said: Option<&[u8]>) -> Option<MerchantFile> {
        serde_json::from_slice(whole).ok().or_else(|| {
            let said: MerchantFile = serde_json::from_slice(said?).ok()?;
            let mut known: Value = serde_json::from_slice(whole).ok()?;
            keep_known(&mut known, &serde_json::to_value(said).ok()?);
            serde_json::from_value(known).ok()
        })
    }
}

/// Names of the fields, or numbers of the elements, at a place.
fn keys(value: &Value, place: &str) -> Vec<String> {
    match value.pointer(place) {
        Some(Value::Object(fields)) => fields.keys().cloned().collect(),
        Some(Value::Array(elements)) => (0..elements.len()).map(|number| number.to_string()).collect(),
        _ => Vec::new(),
    }
}

/// Takes out the fields that what is known does not have.
fn keep_known(value: &mut Value, known: &Value) {
    match (value, known) {
        (Value::Object(fields), Value::Object(known)) => {
            fields.retain(|name, _| known.contains_key(name));
            for (name, field) in fields {
                keep_known(field, &known[name]);
            }
        }
        (Value::Array(elements), Value::Array(known)) => {
            elements.iter_mut().zip(known).for_each(|(element, known)| keep_known(element, known));
        }
        _ => {}
    }
}

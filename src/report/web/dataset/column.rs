//! One value per row, written short.

use std::collections::HashMap;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

/// Values of one field over all rows. Where they repeat, each is written once and the rows name it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Column(Vec<Value>);

impl Column {
    /// How many rows it has.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has no row.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One more row.
    pub fn push(&mut self, value: impl Into<Value>) {
        self.0.push(value.into());
    }

    /// Empty rows up to `len`.
    pub fn pad(&mut self, len: usize) {
        if self.0.len() < len {
            self.0.resize(len, Value::Null);
        }
    }

    /// Whether no row has a value.
    pub fn is_blank(&self) -> bool {
        self.0.iter().all(Value::is_null)
    }

    /// The value of a row.
    pub fn get(&self, row: usize) -> &Value {
        self.0.get(row).unwrap_or(&Value::Null)
    }
}

impl Serialize for Column {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut values: Vec<&Value> = Vec::new();
        let mut at: Vec<usize> = Vec::with_capacity(self.0.len());
        for value in &self.0 {
            let next = values.len();
            let number = *known.entry(value.to_string()).or_insert(next);
            if number == next {
                values.push(value);
            }
            at.push(number);
            if values.len() > 16 && values.len() * 2 > at.len().max(64) {
                return self.0.serialize(serializer);
            }
        }
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("d", &values)?;
        if let [_] = values.as_slice() {
            map.serialize_entry("n", &at.len())?;
        } else {
            map.serialize_entry("i", &at)?;
        }
        map.end()
    }
}

//! Reading the fields of a row. What identifies a thing and what decides about access must be as promised, or the answer
//! cannot be read and the sync ends: a row that is skipped would look like access that nobody has. Every other field
//! may be of any type: a number or a truth where text belongs is kept as text, what cannot be kept is left out and noted
//! as [`Odd`].
//!
//! | reader | takes | anything else |
//! | --- | --- | --- |
//! | [`id`], [`id_or_none`], [`ids`] | whole numbers, texts | ends the sync |
//! | [`word`], [`switch`] | text, truth | ends the sync |
//! | [`name`] | text, number, truth | ends the sync |
//! | [`parts`], [`part`], [`privileges`] | objects | ends the sync |
//! | [`held()`] | objects, or one text in another field | ends the sync |
//! | [`text`], [`time`], [`flag`], [`number`], [`loose_id`], [`loose_ids`], [`loose_part`], [`loose_parts`], [`second_id()`], [`addresses`], [`free`] | what they are, or can be kept as | is left out |
//!
//! Null and a field that is not there are the same everywhere; an id that a row must have is neither.

mod held;
mod second;

use std::collections::BTreeMap;

use serde_json::value::RawValue;

pub(crate) use self::held::held;
pub(crate) use self::second::second_id;
use super::decode::Undecodable;
use super::json::{Pairs, Shape, elements, mended};
use super::odd::{Matter, Odd};
use super::time::timestamp;

/// Longest id that is believed to be one, in bytes.
const LONGEST_ID: usize = 255;

/// Something that is read from an object.
pub trait Part: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// A field that must be readable is not.
    fn read(fields: &mut Fields<'_>) -> Result<Self, Undecodable>;
}

/// An object of an answer while it is read.
pub struct Fields<'j> {
    path: String,
    pairs: Vec<(String, &'j RawValue)>,
    odd: Vec<Odd>,
}

/// Reads the object `raw`, which stands at `path`.
pub(crate) fn object<T: Part>(raw: &str, path: &str) -> Result<T, Undecodable> {
    within(raw, path, &mut Vec::new())
}

fn within<T: Part>(raw: &str, path: &str, odd: &mut Vec<Odd>) -> Result<T, Undecodable> {
    let wrong = |message: String| unreadable(if path.is_empty() { "." } else { path }, message);
    if Shape::of(raw) != Shape::Object {
        return Err(wrong(expected(raw, "an object")));
    }
    let whole;
    let mut damaged = false;
    let pairs = match serde_json::from_str::<Pairs<'_>>(raw) {
        Ok(pairs) => pairs,
        // Half a character in the name of a field.
        Err(_) => {
            whole = mended(raw);
            damaged = true;
            serde_json::from_str(&whole).map_err(|error| wrong(error.to_string()))?
        }
    };
    let mut fields = Fields {
        path: path.to_owned(),
        pairs: pairs.0,
        odd: Vec::new(),
    };
    if damaged {
        fields.note(Matter::Half, path.to_owned(), "damaged");
    }
    let read = T::read(&mut fields)?;
    odd.append(&mut fields.odd);
    Ok(read)
}

fn unreadable(path: &str, message: String) -> Undecodable {
    Undecodable {
        path: path.to_owned(),
        message,
        cut_off: false,
    }
}

fn expected(raw: &str, wanted: &str) -> String {
    format!("invalid type: {}, expected {wanted}", Shape::of(raw).words())
}

impl<'j> Fields<'j> {
    fn path_of(&self, name: &str) -> String {
        match self.path.as_str() {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        }
    }

    /// The value of a field, null too. Which of two would count is not known.
    fn raw(&self, name: &str) -> Result<Option<&'j str>, Undecodable> {
        let mut found = self.pairs.iter().filter(|(key, _)| key == name);
        let first = found.next().map(|(_, raw)| raw.get());
        match found.next() {
            None => Ok(first),
            Some(_) => Err(unreadable(&self.path_of(name), format!("duplicate field `{name}`"))),
        }
    }

    /// The value of a field that is there and not null.
    fn value(&self, name: &str) -> Result<Option<&'j str>, Undecodable> {
        Ok(self.raw(name)?.filter(|raw| Shape::of(raw) != Shape::Null))
    }

    fn wrong(&self, name: &str, raw: &str, wanted: &str) -> Undecodable {
        unreadable(&self.path_of(name), expected(raw, wanted))
    }

    fn note(&mut self, matter: Matter, path: String, met: &str) {
        self.odd.push(Odd {
            matter,
            path,
            met: met.to_owned(),
        });
    }

    fn leave_out(&mut self, name: &str, raw: &str) {
        self.note(Matter::LeftOut, self.path_of(name), Shape::of(raw).words());
    }

    /// A JSON text, with half characters mended.
    fn string(&mut self, path: &str, raw: &str) -> Result<String, Undecodable> {
        if let Ok(text) = serde_json::from_str(raw) {
            return Ok(text);
        }
        let text = serde_json::from_str(&mended(raw)).map_err(|error| unreadable(path, error.to_string()))?;
        self.note(Matter::Half, path.to_owned(), "damaged");
        Ok(text)
    }
}

/// What was odd about the fields that were read before.
pub(crate) fn odd(fields: &mut Fields<'_>, _: &str) -> Result<Vec<Odd>, Undecodable> {
    Ok(std::mem::take(&mut fields.odd))
}

/// An id: a whole number that is not negative, or a text without white space. Nothing else can name a thing.
fn sane_id(raw: &str) -> Result<String, String> {
    const WANTED: &str = "an id (an integer or a text)";
    let text = match Shape::of(raw) {
        Shape::Number if raw.bytes().all(|b| b.is_ascii_digit()) => raw.to_owned(),
        Shape::Number => return Err(format!("invalid value: {raw}, expected {WANTED}")),
        Shape::Text => serde_json::from_str(raw).map_err(|error| error.to_string())?,
        _ => return Err(expected(raw, WANTED)),
    };
    match text.as_str() {
        "" => Err("an id is empty".to_owned()),
        text if text.len() > LONGEST_ID => Err(format!("an id is longer than {LONGEST_ID} bytes")),
        text if text.starts_with('-') || text.contains(|c: char| c.is_whitespace() || c.is_control()) => {
            Err(format!("invalid value: {raw}, expected {WANTED}"))
        }
        _ => Ok(text),
    }
}

/// The id of a row.
pub(crate) fn id<T: From<String>>(fields: &mut Fields<'_>, name: &str) -> Result<T, Undecodable> {
    match fields.raw(name)? {
        Some(raw) => sane_id(raw)
            .map(T::from)
            .map_err(|why| unreadable(&fields.path_of(name), why)),
        None => Err(unreadable(
            if fields.path.is_empty() { "." } else { &fields.path },
            format!("missing field `{name}`"),
        )),
    }
}

/// An id that decides about access and may be missing.
pub(crate) fn id_or_none<T: From<String>>(fields: &mut Fields<'_>, name: &str) -> Result<Option<T>, Undecodable> {
    fields
        .value(name)?
        .map(|raw| sane_id(raw).map(T::from))
        .transpose()
        .map_err(|why| unreadable(&fields.path_of(name), why))
}

/// A list of ids; null is an empty one.
pub(crate) fn ids<T: From<String>>(fields: &mut Fields<'_>, name: &str) -> Result<Vec<T>, Undecodable> {
    let mut found = Vec::new();
    for (path, raw) in list(fields, name, "a sequence of ids")? {
        found.push(sane_id(raw).map(T::from).map_err(|why| unreadable(&path, why))?);
    }
    Ok(found)
}

/// An id that only informs.
pub(crate) fn loose_id<T: From<String>>(fields: &mut Fields<'_>, name: &str) -> Result<Option<T>, Undecodable> {
    let Some(raw) = fields.value(name)? else {
        return Ok(None);
    };
    let id = sane_id(raw).ok();
    if id.is_none() {
        fields.leave_out(name, raw);
    }
    Ok(id.map(T::from))
}

/// A text that decides about access.
pub(crate) fn word(fields: &mut Fields<'_>, name: &str) -> Result<Option<String>, Undecodable> {
    match fields.value(name)? {
        None => Ok(None),
        Some(raw) if Shape::of(raw) == Shape::Text => fields.string(&fields.path_of(name), raw).map(Some),
        Some(raw) => Err(fields.wrong(name, raw, "a text")),
    }
}

/// What rows call a thing: nobody could be matched with it otherwise.
pub(crate) fn name(fields: &mut Fields<'_>, name: &str) -> Result<Option<String>, Undecodable> {
    match fields.value(name)? {
        None => Ok(None),
        Some(raw) => match scalar(fields, name, raw)? {
            None => Err(fields.wrong(name, raw, "a text")),
            text => Ok(text),
        },
    }
}

/// A text that informs.
pub(crate) fn text(fields: &mut Fields<'_>, name: &str) -> Result<Option<String>, Undecodable> {
    let Some(raw) = fields.value(name)? else {
        return Ok(None);
    };
    let text = scalar(fields, name, raw)?;
    if text.is_none() {
        fields.leave_out(name, raw);
    }
    Ok(text)
}

/// A text, or a number or truth as it was written.
fn scalar(fields: &mut Fields<'_>, name: &str, raw: &str) -> Result<Option<String>, Undecodable> {
    Ok(match Shape::of(raw) {
        Shape::Text => Some(fields.string(&fields.path_of(name), raw)?),
        Shape::Number | Shape::Flag => Some(raw.to_owned()),
        Shape::Null | Shape::List | Shape::Object => None,
    })
}

/// A time. It stays as it was written; one that nobody can read is noted.
pub(crate) fn time(fields: &mut Fields<'_>, name: &str) -> Result<Option<String>, Undecodable> {
    let written = text(fields, name)?.filter(|text| !text.trim().is_empty());
    if let Some(text) = &written
        && timestamp(text).is_none()
    {
        const SHOWN: usize = 40;
        let shown: String = text.chars().take(SHOWN).collect();
        fields.note(Matter::Time, fields.path_of(name), &format!("{shown:?}"));
    }
    Ok(written)
}

fn truth(fields: &Fields<'_>, name: &str) -> Result<Option<Result<bool, String>>, Undecodable> {
    Ok(fields.value(name)?.map(|raw| {
        // The API writes some as text (`workato/api.md 3.5`).
        match raw.trim_matches('"').to_ascii_lowercase().as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(raw.to_owned()),
        }
    }))
}

/// A truth that decides about access.
pub(crate) fn switch(fields: &mut Fields<'_>, name: &str) -> Result<Option<bool>, Undecodable> {
    match truth(fields, name)? {
        None => Ok(None),
        Some(Ok(value)) => Ok(Some(value)),
        Some(Err(raw)) => Err(fields.wrong(name, &raw, "true or false")),
    }
}

/// A truth that informs.
pub(crate) fn flag(fields: &mut Fields<'_>, name: &str) -> Result<Option<bool>, Undecodable> {
    Ok(match truth(fields, name)? {
        None => None,
        Some(Ok(value)) => Some(value),
        Some(Err(raw)) => {
            fields.leave_out(name, &raw);
            None
        }
    })
}

/// A whole number, perhaps as text.
pub(crate) fn number(fields: &mut Fields<'_>, name: &str) -> Result<Option<i64>, Undecodable> {
    let Some(raw) = fields.value(name)? else {
        return Ok(None);
    };
    let number = raw.trim_matches('"').trim().parse().ok();
    if number.is_none() {
        fields.leave_out(name, raw);
    }
    Ok(number)
}

/// The elements of a list with their paths; null is an empty one.
fn list<'j>(fields: &Fields<'j>, name: &str, wanted: &str) -> Result<Vec<(String, &'j str)>, Undecodable> {
    let Some(raw) = fields.value(name)? else {
        return Ok(Vec::new());
    };
    if Shape::of(raw) != Shape::List {
        return Err(fields.wrong(name, raw, wanted));
    }
    let path = fields.path_of(name);
    let all = elements(raw).map_err(|why| unreadable(&path, why))?;
    let places = all.into_iter().enumerate();
    Ok(places.map(|(at, raw)| (format!("{path}[{at}]"), raw.get())).collect())
}

/// Objects that decide about access; null is none.
pub(crate) fn parts<T: Part>(fields: &mut Fields<'_>, name: &str) -> Result<Vec<T>, Undecodable> {
    let mut found = Vec::new();
    for (path, raw) in list(fields, name, "a sequence of objects")? {
        found.push(within(raw, &path, &mut fields.odd)?);
    }
    Ok(found)
}

/// Ids of which nothing is known where they cannot be read: that is not the same as none.
pub(crate) fn loose_ids<T: From<String>>(fields: &mut Fields<'_>, name: &str) -> Result<Option<Vec<T>>, Undecodable> {
    loosely(fields, name, ids)
}

/// Objects of which nothing is known where they cannot be read: that is not the same as none.
pub(crate) fn loose_parts<T: Part>(fields: &mut Fields<'_>, name: &str) -> Result<Option<Vec<T>>, Undecodable> {
    loosely(fields, name, parts)
}

fn loosely<'j, T>(
    fields: &mut Fields<'j>,
    name: &str,
    read: impl FnOnce(&mut Fields<'j>, &str) -> Result<Vec<T>, Undecodable>,
) -> Result<Option<Vec<T>>, Undecodable> {
    let Some(raw) = fields.value(name)? else {
        return Ok(None);
    };
    let found = read(fields, name).ok();
    if found.is_none() {
        fields.leave_out(name, raw);
    }
    Ok(found)
}

/// An object that decides about access, or nothing.
pub(crate) fn part<T: Part>(fields: &mut Fields<'_>, name: &str) -> Result<Option<T>, Undecodable> {
    match fields.value(name)? {
        None => Ok(None),
        Some(raw) => within(raw, &fields.path_of(name), &mut fields.odd).map(Some),
    }
}

/// An object that informs.
pub(crate) fn loose_part<T: Part>(fields: &mut Fields<'_>, name: &str) -> Result<Option<T>, Undecodable> {
    match fields.value(name)? {
        Some(raw) if Shape::of(raw) != Shape::Object => {
            fields.leave_out(name, raw);
            Ok(None)
        }
        _ => part(fields, name),
    }
}

/// Group of privileges -> ids. Null is empty on both levels; a single word such as `"all"` is a list of one.
pub(crate) fn privileges(fields: &mut Fields<'_>, name: &str) -> Result<BTreeMap<String, Vec<String>>, Undecodable> {
    let Some(Groups(groups)) = part(fields, name)? else {
        let met = fields.raw(name)?.map_or("missing", |_| "null");
        fields.note(Matter::NoPrivileges, fields.path_of(name), met);
        return Ok(BTreeMap::new());
    };
    Ok(groups)
}

struct Groups(BTreeMap<String, Vec<String>>);

impl Part for Groups {
    fn read(fields: &mut Fields<'_>) -> Result<Self, Undecodable> {
        const WANTED: &str = "a list of privilege ids";
        let mut groups = BTreeMap::new();
        let names: Vec<String> = fields.pairs.iter().map(|(name, _)| name.clone()).collect();
        for name in names {
            let ids = match fields.value(&name)? {
                Some(raw) if Shape::of(raw) == Shape::Text => vec![fields.string(&fields.path_of(&name), raw)?],
                _ => {
                    let mut ids = Vec::new();
                    for (path, raw) in list(fields, &name, WANTED)? {
                        if Shape::of(raw) != Shape::Text {
                            return Err(unreadable(&path, expected(raw, "a privilege id")));
                        }
                        ids.push(fields.string(&path, raw)?);
                    }
                    ids
                }
            };
            groups.insert(name, ids);
        }
        Ok(Groups(groups))
    }
}

/// Address ranges: a list, or one text with commas (`workato/api.md 2.13`).
pub(crate) fn addresses(fields: &mut Fields<'_>, name: &str) -> Result<Option<Vec<String>>, Undecodable> {
    let Some(raw) = fields.value(name)? else {
        return Ok(None);
    };
    let mut written = Vec::new();
    match Shape::of(raw) {
        Shape::Text => written.push(fields.string(&fields.path_of(name), raw)?),
        Shape::List => {
            for (path, raw) in list(fields, name, "a list")? {
                match Shape::of(raw) {
                    Shape::Text => written.push(fields.string(&path, raw)?),
                    shape => fields.note(Matter::LeftOut, path, shape.words()),
                }
            }
        }
        _ => {
            fields.leave_out(name, raw);
            return Ok(None);
        }
    }
    let ranges = written.iter().flat_map(|text| text.split(',')).map(str::trim);
    Ok(Some(
        ranges.filter(|range| !range.is_empty()).map(str::to_owned).collect(),
    ))
}

/// JSON of any shape. What cannot be kept as JSON is kept as its text.
pub(crate) fn free(fields: &mut Fields<'_>, name: &str) -> Result<Option<serde_json::Value>, Undecodable> {
    let Some(raw) = fields.value(name)? else {
        return Ok(None);
    };
    if let Ok(value) = serde_json::from_str(raw) {
        return Ok(Some(value));
    }
    let whole = mended(raw);
    if whole != raw {
        fields.note(Matter::Half, fields.path_of(name), "damaged");
    }
    Ok(Some(
        serde_json::from_str(&whole).unwrap_or(serde_json::Value::String(whole)),
    ))
}

//! A Parquet file while it is being written: rows are held until they are worth a group, then written column by column.

use std::path::Path;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{Type, TypePtr};

use super::super::Written;
use super::super::file::OutFile;
use super::column::{Column, EVERY, Sort, Table, Value};
use crate::baton::error::{Context as _, Error, Kind, Result};

/// Rows of a group, at most.
const ROWS: usize = 50_000;
/// Bytes of texts that are held, at most, give or take a row.
const BYTES: usize = 16 << 20;

/// The name of the file in its folder: there is one.
pub(super) const NAME: &str = "part-0.parquet";

/// A table of one sync.
pub(super) struct Part {
    writer: SerializedFileWriter<OutFile>,
    columns: Vec<Held>,
    /// What every row begins with.
    every: Vec<Value>,
    /// In this group.
    rows: usize,
    bytes: usize,
    /// In all.
    total: u64,
}

impl Part {
    /// A new one in `folder`, which is created.
    ///
    /// # Errors
    /// Those of the disk.
    pub(super) fn create(folder: &Path, table: Table, every: Vec<Value>, facts: &[(&str, &str)]) -> Result<Part> {
        std::fs::create_dir_all(folder).with_context(|| format!("create the folder {}", folder.display()))?;
        let columns: Vec<Column> = EVERY.iter().chain(table.columns()).copied().collect();
        let schema = schema(table, &columns).map_err(failed)?;
        let fact = |(key, value): &(&str, &str)| KeyValue::new((*key).to_owned(), (*value).to_owned());
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by(format!("{} {}", crate::ABOUT.name, crate::ABOUT.version))
            .set_key_value_metadata(Some(facts.iter().map(fact).collect()))
            .build();
        let out = OutFile::create(folder, NAME)?;
        Ok(Part {
            writer: SerializedFileWriter::new(out, schema, Arc::new(properties)).map_err(failed)?,
            columns: columns.iter().map(|column| Held::of(column.sort)).collect(),
            every,
            rows: 0,
            bytes: 0,
            total: 0,
        })
    }

    /// Takes a row, the values of [`EVERY`] left out.
    ///
    /// # Errors
    /// Those of the disk; `Internal` for a row that does not fit the table.
    pub(super) fn row(&mut self, values: Vec<Value>) -> Result<()> {
        if self.every.len() + values.len() != self.columns.len() {
            return Err(Error::new(
                Kind::Internal,
                "a row has not as many values as its table columns",
            ));
        }
        let values = self.every.iter().cloned().chain(values);
        for (held, value) in self.columns.iter_mut().zip(values) {
            self.bytes += held.push(value)?;
        }
        self.rows += 1;
        self.total += 1;
        if self.rows >= ROWS || self.bytes >= BYTES {
            self.group()?;
        }
        Ok(())
    }

    /// Writes what is held.
    fn group(&mut self) -> Result<()> {
        let mut group = self.writer.next_row_group().map_err(failed)?;
        let mut columns = self.columns.iter_mut();
        while let Some(mut writer) = group.next_column().map_err(failed)? {
            let held = columns
                .next()
                .ok_or_else(|| Error::new(Kind::Internal, "a table has a column too many"))?;
            held.write(&mut writer).map_err(failed)?;
            writer.close().map_err(failed)?;
        }
        group.close().map_err(failed)?;
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }

    /// Completes the file, which may be without a row, and gives it its name.
    ///
    /// # Errors
    /// Those of the disk.
    pub(super) fn finish(mut self) -> Result<Written> {
        if self.rows > 0 {
            self.group()?;
        }
        let out = self.writer.into_inner().map_err(failed)?;
        out.finish(self.total)
    }
}

/// What the library says, as an error of ours. A full disk stays one.
fn failed(error: ParquetError) -> Error {
    match error {
        ParquetError::External(source) => match source.downcast::<std::io::Error>() {
            Ok(io) => Error::from(*io),
            Err(other) => Error::new(Kind::Internal, format!("the table cannot be written: {other}")),
        },
        other => Error::new(Kind::Internal, format!("the table cannot be written: {other}")),
    }
}

fn schema(table: Table, columns: &[Column]) -> std::result::Result<TypePtr, ParquetError> {
    let fields = columns.iter().map(field).collect::<std::result::Result<_, _>>()?;
    let schema = Type::group_type_builder(table.name()).with_fields(fields).build()?;
    Ok(Arc::new(schema))
}

fn field(column: &Column) -> std::result::Result<TypePtr, ParquetError> {
    let plain = |name: &str, physical: Physical, logical: Option<LogicalType>, repetition: Repetition| {
        let field = Type::primitive_type_builder(name, physical)
            .with_logical_type(logical)
            .with_repetition(repetition);
        field.build().map(Arc::new)
    };
    let maybe = |physical, logical| plain(column.name, physical, logical, Repetition::OPTIONAL);
    match column.sort {
        Sort::Text => maybe(Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Sort::Flag => maybe(Physical::BOOLEAN, None),
        Sort::Int => maybe(Physical::INT32, None),
        Sort::Long => maybe(Physical::INT64, None),
        Sort::Time => maybe(Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MICROS))),
        Sort::Texts => {
            // The three levels of the format's LIST: engines look for these names.
            let element = plain(
                "element",
                Physical::BYTE_ARRAY,
                Some(LogicalType::String),
                Repetition::REQUIRED,
            )?;
            let list = Type::group_type_builder("list")
                .with_repetition(Repetition::REPEATED)
                .with_fields(vec![element])
                .build()?;
            let outer = Type::group_type_builder(column.name)
                .with_logical_type(Some(LogicalType::List))
                .with_repetition(Repetition::OPTIONAL)
                .with_fields(vec![Arc::new(list)])
                .build()?;
            Ok(Arc::new(outer))
        }
    }
}

/// The values of one column that wait for their group, with their levels: how much of a value is there, and whether it
/// goes on with the list of the one before.
struct Held {
    values: Values,
    there: Vec<i16>,
    goes_on: Vec<i16>,
}

enum Values {
    Texts(Vec<ByteArray>),
    Flags(Vec<bool>),
    Ints(Vec<i32>),
    Longs(Vec<i64>),
    Lists(Vec<ByteArray>),
}

impl Held {
    fn of(sort: Sort) -> Held {
        Held {
            values: match sort {
                Sort::Text => Values::Texts(Vec::new()),
                Sort::Texts => Values::Lists(Vec::new()),
                Sort::Flag => Values::Flags(Vec::new()),
                Sort::Int => Values::Ints(Vec::new()),
                Sort::Long | Sort::Time => Values::Longs(Vec::new()),
            },
            there: Vec::new(),
            goes_on: Vec::new(),
        }
    }

    /// Takes a value, and says how many bytes of text it is.
    fn push(&mut self, value: Value) -> Result<usize> {
        let mut bytes = 0;
        let mut is_there = 1;
        match (&mut self.values, value) {
            (Values::Lists(all), Value::Texts(list)) => {
                // A list that is there and empty has one level, and no value.
                for (n, text) in list.iter().enumerate() {
                    bytes += text.len();
                    all.push(text.as_str().into());
                    self.there.push(2);
                    self.goes_on.push(i16::from(n > 0));
                }
                if list.is_empty() {
                    self.there.push(1);
                    self.goes_on.push(0);
                }
                return Ok(bytes);
            }
            (_, Value::Null) => is_there = 0,
            (Values::Texts(all), Value::Text(text)) => {
                bytes = text.len();
                all.push(text.into_bytes().into());
            }
            (Values::Flags(all), Value::Flag(flag)) => all.push(flag),
            (Values::Ints(all), Value::Int(number)) => all.push(number),
            (Values::Longs(all), Value::Long(number) | Value::Time(number)) => all.push(number),
            (_, other) => {
                return Err(Error::new(Kind::Internal, format!("{other:?} does not fit its column")));
            }
        }
        self.there.push(is_there);
        self.goes_on.push(0);
        Ok(bytes)
    }

    fn write(&mut self, writer: &mut SerializedColumnWriter<'_>) -> std::result::Result<(), ParquetError> {
        fn put<T: DataType>(
            writer: &mut SerializedColumnWriter<'_>,
            values: &mut Vec<T::T>,
            there: &[i16],
            goes_on: Option<&[i16]>,
        ) -> std::result::Result<(), ParquetError> {
            writer.typed::<T>().write_batch(values, Some(there), goes_on)?;
            values.clear();
            Ok(())
        }
        let there = &self.there;
        match &mut self.values {
            Values::Texts(values) => put::<ByteArrayType>(writer, values, there, None),
            Values::Flags(values) => put::<BoolType>(writer, values, there, None),
            Values::Ints(values) => put::<Int32Type>(writer, values, there, None),
            Values::Longs(values) => put::<Int64Type>(writer, values, there, None),
            Values::Lists(values) => put::<ByteArrayType>(writer, values, there, Some(&self.goes_on)),
        }?;
        self.there.clear();
        self.goes_on.clear();
        Ok(())
    }
}

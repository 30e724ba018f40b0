//! Pages as the unfinished sync keeps them: messages one after another, each with its length before it.

use prost::Message;

use crate::baton::error::{Error, Kind, Result};

/// The rows of a page as one blob.
pub fn encode<M: Message>(rows: &[M]) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(rows.iter().map(|row| row.encoded_len() + 4).sum());
    for row in rows {
        row.encode_length_delimited(&mut bytes)
            .map_err(|e| Error::new(Kind::Internal, e.to_string()))?;
    }
    Ok(bytes)
}

/// The rows of a blob.
///
/// # Errors
/// `DataLoss` when it is not made of such messages.
pub fn decode<M: Message + Default>(mut bytes: &[u8]) -> Result<Vec<M>> {
    let mut rows = Vec::new();
    while !bytes.is_empty() {
        rows.push(
            M::decode_length_delimited(&mut bytes)
                .map_err(|e| Error::new(Kind::DataLoss, format!("a stored page cannot be parsed: {e}")))?,
        );
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baton::proto::v2;
    use crate::baton::resource::id;

    #[test]
    fn rows_come_back_as_they_were() {
        let rows = [id("user", "ada"), v2::ResourceId::default(), id("user", "bob")];
        assert_eq!(decode::<v2::ResourceId>(&encode(&rows).unwrap()).unwrap(), rows);
        assert_eq!(decode::<v2::ResourceId>(&[]).unwrap(), []);
        let cut = encode(&rows).unwrap();
        let error = decode::<v2::ResourceId>(&cut[..cut.len() - 1]).unwrap_err();
        assert_eq!(error.kind(), Kind::DataLoss);
    }
}

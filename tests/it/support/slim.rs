//! Files as other writers leave them: messages that lack what stands in the columns of their rows.

use std::path::Path;

use baton_workato::baton::proto::v2;
use prost::Message;
use rusqlite::params;

use crate::c1z::edit;

/// Changes every message of a table: `v1_grants`.
pub fn rewrite<M: Message + Default>(file: &Path, table: &str, change: impl Fn(&mut M)) {
    edit(file, |db| {
        let mut select = db.prepare(&format!("select id, data from {table}")).unwrap();
        let rows: Vec<(i64, Vec<u8>)> = select
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert!(!rows.is_empty(), "{table} has rows");
        for (id, data) in rows {
            let mut message = M::decode(data.as_slice()).unwrap();
            change(&mut message);
            let sql = format!("update {table} set data = ?2 where id = ?1");
            db.execute(&sql, params![id, message.encode_to_vec()]).unwrap();
        }
    });
}

/// Slim grants (`baton/c1z/format.md 3`): neither entitlement nor principal.
pub fn slim_grants(file: &Path) {
    rewrite(file, "v1_grants", |grant: &mut v2::Grant| {
        grant.entitlement = None;
        grant.principal = None;
    });
}

/// A copy of a file with slim grants.
pub fn slim(from: &Path, to: &Path) {
    std::fs::write(to, std::fs::read(from).unwrap()).unwrap();
    slim_grants(to);
}

//! The wire messages of the Baton protocol, generated at build time from the `.proto` files beside this one (see
//! `build.rs`), and their descriptors. A crate of its own: twenty thousand generated lines are compiled once, and not
//! with every change of the program.
//!
//! [`pool`] knows every message by name: JSON output and the wire-contract test read names from there, so
//! they cannot drift from what is encoded.

#![allow(missing_docs, clippy::all, clippy::pedantic, rustdoc::all)]

use std::sync::LazyLock;

use prost_reflect::DescriptorPool;

pub mod google {
    pub mod rpc {
        tonic::include_proto!("google.rpc");
    }
}
pub mod validate {
    tonic::include_proto!("validate");
}
pub mod c1 {
    pub mod connector {
        pub mod v2 {
            tonic::include_proto!("c1.connector.v2");
        }
    }
    pub mod connectorapi {
        pub mod baton {
            pub mod v1 {
                tonic::include_proto!("c1.connectorapi.baton.v1");
            }
        }
    }
    pub mod ratelimit {
        pub mod v1 {
            tonic::include_proto!("c1.ratelimit.v1");
        }
    }
    pub mod config {
        pub mod v1 {
            tonic::include_proto!("c1.config.v1");
        }
    }
    pub mod reader {
        pub mod v2 {
            tonic::include_proto!("c1.reader.v2");
        }
    }
    pub mod c1z {
        pub mod v1 {
            tonic::include_proto!("c1.c1z.v1");
        }
        pub mod v3 {
            tonic::include_proto!("c1.c1z.v3");
        }
    }
    pub mod storage {
        pub mod v3 {
            tonic::include_proto!("c1.storage.v3");
        }
    }
    pub mod connector_wrapper {
        pub mod v1 {
            tonic::include_proto!("c1.connector_wrapper.v1");
        }
    }
    pub mod utls {
        pub mod v1 {
            tonic::include_proto!("c1.utls.v1");
        }
    }
    pub mod transport {
        pub mod v1 {
            tonic::include_proto!("c1.transport.v1");
        }
    }
}
pub mod baton {
    pub mod v1 {
        tonic::include_proto!("baton.v1");
    }
}

pub use c1::connector::v2;

/// The serialised `FileDescriptorSet` of everything under `proto/`.
pub static DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// Every message, enum and service by its full name.
///
/// # Panics
/// Never in a build that passes its tests: the bytes are produced by the same build.
pub fn pool() -> &'static DescriptorPool {
    #[allow(clippy::expect_used)]
    static POOL: LazyLock<DescriptorPool> =
        LazyLock::new(|| DescriptorPool::decode(DESCRIPTORS).expect("embedded descriptors decode"));
    &POOL
}

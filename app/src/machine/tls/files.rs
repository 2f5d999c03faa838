//! Certificates of files.

use std::time::SystemTime;

use jiff::Timestamp;
use portreeve_inventory::host::this_host;
use portreeve_model::document::{self, TlsFiles};
use portreeve_tls::Store;
use portreeve_tls::certificates::{Stores, read_files};

use crate::engine::TlsFilesQuery;

pub(in crate::machine) fn files(query: &TlsFilesQuery) -> TlsFiles {
    let stores = Stores { mozilla: &Store::mozilla(), host: &Store::of_this_system() };
    let now = Timestamp::try_from(SystemTime::now()).unwrap_or(Timestamp::UNIX_EPOCH);
    TlsFiles {
        schema: document::TLS_FILES.to_owned(),
        host: this_host(),
        files: read_files(&query.paths, query.server_name.as_deref(), stores, now),
    }
}

//! Who says what a client can do.

use crate::client::Row;
use crate::verdict::Opinion;

/// Something that knows without trying.
pub(crate) trait Oracle {
    /// Its name, for complaints.
    fn name(&self) -> &'static str;

    /// What becomes of a client.
    fn opinion(&self, row: &Row) -> Opinion;
}

//! Words of conditions, in fixed forms that scripts can read.

/// `80`, or `8000-8010`.
pub(super) fn ports(first: u16, last: u16) -> String {
    if first == last { first.to_string() } else { format!("{first}-{last}") }
}

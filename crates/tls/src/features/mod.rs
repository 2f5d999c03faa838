//! What a server does beside protocols and suites, one file for each subject. Each fills in one or more [`Feature`]s.
//!
//! A new one is one file and one line in [`FEATURES`].

mod application;
mod certificates;
mod clients;
mod ech;
pub(crate) mod fallback;
pub(crate) mod handshake;
mod offers;
mod quic;
pub(crate) mod renegotiation;
pub(crate) mod sessions;
mod tolerance;

pub(crate) use application::Unknown;
pub use offers::Offers;

use std::future::Future;
use std::pin::Pin;

use portreeve_model::tls::Feature;

use crate::audit::Scene;

/// Looks at one subject.
pub type Look = for<'a> fn(&'a Scene) -> Pin<Box<dyn Future<Output = Vec<Feature>> + Send + 'a>>;

/// Every subject, in the order of a report.
pub static FEATURES: &[Look] = &[
    handshake::look,
    certificates::look,
    renegotiation::look,
    sessions::look,
    fallback::look,
    tolerance::look,
    quic::look,
    application::look,
    clients::look,
    ech::look,
];

/// Looks at all of them, side by side as far as the line lets them.
pub async fn look_at_all(scene: &Scene) -> Vec<Feature> {
    let looks = FEATURES.iter().map(|look| look(scene));
    futures_util::future::join_all(looks).await.into_iter().flatten().collect()
}

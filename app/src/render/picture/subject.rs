//! What is drawn.

use portreeve_model::exposure::Exposure;
use portreeve_model::exposure::zone::THIS_HOST;
use portreeve_model::reach::Chain;

use super::group::{self, Group};
use super::{layout, xml};

/// What a picture shows.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    /// Name of the host.
    pub host: Option<&'a str>,
    /// The doors, and who can reach them.
    pub exposures: &'a [Exposure],
    /// The base chains, in the order of a packet's way ([`portreeve_firewall::answer::base_chains`]).
    pub chains: &'a [Chain],
    /// What was not seen or not looked through, one sentence each. They stand above the picture.
    pub notes: &'a [String],
}

/// The picture as an SVG document.
pub fn svg(picture: &Picture<'_>) -> String {
    xml::document(&layout::draw(&Scene::new(picture)))
}

/// The same, made ready: doors that are treated alike put together.
pub(super) struct Scene<'a> {
    pub(super) host: Option<&'a str>,
    pub(super) chains: &'a [Chain],
    pub(super) notes: &'a [String],
    /// Names, widest first.
    pub(super) zones: Vec<String>,
    pub(super) groups: Vec<Group>,
    pub(super) doors: usize,
}

impl<'a> Scene<'a> {
    pub(super) fn new(picture: &Picture<'a>) -> Self {
        let zones = zones(picture.exposures);
        let groups = group::groups(picture.exposures, &zones);
        Self {
            host: picture.host,
            chains: picture.chains,
            notes: picture.notes,
            zones,
            groups,
            doors: picture.exposures.len(),
        }
    }
}

/// Every zone that some door knows, in their order; this host last, since it is the narrowest.
fn zones(exposures: &[Exposure]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for family in exposures.iter().flat_map(|exposure| &exposure.families) {
        let of_parts = family.parts.iter().flat_map(|part| &part.zones);
        for zone in family.zones.iter().chain(of_parts) {
            if !names.contains(&zone.zone) {
                names.push(zone.zone.clone());
            }
        }
    }
    names.sort_by_key(|name| name == THIS_HOST);
    names
}

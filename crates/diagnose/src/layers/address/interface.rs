//! The state of the address on its interface. Refuses the state of the link, which is the layer `route`'s.

use std::net::SocketAddr;

use portreeve_firewall::network::{Address, Interface};

use super::{at, held};
use crate::case::Case;
use crate::layers::Judgement;

/// Judges each address of this host that was asked about.
pub(super) fn judge(case: &Case, judgement: &mut Judgement) {
    for endpoint in case.here().map(|endpoint| endpoint.address) {
        let Some(address) = held(case, endpoint.ip()).filter(|one| !one.address.is_loopback()) else {
            continue;
        };
        let Some(interface) = case.path.network.interface(address.interface) else { continue };
        // Without a link nobody is asked whether it has the address, and the layer `route` tells of the link.
        if interface.flags.is_up() && interface.flags.has_carrier() {
            detection(case, endpoint, address, interface, judgement);
        }
        if address.is_deprecated() {
            judgement.note(
                "deprecated",
                format!("{} on {} is deprecated (preferred lifetime 0)", endpoint.ip(), interface.name),
            );
        }
    }
}

/// Duplicate address detection (RFC 4862, section 5.4).
fn detection(
    case: &Case,
    endpoint: SocketAddr,
    address: &Address,
    interface: &Interface,
    judgement: &mut Judgement,
) {
    let name = &interface.name;
    let show = format!("ip -6 address show dev {name}");
    let shown = format!("{}/{}", address.address, address.prefix_length);
    if address.is_duplicate() {
        judgement.add(
            at(
                case,
                "duplicate-address",
                format!("Another host on {name} has {} too: this host does not use it (DADFAILED)", address.address),
                &[endpoint],
            )
            .seen("address", format!("{shown} dadfailed, flags 0x{:x}", address.flags), show)
            .fix(format!(
                "give one of the two another address; then here: ip -6 address del {shown} dev {name} && ip -6 address add {shown} dev {name}"
            )),
        );
    } else if address.is_tentative() && !address.is_optimistic() {
        judgement.add(
            at(
                case,
                "tentative",
                format!("{} on {name} is tentative: packets to it are not taken until it is known that no other host has it", address.address),
                &[endpoint],
            )
            .seen("address", format!("{shown} tentative, flags 0x{:x}", address.flags), show)
            .fix(format!("wait a second or two; if it stays so: ip -6 address add {shown} dev {name} nodad")),
        );
    }
}

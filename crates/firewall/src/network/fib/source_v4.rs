//! Validation of IPv4 sources (`fib_validate_source` and `__fib_validate_source` in `net/ipv4/fib_frontend.c`).

use std::net::{IpAddr, Ipv4Addr};

use super::device::{Device, known};
use super::flow::{Flow, LOOPBACK};
use super::index::{AnswerV4, Fib};
use super::key::InputKey;
use super::outcome::{Denial, Uncertain};
use crate::network::RouteKind;

impl Fib {
    /// Why the source is not valid, if it is not. `destination` is none for broadcast and multicast; `oif` is where the packet is
    /// forwarded to, 0 if it is for this machine.
    pub(super) fn validate_source(
        &self,
        key: &InputKey,
        device: &Device,
        destination: Option<IpAddr>,
        oif: u32,
    ) -> Result<Option<Denial>, Uncertain> {
        let IpAddr::V4(source) = key.source else { return Ok(None) };
        let rp_filter = known(&device.v4.rp_filter)?;
        if rp_filter == 0 && !self.realms && (device.index != oif || !known(&device.v4.send_redirects)?) {
            if known(&device.v4.accept_local)? {
                return Ok(None);
            }
            if !self.custom_local_routes && self.merged {
                return Ok(self.is_own_v4(source).then_some(Denial::LocalSource));
            }
        }
        self.fully_validate(key, device, destination, oif, rp_filter)
    }

    fn fully_validate(
        &self,
        key: &InputKey,
        device: &Device,
        destination: Option<IpAddr>,
        oif: u32,
        rp_filter: i32,
    ) -> Result<Option<Denial>, Uncertain> {
        let unroutable = (rp_filter != 0).then_some(reverse_path(rp_filter));
        let dissects = self.policy_v4.dissects();
        let flow = Flow {
            source: destination.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            destination: key.source,
            iif: if oif == 0 { LOOPBACK } else { oif },
            oif: 0,
            mark: if known(&device.v4.src_valid_mark)? { key.mark } else { 0 },
            tos: key.tos,
            protocol: if dissects { key.protocol } else { 0 },
            // The way back is asked for: ports are exchanged.
            source_port: if dissects { key.destination_port.unwrap_or(0) } else { 0 },
            destination_port: if dissects { key.source_port.unwrap_or(0) } else { 0 },
            uid: Some(0),
            has_source: true,
        };
        let AnswerV4::Route(route, _) = self.lookup_v4(&flow, false)? else { return Ok(unroutable) };
        match route.kind {
            RouteKind::Unicast => {}
            RouteKind::Local if known(&device.v4.accept_local)? => {}
            RouteKind::Local => return Ok(Some(Denial::LocalSource)),
            _ => return Ok(Some(Denial::InvalidSource)),
        }
        if route.uses(device.index) || (route.kind == RouteKind::Local && device.index == LOOPBACK) {
            return Ok(None);
        }
        if device.v4_addresses.is_empty() {
            return Ok(unroutable);
        }
        if rp_filter == 1 {
            return Ok(Some(Denial::ReversePathStrict));
        }
        // The second lookup, over this interface only, decides on redirects and refuses nothing.
        Ok(None)
    }
}

const fn reverse_path(rp_filter: i32) -> Denial {
    if rp_filter == 1 { Denial::ReversePathStrict } else { Denial::ReversePathLoose }
}

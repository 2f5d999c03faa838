//! Generic netlink (`include/uapi/linux/genetlink.h`): finding a family's number by its name, and the families that
//! know of ports the kernel itself holds: WireGuard, FOU, L2TP.

mod control;
mod fou;
mod header;
mod l2tp;
mod wireguard;

pub use control::{Family, family_request};
pub use fou::{FOU_FAMILY, FouPort, dump_fou_ports};
pub use header::{GENERIC_HEADER_LEN, GenericMessage};
pub use l2tp::{L2TP_FAMILY, L2tpEncapsulation, L2tpTunnel, dump_l2tp_tunnels};
pub use wireguard::{WIREGUARD_FAMILY, WireguardDevice, wireguard_device_request};

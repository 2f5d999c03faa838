//! Interfaces, addresses, routes, policy rules, neighbours and traffic control of a network namespace (rtnetlink,
//! `include/uapi/linux/rtnetlink.h`).

mod address;
mod change;
mod link;
mod neighbour;
mod nexthop;
mod routes;
mod rule;
mod traffic;

pub use address::{Address, RTM_NEWADDR, Scope, dump_addresses};
pub use change::{
    RouteTo, delete_link, new_address, new_neighbour, new_route, new_veth, no_own_ipv6_address, set_link_up,
};
pub use link::{IFF_LOOPBACK, IFF_PROMISC, IFF_UP, Link, LinkBridge, LinkXdp, RTM_NEWLINK, dump_links};
pub use neighbour::{
    NUD_DELAY, NUD_FAILED, NUD_INCOMPLETE, NUD_NOARP, NUD_PERMANENT, NUD_PROBE, NUD_REACHABLE, NUD_STALE,
    Neighbour, RTM_NEWNEIGH, dump_neighbours,
};
pub use nexthop::{NexthopObject, RTM_NEWNEXTHOP, dump_nexthops};
pub use routes::{RTM_NEWROUTE, Route, RouteNexthop, RouteQuery, RouteType, dump_routes};
pub use rule::{FIB_RULE_FIND_SADDR, FIB_RULE_INVERT, RTM_NEWRULE, Rule, dump_rules};
pub use traffic::{
    RTM_NEWQDISC, RTM_NEWTFILTER, TC_EGRESS, TC_INGRESS, TC_INGRESS_QDISC, TrafficObject, dump_filters,
    dump_qdiscs,
};

//! The codes of the layer.

use crate::layers::Code;

pub(super) const CODES: &[Code] = &[
    Code { slug: "link-down", meaning: "The interface is down, or has no carrier." },
    Code { slug: "no-return-route", meaning: "Connections come in, and no route leads back to the client." },
    Code {
        slug: "return-unreachable",
        meaning: "The route back to the client says blackhole, unreachable or prohibit.",
    },
    Code {
        slug: "reverse-path-filter",
        meaning: "Source validation (rp_filter) throws packets away that come in by another interface than answers leave by.",
    },
    Code {
        slug: "asymmetric",
        meaning: "Answers leave by another interface than the packets came in by. A note where nothing minds.",
    },
    Code {
        slug: "forwarding-off",
        meaning: "A rule sends connections to another host or a container, and this host does not forward.",
    },
    Code { slug: "no-route", meaning: "No route leads to where the packets must go." },
    Code {
        slug: "unreachable-route",
        meaning: "The route to where the packets must go says blackhole, unreachable or prohibit.",
    },
    Code {
        slug: "martian",
        meaning: "The kernel takes source or destination for impossible on that interface: loopback, broadcast, its own.",
    },
    Code { slug: "ipv6-disabled", meaning: "IPv6 is off on the interface (disable_ipv6)." },
    Code { slug: "discarded", meaning: "Another check of the kernel's routing throws the packets away." },
    Code {
        slug: "gateway-unreachable",
        meaning: "The router that packets must go by does not answer on its link.",
    },
    Code {
        slug: "neighbour-unreachable",
        meaning: "The other host is on the link and does not answer for its address.",
    },
    Code {
        slug: "remote-unreachable",
        meaning: "A router on the way says that it cannot reach the other host or network.",
    },
    Code {
        slug: "routing-loop",
        meaning: "Packets go in a circle: a router says that their hop limit ran out.",
    },
    Code {
        slug: "mtu-black-hole",
        meaning: "Packets of the usual size get lost on the way, and nobody says so; small ones pass.",
    },
];

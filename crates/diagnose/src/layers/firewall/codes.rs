//! The codes of the layer.

use crate::layers::Code;

pub(super) const CODES: &[Code] = &[
    Code { slug: "input-dropped", meaning: "A rule of this host drops connections to it, without a word." },
    Code { slug: "input-rejected", meaning: "A rule of this host refuses connections to it, and says so." },
    Code {
        slug: "forward-dropped",
        meaning: "Connections are sent on (to a container, another host), and a rule drops them on the way.",
    },
    Code {
        slug: "forward-rejected",
        meaning: "Connections are sent on (to a container, another host), and a rule refuses them on the way.",
    },
    Code { slug: "output-dropped", meaning: "A rule of this host drops what it sends to the target." },
    Code { slug: "output-rejected", meaning: "A rule of this host refuses what it sends to the target." },
    Code { slug: "reply-dropped", meaning: "Connections come in, and a rule drops or refuses the answers." },
    Code { slug: "family-blocked", meaning: "Rules close one IP version, and the other is open." },
    Code {
        slug: "sources-restricted",
        meaning: "Rules let some clients in, and not the one that was asked for, or not the internet.",
    },
    Code { slug: "banned", meaning: "The client is in a set of banned addresses (fail2ban and its kin)." },
    Code {
        slug: "rate-limited",
        meaning: "A rule drops connections beyond a rate or a number. A note where nothing says that it does so now.",
    },
    Code { slug: "random-drop", meaning: "A rule drops packets by chance." },
    Code {
        slug: "nat-dead-target",
        meaning: "A rule sends connections to an address and port where nothing answers.",
    },
    Code {
        slug: "nat-elsewhere",
        meaning: "A rule sends connections elsewhere, past what listens on the port.",
    },
    Code {
        slug: "icmp-blocked",
        meaning: "Rules drop the messages of routers that packets are too big, which path MTU discovery needs.",
    },
    Code {
        slug: "filtered-remotely",
        meaning: "Nothing comes back from another host: a filter there or on the way drops it, or the host is not there.",
    },
    Code {
        slug: "rejected-remotely",
        meaning: "Another host, or a router on the way, refuses connections with an ICMP message.",
    },
];

//! What can be wrong with a queue.

use crate::layers::Code;

/// What can be wrong, and what is worth knowing.
pub(in crate::layers) const CODES: &[Code] = &[
    Code {
        slug: "process-stopped",
        meaning: "The process that takes connections or datagrams is stopped by a signal or a debugger: the kernel completes handshakes, and nobody goes on.",
    },
    Code {
        slug: "process-frozen",
        meaning: "The cgroup of the process is frozen (docker pause, systemctl freeze): the kernel completes handshakes, and nobody goes on.",
    },
    Code {
        slug: "accept-overflow",
        meaning: "The accept queue is full, or overflowed while it was looked at: the kernel drops further SYNs.",
    },
    Code {
        slug: "not-accepting",
        meaning: "What arrived waits in the queue, and the process, though it is not stopped, does not take it.",
    },
    Code {
        slug: "reuseport-uneven",
        meaning: "Several sockets share the port (SO_REUSEPORT), and one of them is not served: those connections hang that the kernel gives to it.",
    },
    Code {
        slug: "abort-on-overflow",
        meaning: "The accept queue overflows and net.ipv4.tcp_abort_on_overflow is 1: clients are reset although the port listens.",
    },
    Code {
        slug: "syn-queue-full",
        meaning: "As many handshakes are half open as the queue holds, and SYN cookies are off: the kernel drops further SYNs.",
    },
    Code {
        slug: "syn-flood",
        meaning: "As many handshakes are half open as the queue holds, and the kernel answers with SYN cookies.",
    },
    Code {
        slug: "half-open",
        meaning: "Clients do not complete their handshakes: SYN-ACKs are sent again and again, so they or the clients' answers get lost on the way.",
    },
    Code {
        slug: "udp-buffer-full",
        meaning: "The receive buffer of the UDP socket is full, or overflowed while it was looked at: the kernel drops datagrams.",
    },
    Code {
        slug: "unanswered",
        meaning: "The process took a datagram that its protocol answers always, and did not answer.",
    },
    Code {
        slug: "dropped",
        meaning: "The kernel dropped SYNs at the listener while it was looked at, and not because a queue was full.",
    },
    Code {
        slug: "backlog-small",
        meaning: "The accept queue is short: a small rush of clients overflows it.",
    },
    Code { slug: "overflowed-before", meaning: "The queue overflowed once, and does not now." },
    Code { slug: "cookies", meaning: "SYN cookies were sent while it was looked at." },
    Code { slug: "debugger", meaning: "A debugger is attached to the process." },
];

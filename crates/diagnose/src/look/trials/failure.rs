//! What an error number and an ICMP message mean for a trial.

use std::net::{IpAddr, SocketAddr};

use portreeve_linux::Errno;
use portreeve_wire::extended_error::{ExtendedError, Origin};

use crate::facts::{Outcome, Rejection, Silence};

/// What failed, from where to where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failure {
    /// What the socket said.
    pub(super) errno: Errno,
    /// What the error queue said.
    pub(super) error: Option<ExtendedError>,
    /// Where to.
    pub(super) endpoint: SocketAddr,
    /// From where.
    pub(super) local: Option<IpAddr>,
    /// Packets that were sent.
    pub(super) sent: u32,
}

impl Failure {
    /// The ICMP message and its sender.
    pub(super) fn rejection(&self) -> Option<Rejection> {
        let error = self.error.filter(|error| matches!(error.origin, Origin::Icmp | Origin::Icmp6))?;
        let by_this_host = error.offender.is_some() && error.offender == self.local;
        Some(Rejection { error, by_this_host })
    }

    /// The outcome of a TCP connection.
    pub(super) fn of_connection(&self) -> Outcome {
        let to_itself = self.local == Some(self.endpoint.ip());
        match self.rejection() {
            // The kernel says so to itself where nobody answers ARP or neighbour discovery.
            Some(rejection)
                if rejection.by_this_host && rejection.error.is_host_unreachable() && !to_itself =>
            {
                Outcome::HostUnreachable
            }
            Some(rejection) => Outcome::Rejected(rejection),
            None => self.of_errno(),
        }
    }

    /// The outcome of a datagram: a closed port is said by ICMP.
    pub(super) fn of_datagram(&self) -> Outcome {
        match self.rejection() {
            Some(rejection)
                if rejection.error.is_port_unreachable()
                    && rejection.router().is_none_or(|router| router == self.endpoint.ip()) =>
            {
                Outcome::Refused
            }
            _ => self.of_connection(),
        }
    }

    fn of_errno(&self) -> Outcome {
        match self.errno {
            Errno::CONNREFUSED => Outcome::Refused,
            Errno::TIMEDOUT => Outcome::Silent(Silence { sent: self.sent }),
            // UDP says EAGAIN, and with ip_autobind_reuse the collision is EADDRINUSE.
            Errno::ADDRNOTAVAIL | Errno::ADDRINUSE | Errno::AGAIN => Outcome::NoPorts,
            Errno::NETUNREACH => Outcome::NoRoute,
            Errno::HOSTUNREACH | Errno::HOSTDOWN => Outcome::HostUnreachable,
            errno @ (Errno::ACCESS | Errno::PERM) => Outcome::Prohibited(errno),
            errno => Outcome::Failed(errno),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(errno: Errno, message: Option<(u8, u8, &str)>) -> Failure {
        let error = message.map(|(kind, code, offender)| ExtendedError {
            errno: 0,
            origin: Origin::Icmp,
            kind,
            code,
            info: 0,
            offender: Some(offender.parse().unwrap()),
        });
        let (endpoint, local) = ("192.0.2.10:443".parse().unwrap(), "198.51.100.7".parse().ok());
        Failure { errno, error, endpoint, local, sent: 3 }
    }

    #[test]
    fn a_reset_and_an_icmp_message_differ() {
        assert_eq!(failure(Errno::CONNREFUSED, None).of_connection(), Outcome::Refused);
        let rejected = failure(Errno::CONNREFUSED, Some((3, 3, "192.0.2.10"))).of_connection();
        assert!(
            matches!(rejected, Outcome::Rejected(rejection) if rejection.reason() == "icmp port-unreachable")
        );
    }

    #[test]
    fn a_closed_udp_port_is_said_by_the_endpoint_itself() {
        assert_eq!(failure(Errno::CONNREFUSED, Some((3, 3, "192.0.2.10"))).of_datagram(), Outcome::Refused);
        let router = failure(Errno::CONNREFUSED, Some((3, 3, "192.0.2.1"))).of_datagram();
        assert!(matches!(router, Outcome::Rejected(_)));
    }

    #[test]
    fn this_host_says_that_nobody_answers_on_the_link() {
        let own = failure(Errno::HOSTUNREACH, Some((3, 1, "198.51.100.7"))).of_connection();
        assert_eq!(own, Outcome::HostUnreachable);
        let router = failure(Errno::HOSTUNREACH, Some((3, 1, "192.0.2.1"))).of_connection();
        assert!(matches!(router, Outcome::Rejected(rejection) if !rejection.by_this_host));
    }

    #[test]
    fn every_error_of_this_host_has_its_outcome() {
        let of = |errno| failure(errno, None).of_connection();
        assert_eq!(of(Errno::ADDRNOTAVAIL), Outcome::NoPorts);
        assert_eq!(of(Errno::NETUNREACH), Outcome::NoRoute);
        assert_eq!(of(Errno::ACCESS), Outcome::Prohibited(Errno::ACCESS));
        assert_eq!(of(Errno::TIMEDOUT), Outcome::Silent(Silence { sent: 3 }));
        assert_eq!(of(Errno::INVAL), Outcome::Failed(Errno::INVAL));
    }
}

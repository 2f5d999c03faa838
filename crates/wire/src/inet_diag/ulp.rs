//! `INET_DIAG_ULP_INFO`: a protocol the kernel runs on top of TCP.

use crate::{WireError, netlink::Attributes};

const INET_ULP_INFO_NAME: u16 = 1;
const INET_ULP_INFO_TLS: u16 = 2;
const INET_ULP_INFO_MPTCP: u16 = 3;

const TLS_INFO_VERSION: u16 = 1;
const TLS_INFO_CIPHER: u16 = 2;

const MPTCP_SUBFLOW_ATTR_TOKEN_REM: u16 = 1;
const MPTCP_SUBFLOW_ATTR_TOKEN_LOC: u16 = 2;

/// A protocol on top of TCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UpperLayer<'a> {
    /// Its name: `tls`, `mptcp`, `smc`, `espintcp`.
    pub name: Option<&'a str>,
    /// Kernel TLS: protocol version (0x0303 is TLS 1.2, 0x0304 TLS 1.3).
    pub tls_version: Option<u16>,
    /// Kernel TLS: cipher by its number in `linux/tls.h` (51: AES-128-GCM, 52: AES-256-GCM, 54: ChaCha20-Poly1305).
    pub tls_cipher: Option<u16>,
    /// MPTCP subflow: token of the connection here; ties the subflow to its MPTCP socket.
    pub mptcp_local_token: Option<u32>,
    /// MPTCP subflow: token of the connection at the peer.
    pub mptcp_remote_token: Option<u32>,
}

impl<'a> UpperLayer<'a> {
    /// Reads the attributes nested in the attribute.
    pub fn decode(attributes: Attributes<'a>) -> Result<Self, WireError> {
        let mut layer = Self::default();
        for attribute in attributes {
            let attribute = attribute?;
            match attribute.kind {
                INET_ULP_INFO_NAME => layer.name = Some(attribute.str()?),
                INET_ULP_INFO_TLS => layer.take_tls(attribute.attributes())?,
                INET_ULP_INFO_MPTCP => layer.take_mptcp(attribute.attributes())?,
                _ => {}
            }
        }
        Ok(layer)
    }

    fn take_tls(&mut self, attributes: Attributes<'_>) -> Result<(), WireError> {
        for attribute in attributes {
            let attribute = attribute?;
            match attribute.kind {
                TLS_INFO_VERSION => self.tls_version = Some(attribute.u16()?),
                TLS_INFO_CIPHER => self.tls_cipher = Some(attribute.u16()?),
                _ => {}
            }
        }
        Ok(())
    }

    fn take_mptcp(&mut self, attributes: Attributes<'_>) -> Result<(), WireError> {
        for attribute in attributes {
            let attribute = attribute?;
            match attribute.kind {
                MPTCP_SUBFLOW_ATTR_TOKEN_REM => self.mptcp_remote_token = Some(attribute.u32()?),
                MPTCP_SUBFLOW_ATTR_TOKEN_LOC => self.mptcp_local_token = Some(attribute.u32()?),
                _ => {}
            }
        }
        Ok(())
    }
}

//! TAP devices: Ethernet interfaces whose wire is a descriptor of this process (`drivers/net/tun.c`).
//!
//! A frame that is sent here has gone through the kernel's whole receive path when the call returns, and a frame the
//! kernel transmits meanwhile lies ready to be received: there is nothing to wait for.
#![expect(unsafe_code, reason = "rustix has no safe wrapper for the ioctl TUNSETIFF")]

use std::os::fd::OwnedFd;

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::{Errno, read, write};
use rustix::ioctl::{self, Setter};

/// `IFNAMSIZ`, with the final zero.
const NAME_BYTES: usize = 16;

/// A TAP device. It goes away with this value.
#[derive(Debug)]
pub struct Tap {
    descriptor: OwnedFd,
}

/// `struct ifreq` as `TUNSETIFF` reads it: the name, the flags, and the rest of the union.
#[repr(C)]
struct Request {
    name: [u8; NAME_BYTES],
    flags: u16,
    rest: [u8; 22],
}

impl Tap {
    /// Makes the interface `name` in the calling thread's network namespace; it is down at first.
    ///
    /// # Errors
    /// `ENAMETOOLONG`; what opening `/dev/net/tun` says; `EPERM` without `CAP_NET_ADMIN`; `EBUSY` where an interface of
    /// this name is in use.
    pub fn create(name: &str) -> Result<Self, Errno> {
        /// `_IOW('T', 202, int)` of `include/uapi/linux/if_tun.h`.
        const TUNSETIFF: ioctl::Opcode = ioctl::opcode::write::<i32>(b'T', 202);
        /// Ethernet frames.
        const IFF_TAP: u16 = 0x0002;
        /// No header before a frame.
        const IFF_NO_PI: u16 = 0x1000;

        if name.len() >= NAME_BYTES {
            return Err(Errno::NAMETOOLONG);
        }
        let mut request = Request { name: [0; NAME_BYTES], flags: IFF_TAP | IFF_NO_PI, rest: [0; 22] };
        for (slot, byte) in request.name.iter_mut().zip(name.bytes()) {
            *slot = byte;
        }
        let flags = OFlags::RDWR | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let descriptor = openat(CWD, "/dev/net/tun", flags, Mode::empty())?;
        // SAFETY: the opcode is TUNSETIFF's, whose argument is a pointer to a `struct ifreq` of 40 bytes, which
        // `Request` is.
        unsafe { ioctl::ioctl(&descriptor, Setter::<TUNSETIFF, Request>::new(request))? };
        Ok(Self { descriptor })
    }

    /// Lets the interface receive `frame`, which begins with its Ethernet header.
    ///
    /// # Errors
    /// What `write(2)` says: `EIO` while the interface is down, `EINVAL` for a frame without a whole Ethernet header.
    pub fn send(&self, frame: &[u8]) -> Result<(), Errno> {
        loop {
            match write(&self.descriptor, frame) {
                Ok(_) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno),
            }
        }
    }

    /// The next frame that the kernel has sent out by the interface, or `None` where there is none. What does not fit
    /// into `buffer` is cut off.
    ///
    /// # Errors
    /// What `read(2)` says.
    pub fn receive<'a>(&self, buffer: &'a mut [u8]) -> Result<Option<&'a [u8]>, Errno> {
        loop {
            match read(&self.descriptor, &mut *buffer) {
                Ok(length) => return buffer.get(..length).ok_or(Errno::MSGSIZE).map(Some),
                Err(Errno::AGAIN) => return Ok(None),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::namespace::NetworkNamespace;

    #[test]
    fn names_are_checked_and_frames_are_refused_while_the_interface_is_down() {
        assert!(
            rustix::process::geteuid().is_root(),
            "this test needs root: a TAP device needs CAP_NET_ADMIN"
        );
        assert_eq!(Tap::create("a-name-too-long-for-it").unwrap_err(), Errno::NAMETOOLONG);
        NetworkNamespace::within_new(|| {
            let tap = Tap::create("tap-test").unwrap();
            assert_eq!(Tap::create("tap-test").unwrap_err(), Errno::BUSY);
            assert_eq!(tap.send(&[0; 64]), Err(Errno::IO));
            assert_eq!(tap.receive(&mut [0; 64]), Ok(None));
        })
        .unwrap();
    }
}

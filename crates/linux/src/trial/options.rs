//! Socket options and the error queue, as far as rustix has no wrapper.
#![expect(
    unsafe_code,
    reason = "rustix has no wrapper for TCP_INFO, TCP_MAXSEG, IP_RECVERR and MSG_ERRQUEUE"
)]

use std::ffi::{c_int, c_void};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use portreeve_wire::extended_error::ExtendedError;
use portreeve_wire::inet_diag::TcpInfo;
use rustix::io::Errno;

/// What the kernel knows of a TCP connection.
///
/// # Errors
/// What `getsockopt(2)` says; `ENOPROTOOPT` for a socket that is not TCP, `EIO` for an answer that is too short.
pub fn tcp_info(socket: impl AsFd) -> Result<TcpInfo, Errno> {
    let mut bytes = [0_u8; 512];
    let mut length = libc::socklen_t::try_from(bytes.len()).map_err(|_| Errno::INVAL)?;
    let descriptor = socket.as_fd().as_raw_fd();
    // SAFETY: the kernel writes at most `length` bytes to the buffer, which is as long and outlives the call.
    let answer = unsafe {
        libc::getsockopt(
            descriptor,
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            bytes.as_mut_ptr().cast::<c_void>(),
            &raw mut length,
        )
    };
    checked(answer)?;
    let told = usize::try_from(length).ok().and_then(|length| bytes.get(..length)).ok_or(Errno::IO)?;
    TcpInfo::decode(told).map_err(|_| Errno::IO)
}

/// The largest segment that is announced and sent (`TCP_MAXSEG`), in bytes.
pub(super) fn set_max_segment(socket: BorrowedFd<'_>, bytes: u16) -> Result<(), Errno> {
    set(socket, libc::IPPROTO_TCP, libc::TCP_MAXSEG, c_int::from(bytes))
}

/// How often a SYN is sent again (`TCP_SYNCNT`), 1 to 127.
pub(super) fn set_syn_retries(socket: BorrowedFd<'_>, count: u8) -> Result<(), Errno> {
    set(socket, libc::IPPROTO_TCP, libc::TCP_SYNCNT, c_int::from(count))
}

/// Has the kernel keep ICMP errors with their senders.
pub(super) fn keep_errors(socket: BorrowedFd<'_>, v4: bool) -> Result<(), Errno> {
    if v4 {
        set(socket, libc::IPPROTO_IP, libc::IP_RECVERR, 1)
    } else {
        set(socket, libc::IPPROTO_IPV6, libc::IPV6_RECVERR, 1)
    }
}

/// The next error that was kept.
pub(super) fn next_error(socket: BorrowedFd<'_>) -> Option<ExtendedError> {
    // Aligned as control messages have to be; large enough for the error and for what else may come with it.
    let mut control = [0_usize; 64];
    // SAFETY: all zeroes is a valid `msghdr`: null pointers with lengths of zero.
    let mut message: libc::msghdr = unsafe { MaybeUninit::zeroed().assume_init() };
    message.msg_control = control.as_mut_ptr().cast::<c_void>();
    message.msg_controllen = size_of_val(&control);
    // SAFETY: the kernel writes control messages to `control`, which is as long as said and outlives the call, and no data.
    let answer = unsafe {
        libc::recvmsg(socket.as_raw_fd(), &raw mut message, libc::MSG_ERRQUEUE | libc::MSG_DONTWAIT)
    };
    if answer < 0 {
        return None;
    }
    let bytes: Vec<u8> = control.iter().flat_map(|word| word.to_ne_bytes()).collect();
    ExtendedError::from_control(bytes.get(..message.msg_controllen)?)
}

fn set(socket: BorrowedFd<'_>, level: c_int, name: c_int, value: c_int) -> Result<(), Errno> {
    let length = libc::socklen_t::try_from(size_of::<c_int>()).map_err(|_| Errno::INVAL)?;
    // SAFETY: the kernel reads one int at the pointer, which is valid for the call.
    let answer = unsafe {
        libc::setsockopt(socket.as_raw_fd(), level, name, (&raw const value).cast::<c_void>(), length)
    };
    checked(answer)
}

fn checked(answer: c_int) -> Result<(), Errno> {
    if answer == 0 {
        return Ok(());
    }
    Err(Errno::from_io_error(&io::Error::last_os_error()).unwrap_or(Errno::IO))
}

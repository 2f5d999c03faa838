//! Network namespaces: naming them by inode, entering them on a thread of their own.
#![expect(unsafe_code, reason = "rustix has no safe wrapper for the ioctl NS_GET_NSTYPE and for unshare(2)")]

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, fstat, openat};
use rustix::io::Errno;
use rustix::net::netdevice::name_to_index;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};
use rustix::thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space, unshare_unsafe};

/// An open network namespace. The descriptor keeps it alive.
#[derive(Debug)]
pub struct NetworkNamespace {
    /// Inode in nsfs, as in `net:[4026531840]`.
    pub id: u64,
    descriptor: OwnedFd,
}

impl NetworkNamespace {
    /// The calling thread's.
    ///
    /// # Errors
    /// What `open(2)` says; `ENOENT` where `/proc` is not mounted.
    pub fn current() -> Result<Self, Errno> {
        Self::at(Path::new("/proc/thread-self/ns/net"))
    }

    /// The one that `path` names: `/proc/PID/ns/net`, `/run/netns/NAME`, any bind mount of those.
    ///
    /// # Errors
    /// What `open(2)` says; `EINVAL` if the file is no namespace of the network kind.
    pub fn at(path: &Path) -> Result<Self, Errno> {
        // NONBLOCK: the path may turn out to be a FIFO.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let descriptor = openat(CWD, path, flags, Mode::empty())?;
        if !is_network_namespace(&descriptor)? {
            return Err(Errno::INVAL);
        }
        let id = fstat(&descriptor)?.st_ino;
        Ok(Self { id, descriptor })
    }

    /// Runs `work` on a new thread inside the namespace and waits for it. The calling thread stays where it is.
    ///
    /// # Errors
    /// What `setns(2)` says: `EPERM` without `CAP_SYS_ADMIN` over the namespace's owner; `EAGAIN` if no thread could
    /// be made.
    pub fn within<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T, Errno> {
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().name("namespace".into()).spawn_scoped(scope, || {
                move_into_link_name_space(self.descriptor.as_fd(), Some(LinkNameSpaceType::Network))?;
                Ok(work())
            });
            match thread.map_err(|_| Errno::AGAIN)?.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })
    }

    /// Runs `work` on a new thread inside a new network namespace and waits for it. The namespace has nothing but a
    /// loopback interface that is down, and goes away when the last descriptor opened inside is closed.
    ///
    /// # Errors
    /// What `unshare(2)` says: `EPERM` without `CAP_SYS_ADMIN`, `ENOSPC` at the limit on namespaces; `EAGAIN` if no
    /// thread could be made.
    pub fn within_new<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Errno> {
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().name("namespace".into()).spawn_scoped(scope, || {
                // SAFETY: the flag concerns the network only; no descriptor, memory or credential is unshared.
                unsafe { unshare_unsafe(UnshareFlags::NEWNET)? };
                Ok(work())
            });
            match thread.map_err(|_| Errno::AGAIN)?.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })
    }
}

/// The index of an interface of the calling thread's namespace. `/sys/class/net` tells those of the namespace that it was mounted in.
///
/// # Errors
/// `ENODEV` where there is none of that name; what `socket(2)` says.
pub fn interface_index(name: &str) -> Result<u32, Errno> {
    let socket = socket_with(AddressFamily::UNIX, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?;
    name_to_index(socket, name)
}

impl AsFd for NetworkNamespace {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

/// `NS_GET_NSTYPE` (`man 2 ioctl_nsfs`, Linux 4.11) answers `CLONE_NEWNET`. Older kernels: any nsfs file passes and
/// `setns` refuses the wrong kind later.
fn is_network_namespace(descriptor: &OwnedFd) -> Result<bool, Errno> {
    /// From `include/uapi/linux/magic.h`.
    const NSFS_MAGIC: rustix::fs::FsWord = 0x6e73_6673;
    const CLONE_NEWNET: i32 = 0x4000_0000;
    let is_nsfs = rustix::fs::fstatfs(descriptor)?.f_type == NSFS_MAGIC;
    if !is_nsfs {
        return Ok(false);
    }
    // SAFETY: `NS_GET_NSTYPE` takes no argument and only returns a number; the descriptor is an open nsfs file.
    let kind = unsafe { rustix::ioctl::ioctl(descriptor, NamespaceType) };
    Ok(kind.map_or(true, |kind| kind == CLONE_NEWNET))
}

/// The `NS_GET_NSTYPE` ioctl: `_IO(0xb7, 3)` of `include/uapi/linux/nsfs.h`.
struct NamespaceType;

// SAFETY: the opcode has no argument, the pointer is null and never read, and the answer is the return value.
unsafe impl rustix::ioctl::Ioctl for NamespaceType {
    type Output = i32;
    const IS_MUTATING: bool = false;

    fn opcode(&self) -> rustix::ioctl::Opcode {
        rustix::ioctl::opcode::none(0xb7, 3)
    }

    fn as_ptr(&mut self) -> *mut std::ffi::c_void {
        std::ptr::null_mut()
    }

    unsafe fn output_from_ptr(
        out: rustix::ioctl::IoctlOutput,
        _: *mut std::ffi::c_void,
    ) -> rustix::io::Result<Self::Output> {
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_current_namespace_is_the_process_own() {
        let by_link = std::fs::read_link("/proc/self/ns/net").unwrap();
        let id = NetworkNamespace::current().unwrap().id;
        assert_eq!(by_link.to_str().unwrap(), format!("net:[{id}]"));
    }

    #[test]
    fn other_files_are_refused() {
        assert_eq!(NetworkNamespace::at(Path::new("/proc/self/ns/mnt")).unwrap_err(), Errno::INVAL);
        assert_eq!(NetworkNamespace::at(Path::new("/etc/passwd")).unwrap_err(), Errno::INVAL);
        assert_eq!(NetworkNamespace::at(Path::new("/nowhere")).unwrap_err(), Errno::NOENT);
    }

    #[test]
    fn a_new_namespace_is_another_one_and_has_a_loopback_only() {
        assert!(rustix::process::geteuid().is_root(), "this test needs root: unshare(2) needs CAP_SYS_ADMIN");
        let (id, devices) = NetworkNamespace::within_new(|| {
            let devices = std::fs::read_to_string("/proc/thread-self/net/dev").unwrap();
            (NetworkNamespace::current().unwrap().id, devices)
        })
        .unwrap();
        assert_ne!(id, NetworkNamespace::current().unwrap().id);
        // Two lines of headings, and one device.
        assert_eq!(devices.lines().count(), 3, "{devices}");
        assert!(devices.contains("lo:"));
    }

    #[test]
    fn work_inside_the_own_namespace_returns_its_value() {
        assert!(rustix::process::geteuid().is_root(), "this test needs root: setns(2) needs CAP_SYS_ADMIN");
        let own = NetworkNamespace::current().unwrap();
        assert_eq!(own.within(|| NetworkNamespace::current().unwrap().id).unwrap(), own.id);
    }
}

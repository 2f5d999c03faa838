//! `/proc` and `/proc/PID`, read through directory descriptors.

use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, CWD, Mode, OFlags, RawDir, ResolveFlags, openat, openat2, readlinkat_raw};
use rustix::io::{Errno, read};

/// A mounted `/proc`.
#[derive(Debug)]
pub struct Proc {
    root: OwnedFd,
}

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

impl Proc {
    /// Opens `/proc`.
    ///
    /// # Errors
    /// What `open(2)` says; `ENOTSUP` if something other than procfs is mounted there.
    pub fn open() -> Result<Self, Errno> {
        /// From `include/uapi/linux/magic.h`.
        const PROC_SUPER_MAGIC: rustix::fs::FsWord = 0x9fa0;
        let root = openat(CWD, c"/proc", DIRECTORY, Mode::empty())?;
        if rustix::fs::fstatfs(&root)?.f_type != PROC_SUPER_MAGIC {
            return Err(Errno::NOTSUP);
        }
        Ok(Self { root })
    }

    /// The processes that `/proc` lists now, in its order.
    ///
    /// # Errors
    /// What `getdents64(2)` says.
    pub fn pids(&self) -> Result<Vec<u32>, Errno> {
        let directory = openat(&self.root, c".", DIRECTORY, Mode::empty())?;
        numbers_in(&directory)
    }

    /// How many descriptors a process has open, without listing them. `None` without permission, and on kernels that
    /// do not tell (before Linux 6.2 the size of `fd` is 0).
    pub fn descriptor_count(&self, pid: u32) -> Option<u64> {
        let path = std::ffi::CString::new(format!("{pid}/fd")).ok()?;
        let metadata = rustix::fs::statat(&self.root, &path, AtFlags::empty()).ok()?;
        u64::try_from(metadata.st_size).ok()
    }

    /// One process.
    ///
    /// # Errors
    /// `ENOENT` if there is none, or none that may be seen (hidepid); `EXDEV` if something is mounted over its
    /// directory, so that what is there is not the process.
    pub fn process(&self, pid: u32) -> Result<ProcessDirectory, Errno> {
        let mut name = [0_u8; 16];
        let name = decimal(pid, &mut name);
        let resolve = ResolveFlags::NO_XDEV | ResolveFlags::NO_SYMLINKS;
        let directory = match openat2(&self.root, name, DIRECTORY, Mode::empty(), resolve) {
            // Before Linux 5.6, or where a seccomp filter does not know the call.
            Err(Errno::NOSYS | Errno::PERM) => openat(&self.root, name, DIRECTORY, Mode::empty())?,
            other => other?,
        };
        Ok(ProcessDirectory { pid, directory })
    }
}

/// One process's directory.
#[derive(Debug)]
pub struct ProcessDirectory {
    /// Its process id.
    pub pid: u32,
    directory: OwnedFd,
}

impl ProcessDirectory {
    /// Reads a whole file such as `stat` into `into`, which is cleared first.
    ///
    /// # Errors
    /// `ESRCH` or `ENOENT` once the process is gone, `EACCES` or `EPERM` without permission.
    pub fn read(&self, name: &CStr, into: &mut Vec<u8>) -> Result<(), Errno> {
        into.clear();
        let file = openat(&self.directory, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        loop {
            into.reserve(1024);
            if read(&file, rustix::buffer::spare_capacity(into))? == 0 {
                return Ok(());
            }
        }
    }

    /// Reads a symbolic link such as `exe` or `ns/net`. Nothing that the link names is opened or waited for.
    ///
    /// # Errors
    /// As [`Self::read`]; `ENOENT` for the `exe` of a kernel thread.
    pub fn link(&self, name: &CStr) -> Result<Vec<u8>, Errno> {
        Ok(rustix::fs::readlinkat(&self.directory, name, Vec::new())?.into_bytes())
    }

    /// Calls `each` with the number and the link text of every open descriptor. Links of which only the start
    /// matters are cut at 64 bytes.
    ///
    /// # Errors
    /// `EACCES` or `EPERM` if the list may not be read; `ENOENT` or `ESRCH` once the process is gone. A descriptor
    /// closed while being looked at is passed over: it holds nothing any more.
    pub fn each_descriptor(
        &self,
        scratch: &mut DescriptorScratch,
        mut each: impl FnMut(u32, &[u8]),
    ) -> Result<(), Errno> {
        self.each_descriptor_in(c"fd", scratch, &mut each)
    }

    /// The same for one thread, which may have a descriptor table of its own (`unshare(2)` with `CLONE_FILES`).
    ///
    /// # Errors
    /// As [`Self::each_descriptor`].
    pub fn each_descriptor_of_thread(
        &self,
        thread: u32,
        scratch: &mut DescriptorScratch,
        mut each: impl FnMut(u32, &[u8]),
    ) -> Result<(), Errno> {
        let path = std::ffi::CString::new(format!("task/{thread}/fd")).map_err(|_| Errno::INVAL)?;
        self.each_descriptor_in(&path, scratch, &mut each)
    }

    /// Its threads' ids.
    ///
    /// # Errors
    /// As [`Self::each_descriptor`].
    pub fn threads(&self) -> Result<Vec<u32>, Errno> {
        let directory = openat(&self.directory, c"task", DIRECTORY, Mode::empty())?;
        numbers_in(&directory)
    }

    fn each_descriptor_in(
        &self,
        path: &CStr,
        scratch: &mut DescriptorScratch,
        each: &mut impl FnMut(u32, &[u8]),
    ) -> Result<(), Errno> {
        let directory = openat(&self.directory, path, DIRECTORY, Mode::empty())?;
        let mut entries = RawDir::new(&directory, &mut scratch.entries);
        while let Some(entry) = entries.next() {
            let entry = entry?;
            let name = entry.file_name();
            let Some(fd) = number(name.to_bytes()) else { continue };
            // readlink, not stat: stat would follow the link and could wait for a dead file server.
            match readlinkat_raw(&directory, name, scratch.link.as_mut_slice()) {
                Ok((link, _)) => each(fd, link),
                Err(Errno::NOENT | Errno::SRCH) => {}
                Err(errno) => return Err(errno),
            }
        }
        Ok(())
    }
}

/// Buffers for [`ProcessDirectory::each_descriptor`], to be used again for the next process.
#[derive(Debug)]
pub struct DescriptorScratch {
    entries: Vec<MaybeUninit<u8>>,
    link: [MaybeUninit<u8>; 64],
}

impl Default for DescriptorScratch {
    fn default() -> Self {
        Self { entries: vec![MaybeUninit::uninit(); 64 * 1024], link: [MaybeUninit::uninit(); 64] }
    }
}

/// The entries of a directory that are numbers.
fn numbers_in(directory: &OwnedFd) -> Result<Vec<u32>, Errno> {
    let mut buffer = vec![MaybeUninit::<u8>::uninit(); 32 * 1024];
    let mut entries = RawDir::new(directory, buffer.as_mut_slice());
    let mut numbers = Vec::new();
    while let Some(entry) = entries.next() {
        numbers.extend(number(entry?.file_name().to_bytes()));
    }
    Ok(numbers)
}

/// A decimal number and nothing else.
fn number(bytes: &[u8]) -> Option<u32> {
    if bytes.is_empty() {
        return None;
    }
    bytes.iter().try_fold(0_u32, |value, byte| {
        let digit = u32::from(byte.wrapping_sub(b'0'));
        (digit < 10).then_some(())?;
        value.checked_mul(10)?.checked_add(digit)
    })
}

/// `value` in decimal, written into `buffer` without allocating.
fn decimal(mut value: u32, buffer: &mut [u8; 16]) -> &CStr {
    let mut rest = buffer.len() - 1;
    for (at, slot) in buffer.iter_mut().enumerate().rev().skip(1) {
        *slot = b'0' + u8::try_from(value % 10).unwrap_or_default();
        value /= 10;
        rest = at;
        if value == 0 {
            break;
        }
    }
    CStr::from_bytes_until_nul(buffer.get(rest..).unwrap_or_default()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_round_trip() {
        for value in [0, 7, 10, 4_194_304, u32::MAX] {
            let mut buffer = [0; 16];
            assert_eq!(number(decimal(value, &mut buffer).to_bytes()), Some(value));
        }
        for text in ["", "self", "12x", "4294967296", "-1"] {
            assert_eq!(number(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn this_process_is_listed_and_its_descriptors_are_seen() {
        let proc = Proc::open().unwrap();
        let own = std::process::id();
        assert!(proc.pids().unwrap().contains(&own));
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let wanted = u32::try_from(std::os::fd::AsRawFd::as_raw_fd(&socket)).unwrap();
        let mut seen = Vec::new();
        let process = proc.process(own).unwrap();
        process
            .each_descriptor(&mut DescriptorScratch::default(), |fd, link| seen.push((fd, link.to_vec())))
            .unwrap();
        let (_, link) = seen.iter().find(|(fd, _)| *fd == wanted).unwrap();
        assert!(link.starts_with(b"socket:["), "{}", String::from_utf8_lossy(link));
        let mut text = Vec::new();
        process.read(c"comm", &mut text).unwrap();
        assert!(text.ends_with(b"\n"));
    }

    #[test]
    fn a_process_that_is_gone_is_an_error_and_not_another_process() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let process = Proc::open().unwrap().process(child.id()).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let error = process.each_descriptor(&mut DescriptorScratch::default(), |_, _| {}).unwrap_err();
        assert!(matches!(error, Errno::NOENT | Errno::SRCH), "{error}");
    }
}

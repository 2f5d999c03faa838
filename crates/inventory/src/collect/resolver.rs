//! Names in a filter as the kernel's numbers, for the calling thread's network namespace.

use std::os::unix::fs::MetadataExt;

use portreeve_linux::capabilities::Privileges;

use super::cgroups::unified_root;
use crate::filter::KernelNames;

/// Looks the names up when the filter asks for them.
pub(crate) struct Resolver;

impl KernelNames for Resolver {
    fn device_index(&self, name: &str) -> Option<u32> {
        let names = super::interfaces::names().ok()?;
        names.into_iter().find(|(_, other)| **other == *name).map(|(index, _)| index)
    }

    fn cgroup_id(&self, path: &str) -> Option<u64> {
        let directory = unified_root()?.join(path.trim_start_matches('/'));
        directory.metadata().ok().map(|metadata| metadata.ino())
    }

    fn ephemeral_ports(&self) -> Option<(u16, u16)> {
        crate::inside::ephemeral_ports()
    }

    fn may_test_marks(&self) -> bool {
        Privileges::effective().administer_network
    }
}

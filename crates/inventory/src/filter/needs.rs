//! What has to be asked of the kernel and of `/proc` so that a filter's tests have something to look at.

use super::{Filter, Host, Test};

/// Data that a filter looks at, beyond what every socket carries. Where it is not provided, the tests on it are
/// unknown and nothing matches them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "independent needs, each named at its use")]
pub struct Needs {
    /// The processes that hold each socket.
    pub owners: bool,
    /// Executable, user, unit and container of those processes.
    pub process_details: bool,
    /// Names of containers.
    pub containers: bool,
    /// Names of users.
    pub users: bool,
    /// Names of network namespaces.
    pub namespaces: bool,
    /// Names of network devices.
    pub devices: bool,
    /// `SO_MARK`, which the kernel tells with `CAP_NET_ADMIN` only.
    pub marks: bool,
    /// Paths of cgroups.
    pub cgroups: bool,
    /// Which sockets the kernel chose the port of. No answer carries it: a second dump by the kernel's own test
    /// gives the cookies, and [`Facts::auto_bound`](super::Facts::auto_bound)
    /// passes them on.
    pub auto_bound: bool,
}

impl Filter {
    /// What this filter looks at.
    pub fn needs(&self) -> Needs {
        let mut needs = Needs::default();
        self.each_test(&mut |test| needs.add(test));
        needs
    }
}

impl Needs {
    fn add(&mut self, test: &Test) {
        match test {
            Test::Host(_, Host::Link { device: Some(_), .. }) | Test::Device(_) => self.devices = true,
            Test::Mark { .. } => self.marks = true,
            Test::Cgroup(_) => self.cgroups = true,
            Test::AutoBound => self.auto_bound = true,
            Test::Pid(..) => self.owners = true,
            Test::User(_) => {
                self.owners = true;
                self.process_details = true;
                self.users = true;
            }
            Test::Process(_) | Test::Unit(_) => {
                self.owners = true;
                self.process_details = true;
            }
            Test::Container(_) => {
                self.owners = true;
                self.process_details = true;
                self.containers = true;
                self.namespaces = true;
            }
            Test::Namespace(_) => self.namespaces = true,
            Test::State(_) | Test::Host(..) | Test::Port(..) | Test::Uid(..) | Test::Inode(..) => {}
        }
    }
}

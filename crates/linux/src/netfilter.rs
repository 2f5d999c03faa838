//! Netfilter, asked over netlink: the generation of the ruleset, and what is registered at the hooks.

use portreeve_wire::netfilter::{
    Generation, Hook, HookType, RuleOutline, dump_hooks, dump_rules, generation_request,
};
use rustix::io::Errno;

use crate::netlink::{Channel, NetlinkError, ask, dump};

/// The number of the `nf_tables` ruleset of the channel's namespace, and the name of the process that the kernel says with it: in
/// an answer, the one that asks.
///
/// # Errors
/// [`NetlinkError::Refused`] with `EINVAL` or `EOPNOTSUPP` where `nf_tables` is not there, `EPERM` without `CAP_NET_ADMIN`.
pub fn generation(channel: &mut impl Channel) -> Result<(u32, String), NetlinkError> {
    ask(
        channel,
        |sequence| Ok(generation_request(sequence)),
        |message| Generation::from_message(message).map(|found| (found.id, found.name.into_owned())),
    )
}

/// What every rule of the channel's namespace tests, in outline.
///
/// # Errors
/// [`NetlinkError`]; `EPERM` without `CAP_NET_ADMIN`.
pub fn rule_outlines(channel: &mut impl Channel) -> Result<Vec<RuleOutline>, NetlinkError> {
    dump(channel, |sequence| Ok(dump_rules(sequence)), |message| RuleOutline::from_message(message).map(Some))
        .map(|dump| dump.items)
}

/// One function at a hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredHook {
    /// Functions of lower priority run first.
    pub priority: i32,
    /// Its name in the kernel.
    pub function: Option<String>,
    /// The module it is in.
    pub module: Option<String>,
    /// What it belongs to; `None` for the kernel's own (connection tracking, NAT, legacy xtables).
    pub kind: Option<HookType>,
    /// Family (`NFPROTO_*`), table and name of the base chain.
    pub chain: Option<(u8, String, String)>,
    /// Number of the BPF program.
    pub program: Option<u32>,
}

/// What runs at `hook` of `family` (`NFPROTO_*`), in order; `device` for hooks of one interface. `None` where the kernel does not
/// tell (before Linux 5.14, or without `CONFIG_NETFILTER_NETLINK_HOOK`).
///
/// # Errors
/// [`NetlinkError`]; `EPERM` without `CAP_NET_ADMIN`.
pub fn hooks(
    channel: &mut impl Channel,
    family: u8,
    hook: u32,
    device: Option<&str>,
) -> Result<Option<Vec<RegisteredHook>>, NetlinkError> {
    let result = dump(
        channel,
        |sequence| dump_hooks(family, hook, device, sequence),
        |message| Hook::from_message(message).map(|found| Some(RegisteredHook::from(found))),
    );
    match result {
        Ok(dump) => Ok(Some(dump.items)),
        // nfnetlink_rcv_msg: no such subsystem. The subsystem itself answers ENOENT where the family has no such hook.
        Err(NetlinkError::Refused(Errno::INVAL)) => Ok(None),
        Err(NetlinkError::Refused(Errno::NOENT | Errno::OPNOTSUPP)) => Ok(Some(Vec::new())),
        Err(error) => Err(error),
    }
}

impl From<Hook<'_>> for RegisteredHook {
    fn from(hook: Hook<'_>) -> Self {
        Self {
            priority: hook.priority,
            function: hook.function.map(Into::into),
            module: hook.module.map(Into::into),
            kind: hook.kind,
            chain: hook.chain.map(|chain| (chain.family, chain.table.into(), chain.name.into())),
            program: hook.program,
        }
    }
}

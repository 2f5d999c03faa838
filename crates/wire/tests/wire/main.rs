//! Decoders and encoders against recorded kernel messages, and their properties on invented bytes.

#[cfg(test)]
mod bytecode;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod genetlink;
#[cfg(test)]
mod inet_diag;
#[cfg(test)]
mod netfilter_conntrack;
#[cfg(test)]
mod netfilter_registry;
#[cfg(test)]
mod netfilter_trace;
#[cfg(test)]
mod netlink;
#[cfg(test)]
mod no_panic;
#[cfg(test)]
mod proc_net;
#[cfg(test)]
mod proc_process;
#[cfg(test)]
mod route;
#[cfg(test)]
mod routing;
#[cfg(test)]
mod unix_packet_vsock;

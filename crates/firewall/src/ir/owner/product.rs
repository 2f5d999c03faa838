//! The products.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Software that writes rules.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Owner {
    /// Antrea, a network for Kubernetes.
    Antrea,
    /// The network plugin of Amazon's Kubernetes.
    AwsVpcCni,
    /// Calico (and Canal).
    Calico,
    /// Cilium.
    Cilium,
    /// The reference plugins of the Container Network Interface: bridge, portmap, firewall.
    CniPlugins,
    /// `CrowdSec`'s firewall bouncer.
    CrowdSec,
    /// `ConfigServer` Security & Firewall.
    Csf,
    /// Docker Engine.
    Docker,
    /// fail2ban.
    Fail2ban,
    /// firewalld.
    Firewalld,
    /// flannel.
    Flannel,
    /// Foomuuri.
    Foomuuri,
    /// Incus.
    Incus,
    /// Istio's redirection in a pod.
    Istio,
    /// kube-proxy and the kubelet.
    Kubernetes,
    /// kube-router.
    KubeRouter,
    /// libvirt.
    Libvirt,
    /// Linkerd's redirection in a pod.
    Linkerd,
    /// LXC's `lxc-net`.
    Lxc,
    /// LXD.
    Lxd,
    /// miniupnpd.
    Miniupnpd,
    /// Mullvad VPN.
    Mullvad,
    /// `NetBird`.
    Netbird,
    /// `NetworkManager`'s shared connections.
    NetworkManager,
    /// The firewall of `NixOS`.
    Nixos,
    /// `OpenStack` Neutron.
    Neutron,
    /// `OpenWrt`'s firewall.
    Openwrt,
    /// OVN-Kubernetes.
    OvnKubernetes,
    /// Podman, through netavark.
    Podman,
    /// Portreeve itself.
    Portreeve,
    /// Proxmox VE.
    Proxmox,
    /// psad.
    Psad,
    /// Shorewall.
    Shorewall,
    /// `SSHGuard`.
    Sshguard,
    /// systemd-networkd or systemd-nspawn.
    Systemd,
    /// Tailscale.
    Tailscale,
    /// ufw.
    Ufw,
    /// Weave Net.
    Weave,
    /// `wg-quick` of `WireGuard`.
    WgQuick,
    /// Another program, by the name it gives itself.
    Other(String),
}

/// The product's own spelling of its name.
impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Antrea => "Antrea",
            Self::AwsVpcCni => "Amazon VPC CNI",
            Self::Calico => "Calico",
            Self::Cilium => "Cilium",
            Self::CniPlugins => "CNI plugins",
            Self::CrowdSec => "CrowdSec",
            Self::Csf => "CSF",
            Self::Docker => "Docker",
            Self::Fail2ban => "fail2ban",
            Self::Firewalld => "firewalld",
            Self::Flannel => "flannel",
            Self::Foomuuri => "Foomuuri",
            Self::Incus => "Incus",
            Self::Istio => "Istio",
            Self::Kubernetes => "Kubernetes",
            Self::KubeRouter => "kube-router",
            Self::Libvirt => "libvirt",
            Self::Linkerd => "Linkerd",
            Self::Lxc => "LXC",
            Self::Lxd => "LXD",
            Self::Miniupnpd => "miniupnpd",
            Self::Mullvad => "Mullvad VPN",
            Self::Netbird => "NetBird",
            Self::NetworkManager => "NetworkManager",
            Self::Nixos => "NixOS firewall",
            Self::Neutron => "OpenStack Neutron",
            Self::Openwrt => "OpenWrt firewall",
            Self::OvnKubernetes => "OVN-Kubernetes",
            Self::Podman => "Podman",
            Self::Portreeve => "Portreeve",
            Self::Proxmox => "Proxmox VE",
            Self::Psad => "psad",
            Self::Shorewall => "Shorewall",
            Self::Sshguard => "SSHGuard",
            Self::Systemd => "systemd",
            Self::Tailscale => "Tailscale",
            Self::Ufw => "ufw",
            Self::Weave => "Weave Net",
            Self::WgQuick => "wg-quick",
            Self::Other(name) => name,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Owner;

    #[test]
    fn survives_json() {
        for owner in [Owner::WgQuick, Owner::Fail2ban, Owner::Other("house rules".into())] {
            let text = serde_json::to_string(&owner).unwrap();
            assert_eq!(serde_json::from_str::<Owner>(&text).unwrap(), owner, "{text}");
        }
        assert_eq!(serde_json::to_string(&Owner::WgQuick).unwrap(), "\"wg-quick\"");
    }
}

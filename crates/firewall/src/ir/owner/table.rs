//! The signs of each product, as its releases up to 2025 leave them. One entry a product, in alphabetical
//! order: no two of them use the same name.

use super::Owner;
use super::pattern::Name::{Begins, Ends, Is};
use super::pattern::{NO_SIGNS, Signs};
use crate::ir::Family::{Bridge, Inet, Ip, Ip6};

/// Chains that a product makes for the administrator to fill: what is in them is not the product's.
pub(super) const GIVEN_TO_ADMINISTRATOR: &[&str] = &["DOCKER-USER", "CNI-ADMIN"];

/// Every product known.
pub(super) const PRODUCTS: &[(Owner, Signs)] = &[
    (Owner::Antrea, Signs { chains: &[Begins("ANTREA-")], comments: &[Begins("Antrea: ")], ..NO_SIGNS }),
    (
        Owner::AwsVpcCni,
        Signs {
            chains: &[Begins("AWS-SNAT-CHAIN-"), Begins("AWS-CONNMARK-CHAIN-")],
            comments: &[Begins("AWS, "), Is("AWS SNAT CHAIN")],
            ..NO_SIGNS
        },
    ),
    (
        Owner::Calico,
        Signs {
            tables: &[(&[Ip, Ip6], Is("calico"))],
            chains: &[Begins("cali-")],
            comments: &[Begins("cali:")],
            sets: &[Begins("cali40"), Begins("cali60")],
            ..NO_SIGNS
        },
    ),
    (
        Owner::Cilium,
        Signs {
            chains: &[Begins("CILIUM_"), Begins("OLD_CILIUM_")],
            comments: &[Begins("cilium: "), Begins("cilium-feeder: ")],
            ..NO_SIGNS
        },
    ),
    (
        Owner::CniPlugins,
        Signs {
            tables: &[
                (&[Ip, Ip6, Inet], Is("cni_hostport")),
                (&[Ip, Ip6, Inet], Is("cni_plugins_masquerade")),
            ],
            chains: &[Begins("CNI-")],
            comments: &[Begins("CNI portfwd "), Begins("CNI firewall plugin ")],
            ..NO_SIGNS
        },
    ),
    (
        Owner::CrowdSec,
        Signs {
            tables: &[(&[Ip], Is("crowdsec")), (&[Ip6], Is("crowdsec6"))],
            chains: &[Is("CROWDSEC_CHAIN"), Begins("crowdsec-chain"), Begins("crowdsec6-chain")],
            sets: &[Begins("crowdsec-blacklists"), Begins("crowdsec6-blacklists")],
            ..NO_SIGNS
        },
    ),
    (
        Owner::Csf,
        Signs {
            chains: &[
                Is("LOCALINPUT"),
                Is("LOCALOUTPUT"),
                Is("LOGDROPIN"),
                Is("LOGDROPOUT"),
                Is("SMTPOUTPUT"),
            ],
            chains_beside: &[
                ("LOCALINPUT", Is("ALLOWIN")),
                ("LOCALINPUT", Is("ALLOWOUT")),
                ("LOCALINPUT", Is("DENYIN")),
                ("LOCALINPUT", Is("DENYOUT")),
                ("LOCALINPUT", Is("INVALID")),
                ("LOCALINPUT", Is("INVDROP")),
                ("LOCALINPUT", Is("SYNFLOOD")),
                ("LOCALINPUT", Is("PORTFLOOD")),
                ("LOCALINPUT", Is("UDPFLOOD")),
                ("LOCALINPUT", Begins("CC_")),
            ],
            ..NO_SIGNS
        },
    ),
    (
        Owner::Docker,
        Signs {
            tables: &[(&[Ip, Ip6], Is("docker-bridges"))],
            chains: &[Is("DOCKER"), Begins("DOCKER-")],
            sets: &[Begins("docker-ext-bridges-v")],
            ..NO_SIGNS
        },
    ),
    (
        Owner::Fail2ban,
        Signs {
            tables: &[(&[], Is("f2b-table"))],
            chains: &[Begins("f2b-"), Begins("fail2ban-")],
            sets: &[Begins("f2b-"), Begins("fail2ban-"), Begins("addr-set-"), Begins("addr6-set-")],
            ..NO_SIGNS
        },
    ),
    (
        Owner::Firewalld,
        Signs {
            tables: &[(&[Inet, Ip, Ip6], Is("firewalld"))],
            chains: &[
                Ends("_POLICIES_pre"),
                Ends("_POLICIES_post"),
                Ends("_ZONES"),
                Ends("_ZONES_SOURCE"),
                Is("INPUT_direct"),
                Is("FORWARD_direct"),
                Is("OUTPUT_direct"),
                Is("PREROUTING_direct"),
                Is("POSTROUTING_direct"),
                Is("RFC3964_IPv4"),
            ],
            chains_beside: &[
                ("INPUT_ZONES", Begins("IN_")),
                ("INPUT_ZONES", Begins("FWD_")),
                ("INPUT_ZONES", Begins("FWDI_")),
                ("INPUT_ZONES", Begins("FWDO_")),
                ("INPUT_ZONES", Begins("OUT_")),
                ("PREROUTING_ZONES", Begins("PRE_")),
                ("POSTROUTING_ZONES", Begins("POST_")),
            ],
            ..NO_SIGNS
        },
    ),
    (
        Owner::Flannel,
        Signs {
            tables: &[(&[Ip], Is("flannel-ipv4")), (&[Ip6], Is("flannel-ipv6"))],
            chains: &[Is("FLANNEL-FWD"), Is("FLANNEL-POSTRTG")],
            comments: &[Begins("flanneld ")],
            ..NO_SIGNS
        },
    ),
    (Owner::Foomuuri, Signs { tables: &[(&[Inet], Is("foomuuri"))], ..NO_SIGNS }),
    (
        Owner::Incus,
        Signs {
            tables: &[(&[Inet, Ip, Ip6, Bridge], Is("incus"))],
            comments: &[Begins("generated for Incus ")],
            ..NO_SIGNS
        },
    ),
    (Owner::Istio, Signs { chains: &[Begins("ISTIO_")], ..NO_SIGNS }),
    (
        Owner::Kubernetes,
        Signs {
            tables: &[(&[Ip, Ip6], Is("kube-proxy"))],
            chains: &[
                Is("KUBE-SERVICES"),
                Is("KUBE-EXTERNAL-SERVICES"),
                Is("KUBE-NODEPORTS"),
                Is("KUBE-NODE-PORT"),
                Is("KUBE-POSTROUTING"),
                Is("KUBE-FORWARD"),
                Is("KUBE-FIREWALL"),
                Is("KUBE-PROXY-FIREWALL"),
                Is("KUBE-SOURCE-RANGES-FIREWALL"),
                Is("KUBE-IPVS-FILTER"),
                Is("KUBE-IPVS-OUT-FILTER"),
                Is("KUBE-LOAD-BALANCER"),
                Is("KUBE-MARK-MASQ"),
                Is("KUBE-MARK-DROP"),
                Is("KUBE-PROXY-CANARY"),
                Is("KUBE-KUBELET-CANARY"),
                Is("KUBE-IPTABLES-HINT"),
                Begins("KUBE-SVC-"),
                Begins("KUBE-SVL-"),
                Begins("KUBE-SEP-"),
                Begins("KUBE-EXT-"),
                Begins("KUBE-XLB-"),
                Begins("KUBE-FW-"),
                Is("KUBE-HOSTPORTS"),
                Begins("KUBE-HP-"),
            ],
            sets: &[
                Is("KUBE-CLUSTER-IP"),
                Is("KUBE-LOOP-BACK"),
                Begins("KUBE-NODE-PORT-"),
                Begins("KUBE-LOAD-BALANCER"),
            ],
            ..NO_SIGNS
        },
    ),
    (
        Owner::KubeRouter,
        Signs {
            chains: &[Begins("KUBE-ROUTER-"), Begins("KUBE-POD-FW-"), Begins("KUBE-NWPLCY-")],
            sets: &[Begins("kube-router-"), Begins("KUBE-SRC-"), Begins("KUBE-DST-")],
            ..NO_SIGNS
        },
    ),
    (
        Owner::Libvirt,
        Signs {
            tables: &[(&[Ip, Ip6], Is("libvirt_network"))],
            chains: &[
                Begins("LIBVIRT_"),
                Is("libvirt-in"),
                Is("libvirt-out"),
                Is("libvirt-in-post"),
                Is("libvirt-host-in"),
                Begins("libvirt-I-"),
                Begins("libvirt-O-"),
            ],
            chains_beside: &[
                ("libvirt-in", Begins("FI-")),
                ("libvirt-in", Begins("FO-")),
                ("libvirt-in", Begins("HI-")),
                ("libvirt-in", Begins("FJ-")),
                ("libvirt-in", Begins("HJ-")),
            ],
            ..NO_SIGNS
        },
    ),
    (
        Owner::Linkerd,
        Signs { chains: &[Begins("PROXY_INIT_")], comments: &[Begins("proxy-init/")], ..NO_SIGNS },
    ),
    (Owner::Lxc, Signs { tables: &[(&[Inet, Ip, Ip6], Is("lxc"))], ..NO_SIGNS }),
    (
        Owner::Lxd,
        Signs {
            tables: &[(&[Inet, Ip, Ip6, Bridge], Is("lxd"))],
            comments: &[Begins("generated for LXD "), Begins("LXD ")],
            ..NO_SIGNS
        },
    ),
    (
        Owner::Miniupnpd,
        Signs {
            tables: &[(&[Inet, Ip, Ip6], Is("miniupnpd"))],
            chains: &[
                Is("MINIUPNPD"),
                Begins("MINIUPNPD-"),
                Is("miniupnpd"),
                Is("prerouting_miniupnpd"),
                Is("postrouting_miniupnpd"),
            ],
            ..NO_SIGNS
        },
    ),
    (
        Owner::Mullvad,
        Signs {
            tables: &[
                (&[Inet], Is("mullvad")),
                (&[Ip], Is("mullvadmangle4")),
                (&[Ip6], Is("mullvadmangle6")),
            ],
            ..NO_SIGNS
        },
    ),
    (
        Owner::Netbird,
        Signs { tables: &[(&[Ip, Ip6, Inet], Is("netbird"))], chains: &[Begins("NETBIRD-")], ..NO_SIGNS },
    ),
    (
        Owner::NetworkManager,
        Signs {
            tables: &[(&[Ip, Ip6, Inet], Begins("nm-shared-"))],
            chains: &[Begins("nm-sh-in-"), Begins("nm-sh-fw-")],
            ..NO_SIGNS
        },
    ),
    (
        Owner::Nixos,
        Signs {
            tables: &[(&[Inet], Is("nixos-fw")), (&[Ip, Ip6, Inet], Is("nixos-nat"))],
            chains: &[Is("nixos-fw"), Begins("nixos-fw-"), Begins("nixos-nat-"), Begins("nixos-filter-")],
            ..NO_SIGNS
        },
    ),
    (Owner::Neutron, Signs { chains: &[Begins("neutron-")], ..NO_SIGNS }),
    (
        Owner::Openwrt,
        Signs { tables: &[(&[Inet], Is("fw4"))], comments: &[Begins("!fw3"), Begins("!fw4")], ..NO_SIGNS },
    ),
    (
        Owner::OvnKubernetes,
        Signs { tables: &[(&[Inet], Is("ovn-kubernetes"))], chains: &[Begins("OVN-KUBE-")], ..NO_SIGNS },
    ),
    (
        Owner::Podman,
        Signs {
            tables: &[(&[Inet], Is("netavark"))],
            chains: &[Begins("NETAVARK-"), Begins("NETAVARK_")],
            comments: &[Begins("netavark ")],
            ..NO_SIGNS
        },
    ),
    (Owner::Portreeve, Signs { tables: &[(&[], Is("portreeve"))], ..NO_SIGNS }),
    (
        Owner::Proxmox,
        Signs {
            tables: &[(&[Inet], Is("proxmox-firewall")), (&[Bridge], Is("proxmox-firewall-guests"))],
            chains: &[Begins("PVEFW-")],
            comments: &[Begins("PVESIG:")],
            sets: &[Begins("PVEFW-")],
            ..NO_SIGNS
        },
    ),
    (Owner::Psad, Signs { chains: &[Begins("PSAD_BLOCK_")], ..NO_SIGNS }),
    (
        Owner::Shorewall,
        Signs {
            chains: &[
                Is("shorewall"),
                Is("shorewall6"),
                Is("smurfs"),
                Is("smurflog"),
                Is("sfilter"),
                Begins("sha-lh-"),
            ],
            chains_beside: &[
                ("shorewall", Is("dynamic")),
                ("shorewall", Is("logdrop")),
                ("shorewall", Is("logreject")),
                ("shorewall", Is("logflags")),
                ("shorewall", Is("reject")),
                ("shorewall", Is("tcpflags")),
                ("shorewall", Begins("fw-")),
                ("shorewall", Begins("fw2")),
                ("shorewall", Begins("net-")),
                ("shorewall", Begins("net2")),
                ("shorewall", Begins("loc-")),
                ("shorewall", Begins("loc2")),
                ("shorewall", Ends("-fw")),
                ("shorewall", Ends("_in")),
                ("shorewall", Ends("_fwd")),
                ("shorewall", Ends("_out")),
                ("shorewall", Ends("_masq")),
            ],
            log_prefixes: &[Begins("Shorewall:"), Begins("Shorewall6:")],
            ..NO_SIGNS
        },
    ),
    (
        Owner::Sshguard,
        Signs {
            tables: &[(&[Ip, Ip6, Inet], Is("sshguard"))],
            chains: &[Is("sshguard")],
            sets: &[Is("sshguard4"), Is("sshguard6")],
            ..NO_SIGNS
        },
    ),
    (Owner::Systemd, Signs { tables: &[(&[Ip, Ip6], Is("io.systemd.nat"))], ..NO_SIGNS }),
    (
        Owner::Tailscale,
        Signs { chains: &[Is("ts-input"), Is("ts-forward"), Is("ts-postrouting")], ..NO_SIGNS },
    ),
    (
        Owner::Ufw,
        Signs { chains: &[Begins("ufw-"), Begins("ufw6-")], log_prefixes: &[Begins("[UFW ")], ..NO_SIGNS },
    ),
    (Owner::Weave, Signs { chains: &[Is("WEAVE"), Begins("WEAVE-")], sets: &[Begins("weave-")], ..NO_SIGNS }),
    (
        Owner::WgQuick,
        Signs {
            tables: &[(&[Ip, Ip6], Begins("wg-quick-"))],
            comments: &[Begins("wg-quick(8) rule for ")],
            ..NO_SIGNS
        },
    ),
];

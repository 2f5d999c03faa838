//! Paths that swallow large packets.

use std::net::SocketAddr;

use crate::case::Case;
use crate::facts::path::{Flow, Purpose, State};
use crate::facts::{SmallTry, Struggling, Trial};
use crate::layers::{FaultDraft, Judgement};

/// Judges connections that stood still with segments of the usual size.
pub(super) fn judge(case: &Case, judgement: &mut Judgement) {
    for (endpoint, small) in small_tries(case) {
        if small.passed {
            judgement.add(proven(case, endpoint, small));
        }
    }
    clients(case, judgement);
}

/// Connections of this diagnosis that stood still, and what a second one with small segments did.
fn small_tries(case: &Case) -> Vec<(SocketAddr, &SmallTry)> {
    let addresses = case.endpoints.iter().map(|endpoint| endpoint.address);
    addresses.filter_map(|address| Some((address, small_try(case, address)?))).collect()
}

fn small_try(case: &Case, address: SocketAddr) -> Option<&SmallTry> {
    case.tls.of(address).and_then(|tried| tried.small.as_ref())
}

fn proven(case: &Case, endpoint: SocketAddr, small: &SmallTry) -> FaultDraft {
    let usual = &small.usual;
    let statement = format!(
        "Packets of the usual size get lost between {endpoint} and here, and nobody says so: a connection with segments of up to {} bytes \
         stands still, one of {} bytes works",
        usual.announced_mss.max(usual.mss),
        small.small_mss
    );
    let answered = |address| case.trials.of(address).is_some_and(Trial::is_answered);
    let others = case.endpoints.iter().filter(|one| {
        one.address != endpoint && answered(one.address) && small_try(case, one.address).is_none()
    });
    let ping = if endpoint.is_ipv4() { "ping -M do -s 1472" } else { "ping -6 -M do -s 1452" };
    FaultDraft::at("mtu-black-hole", statement, vec![endpoint], others.count())
        .seen(
            "packet",
            format!(
                "announced MSS {}: received {} bytes, {} segments out of order, {} unacknowledged, {} sent again; MSS {}: answered",
                usual.announced_mss,
                usual.received,
                usual.out_of_order,
                usual.unacknowledged,
                usual.retransmissions,
                small.small_mss
            ),
            format!("{ping} -c 2 {} ; tracepath -n {}", endpoint.ip(), endpoint.ip()),
        )
        .fix("let ICMP `fragmentation needed` and ICMPv6 `packet too big` through on every router and host of the way")
        .fix(
            "or have routers lower the segment size: nft add rule inet filter forward tcp flags syn tcp option maxseg size set rt mtu; \
             iptables -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu",
        )
        .fix("or have the sender find out by itself: sysctl -w net.ipv4.tcp_mtu_probing=1")
}

/// Connections of clients that took the first small packets and no large one since, on a host to which nobody can say so.
fn clients(case: &Case, judgement: &mut Judgement) {
    let Some(now) = case.queues.now() else { return };
    let deaf = |flow: &&Flow| {
        flow.purpose == Purpose::Asked
            && flow.too_big.as_ref().is_some_and(|answer| crate::facts::path::state(answer) == State::ByRule)
    };
    let stuck: Vec<&Struggling> = now.struggling.iter().filter(|one| is_stuck_at_the_first(one)).collect();
    let same = |flow: &&Flow| stuck.iter().any(|one| one.local.is_ipv4() == flow.endpoint.is_ipv4());
    let Some(flow) = case.path.flows.iter().filter(deaf).find(same) else { return };
    let Some(first) = stuck.first() else { return };
    let rule = flow.too_big.as_ref().map_or("", |answer| answer.statement.as_str());
    let statement = format!(
        "{} connections, that of {} among them, stand still at their first full segment ({} bytes, sent again {} times), and a router's \
         message that it is too big does not come in: it is {rule}",
        stuck.len(),
        first.peer,
        first.mss,
        first.retransmissions
    );
    let mut draft = FaultDraft::some("mtu-black-hole", statement);
    for one in stuck.iter().take(3) {
        draft = draft.seen(
            "connection",
            format!(
                "{} to {}: mss {}, pmtu {}, {} segments unacknowledged, {} bytes acknowledged, {} time-outs in a row",
                one.local, one.peer, one.mss, one.pmtu, one.unacknowledged, one.acknowledged, one.timeouts
            ),
            format!("ss -tni 'sport = :{}'", one.local.port()),
        );
    }
    let how = if flow.endpoint.is_ipv4() {
        "nft insert rule inet filter input icmp type destination-unreachable accept; iptables -I INPUT -p icmp --icmp-type \
         fragmentation-needed -j ACCEPT"
    } else {
        "nft insert rule inet filter input icmpv6 type packet-too-big accept; ip6tables -I INPUT -p icmpv6 --icmpv6-type packet-too-big \
         -j ACCEPT"
    };
    judgement.add(draft.fix(how).fix("or sysctl -w net.ipv4.tcp_mtu_probing=1"));
}

/// Nothing as large as a segment was ever acknowledged, and the timer ran out again and again.
fn is_stuck_at_the_first(one: &Struggling) -> bool {
    one.timeouts >= 2 && one.unacknowledged > 0 && one.mss > 536 && one.acknowledged < u64::from(one.mss)
}

//! Whether the table has room.

use crate::case::Case;
use crate::facts::conntrack::ConntrackLook;
use crate::facts::{Outcome, Trial};
use crate::layers::{FaultDraft, Judgement};

const COUNT: &str = "sysctl net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max";
const STAT: &str = "conntrack -S";

pub(super) fn judge(case: &Case, judgement: &mut Judgement, look: ConntrackLook) {
    let dropped = case.conntrack.grown(|stat| stat.drop);
    let forgotten = case.conntrack.grown(|stat| stat.early_drop);
    let failed = case.conntrack.grown(|stat| stat.insert_failed);
    // `__nf_conntrack_alloc`: with as many entries as `nf_conntrack_max` the next is one too many.
    if look.max > 0 && look.count >= look.max {
        judgement.add(full(case, look, dropped, forgotten));
    } else if look.max > 0 && look.count.saturating_mul(10) >= look.max.saturating_mul(9) {
        let percent = look.count.saturating_mul(100) / look.max;
        judgement.note(
            "nearly-full",
            format!("the table of connections is {percent} % full: {} of {} ({COUNT})", look.count, look.max),
        );
    }
    let full = look.max > 0 && look.count >= look.max;
    if !full && dropped > 0 {
        // No room for lack of memory, or full between the looks.
        let statement = format!(
            "Connection tracking dropped {dropped} packets while it was looked: the table of {} entries is full at times, or memory is short",
            look.max
        );
        judgement.add(
            FaultDraft::some("insert-failed", statement)
                .seen("counter", format!("drop grew by {dropped}"), STAT)
                .seen("sysctl", numbers(look), COUNT)
                .fix(raise(look)),
        );
    } else if failed > 0 {
        let statement = format!(
            "Connection tracking could not enter {failed} connections while it was looked, and dropped their packets: others have the \
             same addresses and ports after translation"
        );
        judgement.add(
            FaultDraft::some("insert-failed", statement)
                .seen("counter", format!("insert_failed grew by {failed}"), STAT)
                .fix("give source translation more ports or addresses: nft ... masquerade fully-random; iptables -j MASQUERADE --random-fully"),
        );
    }
}

fn full(case: &Case, look: ConntrackLook, dropped: u64, forgotten: u64) -> FaultDraft {
    // Rules of every namespace see the loopback interface, too: a trial that got through found room, if only because the kernel forgot
    // somebody else's connection.
    let got_through = |trial: &Trial| {
        matches!(trial.outcome, Outcome::Connected(_) | Outcome::Answered(_) | Outcome::Refused)
    };
    let passes = case.trials.trials.iter().any(got_through) && dropped == 0;
    let statement = if passes {
        format!(
            "The table of connections is full ({} of {}): for each new one another is forgotten, and soon new ones are dropped",
            look.count, look.max
        )
    } else {
        format!(
            "The table of connections is full ({} of {}): new connections are dropped",
            look.count, look.max
        )
    };
    let draft = if passes {
        FaultDraft::some("table-full", statement)
    } else {
        FaultDraft::all("table-full", statement)
    };
    let mut draft = draft.seen("sysctl", numbers(look), COUNT);
    if dropped > 0 || forgotten > 0 {
        draft = draft.seen("counter", format!("drop grew by {dropped}, early_drop by {forgotten}"), STAT);
    }
    draft
        .seen("log", "the kernel logs `nf_conntrack: table full, dropping packet`", "dmesg | grep nf_conntrack")
        .fix(raise(look))
        .fix(
            "see what fills it: conntrack -L | awk '{print $1, $4}' | sort | uniq -c | sort -rn | head; shorten \
             net.netfilter.nf_conntrack_tcp_timeout_established, or leave traffic that needs no state out of it (nft: notrack)",
        )
}

fn numbers(look: ConntrackLook) -> String {
    format!(
        "nf_conntrack_count = {}, nf_conntrack_max = {}, nf_conntrack_buckets = {}",
        look.count, look.max, look.buckets
    )
}

/// Four times as many entries, and a quarter as many chains, as the kernel does by itself.
fn raise(look: ConntrackLook) -> String {
    let more = look.max.max(65_536).saturating_mul(4);
    format!(
        "sysctl -w net.netfilter.nf_conntrack_max={more}, echo {} > /sys/module/nf_conntrack/parameters/hashsize, and the same in \
         /etc/sysctl.d",
        more / 4
    )
}

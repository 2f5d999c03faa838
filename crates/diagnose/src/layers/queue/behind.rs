//! Processes behind the port that cannot go on: in a container that publishes it.

use super::words::count;
use crate::case::Case;
use crate::facts::Behind;
use crate::layers::{FaultDraft, Judgement};

/// Judges the containers that publish the port.
pub(super) fn judge(case: &Case, judgement: &mut Judgement) {
    // One on the network of the host holds the port itself, and is judged there.
    let alone = case.queues.behind.len() == 1;
    for behind in &case.queues.behind {
        if behind.frozen || behind.stopped {
            judgement.add(fault(case, behind, alone));
        }
    }
}

fn fault(case: &Case, behind: &Behind, alone: bool) -> FaultDraft {
    let Behind { container, pid, name, .. } = behind;
    let waiting: u32 = behind.queues.iter().map(|queue| queue.length).fold(0, u32::saturating_add);
    let waits = match waiting {
        0 => String::new(),
        some => format!(", and {} wait in it", count(some as usize, "connection")),
    };
    let port = case.question.target.port;
    let (code, state) = if behind.frozen {
        ("process-frozen", "is paused".to_owned())
    } else {
        ("process-stopped", format!("does not go on: {name} (pid {pid}) in it is stopped (state T)"))
    };
    let statement = format!("the container {container}, which publishes port {port}, {state}{waits}");
    let fault = if alone { FaultDraft::all(code, statement) } else { FaultDraft::some(code, statement) };
    let fault = fault.seen(
        "container",
        format!("{container}: {}", if behind.frozen { "paused" } else { "running" }),
        format!("docker inspect -f '{{{{.State.Status}}}}' {container}"),
    );
    let mut fault = if behind.frozen {
        fault.fix(format!("docker unpause {container}"))
    } else {
        fault
            .seen(
                "process",
                format!("{name} (pid {pid}) is stopped (state T)"),
                format!("grep State /proc/{pid}/status"),
            )
            .fix(format!("docker kill -s CONT {container}"))
    };
    for queue in &behind.queues {
        fault = fault.seen(
            "queue",
            format!("Recv-Q {}, Send-Q {} on {} in the container", queue.length, queue.limit, queue.bound),
            format!("nsenter -t {pid} -n ss -ltn 'sport = :{}'", behind.port),
        );
    }
    fault
}

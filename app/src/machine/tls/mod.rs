//! `tls`: many hosts audited at once, from inside the namespace that is asked for.

mod addresses;
mod files;
mod host;
mod hosts;
mod journal;
mod run;

use std::time::Instant;

use portreeve_inventory::host::this_host;
use tokio::runtime::{Builder, Runtime};

use super::scope;
use crate::engine::{Scope, TlsListener, TlsQuery, TlsRun};
use crate::error::CommandError;
pub(super) use files::files;
use host::Auditor;
use hosts::Hosts;
use journal::Journal;

/// Threads that audits run on. They wait for answers most of the time.
const WORKERS: usize = 2;

/// A build without optimisation keeps everything that an audit joins on the stack at once.
const STACK: usize = 8 << 20;

pub(super) fn tls(query: &TlsQuery, listener: &mut dyn TlsListener) -> Result<TlsRun, CommandError> {
    let began = Instant::now();
    let machine = this_host();
    let hosts = Hosts::of(&query.targets);
    let journal = query.journal.as_deref().map(|path| Journal::open(path, &query.questions)).transpose()?;
    let runtime = runtime(&query.scope)?;
    let auditor = Auditor::new(&query.questions);
    let ended = runtime.block_on(run::run(&hosts, journal, auditor, query.parallel, listener));
    // A name server that is silent keeps its thread busy for longer than anybody wants to wait.
    runtime.shutdown_background();
    let ended = ended?;
    Ok(TlsRun {
        host: machine,
        hosts: hosts.total(),
        done: ended.done,
        interrupted: ended.interrupted,
        took: began.elapsed(),
    })
}

/// Threads that audits run on, inside the namespace that is asked for. What listens stays outside.
fn runtime(scope: &Scope) -> Result<Runtime, CommandError> {
    let build =
        || Builder::new_multi_thread().worker_threads(WORKERS).thread_stack_size(STACK).enable_all().build();
    let runtime = if matches!(scope, Scope::Own | Scope::All) {
        build()
    } else {
        // Threads that begin inside stay inside, and so do those that they begin.
        scope::open(scope)?.within(build).map_err(scope::not_entered)?
    };
    runtime.map_err(|error| CommandError::internal("cannot start threads", error))
}

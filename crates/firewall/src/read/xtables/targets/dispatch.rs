//! Which target is read where.

use crate::ir::{Passive, Statement, Verdict};

use super::super::compile::Scope;
use super::super::grammar::Target;
use super::{nat, rewrite, set, tracking, verdict};

/// The statements of a target; one that is not understood may do anything.
pub(in super::super) fn statements(target: &Target, scope: &mut Scope<'_, '_, '_>) -> Vec<Statement> {
    let flag = if target.goto { "-g" } else { "-j" };
    let unknown = |why: &str| vec![Statement::Unknown(format!("{}{why}", target.extension.text(flag)))];
    let extension = &target.extension;
    let name = extension.name.as_str();
    if extension.stray {
        return unknown("");
    }
    if !target.goto
        && let Some(verdict) = verdict::standard(name)
    {
        return if extension.choices.is_empty() { vec![Statement::Verdict(verdict)] } else { unknown("") };
    }
    match scope.compiler.chains.get(name) {
        Some((_, true)) => return unknown(": a rule cannot jump to a chain of the kernel's own"),
        Some((chain, false)) if extension.choices.is_empty() => {
            let chain = *chain;
            let verdict = if target.goto { Verdict::Goto(chain) } else { Verdict::Jump(chain) };
            return vec![Statement::Verdict(verdict)];
        }
        Some(_) => return unknown(""),
        None if target.goto => return unknown(": the table has no such chain"),
        None => {}
    }
    let statements = match name {
        "REJECT" => verdict::reject(extension, scope.version),
        "NFQUEUE" => verdict::nfqueue(extension),
        "LOG" => Some(vec![log(extension.value("--log-prefix"))]),
        "NFLOG" => Some(vec![log(extension.value("--nflog-prefix"))]),
        "ULOG" => Some(vec![log(extension.value("--ulog-prefix"))]),
        "MARK" => rewrite::mark(extension),
        "CONNMARK" => rewrite::connmark(extension),
        "CLASSIFY" => rewrite::classify(extension),
        "HMARK" => rewrite::hmark(extension),
        "DSCP" => rewrite::dscp(extension, scope.version),
        "TOS" => rewrite::tos(extension, scope.version),
        "TTL" | "HL" => rewrite::hops(extension),
        "ECN" => rewrite::ecn(extension),
        "TCPMSS" | "TCPOPTSTRIP" => rewrite::tcp_options(extension),
        "DNPT" | "SNPT" => rewrite::prefix(extension),
        "CT" => tracking::ct(extension),
        "NOTRACK" => Some(vec![Statement::Notrack]),
        "TRACE" => Some(vec![tracking::trace()]),
        "TPROXY" => tracking::tproxy(extension, scope.version),
        "SYNPROXY" => Some(vec![Statement::Synproxy]),
        "SET" => set::set(extension, scope),
        "TEE" => Some(vec![Statement::Duplicate { text: extension.text("-j") }]),
        "AUDIT" | "CHECKSUM" | "CONNSECMARK" | "IDLETIMER" | "LED" | "RATEEST" | "SECMARK" => {
            Some(vec![Statement::Passive(Passive::Other(extension.text("-j")))])
        }
        "DNAT" | "SNAT" | "MASQUERADE" | "REDIRECT" | "NETMAP" => nat::statements(extension, scope),
        _ => {
            let known = super::super::target_options::rows(name).is_some();
            return unknown(if known {
                ""
            } else {
                ": neither a chain of this table nor a target that is known"
            });
        }
    };
    statements.unwrap_or_else(|| unknown(""))
}

fn log(prefix: Option<&str>) -> Statement {
    Statement::Passive(Passive::Log(prefix.map(str::to_owned)))
}

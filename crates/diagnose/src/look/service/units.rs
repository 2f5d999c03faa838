//! What systemd says of units: which have failed, which are restarted, and what they wrote.
//!
//! Asked only where systemd is the service manager (`sd_booted(3)`).

use std::path::Path;
use std::time::Duration;

use portreeve_firewall::read::Programs;

use super::complaints::names_port;
use super::logs;
use crate::facts::service::{LogLine, Software, UnitFacts};

/// A healthy manager answers in milliseconds, the journal in some tens of them.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is asked of each unit.
const PROPERTIES: &str = "Id,LoadState,ActiveState,SubState,Result,UnitFileState,ExecMainStatus,NRestarts,MainPID,ExecStart,Listen,Triggers";

/// The units of the system's manager.
#[derive(Debug, Default)]
pub(super) struct Units {
    known: Vec<UnitFacts>,
    /// Why they are not known, although there is a manager.
    pub(super) trouble: Option<String>,
    programs: Option<Programs>,
}

impl Units {
    /// Asks the manager, if systemd is it.
    pub(super) fn look() -> Self {
        if !Path::new("/run/systemd/system").is_dir() {
            return Self::default();
        }
        let programs = Programs { patience: PATIENCE, ..Programs::default() };
        let properties = format!("--property={PROPERTIES}");
        let asked = ["show", "--type=service,socket", "--all", "--no-pager", properties.as_str(), "*"];
        match programs.text_of("systemctl", &asked) {
            Ok(text) => Self { known: parse(&text), trouble: None, programs: Some(programs) },
            Err(error) => Self { trouble: Some(error.to_string()), ..Self::default() },
        }
    }

    /// The unit of the software that has to do with the port: one that failed before one that did not.
    pub(super) fn of_software(&self, software: &Software, port: u16) -> Option<UnitFacts> {
        let mine = |unit: &&UnitFacts| software.units.contains(&unit.name.as_str()) && unit.load == "loaded";
        let mut units: Vec<&UnitFacts> = self.known.iter().filter(mine).collect();
        units.sort_by_key(|unit| (!names_port(&unit.command, port), !unit.has_failed()));
        units.first().map(|unit| self.with_journal(unit))
    }

    /// Services whose command names the port.
    pub(super) fn naming(&self, port: u16) -> Vec<UnitFacts> {
        let names = |unit: &&UnitFacts| {
            unit.name.ends_with(".service")
                && (names_port(&unit.command, port)
                    || unit.command.split([' ', '=', ':', ';']).any(|word| word == port.to_string()))
        };
        self.known.iter().filter(names).map(|unit| self.with_journal(unit)).collect()
    }

    /// Socket units that listen on the port, with the services behind them.
    pub(super) fn sockets(&self, port: u16) -> Vec<(UnitFacts, Option<UnitFacts>)> {
        let ending = format!(":{port} (");
        let listening = self.known.iter().filter(|unit| {
            unit.name.ends_with(".socket")
                && (unit.listens.contains(&ending) || unit.listens.ends_with(&format!(":{port}")))
        });
        listening
            .map(|socket| {
                let behind = socket.triggers.as_deref();
                let service = self.known.iter().find(|unit| Some(unit.name.as_str()) == behind);
                (self.with_journal(socket), service.map(|unit| self.with_journal(unit)))
            })
            .collect()
    }

    fn with_journal(&self, unit: &UnitFacts) -> UnitFacts {
        let mut unit = unit.clone();
        if let Some(programs) = &self.programs
            && (unit.has_failed() || unit.is_restarting() || unit.active != "active")
        {
            let name = format!("--unit={}", unit.name);
            let asked = [name.as_str(), "--lines=30", "--no-pager", "--quiet", "--output=short-iso"];
            let text = programs.text_of("journalctl", &asked).unwrap_or_default();
            unit.journal = journal(&text);
        }
        unit
    }
}

/// Lines of `journalctl --output=short-iso`.
fn journal(text: &str) -> Vec<LogLine> {
    let mut lines = logs::lines_of(text.as_bytes());
    lines.retain(|line| !line.text.starts_with("-- "));
    lines
}

/// Blocks of `systemctl show`: `Key=value` lines, blocks apart by an empty line.
fn parse(text: &str) -> Vec<UnitFacts> {
    text.split("\n\n").map(block).filter(|unit| !unit.name.is_empty()).collect()
}

fn block(text: &str) -> UnitFacts {
    let mut unit = UnitFacts::default();
    for (key, value) in text.lines().filter_map(|line| line.split_once('=')) {
        let value = value.trim();
        match key {
            "Id" => value.clone_into(&mut unit.name),
            "LoadState" => value.clone_into(&mut unit.load),
            "ActiveState" => value.clone_into(&mut unit.active),
            "SubState" => value.clone_into(&mut unit.sub),
            "Result" => value.clone_into(&mut unit.result),
            "UnitFileState" => value.clone_into(&mut unit.file_state),
            "ExecMainStatus" => unit.exit_status = value.parse().ok(),
            "NRestarts" => unit.restarts = value.parse().ok(),
            "MainPID" => unit.main_pid = value.parse().ok().filter(|pid| *pid != 0),
            "ExecStart" => unit.command = command(value),
            // One line for each address.
            "Listen" => {
                if !unit.listens.is_empty() {
                    unit.listens.push(' ');
                }
                unit.listens.push_str(value);
            }
            "Triggers" => unit.triggers = value.split_whitespace().next().map(str::to_owned),
            _ => {}
        }
    }
    unit
}

/// `{ path=/usr/sbin/nginx ; argv[]=/usr/sbin/nginx -g daemon on; ; ignore_errors=no ; ... }`
fn command(value: &str) -> String {
    let words = value.split_once("argv[]=").map_or("", |(_, rest)| rest);
    words.split_once(" ; ignore_errors=").map_or(words, |(words, _)| words).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `systemctl show --type=service,socket --all --property=... '*'` of systemd 252, cut to three units.
    const SHOWN: &str = "\
Result=exit-code
NRestarts=0
MainPID=0
ExecMainStatus=1
ExecStart={ path=/usr/sbin/nginx ; argv[]=/usr/sbin/nginx -g daemon on; master_process on; ; ignore_errors=no ; start_time=[Sun 2026-11-22 06:02:57 UTC] ; stop_time=[Sun 2026-11-22 06:02:58 UTC] ; pid=812 ; code=exited ; status=1 }
Id=nginx.service
LoadState=loaded
ActiveState=failed
SubState=failed
UnitFileState=enabled

Result=success
NRestarts=17
MainPID=0
ExecMainStatus=203
ExecStart={ path=/opt/shop/server ; argv[]=/opt/shop/server --listen 0.0.0.0:8443 ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }
Id=shop.service
LoadState=loaded
ActiveState=activating
SubState=auto-restart
UnitFileState=enabled

Result=service-start-limit-hit
Triggers=echo.service
Listen=0.0.0.0:7777 (Stream)
Listen=[::]:7777 (Stream)
Id=echo.socket
LoadState=loaded
ActiveState=failed
SubState=failed
UnitFileState=enabled
";

    fn units() -> Units {
        Units { known: parse(SHOWN), trouble: None, programs: None }
    }

    #[test]
    fn failed_and_restarting_units_are_told_apart() {
        let units = units();
        let nginx = Software::of_program("nginx").unwrap();
        let failed = units.of_software(nginx, 443).unwrap();
        assert!(failed.has_failed() && !failed.is_restarting());
        assert_eq!(
            (failed.exit_status, failed.result.as_str(), failed.main_pid),
            (Some(1), "exit-code", None)
        );
        assert_eq!(failed.command, "/usr/sbin/nginx -g daemon on; master_process on;");
        let shop = units.naming(8443);
        assert_eq!(shop.len(), 1);
        assert!(shop[0].is_restarting());
        assert_eq!(shop[0].restarts, Some(17));
        assert!(units.naming(443).is_empty());
    }

    #[test]
    fn socket_units_are_found_by_their_port() {
        let sockets = units().sockets(7777);
        assert_eq!(sockets.len(), 1);
        assert_eq!(
            (sockets[0].0.triggers.as_deref(), sockets[0].0.result.as_str()),
            (Some("echo.service"), "service-start-limit-hit")
        );
        assert!(units().sockets(777).is_empty());
    }

    /// `journalctl --unit=nginx.service --lines=30 --no-pager --quiet --output=short-iso`
    #[test]
    fn the_journal_has_times() {
        let text = "-- Journal begins at Sat 2026-11-21 --\n2026-11-22T06:02:58+0000 web nginx[812]: nginx: [emerg] bind() to 0.0.0.0:443 failed (98: Address already in use)\n";
        let lines = journal(text);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].at.unwrap().to_string(), "2026-11-22T06:02:58Z");
    }
}
